/** Tests the class Session: creation, options, targets, live requests, and closing. */
import { text } from 'node:stream/consumers';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { withBody } from '../../support/bodies.js';
import { neonError, outOfRange, result, wrongChar, wrongType, wrongValue } from '../../support/expect.js';
import {
  answering,
  endless,
  exchange,
  openSession as open,
  receivedBy,
  stalling,
  testServers,
} from '../../support/servers.js';

const serve = testServers();

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

  test.each(['ftp', 'HTTP', '', 'file'])('rejects the scheme %j', (scheme) => {
    expect(() => new Session(scheme as 'http', 'example.com', 80)).toThrow(wrongValue);
  });

  test('rejects invalid URLs, other schemes, and credentials', () => {
    expect(() => Session.open('http://user:password@example.com/')).toThrow(wrongValue);
    expect(() => Session.open('ftp://example.com/')).toThrow(wrongValue);
    expect(() => Session.open('/path')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_URL' }) as Error);
  });

  test('rejects invalid arguments', () => {
    const create = Session as unknown as new (...values: unknown[]) => Session;
    expect(() => new create()).toThrow(wrongType);
    expect(() => new create(1, 'example.com', 80)).toThrow(wrongType);
    expect(() => new create('http', null, 80)).toThrow(wrongType);
    expect(() => new create('http', 'example.com', '80')).toThrow(wrongType);
    expect(() => new create('http', 'example.com', 65536)).toThrow(outOfRange);
    expect(() => new create('http', 'exa\r\nmple', 80)).toThrow(wrongChar);
  });

  test('applies its options', async () => {
    const server = await serve(answering());
    const options = {
      userAgent: 'agent/2',
      readTimeout: 4001,
      connectTimeout: 4500.5,
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
    [{ readTimeout: NaN }, outOfRange],
    [{ connectTimeout: 2_147_483_001 }, outOfRange],
    [{ connectTimeout: '1' }, wrongType],
    [{ userAgent: 1 }, wrongType],
    [{ userAgent: 'a\r\nb' }, wrongChar],
    [{ userAgent: 'a\x0bb' }, wrongChar],
    [{ flags: { nonsense: true } }, wrongValue],
  ])('rejects the options %j', (options, error) => {
    expect(() => new Session('http', 'example.com', 80, options as object)).toThrow(error);
  });

  test('treats undefined options as defaults', () => {
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

  test('has flags by name and number', () => {
    using session = new Session('http', 'example.com', 80);
    session.setFlag('rfc4918', true);
    expect(session.getFlag(ne.NE_SESSFLAG_RFC4918)).toBe(true);
    session.setFlag(ne.NE_SESSFLAG_RFC4918, false);
    expect(session.getFlag('rfc4918')).toBe(false);
    expect(session.getFlag(1000)).toBeUndefined();
    expect(() => session.setFlag('nonsense' as 'persist', true)).toThrow(wrongValue);
    expect(() => session.getFlag('nonsense' as 'persist')).toThrow(wrongValue);
  });

  test('names the flags as neon does', () => {
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

  test('closes its connection on closeConnection()', async () => {
    const server = await serve(answering());
    using session = open(server);
    await session.request('GET', '/');
    session.closeConnection();
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('shares its handle with the C functions', async () => {
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
    ['http://HOST/base/', 'ä', '/base/%C3%A4'],
    ['http://HOST/base/', '*', '*'],
    ['http://HOST/base/', 'http://HOST/other', '/other'],
  ])('resolve relative to %s: %j is %s', async (base, target, expected) => {
    const server = await serve(answering());
    const host = `127.0.0.1:${server.port}`;
    using session = Session.open(base.replace('HOST', host));
    await session.request('GET', target.replace('HOST', host));
    expect((await receivedBy(server))[0]!.split('\r\n')[0]).toBe(`GET ${expected} HTTP/1.1`);
  });

  test.each(['http://other.example/x', 'https://127.0.0.1/x', '//other.example/x'])(
    'reject %s of another server',
    async (target) => {
      const server = await serve(answering());
      using session = Session.open(`http://127.0.0.1:${server.port}/`);
      if (target.startsWith('//')) {
        // A path that starts with two slashes is sent unchanged.
        expect((await session.request('GET', target)).status).toBe(200);
        expect((await receivedBy(server))[0]).toMatch(/^GET \/\/other\.example\/x HTTP/);
        return;
      }
      await expect(session.request('GET', target)).rejects.toEqual(wrongValue);
      expect(await server.connections()).toEqual([]);
    },
  );

  test('reject relative ones on a session without a base URL', async () => {
    const server = await serve(answering());
    using session = open(server);
    await expect(session.request('GET', 'relative')).rejects.toEqual(wrongValue);
    expect(() => session.requestSync('GET', 'relative')).toThrow(wrongValue);
    for (const target of ['/a//b?c', '*']) expect((await session.request('OPTIONS', target)).status).toBe(200);
    expect((await receivedBy(server))[0]!.match(/^OPTIONS .*/gm)).toEqual([
      'OPTIONS /a//b?c HTTP/1.1',
      'OPTIONS * HTTP/1.1',
    ]);
  });
});

describe('liveRequests', () => {
  test('counts a request in each state', async () => {
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
  test('closes the connection on destroy(), which can be repeated', async () => {
    const server = await serve(answering());
    const session = open(server);
    await session.request('GET', '/');
    session.destroy();
    session.destroy();
    session.destroy({ force: true });
    expect(session.destroyed).toBe(true);
    expect((await server.waitForClosed(1))[0]!.clientClose).toBe('fin');
  });

  test('rejects further use, but keeps scheme and host', () => {
    const session = new Session('http', 'example.com', 8080);
    session.destroy();
    const destroyed = neonError('ERR_NEON_DESTROYED');
    expect([session.scheme, session.hostport, session.liveRequests]).toEqual(['http', 'example.com:8080', 0]);
    expect(() => session.setFlag('persist', false)).toThrow(destroyed);
    expect(() => session.getFlag('persist')).toThrow(destroyed);
    expect(() => session.closeConnection()).toThrow(destroyed);
    expect(() => ne.ne_get_scheme(session.handle)).toThrow(destroyed);
  });

  test('is refused by destroy() while a request runs', async () => {
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

  test('aborts queued, running and streaming requests by force', async () => {
    const server = await serve({ connections: [endless()] });
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

  test('never sends waiting requests after a destroy by force', async () => {
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

  test('leaves a buffered response readable', async () => {
    const server = await serve(answering());
    const session = open(server);
    const res = await session.request('GET', '/');
    session.destroy();
    expect(await res.text()).toBe('hello');
  });

  test('waits for live requests on close() and rejects new ones', async () => {
    const server = await serve({ connections: [[...exchange(withBody(1_000_000)), ...exchange()]] });
    const session = open(server);
    const { body } = await session.request('GET', '/1');
    const queued = session.request('GET', '/2');
    let closed = false;
    const closing = session.close().then(() => (closed = true));
    await expect(session.request('GET', '/3')).rejects.toEqual(neonError('ERR_NEON_DESTROYED'));
    await sleep(20);
    expect([closed, session.destroyed]).toEqual([false, false]);
    expect((await text(body)).length).toBe(1_000_000);
    expect(await (await queued).text()).toBe('hello');
    await closing;
    expect(session.destroyed).toBe(true);
    expect((await server.waitForClosed(1))[0]!.requests).toBe(2);
    expect(await result(() => session.close())).toBeUndefined();
  });

  test('rejects close() while requests of the C functions are live, and leaves the session usable', async () => {
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

  test('waits on close() for a Request to be destroyed', async () => {
    const session = new Session('http', 'example.com', 80);
    const request = session.createRequest('GET', '/');
    const closing = session.close();
    await turn();
    expect(session.destroyed).toBe(false);
    request.destroy();
    await closing;
    expect(session.destroyed).toBe(true);
  });

  test('comes at the end of a `using` scope', () => {
    let kept: Session;
    {
      using session = new Session('http', 'example.com', 80);
      kept = session;
    }
    expect(kept.destroyed).toBe(true);
  });

  test('is refused at the end of a `using` scope while requests are live', () => {
    expect(() => {
      using session = new Session('http', 'example.com', 80);
      session.createRequest('GET', '/');
    }).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
  });

  test('waits at the end of an `await using` scope', async () => {
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

test('destroy() and close() accept a session whose handle libneon/ne has destroyed', async () => {
  const [one, other] = [new Session('http', '127.0.0.1', 1), new Session('http', '127.0.0.1', 1)];
  for (const { handle } of [one, other]) ne.ne_session_destroy(handle);
  one.destroy();
  await other.close();
  expect([one.destroyed, other.destroyed]).toEqual([true, true]);
});
