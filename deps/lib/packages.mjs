// @ts-check
// Finds and installs the system packages that a build needs.
import { onPath, run, SetupError } from './run.mjs';

/** @typedef {import('./run.mjs').Env} Env */
/** @typedef {'apt' | 'dnf' | 'pacman' | 'apk' | 'brew'} Manager */
/** @typedef {'neon' | 'neon-gnutls' | 'compiler' | 'make' | 'cmake' | 'python'} Need */

/**
 * The install command of each package manager, and its package names for the needs. A need without a name has no
 * package in this manager.
 *
 * @type {Record<Manager, { program: string, install: string, asRoot: boolean, names: Partial<Record<Need, string>> }>}
 */
const MANAGERS = {
  apt: {
    program: 'apt-get',
    install: 'apt-get install -y',
    asRoot: true,
    names: {
      neon: 'libneon27-dev zlib1g-dev pkg-config',
      'neon-gnutls': 'libneon27-gnutls',
      compiler: 'g++',
      make: 'make',
      cmake: 'cmake',
      python: 'python3',
    },
  },
  dnf: {
    program: 'dnf',
    install: 'dnf install -y',
    asRoot: true,
    names: {
      neon: 'neon-devel zlib-devel pkgconf-pkg-config',
      compiler: 'gcc-c++',
      make: 'make',
      cmake: 'cmake',
      python: 'python3',
    },
  },
  pacman: {
    program: 'pacman',
    install: 'pacman -S --needed --noconfirm',
    asRoot: true,
    names: { neon: 'neon zlib pkgconf', compiler: 'gcc', make: 'make', cmake: 'cmake', python: 'python' },
  },
  apk: {
    program: 'apk',
    install: 'apk add',
    asRoot: true,
    names: { neon: 'neon-dev zlib-dev pkgconf', compiler: 'g++', make: 'make', cmake: 'cmake', python: 'python3' },
  },
  brew: {
    program: 'brew',
    install: 'brew install',
    asRoot: false,
    names: { neon: 'neon zlib pkgconf', compiler: 'gcc', make: 'make', cmake: 'cmake', python: 'python' },
  },
};

/** @type {Record<Need, string>} */
const DESCRIPTIONS = {
  neon: 'neon 0.32 or newer with its headers',
  'neon-gnutls': "neon's GnuTLS build",
  compiler: 'a C++20 compiler',
  make: 'make',
  cmake: 'CMake',
  python: 'Python 3',
};

/**
 * The machine's package manager. Homebrew comes last, because on Linux it is installed next to the system's own
 * manager.
 *
 * @param {(program: string) => boolean} [has]
 * @returns {Manager | undefined}
 */
export function packageManager(has = (program) => onPath(program) !== undefined) {
  const order = /** @type {const} */ (['apt', 'dnf', 'pacman', 'apk', 'brew']);
  return order.find((manager) => has(MANAGERS[manager].program));
}

/**
 * The exact command that installs the needs; undefined when this manager lacks a package for one of the needs.
 *
 * @param {readonly Need[]} needs
 * @param {Manager | undefined} manager
 * @param {boolean} isRoot
 * @returns {string | undefined}
 */
export function installCommand(needs, manager, isRoot) {
  if (manager === undefined) return undefined;
  const { install, asRoot, names } = MANAGERS[manager];
  const packages = needs.map((need) => names[need]);
  if (packages.includes(undefined)) return undefined;
  return `${asRoot && !isRoot ? 'sudo ' : ''}${install} ${packages.join(' ')}`;
}

/**
 * Two lines of advice: the missing needs, and the command that installs these needs.
 *
 * @param {readonly Need[]} needs
 * @param {Manager | undefined} manager
 * @param {boolean} isRoot
 * @param {string} [problem]  replaces the list of needs
 * @returns {[string, string]}
 */
export function explain(
  needs,
  manager,
  isRoot,
  problem = `missing to build the addon: ${needs.map((need) => DESCRIPTIONS[need]).join(', ')}`,
) {
  const command = installCommand(needs, manager, isRoot);
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

function isRoot() {
  return process.getuid?.() === 0;
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
