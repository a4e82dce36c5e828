/** Tests of ne_request.h: hooks, on both surfaces. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { response } from '../../servers/raw.js';
import { runScenario } from '../../support/child.js';
import { neonError } from '../../support/expect.js';
import { answering, exchange, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();

/** Adds hooks that log each event of a session, and returns the log. */
function logging(session: ne.ne_session): string[] {
  const log: string[] = [];
  ne.ne_hook_create_request(session, (_, method, target) => void log.push(`create ${method} ${target}`));
  ne.ne_hook_pre_send(session, () => void log.push('pre_send'));
  ne.ne_hook_post_headers(session, (_, status) => void log.push(`post_headers ${status.code}`));
  ne.ne_hook_post_send(session, (_, status) => void log.push(`post_send ${status.code}`));
  ne.ne_hook_destroy_request(session, () => void log.push('destroy_request'));
  ne.ne_hook_destroy_session(session, () => void log.push('destroy_session'));
  ne.ne_hook_close_conn(session, () => void log.push('close_conn'));
  return log;
}

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  /** Sends a request, and destroys it. */
  async function send(session: ne.ne_session, path = '/', method = 'GET'): Promise<number> {
    const request = await io.ne_request_create(session, method, path);
    const result = await io.ne_request_dispatch(request);
    await io.ne_request_destroy(request);
    return result;
  }

  test('runs hooks in the order of events', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const log = logging(session);
    expect(await send(session, '/a?b', 'PROPFIND')).toBe(ne.NE_OK);
    await io.ne_session_destroy(session);
    expect(log).toEqual([
      'create PROPFIND /a?b',
      'pre_send',
      'post_headers 200',
      'post_send 200',
      'destroy_request',
      'destroy_session',
      'close_conn',
    ]);
  });

  test('runs hooks in the order of events with begin, read and end', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const log = logging(session);
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
    expect(log.splice(0)).toEqual(['create GET /', 'pre_send', 'post_headers 200']);
    expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
    expect(log.splice(0)).toEqual([]);
    expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    expect(log.splice(0)).toEqual(['post_send 200']);
    await io.ne_close_connection(session);
    expect(log.splice(0)).toEqual(['close_conn']);
    await io.ne_close_connection(session);
    expect(log.splice(0)).toEqual([]);
    await io.ne_request_destroy(request);
    await io.ne_session_destroy(session);
    expect(log).toEqual(['destroy_request', 'destroy_session']);
  });

  test('runs hooks of a kind in the order in which they were added, a repeated one twice', async () => {
    const session = sessionWith(await serve(answering()));
    const log: number[] = [];
    const second = (): void => void log.push(2);
    ne.ne_hook_pre_send(session, () => void log.push(1));
    ne.ne_hook_pre_send(session, second);
    ne.ne_hook_pre_send(session, second);
    ne.ne_hook_pre_send(session, () => void log.push(3));
    expect(await send(session)).toBe(ne.NE_OK);
    expect(log).toEqual([1, 2, 2, 3]);
  });

  test('does not run hooks of another session', async () => {
    const server = await serve(answering());
    const log = logging(sessionWith(server));
    expect(await send(sessionWith(server))).toBe(ne.NE_OK);
    expect(log).toEqual([]);
  });

  test('passes the same object to every hook of a request', async () => {
    const session = sessionWith(await serve(answering()));
    const met: ne.ne_request[] = [];
    const meet = (request: ne.ne_request): void => void met.push(request);
    ne.ne_hook_create_request(session, (request) => {
      met.push(request);
      ne.ne_set_request_private(request, 'mine', 'kept');
    });
    ne.ne_hook_pre_send(session, meet);
    ne.ne_hook_post_headers(session, meet);
    ne.ne_hook_post_send(session, meet);
    ne.ne_hook_destroy_request(session, meet);
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(ne.ne_get_request_private(request, 'mine')).toBe('kept');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    await io.ne_request_destroy(request);
    expect(met.map((one) => one === request)).toEqual([true, true, true, true, true]);
    expect(() => ne.ne_get_status(request)).toThrow(neonError('ERR_NEON_DESTROYED'));
  });

  test('sends header fields that hooks add', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    ne.ne_hook_create_request(session, (request) => ne.ne_add_request_header(request, 'X-Create', '1'));
    ne.ne_hook_pre_send(session, (_, header) => {
      expect(header.data).toMatch(/^PUT \/ HTTP\/1\.1\r\n[^]*\r\nX-Create: 1\r\n/);
      ne.ne_buffer_zappend(header, 'X-Pre-Send: 2\r\n');
    });
    const request = await io.ne_request_create(session, 'PUT', '/');
    ne.ne_set_request_body_buffer(request, 'body');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    const [received] = await receivedBy(server);
    expect(received).toMatch(/\r\nX-Create: 1\r\nContent-Length: 4\r\nX-Pre-Send: 2\r\n\r\nbody$/);
  });

  test('sends a body that a create hook sets', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    ne.ne_hook_create_request(session, (request) => ne.ne_set_request_body_buffer(request, 'from the hook'));
    expect(await send(session, '/', 'PUT')).toBe(ne.NE_OK);
    expect((await receivedBy(server))[0]).toMatch(/\r\nContent-Length: 13\r\n\r\nfrom the hook$/);
  });

  test('destroys the header buffer after the hook, which must not free it', async () => {
    const session = sessionWith(await serve(answering()));
    const kept: ne.ne_buffer[] = [];
    const failures: unknown[] = [];
    ne.ne_hook_pre_send(session, (_, header) => {
      kept.push(header);
      for (const free of [ne.ne_buffer_destroy, ne.ne_buffer_finish]) {
        try {
          free(header);
        } catch (error) {
          failures.push(error);
        }
      }
    });
    expect(await send(session)).toBe(ne.NE_OK);
    expect(failures).toEqual([neonError('ERR_NEON_BORROWED'), neonError('ERR_NEON_BORROWED')]);
    const [buffer] = kept as [ne.ne_buffer];
    expect(() => buffer.data).toThrow(neonError('ERR_NEON_DESTROYED'));
    expect(() => ne.ne_buffer_zappend(buffer, 'X: y\r\n')).toThrow(neonError('ERR_NEON_DESTROYED'));
    expect(() => ne.ne_buffer_destroy(buffer)).toThrow(neonError('ERR_NEON_DESTROYED'));
  });

  test('gives hooks the status and the headers of the response', async () => {
    const session = sessionWith(
      await serve(answering(response('no', { status: '404 Gone Fishing', headers: { 'X-A': 'b' } }))),
    );
    const met: unknown[] = [];
    const meet = (request: ne.ne_request, status: ne.ne_status): void => {
      met.push([status, ne.ne_get_status(request), ne.ne_get_response_header(request, 'x-a')]);
    };
    ne.ne_hook_post_headers(session, meet);
    ne.ne_hook_post_send(session, meet);
    expect(await send(session)).toBe(ne.NE_OK);
    const status = { major_version: 1, minor_version: 1, code: 404, klass: 4, reason_phrase: 'Gone Fishing' };
    expect(met).toEqual([
      [status, status, 'b'],
      [status, status, 'b'],
    ]);
  });

  test('retries on NE_RETRY from post_send, with the fields that a hook added', async () => {
    const server = await serve({ connections: [[...exchange(response('', { status: '503 Later' })), ...exchange()]] });
    const session = sessionWith(server);
    const codes: number[] = [];
    let sends = 0;
    ne.ne_hook_pre_send(session, (_, header) => ne.ne_buffer_zappend(header, `X-Try: ${++sends}\r\n`));
    ne.ne_hook_post_send(session, (_, status) => {
      codes.push(status.code);
      return status.code === 503 ? ne.NE_RETRY : ne.NE_OK;
    });
    const request = await io.ne_request_create(session, 'PUT', '/');
    ne.ne_set_request_body_buffer(request, 'body');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(codes).toEqual([503, 200]);
    expect(ne.ne_get_status(request).code).toBe(200);
    const [received] = await receivedBy(server);
    expect(received).toMatch(/X-Try: 1\r\n\r\nbodyPUT [^]*X-Try: 2\r\n\r\nbody$/);
  });

  test('returns NE_RETRY from ne_end_request', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const answers = [ne.NE_RETRY, ne.NE_OK];
    ne.ne_hook_post_send(session, () => answers.shift());
    const request = await io.ne_request_create(session, 'GET', '/');
    const results: number[] = [];
    do {
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
      results.push(await io.ne_end_request(request));
    } while (results.at(-1) === ne.NE_RETRY);
    expect(results).toEqual([ne.NE_RETRY, ne.NE_OK]);
    expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
  });

  test.each([ne.NE_ERROR, ne.NE_AUTH, ne.NE_REDIRECT])('returns %d from post_send to the caller', async (code) => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const later: string[] = [];
    const refuse = (): number => {
      ne.ne_set_error(session, 'refused by %s', 'a hook');
      return code;
    };
    ne.ne_hook_post_send(session, refuse);
    ne.ne_hook_post_send(session, () => void later.push('another'));
    expect(await send(session)).toBe(code);
    expect(ne.ne_get_error(session)).toBe('refused by a hook');
    expect(later).toEqual([]); // as in C, a failure skips the later hooks
    ne.ne_unhook_post_send(session, refuse);
    expect(await send(session)).toBe(ne.NE_OK);
  });

  test('removes the first hook of the given function only', async () => {
    const session = sessionWith(await serve(answering()));
    const log: string[] = [];
    const [one, two] = [(): void => void log.push('one'), (): void => void log.push('two')];
    for (const hook of [one, two, one]) ne.ne_hook_pre_send(session, hook);
    ne.ne_hook_post_headers(session, one);
    ne.ne_unhook_pre_send(session, () => void log.push('one'));
    ne.ne_unhook_post_send(session, one);
    ne.ne_unhook_pre_send(session, one);
    expect(await send(session)).toBe(ne.NE_OK);
    expect(log.splice(0)).toEqual(['two', 'one', 'one']);
    ne.ne_unhook_pre_send(session, one);
    ne.ne_unhook_pre_send(session, one);
    ne.ne_unhook_post_headers(session, one);
    expect(await send(session)).toBe(ne.NE_OK);
    expect(log).toEqual(['two']);
  });

  test('removes each kind of hook', async () => {
    const session = sessionWith(await serve(answering()));
    const log: string[] = [];
    const fn = (): void => void log.push('called');
    const kinds = [
      'create_request',
      'pre_send',
      'post_headers',
      'post_send',
      'destroy_request',
      'destroy_session',
      'close_conn',
    ] as const;
    for (const kind of kinds) ne[`ne_hook_${kind}`](session, fn);
    for (const kind of kinds) ne[`ne_unhook_${kind}`](session, fn);
    expect(await send(session)).toBe(ne.NE_OK);
    await io.ne_session_destroy(session);
    expect(log).toEqual([]);
  });

  test('lets a hook add and remove other hooks', async () => {
    const session = sessionWith(await serve(answering()));
    const log: string[] = [];
    const removed = (): void => void log.push('removed');
    ne.ne_hook_create_request(session, () => {
      ne.ne_unhook_post_send(session, removed);
      ne.ne_unhook_create_request(session, removed);
      ne.ne_hook_post_headers(session, () => void log.push('added'));
    });
    ne.ne_hook_create_request(session, removed);
    ne.ne_hook_post_send(session, removed);
    expect(await send(session)).toBe(ne.NE_OK);
    expect(log).toEqual(['added']);
  });

  test('lets a reader add the first hook of a session for queued requests', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const [first, second] = [1, 2].map((n) => ne.ne_request_create(session, 'GET', `/${n}`)) as [
      ne.ne_request,
      ne.ne_request,
    ];
    const met: unknown[] = [];
    ne.ne_add_response_body_reader(first, ne.ne_accept_2xx, () => {
      if (met.length === 0) ne.ne_hook_pre_send(session, (request) => void met.push(request));
      met.push('read');
    });
    const both = [io.ne_request_dispatch(first), io.ne_request_dispatch(second)];
    expect(await Promise.all(both)).toEqual([ne.NE_OK, ne.NE_OK]);
    expect(met.filter((one) => one === second)).toHaveLength(1);
  });

  test('gives destroy hooks the status, the session and the private data of the request', async () => {
    const session = sessionWith(await serve(answering()));
    const met: unknown[] = [];
    ne.ne_hook_destroy_request(session, (request) => {
      met.push(ne.ne_get_status(request).code, ne.ne_get_session(request) === session);
      met.push(ne.ne_get_request_private(request, 'id'));
    });
    const request = await io.ne_request_create(session, 'GET', '/');
    ne.ne_set_request_private(request, 'id', 'kept');
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    await io.ne_request_destroy(request);
    expect(met).toEqual([200, true, 'kept']);
  });

  test('lets a destroy_request hook remove itself and the next one', async () => {
    const session = sessionWith(await serve(answering()));
    const log: string[] = [];
    const once = (): void => {
      log.push('once');
      ne.ne_unhook_destroy_request(session, once);
      ne.ne_unhook_destroy_request(session, next);
    };
    const next = (): void => void log.push('next');
    const last = (): void => void log.push('last');
    for (const hook of [once, next, last]) ne.ne_hook_destroy_request(session, hook);
    expect(await send(session)).toBe(ne.NE_OK);
    expect(await send(session)).toBe(ne.NE_OK);
    expect(log.splice(0)).toEqual(['once', 'last', 'last']);
    ne.ne_hook_destroy_request(session, once);
    expect(await send(session)).toBe(ne.NE_OK);
    expect(log).toEqual(['last', 'once']);
  });

  test('meets a request of neon in a destroy_request hook first, with most of it freed', async () => {
    const server = await serve(answering(response('', { headers: { 'X-A': 'b' } })));
    const session = sessionWith(server);
    const met: ne.ne_request[] = [];
    const met2: ne.ne_request[] = [];
    const failures: unknown[] = [];
    ne.ne_hook_destroy_request(session, (request) => {
      met.push(request);
      expect(ne.ne_get_status(request).code).toBe(200);
      expect(ne.ne_get_session(request)).toBe(session);
      for (const use of [
        () => ne.ne_get_response_header(request, 'X-A'),
        () => ne.ne_add_request_header(request, 'X', 'y'),
      ]) {
        try {
          failures.push(use());
        } catch (error) {
          failures.push(error);
        }
      }
    });
    ne.ne_hook_destroy_request(session, (request) => void met2.push(request));
    for (let i = 0; i < 50; i++) expect(await io.ne_delete(session, `/${i}`)).toBe(ne.NE_OK);
    expect(failures).toEqual(Array(100).fill(neonError('ERR_NEON_INVALID_STATE')));
    expect(new Set(met).size).toBe(50);
    expect(met2).toEqual(met);
    for (const request of met) expect(() => ne.ne_get_status(request)).toThrow(neonError('ERR_NEON_DESTROYED'));
    await io.ne_session_destroy(session);
    await server.waitForClosed(1);
  });

  test.each(['destroy_session', 'close_conn'] as const)(
    'gives %s hooks a valid session while it is destroyed',
    async (kind) => {
      const server = await serve(answering());
      const session = sessionWith(server);
      expect(await send(session)).toBe(ne.NE_OK);
      ne.ne_set_session_private(session, 'id', 'kept');
      const other = (): void => {};
      ne.ne_hook_close_conn(session, other);
      const met: unknown[] = [];
      ne[`ne_hook_${kind}`](session, () => {
        ne.ne_set_error(session, 'set in the hook');
        ne.ne_set_session_flag(session, ne.NE_SESSFLAG_PERSIST, 0);
        ne.ne_unhook_close_conn(session, other);
        met.push(ne.ne_get_scheme(session), ne.ne_get_session_private(session, 'id'));
        met.push(ne.ne_get_server_hostport(session), ne.ne_get_session_flag(session, ne.NE_SESSFLAG_PERSIST));
        for (const use of [
          () => ne.ne_forget_auth(session),
          () => ne.ne_set_server_auth(session, () => 1),
          () => ne.ne_redirect_location(session),
        ])
          expect(use).toThrow(neonError('ERR_NEON_INVALID_STATE'));
        expect(() => ne.ne_session_destroy(session)).toThrow(neonError('ERR_NEON_REENTRANT'));
      });
      await io.ne_session_destroy(session);
      expect(met).toEqual(['http', 'kept', `127.0.0.1:${server.port}`, 0]);
      expect(() => ne.ne_get_scheme(session)).toThrow(neonError('ERR_NEON_DESTROYED'));
      await server.waitForClosed(1);
    },
  );

  if (!asynchronous) return;

  test('treats a session whose destruction is queued as destroyed, except in its hooks', async () => {
    const session = sessionWith(await serve(answering()));
    const met: unknown[] = [];
    ne.ne_hook_destroy_session(session, async () => {
      await turn();
      met.push(ne.ne_get_scheme(session));
    });
    const destruction = promises.ne_session_destroy(session);
    expect(() => ne.ne_get_scheme(session)).toThrow(neonError('ERR_NEON_DESTROYED'));
    await destruction;
    expect(met).toEqual(['http']);
    expect(() => ne.ne_get_scheme(session)).toThrow(neonError('ERR_NEON_DESTROYED'));
  });

  test('waits for each asynchronous hook', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const context = new AsyncLocalStorage<string>();
    const log: string[] = [];
    const slowly = async (name: string): Promise<void> => {
      log.push(`${name} (`);
      for (let i = 0; i < 3; i++) await turn();
      log.push(`${context.getStore()})`);
    };
    ne.ne_hook_create_request(session, async (request) => {
      await slowly('create');
      ne.ne_add_request_header(request, 'X-Create', '1');
    });
    ne.ne_hook_pre_send(session, async (_, header) => {
      await slowly('pre_send');
      ne.ne_buffer_zappend(header, 'X-Pre-Send: 2\r\n');
    });
    ne.ne_hook_post_headers(session, () => slowly('post_headers'));
    const answers = [ne.NE_RETRY, ne.NE_OK];
    ne.ne_hook_post_send(session, async () => {
      await slowly('post_send');
      return answers.shift();
    });
    ne.ne_hook_destroy_request(session, () => slowly('destroy_request'));
    ne.ne_hook_destroy_session(session, () => slowly('destroy_session'));
    ne.ne_hook_close_conn(session, () => slowly('close_conn'));
    await context.run('here', async () => {
      expect(await send(session)).toBe(ne.NE_OK);
      await promises.ne_session_destroy(session);
    });
    const sent = ['pre_send', 'post_headers', 'post_send'];
    const order = ['create', ...sent, ...sent, 'destroy_request', 'destroy_session', 'close_conn'];
    expect(log).toEqual(order.flatMap((name) => [`${name} (`, 'here)']));
    const [received] = await receivedBy(server);
    expect(received!.match(/X-Create: 1\r\nX-Pre-Send: 2\r\n\r\n/g)).toHaveLength(2);
  });
});

describe('garbage collection', () => {
  test('collects sessions and requests whose callbacks refer to them, without running hooks', async () => {
    const server = await serve(answering());
    expect(await runScenario('hookedSessions', server.port)).toEqual({ collected: true, ran: true, ranLater: 0 });
    await server.waitForClosed(30);
  });

  test('collects a dropped request without running its destroy hook', async () => {
    const server = await serve(answering());
    expect(await runScenario('droppedHooks', server.port)).toEqual({
      collected: true,
      result: ne.NE_OK,
      log: ['kept'],
    });
  });
});
