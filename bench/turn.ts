/** Runs one turn of one peer in its own process: warms up, measures, prints a measurement. */
import type { Measurement, Operate, Operation, ScriptPeer, Target, Times } from './peer.js';
import { peers } from './peers/index.js';

/** The only argument of the process, as JSON. */
export interface TurnOptions extends Times {
  readonly peer: string;
  readonly target: Target;
  readonly connections: number;
  readonly operation: Operation;
}

if (require.main === module) void main(JSON.parse(process.argv[2] ?? '') as TurnOptions);

async function main({ peer: name, target, connections, operation, warmup, seconds }: TurnOptions): Promise<void> {
  const peer = peers.find((candidate): candidate is ScriptPeer => candidate.name === name && 'open' in candidate);
  if (!peer) throw new Error(`unknown peer: ${name}`);
  const client = await peer.open(target, connections);
  const operate = client[operation];
  if (!operate) throw new Error(`${name} has no ${operation}`);
  await measure(operate, connections, warmup);
  console.log(JSON.stringify(await measure(operate, connections, seconds)));
  await client.close();
}

async function measure(operate: Operate, connections: number, seconds: number): Promise<Measurement> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const end = start + seconds * 1000;
  const loops = Array.from({ length: connections }, (_, connection) => loop(operate, connection, end));
  const counts = await Promise.all(loops);
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return {
    count: counts.reduce((sum, count) => sum + count, 0),
    seconds: elapsed / 1000,
    cpuSeconds: (user + system) / 1e6,
  };
}

/** Waits only for promises, so that a synchronous peer does not pay for a turn of the event loop. */
async function loop(operate: Operate, connection: number, end: number): Promise<number> {
  let count = 0;
  while (performance.now() < end) {
    const pending = operate(connection);
    if (pending !== undefined) await pending;
    count++;
  }
  return count;
}
