/** Tests of the options `signal` and `timeout` of `libneon/ne/promises`. */
import { getEventListeners } from 'node:events';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { fullBacklogServer, response } from '../../servers/raw.js';
import { failureOf, neonError, outOfRange, result, wrongType, wrongValue } from '../../support/expect.js';
import { testPending } from '../../support/pending.js';
import { big } from '../../support/requests.js';
import { answering, receivedBy, sessionWith, stalling, testServers, thenAnswering } from '../../support/servers.js';
import { fetchBody, surfaces } from '../../support/surfaces.js';

const serve = testServers();
const pending = testPending();
const { io } = surfaces[1]!;
const busy = neonError('ERR_NEON_BUSY');

test('rejects an unknown option, such as the userdata of C', async () => {
  const session = ne.ne_session_create('http', 'example.com', 80);
  const call = promises.ne_lock_discover(session, '/', () => {}, { userdata: 1 } as object);
  await expect(call).rejects.toEqual(wrongValue);
  await expect(call).rejects.toThrow('"userdata"');
  expect(ne.ne_get_error(session)).toBe('Unknown error.');
});

describe('signal', () => {
  const reason = new Error('the reason');

  test('rejects at once if it is already aborted, and sends nothing', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const call = promises.ne_request_dispatch(request, { signal: AbortSignal.abort(reason) });
    await expect(call).rejects.toBe(reason);
    expect(ne.ne_get_status(request).code).toBe(0); // the request is not busy
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    expect((await receivedBy(server)).join()).not.toContain('GET / ');
  });

  test('rejects with an AbortError without a reason of its own', async () => {
    const session = ne.ne_session_create('http', 'example.com', 80);
    const error = await failureOf(() => promises.ne_close_connection(session, { signal: AbortSignal.abort() }));
    expect(error.name).toBe('AbortError');
  });

  test.each([undefined, null, 'text', 0])('rejects with the reason %p', async (value) => {
    const server = await serve(thenAnswering(stalling()));
    const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
    const controller = new AbortController();
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await server.waitForRequests(1);
    controller.abort(value);
    const error = await call.then(
      () => 'resolved',
      (thrown: unknown) => thrown,
    );
    expect(error).toBe(controller.signal.reason);
  });

  test('removes a queued call', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const requests = ['/1', '/2', '/3'].map((path) => ne.ne_request_create(session, 'GET', path));
    const [first, second, third] = requests as [ne.ne_request, ne.ne_request, ne.ne_request];
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => {
      ne.ne_add_response_body_reader(
        first,
        () => (resolve(), new Promise((done) => (answer = () => done(1)))),
        () => 0,
      );
    });
    const controller = new AbortController();
    const calls = [
      promises.ne_request_dispatch(first),
      promises.ne_request_dispatch(second, { signal: controller.signal }),
      promises.ne_request_dispatch(third),
    ];
    await asked;
    controller.abort(reason);
    await expect(calls[1]).rejects.toBe(reason);
    answer();
    expect(await calls[0]).toBe(ne.NE_OK);
    expect(await calls[2]).toBe(ne.NE_OK);
    expect((await receivedBy(server)).map((text) => text.match(/GET \/\d/g))).toEqual([['GET /1', 'GET /3']]);
  });

  test('rejects while the status line is awaited and closes the connection', async () => {
    const server = await serve(thenAnswering(stalling()));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await server.waitForRequests(1);
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect((await server.waitForClosed(1))[0]!.clientClose).not.toBeNull();
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(ne.ne_get_status(request).code).toBe(200);
  });

  test('rejects during a connect', async () => {
    const server = await fullBacklogServer();
    try {
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      ne.ne_set_connect_timeout(session, 1); // after one second the thread leaves C by itself
      const controller = new AbortController();
      const call = promises.ne_request_dispatch(request, { signal: controller.signal });
      await turn();
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
      expect(() => ne.ne_get_status(request)).toThrow(busy);
    } finally {
      await server.stop();
    }
  });

  test('rejects in a body, fills nothing and ends the request', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n';
    const server = await serve(thenAnswering(stalling(head)));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await promises.ne_begin_request(request)).toBe(ne.NE_OK);
    const controller = new AbortController();
    const buffer = Buffer.alloc(10, '.');
    const call = promises.ne_read_response_block(request, buffer, { signal: controller.signal });
    await sleep(50); // so that the thread is in C
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await server.waitForClosed(1);
    await expect(promises.ne_read_response_block(request, buffer)).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
    expect(buffer.toString()).toBe('..........');
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
  });

  test('rejects in a dispatch whose body stalls', async () => {
    const server = await serve(thenAnswering(stalling('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234')));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const blocks: string[] = [];
    const begun = new Promise<void>((resolve) => {
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => {
        blocks.push(block.toString());
        resolve();
      });
    });
    const controller = new AbortController();
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await begun;
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await server.waitForClosed(1);
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    expect(blocks).toEqual(['01234']);
  });

  test('aborts several queued calls at once', async () => {
    const server = await serve(thenAnswering(stalling('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n')));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await promises.ne_begin_request(request)).toBe(ne.NE_OK);
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const calls = [
      promises.ne_read_response_block(request, Buffer.alloc(10), options),
      promises.ne_read_response_block(request, Buffer.alloc(10), options),
      promises.ne_end_request(request, options),
    ];
    controller.abort(reason);
    expect(await Promise.allSettled(calls)).toEqual(Array(3).fill({ status: 'rejected', reason }));
    expect(await result(() => promises.ne_request_destroy(request))).toBeUndefined();
    await server.waitForClosed(1);
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
  });

  test('rejects while a callback is pending, ignores its late answer and runs no other', async () => {
    const server = await serve(thenAnswering(stalling(response(big.toString()))));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    let answer = (): void => {};
    let calls = 0;
    const asked = new Promise<void>((resolve) => {
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => {
        calls++;
        resolve();
        return new Promise((done) => (answer = () => done(0)));
      });
    });
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await asked;
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await server.waitForClosed(1);
    answer();
    await turn();
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    expect(calls).toBe(1);
  });

  test.each(['returns', 'throws', 'returns a promise', 'returns a promise that rejects'])(
    'rejects in a callback that then %s',
    async (how) => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      const controller = new AbortController();
      let calls = 0;
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => {
        calls++;
        controller.abort(reason);
        if (how === 'throws') throw new Error('late');
        if (how === 'returns a promise') return Promise.resolve(0);
        if (how === 'returns a promise that rejects') return Promise.reject(new Error('late'));
        return 0;
      });
      await expect(promises.ne_request_dispatch(request, { signal: controller.signal })).rejects.toBe(reason);
      await server.waitForClosed(1);
      expect(calls).toBe(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    },
  );

  test('rejects after an await in a callback', async () => {
    const server = await serve(thenAnswering(stalling(response(big.toString()))));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, async () => {
      await turn();
      controller.abort(reason);
      await turn();
      return 0;
    });
    await expect(promises.ne_request_dispatch(request, { signal: controller.signal })).rejects.toBe(reason);
    await server.waitForClosed(1);
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
  });

  test('has no effect after the call has settled', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const controller = new AbortController();
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await promises.ne_request_dispatch(request, { signal: controller.signal })).toBe(ne.NE_OK);
    controller.abort(reason);
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect((await server.connections()).length).toBe(1);
  });

  test('leaves the error of a rejected call unchanged', async () => {
    const { signal } = new AbortController();
    await expect(
      promises.ne_end_request(ne.ne_request_create(ne.ne_session_create('http', 'a', 80), 'GET', '/'), {
        signal,
      }),
    ).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
    await expect(promises.ne_request_dispatch(null as unknown as ne.ne_request, { signal })).rejects.toEqual(wrongType);
  });

  test('ends many calls', async () => {
    const controller = new AbortController();
    const server = await serve({ connections: [stalling()], rest: 'repeat-last' });
    const sessions = Array.from({ length: 8 }, () => sessionWith(server));
    const requests = sessions.flatMap((session) => [1, 2].map(() => ne.ne_request_create(session, 'GET', '/')));
    const calls = requests.map((request) => promises.ne_request_dispatch(request, { signal: controller.signal }));
    await server.waitForRequests(8);
    expect(getEventListeners(controller.signal, 'abort').length).toBe(1);
    controller.abort(reason);
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes).toEqual(Array(16).fill({ status: 'rejected', reason }));
    await Promise.all(sessions.map((session) => promises.ne_close_connection(session)));
    await server.waitForClosed(8);
    while ((await server.openCount()) > 0) await sleep(5);
  });

  test('removes queued calls even if it also ends the call before them', async () => {
    const controller = new AbortController();
    const server = await serve({ connections: [stalling()], rest: 'repeat-last' });
    const sessions = Array.from({ length: 32 }, () => sessionWith(server));
    const requests = sessions.flatMap((session) =>
      ['/running', '/waiting', '/waiting'].map((path) => ne.ne_request_create(session, 'DELETE', path)),
    );
    const calls = requests.map((request) => promises.ne_request_dispatch(request, { signal: controller.signal }));
    await server.waitForRequests(32);
    controller.abort(reason);
    expect(await Promise.allSettled(calls)).toEqual(Array(96).fill({ status: 'rejected', reason }));
    await Promise.all(sessions.map((session) => promises.ne_close_connection(session)));
    await server.waitForClosed(32);
    while ((await server.openCount()) > 0) await sleep(5);
    const lines = (await receivedBy(server)).map((text) => text.split('\r\n')[0]);
    expect(lines).toEqual(Array(32).fill('DELETE /running HTTP/1.1'));
  });

  test('keeps the session busy until its thread has left C', async () => {
    const server = await serve(thenAnswering(stalling()));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const controller = new AbortController();
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await server.waitForRequests(1);
    controller.abort(reason);
    expect(() => ne.ne_get_status(request)).toThrow(busy);
    await expect(call).rejects.toBe(reason);
    await promises.ne_close_connection(session);
    expect(ne.ne_get_status(request).code).toBe(0);
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
  });
});

describe('timeout', () => {
  test('rejects with NE_TIMEOUT and closes the connection', async () => {
    const server = await serve(thenAnswering(stalling()));
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    const error = await failureOf(() => promises.ne_request_dispatch(request, { timeout: 50 }));
    expect(error).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
    expect(error.message).toBe('Timed out after 50 ms');
    await server.waitForClosed(1);
    expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
  });

  test('runs while the call is queued', async () => {
    const { requests, call, answer } = await pending('/second');
    await expect(promises.ne_request_dispatch(requests[1]!, { timeout: 20 })).rejects.toEqual(
      neonError('NE_TIMEOUT', ne.NE_TIMEOUT),
    );
    await answer();
    expect(await call).toBe(ne.NE_ERROR);
  });

  test('has no effect on a settled call', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(await promises.ne_request_dispatch(request, { timeout: 20_000 })).toBe(ne.NE_OK);
    expect(await promises.ne_request_dispatch(request, { timeout: undefined, signal: undefined })).toBe(ne.NE_OK);
  });

  test('yields to an earlier signal', async () => {
    const server = await serve({ connections: [stalling()] });
    const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
    const signal = AbortSignal.timeout(20);
    const error = await failureOf(() => promises.ne_request_dispatch(request, { signal, timeout: 20_000 }));
    expect(error).toBe(signal.reason);
  });
});

describe('bad options', () => {
  const session = ne.ne_session_create('http', 'example.com', 80);
  const call = (options: unknown): Promise<void> =>
    promises.ne_close_connection(session, options as promises.CallOptions);

  test.each([
    { signal: {} },
    { signal: 'abort' },
    { signal: new AbortController() },
    { timeout: '1' },
    { timeout: null },
    { timeout: 1n },
  ])('rejects %p', async (options) => {
    await expect(call(options)).rejects.toEqual(wrongType);
  });

  test.each([0, -1, NaN, Infinity, 2 ** 31])('rejects a timeout of %d', async (timeout) => {
    await expect(call({ timeout })).rejects.toEqual(outOfRange);
  });

  test.each([null, 1, 'options', true, Symbol('options')])('rejects %p', async (options) => {
    let promise: Promise<unknown> | undefined;
    expect(() => (promise = call(options))).not.toThrow();
    await expect(promise).rejects.toEqual(wrongType);
  });

  test('rejects with the error of a getter', async () => {
    const error = new Error('getter');
    const options = {
      get signal(): never {
        throw error;
      },
    };
    let promise: Promise<unknown> | undefined;
    expect(() => (promise = call(options))).not.toThrow();
    await expect(promise).rejects.toBe(error);
  });
});
