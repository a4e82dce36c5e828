/** Tests of the proxies of sessions (ne_session.h) on both surfaces, against scripted proxies and SOCKS servers. */
import * as ne from 'libneon/ne';
import { Session } from 'libneon';
import { type RawServer, response, type Step } from '../../servers/raw.js';
import { failureOf, neonError, outOfRange, wrongValue } from '../../support/expect.js';
import { answering, exchange, receivedBy, testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const alice = { username: 'alice', password: 'secret' };
const server = (): ne.ne_session => ne.ne_session_create('http', 'server.invalid', 8080);

/** Steps of a SOCKS 5 server that selects this method. Further steps may act as the target server. */
const socks5 = (method: number, ...more: readonly Step[]): Step[] => [
  { readBytes: 4 },
  { send: Buffer.from([5, method]) },
  ...more,
];
const connected5: Step[] = [{ readBytes: 4 + 1 + 14 + 2 }, { send: Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 80]) }];
const [noAuthentication, password, noMethod] = [0, 2, 255];

describe.each(surfaces)('$surface', ({ io }) => {
  async function get(session: ne.ne_session): Promise<{ result: number; status: number }> {
    const request = await io.ne_request_create(session, 'GET', '/path');
    const result = await io.ne_request_dispatch(request);
    const status = ne.ne_get_status(request).code;
    await io.ne_request_destroy(request);
    return { result, status };
  }
  const ok = { result: ne.NE_OK, status: 200 };

  describe('ne_session_proxy', () => {
    test('sends the whole URL to the proxy', async () => {
      const proxy = await serve(answering());
      const session = server();
      ne.ne_session_proxy(session, '127.0.0.1', proxy.port);
      expect(await get(session)).toEqual(ok);
      expect((await receivedBy(proxy))[0]).toMatch(
        /^GET http:\/\/server\.invalid:8080\/path HTTP\/1\.1\r\n[^]*\r\nHost: server\.invalid:8080\r\n/,
      );
      const uri = { path: 'stays' } as Partial<ne.ne_uri>;
      ne.ne_fill_proxy_uri(session, uri);
      expect(uri).toEqual({ host: '127.0.0.1', port: proxy.port, path: 'stays' });
    });

    test('uses the proxy that was set last', async () => {
      const [first, second] = [await serve(answering()), await serve(answering())];
      const session = server();
      ne.ne_session_socks_proxy(session, ne.NE_SOCK_SOCKSV5, '127.0.0.1', first.port, null, null);
      ne.ne_set_addrlist(session, [ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!]);
      ne.ne_session_proxy(session, '127.0.0.1', first.port);
      ne.ne_session_proxy(session, '127.0.0.1', second.port);
      expect(await get(session)).toEqual(ok);
      expect([await first.connections(), await second.connections()].map(({ length }) => length)).toEqual([0, 1]);
    });

    test('fails on a proxy that does not listen or does not exist', async () => {
      const gone = await serve(answering());
      await gone.stop();
      for (const [host, expected] of [
        ['127.0.0.1', ne.NE_CONNECT],
        ['nosuchhost.invalid', ne.NE_LOOKUP],
        ['', ne.NE_LOOKUP],
      ] as const) {
        const session = server();
        ne.ne_session_proxy(session, host, gone.port);
        const { result } = await get(session);
        if (host === '')
          expect(result).not.toBe(ne.NE_OK); // some resolvers treat an empty name as this machine
        else expect(result).toBe(expected);
      }
    });

    test('connects to https by CONNECT and reports the refusal of a proxy', async () => {
      const proxy = await serve({ connections: [exchange(response('no', { status: '403 Forbidden' }))] });
      const session = ne.ne_session_create('https', 'server.invalid', 443);
      ne.ne_session_proxy(session, '127.0.0.1', proxy.port);
      expect((await get(session)).result).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toBe('Could not create SSL connection through proxy server: 403 Forbidden');
      expect((await receivedBy(proxy))[0]).toMatch(/^CONNECT server\.invalid:443 HTTP\/1\.1\r\n/);
    });
  });

  describe('credentials for proxies', () => {
    const asking = response('denied', {
      status: '407 Proxy Authentication Required',
      headers: { 'Proxy-Authenticate': 'Basic realm="the proxy"' },
    });
    const serverAsking = response('denied', {
      status: '401 Unauthorized',
      headers: { 'WWW-Authenticate': 'Basic realm="the server"' },
    });
    const header = (username: string): string => Buffer.from(`${username}:secret`).toString('base64');

    test('sends credentials to the proxy only', async () => {
      const proxy = await serve({ connections: [[...exchange(asking), ...exchange(), ...exchange()]] });
      const session = server();
      ne.ne_session_proxy(session, '127.0.0.1', proxy.port);
      const asked: unknown[] = [];
      ne.ne_set_server_auth(session, () => 1);
      ne.ne_set_proxy_auth(session, (...values) => {
        asked.push(values);
        return alice;
      });
      for (let i = 0; i < 2; i++) expect(await get(session)).toEqual(ok);
      expect(asked).toEqual([['the proxy', 0]]);
      const [, ...answered] = (await receivedBy(proxy))[0]!.split(/(?=GET )/);
      for (const text of answered) {
        expect(text).toContain(`\r\nProxy-Authorization: Basic ${header('alice')}\r\n`);
        expect(text).not.toContain('\r\nAuthorization');
      }
    });

    test('asks one callback for the proxy and for the server', async () => {
      const proxy = await serve({ connections: [[...exchange(asking), ...exchange(serverAsking), ...exchange()]] });
      const session = server();
      ne.ne_session_proxy(session, '127.0.0.1', proxy.port);
      const asked: unknown[] = [];
      ne.ne_add_auth(session, ne.NE_AUTH_BASIC, (attempt, protocol, realm) => {
        asked.push([attempt, protocol, realm]);
        return { username: protocol & ne.NE_AUTH_PROXY ? 'alice' : 'bob', password: 'secret' };
      });
      expect(await get(session)).toEqual(ok);
      expect(asked).toEqual([
        [0, ne.NE_AUTH_BASIC | ne.NE_AUTH_PROXY, 'the proxy'],
        [0, ne.NE_AUTH_BASIC, 'the server'],
      ]);
      const last = (await receivedBy(proxy))[0]!.split(/(?=GET )/)[2];
      expect(last).toContain(`\r\nProxy-Authorization: Basic ${header('alice')}\r\n`);
      expect(last).toContain(`\r\nAuthorization: Basic ${header('bob')}\r\n`);
    });

    test('returns NE_PROXYAUTH for rejected credentials', async () => {
      const proxy = await serve({ connections: [[...exchange(asking), ...exchange(asking)]] });
      const session = server();
      ne.ne_session_proxy(session, '127.0.0.1', proxy.port);
      ne.ne_add_proxy_auth(session, ne.NE_AUTH_BASIC, (_, attempt) => attempt || alice);
      expect(await get(session)).toEqual({ result: ne.NE_PROXYAUTH, status: 407 });
      expect(ne.ne_get_error(session)).toBe('Could not authenticate to proxy server: rejected Basic challenge');
    });
  });

  describe('ne_session_socks_proxy', () => {
    async function through(
      steps: readonly Step[],
      version: number,
      user: string | null,
      secret: string | null,
    ): Promise<{ proxy: RawServer; session: ne.ne_session }> {
      const proxy = await serve({ connections: [steps] });
      const session = server();
      ne.ne_session_socks_proxy(session, version, '127.0.0.1', proxy.port, user, secret);
      return { proxy, session };
    }

    test('sends the name to a proxy of version 5 and the path to the server', async () => {
      const { proxy, session } = await through(
        [...socks5(noAuthentication), ...connected5, ...exchange()],
        2,
        null,
        null,
      );
      expect(await get(session)).toEqual(ok);
      const [record] = await proxy.connections();
      const start = [5, 2, 0, 2, 5, 1, 0, 3, 14, ...Buffer.from('server.invalid'), 8080 >> 8, 8080 & 255];
      expect([...record!.received.subarray(0, start.length)]).toEqual(start);
      expect(record!.received.subarray(start.length).toString()).toMatch(/^GET \/path HTTP\/1.1\r\n/);
      const uri: Partial<ne.ne_uri> = {};
      ne.ne_fill_proxy_uri(session, uri);
      expect(Object.keys(uri).filter((name) => name === 'scheme')).toEqual([]);
    });

    test('sends user name and password to a proxy of version 5 that requires them', async () => {
      for (const [user, secret] of [
        ['alice', 'secret'],
        ['u'.repeat(255), 'p'.repeat(255)],
        ['ü', ''],
      ] as const) {
        const login = [1, Buffer.byteLength(user), ...Buffer.from(user), secret.length, ...Buffer.from(secret)];
        const steps = socks5(password, { readBytes: login.length }, { send: Buffer.from([1, 0]) });
        const { proxy, session } = await through([...steps, ...connected5, ...exchange()], 2, user, secret);
        expect(await get(session)).toEqual(ok);
        const [record] = await proxy.connections();
        expect([...record!.received.subarray(4, 4 + login.length)]).toEqual(login);
      }
    });

    test('fails without the password that a proxy of version 5 requires', async () => {
      const steps = socks5(password, { readBytes: 3 }, { send: Buffer.from([1, 1]) });
      const { proxy, session } = await through(steps, ne.NE_SOCK_SOCKSV5, null, null);
      expect((await get(session)).result).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toMatch(
        /^Could not establish connection from SOCKS proxy .*: Authentication failed$/,
      );
      expect([...(await proxy.connections())[0]!.received]).toEqual([5, 2, 0, 2, 1, 0, 0]);
    });

    test.each([
      ['5 without an acceptable method', 2, socks5(noMethod), /No acceptable authentication method/],
      ['5 with an unknown method', 2, socks5(7), /Unexpected authentication method/],
      ['5 with an answer of another version', 2, [{ readBytes: 4 }, { send: Buffer.from([4, 0]) }], /Invalid version/],
      [
        '5 that refuses',
        2,
        [...socks5(noAuthentication), { readBytes: 21 }, { send: Buffer.from([5, 2, 0, 1, 0, 0, 0, 0, 0, 0]) }],
        /connection not permitted/,
      ],
      [
        '5 with a truncated reply',
        2,
        [...socks5(noAuthentication), { readBytes: 21 }, { send: Buffer.from([5, 0, 0, 3, 255, 1]) }],
        /Could not read address/,
      ],
      ['5 without an answer', 2, [{ readBytes: 4 }], /Could not read initial response/],
      [
        '4a that refuses',
        1,
        [{ readUntil: 'server.invalid\0' }, { send: Buffer.from([0, 0x5b, 0, 0, 0, 0, 0, 0]) }],
        /Could not connect/,
      ],
    ] as const)('fails on a proxy of version %s', async (_, version, steps, message) => {
      const { session } = await through(steps as readonly Step[], version, 'alice', 'secret');
      expect((await get(session)).result).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toMatch(message);
      expect(ne.ne_get_error(session)).not.toContain('secret');
    });

    test('sends user and name to a proxy of version 4a', async () => {
      const steps: Step[] = [{ readUntil: 'server.invalid\0' }, { send: Buffer.from([0, 0x5a, 0, 0, 0, 0, 0, 0]) }];
      const { proxy, session } = await through([...steps, ...exchange()], ne.NE_SOCK_SOCKSV4A, 'alice', '');
      expect(await get(session)).toEqual(ok);
      const start = [4, 1, 8080 >> 8, 8080 & 255, 0, 0, 0, 255, ...Buffer.from('alice\0server.invalid\0')];
      expect([...(await proxy.connections())[0]!.received.subarray(0, start.length)]).toEqual(start);
    });

    test('looks the name up and sends the address to a proxy of version 4', async () => {
      const steps: Step[] = [{ readBytes: 14 }, { send: Buffer.from([0, 0x5a, 0, 0, 0, 0, 0, 0]) }];
      const proxy = await serve({ connections: [[...steps, ...exchange()]] });
      const session = ne.ne_session_create('http', '127.0.0.2', 8080);
      ne.ne_session_socks_proxy(session, ne.NE_SOCK_SOCKSV4, '127.0.0.1', proxy.port, 'alice', '');
      expect(await get(session)).toEqual(ok);
      const start = [4, 1, 8080 >> 8, 8080 & 255, 127, 0, 0, 2, ...Buffer.from('alice\0')];
      expect([...(await proxy.connections())[0]!.received.subarray(0, start.length)]).toEqual(start);
      const { session: unknown } = await through([], ne.NE_SOCK_SOCKSV4, 'alice', '');
      expect((await get(unknown)).result).toBe(ne.NE_LOOKUP);
    });

    test('rejects a missing user name or password', () => {
      const set = (...values: unknown[]) => (ne.ne_session_socks_proxy as (...values: unknown[]) => void)(...values);
      for (const version of [ne.NE_SOCK_SOCKSV4, ne.NE_SOCK_SOCKSV4A])
        for (const user of [null, undefined])
          expect(() => set(server(), version, 'h', 1, user, 'secret')).toThrow(wrongValue);
      for (const version of [0, 1, 2]) expect(() => set(server(), version, 'h', 1, 'alice', null)).toThrow(wrongValue);
      set(server(), ne.NE_SOCK_SOCKSV5, 'h', 1);
    });

    test('rejects host names that are too long', async () => {
      const long = ne.ne_session_create('http', 'h'.repeat(256), 80);
      for (const version of [ne.NE_SOCK_SOCKSV4A, ne.NE_SOCK_SOCKSV5])
        expect(() => ne.ne_session_socks_proxy(long, version, 'h', 1, 'u', 'p')).toThrow(outOfRange);
      ne.ne_session_socks_proxy(long, ne.NE_SOCK_SOCKSV4, 'h', 1, 'u', 'p'); // SOCKS 4 sends an address, not the name
      expect(await failureOf(() => io.ne_session_system_proxy(long, 0))).toEqual(outOfRange);
      const most = ne.ne_session_create('http', 'h'.repeat(255), 80);
      ne.ne_session_socks_proxy(most, ne.NE_SOCK_SOCKSV5, 'x'.repeat(1000), 1, 'u', 'p');
      await failureOf(async () => expect((await get(most)).result).toBe(ne.NE_OK));
    });
  });

  test('connects directly if the system has no proxy', async () => {
    const direct = await serve(answering());
    const session = ne.ne_session_create('http', '127.0.0.1', direct.port);
    ne.ne_session_proxy(session, 'nosuchhost.invalid', 1);
    expect(await io.ne_session_system_proxy(session, 0)).toBeUndefined();
    if (ne.ne_has_support(ne.NE_FEATURE_LIBPXY)) expect(await get(session)).toEqual(ok);
    else expect(typeof (await get(session)).result).toBe('number'); // neon 0.32 does not report whether it has libproxy
  });

  test('rejects a proxy after the first request', async () => {
    const session = server();
    await io.ne_request_destroy(await io.ne_request_create(session, 'GET', '/'));
    const late = neonError('ERR_NEON_INVALID_STATE');
    expect(() => ne.ne_session_proxy(session, 'h', 1)).toThrow(late);
    expect(() => ne.ne_session_socks_proxy(session, ne.NE_SOCK_SOCKSV5, 'h', 1, null, null)).toThrow(late);
    expect(await failureOf(() => io.ne_session_system_proxy(session, 0))).toEqual(late);
  });

  test('rejects a proxy while a request is created', async () => {
    const session = server();
    const failures: unknown[] = [];
    ne.ne_hook_create_request(session, () => {
      try {
        ne.ne_session_proxy(session, 'h', 1);
      } catch (error) {
        failures.push(error);
      }
    });
    await io.ne_request_destroy(await io.ne_request_create(session, 'GET', '/'));
    expect(failures).toEqual([neonError('ERR_NEON_INVALID_STATE')]);
  });
});

test('rejects a queued ne_session_system_proxy that runs after a request', async () => {
  const { io } = surfaces[1]!;
  const session = server();
  const [request, late] = await Promise.allSettled([
    io.ne_request_create(session, 'GET', '/'),
    io.ne_session_system_proxy(session, 0),
  ]);
  expect(request.status).toBe('fulfilled');
  expect(late).toMatchObject({ status: 'rejected', reason: neonError('ERR_NEON_INVALID_STATE') });
  expect(() => new Session('http', 'h'.repeat(256), 80, { proxy: 'system' })).toThrow(outOfRange);
});
