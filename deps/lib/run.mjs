// @ts-check
// Runs programs and prints the steps of a set-up. The files of deps/ are plain JavaScript modules without dependencies:
// on a fresh machine they run before there is a compiler, and before npm has installed anything.

import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onPath } from './advice.cjs';

export { onPath };

/** @typedef {Record<string, string | undefined>} Env */

/** The directory of package.json. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

const require = createRequire(join(root, 'package.json'));

/** A problem and its solution, in lines of text; a stack trace would not help. */
export class SetupError extends Error {
  /** @param {string[]} lines */
  constructor(...lines) {
    super(lines.join('\n'));
  }
}

/**
 * Runs the main function of a command: a SetupError prints only its lines, and ends the process with exit code 1.
 *
 * @param {() => void} main
 */
export function command(main) {
  try {
    main();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/**
 * Runs a program to its end and collects the output of both streams, in order.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ env?: Env, cwd?: string }} [options]
 * @returns {{ ok: boolean, log: string }}
 */
export function run(program, args, { env = process.env, cwd = root } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'libneon-log-'));
  const log = join(folder, 'log');
  // A file opened for appending keeps the order of the two streams; two pipes would not.
  const output = openSync(log, 'a');
  try {
    const child = spawnSync(program, args, { cwd, env, stdio: ['ignore', output, output] });
    const reason = child.error?.message ?? (child.signal === null ? '' : `${program} was ended by ${child.signal}`);
    const text = readFileSync(log, 'utf8');
    return { ok: child.status === 0, log: reason === '' ? text : `${text}${reason}\n` };
  } finally {
    closeSync(output);
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The standard output of a program, trimmed; undefined when it is missing or fails.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {Env} [env]
 * @returns {string | undefined}
 */
export function ask(program, args, env = process.env) {
  const child = spawnSync(program, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return child.status === 0 ? child.stdout.trim() : undefined;
}

/**
 * Prints one line on standard output for a step: its name, and the seconds it took.
 *
 * @template T
 * @param {string} name
 * @param {() => T} work
 * @returns {T}
 */
export function step(name, work) {
  const start = performance.now();
  process.stdout.write(`libneon: ${name} ... `);
  let outcome = 'failed after';
  try {
    const result = work();
    outcome = 'done in';
    return result;
  } finally {
    process.stdout.write(`${outcome} ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}

/**
 * The script in a package's "bin", as seen from this package; undefined when the package is not installed.
 *
 * @param {string} name
 * @param {string} [bin]
 * @returns {string | undefined}
 */
export function packageScript(name, bin = name) {
  try {
    const file = require.resolve(`${name}/package.json`);
    /** @type {{ bin?: string | Record<string, string> }} */
    const manifest = JSON.parse(readFileSync(file, 'utf8'));
    const script = typeof manifest.bin === 'string' ? manifest.bin : manifest.bin?.[bin];
    return script === undefined ? undefined : join(dirname(file), script);
  } catch {
    return undefined;
  }
}
