/** Tests the locks of pools: all sessions submit them. */
import { SessionPool } from 'libneon';
import { startApache } from '../../servers/apache.js';
import { describeWith } from '../../servers/packages.js';
import type { RunningServer } from '../../servers/start.js';
import { failureOf, neonError } from '../../support/expect.js';
import { conditions, done, lockGranted, locksFound } from '../../support/lock-responses.js';
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
const open = ({ port }: { port: number }, connections = 4): SessionPool =>
  new SessionPool(`http://127.0.0.1:${port}/c/`, { connections, flags: { connauth: true } });

test('submits a lock on every session, both existing and later ones', async () => {
  const server = await serve(answering(lockGranted('urn:1', { timeout: 'Second-50' })));
  const pool = open(server);
  const before = await Promise.all([pool.get('a'), pool.get('a')]);
  expect([before.length, pool.size]).toEqual([2, 2]);
  const lock = await pool.lock('a', { duration: 60_000 });
  expect([...pool.locks]).toEqual([lock]);
  await Promise.all(Array.from({ length: 12 }, () => pool.put('a', 'x')));
  expect(pool.size).toBe(4);
  expect(await pool.refreshLock(lock)).toBe(50_000);
  await lock.unlock();
  expect([pool.locks.size, lock.released]).toEqual([0, true]);
  await Promise.all(Array.from({ length: 12 }, () => pool.put('a', 'x')));
  const all = conditions(await receivedBy(server));
  const mine = all.filter((text) => text === `<http://127.0.0.1:${server.port}/c/a> (<urn:1>)`);
  expect([mine.length, all.filter((text) => text === '(<urn:1>)').length, all.length]).toEqual([
    12,
    1,
    2 + 1 + 12 + 1 + 1 + 12,
  ]);
  await pool.close();
});

test('holds a session only for the duration of a call in withLock()', async () => {
  const server = await serve({
    connections: [
      [lockGranted('urn:1'), done, done].flatMap((answer) => [{ read: 'request' }, { send: answer }] as const),
    ],
  });
  const pool = open(server, 1);
  const status = await pool.withLock('a', async () => (await pool.put('a', 'x')).status);
  expect([status, pool.locks.size, pool.liveRequests]).toEqual([204, 0, 0]);
  await pool.close();
});

test('queues lock calls, which can be aborted there', async () => {
  const server = await serve(thenAnswering(stalling()));
  const pool = open(server, 1);
  const first = pool.get('a');
  const controller = new AbortController();
  const waiting = [pool.lock('a', { signal: controller.signal }), pool.lock('b')];
  expect([pool.queued, pool.liveRequests]).toEqual([2, 3]);
  controller.abort('the reason');
  await expect(waiting[0]).rejects.toBe('the reason');
  expect(pool.queued).toBe(1);
  expect(() => pool.destroy()).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
  pool.destroy({ force: true });
  const gone = neonError('ERR_NEON_DESTROYED');
  await expect(first).rejects.toEqual(gone);
  await expect(waiting[1]).rejects.toEqual(gone);
  expect(await failureOf(() => pool.lock('a'))).toEqual(gone);
});

test('ends the locks of a destroyed pool and rejects blocking calls', async () => {
  const pool = open(await serve(answering(lockGranted('urn:1'))));
  const lock = await pool.lock('a');
  const invalidState = neonError('ERR_NEON_INVALID_STATE');
  expect(() => lock.unlockSync()).toThrow(invalidState);
  expect(() => lock.refreshSync()).toThrow(invalidState);
  pool.destroy();
  expect(lock.signal.reason).toEqual(neonError('ERR_NEON_DESTROYED'));
  await lock[Symbol.asyncDispose]();
});

test('renews the locks of a closing pool while requests run', async () => {
  const granted = lockGranted('urn:1');
  const slow = [{ read: 'request' }, { delay: 200 }, { send: done }] as const;
  const server = await serve({
    connections: [[...exchange(granted), ...slow, ...keepAlive(granted)], keepAlive(granted)],
  });
  const pool = open(server);
  const lock = await pool.lock('a');
  const put = pool.put('a', 'x', { signal: lock.signal });
  const closed = pool.close();
  await lock.renew();
  expect(lock.signal.aborted).toBe(false);
  expect((await put).status).toBe(204);
  await closed;
  expect((await receivedBy(server))[1]).toContain('LOCK /c/a ');
});

test('ends a lock when its resource is deleted', async () => {
  const pool = open(await serve(answering(done)));
  const lock = pool.locks.add({ target: '/c/a', token: 'urn:1' });
  await pool.delete('a');
  expect([lock.released, pool.locks.size]).toEqual([true, 0]);
  await pool.close();
});

test('discovers locks', async () => {
  const pool = open(await serve(answering(locksFound([['/c/a', 'urn:a']]))));
  expect((await pool.discoverLocks('a')).map(({ token }) => token)).toEqual(['urn:a']);
  await pool.close();
});

describeWith('apache2', 'Apache', () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startApache();
  });
  afterAll(() => server.stop());

  test('fills a locked tree from many sessions at once', async () => {
    await using pool = new SessionPool(`http://127.0.0.1:${server.port}/dav/`, { connections: 4 });
    await using other = new SessionPool(`http://127.0.0.1:${server.port}/dav/`, { connections: 1 });
    await pool.mkcol('tree');
    await pool.withLock(
      'tree/',
      async () => {
        await Promise.all(Array.from({ length: 40 }, (_, i) => pool.put(`tree/${i}`, String(i))));
        expect(await failureOf(() => other.put('tree/41', 'x'))).toMatchObject({ code: 'ERR_NEON_STATUS' });
        await pool.move('tree/0', 'tree/moved');
      },
      { depth: 'infinity', owner: 'somebody' },
    );
    expect((await pool.propfind('tree/')).length).toBe(41);
    await other.delete('tree/');
  });
});
