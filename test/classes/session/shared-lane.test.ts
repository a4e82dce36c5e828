/**
 * Tests requests on kept connections: those that the shared lane runs, and those that move to the thread of their
 * session. They must behave alike, so every test also holds without a shared lane.
 */
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { features, Session, type SessionOptions } from 'libneon';
import { bodyOf, headFor, kib, withBody } from '../../support/bodies.js';
import { failureOf } from '../../support/expect.js';
import { answering, exchange, keepAlive, receivedBy, testServers } from '../../support/servers.js';
import { response, type RawServer, type Step } from '../../servers/raw.js';

const serve = testServers();

/** A session whose connection is open, because it has done one request. */
async function warmSession({ port }: { port: number }, options?: SessionOptions): Promise<Session> {
  const session = new Session('http', '127.0.0.1', port, options);
  expect(await (await session.request('GET', '/first')).text()).toBe('hello');
  return session;
}

/** Starts a server that follows the steps after its first response, and a session that has received that response. */
async function warm(
  steps: Step[],
  options?: SessionOptions,
  further: Step[][] = [],
): Promise<{ server: RawServer; session: Session }> {
  const server = await serve({ connections: [[...exchange(), ...steps], ...further], rest: 'repeat-last' });
  return { server, session: await warmSession(server, options) };
}

/** Sends a text in pieces of one byte. */
const dribbled = (text: string, delay: number): Step[] =>
  Array.from(text).flatMap((letter): Step[] => [{ send: letter }, { delay }]);

test('the shared lane is there on Linux with glibc, unless it is switched off', () => {
  const report = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  const canShare = features.interrupt && report.header.glibcVersionRuntime !== undefined;
  expect(features.sharedLane).toBe(canShare && process.env['NEON_SHARED_LANE'] !== '0');
});

describe('a request on a kept connection', () => {
  test('receives short and long bodies, in order', async () => {
    const sizes = [0, 1, 2047, 2048, 2049, 64 * kib - 1, 64 * kib, 64 * kib + 1, 300 * kib, 3, 2000 * kib, 12];
    const { session } = await warm(sizes.flatMap((size) => exchange(withBody(size))));
    const bodies = sizes.map(async (size) => {
      const received = await (await session.request('GET', `/${size}`)).bytes();
      expect(received.equals(bodyOf(size))).toBe(true);
      return received.length;
    });
    expect(await Promise.all(bodies)).toEqual(sizes);
    await session.close();
  });

  test('receives a long body as a stream', async () => {
    const { session } = await warm(exchange(withBody(3000 * kib)));
    const { body } = await session.request('GET', '/');
    await sleep(50);
    expect((await buffer(body)).equals(bodyOf(3000 * kib))).toBe(true);
    await session.close();
  });

  test('receives chunks, trailers and compressed bodies', async () => {
    const text = 'compressible '.repeat(20_000);
    const gzipped = gzipSync(text);
    const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${gzipped.length}\r\n\r\n`;
    const chunks = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 7\r\n\r\n';
    const { session } = await warm([...exchange(chunks), ...exchange(Buffer.concat([Buffer.from(head), gzipped]))]);
    const chunked = await session.request('GET', '/');
    expect(await chunked.text()).toBe('hello');
    expect(chunked.trailers['x-sum']).toBe('7');
    const inflated = await session.request('GET', '/', { decompress: true });
    expect(await inflated.text()).toBe(text);
    await session.close();
  });

  test('sends bodies of all sizes', async () => {
    const sizes = [0, 1, 4 * kib, 8 * kib, 9 * kib, 300 * kib];
    const { server, session } = await warm(sizes.flatMap(() => exchange()));
    await Promise.all(sizes.map((size) => session.request('PUT', `/${size}`, { body: bodyOf(size) })));
    const [received] = await receivedBy(server);
    const at = sizes.map((size) => received!.indexOf(`PUT /${size} HTTP/1.1\r\n`));
    expect(at).toEqual([...at].sort((a, b) => a - b));
    for (const [i, size] of sizes.entries()) {
      const request = received!.slice(at[i], at[i + 1]);
      expect(request.slice(request.indexOf('\r\n\r\n') + 4)).toBe(bodyOf(size).toString());
    }
    await session.close();
  });

  test.each(['fin', 'rst'] as const)(
    'is sent again on a new connection when the kept one ends by %s',
    async (close) => {
      const again = exchange(response('again'));
      const { server, session } = await warm([{ read: 'request' }, { close }], {}, [again]);
      expect(await (await session.request('GET', '/second')).text()).toBe('again');
      const [first, second] = await receivedBy(server);
      expect(second).toBe(first!.slice(first!.indexOf('GET /second')));
      expect((await server.connections()).length).toBe(2);
      await session.close();
    },
  );

  test('uses a new connection when the peer spoke out of turn', async () => {
    const { server, session } = await warm([{ send: 'HTTP/1.1 200 OK\r\n\r\n' }, { hang: 'reading' }], {}, [
      exchange(response('right')),
    ]);
    await sleep(100);
    expect(await (await session.request('GET', '/second')).text()).toBe('right');
    expect((await receivedBy(server))[0]).not.toContain('/second');
    await session.close();
  });

  test.each([
    ['nothing', 'NE_TIMEOUT', []],
    ['a part of the status line', 'NE_TIMEOUT', [{ send: 'HTTP/1.1 2' }]],
    ['a part of the head', 'NE_TIMEOUT', [{ send: 'HTTP/1.1 200 OK\r\nContent-Le' }]],
    ['a part of the body', 'NE_ERROR', [{ send: `${headFor(10)}12345` }]],
  ] as [string, string, Step[]][])('times out when the server sends %s and stalls', async (_, code, start) => {
    const { session } = await warm([{ read: 'request' }, ...start, { hang: 'reading' }], { readTimeout: 1000 });
    const began = performance.now();
    const error = await failureOf(async () => (await session.request('GET', '/')).bytes());
    expect(error).toMatchObject({ code });
    expect(error.message).toMatch(/timed out/);
    expect(performance.now() - began).toBeGreaterThan(900);
    await session.close();
  });

  test('ends by its signal and its timeout, and the session goes on', async () => {
    const stall = [{ read: 'request' }, { hang: 'reading' }] as Step[];
    const { session } = await warm(stall, {}, [[...exchange(), ...stall], keepAlive()]);
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 50);
    expect(await failureOf(() => session.request('GET', '/', controller))).toBe(reason);
    expect(await (await session.request('GET', '/')).text()).toBe('hello');
    expect(await failureOf(() => session.request('GET', '/', { timeout: 50 }))).toMatchObject({ code: 'NE_TIMEOUT' });
    expect(await (await session.request('GET', '/')).text()).toBe('hello');
    await session.close();
  });

  test('is ended by close() while it waits', async () => {
    const { server, session } = await warm([{ read: 'request' }, { hang: 'reading' }]);
    const waiting = failureOf(() => session.request('GET', '/'));
    await sleep(50);
    await session.close({ timeout: 1 });
    expect(await waiting).toMatchObject({ code: 'ERR_NEON_DESTROYED' });
    await server.waitForClosed(1, 5000);
  });

  test('does not wait for the slow peer of another session', async () => {
    const fast = await serve({ connections: [keepAlive()] });
    const text = `${headFor(5)}hello`;
    const slow = await warm([{ read: 'request' }, ...dribbled(text, 30)]);
    const other = await warmSession(fast);
    let done = false;
    const dribbling = slow.session.request('GET', '/').then(async (res) => {
      done = true;
      return res.text();
    });
    let count = 0;
    for (const end = performance.now() + 500; performance.now() < end; count++)
      await (await other.request('GET', '/')).text();
    expect(done).toBe(false); // the response takes 30 ms for each of its bytes
    expect(count).toBeGreaterThan(20);
    expect(await dribbling).toBe('hello');
    await Promise.all([slow.session.close(), other.close()]);
  });

  test('does not wait for a peer of another session that never stops sending', async () => {
    const fast = await serve({ connections: [keepAlive()] });
    const flood: Step = { repeat: 'forever', steps: [{ send: 'X-Field: value\r\n'.repeat(1000) }] };
    const flooded = await warm([{ read: 'request' }, { send: 'HTTP/1.1 102 Processing\r\n' }, flood]);
    const other = await warmSession(fast);
    const controller = new AbortController();
    const outcome = failureOf(() => flooded.session.request('GET', '/', controller));
    for (let count = 0; count < 100; count++) await (await other.request('GET', '/')).text();
    controller.abort();
    expect(await outcome).toMatchObject({ name: 'AbortError' });
    await Promise.all([flooded.session.close(), other.close()]);
  });

  test('settles before a later request of the session that needs a thread', async () => {
    const server = await serve(answering());
    const sessions = await Promise.all(Array.from({ length: 50 }, () => warmSession(server)));
    const body = bodyOf(20 * kib); // too long for the shared lane
    for (let round = 0; round < 20; round++)
      await Promise.all(
        sessions.map(async (session) => {
          const order: number[] = [];
          const first = session.request('GET', '/').then(() => order.push(1));
          await Promise.all([first, session.request('PUT', '/', { body }).then(() => order.push(2))]);
          expect(order).toEqual([1, 2]);
        }),
      );
    for (const session of sessions) session.destroy();
  });

  test('makes neon connect as usual when the kept connection has ended', async () => {
    const { session } = await warm([{ close: 'fin' }], {}, [keepAlive()]);
    await sleep(100);
    const events: string[] = [];
    session.on('status', ({ type }) => events.push(type));
    await (await session.request('GET', '/')).text();
    expect(events.filter((type) => type === 'connecting')).toHaveLength(1);
    expect(events.filter((type) => type === 'disconnected')).toHaveLength(1);
    await session.close();
  });

  test('leaves the session to blocking calls', async () => {
    const { session } = await warm([{ repeat: 'forever', steps: exchange() }]);
    for (let round = 0; round < 5; round++) {
      expect(await (await session.request('GET', '/')).text()).toBe('hello');
      expect(session.requestSync('GET', '/').textSync()).toBe('hello');
    }
    await session.close();
  });

  test('takes turns with calls that need a thread', async () => {
    const sizes = [3, 200 * kib];
    const { session } = await warm([{ repeat: 'forever', steps: sizes.flatMap((size) => exchange(withBody(size))) }]);
    const read = async (): Promise<number> => (await (await session.request('GET', '/')).bytes()).length;
    const all = Array.from({ length: 40 }, read);
    expect(await Promise.all(all)).toEqual(all.map((_, i) => sizes[i % 2]));
    await session.close();
  });
});
