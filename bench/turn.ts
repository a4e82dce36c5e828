/** Runs one turn of one peer in its own process: warms up, measures, prints a measurement. */
import type { Measurement, Operate, Operation, ScriptPeer, Target, Times } from './peer.js';
import { peers } from './peers/index.js';
import { starterOf } from './start.js';
import { childSeconds, threadSeconds, watchEventLoop } from './usage.js';

/** The only argument of the process, as JSON. */
export interface TurnOptions extends Times {
  readonly peer: string;
  readonly target: Target;
  readonly connections: number;
  readonly operation: Operation;
  /** The number of operations to start at once; see {@link Scenario}. */
  readonly batch?: number;
}

/** A loop that repeats an operation until a time (of `performance.now`). */
type Loop = (end: number) => Promise<Progress>;

interface Progress {
  readonly count: number;
  /** The longest operation of a peer that blocks, in milliseconds; 0 if operations return promises. */
  readonly blocked: number;
}

if (require.main === module) void main(JSON.parse(process.argv[2] ?? '') as TurnOptions);

async function main({ warmup, seconds, ...options }: TurnOptions): Promise<void> {
  const { operate, close } = await prepare(options);
  const { connections, batch } = options;
  const loops: Loop[] =
    batch === undefined
      ? Array.from({ length: connections }, (_, connection) => (end) => repeat(operate, connection, end))
      : [(end) => repeatBatch(operate, connections, batch, end)];
  await measure(loops, warmup);
  console.log(JSON.stringify(await measure(loops, seconds)));
  await close();
}

async function prepare({
  peer: name,
  target,
  connections,
  operation,
}: Omit<TurnOptions, keyof Times>): Promise<{ operate: Operate; close: () => void | Promise<void> }> {
  const peer = peers.find((candidate): candidate is ScriptPeer => candidate.name === name && 'open' in candidate);
  if (!peer) throw new Error(`unknown peer: ${name}`);
  if (operation === 'start') return { operate: starterOf(peer.calls.start as string), close() {} };
  const client = await peer.open(target, connections);
  const operate = client[operation];
  if (!operate) throw new Error(`${name} has no ${operation}`);
  return { operate, close: () => client.close() };
}

async function measure(loops: readonly Loop[], seconds: number): Promise<Measurement> {
  const longestStall = await watchEventLoop();
  const cpu = process.cpuUsage();
  const [children, thread] = [childSeconds(), threadSeconds()];
  const start = performance.now();
  const progress = await Promise.all(loops.map((loop) => loop(start + seconds * 1000)));
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const threadNow = threadSeconds();
  const memory = process.memoryUsage.rss() / 1024 ** 2;
  const childCpu = childSeconds() - children;
  const stall = await longestStall();
  const blocked = Math.max(...progress.map((loop) => loop.blocked));
  return {
    count: progress.reduce((sum, { count }) => sum + count, 0),
    seconds: elapsed / 1000,
    cpuSeconds: (user + system) / 1e6 + childCpu,
    ...(thread !== undefined && threadNow !== undefined && { jsSeconds: threadNow - thread }),
    // The event loop does not turn between operations that block, so the histogram has only their sum.
    stall: blocked > 0 ? blocked : stall,
    memory,
  };
}

/** Waits only for promises, so that a synchronous peer does not pay for a turn of the event loop. */
async function repeat(operate: Operate, connection: number, end: number): Promise<Progress> {
  let count = 0;
  let blocked = 0;
  for (let now = performance.now(); now < end; count++) {
    const start = now;
    const pending = operate(connection);
    if (pending !== undefined) await pending;
    now = performance.now();
    if (pending === undefined) blocked = Math.max(blocked, now - start);
  }
  return { count, blocked };
}

async function repeatBatch(operate: Operate, connections: number, batch: number, end: number): Promise<Progress> {
  let count = 0;
  for (; performance.now() < end; count += batch)
    await Promise.all(Array.from({ length: batch }, async (_, index) => operate(index % connections)));
  return { count, blocked: 0 };
}
