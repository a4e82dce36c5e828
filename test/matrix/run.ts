/** Runs programs for the matrix of neon, TLS library and Node. */
import { execFileSync } from 'node:child_process';

/** Runs a program and returns its output; throws with its error output when it fails. */
export function run(program: string, args: readonly string[], cwd?: string): string {
  return execFileSync(program, [...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
    cwd,
  });
}
