/**
 * terminate.js PORTS CASES: starts one worker for each case, all at the same time. A case names how the worker ends and
 * what it waits for. It waits for 100 promises or, if the name begins with `sync-`, for one blocking call. The main
 * thread continues unless a case ends the whole process (`process`).
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { Session } from '../../../lib/index.js';
import { block, syncPlaces, type Place, type Ports, portsFrom, type SyncPlace } from './blocked.js';
import { report, reportEnding, threads, threadsAtRest, timeOf, until } from './tools.js';

/** How a case ends: the worker is terminated, exits or throws, or the whole process exits. */
export type End = 'terminate' | 'exit' | 'throw' | 'process';

/** What the worker waits for: 100 promises or one blocking call. */
export type Wait = Place | `sync-${SyncPlace}`;

/** A case, which is run in a worker. */
export type Case = readonly [end: End, wait: Wait];

interface Task {
  readonly ports: Ports;
  readonly end: End;
  readonly wait: Wait;
}

if (isMainThread) void main(portsFrom(process.argv[2]), JSON.parse(process.argv[3]!) as Case[]);
else void work(workerData as Task);

async function main(ports: Ports, cases: readonly Case[]): Promise<void> {
  const before = await threadsAtRest();
  const running = await Promise.all(cases.map(([end, wait]) => start({ ports, end, wait })));
  await sleep(200);
  if (cases.some(([end]) => end === 'process')) {
    reportEnding();
    process.exit(5);
  }
  const times = await Promise.all(running.map(({ end }) => end()));

  // A connect without a response cannot be interrupted, so its thread may remain. The threads of all other calls must
  // end.
  if (!cases.some(([, wait]) => wait.endsWith('connect'))) {
    await until(
      () => threads() <= before + 1,
      1000,
      () => `${threads() - before} threads are left`,
    );
  }
  const session = new Session('http', '127.0.0.1', ports.good);
  assert.equal(session.requestSync('GET', '/').textSync(), 'hello\n');
  assert.equal(await (await session.request('GET', '/')).text(), 'hello\n');
  report({ slowest: Math.max(...times) });
}

async function start(task: Task): Promise<{ end: () => Promise<number> }> {
  const worker = new Worker(__filename, { workerData: task });
  const errors: Error[] = [];
  worker.on('error', (error) => errors.push(error));
  await once(worker, 'message');
  return {
    end: () =>
      timeOf(async () => {
        const ended = new Promise<number>((resolve) => worker.once('exit', resolve));
        if (task.end === 'terminate') void worker.terminate();
        else worker.postMessage('end');
        assert.equal(await ended, task.end === 'exit' ? 3 : 1);
        assert.deepEqual(
          errors.map(({ message }) => message),
          task.end === 'throw' ? ['thrown on purpose'] : [],
        );
      }),
  };
}

async function work({ ports, end, wait }: Task): Promise<void> {
  parentPort!.once('message', () => {
    if (end === 'exit') process.exit(3);
    throw new Error('thrown on purpose');
  });
  if (wait.startsWith('sync-')) {
    parentPort!.postMessage('waits');
    syncPlaces[wait.slice('sync-'.length) as SyncPlace](ports);
    throw new Error('a call that should wait returned');
  }
  await block(wait as Place, 100, ports);
  parentPort!.postMessage('waits');
}
