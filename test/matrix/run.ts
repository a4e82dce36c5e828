import { execFileSync } from 'node:child_process';

/** Runs a program and gives its output; throws with what it said when it fails. */
export function run(program: string, args: readonly string[], cwd?: string): string {
  return execFileSync(program, [...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
    cwd,
  });
}
