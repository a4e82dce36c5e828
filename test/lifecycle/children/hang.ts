/**
 * hang.js destroyed|idle: starts requests in 100 sessions to a server that never responds. Checks that the event loop
 * stays responsive and that a single abort ends all requests.
 */
import assert from 'node:assert/strict';
import { lookup } from 'node:dns/promises';
import { stat } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Session } from '../../../lib/index.js';
import { silentServer } from '../../servers/raw.js';
import { report, threads, threadsAtRest, times, untilThreads } from './tools.js';

const COUNT = 100;
const ATTEMPTS = 8; // the machine alone can delay an attempt by 10 ms
const millisecond = 1e6;

void main(process.argv[2] === 'destroyed');

async function main(destroyed: boolean): Promise<void> {
  const server = await silentServer();
  const before = await threadsAtRest();
  const controller = new AbortController();
  const sessions = times(COUNT, () => new Session('http', '127.0.0.1', server.port));
  const outcomes = Promise.allSettled(sessions.map((session) => session.request('GET', '/', controller)));
  await server.waitForConnections(COUNT);
  assert(threads() >= before + COUNT);

  const { delays, best } = await measureDelays();
  const otherWork = await timeOf(Promise.all([lookup('localhost'), ...times(8, () => stat(__filename))]));

  const reason = new Error('enough');
  const start = performance.now();
  controller.abort(reason);
  for (const outcome of await outcomes) assert.equal(outcome.status === 'rejected' && outcome.reason, reason);
  const rejected = performance.now() - start;
  await server.waitForClosed(COUNT, 500);
  const closed = performance.now() - start;

  if (destroyed) {
    for (const session of sessions) session.destroy();
    await untilThreads(before + 1, 500); // the watchdog's thread may be left for a while
  }
  const freed = await untilThreads(before, 12_000);
  for (const session of sessions) assert.equal(session.destroyed, destroyed);
  report({ delays, best, otherWork, rejected, closed, freed });
}

async function measureDelays(): Promise<{ delays: object[]; best: number }> {
  const delays: { p99: number; max: number }[] = [];
  do {
    const histogram = monitorEventLoopDelay({ resolution: 1 });
    await sleep(50);
    histogram.enable();
    await sleep(500);
    histogram.disable();
    delays.push({ p99: histogram.percentile(99) / millisecond, max: histogram.max / millisecond });
  } while (delays.at(-1)!.max >= 10 && delays.length < ATTEMPTS);
  return { delays, best: Math.min(...delays.map(({ max }) => max)) };
}

async function timeOf(work: Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work;
  return performance.now() - start;
}
