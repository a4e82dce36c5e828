/** Tests how long methods of a SessionPool, such as propfind, hold a session. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { SessionPool, type SessionPoolOptions } from 'libneon';
import { response, type Step } from '../../servers/raw.js';
import { failureOf, neonError, wrongChar, wrongType, wrongValue } from '../../support/expect.js';
import { counts } from '../../support/pools.js';
import { answering, exchange, receivedBy, stalling, testServers, thenAnswering } from '../../support/servers.js';

const serve = testServers();

function poolOf({ port }: { port: number }, options?: SessionPoolOptions): SessionPool {
  return new SessionPool(`http://127.0.0.1:${port}/dav/`, options);
}

function many(count: number): string {
  const one = (i: number): string =>
    `<D:response><D:href>/${i}</D:href><D:propstat><D:prop><D:displayname>${'x'.repeat(200)}</D:displayname></D:prop>` +
    '<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>';
  const text = Array.from({ length: count }, (_, i) => one(i)).join('');
  return response(`<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">${text}</D:multistatus>`, {
    status: '207 Multi-Status',
    headers: { 'Content-Type': 'text/xml' },
  });
}

const oneIdle = { size: 1, idle: 1, queued: 0, liveRequests: 0 };
const reason = new Error('the reason');

describe('a PROPFIND of a pool', () => {
  test.each([
    ['is awaited', async (pool: SessionPool) => (await pool.propfind('a%20b', { depth: 0 })).length],
    ['lists names', async (pool: SessionPool) => (await pool.propNames('a%20b', { depth: 0 })).length],
    [
      'is iterated',
      async (pool: SessionPool) => {
        let seen = 0;
        for await (const { href } of pool.propfind('a%20b', { depth: 0 })) expect(href).toBe(`/${seen++}`);
        return seen;
      },
    ],
  ])('returns its session when it %s', async (_, list) => {
    const server = await serve(answering(many(2000)));
    const pool = poolOf(server, { connections: 1 });
    expect(await list(pool)).toBe(2000);
    expect(await list(pool)).toBe(2000);
    await turn();
    expect(counts(pool)).toEqual(oneIdle);
    const texts = await receivedBy(server);
    expect(texts).toHaveLength(1);
    expect(texts[0]).toMatch(/^PROPFIND \/dav\/a%20b HTTP[^]*\r\nDepth: 0\r\n/);
    pool.destroy();
  });

  test('runs beside others, or waits in the queue', async () => {
    const steps: Step[] = [{ read: 'request' }, { delay: 200 }, { send: many(300) }];
    const server = await serve({ connections: [[{ repeat: 'forever', steps }]], rest: 'repeat-last' });
    await using pool = poolOf(server, { connections: 3 });
    const all = Array.from({ length: 7 }, async () => (await pool.propfind('/')).length);
    await turn(); // a PROPFIND is sent when it is awaited
    expect(counts(pool)).toEqual({ size: 3, idle: 0, queued: 4, liveRequests: 7 });
    expect(await Promise.all(all)).toEqual(all.map(() => 300));
    expect((await server.connections()).length).toBe(3);
  });

  test('holds no session before it is awaited', async () => {
    const server = await serve(answering());
    const pool = poolOf(server);
    pool.propfind('/');
    expect(counts(pool)).toEqual(oneIdle);
    await pool.close();
    expect(await server.connections()).toEqual([]);
  });

  test('holds its session until it ends', async () => {
    const server = await serve({ connections: [[...exchange(many(20_000)), ...exchange()]] });
    const pool = poolOf(server, { connections: 1, maxUnreadBytes: 0 });
    const iterator = pool.propfind('/')[Symbol.asyncIterator]();
    await iterator.next();
    const next = pool.get('/next');
    await sleep(100);
    expect(counts(pool)).toEqual({ size: 1, idle: 0, queued: 1, liveRequests: 2 });
    let seen = 1;
    for await (const { href } of iterator) expect(href).toBe(`/${seen++}`);
    expect(seen).toBe(20_000);
    expect((await next).status).toBe(200);
    await pool.close();
  });

  const half = many(3000).slice(0, -1000);
  test.each<[string, (pool: SessionPool) => Promise<unknown>, unknown]>([
    [
      'its loop is left',
      async (pool) => {
        for await (const { href } of pool.propfind('/')) return href;
        return undefined;
      },
      '/0',
    ],
    ['its signal aborts', (pool) => aborted((signal) => pool.propfind('/', { signal })), reason],
    [
      'its timeout expires',
      (pool) => failureOf(async () => pool.propfind('/', { timeout: 100 })),
      neonError('NE_TIMEOUT', 6),
    ],
  ])('returns its session when %s', async (_, leave, outcome) => {
    const server = await serve(thenAnswering(stalling(half)));
    const pool = poolOf(server, { connections: 1 });
    const left = leave(pool);
    await turn(); // a PROPFIND is sent when it is awaited
    const next = pool.get('/next');
    expect(await left).toEqual(outcome);
    expect((await next).status).toBe(200);
    expect((await server.waitForClosed(1))[0]!.requests).toBe(1);
    await turn();
    expect(counts(pool)).toEqual(oneIdle);
    pool.destroy();
  });

  async function aborted(start: (signal: AbortSignal) => PromiseLike<unknown>): Promise<unknown> {
    const controller = new AbortController();
    const failure = failureOf(async () => start(controller.signal));
    await sleep(50);
    controller.abort(reason);
    return failure;
  }

  test('returns its session when it fails', async () => {
    const server = await serve(answering(response('no', { status: '404 Not Found' })));
    await using pool = poolOf(server, { connections: 1 });
    const error = await failureOf(async () => pool.propfind('x'));
    expect(error).toMatchObject({
      code: 'ERR_NEON_STATUS',
      status: 404,
      method: 'PROPFIND',
      target: '/dav/x',
      origin: pool.origin,
    });
    await turn();
    expect(counts(pool)).toEqual(oneIdle);
  });
});

describe('a queued PROPFIND', () => {
  async function busy(): Promise<{ pool: SessionPool; stalled: Promise<unknown>; sent: () => Promise<string> }> {
    const server = await serve(thenAnswering(stalling()));
    const pool = poolOf(server, { connections: 1 });
    const stalled = pool.get('/stalled').catch((error: unknown) => error);
    return { pool, stalled, sent: async () => (await receivedBy(server)).join('') };
  }

  test('ends by its signal, its timeout, or the destruction of the pool', async () => {
    const { pool, sent } = await busy();
    const controller = new AbortController();
    const calls = [
      failureOf(async () => pool.propfind('/', { signal: controller.signal })),
      failureOf(async () => pool.propfind('/', { timeout: 50 })),
    ];
    const iterator = pool.propfind('/')[Symbol.asyncIterator]();
    const waiting = failureOf(() => iterator.next());
    await sleep(10);
    expect(counts(pool)).toEqual({ size: 1, idle: 0, queued: 3, liveRequests: 4 });
    controller.abort(reason);
    expect(await Promise.all(calls)).toEqual([reason, neonError('NE_TIMEOUT', 6)]);
    expect(pool.queued).toBe(1);
    pool.destroy({ force: true });
    expect(await waiting).toEqual(neonError('ERR_NEON_DESTROYED'));
    expect(await sent()).not.toContain('PROPFIND');
  });

  test('starts in its turn', async () => {
    const server = await serve({
      connections: [
        [{ read: 'request' }, { delay: 100 }, { send: response('a') }, ...exchange(many(2)), ...exchange()],
      ],
    });
    await using pool = poolOf(server, { connections: 1 });
    const [first, entries, last] = await Promise.all([
      pool.get('/1'),
      pool.propfind('/2').then((list) => list),
      pool.get('/3'),
    ]);
    expect([first.status, entries.length, last.status]).toEqual([200, 2, 200]);
    const [text] = await receivedBy(server);
    expect(text!.match(/^\w+ \/\d/gm)).toEqual(['GET /1', 'PROPFIND /2', 'GET /3']);
  });
});

test('closes after a running PROPFIND and rejects later ones; refuses destroy(), or ends it by force', async () => {
  const server = await serve({
    connections: [[{ read: 'request' }, { delay: 100 }, { send: many(3) }]],
    rest: 'close',
  });
  const pool = poolOf(server);
  const entries = pool.propfind('/').then((list) => list.length);
  const late = pool.propfind('/late');
  await sleep(10);
  expect(() => pool.destroy()).toThrow(/PROPFIND \//);
  const closed = pool.close();
  expect(() => pool.propfind('/')).toThrow(neonError('ERR_NEON_DESTROYED'));
  expect(await failureOf(async () => late)).toEqual(neonError('ERR_NEON_DESTROYED'));
  expect(await entries).toBe(3);
  await closed;
  expect(pool.destroyed).toBe(true);

  const other = poolOf(await serve({ connections: [stalling(many(100).slice(0, -50))] }));
  const failure = failureOf(async () => other.propfind('/'));
  await sleep(50);
  other.destroy({ force: true });
  expect(await failure).toEqual(neonError('ERR_NEON_DESTROYED'));
  expect(other.liveRequests).toBe(0);
});

test('rejects invalid arguments', async () => {
  const server = await serve(answering());
  await using pool = poolOf(server);
  const rejects = async (expected: Error, target: unknown, options?: unknown): Promise<void> =>
    expect(await failureOf(async () => pool.propfind(target as string, options as object))).toEqual(expected);
  await rejects(wrongType, 1);
  await rejects(wrongChar, '/a b');
  await rejects(wrongValue, 'http://other.example/');
  await rejects(wrongType, '/', { signal: 1 });
  await rejects(wrongValue, '/', { depth: 2 });
  expect(counts(pool)).toEqual(oneIdle);
  expect(await receivedBy(server)).toEqual([]);
});

test('emits the events of its sessions while there is a listener', async () => {
  const server = await serve(answering());
  await using pool = poolOf(server, { connections: 2 });
  const seen: string[] = [];
  const listener = ({ type }: { type: string }): void => void seen.push(type);
  pool.on('status', listener);
  await Promise.all([pool.get('/1'), pool.get('/2')]);
  await sleep(20);
  expect(seen.filter((type) => type === 'connected')).toHaveLength(2);
  pool.off('status', listener);
  const before = seen.length;
  await Promise.all([pool.get('/1'), pool.get('/2')]);
  await sleep(20);
  expect(seen).toHaveLength(before);
});
