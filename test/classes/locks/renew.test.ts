/** Tests aborting, renewing and losing locks of the classes, and waiting for a lock, against scripted servers. */
import type { Lock, NeonError } from 'libneon';
import { runScenario } from '../../support/child.js';
import { failureOf, neonError, outOfRange, wrongType } from '../../support/expect.js';
import { lockSession as open } from '../../support/lock-forms.js';
import { conditionsOf, done, lockGranted, refused } from '../../support/lock-responses.js';
import {
  answering,
  exchange,
  keepAlive,
  receivedBy,
  stalling,
  testServers,
  thenAnswering,
} from '../../support/servers.js';

const serve = testServers();
const gone = neonError('ERR_NEON_DESTROYED');

describe('an aborted lock()', () => {
  test('keeps no lock, whatever the server did', async () => {
    const server = await serve(thenAnswering(stalling()));
    const session = open(server);
    const controller = new AbortController();
    const call = session.lock('/a', { signal: controller.signal });
    await server.waitForRequests(1);
    expect(session.liveRequests).toBe(1);
    controller.abort('the reason');
    await expect(call).rejects.toBe('the reason');
    expect(session.locks.size).toBe(0);
    expect((await session.put('/a', 'x')).status).toBe(200);
    expect((await conditionsOf(server)).at(-1)).toBeUndefined();
    await expect(session.lock('/a', { signal: AbortSignal.abort('before') })).rejects.toBe('before');
    await expect(session.lock('/a', { signal: 1 as never })).rejects.toEqual(wrongType);
  });

  test('keeps no lock when the abort races with the response', async () => {
    const server = await serve(answering(lockGranted('urn:1')));
    const session = open(server);
    for (let i = 0; i < 50; i++) {
      const controller = new AbortController();
      const call = session.lock('/a', { signal: controller.signal }).then(
        (lock) => [...session.locks].includes(lock),
        (reason: unknown) => reason === 'the reason',
      );
      setTimeout(() => controller.abort('the reason'), i % 5);
      expect(await call).toBe(true);
      for (const lock of session.locks) session.locks.delete(lock);
    }
    // The session submits only locks that the caller knows.
    await session.put('/a', 'x');
    expect((await conditionsOf(server)).at(-1)).toBeUndefined();
  });

  test('rejects when the session is destroyed by force', async () => {
    const server = await serve(thenAnswering(stalling()));
    const session = open(server);
    const call = session.lock('/a');
    await server.waitForRequests(1);
    expect(() => session.destroy()).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
    session.destroy({ force: true });
    await expect(call).rejects.toEqual(gone);
  });
});

describe('renewal', () => {
  const short = lockGranted('urn:1', { timeout: 'Second-1' });
  const granted = lockGranted('urn:1');
  /** Keeps these locks from being garbage-collected while a test waits for their loss. */
  const awaited = new Set<Lock>();
  const lost = (lock: Lock): Promise<NeonError> =>
    new Promise((resolve) => {
      awaited.add(lock);
      if (lock.signal.aborted) resolve(lock.signal.reason as NeonError);
      else lock.signal.addEventListener('abort', () => resolve(lock.signal.reason as NeonError));
    });

  test('keeps neither sessions nor the process alive', async () => {
    const server = await serve(answering(lockGranted('urn:1', { timeout: 'Second-600' })));
    expect(await runScenario('heldLocks', server.port)).toEqual({ left: 0, kept: 1 });
  });

  test('refreshes until the lock is given back', async () => {
    const server = await serve({
      connections: [[short, short, short].flatMap((granted) => exchange(granted)).concat(exchange(done))],
    });
    const session = open(server);
    const lock = await session.lock('/a', { renew: true, duration: 1000 });
    await server.waitForRequests(3, 20_000);
    expect(lock.signal.aborted).toBe(false);
    await lock.unlock();
    expect(await conditionsOf(server)).toEqual([undefined, '(<urn:1>)', '(<urn:1>)', undefined]);
    expect((await receivedBy(server))[0]).toContain('UNLOCK /a ');
  });

  test('reports when the server has forgotten the lock', async () => {
    const session = open(
      await serve({ connections: [[...exchange(short), ...exchange(refused('412 Precondition Failed'))]] }),
    );
    const lock = await session.lock('/a', { renew: true });
    expect(await lost(lock)).toMatchObject({ name: 'NeonError', status: 412 });
    expect(session.locks.has(lock)).toBe(true);
  });

  test('retries while there is time, then reports the loss', async () => {
    const server = await serve({ connections: [exchange(short)], rest: 'refuse' });
    const session = open(server);
    const lock = await session.lock('/a', { renew: true });
    await server.stop();
    expect(await lost(lock)).toMatchObject({
      name: 'NeonError',
      code: expect.stringMatching(/^NE_/) as string,
      method: 'LOCK',
    });
    expect(lock.expires!.getTime()).toBeLessThanOrEqual(Date.now());
  });

  test('continues when the server states a timeout only once', async () => {
    const withoutTimeout = short.replace('<D:timeout>Second-1</D:timeout>', ' '.repeat(31));
    const server = await serve({ connections: [exchange(short).concat(keepAlive(withoutTimeout))] });
    const lock = await open(server).lock('/a', { renew: true });
    await server.waitForRequests(3, 20_000);
    expect([lock.signal.aborted, lock.duration, lock.expires]).toEqual([false, null, null]);
  });

  test('accepts a timeout longer than a timer can wait', async () => {
    const server = await serve(answering(lockGranted('urn:1', { timeout: 'Second-4000000' })));
    const lock = await open(server).lock('/a', { renew: true });
    await lock.renew();
    expect((await conditionsOf(server)).at(-1)).toBe('(<urn:1>)');
  });

  test('continues while the session is closing, for the requests it waits for', async () => {
    const slow = [{ read: 'request' }, { delay: 200 }, { send: done }] as const;
    const server = await serve({ connections: [[...exchange(granted), ...slow, ...keepAlive(granted)]] });
    const session = open(server);
    const lock = await session.lock('/a');
    const put = session.put('/a', 'x', { signal: lock.signal });
    const closed = session.close();
    expect(await failureOf(() => lock.refresh())).toEqual(gone);
    void lock.renew(); // as the lock's timer does
    expect((await put).status).toBe(204);
    await closed;
    expect(lock.signal.reason).toMatchObject({ message: 'The session was destroyed' });
    expect(await conditionsOf(server)).toEqual([undefined, '</a> (<urn:1>)', '(<urn:1>)']);
  });

  test('continues after a temporary failure', async () => {
    const long = lockGranted('urn:1', { timeout: 'Second-11' }); // time for two renewals, five seconds apart
    const server = await serve({ connections: [[long, refused('503 Busy'), long].flatMap((text) => exchange(text))] });
    const session = open(server);
    const lock = await session.lock('/a', { renew: true });
    await server.waitForRequests(3, 20_000);
    expect([lock.signal.aborted, session.locks.has(lock)]).toEqual([false, true]);
  });

  test('ends a refresh that hangs when the lock expires', async () => {
    const server = await serve(thenAnswering([...exchange(short), ...stalling()]));
    const session = open(server);
    const lock = await session.lock('/a', { renew: true });
    expect(await lost(lock)).toMatchObject({ code: expect.stringMatching(/^NE_/) as string });
    expect(session.locks.has(lock)).toBe(true); // this use of the session keeps it from being collected earlier
  });

  test('runs for a function that waits only for the loss', async () => {
    const server = await serve({ connections: [exchange(short), exchange(refused('412 Precondition Failed'))] });
    expect(await runScenario('lockInUse', server.port)).toBe(412);
  });

  test('runs in withLock(), which rejects when the lock is lost meanwhile', async () => {
    const server = await serve({
      connections: [[short, short, refused('412 Precondition Failed')].flatMap((text) => exchange(text))],
    });
    const session = open(server);
    const failure = await failureOf(() => session.withLock('/a', lost));
    expect(failure).toMatchObject({ status: 412, method: 'LOCK' });
    expect(session.locks.size).toBe(0);
    expect((await server.connections())[0]?.requests).toBe(3);
  });
});

describe('the wait option of withLock()', () => {
  test('retries while another client holds the lock', async () => {
    const locked = refused('423 Locked');
    const server = await serve({
      connections: [[locked, locked, lockGranted('urn:1'), done].flatMap((text) => exchange(text))],
    });
    expect(await open(server).withLock('/a', () => 5, { wait: Infinity })).toBe(5);
    expect((await server.connections())[0]?.requests).toBe(4);
  });

  test('ends at its limit or by its signal', async () => {
    const session = open(await serve(answering(refused('423 Locked'))));
    expect(await failureOf(() => session.withLock('/a', () => 5, { wait: 50 }))).toMatchObject({ status: 423 });
    const signal = AbortSignal.timeout(50);
    expect(await failureOf(() => session.withLock('/a', () => 5, { wait: 1e9, signal }))).toBe(signal.reason);
    expect(await failureOf(() => session.withLock('/a', () => 5, { wait: -1 }))).toEqual(outOfRange);
    expect(await failureOf(() => session.withLock('/a', () => 5, { wait: '1' as never }))).toEqual(wrongType);
  });
});
