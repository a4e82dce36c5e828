/** `libneon/ne/promises`: order, busy sessions, aborts and deadlines. */
import { getEventListeners } from 'node:events';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { fullBacklogServer, response } from './servers/raw.js';
import { runScenario } from './support/child.js';
import { coded, failureOf, neonError, outOfRange, result, wrongType } from './support/expect.js';
import {
  answering,
  exchange,
  receivedBy,
  sessionWith,
  stalling,
  testServers,
  thenAnswering,
} from './support/servers.js';
import { fetchBody, names, pull, surfaces } from './support/surfaces.js';

const serve = testServers();
const { io } = surfaces[1]!;
const busy = neonError('ERR_NEON_BUSY');
const big = response('x'.repeat(300_000));

/** A session whose first call is on the wire, and unanswered until `answer` is called. */
async function pending(...requests: string[]): Promise<{
  session: ne.ne_session;
  requests: ne.ne_request[];
  call: Promise<number>;
  answer: () => Promise<void>;
}> {
  const server = await serve({ connections: [[{ read: 'request' }, { hang: true }]] });
  const session = sessionWith(server);
  const made = ['/pending', ...requests].map((path) => ne.ne_request_create(session, 'GET', path));
  const call = promises.ne_request_dispatch(made[0]!);
  await server.waitForRequests(1);
  const answer = async (): Promise<void> => {
    await server.stop();
    await call;
  };
  return { session, requests: made, call, answer };
}

test('every function has the name of its C function', () => {
  expect(names.map((name) => promises[name].name)).toEqual(names);
});

test('the functions are those that block, and the forms that wait their turn', () => {
  expect([...names].sort()).toEqual(
    [
      'ne_acl3744_set',
      'ne_acl_set',
      'ne_addr_resolve',
      'ne_begin_request',
      'ne_close_connection',
      'ne_copy',
      'ne_delete',
      'ne_discard_response',
      'ne_end_request',
      'ne_get',
      'ne_get_range',
      'ne_getbuf',
      'ne_getmodtime',
      'ne_iaddr_reverse',
      'ne_lock',
      'ne_lock_discover',
      'ne_lock_refresh',
      'ne_md5_stream',
      'ne_mkcol',
      'ne_move',
      'ne_options',
      'ne_options2',
      'ne_post',
      'ne_propfind_allprop',
      'ne_propfind_create',
      'ne_propfind_destroy',
      'ne_propfind_named',
      'ne_propnames',
      'ne_proppatch',
      'ne_put',
      'ne_putbuf',
      'ne_read_response_block',
      'ne_read_response_to_buffer',
      'ne_read_response_to_fd',
      'ne_request_create',
      'ne_request_destroy',
      'ne_request_dispatch',
      'ne_session_destroy',
      'ne_session_system_proxy',
      'ne_simple_propfind',
      'ne_simple_request',
      'ne_sock_accept',
      'ne_sock_accept_ssl',
      'ne_sock_block',
      'ne_sock_close',
      'ne_sock_connect',
      'ne_sock_connect_ssl',
      'ne_sock_fullread',
      'ne_sock_fullwrite',
      'ne_sock_fullwritev',
      'ne_sock_handshake',
      'ne_sock_peek',
      'ne_sock_proxy',
      'ne_sock_read',
      'ne_sock_readline',
      'ne_sock_shutdown',
      'ne_ssl_clicert_decrypt',
      'ne_ssl_clicert_fromuri',
      'ne_ssl_pkcs11_nss_provider_init',
      'ne_ssl_pkcs11_provider_init',
      'ne_unlock',
      'ne_xml_dispatch_request',
      'ne_xml_dispatchif_request',
      'ne_xml_parse_response',
    ].filter((name) => name in ne),
  );
});

describe('order', () => {
  test('calls on one session run in the order in which they were made', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const requests = Array.from({ length: 20 }, (_, i) => ne.ne_request_create(session, 'GET', `/${i}`));
    const settled: number[] = [];
    await Promise.all(requests.map((request, i) => promises.ne_request_dispatch(request).then(() => settled.push(i))));
    expect(settled).toEqual(requests.map((_, i) => i));
    const [received] = await receivedBy(server);
    expect([...received!.matchAll(/^GET \/(\d+) /gm)].map(([, path]) => Number(path))).toEqual(
      requests.map((_, i) => i),
    );
  });

  test('requests can be created, sent, destroyed, and the session too, without awaiting', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const order: string[] = [];
    const note = async <T>(name: string, promise: Promise<T>): Promise<T> => {
      const value = await promise;
      order.push(name);
      return value;
    };
    const first = ne.ne_request_create(session, 'GET', '/1');
    const calls = [
      note('begin', promises.ne_begin_request(first)),
      note('read', promises.ne_read_response_block(first, Buffer.alloc(10))),
      note('read again', promises.ne_read_response_block(first, Buffer.alloc(10))),
      note('end', promises.ne_end_request(first)),
    ];
    const created = note('create', promises.ne_request_create(session, 'GET', '/2'));
    calls.push(note('destroy', promises.ne_request_destroy(first)) as unknown as Promise<number>);
    expect(await Promise.all(calls)).toEqual([ne.NE_OK, 5, 0, ne.NE_OK, undefined]);
    const second = await created;
    expect(ne.ne_get_session(second)).toBe(session);
    const rest = [
      note('dispatch', promises.ne_request_dispatch(second)),
      note('destroy it', promises.ne_request_destroy(second)),
    ];
    const last = note('destroy all', promises.ne_session_destroy(session));
    expect(await Promise.all(rest)).toEqual([ne.NE_OK, undefined]);
    expect(await result(() => last)).toBeUndefined();
    expect(order).toEqual([
      'begin',
      'read',
      'read again',
      'end',
      'create',
      'destroy',
      'dispatch',
      'destroy it',
      'destroy all',
    ]);
    await server.waitForClosed(1);
  });

  test('a handle that is to be destroyed is destroyed at once', async () => {
    const { session, requests, call, answer } = await pending('/idle');
    const destroyed = promises.ne_request_destroy(requests[1]!);
    expect(() => ne.ne_get_status(requests[1]!)).toThrow(neonError('ERR_NEON_DESTROYED'));
    await expect(promises.ne_request_destroy(requests[1]!)).rejects.toEqual(neonError('ERR_NEON_DESTROYED'));
    await answer();
    expect(await result(() => destroyed)).toBeUndefined();
    expect(await call).toBe(ne.NE_ERROR);
    ne.ne_request_destroy(requests[0]!);
    expect(result(() => ne.ne_session_destroy(session))).toBeUndefined();
  });

  test('sessions do not wait for each other', async () => {
    const { call, answer } = await pending();
    const server = await serve(answering());
    expect(await fetchBody(io, sessionWith(server), 'GET', '/')).toBe('hello');
    await answer();
    expect(await call).toBe(ne.NE_ERROR);
  });

  test('the caller may change a buffer and a string that were given', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const request = await promises.ne_request_create(session, 'PUT', '/');
    const body = Buffer.from('before');
    ne.ne_set_request_body_buffer(request, body);
    const call = promises.ne_request_dispatch(request);
    body.fill('x');
    expect(await call).toBe(ne.NE_OK);
    expect((await receivedBy(server))[0]).toMatch(/\r\n\r\nbefore$/);
  });
});

describe('while a call is pending', () => {
  test('other calls on the session are refused', async () => {
    const { session, requests, answer } = await pending('/other');
    const [request, other] = requests as [ne.ne_request, ne.ne_request];
    const calls = [
      () => ne.ne_request_create(session, 'GET', '/'),
      () => ne.ne_request_dispatch(other),
      () => ne.ne_begin_request(other),
      () => ne.ne_read_response_block(other, Buffer.alloc(1)),
      () => ne.ne_discard_response(other),
      () => ne.ne_end_request(other),
      () => ne.ne_close_connection(session),
      () => ne.ne_set_session_flag(session, 0, 1),
      () => ne.ne_get_session_flag(session, 0),
      () => ne.ne_set_read_timeout(session, 1),
      () => ne.ne_set_connect_timeout(session, 1),
      () => ne.ne_set_useragent(session, 'agent'),
      () => ne.ne_version_pre_http11(session),
      () => ne.ne_fill_server_uri(session, {}),
      () => ne.ne_set_error(session, 'text'),
      () => ne.ne_ssl_trust_default_ca(session),
      () => ne.ne_request_destroy(request),
      () => ne.ne_add_request_header(request, 'X', '1'),
      () => ne.ne_print_request_header(request, 'X', '%d', 1),
      () => ne.ne_set_request_body_buffer(request, ''),
      () => ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => 0),
      () => ne.ne_get_status(request),
      () => ne.ne_get_response_header(request, 'X'),
      () => ne.ne_response_header_iterate(request, null, { value: '' }, { value: '' }),
      () => ne.ne_set_request_flag(request, 0, 1),
      () => ne.ne_get_request_flag(request, 0),
    ];
    for (const call of calls) expect(call).toThrow(busy);
    await answer();
    for (const call of calls.slice(7, 15)) expect(call).not.toThrow();
  });

  test('these are not: names, private data, the error text, and other requests', async () => {
    const { session, requests, answer } = await pending('/other');
    const [request, other] = requests as [ne.ne_request, ne.ne_request];
    expect(ne.ne_get_scheme(session)).toBe('http');
    expect(ne.ne_get_server_hostport(session)).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(ne.ne_get_session(request)).toBe(session);
    expect(ne.ne_get_error(session)).toBe('Unknown error.');
    ne.ne_set_session_private(session, 'id', 1);
    expect(ne.ne_get_session_private(session, 'id')).toBe(1);
    ne.ne_set_request_private(request, 'id', 2);
    expect(ne.ne_get_request_private(request, 'id')).toBe(2);

    ne.ne_add_request_header(other, 'X', '1');
    ne.ne_print_request_header(other, 'Y', '%d', 2);
    ne.ne_set_request_body_buffer(other, 'body');
    ne.ne_add_response_body_reader(other, ne.ne_accept_2xx, () => 0);
    ne.ne_set_request_flag(other, ne.NE_REQFLAG_EXPECT100, true);
    expect(ne.ne_get_request_flag(other, ne.NE_REQFLAG_EXPECT100)).toBe(1);
    expect(ne.ne_get_status(other).code).toBe(0);
    expect(ne.ne_get_response_header(other, 'X')).toBeNull();
    expect(ne.ne_response_header_iterate(other, null, { value: '' }, { value: '' })).toBeNull();
    await answer();
  });

  test('a session that is only queued for is busy as well', async () => {
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', 80);
    const request = ne.ne_request_create(session, 'GET', '/');
    const call = promises.ne_request_dispatch(request);
    expect(() => ne.ne_get_status(request)).toThrow(busy);
    expect(await call).toBe(ne.NE_LOOKUP);
    expect(ne.ne_get_status(request).code).toBe(0);
  });

  test('live requests still keep the session from being destroyed', async () => {
    const { session, answer } = await pending();
    await expect(promises.ne_session_destroy(session)).rejects.toEqual(neonError('ERR_NEON_LIVE_REQUESTS'));
    expect(() => ne.ne_session_destroy(session)).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
    await answer();
  });

  test('the error text is that of the call which settled last', async () => {
    const server = await serve({
      connections: [[...exchange(response('', { status: '201 First' })), { read: 'request' }, { hang: true }]],
    });
    const session = sessionWith(server);
    const [first, second] = ['/1', '/2'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
      ne.ne_request,
      ne.ne_request,
    ];
    const calls = [promises.ne_request_dispatch(first), promises.ne_request_dispatch(second)] as const;
    await calls[0];
    await server.waitForRequests(2);
    expect(ne.ne_get_error(session)).toBe('201 First');
    await server.stop();
    expect(await calls[1]).toBe(ne.NE_CONNECT); // the connection had served before: neon tried again
    expect(ne.ne_get_error(session)).toBe('Could not connect to server: Connection refused');
  });

  test('the call that settled last may be one of the blocking surface', async () => {
    const server = await serve({
      connections: [
        [
          ...exchange(response('', { status: '201 First' })),
          ...exchange(response('', { status: '202 Second' })),
          ...stalling(),
        ],
      ],
    });
    const session = sessionWith(server);
    const requests = ['/1', '/2', '/3'].map((path) => ne.ne_request_create(session, 'GET', path));
    await promises.ne_request_dispatch(requests[0]!);
    ne.ne_request_dispatch(requests[1]!);
    const call = promises.ne_request_dispatch(requests[2]!);
    expect(ne.ne_get_error(session)).toBe('202 Second');
    await server.stop();
    expect(await call).toBe(ne.NE_CONNECT);
  });
});

describe('signal', () => {
  const reason = new Error('the reason');

  test('one that is aborted already rejects, and nothing is sent', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const call = promises.ne_request_dispatch(request, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
    expect(ne.ne_get_status(request).code).toBe(0); // not busy
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    expect((await receivedBy(server)).join()).not.toContain('GET / ');
  });

  test('without a reason of its own it is an AbortError', async () => {
    const session = ne.ne_session_create('http', 'example.com', 80);
    const error = await failureOf(() => promises.ne_close_connection(session, { signal: AbortSignal.abort() }));
    expect(error.name).toBe('AbortError');
  });

  test.each([undefined, null, 'text', 0])('the reason may be %p', async (value) => {
    const server = await serve(thenAnswering(stalling()));
    const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
    const controller = new AbortController();
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await server.waitForRequests(1);
    controller.abort(value);
    const error = await call.then(
      () => 'resolved',
      (thrown: unknown) => thrown,
    );
    expect(error).toBe(controller.signal.reason);
  });

  test('a call that waits for its turn is never made', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const requests = ['/1', '/2', '/3'].map((path) => ne.ne_request_create(session, 'GET', path));
    const [first, second, third] = requests as [ne.ne_request, ne.ne_request, ne.ne_request];
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      ne.ne_add_response_body_reader(
        first,
        () => (resolve(), new Promise((done) => (answer = () => done(1)))),
        () => 0,
      );
    });
    const controller = new AbortController();
    const calls = [
      promises.ne_request_dispatch(first),
      promises.ne_request_dispatch(second, { signal: controller.signal }),
      promises.ne_request_dispatch(third),
    ];
    await asked;
    controller.abort(reason);
    await expect(calls[1]).rejects.toBe(reason);
    answer();
    expect(await calls[0]).toBe(ne.NE_OK);
    expect(await calls[2]).toBe(ne.NE_OK);
    expect((await receivedBy(server)).map((text) => text.match(/GET \/\d/g))).toEqual([['GET /1', 'GET /3']]);
  });

  test('while the status line is awaited: rejects, and the server sees the close', async () => {
    const server = await serve(thenAnswering(stalling()));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await server.waitForRequests(1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect((await server.waitForClosed(1))[0]!.clientClose).not.toBeNull();
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(ne.ne_get_status(request).code).toBe(200);
  });

  test('while a connection is made', async () => {
    const server = await fullBacklogServer();
    try {
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      ne.ne_set_connect_timeout(session, 1); // the thread leaves C by itself after that
      const controller = new AbortController();
      const call = promises.ne_request_dispatch(request, { signal: controller.signal });
      await turn();
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
      expect(() => ne.ne_get_status(request)).toThrow(busy);
    } finally {
      await server.stop();
    }
  });

  test('in a body: nothing is filled, and the request is not begun any more', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
    const server = await serve(thenAnswering(stalling(head)));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await promises.ne_begin_request(request)).toBe(ne.NE_OK);
    const controller = new AbortController();
    const buffer = Buffer.alloc(10, '.');
    const call = promises.ne_read_response_block(request, buffer, { signal: controller.signal });
    await sleep(50); // so that the thread is in C
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await server.waitForClosed(1);
    await expect(promises.ne_read_response_block(request, buffer)).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
    expect(buffer.toString()).toBe('..........');
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
  });

  test('in a dispatch whose body stalls', async () => {
    const server = await serve(thenAnswering(stalling('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234')));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const blocks: string[] = [];
    const begun = new Promise<void>((resolve) => {
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => {
        blocks.push(block.toString());
        resolve();
      });
    });
    const controller = new AbortController();
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await begun;
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await server.waitForClosed(1);
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    expect(blocks).toEqual(['01234']);
  });

  test('calls in a row can be aborted at once', async () => {
    const server = await serve(thenAnswering(stalling('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n')));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await promises.ne_begin_request(request)).toBe(ne.NE_OK);
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const calls = [
      promises.ne_read_response_block(request, Buffer.alloc(10), options),
      promises.ne_read_response_block(request, Buffer.alloc(10), options),
      promises.ne_end_request(request, options),
    ];
    controller.abort(reason);
    expect(await Promise.allSettled(calls)).toEqual(Array(3).fill({ status: 'rejected', reason }));
    expect(await result(() => promises.ne_request_destroy(request))).toBeUndefined();
    await server.waitForClosed(1);
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
  });

  test('while a callback is waited for: its late answer is dropped, and no other runs', async () => {
    const server = await serve(thenAnswering(stalling(big)));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    let answer = (): void => {};
    let calls = 0;
    const asked = new Promise<void>((resolve) => {
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => {
        calls++;
        resolve();
        return new Promise((done) => (answer = () => done(0)));
      });
    });
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await asked;
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await server.waitForClosed(1);
    answer();
    await turn();
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    expect(calls).toBe(1);
  });

  test.each(['returns', 'throws', 'returns a promise', 'returns a promise that rejects'])(
    'inside a callback that then %s',
    async (how) => {
      const server = await serve(thenAnswering(stalling(big)));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      const controller = new AbortController();
      let calls = 0;
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => {
        calls++;
        controller.abort(reason);
        if (how === 'throws') throw new Error('late');
        if (how === 'returns a promise') return Promise.resolve(0);
        if (how === 'returns a promise that rejects') return Promise.reject(new Error('late'));
        return 0;
      });
      await expect(promises.ne_request_dispatch(request, { signal: controller.signal })).rejects.toBe(reason);
      await server.waitForClosed(1);
      expect(calls).toBe(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    },
  );

  test('after an await inside a callback', async () => {
    const server = await serve(thenAnswering(stalling(big)));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, async () => {
      await turn();
      controller.abort(reason);
      await turn();
      return 0;
    });
    await expect(promises.ne_request_dispatch(request, { signal: controller.signal })).rejects.toBe(reason);
    await server.waitForClosed(1);
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
  });

  test('after the call was settled it means nothing', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const controller = new AbortController();
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await promises.ne_request_dispatch(request, { signal: controller.signal })).toBe(ne.NE_OK);
    controller.abort(reason);
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect((await server.connections()).length).toBe(1);
  });

  test('a refused call rejects as without it', async () => {
    const { signal } = new AbortController();
    await expect(
      promises.ne_end_request(ne.ne_request_create(ne.ne_session_create('http', 'a', 80), 'GET', '/'), {
        signal,
      }),
    ).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
    await expect(promises.ne_request_dispatch(null as unknown as ne.ne_request, { signal })).rejects.toEqual(wrongType);
  });

  test('one signal ends many calls', async () => {
    const controller = new AbortController();
    const server = await serve({ connections: [stalling()], rest: 'repeat-last' });
    const sessions = Array.from({ length: 8 }, () => sessionWith(server));
    const requests = sessions.flatMap((session) => [1, 2].map(() => ne.ne_request_create(session, 'GET', '/')));
    const calls = requests.map((request) => promises.ne_request_dispatch(request, { signal: controller.signal }));
    await server.waitForRequests(8);
    expect(getEventListeners(controller.signal, 'abort').length).toBe(1);
    controller.abort(reason);
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes).toEqual(Array(16).fill({ status: 'rejected', reason }));
    await Promise.all(sessions.map((session) => promises.ne_close_connection(session)));
    await server.waitForClosed(8);
    while ((await server.openCount()) > 0) await sleep(5);
  });

  test('what it finds waiting is never made, though it ends the call before it, too', async () => {
    const controller = new AbortController();
    const server = await serve({ connections: [stalling()], rest: 'repeat-last' });
    const sessions = Array.from({ length: 32 }, () => sessionWith(server));
    const requests = sessions.flatMap((session) =>
      ['/running', '/waiting', '/waiting'].map((path) => ne.ne_request_create(session, 'DELETE', path)),
    );
    const calls = requests.map((request) => promises.ne_request_dispatch(request, { signal: controller.signal }));
    await server.waitForRequests(32);
    controller.abort(reason);
    expect(await Promise.allSettled(calls)).toEqual(Array(96).fill({ status: 'rejected', reason }));
    await Promise.all(sessions.map((session) => promises.ne_close_connection(session)));
    await server.waitForClosed(32);
    while ((await server.openCount()) > 0) await sleep(5);
    const lines = (await receivedBy(server)).map((text) => text.split('\r\n')[0]);
    expect(lines).toEqual(Array(32).fill('DELETE /running HTTP/1.1'));
  });

  test('the session is busy until its thread has left C, and then free', async () => {
    const server = await serve(thenAnswering(stalling()));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await server.waitForRequests(1);
    controller.abort(reason);
    expect(() => ne.ne_get_status(request)).toThrow(busy);
    await expect(call).rejects.toBe(reason);
    await promises.ne_close_connection(session);
    expect(ne.ne_get_status(request).code).toBe(0);
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
  });
});

describe('timeout', () => {
  test('is NE_TIMEOUT, and the server sees the close', async () => {
    const server = await serve(thenAnswering(stalling()));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const error = await failureOf(() => promises.ne_request_dispatch(request, { timeout: 50 }));
    expect(error).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
    expect(error.message).toBe('Timed out after 50 ms');
    await server.waitForClosed(1);
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
  });

  test('runs while the call waits for its turn', async () => {
    const { requests, call, answer } = await pending('/second');
    await expect(promises.ne_request_dispatch(requests[1]!, { timeout: 20 })).rejects.toEqual(
      neonError('NE_TIMEOUT', ne.NE_TIMEOUT),
    );
    await answer();
    expect(await call).toBe(ne.NE_ERROR);
  });

  test('does nothing to a call that is done', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await promises.ne_request_dispatch(request, { timeout: 20_000 })).toBe(ne.NE_OK);
    expect(await promises.ne_request_dispatch(request, { timeout: undefined, signal: undefined })).toBe(ne.NE_OK);
  });

  test('the signal may be earlier', async () => {
    const server = await serve({ connections: [stalling()] });
    const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
    const signal = AbortSignal.timeout(20);
    const error = await failureOf(() => promises.ne_request_dispatch(request, { signal, timeout: 20_000 }));
    expect(error).toBe(signal.reason);
  });
});

describe('bad options', () => {
  const session = ne.ne_session_create('http', 'example.com', 80);
  const call = (options: unknown): Promise<void> =>
    promises.ne_close_connection(session, options as promises.CallOptions);

  test.each([
    { signal: {} },
    { signal: null },
    { signal: 'abort' },
    { signal: new AbortController() },
    { timeout: '1' },
    { timeout: null },
    { timeout: 1n },
  ])('%p rejects', async (options) => {
    await expect(call(options)).rejects.toEqual(wrongType);
  });

  test.each([0, -1, NaN, Infinity, 2 ** 31])('a timeout of %d rejects', async (timeout) => {
    await expect(call({ timeout })).rejects.toEqual(outOfRange);
  });

  test.each([null, 1, 'options', true, Symbol('options')])('%p rejects', async (options) => {
    let promise: Promise<unknown> | undefined;
    expect(() => (promise = call(options))).not.toThrow();
    await expect(promise).rejects.toEqual(wrongType);
  });

  test('a getter that throws rejects', async () => {
    const error = new Error('getter');
    const options = {
      get signal(): never {
        throw error;
      },
    };
    let promise: Promise<unknown> | undefined;
    expect(() => (promise = call(options))).not.toThrow();
    await expect(promise).rejects.toBe(error);
  });
});

describe('bad arguments reject, and never throw', () => {
  test.each(names)('%s', async (name) => {
    const call = promises[name] as unknown as (...values: unknown[]) => Promise<unknown>;
    const trap = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
      },
    );
    for (const values of [[], [null], [{}], [trap], [1, 2, 3, 4], [undefined, undefined, undefined, {}]]) {
      let promise: Promise<unknown> | undefined;
      expect(() => (promise = call(...values))).not.toThrow();
      await expect(promise).rejects.toEqual(coded('ERR_INVALID_ARG_TYPE', 'TypeError'));
    }
  });
});

describe('the event loop', () => {
  test('stays alive while a call is pending', async () => {
    const server = await serve({
      connections: [[{ read: 'request' }, { delay: 300 }, { send: response('late') }]],
    });
    expect(await runScenario('pendingKeepsAlive', server.port)).toEqual({ result: 0, body: 'late' });
  });

  test('stays alive while a callback is waited for', async () => {
    const server = await serve(answering());
    expect(await runScenario('callbackKeepsAlive', server.port)).toEqual({ result: 0, blocks: 2 });
  });

  test('is not kept alive by an idle session', async () => {
    const server = await serve(answering());
    expect(await runScenario('idleSession', server.port)).toEqual({ status: 200 });
    await server.waitForClosed(1);
  });

  test('is not kept alive by a call that was aborted', async () => {
    const server = await serve({ connections: [stalling()] });
    expect(await runScenario('abortedCall', server.port)).toEqual({ reason: 'the reason' });
    await server.waitForClosed(1);
  });

  test('goes on while a call is pending', async () => {
    const { call, answer } = await pending();
    for (let i = 0; i < 100; i++) await turn();
    await answer();
    expect(await call).toBe(ne.NE_ERROR);
  });

  test('gets its turn while many callbacks that take their time are called', async () => {
    const server = await serve({ connections: [exchange()], rest: 'repeat-last' });
    const busy = (ms: number): void => {
      for (const end = performance.now() + ms; performance.now() < end;);
    };
    let called = 0;
    const calls = Array.from({ length: 40 }, () => {
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      ne.ne_add_response_body_reader(request, ne.ne_accept_always, () => {
        called++;
        busy(2);
        return 0;
      });
      return promises.ne_request_dispatch(request);
    });
    busy(500); // until all of them wait for their callbacks
    const before = await sleep(1).then(() => called);
    await Promise.all(calls);
    expect(before).toBeLessThan(40);
    expect(called).toBe(80);
  });

  test('pulls a large body without a callback in between', async () => {
    const server = await serve(answering(big));
    const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
    expect(await promises.ne_begin_request(request)).toBe(ne.NE_OK);
    expect((await pull(io, request, 65536)).length).toBe(300_000);
    expect(await promises.ne_end_request(request)).toBe(ne.NE_OK);
  });
});
