/** Tests hooks on sessions of the classes. */
import { Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { failureOf, neonError, textOf } from '../../support/expect.js';
import { answering, exchange, receivedBy, testServers } from '../../support/servers.js';
import { response } from '../../servers/raw.js';

const serve = testServers();

describe('hooks', () => {
  const forms = [
    ['request', async (session: Session) => (await session.request('GET', '/')).status],
    ['requestSync', async (session: Session) => session.requestSync('GET', '/').status],
  ] as const;

  test.each(forms)('receive the request of %s as a borrowed handle', async (_, send) => {
    const server = await serve(answering());
    const session = new Session('http', '127.0.0.1', server.port);
    const log: string[] = [];
    const met = new Set<ne.ne_request>();
    const failures: unknown[] = [];
    const note = (name: string) => (request: ne.ne_request) => {
      log.push(name);
      met.add(request);
    };
    ne.ne_hook_create_request(session.handle, (request, method, target) => {
      note(`create ${method} ${target}`)(request);
      ne.ne_add_request_header(request, 'X-Hook', 'hooked');
      expect(ne.ne_get_session(request)).toBe(session.handle);
      for (const use of [ne.ne_request_destroy, ne.ne_request_dispatch, ne.ne_begin_request]) {
        try {
          use(request);
        } catch (error) {
          failures.push(error);
        }
      }
    });
    ne.ne_hook_pre_send(session.handle, note('pre_send'));
    ne.ne_hook_post_headers(session.handle, note('post_headers'));
    ne.ne_hook_post_send(session.handle, (request, status) => note(`post_send ${status.code}`)(request));
    ne.ne_hook_destroy_request(session.handle, note('destroy_request'));
    expect(await send(session)).toBe(200);
    expect(log).toEqual(['create GET /', 'pre_send', 'post_headers', 'post_send 200', 'destroy_request']);
    expect((await receivedBy(server))[0]).toContain('\r\nX-Hook: hooked\r\n');
    expect(failures).toEqual(Array(3).fill(neonError('ERR_NEON_BORROWED')));
    expect(met.size).toBe(1);
    const [request] = [...met] as [ne.ne_request];
    expect(await failureOf(() => ne.ne_get_status(request))).toEqual(neonError('ERR_NEON_DESTROYED'));
    expect(await failureOf(() => ne.ne_request_destroy(request))).toEqual(neonError('ERR_NEON_DESTROYED'));
    expect(await failureOf(() => promises.ne_request_dispatch(request))).toEqual(neonError('ERR_NEON_DESTROYED'));
    expect(session.liveRequests).toBe(0);
    session.destroy();
  });

  test.each(forms)('add readers and bodies to %s', async (_, send) => {
    const server = await serve(answering());
    const session = new Session('http', '127.0.0.1', server.port);
    const blocks: string[] = [];
    ne.ne_hook_create_request(session.handle, (request) => {
      ne.ne_add_response_body_reader(
        request,
        (same, status) => same === request && status.klass === 2,
        (block) => void blocks.push(block.toString()),
      );
      const pieces = ['some', 'thing'];
      ne.ne_set_request_body_provider(request, 9, (buflen) => (buflen ? Buffer.from(pieces.shift() ?? '') : 0));
    });
    expect(await send(session)).toBe(200);
    expect(blocks.join('|')).toBe('hello|');
    expect((await receivedBy(server))[0]).toMatch(/\r\nContent-Length: 9\r\n[^]*\r\n\r\nsomething$/);
  });

  test('cannot add a second body', async () => {
    const server = await serve(answering());
    const session = new Session('http', '127.0.0.1', server.port);
    ne.ne_hook_create_request(session.handle, (request) => ne.ne_set_request_body_buffer(request, 'one'));
    const failure = await failureOf(() => session.request('PUT', '/', { body: 'two' }));
    expect(failure).toEqual(neonError('ERR_NEON_INVALID_STATE'));
    expect(await server.connections()).toEqual([]);
  });

  test('make the call reject with the error they throw', async () => {
    const server = await serve(answering());
    const session = new Session('http', '127.0.0.1', server.port);
    const thrown = new Error('thrown');
    const throwing = (): void => {
      throw thrown;
    };
    ne.ne_hook_post_headers(session.handle, throwing);
    expect(await failureOf(() => session.requestSync('GET', '/'))).toBe(thrown);
    expect(await failureOf(() => session.request('GET', '/'))).toBe(thrown);
    ne.ne_unhook_post_headers(session.handle, throwing);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test.each(forms)('retry %s with NE_RETRY, which invalidates earlier header cursors', async (_, send) => {
    const server = await serve({ connections: [[...exchange(response('', { status: '503 Later' })), ...exchange()]] });
    const session = new Session('http', '127.0.0.1', server.port);
    const cursors: ne.ne_header_cursor[] = [];
    const failures: unknown[] = [];
    ne.ne_hook_post_headers(session.handle, (request) => {
      for (const cursor of cursors) {
        try {
          ne.ne_response_header_iterate(request, cursor, { value: '' }, { value: '' });
        } catch (error) {
          failures.push(error);
        }
      }
      cursors.push(ne.ne_response_header_iterate(request, null, { value: '' }, { value: '' })!);
    });
    ne.ne_hook_post_send(session.handle, (__, status) => (status.code === 503 ? ne.NE_RETRY : ne.NE_OK));
    expect(await send(session)).toBe(200);
    expect(failures).toEqual([neonError('ERR_NEON_INVALID_STATE')]);
    expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
  });

  test.each(forms)('make %s fail with the code that post_send returns', async (_, send) => {
    const server = await serve(answering());
    const session = new Session('http', '127.0.0.1', server.port);
    const refuse = (): number => {
      ne.ne_set_error(session.handle, 'refused');
      return ne.NE_AUTH;
    };
    ne.ne_hook_post_send(session.handle, refuse);
    const failure = await failureOf(() => send(session));
    expect(failure).toEqual(neonError('NE_AUTH', ne.NE_AUTH));
    expect(textOf(failure)).toBe('refused');
    ne.ne_unhook_post_send(session.handle, refuse);
    expect(await send(session)).toBe(200);
  });

  test('run on destroy and close, which throw their errors', async () => {
    const server = await serve(answering());
    const log: string[] = [];
    const endings: ((session: Session) => unknown)[] = [
      (session) => session.destroy(),
      (session) => session.close(),
      (session) => session[Symbol.dispose](),
    ];
    for (const end of endings) {
      const session = new Session('http', '127.0.0.1', server.port);
      ne.ne_hook_destroy_session(session.handle, () => void log.push('destroy_session'));
      ne.ne_hook_close_conn(session.handle, () => void log.push('close_conn'));
      expect((await session.request('GET', '/')).status).toBe(200);
      await end(session);
      expect(session.destroyed).toBe(true);
      expect(log.splice(0)).toEqual(['destroy_session', 'close_conn']);
      session.destroy();
      expect(log).toEqual([]);
    }
    const session = new Session('http', '127.0.0.1', server.port);
    const thrown = new Error('thrown');
    ne.ne_hook_destroy_session(session.handle, () => {
      throw thrown;
    });
    expect(await failureOf(() => session.destroy())).toBe(thrown);
    expect(session.destroyed).toBe(true);
    expect(await failureOf(() => session.request('GET', '/'))).toEqual(neonError('ERR_NEON_DESTROYED'));
  });

  test('cannot destroy their session', async () => {
    const server = await serve(answering());
    const session = new Session('http', '127.0.0.1', server.port);
    const failures: unknown[] = [];
    ne.ne_hook_pre_send(session.handle, () => {
      try {
        session.destroy({ force: true });
      } catch (error) {
        failures.push(error);
      }
    });
    expect((await session.request('GET', '/')).status).toBe(200);
    expect(session.requestSync('GET', '/').status).toBe(200);
    expect(failures).toEqual([neonError('ERR_NEON_REENTRANT'), neonError('ERR_NEON_REENTRANT')]);
    expect(session.destroyed).toBe(false);
  });

  test('do not run after a destroy by force while a hook is pending', async () => {
    const server = await serve(answering());
    const session = new Session('http', '127.0.0.1', server.port);
    const log: string[] = [];
    let asked = (): void => {};
    const pending = new Promise<void>((resolve) => (asked = resolve));
    ne.ne_hook_post_headers(session.handle, () => {
      asked();
      return new Promise<void>(() => {});
    });
    ne.ne_hook_post_send(session.handle, () => void log.push('post_send'));
    ne.ne_hook_destroy_request(session.handle, () => void log.push('destroy_request'));
    ne.ne_hook_destroy_session(session.handle, () => void log.push('destroy_session'));
    ne.ne_hook_close_conn(session.handle, () => void log.push('close_conn'));
    const sending = failureOf(() => session.request('GET', '/'));
    await pending;
    session.destroy({ force: true });
    expect(await sending).toEqual(neonError('ERR_NEON_DESTROYED'));
    await server.waitForClosed(1);
    expect(log).toEqual([]);
  });
});
