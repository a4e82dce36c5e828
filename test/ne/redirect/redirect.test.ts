/** Tests of ne_redirect.h on both surfaces. */
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { failureOf, neonError } from '../../support/expect.js';
import { neonSince } from '../../support/neon.js';
import { testFiles } from '../../support/files.js';
import { answering, receivedBy, sessionWith, testServers, thenAnswering, exchange } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const files = testFiles();
const invalidState = neonError('ERR_NEON_INVALID_STATE');

const redirect = (location: string | null, status = '302 Found'): string =>
  response('gone away', { status, headers: location === null ? {} : { Location: location } });

describe.each(surfaces)('$surface', ({ io }) => {
  async function get(session: ne.ne_session, path = '/a/b?c'): Promise<number> {
    const request = await io.ne_request_create(session, 'GET', path);
    const result = await io.ne_request_dispatch(request);
    await io.ne_request_destroy(request);
    return result;
  }

  test.each<[string, string, Partial<ne.ne_uri>]>([
    ['a URI', 'https://other.example:81/x%20y?z', { scheme: 'https', host: 'other.example', port: 81, path: '/x%20y' }],
    ['a URI without port', 'http://other.example/', { scheme: 'http', host: 'other.example', path: '/' }],
    ['a path', '/x', { scheme: 'http', host: '127.0.0.1', path: '/x' }],
    ['a relative path', 'x', { scheme: 'http', host: '127.0.0.1', path: '/a/x' }],
  ])('gives %s as the location', async (_, location, expected) => {
    const server = await serve(answering(redirect(location)));
    const session = sessionWith(server);
    ne.ne_redirect_register(session);
    expect(ne.ne_redirect_location(session)).toBeNull();
    expect(await get(session)).toBe(ne.NE_REDIRECT);
    const uri = ne.ne_redirect_location(session)!;
    expect(uri).toMatchObject(expected);
    if (expected.host === '127.0.0.1') expect(uri.port).toBe(server.port);
    const again = ne.ne_redirect_location(session);
    expect(again).toEqual(uri);
    expect(again).not.toBe(uri);
    expect(await get(session)).toBe(ne.NE_REDIRECT);
    expect((await receivedBy(server)).length).toBe(1);
    await io.ne_session_destroy(session);
  });

  test.each(['301 Moved', '302 Found', '303 See Other', '307 Temporary'])(
    'returns NE_REDIRECT for %s',
    async (status) => {
      const session = sessionWith(await serve(answering(redirect('/x', status))));
      ne.ne_redirect_register(session);
      expect(await get(session)).toBe(ne.NE_REDIRECT);
    },
  );

  test.each<[string, string]>([
    ['200 with a Location', redirect('/x', '200 OK')],
    ['201 with a Location', redirect('/x', '201 Created')],
    ['302 without a Location', redirect(null)],
    ['404 with a Location', redirect('/x', '404 Not Found')],
  ])('returns NE_OK for %s', async (_, answer) => {
    const session = sessionWith(await serve(answering(answer)));
    ne.ne_redirect_register(session);
    expect(await get(session)).toBe(ne.NE_OK);
    expect(ne.ne_redirect_location(session)).toBeNull();
  });

  test.each(['http://', 'http://[::1', '://', `http://${'x'.repeat(7000)}:x/`, '?', '#', '', '//', '%', 'http:'])(
    'survives a Location %j and keeps the session usable',
    async (location) => {
      const server = await serve(thenAnswering([...exchange(redirect(location)), ...exchange(redirect(location))]));
      const session = sessionWith(server);
      ne.ne_redirect_register(session);
      for (let times = 0; times < 2; times++) {
        const result = await get(session);
        expect([ne.NE_OK, ne.NE_ERROR, ne.NE_REDIRECT]).toContain(result);
        expect(ne.ne_redirect_location(session) !== null).toBe(result === ne.NE_REDIRECT);
        if (result === ne.NE_ERROR) break;
      }
      await io.ne_close_connection(session);
    },
  );

  test('returns NE_OK for a redirect without ne_redirect_register', async () => {
    const session = sessionWith(await serve(answering(redirect('/x'))));
    expect(await get(session)).toBe(ne.NE_OK);
    expect(ne.ne_redirect_location(session)).toBeNull();
  });

  test('returns NE_REDIRECT from functions that make their own request, without writing a body', async () => {
    const server = await serve(answering(redirect('/x')));
    const session = sessionWith(server);
    ne.ne_redirect_register(session);
    expect(await files.filledBy((fd) => io.ne_get(session, '/a', fd))).toEqual({ result: ne.NE_REDIRECT, content: '' });
    expect(await io.ne_delete(session, '/a')).toBe(ne.NE_REDIRECT);
    expect(await io.ne_put(session, '/a', files.holding('content'))).toBe(ne.NE_REDIRECT);
    expect(ne.ne_redirect_location(session)).toMatchObject({ path: '/x' });
    expect((await receivedBy(server)).length).toBe(1);
  });

  test('ignores a second ne_redirect_register', async () => {
    const session = sessionWith(await serve(answering(redirect('/x'))));
    ne.ne_redirect_register(session);
    ne.ne_redirect_register(session);
    expect(await get(session)).toBe(ne.NE_REDIRECT);
    expect(ne.ne_redirect_location(session)).toMatchObject({ path: '/x' });
    await io.ne_session_destroy(session);
  });

  test('refuses a session with live requests, whose targets C would not know', async () => {
    const session = sessionWith(await serve(answering(redirect('x'))));
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(() => ne.ne_redirect_register(session)).toThrow(invalidState);
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    await io.ne_request_destroy(request);
    ne.ne_redirect_register(session);
    expect(await get(session, '/a')).toBe(ne.NE_REDIRECT);
  });

  test('refuses ne_redirect_register in a hook', async () => {
    const session = sessionWith(await serve(answering()));
    const failures: Promise<unknown>[] = [];
    ne.ne_hook_create_request(session, () => {
      failures.push(failureOf(() => ne.ne_redirect_register(session)));
    });
    expect(await get(session)).toBe(ne.NE_OK);
    expect(await Promise.all(failures)).toEqual([neonError('ERR_NEON_REENTRANT')]);
  });

  const old = neonSince(34) ? 'of the request (neon 0.34)' : 'of the request that was created last (neon before 0.34)';
  test(`resolves a relative Location against the target ${old}`, async () => {
    const session = sessionWith(await serve(answering(redirect('x'))));
    ne.ne_redirect_register(session);
    const [first, second] = [
      await io.ne_request_create(session, 'GET', '/first/'),
      await io.ne_request_create(session, 'GET', '/second/'),
    ];
    expect(await io.ne_request_dispatch(first)).toBe(ne.NE_REDIRECT);
    expect(ne.ne_redirect_location(session)!.path).toBe(neonSince(34) ? '/first/x' : '/second/x');
    await io.ne_request_destroy(first);
    await io.ne_request_destroy(second);
  });
});
