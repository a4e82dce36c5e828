/** The functions of ne_acl3744.h and ne_acl.h. */
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { failureOf, neonError } from '../../support/expect.js';
import { lockOn } from '../../support/locks.js';
import { answering, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();

/** What stands in the body of each request that came, without white space between elements. */
const bodies = (texts: readonly string[]): string[] =>
  [...texts.join('').matchAll(/<acl[^]*?<\/acl>/g)].map(([body]) => body.replaceAll(/\s*\r\n\s*/g, ''));
const acl = (...aces: string[]): string => `<acl xmlns='DAV:'>${aces.map((ace) => `<ace>${ace}</ace>`).join('')}</acl>`;
const privileges = (...names: string[]): string => names.map((name) => `<privilege><${name}/></privilege>`).join('');
const old = { read: 1, read_acl: 1, write: 1, write_acl: 1, read_cuprivset: 1 };

describe.each(surfaces)('$surface', ({ io }) => {
  const ok = response('', { status: '200 OK' });

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
      expect(bodies(texts)).toEqual([
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

    test('sends no entries, and many', async () => {
      const server = await serve(answering(ok));
      const session = sessionWith(server);
      expect(await io.ne_acl3744_set(session, '/', [])).toBe(ne.NE_OK);
      const many = Array.from({ length: 5000 }, (_, i) => ({ tname: `/users/${i}`, privileges: 1 }));
      expect(await io.ne_acl3744_set(session, '/', many)).toBe(ne.NE_OK);
      const [none, all] = bodies(await receivedBy(server));
      expect(none).toBe(acl());
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
      expect(await io.ne_acl_set(session, '/a', [])).toBe(ne.NE_OK);
      expect((await receivedBy(server)).join().match(/^If: .*\(<urn:a>\)\r$/gm)).toHaveLength(2);
    });

    test('a getter that destroys the session', async () => {
      const session = ne.ne_session_create('http', 'example.com', 80);
      const entry = {
        get target() {
          ne.ne_session_destroy(session);
          return ne.ne_acl_all;
        },
      };
      expect(await failureOf(() => io.ne_acl3744_set(session, '/', [entry]))).toEqual(neonError('ERR_NEON_DESTROYED'));
    });
  });

  describe('ne_acl_set', () => {
    test('sends each kind of entry, with the privileges that are 0', async () => {
      const server = await serve(answering(ok));
      const session = sessionWith(server);
      const entries: ne.ne_acl_entry_old[] = [
        { ...old, apply: ne.ne_acl_href, principal: '/users/a', read: 0 },
        { ...old, apply: ne.ne_acl_property, type: ne.ne_acl_deny, principal: 'owner', write: 0, read_acl: 0 },
        { ...old, apply: ne.ne_acl_all, write_acl: 0, read_cuprivset: 0 },
        { ...old, apply: ne.ne_acl_all, write: -1 },
      ];
      expect(await io.ne_acl_set(session, '/a', entries)).toBe(ne.NE_OK);
      expect(bodies(await receivedBy(server))).toEqual([
        acl(
          `<principal><href>/users/a</href></principal><grant>${privileges('read')}</grant>`,
          `<principal><property><owner/></property></principal><deny>${privileges('read-acl', 'write')}</deny>`,
          `<principal><all/></principal><grant>${privileges('write-acl', 'read-current-user-privilege-set')}</grant>`,
          '<principal><all/></principal><grant></grant>',
        ),
      ]);
    });
  });

  test.each(['ne_acl_set', 'ne_acl3744_set'] as const)('%s: what the server answers', async (name) => {
    const answers = ['403 Forbidden', '207 Multi-Status', '501 Not Implemented'];
    const results: unknown[] = [];
    for (const status of answers) {
      const session = sessionWith(await serve(answering(response('', { status }))));
      results.push([await io[name](session, '/', []), ne.ne_get_error(session)]);
    }
    expect(results).toEqual(answers.map((status) => [status.startsWith('207') ? ne.NE_ERROR : ne.NE_OK, status]));
  });
});
