// @ts-check
// Names the commands that install what is missing, for the package manager of this system and for the tool that
// installed this package. The install scripts use it, and so does the library when its addon does not load. CommonJS,
// because the library cannot load an ES module without a promise.
const { accessSync, constants, existsSync, readFileSync, statSync } = require('node:fs');
const { delimiter, dirname, join, sep } = require('node:path');

/** The oldest neon that the addon compiles and runs with. */
exports.OLDEST = '0.32';

/** @typedef {'apt' | 'dnf' | 'pacman' | 'apk' | 'brew'} Manager */
/** @typedef {'neon' | 'neon-library' | 'neon-gnutls' | 'compiler' | 'make' | 'cmake' | 'python'} Need */
/** @typedef {'npm' | 'pnpm' | 'yarn' | 'yarn classic'} Tool */

/**
 * The install command of each package manager, and its package names for the needs. `neon` is the library with its
 * headers. A need without a name has no package in this manager.
 *
 * @typedef {{ program: string, install: string, asRoot: boolean, names: Partial<Record<Need, string>> }} Packages
 * @type {Record<Manager, Packages>}
 */
const MANAGERS = {
  apt: {
    program: 'apt-get',
    install: 'apt-get install -y',
    asRoot: true,
    names: {
      neon: 'libneon27-dev zlib1g-dev pkg-config',
      'neon-library': 'libneon27',
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
      'neon-library': 'neon',
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
    names: {
      neon: 'neon zlib pkgconf',
      'neon-library': 'neon',
      compiler: 'gcc',
      make: 'make',
      cmake: 'cmake',
      python: 'python',
    },
  },
  apk: {
    program: 'apk',
    install: 'apk add',
    asRoot: true,
    names: {
      neon: 'neon-dev zlib-dev pkgconf',
      'neon-library': 'neon',
      compiler: 'g++',
      make: 'make',
      cmake: 'cmake',
      python: 'python3',
    },
  },
  brew: {
    program: 'brew',
    install: 'brew install',
    asRoot: false,
    names: {
      neon: 'neon zlib pkgconf',
      'neon-library': 'neon',
      compiler: 'gcc',
      make: 'make',
      cmake: 'cmake',
      python: 'python',
    },
  },
};
exports.MANAGERS = MANAGERS;

/**
 * The machine's package manager. Homebrew comes last, because on Linux it is installed next to the system's own
 * manager.
 *
 * @param {(program: string) => boolean} [has]
 * @returns {Manager | undefined}
 */
function packageManager(has = (program) => onPath(program) !== undefined) {
  const order = /** @type {const} */ (['apt', 'dnf', 'pacman', 'apk', 'brew']);
  return order.find((manager) => has(MANAGERS[manager].program));
}
exports.packageManager = packageManager;

/**
 * The exact command that installs the needs; undefined when this manager lacks a package for one of the needs.
 *
 * @param {readonly Need[]} needs
 * @param {Manager | undefined} manager
 * @param {boolean} isRoot
 * @returns {string | undefined}
 */
function installCommand(needs, manager, isRoot) {
  if (manager === undefined) return undefined;
  const { install, asRoot, names } = MANAGERS[manager];
  const packages = needs.map((need) => names[need]);
  if (packages.includes(undefined)) return undefined;
  return `${asRoot && !isRoot ? 'sudo ' : ''}${install} ${packages.join(' ')}`;
}
exports.installCommand = installCommand;

function isRootUser() {
  return process.getuid?.() === 0;
}
exports.isRoot = isRootUser;

/**
 * The tool that installed this package. The files that a tool leaves are the best evidence. While it runs the install
 * script, they may be missing, but then the tool names itself in the environment.
 *
 * @param {string} root  the folder of the package
 * @param {Record<string, string | undefined>} [env]
 * @returns {Tool}
 */
function installedBy(root, env = process.env) {
  if (/[\\/](\.pnpm|pnpm[\\/]store)[\\/]/.test(root)) return 'pnpm';
  if (/[\\/]\.yarn[\\/]/.test(root)) return 'yarn';
  const left = (/** @type {string} */ name) => existsSync(join(modulesOf(root), name));
  if (left('.modules.yaml')) return 'pnpm';
  if (left('.yarn-state.yml')) return 'yarn';
  if (left('.yarn-integrity')) return 'yarn classic';
  if (left('.package-lock.json')) return 'npm';
  const [, name, major] = /^(\w+)\/(\d+)/.exec(env.npm_config_user_agent ?? '') ?? [];
  if (name === 'yarn') return major === '1' ? 'yarn classic' : 'yarn';
  return name === 'pnpm' ? 'pnpm' : 'npm';
}
exports.installedBy = installedBy;

/**
 * The outermost node_modules folder above the package.
 *
 * @param {string} root
 */
function modulesOf(root) {
  const parts = root.split(sep);
  const at = parts.indexOf('node_modules');
  return at < 0 ? dirname(root) : parts.slice(0, at + 1).join(sep);
}

/**
 * The command that makes the tool run the install script of this package again, also if the tool asks before it runs
 * scripts.
 *
 * @param {string} root  the folder of the package
 * @param {Tool} [tool]
 * @returns {string}
 */
function rebuildCommand(root, tool = installedBy(root)) {
  switch (tool) {
    case 'npm':
      return 'npm rebuild libneon';
    case 'pnpm': {
      const ignored = ignoredByPnpm(modulesOf(root));
      return ignored === undefined ? 'pnpm rebuild libneon' : `pnpm approve-builds '${ignored}'`;
    }
    case 'yarn':
      return 'npm pkg set --json dependenciesMeta.libneon.built=true && yarn install';
    case 'yarn classic':
      return 'yarn install --force';
  }
}
exports.rebuildCommand = rebuildCommand;

/**
 * The name under which pnpm waits for an approval of this package's script; undefined if it does not wait.
 *
 * @param {string} modules  a node_modules folder
 * @returns {string | undefined}
 */
function ignoredByPnpm(modules) {
  try {
    const text = readFileSync(join(modules, '.modules.yaml'), 'utf8');
    return /["' ](libneon@[^"'\n]+?)["']?,?\s*$/m.exec(text.slice(text.indexOf('ignoredBuilds')))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * The file of a program on PATH, or in the folders of administrators' programs (often missing from a user's PATH).
 *
 * @param {string} program
 * @param {Record<string, string | undefined>} [env]
 * @returns {string | undefined}
 */
function onPath(program, env = process.env) {
  const folders = [...(env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, program))
    .find(isExecutable);
}
exports.onPath = onPath;

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Whether the dynamic linker's message says that neon's library is missing.
 *
 * @param {string} message
 */
function isNeonMissing(message) {
  const missing = /libneon[\w.-]*\.so[\d.]*: (cannot open shared object|No such file)|Library not loaded: .*libneon/;
  return missing.test(message);
}
exports.isNeonMissing = isNeonMissing;

/** The advice to install neon's library, as a part of a sentence. */
function installNeon() {
  const command = installCommand(['neon-library'], packageManager(), isRootUser());
  if (command !== undefined) return `install it with "${command}"`;
  return 'install it with the package manager of your system (no package manager is known here)';
}

/**
 * The sentence about a neon that is too old.
 *
 * @param {string} found  the library's version, or the linker's message
 */
function explainOldNeon(found) {
  const update = installCommand(['neon-library'], packageManager(), isRootUser());
  const how = update === undefined ? 'update it' : `update it with "${update}"`;
  return (
    `The system's neon library is older than the ${exports.OLDEST} that libneon needs (${found}): ${how}, or, if the ` +
    'system has no newer one, build neon from its source, and compile the addon for it with "NEON_ROOT=/its/prefix"'
  );
}
exports.explainOldNeon = explainOldNeon;

/**
 * The sentence about a package without an addon for this system.
 *
 * @param {string} root  the folder of the package
 */
exports.explainNoAddon = (root) =>
  `The addon of libneon is not built, and the package has no prebuilt one for this system: run ` +
  `"${rebuildCommand(root)}" (it says what is missing, if anything is)`;

/**
 * Explains in a sentence why the addon does not load, with the command that solves the problem.
 *
 * @param {string} message  of the dynamic linker
 * @param {string} root  the folder of the package
 * @returns {string}
 */
exports.explainLoadError = (message, root) => {
  const again = rebuildCommand(root);
  if (isNeonMissing(message)) return `The system's neon library is missing: ${installNeon()}`;
  if (
    /version [`']NEON_[\d_]+' not found|undefined symbol: ne_|symbol not found.*ne_|ne_\w+: symbol not found/i.test(
      message,
    )
  )
    return explainOldNeon(message);
  if (/wrong ELF class|invalid ELF header|incompatible architecture|mach-o file, but is/.test(message))
    return `The addon of libneon was built for another platform or architecture: run "${again}" on this machine`;
  return `The addon of libneon does not load: run "${again}" (${message})`;
};
