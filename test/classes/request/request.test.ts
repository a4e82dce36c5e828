/** Tests request(), requestSync() and the class Request: the requests sent, and the responses returned. */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { Request, Response, Session } from 'libneon';
import { response, type Step } from '../../servers/raw.js';
import { bodyOf, withBody } from '../../support/bodies.js';
import { failureOf, neonError, wrongType, wrongValue } from '../../support/expect.js';
import { requestForms } from '../../support/methods.js';
import { neonSince } from '../../support/neon.js';
import { answering, exchange, openSession as open, receivedBy, stalling, testServers } from '../../support/servers.js';

const serve = testServers();

describe.each(requestForms)('%s', (way, send) => {
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
  ] as [string, Record<string, string> | [string, string][]][])('accepts headers as %s', async (_, headers) => {
    const server = await serve(answering());
    using session = open(server);
    await send(session, 'GET', '/', { headers });
    expect((await receivedBy(server))[0]).toMatch(/\r\na: 1\r\nb: 2\r\n\r\n$/i);
  });

  test.each([
    ['undefined', undefined, null],
    ['an empty string', '', ''],
    ['bytes', Uint8Array.of(0, 255), '\0\xff'],
    ['a view', Buffer.from('0123456789').subarray(3, 5), '34'],
  ])('accepts %s as the body', async (_, body, expected) => {
    const server = await serve(answering());
    using session = open(server);
    await send(session, 'PUT', '/', { body });
    const received = (await server.connections())[0]!.received.toString('latin1');
    const length = /Content-Length: (\d+)/.exec(received)?.[1];
    expect(length === undefined ? null : received.slice(received.indexOf('\r\n\r\n') + 4)).toBe(expected);
    expect(length).toBe(expected === null ? undefined : String(expected.length));
  });

  test('waits for 100 Continue with expect100', async () => {
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

  test.each([
    ['POST', 1],
    ['PATCH', 1],
    ['LOCK', 1],
    ['BREW', 1],
    ['GET', 2],
    ['PUT', 2],
    ['PROPFIND', 2],
    ['REPORT', 2],
  ])('sends a %s, which a server takes on a kept connection and closes, %d time(s)', async (method, times) => {
    const steps: Step[] = [{ read: 'request' }, { send: response('one') }, { read: 'request' }, { close: 'fin' }];
    const server = await serve({ connections: [steps], rest: 'repeat-last' });
    using session = open(server);
    await send(session, 'GET', '/first');
    await send(session, method, '/second', { body: 'x' });
    const all = (await receivedBy(server)).join('');
    expect(all.split(' /second ').length - 1).toBe(times);
  });

  test('opens a new connection with idempotent: false', async () => {
    const server = await serve(answering());
    using session = open(server);
    await send(session, 'GET', '/');
    await send(session, 'POST', '/', { idempotent: false });
    expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 1]);
  });

  test('returns status, headers and body', async () => {
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
    expect(Object.fromEntries(Object.entries(res.headers))).toEqual({
      'x-two': 'one, two',
      'content-type': 'text/plain',
      'content-length': '4',
    });
    expect([...res.headers]).toEqual(Object.entries(res.headers));
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
    [neonSince(34) ? 599 : 600, false], // neon 0.34 and later know no status of class 6
  ])('resolves with status %d', async (status, ok) => {
    const server = await serve({
      connections: [exchange(`HTTP/1.1 ${status} Reason\r\nContent-Length: 0\r\n\r\n`)],
    });
    using session = open(server);
    const res = await send(session, 'GET', '/');
    expect([res.status, res.ok, res.bytesSync().length]).toEqual([status, ok, 0]);
  });

  if (way === 'requestSync') {
    test('returns the whole body, whatever its length', async () => {
      const server = await serve(answering(withBody(5_000_000)));
      using session = open(server);
      const res = session.requestSync('GET', '/');
      expect(session.liveRequests).toBe(0);
      expect(res.bytesSync().equals(bodyOf(5_000_000))).toBe(true);
    });

    test('throws while promises are pending', async () => {
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

describe('concurrent requests of a session', () => {
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
    using session = Session.open(`http://127.0.0.1:${server.port}/`, { maxUnreadBytes: 0 });
    const { body } = await session.request('GET', '/1');
    expect(session.liveRequests).toBe(1);
    let done = false;
    const second = session.request('GET', '/2').finally(() => (done = true));
    await sleep(50);
    expect([done, session.liveRequests]).toEqual([false, 2]);
    expect((await text(body)).length).toBe(3_000_000);
    expect(await (await second).text()).toBe('hello');
    expect((await server.connections()).length).toBe(1);
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

  test('can be filled while another request runs', async () => {
    const server = await serve(answering());
    using session = open(server);
    const first = session.request('GET', '/1');
    using request = session.createRequest('GET', '/2');
    request.setHeader('X', '1');
    const second = request.dispatch();
    expect(session.liveRequests).toBe(2);
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
  });

  test('is sent as it was when it was dispatched', async () => {
    const server = await serve(answering());
    using session = open(server);
    using request = session.createRequest('PUT', '/', { body: 'before', headers: { X: 'before' } });
    const call = request.dispatch();
    request.body = 'after';
    request.setHeader('X', 'after');
    await call;
    expect((await receivedBy(server))[0]).toMatch(/X: before\r\nContent-Length: 6\r\n\r\nbefore$/);
  });

  test('rejects when it is dispatched after its destruction', async () => {
    using session = new Session('http', 'example.com', 80);
    const request = session.createRequest('GET', '/a');
    request.destroy();
    const error = await failureOf(() => request.dispatch());
    expect(error).toEqual(neonError('ERR_NEON_DESTROYED'));
    expect(error).toMatchObject({ method: 'GET', target: '/a', origin: 'http://example.com' });
    expect(() => request.dispatchSync()).toThrow(neonError('ERR_NEON_DESTROYED'));
  });

  test('is destroyed at the end of a `using` scope', () => {
    using session = new Session('http', 'example.com', 80);
    {
      using request = session.createRequest('GET', '/');
      expect([request.destroyed, session.liveRequests]).toEqual([false, 1]);
    }
    expect(session.liveRequests).toBe(0);
  });

  test('keeps its session from being destroyed, and is named in the error', () => {
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
  ])('throws for the header %p, %p', (name, value) => {
    using session = new Session('http', 'example.com', 80);
    using request = session.createRequest('GET', '/');
    expect(() => request.setHeader(name as string, value as string)).toThrow(wrongType);
    expect(() => request.addHeader(name as string, value as string)).toThrow(wrongType);
  });

  test('throws for an unknown flag', () => {
    using session = new Session('http', 'example.com', 80);
    using request = session.createRequest('GET', '/');
    expect(() => request.setFlag('nonsense' as 'idempotent', true)).toThrow(wrongValue);
  });

  test('cannot be created on a destroyed session', () => {
    const session = new Session('http', 'example.com', 80);
    session.destroy();
    expect(() => session.createRequest('GET', '/')).toThrow(neonError('ERR_NEON_DESTROYED'));
  });
});
