/** Tests of ne_acl.h: the ACL requests of the draft before RFC 3744. */
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { acl, aclsIn, privileges, resultsOf } from '../../support/acl.js';
import { lockOn } from '../../support/locks.js';
import { answering, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const ok = response('', { status: '200 OK' });

/** An entry without privileges: neon reads 0 as "has the privilege", and 1 as "lacks the privilege". */
const old = { read: 1, read_acl: 1, write: 1, write_acl: 1, read_cuprivset: 1 };

describe.each(surfaces)('$surface', ({ io }) => {
  describe('ne_acl_set', () => {
    test('sends each kind of entry with the privileges that are 0', async () => {
      const server = await serve(answering(ok));
      const session = sessionWith(server);
      const entries: ne.ne_acl_entry_old[] = [
        { ...old, apply: ne.ne_acl_href, principal: '/users/a', read: 0 },
        { ...old, apply: ne.ne_acl_property, type: ne.ne_acl_deny, principal: 'owner', write: 0, read_acl: 0 },
        { ...old, apply: ne.ne_acl_all, write_acl: 0, read_cuprivset: 0 },
        { ...old, apply: ne.ne_acl_all, write: -1 },
        { apply: ne.ne_acl_all, type: ne.ne_acl_deny, write: 1 }, // as in C, a missing field is 0
      ];
      expect(await io.ne_acl_set(session, '/a', entries)).toBe(ne.NE_OK);
      expect(aclsIn(await receivedBy(server))).toEqual([
        acl(
          `<principal><href>/users/a</href></principal><grant>${privileges('read')}</grant>`,
          `<principal><property><owner/></property></principal><deny>${privileges('read-acl', 'write')}</deny>`,
          `<principal><all/></principal><grant>${privileges('write-acl', 'read-current-user-privilege-set')}</grant>`,
          '<principal><all/></principal><grant></grant>',
          `<principal><all/></principal><deny>${privileges('read', 'read-acl', 'write-acl', 'read-current-user-privilege-set')}</deny>`,
        ),
      ]);
    });

    test('submits the lock of the resource', async () => {
      const server = await serve(answering(ok));
      const session = sessionWith(server);
      const store = ne.ne_lockstore_create();
      ne.ne_lockstore_add(store, lockOn(session, '/a', { token: 'urn:a' }));
      ne.ne_lockstore_register(store, session);
      expect(await io.ne_acl_set(session, '/a', [])).toBe(ne.NE_OK);
      expect((await receivedBy(server)).join().match(/^If: .*\(<urn:a>\)\r$/gm)).toHaveLength(1);
    });

    test('fails on a 207 and ignores other error statuses', async () => {
      const statuses = ['403 Forbidden', '207 Multi-Status', '501 Not Implemented'];
      const results = await resultsOf(statuses, serve, (session) => io.ne_acl_set(session, '/', []));
      expect(results).toEqual(statuses.map((status) => [status.startsWith('207') ? ne.NE_ERROR : ne.NE_OK, status]));
    });
  });
});
