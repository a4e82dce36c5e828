// @ts-check
// Names the prebuilt binaries of the addon, and finds the one for this system. The library calls it when it starts, so
// it loads as little as possible. CommonJS, because the library cannot load an ES module without a promise.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

/**
 * The systems that a release has binaries for. `npm run prebuild` builds them.
 *
 * @type {readonly string[]}
 */
exports.SYSTEMS = ['linux-x64-glibc', 'linux-arm64-glibc'];

/**
 * The file of the binary for a system, relative to the folder of the package.
 *
 * @param {string} system
 */
function prebuiltFile(system) {
  return `prebuilds/${system}/libneon.node`;
}
exports.prebuiltFile = prebuiltFile;

/**
 * The name of this system: platform, architecture and, on Linux, the C library. A binary for one C library does not
 * work, or seems to work, with another one.
 *
 * @returns {string}
 */
function thisSystem() {
  const { platform, arch } = process;
  if (platform !== 'linux') return `${platform}-${arch}`;
  /** @type {typeof import('detect-libc')} */
  const { familySync } = require('detect-libc');
  return `${platform}-${arch}-${familySync() ?? 'unknown'}`;
}
exports.thisSystem = thisSystem;

/**
 * The prebuilt binary for this system, relative to the folder of the package; undefined if the package has none.
 *
 * @param {string} root  the folder of the package
 * @returns {string | undefined}
 */
exports.findPrebuilt = (root) => {
  if (!existsSync(join(root, 'prebuilds'))) return undefined;
  const file = prebuiltFile(thisSystem());
  return existsSync(join(root, file)) ? file : undefined;
};
