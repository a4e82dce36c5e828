/** Tests of `libneon/ne/promises`: names, order, busy sessions, bad arguments. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { response } from '../../servers/raw.js';
import { neonError, result } from '../../support/expect.js';
import { testPending } from '../../support/pending.js';
import { answering, exchange, receivedBy, sessionWith, stalling, testServers } from '../../support/servers.js';
import { fetchBody, names, surfaces } from '../../support/surfaces.js';

const serve = testServers();
const pending = testPending();
const { io } = surfaces[1]!;
const busy = neonError('ERR_NEON_BUSY');

test('names every function like its C function', () => {
  expect(names.map((name) => promises[name].name)).toEqual(names);
});

test('exports the functions that block, and the queued forms', () => {
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
  test('runs calls on one session in the order in which they were made', async () => {
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

  test('creates, sends and destroys requests and the session without awaiting', async () => {
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

  test('destroys a handle at once', async () => {
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

  test('runs sessions independently of each other', async () => {
    const { call, answer } = await pending();
    const server = await serve(answering());
    expect(await fetchBody(io, sessionWith(server), 'GET', '/')).toBe('hello');
    await answer();
    expect(await call).toBe(ne.NE_ERROR);
  });

  test('copies the buffers that it was given', async () => {
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

describe('a pending call', () => {
  test('makes other calls on the session throw', async () => {
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

  test('allows names, private data, the error text, and other requests', async () => {
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

  test('makes a session busy from the moment it is queued', async () => {
    const session = ne.ne_session_create('http', 'nosuchhost.invalid', 80);
    const request = ne.ne_request_create(session, 'GET', '/');
    const call = promises.ne_request_dispatch(request);
    expect(() => ne.ne_get_status(request)).toThrow(busy);
    expect(await call).toBe(ne.NE_LOOKUP);
    expect(ne.ne_get_status(request).code).toBe(0);
  });

  test('does not let the session be destroyed with live requests', async () => {
    const { session, answer } = await pending();
    await expect(promises.ne_session_destroy(session)).rejects.toEqual(neonError('ERR_NEON_LIVE_REQUESTS'));
    expect(() => ne.ne_session_destroy(session)).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
    await answer();
  });

  test('leaves the error text of the call that settled last', async () => {
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
    expect(await calls[1]).toBe(ne.NE_CONNECT); // the connection was reused, so neon retried
    expect(ne.ne_get_error(session)).toBe('Could not connect to server: Connection refused');
  });

  test('leaves the error text of a blocking call that returned last', async () => {
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

describe('bad arguments', () => {
  test.each(names)('makes %s reject and never throw', async (name) => {
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
      // If values are missing, the error concerns an argument's type. Superfluous values are an error of their own.
      const code: unknown =
        values.length < 4 ? 'ERR_INVALID_ARG_TYPE' : expect.stringMatching(/^ERR_INVALID_ARG_(TYPE|VALUE)$/);
      await expect(promise).rejects.toMatchObject({ name: 'TypeError', code });
    }
  });
});
