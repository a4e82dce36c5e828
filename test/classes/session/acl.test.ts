/** Tests setAcl and setAclSync. No test server supports ACLs, so the tests compare the requests with neon's. */
import { type AclEntry, Session } from 'libneon';
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { failureOf, neonError, saying, wrongType, wrongValue } from '../../support/expect.js';
import { forms } from '../../support/methods.js';
import { answering, receivedBy, stalling, testServers } from '../../support/servers.js';

const serve = testServers();

describe.each(forms)('%s', (_, of) => {
  const open = async (answer = response('')): Promise<{ session: Session; sent: () => Promise<string> }> => {
    const server = await serve(answering(answer));
    const sent = async (): Promise<string> => (await receivedBy(server)).join('');
    return { session: Session.open(`http://127.0.0.1:${server.port}/`), sent };
  };

  test('sends what ne_acl3744_set sends', async () => {
    const { session, sent } = await open();
    await of(session).setAcl('/a', [
      { principal: { href: '/users/a?b&c' }, grant: ['read', 'write'] },
      { principal: { property: 'owner' }, deny: ['all'] },
      { principal: { property: '{urn:x?a&b}author' }, grant: ['write-properties', 'write-content'] },
      { principal: 'all', grant: ['bind', 'unbind'] },
      { principal: 'authenticated', grant: ['unlock'] },
      { principal: 'unauthenticated', deny: ['read-acl', 'write-acl'] },
      { principal: 'self', grant: ['read'] },
    ]);
    const { ne_acl_grant: grant, ne_acl_deny: deny } = ne;
    const other = Session.open(`http://${session.hostport}/`);
    ne.ne_acl3744_set(other.handle, '/a', [
      { target: ne.ne_acl_href, tname: '/users/a?b&amp;c', type: grant, privileges: ne.NE_ACL_READ | ne.NE_ACL_WRITE },
      { target: ne.ne_acl_property, tname: 'owner', type: deny, privileges: ne.NE_ACL_ALL },
      {
        target: ne.ne_acl_property,
        tname: 'author xmlns="urn:x?a&amp;b"',
        privileges: ne.NE_ACL_WRITE_PROPERTIES | ne.NE_ACL_WRITE_CONTENT,
      },
      { target: ne.ne_acl_all, privileges: ne.NE_ACL_BIND | ne.NE_ACL_UNBIND },
      { target: ne.ne_acl_authenticated, privileges: ne.NE_ACL_UNLOCK },
      { target: ne.ne_acl_unauthenticated, type: deny, privileges: ne.NE_ACL_READ_ACL | ne.NE_ACL_WRITE_ACL },
      { target: ne.ne_acl_self, privileges: ne.NE_ACL_READ },
    ]);
    const [first, second] = (await sent()).split(/(?=ACL \/a)/);
    expect(first).toMatch(/<acl[^]*<\/acl>/);
    expect(first).toBe(second);
    session.destroy();
    other.destroy();
  });

  test('sends an empty list', async () => {
    const { session, sent } = await open(response('', { status: '201 Created' }));
    expect((await of(session).setAcl('/a', [])).status).toBe(201);
    expect(await sent()).toContain("<acl xmlns='DAV:'>");
    session.destroy();
  });

  test.each(['403 Forbidden', '501 Not Implemented', '302 Found'])('rejects a response %s', async (status) => {
    const { session } = await open(response('<error xmlns="DAV:"/>', { status }));
    const error = await failureOf(() => of(session).setAcl('/a', []));
    expect(error).toEqual(neonError('ERR_NEON_STATUS', ne.NE_ERROR));
    expect(error).toMatchObject({
      message: saying(status),
      status: Number(status.slice(0, 3)),
      method: 'ACL',
      target: '/a',
    });
    session.destroy();
  });

  test.each<[string, unknown, Error]>([
    ['a missing list', undefined, wrongType],
    ['a single entry', { principal: 'all', grant: ['read'] }, wrongType],
    ['null as an entry', [null], wrongType],
    ['an entry without privileges', [{ principal: 'all' }], wrongValue],
    ['an entry that grants and denies', [{ principal: 'all', grant: ['read'], deny: ['write'] }], wrongValue],
    ['privileges that are not an array', [{ principal: 'all', grant: 'read' }], wrongType],
    ['an empty list of privileges', [{ principal: 'all', deny: [] }], wrongValue],
    ['an unknown privilege', [{ principal: 'all', grant: ['execute'] }], wrongValue],
    ['a property of every object as a privilege', [{ principal: 'all', grant: ['toString'] }], wrongValue],
    ['a number as a privilege', [{ principal: 'all', grant: [1] }], wrongType],
    ['a missing principal', [{ grant: ['read'] }], wrongType],
    ['an unknown principal', [{ principal: 'nobody', grant: ['read'] }], wrongValue],
    [
      'a principal with both href and property',
      [{ principal: { href: '/a', property: 'owner' }, grant: ['read'] }],
      wrongType,
    ],
    ['an empty principal', [{ principal: {}, grant: ['read'] }], wrongType],
    ['a property with a space', [{ principal: { property: 'a b' }, grant: ['read'] }], wrongValue],
    ['a property that is not an XML name', [{ principal: { property: '1a' }, grant: ['read'] }], wrongValue],
    ['a control character', [{ principal: { href: '/\u0001' }, grant: ['read'] }], wrongValue],
  ])('rejects %s and sends nothing', async (__, entries, error) => {
    const { session, sent } = await open();
    expect(await failureOf(() => of(session).setAcl('/a', entries as AclEntry[]))).toEqual(error);
    session.destroy();
    expect(await sent()).toBe('');
  });
});

test('ends setAcl by a signal and by a timeout', async () => {
  const server = await serve({ connections: [stalling()], rest: 'repeat-last' });
  await using session = Session.open(`http://127.0.0.1:${server.port}/`);
  expect((await failureOf(() => session.setAcl('/a', [], { signal: AbortSignal.timeout(50) }))).name).toBe(
    'TimeoutError',
  );
  expect(await failureOf(() => session.setAcl('/a', [], { timeout: 50 }))).toEqual(
    neonError('NE_TIMEOUT', ne.NE_TIMEOUT),
  );
});
