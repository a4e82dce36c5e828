/** Tests the options `signal` and `timeout` of the classes' requests. */
import { getEventListeners } from 'node:events';
import { Session } from 'libneon';
import * as ne from 'libneon/ne';
import type { Step } from '../../servers/raw.js';
import { bodyOf, headFor, withBody } from '../../support/bodies.js';
import { failureOf, neonError, outOfRange, wrongType } from '../../support/expect.js';
import {
  answering,
  endless,
  openSession as open,
  stalling,
  testServers,
  thenAnswering,
} from '../../support/servers.js';

const serve = testServers();

describe('signal and timeout', () => {
  const reason = new Error('the reason');

  test('sends nothing when the signal has aborted', async () => {
    const server = await serve(answering());
    using session = open(server);
    await expect(session.request('GET', '/', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(session.liveRequests).toBe(0);
    expect(await server.connections()).toEqual([]);
  });

  test('rejects on an abort before the response', async () => {
    const server = await serve(thenAnswering(stalling()));
    using session = open(server);
    const controller = new AbortController();
    const call = session.request('GET', '/', { signal: controller.signal });
    await server.waitForRequests(1);
    expect(session.liveRequests).toBe(1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(session.liveRequests).toBe(0);
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('rejects the reading of the body on an abort', async () => {
    const server = await serve(thenAnswering(endless()));
    using session = open(server);
    const controller = new AbortController();
    const res = await session.request('GET', '/', { signal: controller.signal });
    const bytes = res.bytes();
    bytes.catch(() => {});
    controller.abort(reason);
    await expect(bytes).rejects.toBe(reason);
    expect(session.liveRequests).toBe(0);
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('rejects a later reading of the body on an abort', async () => {
    const server = await serve(thenAnswering(endless()));
    using session = open(server);
    const controller = new AbortController();
    const res = await session.request('GET', '/', { signal: controller.signal });
    controller.abort(reason);
    expect(session.liveRequests).toBe(0);
    await expect(res.bytes()).rejects.toBe(reason);
    await server.waitForClosed(1);
  });

  test('removes its listener from the signal when the response was read', async () => {
    const server = await serve(answering(withBody(200_000)));
    using session = open(server);
    const { signal } = new AbortController();
    for (let i = 0; i < 20; i++) {
      const res = await session.request('GET', '/', { signal });
      expect((await res.bytes()).length).toBe(200_000);
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('rejects with NE_TIMEOUT', async () => {
    const server = await serve(thenAnswering(stalling()));
    using session = open(server);
    const error = await failureOf(() => session.request('GET', '/slow', { timeout: 300 }));
    expect(error).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
    expect(error).toMatchObject({
      method: 'GET',
      target: '/slow',
      origin: `http://127.0.0.1:${server.port}`,
    });
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('applies the timeout to the body', async () => {
    const unfinished: Step[] = [
      { read: 'request' },
      { send: headFor(1_000_000) },
      { send: bodyOf(100_000) },
      { hang: 'reading' },
    ];
    const server = await serve(thenAnswering(unfinished));
    using session = open(server);
    const res = await session.request('GET', '/slow', { timeout: 200 });
    const error = await failureOf(() => res.bytes());
    expect(error).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
    expect(session.liveRequests).toBe(0);
    await server.waitForClosed(1);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test.each([{ timeout: 0 }, { timeout: -1 }, { timeout: NaN }, { timeout: 2 ** 31 }])(
    'rejects %p',
    async (options) => {
      using session = new Session('http', 'nosuchhost.invalid', 80);
      await expect(session.request('GET', '/', options)).rejects.toEqual(outOfRange);
      expect(session.liveRequests).toBe(0);
    },
  );

  test('rejects an invalid signal', async () => {
    using session = new Session('http', 'nosuchhost.invalid', 80);
    await expect(session.request('GET', '/', { signal: {} as AbortSignal })).rejects.toEqual(wrongType);
    expect(session.liveRequests).toBe(0);
  });
});
