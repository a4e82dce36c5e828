/** Tests calls during which code of the user runs: getters, providers, streams. The calls must settle all the same. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NeonError } from 'libneon';
import { type Body, Session, SessionPool } from 'libneon';
import { response } from '../../servers/raw.js';
import { answering, keepAlive, openSession, testServers } from '../../support/servers.js';

const serve = testServers();
const unhandled: unknown[] = [];
const note = (reason: unknown): void => void unhandled.push(reason);

beforeAll(() => void process.on('unhandledRejection', note));
afterEach(async () => {
  await sleep(5);
  expect(unhandled).toEqual([]);
});
afterAll(() => void process.off('unhandledRejection', note));

const urlOf = ({ port }: { port: number }): string => `http://127.0.0.1:${port}/`;

test('a body of null is refused', async () => {
  using session = openSession(await serve(answering()));
  const refused = expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }) as Error;
  await expect(session.put('/', null as unknown as Body)).rejects.toEqual(refused);
  await expect(session.post('/', null as unknown as Body)).rejects.toEqual(refused);
  await expect(session.request('PUT', '/', { body: null as unknown as Body })).rejects.toEqual(refused);
  expect(() => session.putSync('/', null as unknown as Body)).toThrow(refused);
});

describe('a getter of the body', () => {
  const bodyWith = (run: () => void): Body => ({
    get file(): string {
      run();
      return __filename;
    },
  });

  test('may destroy the session', async () => {
    const session = openSession(await serve(answering()));
    const call = session.put(
      '/',
      bodyWith(() => session.destroy({ force: true })),
    );
    await expect(call).rejects.toMatchObject({ code: 'ERR_NEON_DESTROYED' });
  });

  test('may destroy the session of a blocking call', async () => {
    const session = openSession(await serve(answering()));
    const call = (): unknown =>
      session.putSync(
        '/',
        bodyWith(() => session.destroy({ force: true })),
      );
    expect(call).toThrow(expect.objectContaining({ code: 'ERR_NEON_DESTROYED' }) as Error);
  });

  test('may abort the call', async () => {
    const server = await serve(answering());
    await using pool = new SessionPool(urlOf(server), { connections: 1 });
    const controller = new AbortController();
    const call = pool.put(
      '/aborted',
      bodyWith(() => controller.abort()),
      { signal: controller.signal },
    );
    await expect(call).rejects.toBe(controller.signal.reason);
    await pool.get('/next');
    expect([pool.liveRequests, pool.idle]).toEqual([0, 1]);
  });
});

test('a stream that cannot be destroyed makes only its own call fail', async () => {
  const server = await serve(answering(response('hello')));
  const sessions = Array.from({ length: 12 }, () => openSession(server));
  await Promise.all(sessions.map((session) => session.get('/')));
  const stubborn = (): Readable => {
    const stream = new Readable({ read() {} });
    stream.push('x');
    stream.destroy = (): never => {
      throw new Error('not destroyed');
    };
    return stream;
  };
  const controller = new AbortController();
  const calls = sessions.map((session, i) =>
    i === 5 ? session.put('/', stubborn(), { signal: controller.signal }) : session.get('/'),
  );
  controller.abort();
  const settled = await Promise.allSettled(calls);
  expect(settled.map(({ status }) => status)).toEqual(calls.map((_, i) => (i === 5 ? 'rejected' : 'fulfilled')));
  for (const session of sessions) session.destroy({ force: true });
});

test('thousands of queued calls of a pool may fail before they are sent', async () => {
  const server = await serve(answering());
  await using pool = new SessionPool(urlOf(server), { connections: 1 });
  const first = pool.get('/first');
  const failing = Array.from({ length: 3000 }, () => pool.put('/', 'abc', { headers: { 'Content-Length': '5' } }));
  const last = pool.get('/last');
  const settled = await Promise.allSettled(failing);
  expect(settled.every(({ status }) => status === 'rejected')).toBe(true);
  expect([(await first).status, (await last).status]).toEqual([200, 200]);
});

test('callbacks run in the context of their call, even if it has waited or was redirected', async () => {
  const redirect = 'HTTP/1.1 307 Elsewhere\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n';
  const server = await serve({
    connections: [
      [
        { read: 'request' },
        { send: redirect },
        { repeat: 'forever', steps: [{ read: 'request' }, { send: response('') }] },
      ],
      keepAlive(),
    ],
    rest: 'repeat-last',
  });
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const provider = (): ((size: number) => Buffer | null | boolean) => {
    let sent = false;
    return (size) => {
      seen.push(storage.getStore());
      if (size === 0) return !(sent = false);
      if (sent) return null;
      sent = true;
      return Buffer.from('x');
    };
  };
  using session = Session.open(urlOf(server));
  await storage.run('redirected', () => session.put('/a', provider(), { redirect: 'follow' }).catch(() => undefined));
  expect(new Set(seen.splice(0))).toEqual(new Set(['redirected']));

  await using pool = new SessionPool(urlOf(server), { connections: 1 });
  const calls = ['A', 'B', 'C'].map((name) => storage.run(name, () => pool.put(`/${name}`, provider())));
  await storage.run('other', () => Promise.all(calls));
  expect(new Set(seen)).toEqual(new Set(['A', 'B', 'C']));
});

test('a method and a target of a request must be one line', async () => {
  using session = openSession(await serve(answering()));
  using request = session.createRequest('GET', '/');
  const changed = request as { target: string };
  changed.target = '/\n0\nTransfer-Encoding\nchunked';
  const refused = expect.objectContaining({ code: 'ERR_INVALID_CHAR' }) as Error;
  await expect(request.dispatch()).rejects.toEqual(refused);
  expect(() => request.dispatchSync()).toThrow(refused);
});

test('calls settle in the order of their outcomes, whether they fail or not', async () => {
  const missing = response('', { status: '404 Not Found' });
  const turns = Array.from({ length: 5 }, () => [
    { read: 'request' as const },
    { send: missing },
    { read: 'request' as const },
    { send: response('hello') },
  ]).flat();
  using session = openSession(await serve({ connections: [turns] }));
  const order: string[] = [];
  const calls = Array.from({ length: 10 }, (_, i) =>
    session.get('/').then(
      () => order.push(`ok ${i}`),
      (error: unknown) => order.push(`${(error as NeonError).status} ${i}`),
    ),
  );
  const end = performance.now() + 200;
  while (performance.now() < end); // all responses arrive in one turn of the event loop
  await Promise.all(calls);
  expect(order).toEqual(Array.from({ length: 10 }, (_, i) => (i % 2 ? `ok ${i}` : `404 ${i}`)));
});

test('cancelling a body that was read leaves the progress reports of later calls alone', async () => {
  using session = openSession(await serve(answering(response('x'.repeat(300_000)))));
  const reportsOf = async (): Promise<number> => {
    let count = 0;
    const res = await session.get('/', { onProgress: () => count++ });
    await res.bytes();
    res.cancel();
    await sleep(20);
    return count;
  };
  for (let i = 0; i < 3; i++) expect(await reportsOf()).toBeGreaterThan(0);
});
