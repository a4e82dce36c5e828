/**
 * Tests 207 responses to methods that change resources. Failures are reported. A body that is not a multi-status
 * document is refused.
 */
import { NeonError, type Response, Session, SessionPool } from 'libneon';
import { response } from '../../servers/raw.js';
import { failureOf, saying } from '../../support/expect.js';
import { answering, testServers } from '../../support/servers.js';

const serve = testServers();

type Changing = Pick<Session, 'put' | 'delete' | 'mkcol' | 'copy' | 'move' | 'proppatch' | 'setAcl'>;

const calls: [string, (any: Changing) => Promise<Response>, (session: Session) => Response][] = [
  ['put', (any) => any.put('/a', 'x'), (session) => session.putSync('/a', 'x')],
  ['delete', (any) => any.delete('/a'), (session) => session.deleteSync('/a')],
  ['mkcol', (any) => any.mkcol('/a'), (session) => session.mkcolSync('/a')],
  ['copy', (any) => any.copy('/a', '/b'), (session) => session.copySync('/a', '/b')],
  ['move', (any) => any.move('/a', '/b'), (session) => session.moveSync('/a', '/b')],
  [
    'proppatch',
    (any) => any.proppatch('/a', { remove: ['x'] }),
    (session) => session.proppatchSync('/a', { remove: ['x'] }),
  ],
  ['setAcl', (any) => any.setAcl('/a', []), (session) => session.setAclSync('/a', [])],
];

/** Each method on a session, in its asynchronous and its blocking form, and on a pool. */
const ways = calls.flatMap(([name, call, callSync]): [string, (url: string) => Promise<Response>][] => [
  [
    name,
    async (url) => {
      using session = Session.open(url);
      return await call(session);
    },
  ],
  [
    `${name}Sync`,
    async (url) => {
      using session = Session.open(url);
      return callSync(session);
    },
  ],
  [
    `${name} of a pool`,
    async (url) => {
      await using pool = new SessionPool(url);
      return await call(pool);
    },
  ],
]);

const page = (body: string, type = 'application/xml; charset=utf-8'): string =>
  response(body, { status: '207 Multi-Status', headers: { 'Content-Type': type } });
const multistatus = (content: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:">${content}</D:multistatus>`;
const failed = (href: string, more = ''): string =>
  `<D:response><D:href>${href}</D:href><D:status>HTTP/1.1 423 Locked</D:status>${more}</D:response>`;

describe.each(ways)('%s', (_, call) => {
  const outcome = async (answer: string): Promise<Response> => {
    const server = await serve(answering(answer));
    return call(`http://127.0.0.1:${server.port}/`);
  };

  test.each([
    ['an HTML page', page('<!DOCTYPE html><html><body>Hello</body></html>', 'text/html'), 'html'],
    ['an XHTML page', page('<html xmlns="urn:x"/>'), '{urn:x}html'],
    ['another root of DAV:', page('<D:prop xmlns:D="DAV:"/>'), 'prop'],
    ['a multistatus of no namespace', page('<multistatus/>'), 'multistatus'],
  ])('rejects %s', async (_, answer, root) => {
    const failure = await failureOf(() => outcome(answer));
    expect(failure).toBeInstanceOf(NeonError);
    expect(failure).toMatchObject({
      code: 'NE_ERROR',
      status: 207,
      message: saying(`the 207 response is not a multi-status document: its root element is ${root}`),
    });
  });

  test('accepts a document without failures', async () => {
    const fine = '<D:response><D:href>/a b</D:href><D:status>HTTP/1.1 200 OK</D:status></D:response>';
    expect((await outcome(page(multistatus(fine)))).status).toBe(207);
  });

  test.each([
    ['/a/b c#d?e', '/a/b%20c%23d%3Fe'],
    ['/a/ü', '/a/%C3%BC'],
    ['/a/b', '/a/b'],
    ['http://[', 'http://['],
    ['', ''],
  ])('reports the failure of %j', async (href, expected) => {
    const more = '<D:responsedescription> why\n</D:responsedescription>';
    const failure = await failureOf(() => outcome(page(multistatus(failed(href, more)))));
    expect(failure).toMatchObject({
      code: 'ERR_NEON_STATUS',
      status: 207,
      failures: [{ href: expected, property: null, status: 423, reasonPhrase: 'Locked', description: 'why' }],
    });
  });

  test('reports the failure of each href, and of one without an href', async () => {
    const two = failed('/a/b</D:href><D:href>/a/c d') + failed('x').replace(/<D:href>.*<\/D:href>/, '');
    expect(await failureOf(() => outcome(page(multistatus(two))))).toMatchObject({
      failures: [
        { href: '/a/b', status: 423 },
        { href: '/a/c%20d', status: 423 },
        { href: '', status: 423 },
      ],
    });
  });

  test('rejects elements that are nested deeper than 1,000', async () => {
    const deep = `<D:error>${'<x>'.repeat(2000)}${'</x>'.repeat(2000)}</D:error>`;
    const failure = await failureOf(() => outcome(page(multistatus(failed('/a', deep)))));
    expect(failure.message).toMatch(/deeper than 1000/);
  });
});
