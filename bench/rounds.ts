/** Runs the peers of a scenario side by side: A B C, A B C, … so that what disturbs the machine disturbs all alike. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Measurement, Peer, Target, Times } from './peer.js';
import type { Scenario } from './scenario.js';
import type { TurnOptions } from './turn.js';

const run = promisify(execFile);

/** How a peer did: a measurement for each round, or why there is none. */
export interface Showing {
  readonly peer: Peer;
  readonly measurements: Measurement[];
  problem?: string;
}

/** What happened in a scenario. */
export interface Result {
  readonly scenario: Scenario;
  readonly showings: readonly Showing[];
}

/** Starts the scenario's server and gives each peer a turn in each round; a peer that fails once is out. */
export async function runScenario(
  scenario: Scenario,
  peers: readonly Peer[],
  rounds: number,
  times: Times,
): Promise<Result> {
  const served = await scenario.serve();
  try {
    const showings: Showing[] = peers.map((peer) => ({ peer, measurements: [] }));
    for (const showing of showings) await admit(showing, scenario, served.target);
    for (let round = 1; round <= rounds; round++) {
      progress(`${scenario.name}: round ${round} of ${rounds}`);
      for (const showing of showings) await takeTurn(showing, scenario, served.target, times);
    }
    return { scenario, showings };
  } finally {
    progress('');
    await served.stop();
  }
}

/** A first short turn that doesn't count shows who cannot take part. */
async function admit(showing: Showing, scenario: Scenario, target: Target): Promise<void> {
  const { atOnce = Infinity, calls } = showing.peer;
  const call = calls[scenario.operation];
  if (typeof call !== 'string') showing.problem = call.without;
  if (scenario.connections > atOnce) showing.problem = `does ${atOnce} at a time`;
  await takeTurn(showing, scenario, target, { warmup: 0.1, seconds: 0.1 });
  showing.measurements.length = 0;
}

async function takeTurn(showing: Showing, scenario: Scenario, target: Target, times: Times): Promise<void> {
  if (showing.problem !== undefined) return;
  try {
    const { command, args } = commandOf(showing.peer, scenario, target, times);
    const timeout = (times.warmup + times.seconds) * 1000 + 30_000;
    // For those who trust only what the process does.
    const env = { ...process.env, ...(target.ca !== undefined && { NODE_EXTRA_CA_CERTS: target.ca }) };
    const { stdout } = await run(command, args, { timeout, env });
    showing.measurements.push(JSON.parse(stdout) as Measurement);
  } catch (error) {
    showing.problem = reasonOf(error);
  }
}

function commandOf(
  peer: Peer,
  { connections, operation }: Scenario,
  target: Target,
  times: Times,
): { command: string; args: string[] } {
  if ('command' in peer) return peer.command(operation, target, connections, times);
  const options: TurnOptions = { peer: peer.name, target, connections, operation, ...times };
  return { command: process.execPath, args: [path.join(__dirname, 'turn.js'), JSON.stringify(options)] };
}

/** The line of a program's output that names the error, or else what there is. */
function reasonOf(error: unknown): string {
  const { stderr = '', message } = error as Error & { stderr?: string };
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines[0] ?? message;
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
}
