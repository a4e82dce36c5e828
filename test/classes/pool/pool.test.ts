/** Tests SessionPool: requests over many sessions with one server. */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { NeonError, SessionPool, type Response } from 'libneon';
import { fullBacklogServer, type RawServer, type RawServerOptions, type Step } from '../../servers/raw.js';
import { freePorts } from '../../servers/start.js';
import { runScenario } from '../../support/child.js';
import {
  failureOf,
  neonError,
  outOfRange,
  saying,
  textOf,
  wrongChar,
  wrongType,
  wrongValue,
} from '../../support/expect.js';
import {
  answering,
  exchange,
  keepAlive,
  receivedBy,
  stalling,
  testServers,
  thenAnswering,
} from '../../support/servers.js';
import { counts, every, long, paths, pathsAt, poolOf, slowOnce, slowly } from '../../support/pools.js';

const serve = testServers();

const reason = new Error('the reason');

describe('SessionPool', () => {
  test('is created with a URL and opens no connection', async () => {
    const server = await serve(answering());
    const url = `http://127.0.0.1:${server.port}/folder/`;
    for (const given of [url, new URL(url)]) {
      using pool = new SessionPool(given);
      expect([pool.origin, pool.connections, pool.idleTimeout, pool.destroyed]).toEqual([
        `http://127.0.0.1:${server.port}`,
        8,
        4000,
        false,
      ]);
      expect(counts(pool)).toEqual({ size: 1, idle: 1, queued: 0, liveRequests: 0 });
    }
    expect(await server.connections()).toEqual([]);
  });

  test.each([
    [{ connections: 0 }, outOfRange],
    [{ connections: 1.5 }, outOfRange],
    [{ connections: Infinity }, outOfRange],
    [{ connections: '1' }, wrongType],
    [{ idleTimeout: 0 }, outOfRange],
    [{ idleTimeout: NaN }, outOfRange],
    [{ idleTimeout: 2 ** 31 }, outOfRange],
    [{ idleTimeout: '1' }, wrongType],
    [{ readTimeout: 0 }, outOfRange],
    [{ userAgent: 1 }, wrongType],
    [{ flags: { nonsense: true } }, wrongValue],
  ])('rejects the options %j', (options, error) => {
    expect(() => new SessionPool('http://example.com/', options as object)).toThrow(error);
  });

  test('rejects the URLs that a session rejects', () => {
    expect(() => new SessionPool('http://user:password@example.com/')).toThrow(wrongValue);
    expect(() => new SessionPool('ftp://example.com/')).toThrow(wrongValue);
    expect(() => new SessionPool('/path')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_URL' }) as Error);
  });

  test('treats undefined options as defaults', () => {
    using pool = new SessionPool('http://example.com/', { connections: undefined, idleTimeout: undefined });
    expect([pool.connections, pool.idleTimeout]).toEqual([8, 4000]);
  });

  test('gives its sessions their options, and requests theirs', async () => {
    const server = await serve(every(slowly(50)));
    using pool = new SessionPool(`http://127.0.0.1:${server.port}/base/`, { userAgent: 'agent/2' });
    const calls = [1, 2].map((n) => pool.request('PUT', `a?${n}`, { headers: { X: '1' }, body: 'sent' }));
    for (const res of await Promise.all(calls)) expect([res.status, await res.text()]).toEqual([200, 'hello']);
    const received = await receivedBy(server);
    expect(received.length).toBe(2);
    for (const text of received) {
      expect(text).toMatch(/^PUT \/base\/a\?[12] HTTP\/1\.1\r\nUser-Agent: agent\/2 neon/);
      expect(text).toMatch(/\r\nX: 1\r\n(.*\r\n)*\r\nsent$/);
    }
  });
});

describe('the choice of a session', () => {
  test('reuses an idle session and its connection', async () => {
    const server = await serve(answering());
    using pool = poolOf(server);
    for (const path of paths(10)) {
      await pool.request('GET', path);
      expect(counts(pool)).toEqual({ size: 1, idle: 1, queued: 0, liveRequests: 0 });
    }
    expect(await pathsAt(server)).toEqual([paths(10)]);
  });

  test('opens new sessions up to the limit, then queues', async () => {
    const server = await serve(every(slowly(20)));
    using pool = poolOf(server, { connections: 3 });
    const calls = paths(20).map((path) => pool.request('GET', path));
    expect(counts(pool)).toEqual({ size: 3, idle: 0, queued: 17, liveRequests: 20 });
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(paths(20).map(() => 200));
    expect(counts(pool)).toEqual({ size: 3, idle: 3, queued: 0, liveRequests: 0 });
    expect((await server.connections()).length).toBe(3);
    expect((await pathsAt(server)).flat().sort()).toEqual(paths(20).sort());
  });

  test('keeps the order in which requests were made', async () => {
    const server = await serve(answering());
    using pool = poolOf(server, { connections: 1 });
    const first = pool.request('GET', '/first').then(() => pool.request('GET', '/last')); // /last overtakes no request
    await Promise.all([first, ...paths(30).map((path) => pool.request('GET', path))]);
    expect(await pathsAt(server)).toEqual([['/first', ...paths(30), '/last']]);
  });

  test('takes the first session that becomes free', async () => {
    const server = await serve({ connections: [slowly(5), slowly(400)], rest: 'repeat-last' });
    using pool = poolOf(server, { connections: 2 });
    await Promise.all(paths(12).map((path) => pool.request('GET', path)));
    expect((await server.connections()).map(({ requests }) => requests)).toEqual([11, 1]);
  });

  test('takes the session that became idle last', async () => {
    const server = await serve({ connections: [keepAlive(), slowly(100), slowly(50)] });
    using pool = poolOf(server);
    await Promise.all(paths(3).map((path) => pool.request('GET', path)));
    for (const path of paths(5)) await pool.request('GET', path);
    expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 6, 1]);
  });

  test('spreads a thousand requests over four sessions', async () => {
    const server = await serve(answering());
    using pool = poolOf(server, { connections: 4 });
    const texts = await Promise.all(
      paths(1000).map(async (path) => (await pool.request('PUT', path, { body: `${path}\n` })).text()),
    );
    expect(new Set(texts)).toEqual(new Set(['hello']));
    const at = await pathsAt(server);
    expect(at.length).toBe(4);
    expect(at.flat().length).toBe(1000);
    expect(new Set(at.flat())).toEqual(new Set(paths(1000)));
    expect(counts(pool)).toEqual({ size: 4, idle: 4, queued: 0, liveRequests: 0 });
  });
});

describe('idle sessions', () => {
  test('are closed, and the next request opens another', async () => {
    const server = await serve(every(slowly(20)));
    using pool = poolOf(server, { idleTimeout: 500 });
    await Promise.all(paths(3).map((path) => pool.request('GET', path)));
    expect(pool.idle).toBe(3);
    const closed = await server.waitForClosed(3);
    expect(closed.map(({ clientClose }) => clientClose)).toEqual(['fin', 'fin', 'fin']);
    expect(counts(pool)).toEqual({ size: 0, idle: 0, queued: 0, liveRequests: 0 });
    expect((await pool.request('GET', '/')).status).toBe(200);
    expect((await server.connections()).length).toBe(4);
  });

  test('are closed while others are in use', async () => {
    const server = await serve({ connections: [slowly(1), slowly(100)] });
    using pool = poolOf(server, { idleTimeout: 250 });
    await Promise.all(paths(2).map((path) => pool.request('GET', path)));
    for (let i = 0; i < 10; i++) {
      await pool.request('GET', '/more');
      if (pool.size === 1) break;
    }
    expect(pool.size).toBe(1);
    await server.waitForClosed(1);
    await pool.request('GET', '/still');
    expect((await server.connections()).map(({ closedAt }) => closedAt !== null)).toEqual([true, false]);
  });
});

describe('a body that is still arriving', () => {
  /** A pool with a single session. An unfinished response occupies the session, so a second request waits. */
  async function streaming(
    options: RawServerOptions,
  ): Promise<{ server: RawServer; pool: SessionPool; res: Response; next: Promise<Response> }> {
    const server = await serve(options);
    const pool = poolOf(server, { connections: 1, maxUnreadBytes: 0 });
    const res = await pool.request('GET', '/long');
    expect(res.body.destroyed).toBe(false);
    const next = pool.request('GET', '/next');
    await sleep(50);
    expect(counts(pool)).toEqual({ size: 1, idle: 0, queued: 1, liveRequests: 2 });
    return { server, pool, res, next };
  }
  const both = { connections: [[...exchange(long), ...exchange()]] };
  const endless = thenAnswering([
    { read: 'request' },
    { send: 'HTTP/1.1 200 OK\r\n\r\n' },
    { streamForever: 64 * 1024 },
  ]);

  test('keeps its session until it is read', async () => {
    const { server, pool, res, next } = await streaming(both);
    expect((await text(res.body)).length).toBe(3_000_000);
    expect(await (await next).text()).toBe('hello');
    expect((await server.connections()).length).toBe(1);
    expect(counts(pool)).toEqual({ size: 1, idle: 1, queued: 0, liveRequests: 0 });
    pool.destroy();
  });

  test('keeps its session until its stream ends', async () => {
    const { server, pool, res, next } = await streaming(both);
    let length = 0;
    for await (const block of res.body) {
      if (length === 0) expect(pool.queued).toBe(1);
      length += (block as Buffer).length;
    }
    expect(length).toBe(3_000_000);
    expect((await next).status).toBe(200);
    expect((await server.connections()).length).toBe(1);
    pool.destroy();
  });

  test.each([
    ['cancelled', (res) => res.cancel()],
    ['destroyed', (res) => void res.body.destroy()],
    ['disposed', (res) => res[Symbol.dispose]()],
  ] as [string, (res: Response) => void][])('returns its session when it is %s', async (_, giveUp) => {
    const { server, pool, res, next } = await streaming(endless);
    giveUp(res);
    expect((await next).status).toBe(200);
    const records = await server.waitForClosed(1);
    expect(records.map(({ requests }) => requests)).toEqual([1, 1]);
    expect(counts(pool)).toEqual({ size: 1, idle: 1, queued: 0, liveRequests: 0 });
    pool.destroy();
  });

  test('returns its session when it is garbage-collected', async () => {
    const server = await serve(endless);
    expect(await runScenario('droppedPoolBody', server.port)).toEqual({ before: 1, status: 200, idle: 1 });
  });

  test('returns its session when its signal aborts, and when its timeout expires', async () => {
    const controller = new AbortController();
    const slow = thenAnswering(stalling(long.slice(0, 100_000)));
    for (const options of [{ signal: controller.signal }, { timeout: 300 }]) {
      const server = await serve(slow);
      using pool = poolOf(server, { connections: 1 });
      const res = await pool.request('GET', '/', options);
      const next = pool.request('GET', '/next');
      if (options.signal) controller.abort(reason);
      expect((await next).status).toBe(200);
      await expect(res.bytes()).rejects.toEqual(options.signal ? reason : neonError('NE_TIMEOUT', 6));
    }
  });

  test('returns its session when it breaks off', async () => {
    const server = await serve(
      thenAnswering([{ read: 'request' }, { send: long.slice(0, 2_000_000) }, { close: 'fin' }]),
    );
    using pool = poolOf(server, { connections: 1 });
    const res = await pool.request('GET', '/long');
    expect((await pool.request('GET', '/next')).status).toBe(200);
    await expect(res.bytes()).rejects.toEqual(neonError('NE_ERROR', 1));
  });
});

describe('a queued request', () => {
  /** A pool with a single session. The only request gets no response. */
  async function busy(): Promise<{ server: RawServer; pool: SessionPool; stalled: Promise<unknown> }> {
    const server = await serve(thenAnswering(stalling()));
    const pool = poolOf(server, { connections: 1 });
    const stalled = failureOf(() => pool.request('GET', '/stalled'));
    await server.waitForRequests(1);
    return { server, pool, stalled };
  }

  test('rejects at once when its signal aborts', async () => {
    const { server, pool, stalled } = await busy();
    const controller = new AbortController();
    const call = failureOf(() => pool.request('GET', '/queued', { signal: controller.signal }));
    const other = failureOf(() => pool.request('GET', '/other'));
    expect(pool.queued).toBe(2);
    controller.abort(reason);
    expect(pool.queued).toBe(1);
    expect(await call).toBe(reason);
    expect(counts(pool)).toEqual({ size: 1, idle: 0, queued: 1, liveRequests: 2 });
    pool.destroy({ force: true });
    await Promise.all([stalled, other]);
    expect(await pathsAt(server)).toEqual([['/stalled']]);
  });

  test('is not made when its signal has aborted before', async () => {
    const { pool, stalled } = await busy();
    await expect(pool.request('GET', '/', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(counts(pool)).toEqual({ size: 1, idle: 0, queued: 0, liveRequests: 1 });
    pool.destroy({ force: true });
    await stalled;
  });

  test('rejects with NE_TIMEOUT when its timeout expires', async () => {
    const { pool, stalled } = await busy();
    const begun = performance.now();
    const error = await failureOf(() => pool.request('GET', '/queued', { timeout: 100 }));
    expect(performance.now() - begun).toBeGreaterThan(95);
    expect(performance.now() - begun).toBeLessThan(1000);
    expect(error).toEqual(neonError('NE_TIMEOUT', 6));
    expect(error).toMatchObject({
      message: saying('Timed out after 100 ms'),
      method: 'GET',
      target: '/queued',
      origin: pool.origin,
    });
    expect(counts(pool)).toEqual({ size: 1, idle: 0, queued: 0, liveRequests: 1 });
    pool.destroy({ force: true });
    await stalled;
  });

  test('counts its time in the queue', async () => {
    const server = await serve({ connections: [[...slowOnce(300), ...stalling()]] });
    using pool = poolOf(server, { connections: 1 });
    const begun = performance.now();
    const first = pool.request('GET', '/first');
    const error = await failureOf(() => pool.request('GET', '/second', { timeout: 600 }));
    const took = performance.now() - begun;
    expect(error).toEqual(neonError('NE_TIMEOUT', 6));
    expect(textOf(error)).toBe('Timed out after 600 ms');
    expect(took).toBeGreaterThan(595);
    expect(took).toBeLessThan(850);
    expect((await first).status).toBe(200);
    expect(await pathsAt(server)).toEqual([['/first', '/second']]);
  });

  test('captures its options when it is made', async () => {
    const server = await serve(every(slowly(50)));
    using pool = poolOf(server, { connections: 1 });
    const first = pool.request('GET', '/');
    const [headers, body] = [{ X: 'before' }, Buffer.from('before')];
    const second = pool.request('PUT', '/', { headers, body });
    headers.X = 'after';
    body.fill('.');
    await Promise.all([first, second]);
    expect((await receivedBy(server))[0]).toMatch(/\r\nX: before\r\nContent-Length: 6\r\n\r\nbefore$/);
  });

  test.each([
    [['G T', '/'], wrongChar],
    [['GET', '/a b'], wrongChar],
    [['GET', 'http://other.example/'], wrongValue],
    [['GET', null], wrongType],
    [[1, '/'], wrongType],
    [['GET', '/', null], wrongType],
    [['GET', '/', { headers: { a: true } }], wrongType],
    [['GET', '/', { signal: {} }], wrongType],
    [['GET', '/', { timeout: 0 }], outOfRange],
  ])('rejects at once when it is invalid: %j', async (values, error) => {
    const { pool, stalled } = await busy();
    await expect(pool.request(...(values as unknown as Parameters<SessionPool['request']>))).rejects.toEqual(error);
    expect(counts(pool)).toEqual({ size: 1, idle: 0, queued: 0, liveRequests: 1 });
    pool.destroy({ force: true });
    await stalled;
  });

  test('is not sent when one signal aborts many', async () => {
    const server = await serve(thenAnswering(stalling(), stalling()));
    using pool = poolOf(server, { connections: 2 });
    const controller = new AbortController();
    const calls = paths(50).map((path) => failureOf(() => pool.request('GET', path, { signal: controller.signal })));
    await server.waitForRequests(2);
    controller.abort(reason);
    expect(new Set(await Promise.all(calls))).toEqual(new Set([reason]));
    await server.waitForClosed(2);
    expect((await pool.request('GET', '/next')).status).toBe(200);
    expect((await pathsAt(server)).flat().length).toBe(3);
  });
});

describe('a failure', () => {
  test('is reported like that of a session', async () => {
    const [port] = (await freePorts(1)) as [number];
    using pool = poolOf({ port });
    const error = await failureOf(() => pool.request('PROPFIND', '/a?b'));
    expect(error).toBeInstanceOf(NeonError);
    expect(error).toMatchObject({ code: 'NE_CONNECT', method: 'PROPFIND', target: '/a?b', origin: pool.origin });
    expect(counts(pool)).toEqual({ size: 1, idle: 1, queued: 0, liveRequests: 0 });
  });

  test('does not affect other requests', async () => {
    const [ok, cut]: Step[][] = [slowly(5), [{ read: 'request' }, { close: 'rst' }]];
    const server = await serve({ connections: [ok!, cut!, cut!, cut!, ok!], rest: 'repeat-last' });
    using pool = poolOf(server, { connections: 3 });
    const outcomes = await Promise.allSettled(paths(40).map((path) => pool.request('GET', path)));
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    expect(failed.length).toBe(3);
    for (const { reason: error } of failed as PromiseRejectedResult[]) expect(error).toEqual(neonError('NE_ERROR', 1));
    expect(counts(pool)).toEqual({ size: 3, idle: 3, queued: 0, liveRequests: 0 });
  });

  test('does not cost a connection when it is in the arguments', async () => {
    const server = await serve(answering());
    using pool = poolOf(server, { connections: 1 });
    for (let i = 0; i < 3; i++) {
      await pool.request('GET', '/');
      await expect(pool.request('GET', '/', { headers: { a: '\0' } })).rejects.toEqual(wrongChar);
      await expect(pool.request('GET', '/', { body: 1 as unknown as string })).rejects.toEqual(wrongType);
    }
    expect((await server.connections()).map(({ requests }) => requests)).toEqual([3]);
  });

  test('returns the session to the next request when it is an abort', async () => {
    const server = await serve(thenAnswering(stalling()));
    using pool = poolOf(server, { connections: 1 });
    const controller = new AbortController();
    const call = failureOf(() => pool.request('GET', '/', { signal: controller.signal }));
    const next = pool.request('GET', '/next');
    await server.waitForRequests(1);
    controller.abort(reason);
    expect(await call).toBe(reason);
    expect((await next).status).toBe(200);
    expect(counts(pool)).toEqual({ size: 1, idle: 1, queued: 0, liveRequests: 0 });
  });

  test('keeps the session when an abort cannot end the call yet', async () => {
    const server = await fullBacklogServer();
    try {
      using pool = poolOf(server, { connections: 1, connectTimeout: 1000 });
      const controller = new AbortController();
      const call = failureOf(() => pool.request('GET', '/', { signal: controller.signal }));
      await sleep(50);
      controller.abort(reason);
      expect(await call).toBe(reason);
      expect(counts(pool)).toEqual({ size: 1, idle: 0, queued: 0, liveRequests: 0 });
      const next = failureOf(() => pool.request('GET', '/next', { timeout: 100 }));
      expect(pool.queued).toBe(1);
      expect(await next).toEqual(neonError('NE_TIMEOUT', 6));
      const limit = performance.now() + 5000;
      while (pool.idle === 0 && performance.now() < limit) await sleep(20);
      expect(pool.idle).toBe(1);
    } finally {
      await server.stop();
    }
  });
});
