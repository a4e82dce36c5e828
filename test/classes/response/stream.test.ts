/** Tests unfinished responses of the classes: pausing, reading, cancelling and garbage-collecting them. */
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { Session, type Response } from 'libneon';
import * as ne from 'libneon/ne';
import { pem, testPki } from '../../servers/pki.js';
import { chunkedResponse, type RawServer, type Step } from '../../servers/raw.js';
import { bodyOf, headFor, kib, withBody } from '../../support/bodies.js';
import { runScenario } from '../../support/child.js';
import { failureOf, neonError, saying } from '../../support/expect.js';
import {
  answering,
  endless,
  exchange,
  openSession as open,
  stalling,
  testServers,
  thenAnswering,
} from '../../support/servers.js';

const serve = testServers();

describe('a response that streams', () => {
  /** A session, and a response whose body is still arriving. */
  async function streaming(): Promise<{ server: RawServer; session: Session; res: Response }> {
    const server = await serve(thenAnswering(endless()));
    const session = open(server);
    return { server, session, res: await session.request('GET', '/endless') };
  }

  test.each([
    [64 * kib - 1, false],
    [64 * kib, false],
    [64 * kib + 1, true],
  ])('starts above 64 KiB: %d bytes', async (length, streams) => {
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

  const pausing: [string, Step[], string[]][] = [
    ['before the body', [{ send: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n' }], ['first', 'other']],
    ['in the body', [{ send: 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfir' }], ['st', 'other']],
    [
      'between two chunks',
      [{ send: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nf\r\n' }],
      ['4\r\nirst\r\n', '5\r\nother\r\n0\r\n\r\n'],
    ],
    ['before the end of the connection', [{ send: 'HTTP/1.1 200 OK\r\n\r\n' }], ['first', 'other']],
  ];

  test.each(
    pausing.flatMap((row) =>
      [false, true].flatMap((kept) => [false, true].map((encrypted) => [...row, kept, encrypted] as const)),
    ),
  )('starts when the server pauses %s, and goes on (%#)', async (_, start, [first, other], kept, encrypted) => {
    const pause: Step = { delay: 1000 };
    const script: Step[] = [...start, pause, { send: first! }, pause, { send: other! }, { close: 'fin' }];
    const { ca, server: own } = testPki();
    const server = await serve({
      connections: [[...(kept ? exchange() : []), { read: 'request' }, ...script]],
      ...(encrypted && { tls: { key: pem(own.key), cert: pem(own.cert) } }),
    });
    const session = encrypted
      ? new Session('https', 'localhost', server.port, { tls: { ca: pem(ca.cert), trustDefaultCA: false } })
      : open(server);
    if (kept) await (await session.request('GET', '/')).bytes();
    const res = await session.request('GET', '/events');
    expect(session.liveRequests).toBe(1);
    let text = '';
    for await (const block of res.body) {
      text += String(block);
      if (text === 'first') expect(session.liveRequests).toBe(1); // the rest has not arrived
    }
    expect(text).toBe('firstother');
    expect(session.liveRequests).toBe(0);
    session.destroy();
  });

  test('is not available to the blocking methods', async () => {
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

  test('is paused while it is not read', async () => {
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
    expect(unread).toBeLessThan(32_000_000); // the buffers of both sockets, and 256 KiB in this package
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

  test('gives a waiting reader each block as it arrives', async () => {
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
  }, 60_000);

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
      'leaving the loop of a reader',
      async (res) => {
        for await (const _ of res.body) break;
      },
    ],
  ];

  test.each(ends)('is given up by %s, and the next request opens a connection', async (_, end) => {
    const { server, session, res } = await streaming();
    await end(res);
    await turn();
    expect(session.liveRequests).toBe(0);
    await server.waitForClosed(1);
    const next = await session.request('GET', '/next');
    expect([next.status, await next.text()]).toEqual([200, 'hello']);
    session.destroy();
  });

  test.each(ends.slice(0, 3))('ignores a second %s', async (_, end) => {
    const { session, res } = await streaming();
    await end(res);
    if (_ !== 'body.destroy()') expect(end(res)).toBeUndefined();
    else expect(res.body.destroyed).toBe(true);
    expect(session.liveRequests).toBe(0);
    session.destroy();
  });

  test('rejects reading after cancel()', async () => {
    const { session, res } = await streaming();
    res.cancel();
    await expect(res.bytes()).rejects.toMatchObject({ name: 'NeonError' });
    session.destroy();
  });

  test('rejects a running read on cancel()', async () => {
    const { server, session, res } = await streaming();
    const bytes = res.bytes();
    bytes.catch(() => {});
    await sleep(20);
    res.cancel();
    await expect(bytes).rejects.toEqual(neonError('ERR_NEON_ABORTED'));
    await server.waitForClosed(1);
    session.destroy();
  });

  test('emits the error that its stream is destroyed with', async () => {
    const { server, session, res } = await streaming();
    const { body } = res;
    const reason = new Error('the reason');
    const seen = new Promise((resolve) => body.once('error', resolve));
    body.destroy(reason);
    expect(await seen).toBe(reason);
    await server.waitForClosed(1);
    session.destroy();
  });

  test('rejects a second reading of the body', async () => {
    const { session, res } = await streaming();
    expect(res.body.readable).toBe(true);
    await expect(res.bytes()).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
    res.body.destroy();
    session.destroy();
  });

  test('fails its stream when the connection closes', async () => {
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
      message: saying('Could not read response body: connection was closed by server'),
    });
  });

  test('ends its request when it is garbage-collected unread', async () => {
    const server = await serve(thenAnswering(endless()));
    expect(await runScenario('droppedResponse', server.port)).toEqual({ before: 1, after: 0, next: 200 });
    await server.waitForClosed(1);
  });

  test('ends its request when its half-read body is garbage-collected', async () => {
    const server = await serve(thenAnswering(endless()));
    expect(await runScenario('droppedBody', server.port)).toEqual({ before: 1, after: 0, next: 200 });
    await server.waitForClosed(1);
  });

  test('is garbage-collected together with its session', async () => {
    const server = await serve({ connections: [endless()] });
    expect(await runScenario('droppedSession', server.port)).toEqual({ collected: true });
    await server.waitForClosed(1);
  });
});
