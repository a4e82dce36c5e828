/** Tests of ne_session.h: sessions, on both surfaces. */
import { readFileSync } from 'node:fs';
import * as ne from 'libneon/ne';
import { faultProxy, type FaultProxy } from '../../servers/faultproxy.js';
import { describeWith } from '../../servers/packages.js';
import { testPki } from '../../servers/pki.js';
import { response, type Step } from '../../servers/raw.js';
import { freePorts } from '../../servers/start.js';
import { runScenario } from '../../support/child.js';
import { coded, failureOf, neonError, outOfRange, result, wrongValue } from '../../support/expect.js';
import { neonSince } from '../../support/neon.js';
import {
  answering,
  exchange,
  keepAlive,
  receivedBy,
  sessionWith,
  stalling,
  testServers,
  thenAnswering,
} from '../../support/servers.js';
import { fetchBody, surfaces } from '../../support/surfaces.js';

const serve = testServers();

describe('ne_session_create', () => {
  test.each([
    ['http', 'example.com', 80, 'example.com'],
    ['http', 'example.com', 443, 'example.com:443'],
    ['http', 'example.com', 0, 'example.com:0'],
    ['http', 'example.com', 65535, 'example.com:65535'],
    ['https', 'example.com', 443, 'example.com'],
    ['https', 'example.com', 80, 'example.com:80'],
    ['https', '127.0.0.1', 65535, '127.0.0.1:65535'],
    ['http', '[::1]', 8080, '[::1]:8080'],
    ['ftp', 'example.com', 21, 'example.com:21'],
  ] as const)('creates a session of %s, %s, %i', (scheme, host, port, hostport) => {
    const session = ne.ne_session_create(scheme, host, port);
    expect(ne.ne_get_scheme(session)).toBe(scheme);
    expect(ne.ne_get_server_hostport(session)).toBe(hostport);
    expect(result(() => ne.ne_session_destroy(session))).toBeUndefined();
  });

  test.each([-1, 65536, 80.5, NaN, Infinity, 2 ** 53])('rejects port %d', (port) => {
    expect(() => ne.ne_session_create('http', 'example.com', port)).toThrow(outOfRange);
  });

  test('returns different objects of one class without properties of their own', () => {
    const [one, other] = [ne.ne_session_create('http', 'a', 80), ne.ne_session_create('http', 'a', 80)];
    expect(one).not.toBe(other);
    expect(Object.getPrototypeOf(one)).toBe(Object.getPrototypeOf(other));
    expect(one.constructor.name).toBe('ne_session');
    expect(Object.keys(one)).toEqual([]);
  });
});

describe('a session before a request', () => {
  const session = ne.ne_session_create('http', 'example.com', 8080);

  test('has no error text', () => {
    expect(ne.ne_get_error(session)).toBe('Unknown error.');
  });

  test('does not know whether the server speaks HTTP/1.1', () => {
    expect(ne.ne_version_pre_http11(session)).toBe(1);
  });
});

describe('flags of sessions', () => {
  const session = ne.ne_session_create('http', 'example.com', 80);

  test('enables only persistent connections by default', () => {
    expect(ne.ne_get_session_flag(session, ne.NE_SESSFLAG_PERSIST)).toBe(1);
    const others = [ne.NE_SESSFLAG_ICYPROTO, ne.NE_SESSFLAG_RFC4918, ne.NE_SESSFLAG_CONNAUTH, ne.NE_SESSFLAG_TLS_SNI];
    expect([...others, ne.NE_SESSFLAG_EXPECT100].map((flag) => ne.ne_get_session_flag(session, flag))).toEqual([
      0, 0, 0, 0, 0,
    ]);
  });

  test.each([
    [true, 1],
    [false, 0],
    [1, 1],
    [0, 0],
    [2, 2],
    [-1, -1],
  ])('keeps %p as %d', (value, kept) => {
    expect(result(() => ne.ne_set_session_flag(session, ne.NE_SESSFLAG_RFC4918, value))).toBeUndefined();
    expect(ne.ne_get_session_flag(session, ne.NE_SESSFLAG_RFC4918)).toBe(kept);
  });

  test.each([1000, 2 ** 31 - 1])('ignores the unknown flag %d', (flag) => {
    expect(result(() => ne.ne_set_session_flag(session, flag, 1))).toBeUndefined();
    expect(ne.ne_get_session_flag(session, flag)).toBe(-1);
  });

  test.each([-1, 2 ** 31, 0.5, NaN])('rejects %d as a flag', (flag) => {
    expect(() => ne.ne_set_session_flag(session, flag, 1)).toThrow(outOfRange);
    expect(() => ne.ne_get_session_flag(session, flag)).toThrow(outOfRange);
  });

  test('sends the server name with TLS, but no address (in newer versions: no IPv4 address)', () => {
    const to = (host: string): number =>
      ne.ne_get_session_flag(ne.ne_session_create('https', host, 443), ne.NE_SESSFLAG_TLS_SNI);
    expect([to('example.com'), to('127.0.0.1'), to('::1')]).toEqual(neonSince(34) ? [1, 0, 1] : [1, 0, 0]);
  });

  test('passes the flag for 100-continue to new requests', () => {
    const own = ne.ne_session_create('http', 'example.com', 80);
    const before = ne.ne_request_create(own, 'PUT', '/');
    ne.ne_set_session_flag(own, ne.NE_SESSFLAG_EXPECT100, true);
    const after = ne.ne_request_create(own, 'PUT', '/');
    expect([before, after].map((request) => ne.ne_get_request_flag(request, ne.NE_REQFLAG_EXPECT100))).toEqual([0, 1]);
  });
});

describe('settings of sessions', () => {
  test.each([0, -1, 2_147_484, 1.5, NaN, Infinity])('rejects a timeout of %d seconds', (seconds) => {
    const session = ne.ne_session_create('http', 'example.com', 80);
    expect(() => ne.ne_set_read_timeout(session, seconds)).toThrow(outOfRange);
    expect(() => ne.ne_set_connect_timeout(session, seconds)).toThrow(outOfRange);
  });

  test.each(['a\rb', 'a\nb', 'a\0b'])('rejects the product %j', (product) => {
    const session = ne.ne_session_create('http', 'example.com', 80);
    expect(() => ne.ne_set_useragent(session, product)).toThrow(coded('ERR_INVALID_CHAR', 'TypeError'));
  });
});

describe('the error text of a session', () => {
  const session = ne.ne_session_create('http', 'example.com', 80);
  const set = (template: string, ...values: unknown[]): string => {
    expect(result(() => ne.ne_set_error(session, template, ...values))).toBeUndefined();
    return ne.ne_get_error(session);
  };

  test('formats its values', () => {
    expect(set('plain')).toBe('plain');
    expect(set('%s: %d%% of %05.1s|%-4x|', 'read', 50, 'abc', 255)).toBe('read: 50% of     a|ff  |');
    expect(set('')).toBe('');
  });

  test('keeps conversions in values unchanged', () => {
    expect(set('%s', '%s %n %d')).toBe('%s %n %d');
  });

  test('keeps UTF-8', () => {
    expect(set('%s', 'Größe → ∞ 😀')).toBe('Größe → ∞ 😀');
  });

  test('truncates at 511 bytes', () => {
    expect(set('%s', 'x'.repeat(511))).toBe('x'.repeat(511));
    expect(set('%s', 'x'.repeat(512))).toBe('x'.repeat(511));
    expect(set('%s', `${'x'.repeat(510)}ä`)).toBe(`${'x'.repeat(510)}\ufffd`);
  });

  test.each([
    ['%d', []],
    ['%d', ['1']],
    ['%s', [1]],
    ['plain', [1]],
    ['%n', [1]],
    ['%', []],
  ] as [string, unknown[]][])('rejects %p with %j and keeps the old text', (template, values) => {
    set('before');
    expect(() => ne.ne_set_error(session, template, ...values)).toThrow(wrongValue);
    expect(ne.ne_get_error(session)).toBe('before');
  });
});

describe('ne_fill_server_uri', () => {
  const session = ne.ne_session_create('https', 'example.com', 8443);

  test('sets the scheme, the host and the port', () => {
    const uri = {};
    expect(result(() => ne.ne_fill_server_uri(session, uri))).toBeUndefined();
    expect(uri).toEqual({ scheme: 'https', host: 'example.com', port: 8443 });
  });

  test('leaves the other fields unchanged', () => {
    const uri = {
      scheme: 'x',
      host: null,
      userinfo: 'u',
      port: 1,
      path: '/p',
      query: 'q',
      fragment: null,
      other: true,
    };
    ne.ne_fill_server_uri(session, uri);
    expect(uri).toEqual({
      scheme: 'https',
      host: 'example.com',
      userinfo: 'u',
      port: 8443,
      path: '/p',
      query: 'q',
      fragment: null,
      other: true,
    });
  });

  test('sets the default port, too', () => {
    const uri: Partial<ne.ne_uri> = {};
    ne.ne_fill_server_uri(ne.ne_session_create('http', 'example.com', 80), uri);
    expect(uri.port).toBe(80);
  });
});

describe('private data of sessions', () => {
  const session = ne.ne_session_create('http', 'example.com', 80);

  test('is null at first', () => {
    expect(ne.ne_get_session_private(session, 'id')).toBeNull();
  });

  test('returns the last value that was set under an id', () => {
    const value = { any: 'thing' };
    expect(result(() => ne.ne_set_session_private(session, 'id', 'first'))).toBeUndefined();
    ne.ne_set_session_private(session, 'id', value);
    ne.ne_set_session_private(session, 'other', undefined);
    expect(ne.ne_get_session_private(session, 'id')).toBe(value);
    expect(ne.ne_get_session_private(session, 'other')).toBeUndefined();
    expect(ne.ne_get_session_private(session, 'third')).toBeNull();
  });

  test('belongs to one session', () => {
    ne.ne_set_session_private(session, 'own', 1);
    expect(ne.ne_get_session_private(ne.ne_session_create('http', 'example.com', 80), 'own')).toBeNull();
  });
});

describe('ne_get_session', () => {
  test('returns the very object', () => {
    const session = ne.ne_session_create('http', 'example.com', 80);
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(ne.ne_get_session(request)).toBe(session);
    expect(ne.ne_get_session(request)).toBe(session);
  });

  test('finds a session that only its request keeps alive', async () => {
    const server = await serve(answering());
    expect(await runScenario('requestKeepsSession', server.port)).toEqual({
      same: true,
      collected: false,
      result: 0,
      status: 200,
    });
  });

  test('lets a session be collected with its last request', async () => {
    const server = await serve(answering());
    expect(await runScenario('sessionGoesWithRequest', server.port)).toEqual({ collected: true });
    const [record] = await server.waitForClosed(1);
    expect(record!.clientClose).toBe('fin');
  });
});

describe.each(surfaces)('$surface', ({ io }) => {
  describe('ne_session_destroy', () => {
    test('closes the connection', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      await fetchBody(io, session, 'GET', '/');
      expect(await server.openCount()).toBe(1);
      expect(await result(() => io.ne_session_destroy(session))).toBeUndefined();
      const [record] = await server.waitForClosed(1);
      expect(record!.clientClose).toBe('fin');
    });

    test('throws for a destroyed session', async () => {
      const session = ne.ne_session_create('http', 'example.com', 80);
      await io.ne_session_destroy(session);
      await expect(io.ne_session_destroy(session)).rejects.toEqual(neonError('ERR_NEON_DESTROYED'));
    });

    test.each([
      [['GET /a'], /^1 request of this session is live: GET \/a$/],
      [['GET /a', 'PUT /b'], /^2 requests of this session are live: (GET \/a, PUT \/b|PUT \/b, GET \/a)$/],
      [Array<string>(7).fill('LOCK /c'), /^7 requests of this session are live: (LOCK \/c, ){5}…$/],
    ])('rejects while %j are live', async (live, message) => {
      const session = ne.ne_session_create('http', 'example.com', 80);
      const requests = live.map((line) => ne.ne_request_create(session, ...(line.split(' ') as [string, string])));
      const error = await failureOf(() => io.ne_session_destroy(session));
      expect(error).toEqual(neonError('ERR_NEON_LIVE_REQUESTS'));
      expect(error.message).toMatch(message);
      for (const request of requests) {
        await expect(io.ne_session_destroy(session)).rejects.toEqual(neonError('ERR_NEON_LIVE_REQUESTS'));
        expect(ne.ne_get_scheme(session)).toBe('http');
        await io.ne_request_destroy(request);
      }
      expect(await result(() => io.ne_session_destroy(session))).toBeUndefined();
      expect(() => ne.ne_get_scheme(session)).toThrow(neonError('ERR_NEON_DESTROYED'));
    });
  });

  describe('ne_close_connection', () => {
    test('closes the connection, and the next request connects again', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      await fetchBody(io, session, 'GET', '/1');
      expect(await result(() => io.ne_close_connection(session))).toBeUndefined();
      const [record] = await server.waitForClosed(1);
      expect(record!.clientClose).toBe('fin');
      expect(await fetchBody(io, session, 'GET', '/2')).toBe('hello');
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 1]);
    });

    test('does nothing without a connection', async () => {
      const session = ne.ne_session_create('http', 'example.com', 80);
      expect(await result(() => io.ne_close_connection(session))).toBeUndefined();
      expect(await result(() => io.ne_close_connection(session))).toBeUndefined();
    });

    test('rejects while a request is between begin and end', async () => {
      const server = await serve(answering(response('0123456789')));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/active');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      const error = await failureOf(() => io.ne_close_connection(session));
      expect(error).toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
      expect(error.message).toContain('GET /active');
      const block = Buffer.alloc(100);
      expect(await io.ne_read_response_block(request, block)).toBe(10);
      await expect(io.ne_close_connection(session)).rejects.toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
      expect(await io.ne_read_response_block(request, block)).toBe(0);
      await expect(io.ne_close_connection(session)).rejects.toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
      expect(await server.openCount()).toBe(1);
      expect(await result(() => io.ne_close_connection(session))).toBeUndefined();
      await server.waitForClosed(1);
    });
  });

  describe('connections', () => {
    test('reuses a connection for many requests', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      for (let i = 0; i < 10; i++) expect(await fetchBody(io, session, 'GET', `/${i}`)).toBe('hello');
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([10]);
    });

    test('opens a connection for each request without the flag', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      ne.ne_set_session_flag(session, ne.NE_SESSFLAG_PERSIST, false);
      for (let i = 0; i < 3; i++) expect(await fetchBody(io, session, 'GET', `/${i}`)).toBe('hello');
      const records = await server.waitForClosed(3);
      expect(records.map(({ requests, clientClose }) => [requests, clientClose])).toEqual([
        [1, 'fin'],
        [1, 'fin'],
        [1, 'fin'],
      ]);
      expect(records[0]!.received.toString()).toContain('\r\nConnection: TE, close\r\n');
    });

    test('opens a new connection after the server closed one', async () => {
      const server = await serve({
        connections: [keepAlive(response('bye', { headers: { Connection: 'close' } }))],
        rest: 'repeat-last',
      });
      const session = sessionWith(server);
      for (let i = 0; i < 2; i++) expect(await fetchBody(io, session, 'GET', '/')).toBe('bye');
      expect((await server.waitForClosed(2)).map(({ clientClose }) => clientClose)).toEqual(['fin', 'fin']);
    });
  });

  describe('unreachable servers', () => {
    test('returns NE_LOOKUP from the dispatch for an unknown name', async () => {
      const session = ne.ne_session_create('http', 'nosuchhost.invalid', 80);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(ne.ne_get_error(session)).toBe('Unknown error.');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_LOOKUP);
      expect(ne.ne_get_error(session)).toMatch(/^Could not resolve hostname `nosuchhost\.invalid': ./);
      expect(ne.ne_get_status(request).code).toBe(0);
      expect(await io.ne_begin_request(request)).toBe(ne.NE_LOOKUP);
    });

    test('returns NE_CONNECT for a port without a listener', async () => {
      const [port] = (await freePorts(1)) as [number];
      const session = sessionWith({ port });
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_CONNECT);
      expect(ne.ne_get_error(session)).toBe('Could not connect to server: Connection refused');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_CONNECT);
    });
  });

  describe('timeouts', () => {
    test('returns NE_TIMEOUT while waiting for a status line', async () => {
      const server = await serve(thenAnswering(stalling()));
      const session = sessionWith(server);
      expect(result(() => ne.ne_set_read_timeout(session, 1))).toBeUndefined();
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_TIMEOUT);
      expect(ne.ne_get_error(session)).toMatch(/timed out/);
      const [record] = await server.waitForClosed(1);
      expect(record!.clientClose).not.toBeNull();
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('fails on a timeout in a body', async () => {
      const server = await serve(thenAnswering(stalling('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234')));
      const session = sessionWith(server);
      ne.ne_set_read_timeout(session, 1);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_read_response_block(request, Buffer.alloc(10))).toBe(5);
      expect(await io.ne_read_response_block(request, Buffer.alloc(10))).toBe(-1);
      expect(ne.ne_get_error(session)).toMatch(/timed out/);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test.each([1, 2_147_483])('accepts %d seconds', async (seconds) => {
      const server = await serve(answering());
      const session = sessionWith(server);
      expect(result(() => ne.ne_set_read_timeout(session, seconds))).toBeUndefined();
      expect(result(() => ne.ne_set_connect_timeout(session, seconds))).toBeUndefined();
      expect(await fetchBody(io, session, 'GET', '/')).toBe('hello');
    });
  });

  describe('ne_set_useragent', () => {
    const version = /\d+\.\d+\.\d+/.exec(ne.ne_version_string())![0];

    test('sends the product first among the headers, followed by neon', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      expect(result(() => ne.ne_set_useragent(session, 'agent/1.0 (ü)'))).toBeUndefined();
      await fetchBody(io, session, 'GET', '/');
      expect((await receivedBy(server))[0]).toMatch(`GET / HTTP/1.1\r\nUser-Agent: agent/1.0 (ü) neon/${version}\r\n`);
    });

    test('sends the last product, and no field without one', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      await fetchBody(io, session, 'GET', '/');
      ne.ne_set_useragent(session, 'first');
      ne.ne_set_useragent(session, 'second');
      await fetchBody(io, session, 'GET', '/');
      const [received] = await receivedBy(server);
      expect(received!.match(/User-Agent: .*/gi)).toEqual([`User-Agent: second neon/${version}`]);
    });
  });

  describe('ne_version_pre_http11', () => {
    test.each<readonly [string, number]>([
      ['HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n', 1],
      ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', 0],
      // neon 0.34 and later reject HTTP/2.0
      ...(neonSince(34) ? [] : ([['HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n', 0]] as const)),
    ])('reports the version after %j', async (answer, expected) => {
      const server = await serve({ connections: [exchange(answer)] });
      const session = sessionWith(server);
      expect(await fetchBody(io, session, 'GET', '/')).toBe('');
      expect(ne.ne_version_pre_http11(session)).toBe(expected);
    });

    test('keeps the connection to a server of HTTP/1.0 that offers to', async () => {
      const server = await serve(answering('HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok'));
      const session = sessionWith(server);
      expect(await fetchBody(io, session, 'GET', '/1')).toBe('ok');
      expect(await fetchBody(io, session, 'GET', '/2')).toBe('ok');
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
    });
  });

  test('sets the error text to the status of a response', async () => {
    const server = await serve(answering(response('', { status: '404 Not here' })));
    const session = sessionWith(server);
    await fetchBody(io, session, 'GET', '/');
    expect(ne.ne_get_error(session)).toBe('404 Not here');
  });

  test('opens a connection for each session with one server', async () => {
    const server = await serve(answering());
    const sessions = [sessionWith(server), sessionWith(server), sessionWith(server)];
    const bodies = sessions.map((session) => fetchBody(io, session, 'GET', '/'));
    expect(await Promise.all(bodies)).toEqual(['hello', 'hello', 'hello']);
    expect((await server.connections()).length).toBe(3);
  });
});

describeWith('openssl', 'a truncated TLS record', () => {
  const pki = testPki();
  const tls = { key: readFileSync(pki.server.key, 'utf8'), cert: readFileSync(pki.server.cert, 'utf8') };
  const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n';
  const script: Step[] = [
    { read: 'request' },
    { send: head },
    { delay: 50 },
    { send: 'x'.repeat(10_000) },
    { hang: 'reading' },
  ];

  /** Opens a session whose server falls silent in the middle of the TLS record with the body. */
  async function cutShort(): Promise<{ session: ne.ne_session; proxy: FaultProxy }> {
    const server = await serve({ connections: [script], rest: 'repeat-last', tls });
    const proxy = await faultProxy(server.port, { silence: 7_000 });
    const session = ne.ne_session_create('https', 'localhost', proxy.port);
    ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_read(pki.ca.cert)!);
    ne.ne_set_read_timeout(session, 1);
    return { session, proxy };
  }

  // neon's own timeout does not apply here: it limits only the wait for the first byte.
  test.each(surfaces)('times out, too, with $surface', async ({ io }) => {
    const { session, proxy } = await cutShort();
    try {
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      const block = Buffer.alloc(20_000, '.');
      expect(await io.ne_read_response_block(request, block)).toBe(-1);
      expect(ne.ne_get_error(session)).toMatch(/timed out/);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_TIMEOUT);
      expect(ne.ne_get_error(session)).toMatch(/timed out/);
    } finally {
      await proxy.stop();
    }
  });
});
