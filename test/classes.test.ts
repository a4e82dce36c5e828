/** The classes: Session, Request, Response and NeonError. */
import { getEventListeners } from 'node:events';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { NeonError, Request, Response, Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { describeWith } from './servers/packages.js';
import { testPki } from './servers/pki.js';
import { chunkedResponse, response, type RawServer, type Step } from './servers/raw.js';
import { freePorts } from './servers/start.js';
import { runScenario } from './support/child.js';
import { failureOf, neonError, outOfRange, result, wrongChar, wrongType, wrongValue } from './support/expect.js';
import { neonSince, tlsErrorPrefix } from './support/neon.js';
import { answering, exchange, keepAlive, receivedBy, stalling, testServers, thenAnswering } from './support/servers.js';

const serve = testServers();

/** A session of the classes with a server on loopback. */
function open({ port }: { port: number }): Session {
  return new Session('http', '127.0.0.1', port);
}

/** The two ways to send a request. */
const ways: [string, (session: Session, ...values: Parameters<Session['request']>) => Promise<Response>][] = [
  ['request', (session, ...values) => session.request(...values)],
  ['requestSync', async (session, ...values) => session.requestSync(...values)],
];

const kib = 1024;
const bodyOf = (length: number): Buffer => Buffer.alloc(length, '0123456789abcde\n');
const headFor = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`;
const withBody = (length: number): Buffer => Buffer.concat([Buffer.from(headFor(length)), bodyOf(length)]);

/** All that an error says. */
function fieldsOf(error: Error): object {
  return Object.assign({}, error, { name: error.name, message: error.message });
}

describe('Session', () => {
  test('is created like an ne_session', () => {
    using session = new Session('https', 'example.com', 8443);
    expect(session.scheme).toBe('https');
    expect(session.hostport).toBe('example.com:8443');
    expect(session.liveRequests).toBe(0);
    expect(session.destroyed).toBe(false);
    expect(ne.ne_get_server_hostport(session.handle)).toBe('example.com:8443');
  });

  test.each([
    ['http://example.com', 'http', 'example.com'],
    ['http://example.com:80/a/b?c#d', 'http', 'example.com'],
    ['http://example.com:443', 'http', 'example.com:443'],
    ['https://EXAMPLE.com/', 'https', 'example.com'],
    ['https://example.com:80/', 'https', 'example.com:80'],
    ['http://127.0.0.1:8080', 'http', '127.0.0.1:8080'],
    ['http://[::1]:8080/', 'http', '[::1]:8080'],
  ])('opens %s', (url, scheme, hostport) => {
    for (const given of [url, new URL(url)]) {
      using session = Session.open(given);
      expect([session.scheme, session.hostport]).toEqual([scheme, hostport]);
    }
  });

  test.each(['ftp', 'HTTP', '', 'file'])('the scheme %j is refused', (scheme) => {
    expect(() => new Session(scheme, 'example.com', 80)).toThrow(wrongValue);
  });

  test('URLs that are none, of other schemes, or with credentials are refused', () => {
    expect(() => Session.open('http://user:password@example.com/')).toThrow(wrongValue);
    expect(() => Session.open('ftp://example.com/')).toThrow(wrongValue);
    expect(() => Session.open('/path')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_URL' }) as Error);
  });

  test('bad arguments are refused', () => {
    const create = Session as unknown as new (...values: unknown[]) => Session;
    expect(() => new create()).toThrow(wrongType);
    expect(() => new create(1, 'example.com', 80)).toThrow(wrongType);
    expect(() => new create('http', null, 80)).toThrow(wrongType);
    expect(() => new create('http', 'example.com', '80')).toThrow(wrongType);
    expect(() => new create('http', 'example.com', 65536)).toThrow(outOfRange);
    expect(() => new create('http', 'exa\r\nmple', 80)).toThrow(wrongChar);
  });

  test('options', async () => {
    const server = await serve(answering());
    const options = {
      userAgent: 'agent/2',
      readTimeout: 5,
      connectTimeout: 5,
      flags: { persist: false, rfc4918: true },
    };
    using session = new Session('http', '127.0.0.1', server.port, options);
    expect([session.getFlag('persist'), session.getFlag('rfc4918'), session.getFlag('expect100')]).toEqual([
      false,
      true,
      false,
    ]);
    await session.request('GET', '/');
    const [received] = await receivedBy(server);
    expect(received).toMatch(/^GET \/ HTTP\/1\.1\r\nUser-Agent: agent\/2 neon\/[\d.]+\r\nConnection: TE, close\r\n/);
  });

  test.each([
    [{ readTimeout: 0 }, outOfRange],
    [{ readTimeout: 1.5 }, outOfRange],
    [{ connectTimeout: 2_147_484 }, outOfRange],
    [{ connectTimeout: '1' }, wrongType],
    [{ userAgent: 1 }, wrongType],
    [{ userAgent: 'a\r\nb' }, wrongChar],
    [{ flags: { nonsense: true } }, wrongValue],
  ])('the options %j are refused', (options, error) => {
    expect(() => new Session('http', 'example.com', 80, options as object)).toThrow(error);
  });

  test('undefined options are the defaults', () => {
    const options = {
      userAgent: undefined,
      readTimeout: undefined,
      connectTimeout: undefined,
      flags: undefined,
      tls: undefined,
    };
    using session = new Session('http', 'example.com', 80, options);
    expect(session.getFlag('persist')).toBe(true);
  });

  test('flags by name and number', () => {
    using session = new Session('http', 'example.com', 80);
    session.setFlag('rfc4918', true);
    expect(session.getFlag(ne.NE_SESSFLAG_RFC4918)).toBe(true);
    session.setFlag(ne.NE_SESSFLAG_RFC4918, false);
    expect(session.getFlag('rfc4918')).toBe(false);
    expect(session.getFlag(1000)).toBeUndefined();
    expect(() => session.setFlag('nonsense' as 'persist', true)).toThrow(wrongValue);
    expect(() => session.getFlag('nonsense' as 'persist')).toThrow(wrongValue);
  });

  test('the names of the flags are those of neon', () => {
    using session = new Session('http', 'example.com', 80);
    for (const [name, number] of [
      ['persist', ne.NE_SESSFLAG_PERSIST],
      ['icyproto', ne.NE_SESSFLAG_ICYPROTO],
      ['rfc4918', ne.NE_SESSFLAG_RFC4918],
      ['connauth', ne.NE_SESSFLAG_CONNAUTH],
      ['tlsSni', ne.NE_SESSFLAG_TLS_SNI],
      ['expect100', ne.NE_SESSFLAG_EXPECT100],
      ['sharepoint', ne.NE_SESSFLAG_SHAREPOINT],
    ] as const) {
      for (const value of [true, false]) {
        session.setFlag(name, value);
        expect([name, session.getFlag(number)]).toEqual([name, value]);
      }
    }
  });

  test('closeConnection', async () => {
    const server = await serve(answering());
    using session = open(server);
    await session.request('GET', '/');
    session.closeConnection();
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('the handle can be used with the C functions', async () => {
    const server = await serve(answering());
    using session = open(server);
    const request = ne.ne_request_create(session.handle, 'GET', '/');
    expect(session.liveRequests).toBe(1);
    expect(() => session.destroy()).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
    ne.ne_request_destroy(request);
    expect(session.liveRequests).toBe(0);
  });
});

describe('targets', () => {
  test.each([
    ['http://HOST/', 'a', '/a'],
    ['http://HOST/base/', 'a/b?c=d', '/base/a/b?c=d'],
    ['http://HOST/base/file', 'a', '/base/a'],
    ['http://HOST/base/', '../a', '/a'],
    ['http://HOST/base/', '', '/base/'],
    ['http://HOST/base/', '?q', '/base/?q'],
    ['http://HOST/base/', 'a b#c', '/base/a%20b'],
    ['http://HOST/base/', '*', '*'],
    ['http://HOST/base/', 'http://HOST/other', '/other'],
  ])('relative to %s, %j is %s', async (base, target, expected) => {
    const server = await serve(answering());
    const host = `127.0.0.1:${server.port}`;
    using session = Session.open(base.replace('HOST', host));
    await session.request('GET', target.replace('HOST', host));
    expect((await receivedBy(server))[0]!.split('\r\n')[0]).toBe(`GET ${expected} HTTP/1.1`);
  });

  test.each(['http://other.example/x', 'https://127.0.0.1/x', '//other.example/x'])(
    '%s is of another server, and refused',
    async (target) => {
      const server = await serve(answering());
      using session = Session.open(`http://127.0.0.1:${server.port}/`);
      if (target.startsWith('//')) {
        // A path that begins with two slashes is sent as it is.
        expect((await session.request('GET', target)).status).toBe(200);
        expect((await receivedBy(server))[0]).toMatch(/^GET \/\/other\.example\/x HTTP/);
        return;
      }
      await expect(session.request('GET', target)).rejects.toEqual(wrongValue);
      expect(await server.connections()).toEqual([]);
    },
  );

  test('a session that was not opened from a URL takes no relative ones', async () => {
    const server = await serve(answering());
    using session = open(server);
    await expect(session.request('GET', 'relative')).rejects.toEqual(wrongValue);
    expect(() => session.requestSync('GET', 'relative')).toThrow(wrongValue);
    for (const target of ['/a//b?c#d', '*']) expect((await session.request('OPTIONS', target)).status).toBe(200);
    expect((await receivedBy(server))[0]!.match(/^OPTIONS .*/gm)).toEqual([
      'OPTIONS /a//b?c#d HTTP/1.1',
      'OPTIONS * HTTP/1.1',
    ]);
  });
});

describe.each(ways)('%s', (way, send) => {
  test('sends method, target, headers and body', async () => {
    const server = await serve(answering());
    using session = open(server);
    const headers = [
      ['X-B', '1'],
      ['x-a', 'ü'],
      ['X-B', '2'],
    ] as const;
    const res = await send(session, 'PUT', '/path?q', { headers, body: 'körper' });
    expect(res).toBeInstanceOf(Response);
    const fields = 'Accept-Encoding: gzip\r\nX-B: 1\r\nx-a: ü\r\nX-B: 2\r\nContent-Length: 7\r\n\r\nkörper';
    expect(await receivedBy(server)).toEqual([
      `PUT /path?q HTTP/1.1\r\nKeep-Alive: \r\nConnection: TE, Keep-Alive\r\nTE: trailers\r\nHost: 127.0.0.1:${server.port}\r\n${fields}`,
    ]);
  });

  test.each([
    ['an object', { A: '1', b: '2' }],
    [
      'pairs',
      [
        ['A', '1'],
        ['b', '2'],
      ],
    ],
    [
      'a Map',
      new Map([
        ['A', '1'],
        ['b', '2'],
      ]),
    ],
    ['Headers', new Headers({ A: '1', b: '2' })],
  ] as [string, Record<string, string> | [string, string][]][])('headers may be %s', async (_, headers) => {
    const server = await serve(answering());
    using session = open(server);
    await send(session, 'GET', '/', { headers });
    expect((await receivedBy(server))[0]).toMatch(/\r\na: 1\r\nb: 2\r\n\r\n$/i);
  });

  test.each([
    ['nothing', undefined, null],
    ['an empty string', '', ''],
    ['bytes', Uint8Array.of(0, 255), '\0\xff'],
    ['a view', Buffer.from('0123456789').subarray(3, 5), '34'],
  ])('the body may be %s', async (_, body, expected) => {
    const server = await serve(answering());
    using session = open(server);
    await send(session, 'PUT', '/', { body });
    const received = (await server.connections())[0]!.received.toString('latin1');
    const length = /Content-Length: (\d+)/.exec(received)?.[1];
    expect(length === undefined ? null : received.slice(received.indexOf('\r\n\r\n') + 4)).toBe(expected);
    expect(length).toBe(expected === null ? undefined : String(expected.length));
  });

  test('expect100', async () => {
    const steps: Step[] = [
      { read: 'head' },
      { send: 'HTTP/1.1 100 Continue\r\n\r\n' },
      { read: 'body' },
      { send: response('done') },
    ];
    const server = await serve({ connections: [steps] });
    using session = open(server);
    const res = await send(session, 'PUT', '/', { body: 'x', expect100: true });
    expect([res.status, res.textSync()]).toEqual([200, 'done']);
    expect((await receivedBy(server))[0]).toMatch(/\r\nExpect: 100-continue\r\n\r\nx$/);
  });

  test('idempotent: false does not use an old connection', async () => {
    const server = await serve(answering());
    using session = open(server);
    await send(session, 'GET', '/');
    await send(session, 'POST', '/', { idempotent: false });
    expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 1]);
  });

  test('what came back', async () => {
    const answer =
      'HTTP/1.0 299 Some Reason\r\nX-Two: one\r\nContent-Type: text/plain\r\nx-two: two\r\nContent-Length: 4\r\n\r\nbody';
    const server = await serve({ connections: [exchange(answer)] });
    using session = open(server);
    const res = await send(session, 'GET', '/');
    expect([res.status, res.reasonPhrase, res.httpVersion, res.ok, res.bodyUsed]).toEqual([
      299,
      'Some Reason',
      '1.0',
      true,
      false,
    ]);
    expect({ ...res.headers }).toEqual({
      'x-two': 'one, two',
      'content-type': 'text/plain',
      'content-length': '4',
    });
    expect(Object.getPrototypeOf(res.headers)).toBeNull();
    expect(res.headers).toBe(res.headers);
    expect('toString' in res.headers).toBe(false);
    expect(await res.text()).toBe('body');
    expect(res.bodyUsed).toBe(true);
    expect(session.liveRequests).toBe(0);
  });

  test.each([
    [199 + 1, true],
    [299, true],
    [304, false],
    [404, false],
    [500, false],
    [neonSince(34) ? 599 : 600, false], // newer ones know no class 6
  ])('status %d does not fail', async (status, ok) => {
    const server = await serve({
      connections: [exchange(`HTTP/1.1 ${status} Reason\r\nContent-Length: 0\r\n\r\n`)],
    });
    using session = open(server);
    const res = await send(session, 'GET', '/');
    expect([res.status, res.ok, res.bytesSync().length]).toEqual([status, ok, 0]);
  });

  describe('bodies', () => {
    const lengths = [0, 1, 1000, 64 * kib - 1, 64 * kib, 64 * kib + 1, 128 * kib, 1_000_000, 5_000_000];

    test.each(lengths)('%d bytes of known length', async (length) => {
      const server = await serve(answering(withBody(length)));
      using session = open(server);
      for (let i = 0; i < 2; i++)
        expect((await (await send(session, 'GET', '/')).bytes()).equals(bodyOf(length))).toBe(true);
      expect((await server.connections()).length).toBe(1);
      expect(session.liveRequests).toBe(0);
    });

    test.each(lengths)('%d bytes in chunks', async (length) => {
      const text = bodyOf(length).toString();
      const pieces = text.match(/[^]{1,30011}/g) ?? [];
      const server = await serve(answering(chunkedResponse(pieces)));
      using session = open(server);
      for (let i = 0; i < 2; i++)
        expect((await (await send(session, 'GET', '/')).bytes()).equals(bodyOf(length))).toBe(true);
      expect((await server.connections()).length).toBe(1);
    });

    test.each(lengths)('%d bytes until the connection ends', async (length) => {
      const server = await serve({
        connections: [exchange(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), bodyOf(length)]))],
      });
      using session = open(server);
      expect((await (await send(session, 'GET', '/')).bytes()).equals(bodyOf(length))).toBe(true);
    });

    test.each([
      ['HEAD', headFor(1_000_000)],
      ['GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
      ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n'],
    ])('%s of %j has none', async (method, head) => {
      const server = await serve(answering(head));
      using session = open(server);
      for (let i = 0; i < 2; i++) expect((await (await send(session, method, '/')).bytes()).length).toBe(0);
      expect((await server.connections()).length).toBe(1);
    });

    test('one that breaks off is an error', async () => {
      for (const [sent, announced] of [
        [10, 20],
        [100_000, 200_000],
      ] as const) {
        const server = await serve({
          connections: [exchange(Buffer.concat([Buffer.from(headFor(announced)), bodyOf(sent)])), keepAlive()],
        });
        using session = open(server);
        const error = await failureOf(async () => (await send(session, 'GET', '/broken')).bytes());
        expect(error).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
        expect(error.message).toBe('Could not read response body: connection was closed by server');
        expect(error).toMatchObject({
          method: 'GET',
          target: '/broken',
          origin: `http://127.0.0.1:${server.port}`,
        });
        expect(session.liveRequests).toBe(0);
        expect((await send(session, 'GET', '/next')).status).toBe(200);
      }
    });

    test('can be taken once', async () => {
      const server = await serve(answering());
      using session = open(server);
      const res = await send(session, 'GET', '/');
      expect(await res.text()).toBe('hello');
      const taken = neonError('ERR_NEON_INVALID_STATE');
      await expect(res.bytes()).rejects.toEqual(taken);
      await expect(res.text()).rejects.toEqual(taken);
      await expect(res.json()).rejects.toEqual(taken);
      expect(() => res.bytesSync()).toThrow(taken);
      expect(() => res.textSync()).toThrow(taken);
      expect(() => res.jsonSync()).toThrow(taken);
      expect(() => res.body).toThrow(taken);
    });

    test('as JSON', async () => {
      const server = await serve(answering(response('{"a":["ü"]}')));
      using session = open(server);
      expect(await (await send(session, 'GET', '/')).json()).toEqual({ a: ['ü'] });
      expect((await send(session, 'GET', '/')).jsonSync()).toEqual({ a: ['ü'] });
    });

    test('that are no JSON', async () => {
      const server = await serve(answering(response('{')));
      using session = open(server);
      await expect((await send(session, 'GET', '/')).json()).rejects.toMatchObject({ name: 'SyntaxError' });
      const res = await send(session, 'GET', '/');
      expect(() => res.jsonSync()).toThrow(expect.objectContaining({ name: 'SyntaxError' }) as Error);
    });

    test.each([
      [undefined, 'grün €', 'grün €'],
      ['text/plain', 'grün €', 'grün €'],
      ['text/plain; charset=utf-8', '\ufeffgrün', 'grün'],
      ['text/plain; charset=ISO-8859-1', Buffer.from('gr\xfcn', 'latin1'), 'grün'],
      ['text/plain;charset="iso-8859-15"; format=flowed', Buffer.from([0xa4]), '€'],
      ['text/plain; format=flowed; Charset=UTF-16LE', Buffer.from('grün', 'utf16le'), 'grün'],
      ['text/plain; charset=nonsense', 'grün', 'grün'],
      ['text/plain; charset=utf-8', Buffer.from([0x61, 0xff]), 'a\ufffd'],
    ])('as text of %s', async (type, body, expected) => {
      const fields = type === undefined ? '' : `Content-Type: ${type}\r\n`;
      const bytes = Buffer.from(body as string);
      const answer = Buffer.concat([
        Buffer.from(`HTTP/1.1 200 OK\r\n${fields}Content-Length: ${bytes.length}\r\n\r\n`),
        bytes,
      ]);
      const server = await serve(answering(answer));
      using session = open(server);
      expect(await (await send(session, 'GET', '/')).text()).toBe(expected);
      expect((await send(session, 'GET', '/')).textSync()).toBe(expected);
    });

    test('as a stream', async () => {
      for (const length of [0, 5, 1_000_000]) {
        const server = await serve(answering(withBody(length)));
        using session = open(server);
        const res = await send(session, 'GET', '/');
        const { body } = res;
        expect(body).toBeInstanceOf(Readable);
        expect(res.body).toBe(body);
        expect(res.bodyUsed).toBe(true);
        const blocks: Buffer[] = [];
        for await (const block of body) blocks.push(block as Buffer);
        expect(Buffer.concat(blocks).equals(bodyOf(length))).toBe(true);
        expect(session.liveRequests).toBe(0);
        expect((await (await send(session, 'GET', '/')).bytes()).length).toBe(length);
        expect((await server.connections()).length).toBe(1);
      }
    });
  });

  describe('failures', () => {
    test('carry code, number, text and request', async () => {
      const [port] = (await freePorts(1)) as [number];
      using session = open({ port });
      const error = await failureOf(() => send(session, 'PROPFIND', '/a?b'));
      expect(error).toBeInstanceOf(NeonError);
      expect(error).toBeInstanceOf(Error);
      expect(fieldsOf(error)).toEqual({
        name: 'NeonError',
        message: 'Could not connect to server: Connection refused',
        code: 'NE_CONNECT',
        errno: ne.NE_CONNECT,
        method: 'PROPFIND',
        target: '/a?b',
        origin: `http://127.0.0.1:${port}`,
      });
      expect('status' in error).toBe(false);
      expect(String(error)).toBe('NeonError: Could not connect to server: Connection refused');
      expect(session.liveRequests).toBe(0);
    });

    test('a name that is not found', async () => {
      using session = new Session('http', 'nosuchhost.invalid', 80);
      const error = await failureOf(() => send(session, 'GET', '/'));
      expect(error).toEqual(neonError('NE_LOOKUP', ne.NE_LOOKUP));
      expect(error.message).toMatch(/^Could not resolve hostname `nosuchhost\.invalid'/);
    });

    test('the read time-out', async () => {
      const server = await serve(thenAnswering(stalling()));
      using session = new Session('http', '127.0.0.1', server.port, { readTimeout: 1 });
      await expect(send(session, 'GET', '/')).rejects.toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
      await server.waitForClosed(1);
      expect((await send(session, 'GET', '/')).status).toBe(200);
    });

    test.each([
      ['method', ['G\rET', '/']],
      ['method', ['GET\n', '/']],
      ['method', ['', '/']],
      ['method', ['GE T', '/']],
      ['target', ['GET', '/a b']],
      ['target', ['GET', '/ü']],
      ['target', ['GET', '/\0']],
      ['target', ['GET', '/ HTTP/1.1\r\nX: y']],
      ['header name', ['GET', '/', { headers: { 'a b': '1' } }]],
      ['header name', ['GET', '/', { headers: { '': '1' } }]],
      ['header name', ['GET', '/', { headers: { 'a\r\nb': '1' } }]],
      ['header value', ['GET', '/', { headers: { a: '1\r\nX: y' } }]],
      ['header value', ['GET', '/', { headers: { a: '\0' } }]],
    ] as [string, Parameters<Session['request']>][])('a bad %s sends nothing: %j', async (_, values) => {
      const server = await serve(answering());
      using session = open(server);
      await expect(send(session, ...values)).rejects.toEqual(wrongChar);
      expect(session.liveRequests).toBe(0);
      expect((await send(session, 'GET', '/next')).status).toBe(200);
      expect((await receivedBy(server)).join()).toMatch(/^GET \/next HTTP/);
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([1]);
    });

    test.each([
      [[]],
      [[1, '/']],
      [['GET']],
      [['GET', null]],
      [['GET', '/', { body: 1 }]],
      [['GET', '/', { body: {} }]],
      [['GET', '/', { body: new Uint16Array(1) }]],
      [['GET', '/', { headers: { a: 1 } }]],
      [['GET', '/', { headers: [[1, 'a']] }]],
    ])('arguments of a wrong type: %j', async (values) => {
      using session = new Session('http', 'nosuchhost.invalid', 80);
      await expect(send(session, ...(values as unknown as Parameters<Session['request']>))).rejects.toEqual(wrongType);
      expect(session.liveRequests).toBe(0);
    });

    test.each([
      ['destroyed', async (session) => session.destroy()],
      ['closed', async (session) => session.close()],
    ] as [string, (session: Session) => Promise<void>][])('a session that is %s', async (_, end) => {
      const session = new Session('http', 'example.com', 80);
      await end(session);
      const error = await failureOf(() => send(session, 'GET', '/'));
      expect(error).toEqual(neonError('ERR_NEON_DESTROYED'));
      expect(error).toMatchObject({ origin: 'http://example.com' });
    });

    test('while a request of the C functions is begun', async () => {
      const server = await serve(answering());
      using session = open(server);
      const request = ne.ne_request_create(session.handle, 'GET', '/active');
      expect(await promises.ne_begin_request(request)).toBe(ne.NE_OK);
      await expect(send(session, 'GET', '/')).rejects.toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
      await promises.ne_request_destroy(request);
      expect((await send(session, 'GET', '/')).status).toBe(200);
    });

    test('both surfaces fail alike', async () => {
      const scripts: (readonly Step[])[] = [
        [{ read: 'request' }],
        [{ read: 'request' }, { send: 'nonsense\r\n' }],
        exchange('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n'),
        exchange('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort'),
      ];
      for (const script of scripts) {
        const server = await serve({ connections: [script], rest: 'repeat-last' });
        using session = open(server);
        const [one, other] = [
          await failureOf(() => send(session, 'GET', '/x')),
          await failureOf(() => session.requestSync('GET', '/x')),
        ];
        expect(fieldsOf(one)).toEqual(fieldsOf(other));
        expect(one.code).toBe('NE_ERROR');
      }
    });
  });

  if (way === 'requestSync') {
    test('the whole body is there, however long', async () => {
      const server = await serve(answering(withBody(5_000_000)));
      using session = open(server);
      const res = session.requestSync('GET', '/');
      expect(session.liveRequests).toBe(0);
      expect(res.bytesSync().equals(bodyOf(5_000_000))).toBe(true);
    });

    test('is refused while promises are pending', async () => {
      const server = await serve({ connections: [stalling()] });
      const session = open(server);
      const call = session.request('GET', '/');
      call.catch(() => {});
      expect(() => session.requestSync('GET', '/')).toThrow(neonError('ERR_NEON_BUSY'));
      expect(session.liveRequests).toBe(1);
      session.destroy({ force: true });
      await expect(call).rejects.toEqual(neonError('ERR_NEON_DESTROYED'));
    });
  }
});

describe('requests that are made at once', () => {
  test('run one after the other on one connection', async () => {
    const server = await serve(answering());
    using session = open(server);
    const paths = Array.from({ length: 30 }, (_, i) => `/${i}`);
    const calls = paths.map((path) => session.request('GET', path));
    expect(session.liveRequests).toBe(30);
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(paths.map(() => 200));
    expect(session.liveRequests).toBe(0);
    const [received] = await receivedBy(server);
    expect([...received!.matchAll(/^GET (\S+) /gm)].map(([, path]) => path)).toEqual(paths);
  });

  test('wait for a body that is being read', async () => {
    const server = await serve({ connections: [[...exchange(withBody(3_000_000)), ...exchange()]] });
    using session = open(server);
    const first = await session.request('GET', '/1');
    expect(session.liveRequests).toBe(1);
    let done = false;
    const second = session.request('GET', '/2').finally(() => (done = true));
    await sleep(50);
    expect([done, session.liveRequests]).toEqual([false, 2]);
    expect((await first.bytes()).length).toBe(3_000_000);
    expect(await (await second).text()).toBe('hello');
    expect((await server.connections()).length).toBe(1);
  });
});

describe('a response that streams', () => {
  /** A session, and a response whose body is still arriving. */
  async function streaming(): Promise<{ server: RawServer; session: Session; res: Response }> {
    const server = await serve(
      thenAnswering([{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { streamForever: 64 * kib }]),
    );
    const session = open(server);
    return { server, session, res: await session.request('GET', '/endless') };
  }

  test.each([
    [64 * kib - 1, false],
    [64 * kib, false],
    [64 * kib + 1, true],
  ])('is one of more than 64 KiB: %d bytes', async (length, streams) => {
    for (const answer of [withBody(length), chunkedResponse([bodyOf(length).toString()])]) {
      const server = await serve(answering(answer));
      using session = open(server);
      const res = await session.request('GET', '/');
      expect(session.liveRequests).toBe(streams ? 1 : 0);
      if (streams) expect(() => res.bytesSync()).toThrow(neonError('ERR_NEON_INVALID_STATE'));
      expect((await res.bytes()).length).toBe(length);
      expect(session.liveRequests).toBe(0);
    }
  });

  test('is not there at once', async () => {
    const { session, res } = await streaming();
    const still = neonError('ERR_NEON_INVALID_STATE');
    expect(() => res.bytesSync()).toThrow(still);
    expect(() => res.textSync()).toThrow(still);
    expect(() => res.jsonSync()).toThrow(still);
    expect(res.bodyUsed).toBe(false);
    res.cancel();
    session.destroy();
  });

  test('keeps the session from being destroyed', async () => {
    const { session, res } = await streaming();
    expect(session.liveRequests).toBe(1);
    const error = await failureOf(() => session.destroy());
    expect(error).toEqual(neonError('ERR_NEON_LIVE_REQUESTS'));
    expect(error.message).toBe('1 request of this session is live: GET /endless');
    expect(session.destroyed).toBe(false);
    res.cancel();
    expect(session.liveRequests).toBe(0);
    session.destroy();
    expect(session.destroyed).toBe(true);
  });

  test('is held back while nobody reads', async () => {
    const { server, session, res } = await streaming();
    const sent = async (): Promise<number> => (await server.connections())[0]!.sentTotal;
    const settled = async (): Promise<number> => {
      for (let last = -1; ;) {
        const now = await sent();
        if (now === last) return now;
        last = now;
        await sleep(200);
      }
    };
    const unread = await settled();
    expect(unread).toBeLessThan(32_000_000); // buffers of both systems, and 256 KiB of ours
    const { body } = res;
    let read = 0;
    for await (const block of body.iterator({ destroyOnReturn: false })) {
      read += (block as Buffer).length;
      if (read > 3 * unread) break;
    }
    const paused = await settled();
    expect(paused).toBeGreaterThan(read);
    expect(paused).toBeLessThan(read + 2 * unread + 1_000_000);
    body.destroy();
    await server.waitForClosed(1);
    session.destroy();
  });

  test('is given to a reader that waits as soon as it comes', async () => {
    const start = Buffer.concat([
      Buffer.from('HTTP/1.1 200 OK\r\n\r\n'),
      bodyOf(64 * kib),
      Buffer.from('and a bit more'),
    ]);
    const server = await serve({ connections: [stalling(start)] });
    const session = open(server);
    const res = await session.request('GET', '/');
    let read = 0;
    for await (const block of res.body) {
      read += (block as Buffer).length;
      if (read === 64 * kib + 14) break;
    }
    expect(read).toBe(64 * kib + 14);
    session.destroy({ force: true });
  }, 5_000);

  test('can be piped', async () => {
    const server = await serve(answering(withBody(3_000_000)));
    using session = open(server);
    const res = await session.request('GET', '/');
    let length = 0;
    await pipeline(res.body, async (source: AsyncIterable<Buffer>) => {
      for await (const block of source) {
        length += block.length;
        await turn();
      }
    });
    expect(length).toBe(3_000_000);
    expect(session.liveRequests).toBe(0);
  });

  const ends: [string, (res: Response) => unknown][] = [
    ['cancel()', (res) => res.cancel()],
    ['Symbol.dispose', (res) => res[Symbol.dispose]()],
    ['body.destroy()', (res) => res.body.destroy()],
    [
      'a reader that breaks off',
      async (res) => {
        for await (const _ of res.body) break;
      },
    ],
  ];

  test.each(ends)('%s gives the rest up, and the next request has a connection of its own', async (_, end) => {
    const { server, session, res } = await streaming();
    await end(res);
    await turn();
    expect(session.liveRequests).toBe(0);
    await server.waitForClosed(1);
    const next = await session.request('GET', '/next');
    expect([next.status, await next.text()]).toEqual([200, 'hello']);
    session.destroy();
  });

  test.each(ends.slice(0, 3))('%s twice is once', async (_, end) => {
    const { session, res } = await streaming();
    await end(res);
    if (_ !== 'body.destroy()') expect(end(res)).toBeUndefined();
    else expect(res.body.destroyed).toBe(true);
    expect(session.liveRequests).toBe(0);
    session.destroy();
  });

  test('what is read after cancel() fails', async () => {
    const { session, res } = await streaming();
    res.cancel();
    await expect(res.bytes()).rejects.toMatchObject({ name: 'NeonError' });
    session.destroy();
  });

  test('cancel() in the middle of reading', async () => {
    const { server, session, res } = await streaming();
    const bytes = res.bytes();
    bytes.catch(() => {});
    await sleep(20);
    res.cancel();
    await expect(bytes).rejects.toEqual(neonError('ERR_NEON_ABORTED'));
    await server.waitForClosed(1);
    session.destroy();
  });

  test('destroying the stream with an error emits it', async () => {
    const { server, session, res } = await streaming();
    const { body } = res;
    const reason = new Error('the reason');
    const seen = new Promise((resolve) => body.once('error', resolve));
    body.destroy(reason);
    expect(await seen).toBe(reason);
    await server.waitForClosed(1);
    session.destroy();
  });

  test('reading the body twice is refused', async () => {
    const { session, res } = await streaming();
    expect(res.body.readable).toBe(true);
    await expect(res.bytes()).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
    res.body.destroy();
    session.destroy();
  });

  test('the stream fails when the server goes', async () => {
    const server = await serve({
      connections: [exchange(Buffer.concat([Buffer.from(headFor(300_000)), bodyOf(100_000)]))],
    });
    using session = open(server);
    const res = await session.request('GET', '/x');
    const error = await failureOf(async () => {
      for await (const _ of res.body);
    });
    expect(error).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
    expect(error).toMatchObject({
      method: 'GET',
      target: '/x',
      status: 200,
      message: 'Could not read response body: connection was closed by server',
    });
  });

  test('a response that is dropped unread ends its request', async () => {
    const endless: Step[] = [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { streamForever: 64 * kib }];
    const server = await serve(thenAnswering(endless));
    expect(await runScenario('droppedResponse', server.port)).toEqual({ before: 1, after: 0, next: 200 });
    await server.waitForClosed(1);
  });

  test('a body that is dropped half read ends its request', async () => {
    const endless: Step[] = [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { streamForever: 64 * kib }];
    const server = await serve(thenAnswering(endless));
    expect(await runScenario('droppedBody', server.port)).toEqual({ before: 1, after: 0, next: 200 });
    await server.waitForClosed(1);
  });

  test('a whole session with a response can be dropped', async () => {
    const endless: Step[] = [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { streamForever: 64 * kib }];
    const server = await serve({ connections: [endless] });
    expect(await runScenario('droppedSession', server.port)).toEqual({ collected: true });
    await server.waitForClosed(1);
  });
});

describe('signal and timeout', () => {
  const reason = new Error('the reason');

  test('an aborted signal sends nothing', async () => {
    const server = await serve(answering());
    using session = open(server);
    await expect(session.request('GET', '/', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(session.liveRequests).toBe(0);
    expect(await server.connections()).toEqual([]);
  });

  test('an abort while the response is awaited', async () => {
    const server = await serve(thenAnswering(stalling()));
    using session = open(server);
    const controller = new AbortController();
    const call = session.request('GET', '/', { signal: controller.signal });
    await server.waitForRequests(1);
    expect(session.liveRequests).toBe(1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(session.liveRequests).toBe(0);
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('an abort in the body rejects the reading of it', async () => {
    const endless: Step[] = [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { streamForever: 64 * kib }];
    const server = await serve(thenAnswering(endless));
    using session = open(server);
    const controller = new AbortController();
    const res = await session.request('GET', '/', { signal: controller.signal });
    const bytes = res.bytes();
    bytes.catch(() => {});
    controller.abort(reason);
    await expect(bytes).rejects.toBe(reason);
    expect(session.liveRequests).toBe(0);
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('an abort before the body is read rejects the reading of it', async () => {
    const endless: Step[] = [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { streamForever: 64 * kib }];
    const server = await serve(thenAnswering(endless));
    using session = open(server);
    const controller = new AbortController();
    const res = await session.request('GET', '/', { signal: controller.signal });
    controller.abort(reason);
    expect(session.liveRequests).toBe(0);
    await expect(res.bytes()).rejects.toBe(reason);
    await server.waitForClosed(1);
  });

  test('nothing listens to the signal any more when the response was read', async () => {
    const server = await serve(answering(withBody(200_000)));
    using session = open(server);
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) {
      const res = await session.request('GET', '/', { signal });
      expect((await res.bytes()).length).toBe(200_000);
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('timeout is NE_TIMEOUT', async () => {
    const server = await serve(thenAnswering(stalling()));
    using session = open(server);
    const error = await failureOf(() => session.request('GET', '/slow', { timeout: 50 }));
    expect(error).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
    expect(error).toMatchObject({
      method: 'GET',
      target: '/slow',
      origin: `http://127.0.0.1:${server.port}`,
    });
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('timeout goes on for the body', async () => {
    const endless: Step[] = [
      { read: 'request' },
      { send: headFor(1_000_000) },
      { send: bodyOf(100_000) },
      { hang: 'reading' },
    ];
    const server = await serve(thenAnswering(endless));
    using session = open(server);
    const res = await session.request('GET', '/slow', { timeout: 200 });
    const error = await failureOf(() => res.bytes());
    expect(error).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
    expect(session.liveRequests).toBe(0);
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test.each([{ timeout: 0 }, { timeout: -1 }, { timeout: NaN }, { timeout: 2 ** 31 }])(
    '%p is refused',
    async (options) => {
      using session = new Session('http', 'nosuchhost.invalid', 80);
      await expect(session.request('GET', '/', options)).rejects.toEqual(outOfRange);
      expect(session.liveRequests).toBe(0);
    },
  );

  test('a signal that is none is refused', async () => {
    using session = new Session('http', 'nosuchhost.invalid', 80);
    await expect(session.request('GET', '/', { signal: {} as AbortSignal })).rejects.toEqual(wrongType);
    expect(session.liveRequests).toBe(0);
  });
});

describe('Request', () => {
  test('is filled, dispatched, dispatched again, and destroyed', async () => {
    const server = await serve(answering());
    using session = open(server);
    const request = session.createRequest('PUT', '/a', { headers: { X: '1' } });
    expect(request).toBeInstanceOf(Request);
    expect([request.method, request.target, request.body, request.destroyed]).toEqual(['PUT', '/a', undefined, false]);
    expect(session.liveRequests).toBe(1);
    expect(
      request
        .setHeader('x', '2')
        .addHeader('X', '3')
        .addHeader('Y', '4')
        .setHeader('y', '5')
        .setFlag('idempotent', true),
    ).toBe(request);
    request.body = 'first';
    expect((await request.dispatch()).status).toBe(200);
    expect(session.liveRequests).toBe(1);
    request.removeHeader('X');
    request.body = 'second';
    expect(request.dispatchSync().status).toBe(200);
    request.destroy();
    request.destroy();
    expect([request.destroyed, session.liveRequests]).toEqual([true, 0]);
    const [received] = await receivedBy(server);
    expect(received!.match(/^(X|y|Content-Length): .*|first|second/gim)).toEqual(
      ['x: 2', 'X: 3', 'y: 5', 'Content-Length: 5', 'first', 'y: 5', 'Content-Length: 6', 'second'].map(
        (line) => expect.stringMatching(new RegExp(`^${line}`)) as string,
      ),
    );
  });

  test('can be filled while another is on its way', async () => {
    const server = await serve(answering());
    using session = open(server);
    const first = session.request('GET', '/1');
    using request = session.createRequest('GET', '/2');
    request.setHeader('X', '1');
    const second = request.dispatch();
    expect(session.liveRequests).toBe(2);
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  test('what it has when it is dispatched is sent', async () => {
    const server = await serve(answering());
    using session = open(server);
    using request = session.createRequest('PUT', '/', { body: 'before', headers: { X: 'before' } });
    const call = request.dispatch();
    request.body = 'after';
    request.setHeader('X', 'after');
    await call;
    expect((await receivedBy(server))[0]).toMatch(/X: before\r\nContent-Length: 6\r\n\r\nbefore$/);
  });

  test('destroyed, it is not dispatched', async () => {
    using session = new Session('http', 'example.com', 80);
    const request = session.createRequest('GET', '/a');
    request.destroy();
    const error = await failureOf(() => request.dispatch());
    expect(error).toEqual(neonError('ERR_NEON_DESTROYED'));
    expect(error).toMatchObject({ method: 'GET', target: '/a', origin: 'http://example.com' });
    expect(() => request.dispatchSync()).toThrow(neonError('ERR_NEON_DESTROYED'));
  });

  test('using destroys it', () => {
    using session = new Session('http', 'example.com', 80);
    {
      using request = session.createRequest('GET', '/');
      expect([request.destroyed, session.liveRequests]).toEqual([false, 1]);
    }
    expect(session.liveRequests).toBe(0);
  });

  test('it keeps the session from being destroyed, and its description says which', () => {
    const session = new Session('http', 'example.com', 80);
    const requests = ['/a', '/b'].map((target) => session.createRequest('GET', target));
    expect(() => session.destroy()).toThrow(
      expect.objectContaining({
        code: 'ERR_NEON_LIVE_REQUESTS',
        message: '2 requests of this session are live: GET /a, GET /b',
      }) as Error,
    );
    for (const request of requests) request.destroy();
    session.destroy();
    expect(session.destroyed).toBe(true);
  });

  test.each([
    [1, 'v'],
    ['n', 1],
    ['n', undefined],
    [null, 'v'],
  ])('the header %p, %p is refused', (name, value) => {
    using session = new Session('http', 'example.com', 80);
    using request = session.createRequest('GET', '/');
    expect(() => request.setHeader(name as string, value as string)).toThrow(wrongType);
    expect(() => request.addHeader(name as string, value as string)).toThrow(wrongType);
  });

  test('a flag that is not known is refused', () => {
    using session = new Session('http', 'example.com', 80);
    using request = session.createRequest('GET', '/');
    expect(() => request.setFlag('nonsense' as 'idempotent', true)).toThrow(wrongValue);
  });

  test('requests of a destroyed session cannot be made', () => {
    const session = new Session('http', 'example.com', 80);
    session.destroy();
    expect(() => session.createRequest('GET', '/')).toThrow(neonError('ERR_NEON_DESTROYED'));
  });
});

describe('liveRequests', () => {
  test('in each state of a request', async () => {
    const server = await serve({
      connections: [[...exchange(), ...exchange(withBody(1_000_000)), ...stalling()]],
    });
    const session = open(server);
    const counts: Record<string, number> = {};
    const note = (state: string): number => (counts[state] = session.liveRequests);
    note('new');
    const request = session.createRequest('GET', '/');
    note('created');
    const small = request.dispatch();
    note('dispatched');
    const res = await small;
    note('answered');
    request.destroy();
    note('destroyed');
    await res.bytes();
    const call = session.request('GET', '/');
    note('requested');
    const large = await call;
    note('streaming');
    await large.bytes();
    note('read');
    const stalled = session.request('GET', '/');
    await server.waitForRequests(3);
    note('stalled');
    session.destroy({ force: true });
    note('session destroyed');
    await expect(stalled).rejects.toEqual(neonError('ERR_NEON_DESTROYED'));
    expect(counts).toEqual({
      new: 0,
      created: 1,
      dispatched: 1,
      answered: 1,
      destroyed: 0,
      requested: 1,
      streaming: 1,
      read: 0,
      stalled: 1,
      'session destroyed': 0,
    });
  });
});

describe('the end of a session', () => {
  test('destroy() closes the connection, and twice is once', async () => {
    const server = await serve(answering());
    const session = open(server);
    await session.request('GET', '/');
    session.destroy();
    session.destroy();
    session.destroy({ force: true });
    expect(session.destroyed).toBe(true);
    expect((await server.waitForClosed(1))[0]!.clientClose).toBe('fin');
  });

  test('what uses it then is refused; its names stay', () => {
    const session = new Session('http', 'example.com', 8080);
    session.destroy();
    const destroyed = neonError('ERR_NEON_DESTROYED');
    expect([session.scheme, session.hostport, session.liveRequests]).toEqual(['http', 'example.com:8080', 0]);
    expect(() => session.setFlag('persist', false)).toThrow(destroyed);
    expect(() => session.getFlag('persist')).toThrow(destroyed);
    expect(() => session.closeConnection()).toThrow(destroyed);
    expect(() => ne.ne_get_scheme(session.handle)).toThrow(destroyed);
  });

  test('destroy() refuses while a request is on its way', async () => {
    const server = await serve({ connections: [stalling()] });
    const session = open(server);
    const call = session.request('GET', '/way');
    expect(() => session.destroy()).toThrow(
      expect.objectContaining({
        code: 'ERR_NEON_LIVE_REQUESTS',
        message: '1 request of this session is live: GET /way',
      }) as Error,
    );
    await server.waitForRequests(1);
    session.destroy({ force: true });
    await expect(call).rejects.toEqual(neonError('ERR_NEON_DESTROYED'));
    await server.waitForClosed(1);
  });

  test('force aborts what is queued, on its way, and arriving', async () => {
    const endless: Step[] = [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { streamForever: 64 * kib }];
    const server = await serve({ connections: [endless] });
    const session = open(server);
    const res = await session.request('GET', '/1');
    const bytes = res.bytes();
    const waiting = [session.request('GET', '/2'), session.request('GET', '/3')];
    const request = session.createRequest('GET', '/4');
    session.destroy({ force: true });
    expect([session.destroyed, session.liveRequests, request.destroyed]).toEqual([true, 0, true]);
    const outcomes = await Promise.allSettled([bytes, ...waiting]);
    for (const outcome of outcomes)
      expect(outcome).toEqual({ status: 'rejected', reason: neonError('ERR_NEON_DESTROYED') });
    await server.waitForClosed(1);
    expect((await server.connections()).map(({ requests }) => requests)).toEqual([1]);
  });

  test('what force finds waiting is never sent', async () => {
    const server = await serve({ connections: [stalling()], rest: 'repeat-last' });
    const sessions = Array.from({ length: 32 }, () => open(server));
    const calls = sessions.flatMap((session) =>
      ['/running', '/waiting', '/waiting'].map((target) => session.request('DELETE', target)),
    );
    await server.waitForRequests(32);
    for (const session of sessions) session.destroy({ force: true });
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes).toEqual(Array(96).fill({ status: 'rejected', reason: neonError('ERR_NEON_DESTROYED') }));
    await server.waitForClosed(32);
    while ((await server.openCount()) > 0) await sleep(5);
    const lines = (await receivedBy(server)).map((text) => text.split('\r\n')[0]);
    expect(lines).toEqual(Array(32).fill('DELETE /running HTTP/1.1'));
  });

  test('a small response outlives its session', async () => {
    const server = await serve(answering());
    const session = open(server);
    const res = await session.request('GET', '/');
    session.destroy();
    expect(await res.text()).toBe('hello');
  });

  test('close() waits for what is live, and refuses what is new', async () => {
    const server = await serve({ connections: [[...exchange(withBody(1_000_000)), ...exchange()]] });
    const session = open(server);
    const res = await session.request('GET', '/1');
    const queued = session.request('GET', '/2');
    let closed = false;
    const closing = session.close().then(() => (closed = true));
    await expect(session.request('GET', '/3')).rejects.toEqual(neonError('ERR_NEON_DESTROYED'));
    await sleep(20);
    expect([closed, session.destroyed]).toEqual([false, false]);
    expect((await res.bytes()).length).toBe(1_000_000);
    expect(await (await queued).text()).toBe('hello');
    await closing;
    expect(session.destroyed).toBe(true);
    expect((await server.waitForClosed(1))[0]!.requests).toBe(2);
    expect(await result(() => session.close())).toBeUndefined();
  });

  test('close() fails while requests of the C functions are live, and the session goes on', async () => {
    const server = await serve(answering());
    const session = open(server);
    const request = ne.ne_request_create(session.handle, 'GET', '/');
    await expect(session.close()).rejects.toEqual(neonError('ERR_NEON_LIVE_REQUESTS'));
    expect(session.destroyed).toBe(false);
    expect((await session.request('GET', '/')).status).toBe(200);
    ne.ne_request_destroy(request);
    await session.close();
    expect(session.destroyed).toBe(true);
  });

  test('close() waits for a Request to be destroyed', async () => {
    const session = new Session('http', 'example.com', 80);
    const request = session.createRequest('GET', '/');
    const closing = session.close();
    await turn();
    expect(session.destroyed).toBe(false);
    request.destroy();
    await closing;
    expect(session.destroyed).toBe(true);
  });

  test('using destroys it', () => {
    let kept: Session;
    {
      using session = new Session('http', 'example.com', 80);
      kept = session;
    }
    expect(kept.destroyed).toBe(true);
  });

  test('using refuses while requests are live', () => {
    expect(() => {
      using session = new Session('http', 'example.com', 80);
      session.createRequest('GET', '/');
    }).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
  });

  test('await using waits', async () => {
    const server = await serve(answering());
    let status = 0;
    let kept: Session;
    {
      await using session = open(server);
      kept = session;
      void session.request('GET', '/').then((res) => (status = res.status));
    }
    expect([kept.destroyed, status]).toEqual([true, 200]);
  });
});

describe('NeonError', () => {
  test.each([
    ['NE_OK', 0],
    ['NE_ERROR', 1],
    ['NE_LOOKUP', 2],
    ['NE_AUTH', 3],
    ['NE_PROXYAUTH', 4],
    ['NE_CONNECT', 5],
    ['NE_TIMEOUT', 6],
    ['NE_FAILED', 7],
    ['NE_RETRY', 8],
    ['NE_REDIRECT', 9],
    ['ERR_NEON_BUSY', undefined],
  ])('%s has the number %p', (code, errno) => {
    const error = new NeonError('text', code, { status: 404 });
    expect(error).toMatchObject({ name: 'NeonError', message: 'text', code, errno, status: 404 });
    expect(error.stack).toContain('NeonError');
  });
});

describeWith('openssl', 'TLS', () => {
  const pki = testPki();
  const text = (file: string): string => readFileSync(file, 'utf8');
  const tls = { key: text(pki.server.key), cert: text(pki.server.cert) };
  const ca = text(pki.ca.cert);
  const other = text(pki.otherCa.cert);
  const secure = (options: object = {}): Promise<RawServer> => serve({ ...answering(), tls, ...options });

  test.each([
    ['text', ca],
    ['bytes', Buffer.from(ca)],
    ['a list', [other, ca]],
    ['several in one text', `some words\n${other}\n${ca}`],
    ['a list of bytes', [Buffer.from(ca)]],
  ] as [string, string | Uint8Array | string[]][])('ca may be %s', async (_, given) => {
    const server = await secure();
    for (const [, send] of ways) {
      using session = new Session('https', 'localhost', server.port, {
        tls: { ca: given, trustDefaultCA: false },
      });
      expect((await send(session, 'GET', '/')).textSync()).toBe('hello');
    }
  });

  test.each([
    ['no one', { trustDefaultCA: false }],
    ['another authority', { ca: other, trustDefaultCA: false }],
    ['the default authorities', undefined],
  ])('a server is not trusted by %s', async (_, options) => {
    const server = await secure();
    for (const [, send] of ways) {
      using session = new Session('https', 'localhost', server.port, { tls: options });
      const error = await failureOf(() => send(session, 'GET', '/'));
      expect(error).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
      expect(
        error.message.startsWith(`${tlsErrorPrefix}Server certificate verification failed: issuer is not trusted`),
      ).toBe(true);
    }
  });

  test.each([
    [{ ca: '' }, wrongValue],
    [{ ca: 'no certificate' }, wrongValue],
    [{ ca: [ca, ''] }, wrongValue],
    [{ ca: 1 }, wrongType],
    [{ ca: [1] }, wrongType],
    [{ ca: null }, wrongType],
    [{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }, wrongValue],
  ])('%j is refused', (options, error) => {
    expect(
      () => new Session('https', 'localhost', 443, { tls: { trustDefaultCA: false, ...(options as object) } }),
    ).toThrow(error);
  });

  test('large bodies, aborts and the end work over TLS, too', async () => {
    const server = await serve({ connections: [keepAlive(withBody(1_000_000)), stalling()], tls });
    const session = new Session('https', 'localhost', server.port, { tls: { ca, trustDefaultCA: false } });
    expect((await (await session.request('GET', '/')).bytes()).equals(bodyOf(1_000_000))).toBe(true);
    expect(session.requestSync('GET', '/').bytesSync().length).toBe(1_000_000);
    session.closeConnection();
    const controller = new AbortController();
    const call = session.request('GET', '/', { signal: controller.signal });
    await server.waitForRequests(3);
    const reason = new Error('the reason');
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await server.waitForClosed(2);
    await session.close();
  });
});
