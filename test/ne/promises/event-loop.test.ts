/** Tests of `libneon/ne/promises` and the event loop: what keeps the loop alive, and that calls do not block it. */
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { response } from '../../servers/raw.js';
import { runScenario } from '../../support/child.js';
import { testPending } from '../../support/pending.js';
import { big } from '../../support/requests.js';
import { answering, exchange, sessionWith, stalling, testServers } from '../../support/servers.js';
import { pull, surfaces } from '../../support/surfaces.js';

const serve = testServers();
const pending = testPending();
const { io } = surfaces[1]!;

describe('the event loop', () => {
  test('stays alive while a call is pending', async () => {
    const server = await serve({
      connections: [[{ read: 'request' }, { delay: 300 }, { send: response('late') }]],
    });
    expect(await runScenario('pendingKeepsAlive', server.port)).toEqual({ result: 0, body: 'late' });
  });

  test('stays alive while a call waits for a callback', async () => {
    const server = await serve(answering());
    expect(await runScenario('callbackKeepsAlive', server.port)).toEqual({ result: 0, blocks: 2 });
  });

  test('ends despite an idle session', async () => {
    const server = await serve(answering());
    expect(await runScenario('idleSession', server.port)).toEqual({ status: 200 });
    await server.waitForClosed(1);
  });

  test('ends despite an aborted call', async () => {
    const server = await serve({ connections: [stalling()] });
    expect(await runScenario('abortedCall', server.port)).toEqual({ reason: 'the reason' });
    await server.waitForClosed(1);
  });

  test('runs while a call is pending', async () => {
    const { call, answer } = await pending();
    for (let i = 0; i < 100; i++) await turn();
    await answer();
    expect(await call).toBe(ne.NE_ERROR);
  });

  test('gets a turn between many slow callbacks', async () => {
    const server = await serve({ connections: [exchange()], rest: 'repeat-last' });
    const busy = (ms: number): void => {
      for (const end = performance.now() + ms; performance.now() < end;);
    };
    let called = 0;
    const calls = Array.from({ length: 40 }, () => {
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      ne.ne_add_response_body_reader(request, ne.ne_accept_always, () => {
        called++;
        busy(2);
        return 0;
      });
      return promises.ne_request_dispatch(request);
    });
    busy(500); // until all calls wait for their callbacks
    const before = await sleep(1).then(() => called);
    await Promise.all(calls);
    expect(before).toBeLessThan(40);
    expect(called).toBe(80);
  });

  test('pulls a large body without a callback in between', async () => {
    const server = await serve(answering(response(big.toString())));
    const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
    expect(await promises.ne_begin_request(request)).toBe(ne.NE_OK);
    expect((await pull(io, request, 65536)).length).toBe(300_000);
    expect(await promises.ne_end_request(request)).toBe(ne.NE_OK);
  });
});
