/** Node programs that tests run: for garbage collection, process ends, and loading. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { projectRoot } from '../servers/start.js';
import type { Scenario } from './scenario-child.js';

/** The end and the output of a program. */
export interface Ended {
  readonly stdout: string;
  readonly stderr: string;
  /** The exit code, or the signal that ended the program. */
  readonly exit: number | string | null;
}

/** The time in milliseconds after which a program counts as hanging. */
const LIMIT = 20_000;

/** Runs node. Relative paths start from `cwd`, which is the root of the project by default. */
export async function runNode(
  args: readonly string[],
  cwd: string = projectRoot,
  env: Readonly<NodeJS.ProcessEnv> = process.env,
): Promise<Ended> {
  const child = spawn(process.execPath, args, {
    cwd,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  return { stdout, stderr, exit: (code ?? signal) as number | string | null };
}

/** Runs one of the scenarios of scenario-child.ts in a process with `gc()` and returns its result. */
export async function runScenario<R>(name: Scenario, port: number): Promise<R> {
  const script = path.join(__dirname, 'scenario-child.js');
  const { stdout, stderr, exit } = await runNode(['--expose-gc', script, name, String(port)]);
  if (exit !== 0) throw new Error(`${name} ended with ${exit}: ${stderr}`);
  return JSON.parse(stdout) as R;
}
