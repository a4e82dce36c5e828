/** Builds a prebuilt addon, and checks what it needs of the machines that it will run on. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, renameSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { root } from '../generate/project.js';
import { cache, fileFor, madeFor, type System } from './system.js';

/** The newest glibc that a prebuilt addon may need. Ubuntu 22.04 has 2.35, Debian 12 has 2.36. */
const newestGlibc = '2.34';

/** Builds the addon for a system into `prebuilds/`, and checks it. Returns its file. */
export function build(system: System): string {
  const folder = path.join(cache, system.name);
  const settings = ['NEON_PREBUILT=ON', 'NEON_WERROR=ON', ...system.settings].map((setting) => `-D${setting}`);
  run(system, 'cmake', ['-S', root, '-B', folder, ...settings]);
  run(system, 'cmake', ['--build', folder, '--parallel', String(availableParallelism())]);
  const file = madeFor(fileFor(system.name));
  const making = `${file}.making`;
  copyFileSync(path.join(folder, 'Release/libneon.node'), making);
  run(system, system.strip, [process.platform === 'darwin' ? '-x' : '--strip-unneeded', making]);
  renameSync(making, file);
  check(system);
  return file;
}

/** Checks that the addon for a system is there, loads, and needs no newer system than it may. */
export function check(system: System): void {
  const file = fileFor(system.name);
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run prebuild`);
  const script = 'console.log(require(process.argv[1]).sync.ne_version_string())';
  const neon = output(system, system.node, ['-e', script, file]).replace(/:.*/s, '');
  const size = `${Math.round(statSync(file).size / 1000)} kB`;
  if (!system.name.endsWith('-glibc')) {
    console.log(`${system.name}: ${size}, loads ${neon}`);
    return;
  }
  const needed = neededVersions(system, file);
  const wrong = needed.filter((name) => /^(GLIBCXX|CXXABI)_/.test(name) || isTooNew(name));
  if (wrong.length > 0) throw new Error(`${system.name} needs ${wrong.join(', ')}, which older systems lack`);
  const glibc = needed
    .filter((name) => name.startsWith('GLIBC_'))
    .sort(byVersion)
    .at(-1);
  console.log(`${system.name}: ${size}, needs ${glibc ?? 'no glibc'}, loads ${neon}`);
}

/** The versions of symbols that a binary needs of shared libraries, such as `GLIBC_2.34`. */
function neededVersions(system: System, file: string): string[] {
  const text = output(system, 'readelf', ['--version-info', '--wide', file]);
  return [...new Set(Array.from(text.matchAll(/Name: (\w+_[\d.]+)/g), ([, name]) => name ?? ''))];
}

function isTooNew(name: string): boolean {
  return name.startsWith('GLIBC_') && byVersion(name, `GLIBC_${newestGlibc}`) > 0;
}

/** Compares names by their numbers. */
function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

function run(system: System, program: string, args: readonly string[]): void {
  output(system, program, args, 'inherit');
}

function output(system: System, program: string, args: readonly string[], stdout: 'pipe' | 'inherit' = 'pipe'): string {
  const child = spawnSync(program, args, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', stdout, 'inherit'],
    env: { ...process.env, LC_ALL: 'C', ...system.env },
  });
  if (child.error !== undefined) throw child.error;
  if (child.status !== 0) throw new Error(`${system.name}: ${program} ${args.join(' ')} failed`);
  return stdout === 'pipe' ? child.stdout : '';
}
