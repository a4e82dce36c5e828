/** Tests the end of a pool: close(), destroy(), and the exit of the process. */
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Response, SessionPool } from 'libneon';
import { runScenario } from '../../support/child.js';
import { failureOf, neonError, saying } from '../../support/expect.js';
import { counts, every, long, paths, pathsAt, poolOf, slowly } from '../../support/pools.js';
import { answering, exchange, stalling, testServers } from '../../support/servers.js';

const serve = testServers();

describe('close()', () => {
  test('rejects new requests, and waits for running and queued ones', async () => {
    const server = await serve(every(slowly(50)));
    const pool = poolOf(server, { connections: 2 });
    const calls = paths(6).map((path) => pool.request('GET', path));
    const closed = pool.close();
    expect(pool.destroyed).toBe(false);
    const error = await failureOf(() => pool.request('GET', '/late'));
    expect(error).toEqual(neonError('ERR_NEON_DESTROYED'));
    expect(error).toMatchObject({ message: 'The pool is closing', origin: pool.origin });
    for (const res of await Promise.all(calls)) expect(res.status).toBe(200);
    await closed;
    expect(pool.destroyed).toBe(true);
    expect(counts(pool)).toEqual({ size: 0, idle: 0, queued: 0, liveRequests: 0 });
    expect((await server.waitForClosed(2)).map(({ clientClose }) => clientClose)).toEqual(['fin', 'fin']);
    expect((await pathsAt(server)).flat().sort()).toEqual(paths(6));
    await expect(pool.request('GET', '/')).rejects.toMatchObject({ message: 'The pool is destroyed' });
  });

  test('waits for bodies that are being read', async () => {
    const server = await serve(answering(long));
    const pool = poolOf(server, { connections: 2 });
    const responses = await Promise.all([pool.request('GET', '/1'), pool.request('GET', '/2')]);
    const queued = pool.request('GET', '/3');
    let done = false;
    const { body } = responses[1];
    const closed = pool.close().then(() => (done = true));
    await responses[0].bytes();
    expect((await (await queued).bytes()).length).toBe(3_000_000);
    await sleep(50);
    expect([done, pool.liveRequests]).toEqual([false, 1]);
    expect((await text(body)).length).toBe(3_000_000);
    await closed;
    await server.waitForClosed(2);
  });

  test('resolves on an idle pool, when repeated, and after destroy()', async () => {
    const pool = new SessionPool('http://example.com/');
    await Promise.all([pool.close(), pool.close()]);
    await pool.close();
    pool.destroy();
    expect(pool.destroyed).toBe(true);
  });

  test('ends when the pool is destroyed by force', async () => {
    const server = await serve(every(stalling()));
    const pool = poolOf(server);
    const call = failureOf(() => pool.request('GET', '/'));
    const closed = pool.close();
    pool.destroy({ force: true });
    await closed;
    expect(await call).toEqual(neonError('ERR_NEON_DESTROYED'));
  });

  test('runs at the end of an `await using` scope', async () => {
    const server = await serve(every(slowly(20)));
    let call: Promise<Response>;
    {
      await using pool = poolOf(server);
      call = pool.request('GET', '/');
    }
    expect((await call).status).toBe(200);
    await server.waitForClosed(1);
  });
});

describe('destroy()', () => {
  test('throws while requests are live', async () => {
    const server = await serve(answering(long));
    const pool = poolOf(server, { connections: 1 });
    const res = await pool.request('GET', '/a');
    const queued = pool.request('PUT', '/b');
    const refused = { code: 'ERR_NEON_LIVE_REQUESTS', message: '2 requests of this pool are live: GET /a, PUT /b' };
    expect(() => pool.destroy()).toThrow(expect.objectContaining(refused) as Error);
    expect(() => pool[Symbol.dispose]()).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
    await res.bytes();
    await (await queued).bytes();
    pool.destroy();
    pool.destroy();
    expect(counts(pool)).toEqual({ size: 0, idle: 0, queued: 0, liveRequests: 0 });
    await server.waitForClosed(1);
  });

  test('ends running requests, queued ones and bodies by force', async () => {
    const server = await serve({
      connections: [[{ read: 'request' }, { send: long.slice(0, 500_000) }, { hang: 'reading' }], stalling()],
    });
    const pool = poolOf(server, { connections: 2 });
    const res = await pool.request('GET', '/body');
    const calls = paths(5).map((path) => failureOf(() => pool.request('GET', path)));
    const reading = failureOf(() => res.bytes());
    await server.waitForRequests(2);
    expect(counts(pool)).toEqual({ size: 2, idle: 0, queued: 4, liveRequests: 6 });
    pool.destroy({ force: true });
    expect(counts(pool)).toEqual({ size: 0, idle: 0, queued: 0, liveRequests: 0 });
    expect(await reading).toEqual(neonError('ERR_NEON_DESTROYED'));
    for (const [i, error] of (await Promise.all(calls)).entries()) {
      expect(error).toEqual(neonError('ERR_NEON_DESTROYED'));
      expect(error).toMatchObject({ message: saying('The pool was destroyed'), target: `/${i}`, origin: pool.origin });
    }
    await server.waitForClosed(2);
    expect(await pathsAt(server)).toEqual([['/body'], ['/0']]);
    pool.destroy({ force: true });
  });

  test('ends a stream by force', async () => {
    const server = await serve(every([...exchange(long.slice(0, 500_000)), { hang: 'reading' }]));
    const pool = poolOf(server);
    const { body } = await pool.request('GET', '/');
    body.resume();
    const failed = once(body, 'error');
    await sleep(20);
    pool.destroy({ force: true });
    expect(await failed).toEqual([neonError('ERR_NEON_DESTROYED')]);
  });
});

describe('a process', () => {
  test('is not kept alive by an idle pool', async () => {
    const server = await serve(answering());
    const begun = performance.now();
    expect(await runScenario('idlePool', server.port)).toEqual({ idle: 2 });
    expect(performance.now() - begun).toBeLessThan(10_000);
  });

  test('is kept alive by a queued request', async () => {
    const server = await serve(every(slowly(100)));
    expect(await runScenario('queuedInPool', server.port)).toEqual({ statuses: [200, 200, 200] });
  });

  test('loses the connections of a pool that was garbage-collected', async () => {
    const server = await serve(answering());
    expect(await runScenario('droppedPool', server.port)).toEqual({ opened: 2, collected: true, closed: true });
    await server.waitForClosed(2);
  });
});
