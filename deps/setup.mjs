// @ts-check
// Prepares a fresh clone for `npm start` and `npm test`: system packages, npm packages, TypeScript, addon. Each step
// runs only when something is missing or has changed. If no step runs, the script prints nothing. The script never asks
// a question.
//
//   node deps/setup.mjs [--test] [--force] [--no-addon]
//
// --test   also installs the servers for tests if CI or LIBNEON_TEST_SERVERS=install is set; otherwise the suites
//          without their server report themselves as skipped
// --force  compiles TypeScript and the addon anew
// --no-addon  builds no addon and installs nothing for it, as for making the package

import { addonInPlace, buildAddon, plan, prepare } from './lib/addon.mjs';
import { findNeon } from './lib/neon.mjs';
import { npmPackagesAreMissing, installNpmPackages } from './lib/npm.mjs';
import { debianPackages, installDebian, notInstalled, packageManager, rootPrefix } from './lib/packages.mjs';
import { command, onPath, step } from './lib/run.mjs';
import { compile, isCompiled } from './lib/typescript.mjs';

/** @typedef {import('./lib/advice.cjs').Need} Need */

/** The Debian packages of the programs that tests use, each optional. */
const TEST_PACKAGES = [
  ...['apache2', 'apache2-utils', 'gcc', 'nginx', 'openssl', 'valgrind'],
  ...['dante-server', 'microsocks', 'openssh-client', 'openssh-server', 'squid', 'tinyproxy'],
  ...['libnginx-mod-http-dav-ext', 'lighttpd', 'lighttpd-mod-webdav', 'litmus'],
  ...['chezdav', 'php-cli', 'php-sabre-dav', 'radicale', 'rclone', 'tomcat10-common', 'xandikos'],
  ...['krb5-admin-server', 'krb5-kdc', 'krb5-user', 'libapache2-mod-auth-gssapi'],
];

command(() => {
  const options = process.argv.slice(2);
  const force = options.includes('--force');
  const lacksAddon = !options.includes('--no-addon') && (force || addonInPlace() === undefined);
  const servers = options.includes('--test') && wantsTestServers() ? TEST_PACKAGES : [];
  systemPackages(lacksAddon ? buildNeeds() : [], servers);
  // If required packages could not be installed, ends the set-up with the command that installs them.
  const preparation = lacksAddon ? prepare() : undefined;

  if (npmPackagesAreMissing()) step('installing npm packages', installNpmPackages);
  if (force || !isCompiled()) step('compiling TypeScript', () => compile(force));
  if (preparation !== undefined) {
    const { builder, neon } = preparation;
    step(`building the addon by ${builder} for neon ${neon.version} (${neon.by})`, () =>
      buildAddon(builder, { force }),
    );
  }
});

function wantsTestServers() {
  return Boolean(process.env.CI) || process.env.LIBNEON_TEST_SERVERS === 'install';
}

/**
 * The missing needs of the build. CMake is a need unless LIBNEON_BUILD=gyp: node-gyp works without CMake, but is the
 * second choice.
 *
 * @returns {Need[]}
 */
function buildNeeds() {
  const neon = findNeon();
  const lacks = plan().needs;
  if ('need' in neon && neon.need !== undefined) lacks.unshift(neon.need);
  const cmake = process.env.LIBNEON_BUILD === 'gyp' || onPath('cmake') !== undefined || lacks.includes('cmake');
  return cmake ? lacks : [...lacks, 'cmake'];
}

/**
 * Installs the missing system packages where that is possible without a question: on Debian, as root or by a sudo that
 * needs no password.
 *
 * @param {Need[]} needs
 * @param {string[]} servers
 */
function systemPackages(needs, servers) {
  if (packageManager() !== 'apt') return;
  const packages = debianPackages(needs);
  const optional = servers.length > 0 ? notInstalled(servers) : [];
  const become = packages.length + optional.length > 0 ? rootPrefix() : undefined;
  if (become === undefined) return;
  step(`installing ${[...packages, ...optional].join(' ')}`, () => installDebian(become, packages, optional));
}
