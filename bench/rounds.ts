/**
 * Runs the peers of a scenario side by side (A B C, A B C, …), so that disturbances of the machine affect all peers.
 */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Measurement, Peer, Target, Times } from './peer.js';
import type { Scenario } from './scenario.js';
import type { TurnOptions } from './turn.js';

const run = promisify(execFile);

/** The result of a peer: a measurement for each round, or the reason why it has no measurements. */
export interface PeerResult {
  readonly peer: Peer;
  readonly measurements: Measurement[];
  problem?: string;
}

/** The result of a scenario. */
export interface Result {
  readonly scenario: Scenario;
  readonly peerResults: readonly PeerResult[];
}

/**
 * Starts the scenario's server and gives each peer a turn in each round; a peer that fails once has no further turns.
 */
export async function runScenario(
  scenario: Scenario,
  peers: readonly Peer[],
  rounds: number,
  times: Times,
): Promise<Result> {
  const served = await scenario.serve();
  try {
    const peerResults: PeerResult[] = peers
      .filter(({ calls }) => calls[scenario.operation] !== undefined)
      .map((peer) => ({ peer, measurements: [] }));
    for (const result of peerResults) await admit(result, scenario, served.target);
    for (let round = 1; round <= rounds; round++) {
      progress(`${scenario.name}: round ${round} of ${rounds}`);
      for (const result of peerResults) await takeTurn(result, scenario, served.target, times);
    }
    return { scenario, peerResults };
  } finally {
    progress('');
    await served.stop();
  }
}

/** Runs a first short turn that does not count, and excludes peers that fail. */
async function admit(result: PeerResult, scenario: Scenario, target: Target): Promise<void> {
  const { atOnce = Infinity, calls } = result.peer;
  const call = calls[scenario.operation];
  if (typeof call === 'object') result.problem = call.without;
  if (scenario.connections > atOnce) result.problem = `supports ${atOnce} at a time`;
  await takeTurn(result, scenario, target, { warmup: 0.1, seconds: 0.1 });
  result.measurements.length = 0;
}

async function takeTurn(result: PeerResult, scenario: Scenario, target: Target, times: Times): Promise<void> {
  if (result.problem !== undefined) return;
  try {
    const { command, args } = commandOf(result.peer, scenario, target, times);
    const timeout = (times.warmup + times.seconds) * 1000 + 30_000;
    // NODE_EXTRA_CA_CERTS is for peers that trust only the authorities of the process.
    const env = { ...process.env, ...(target.ca !== undefined && { NODE_EXTRA_CA_CERTS: target.ca }) };
    const { stdout } = await run(command, args, { timeout, env });
    result.measurements.push(JSON.parse(stdout) as Measurement);
  } catch (error) {
    result.problem = reasonOf(error);
  }
}

function commandOf(
  peer: Peer,
  { connections, operation, batch }: Scenario,
  target: Target,
  times: Times,
): { command: string; args: string[] } {
  if ('command' in peer) return peer.command(operation, target, connections, times);
  const options: TurnOptions = {
    ...{ peer: peer.name, target, connections, operation, ...times },
    ...(batch !== undefined && { batch }),
  };
  return { command: process.execPath, args: [path.join(__dirname, 'turn.js'), JSON.stringify(options)] };
}

/** The line of a program's output that names the error. If there is none, the first line or the error's message. */
function reasonOf(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string };
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? message;
}

/** Shows the progress in place of the line before it, if a person is watching. */
export function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
