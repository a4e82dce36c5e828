// @ts-check
// Finds and installs the system packages that a build needs.
import { installCommand, isRoot, MANAGERS, packageManager } from './advice.cjs';
import { onPath, run, SetupError } from './run.mjs';

export { installCommand, packageManager };

/** @typedef {import('./advice.cjs').Manager} Manager */
/** @typedef {import('./advice.cjs').Need} Need */

/** @type {Record<Need, string>} */
const DESCRIPTIONS = {
  neon: 'neon 0.32 or newer with its headers',
  'neon-library': 'neon 0.32 or newer',
  'neon-gnutls': "neon's GnuTLS build",
  compiler: 'a C++20 compiler',
  make: 'make',
  cmake: 'CMake',
  python: 'Python 3',
};

/**
 * Two lines of advice: the missing needs, and the command that installs these needs.
 *
 * @param {readonly Need[]} needs
 * @param {Manager | undefined} manager
 * @param {boolean} root
 * @param {string} [problem]  replaces the list of needs
 * @returns {[string, string]}
 */
export function explain(
  needs,
  manager,
  root,
  problem = `missing to build the addon: ${needs.map((need) => DESCRIPTIONS[need]).join(', ')}`,
) {
  const command = installCommand(needs, manager, root);
  if (command !== undefined) return [`libneon: ${problem}.`, `Install the missing packages with: ${command}`];
  const list = needs.map((need) => DESCRIPTIONS[need]).join(', ');
  const where =
    manager === undefined ? 'no package manager is known here' : `${MANAGERS[manager].program} has no package for it`;
  return [`libneon: ${problem}.`, `Install by hand (${where}): ${list}`];
}

/**
 * The error whose two lines name the needs missing on this machine.
 *
 * @param {readonly Need[]} needs
 * @param {string} [problem]
 */
export function missing(needs, problem) {
  return new SetupError(...explain(needs, packageManager(), isRoot(), problem));
}

/**
 * The error for an installed neon that does not fit.
 *
 * @param {string} problem
 */
export function unsuitable(problem) {
  const [reason, advice] = explain(['neon'], packageManager(), isRoot(), problem);
  return new SetupError(reason, `${advice} (or set NEON_ROOT to the prefix of one that fits)`);
}

/**
 * The prefix that makes commands run as root without a question: [] for root, otherwise a sudo that needs no password,
 * or undefined if there is no such sudo.
 *
 * @returns {string[] | undefined}
 */
export function rootPrefix() {
  if (isRoot()) return [];
  const sudo = onPath('sudo');
  return sudo !== undefined && run(sudo, ['-n', 'true']).ok ? [sudo, '-n'] : undefined;
}

/**
 * The Debian packages of the needs.
 *
 * @param {readonly Need[]} needs
 * @returns {string[]}
 */
export function debianPackages(needs) {
  return needs.flatMap((need) => MANAGERS.apt.names[need]?.split(' ') ?? []);
}

// Debian starts a service when its package is installed, unless a policy forbids the start. During the installation the
// script sets such a policy, because tests start their own servers. If the machine already has a policy, the script
// keeps that policy.
const APT = `
export DEBIAN_FRONTEND=noninteractive
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT
  trap 'exit 1' HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' >"$policy"
  chmod 755 "$policy"
fi
apt-get -q update
for package in $OPTIONAL; do
  if apt-cache show "$package" >/dev/null 2>&1; then set -- "$@" "$package"; fi
done
apt-get -q install -y --no-install-recommends "$@"
`;

/**
 * Installs Debian packages.
 *
 * @param {readonly string[]} become  from rootPrefix()
 * @param {readonly string[]} packages
 * @param {readonly string[]} optional  omitted if this release does not have them
 */
export function installDebian(become, packages, optional) {
  const script = `OPTIONAL='${optional.join(' ')}'\n${APT}`;
  const [program = '', ...args] = [...become, 'sh', '-c', script, 'sh', ...packages];
  const { ok, log } = run(program, args);
  if (!ok)
    throw new SetupError(log.trimEnd(), `libneon: apt-get could not install ${[...packages, ...optional].join(' ')}.`);
}

/**
 * The Debian packages that are not installed.
 *
 * @param {readonly string[]} packages
 * @returns {string[]}
 */
export function notInstalled(packages) {
  const { log } = run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\\n', ...packages]);
  return packages.filter((name) => !log.split('\n').includes(`${name} installed`));
}
