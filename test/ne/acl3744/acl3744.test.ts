/** Tests of ne_acl3744.h: the ACL requests of RFC 3744. */
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { acl, aclsIn, privileges, resultsOf } from '../../support/acl.js';
import { failureOf, neonError } from '../../support/expect.js';
import { lockOn } from '../../support/locks.js';
import { answering, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const ok = response('', { status: '200 OK' });

describe.each(surfaces)('$surface', ({ io }) => {
  describe('ne_acl3744_set', () => {
    test('sends each kind of entry', async () => {
      const server = await serve(answering(ok));
      const session = sessionWith(server);
      const entries: ne.ne_acl_entry[] = [
        { target: ne.ne_acl_href, type: ne.ne_acl_grant, tname: '/users/\u00e4?a&amp;b', privileges: ne.NE_ACL_READ },
        { target: ne.ne_acl_property, tname: 'owner', type: ne.ne_acl_deny, privileges: ne.NE_ACL_WRITE },
        { target: ne.ne_acl_property, tname: "x:y xmlns:x='urn:x'", privileges: ne.NE_ACL_ALL },
        { target: ne.ne_acl_all, privileges: 0 },
        { target: ne.ne_acl_authenticated, privileges: ne.NE_ACL_BIND | ne.NE_ACL_UNBIND },
        { target: ne.ne_acl_unauthenticated, privileges: ne.NE_ACL_UNLOCK, tname: null },
        { target: ne.ne_acl_self, privileges: ne.NE_ACL_WRITE_PROPERTIES | ne.NE_ACL_WRITE_CONTENT, tname: '<' },
      ];
      expect(await io.ne_acl3744_set(session, '/a%20b', entries)).toBe(ne.NE_OK);
      const texts = await receivedBy(server);
      expect(texts[0]).toMatch(/^ACL \/a%20b HTTP\/1\.1\r\n[^]*\r\nContent-Type: application\/xml\r\n/);
      expect(aclsIn(texts)).toEqual([
        acl(
          `<principal><href>/users/\u00e4?a&amp;b</href></principal><grant>${privileges('read')}</grant>`,
          `<principal><property><owner/></property></principal><deny>${privileges('write')}</deny>`,
          `<principal><property><x:y xmlns:x='urn:x'/></property></principal><grant>${privileges('all')}</grant>`,
          '<principal><all/></principal><grant></grant>',
          `<principal><authenticated/></principal><grant>${privileges('bind', 'unbind')}</grant>`,
          `<principal><unauthenticated/></principal><grant>${privileges('unlock')}</grant>`,
          `<principal><self/></principal><grant>${privileges('write-properties', 'write-content')}</grant>`,
        ),
      ]);
    });

    test('sends an empty list and a long list', async () => {
      const server = await serve(answering(ok));
      const session = sessionWith(server);
      expect(await io.ne_acl3744_set(session, '/', [])).toBe(ne.NE_OK);
      const many = Array.from({ length: 5000 }, (_, i) => ({ tname: `/users/${i}`, privileges: 1 }));
      expect(await io.ne_acl3744_set(session, '/', many)).toBe(ne.NE_OK);
      const [empty, all] = aclsIn(await receivedBy(server));
      expect(empty).toBe(acl());
      expect([...all!.matchAll(/<href>\/users\/(\d+)<\/href>/g)].map(([, i]) => Number(i))).toEqual(
        many.map((_, i) => i),
      );
    });

    test('submits the lock of the resource', async () => {
      const server = await serve(answering(ok));
      const session = sessionWith(server);
      const store = ne.ne_lockstore_create();
      ne.ne_lockstore_add(store, lockOn(session, '/a', { token: 'urn:a' }));
      ne.ne_lockstore_register(store, session);
      expect(await io.ne_acl3744_set(session, '/a', [])).toBe(ne.NE_OK);
      expect((await receivedBy(server)).join().match(/^If: .*\(<urn:a>\)\r$/gm)).toHaveLength(1);
    });

    test('throws if a getter destroys the session', async () => {
      const session = ne.ne_session_create('http', 'example.com', 80);
      const entry = {
        get target() {
          ne.ne_session_destroy(session);
          return ne.ne_acl_all;
        },
      };
      expect(await failureOf(() => io.ne_acl3744_set(session, '/', [entry]))).toEqual(neonError('ERR_NEON_DESTROYED'));
    });

    test('fails on a 207 and ignores other error statuses', async () => {
      const statuses = ['403 Forbidden', '207 Multi-Status', '501 Not Implemented'];
      const results = await resultsOf(statuses, serve, (session) => io.ne_acl3744_set(session, '/', []));
      expect(results).toEqual(statuses.map((status) => [status.startsWith('207') ? ne.NE_ERROR : ne.NE_OK, status]));
    });
  });
});
