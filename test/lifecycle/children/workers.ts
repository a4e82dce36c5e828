/**
 * workers.js PORTS MAIN COUNT ORDER END: loads the addon in COUNT workers, one after another or all at once. MAIN
 * decides whether the main thread loads it, too. Each worker makes blocking requests and requests with promises. It
 * ends while its threads still run.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type * as libneon from '../../../lib/index.js';
import type { Ports } from './blocked.js';
import { report, times } from './tools.js';

/** Whether the main thread loads the addon too. */
export type Main = 'main-without' | 'main-with';
export type Order = 'sequence' | 'together';
/** The end of a worker: it is terminated, calls process.exit(), or has nothing left to do. */
export type End = 'terminate' | 'exit' | 'natural';

interface Task {
  readonly ports: Ports;
  readonly end: End;
}

if (isMainThread) void main(process.argv.slice(2));
else void work(workerData as Task);

async function main([portsText, mainLoads, count, order, end]: string[]): Promise<void> {
  const ports = JSON.parse(portsText!) as Ports;
  const one = (): Promise<void> => oneWorker({ ports, end: end as End });
  const some = async (): Promise<void> => {
    if (order === 'together') await Promise.all(times(Number(count), one));
    else for (let i = 0; i < Number(count); i++) await one();
  };

  if (mainLoads === 'main-with') {
    await Promise.all([some(), use(ports)]);
    await use(ports);
  } else await some();
  await sleep(50); // if a thread that outlives the last worker lacks anything, it crashes now
  report({ ended: Number(count) });
}

async function oneWorker(task: Task): Promise<void> {
  const worker = new Worker(__filename, { workerData: task });
  const exit = once(worker, 'exit'); // rejects on an error
  await Promise.race([once(worker, 'message'), exit]);
  if (task.end === 'terminate') void worker.terminate();
  const [code] = (await exit) as [number];
  assert.equal(code, { terminate: 1, exit: 3, natural: 0 }[task.end]);
}

async function work({ ports, end }: Task): Promise<void> {
  const { Session } = await use(ports);
  const controller = new AbortController();
  const request = (port: number): Promise<unknown> =>
    new Session('http', '127.0.0.1', port).request('GET', '/', controller);
  // The last request cannot be interrupted, so its thread outlives the worker.
  const waiting = [...times(6, () => request(ports.silent)), request(ports.backlog)];
  for (const one of waiting) void one.catch(() => {});
  await sleep(20);
  parentPort!.postMessage('runs');
  if (end === 'exit') process.exit(3);
  if (end === 'natural') controller.abort();
}

/** Loads the package in this thread. Then sends a blocking request and a request that returns a promise. */
async function use(ports: Ports): Promise<typeof libneon> {
  const loaded = (await import('../../../lib/index.js')) as typeof libneon;
  const session = new loaded.Session('http', '127.0.0.1', ports.good);
  assert.equal(session.requestSync('GET', '/').textSync(), 'hello\n');
  assert.equal(await (await session.request('GET', '/')).text(), 'hello\n');
  return loaded;
}
