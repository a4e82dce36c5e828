/** Compiles C programs against the neon that the addon is built with. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { findProgram } from '../servers/packages.js';
import { projectRoot } from '../servers/start.js';

/** The output of `deps/neon-flags.mjs json`. */
export interface Neon {
  readonly version: string;
  readonly include: string;
  readonly defines: readonly string[];
  readonly library: string;
  readonly rpath?: string;
}

let found: Neon | undefined;

/** The neon that C programs are compiled with. */
export function neon(): Neon {
  const script = path.join(projectRoot, 'deps', 'neon-flags.mjs');
  found ??= JSON.parse(execFileSync(process.execPath, [script, 'json'], { encoding: 'utf8' })) as Neon;
  return found;
}

/**
 * Compiles a C program against neon and returns the path of the executable. `source` is relative to the project's root.
 * The executable stays in the temporary folder. Its name contains a hash of the sources, the compiler, its options, and
 * the time of neon's library.
 */
export function compileWithNeon(source: string, headers: readonly string[] = []): string {
  const compiler = process.env['CC'] ?? findProgram('gcc') ?? 'cc';
  const options = compilerOptions(neon());
  const executable = path.join(
    cacheFolder(),
    `${path.basename(source, '.c')}-${hashOf([source, ...headers], compiler, options)}`,
  );
  if (!existsSync(executable)) compileTo(executable, compiler, path.join(projectRoot, source), options);
  return executable;
}

/** The options with which programs are compiled and linked with that neon. */
export function compilerOptions({ include, defines, library, rpath }: Neon): string[] {
  const warnings = ['-Wall', '-Wextra', '-Werror'];
  const search = rpath === undefined ? [] : [`-Wl,-rpath,${rpath}`];
  return ['-std=gnu11', '-O2', ...warnings, `-isystem${include}`, ...defines, library, ...search, '-pthread'];
}

function hashOf(files: readonly string[], compiler: string, options: readonly string[]): string {
  const hash = createHash('sha256').update(JSON.stringify([compiler, options, statSync(neon().library).mtimeMs]));
  for (const file of files) hash.update(readFileSync(path.join(projectRoot, file)));
  return hash.digest('hex').slice(0, 16);
}

/** The folder of executables. Only this user may write to it, because the tests run these programs. */
function cacheFolder(): string {
  const { uid } = userInfo();
  const folder = path.join(realpathSync(tmpdir()), `libneon-programs-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(folder).uid !== uid) throw new Error(`${folder} belongs to another user`);
  chmodSync(folder, 0o700);
  return folder;
}

/** Compiles to a temporary name and then renames the file, so that no process runs an incomplete program. */
function compileTo(executable: string, compiler: string, source: string, options: readonly string[]): void {
  const aside = mkdtempSync(`${executable}.`);
  try {
    const output = path.join(aside, 'program');
    execFileSync(compiler, ['-o', output, source, ...options], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
    });
    renameSync(output, executable);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
