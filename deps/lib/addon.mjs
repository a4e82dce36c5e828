// @ts-check
// Finds, builds and checks the addon.
import { existsSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { findPrebuilt } from '../prebuilt.cjs';
import { explainLoadError, explainOldNeon, isNeonMissing, OLDEST } from './advice.cjs';
import { exclusively } from './lock.mjs';
import { isOlder, requireNeon } from './neon.mjs';
import { missing } from './packages.mjs';
import { onPath, packageScript, root, run, SetupError } from './run.mjs';
import { filesOf, isFresh, readStamp, writeStamp } from './stamp.mjs';

/** @typedef {import('./run.mjs').Env} Env */
/** @typedef {import('./neon.mjs').Neon} Neon */
/** @typedef {import('./advice.cjs').Need} Need */
/** @typedef {'cmake' | 'gyp'} Builder */

const STAMP = 'build/stamp.json';
const BINARY = 'build/Release/libneon.node';
const SOURCES = [
  'binding',
  'CMakeLists.txt',
  'binding.gyp',
  'deps/FindNeon.cmake',
  'deps/neon-flags.mjs',
  'deps/lib/neon.mjs',
];

/** The environment variables that choose the build, with their allowed values. */
const CHOICES = {
  LIBNEON_BUILD: ['cmake', 'gyp'],
  NEON_TLS: ['default', 'gnutls'],
  NEON_SANITIZE: ['address', 'thread', 'undefined'],
  NEON_COVERAGE: ['0', '1'],
  NEON_WERROR: ['0', '1'],
};

/** @param {Env} env */
function checkChoices(env) {
  for (const [name, values] of Object.entries(CHOICES)) {
    const value = env[name];
    if (value && !values.includes(value))
      throw new SetupError(`libneon: ${name}=${value} is not one of ${values.join(', ')}.`);
  }
}

/**
 * The settings by which two binaries of the same sources differ.
 *
 * @param {Env} env
 * @returns {Record<string, string>}
 */
function settingsOf(env) {
  return {
    tls: env.NEON_TLS || 'default',
    sanitize: env.NEON_SANITIZE || '',
    coverage: env.NEON_COVERAGE || '0',
    neonRoot: env.NEON_ROOT || '',
    compiler: env.CXX || '',
    machine: `${process.platform}-${process.arch}`,
  };
}

/**
 * An addon that can be used as it is. The addon came with the package, or was built in this folder from the current
 * sources with the settings of the environment.
 *
 * @param {Env} [env]
 * @returns {string | undefined} its file
 */
export function addonInPlace(env = process.env) {
  checkChoices(env);
  const settings = settingsOf(env);
  const prebuilt = prebuiltFor(env);
  if (prebuilt !== undefined && tryToLoad(prebuilt, env).ok) return prebuilt;

  const stamp = readStamp(STAMP);
  if (!existsSync(join(root, BINARY)) || !isFresh(stamp, filesOf(SOURCES))) return undefined;
  const same = Object.entries(settings).every(([name, value]) => stamp.settings[name] === value);
  const builder = !env.LIBNEON_BUILD || stamp.settings.builder === env.LIBNEON_BUILD;
  // A build that treats warnings as errors suits every caller. Other builds have not been checked for warnings.
  const strict = env.NEON_WERROR !== '1' || stamp.settings.strict === '1';
  return same && builder && strict ? BINARY : undefined;
}

/**
 * The prebuilt binary for this system, unless the environment asks for a build.
 *
 * @param {Env} env
 */
function prebuiltFor(env) {
  const asksForBuild = Object.keys(CHOICES).some((name) => env[name]) || env.NEON_ROOT;
  return asksForBuild ? undefined : findPrebuilt(root);
}

/**
 * Explains why the prebuilt binary for this system does not load; undefined if it loads, or if there is none.
 *
 * @param {Env} [env]
 * @returns {{ problem: string, needsNeon: boolean } | undefined}  `needsNeon`: only neon's library is missing or old
 */
export function prebuiltProblem(env = process.env) {
  const prebuilt = prebuiltFor(env);
  if (prebuilt === undefined) return undefined;
  const { ok, log, version } = tryToLoad(prebuilt, env);
  if (ok) return undefined;
  if (version !== undefined) return { problem: explainOldNeon(`neon ${version}`), needsNeon: true };
  const reason = /^Error: .*/m.exec(log)?.[0] ?? log.trim();
  return { problem: explainLoadError(reason, root), needsNeon: isNeonMissing(reason) };
}

/**
 * Loads a binary in another process, and checks the version of the neon that it loads.
 *
 * @param {string} binary
 * @param {Env} env
 * @returns {{ ok: boolean, log: string, version?: string }}  the version if it is too old
 */
function tryToLoad(binary, env) {
  const { ok, log } = loads(binary, env);
  const version = /^neon (\d+\.\d+[^:\s]*)/m.exec(log)?.[1];
  return ok && version !== undefined && isOlder(version, OLDEST) ? { ok: false, log, version } : { ok, log };
}

/** Whether this is the project itself, where CMake builds the addon. A package has no tests. */
const IN_PROJECT = existsSync(join(root, 'test'));

/**
 * Chooses the builder and lists its missing needs. Users need no CMake: npm's node-gyp compiles for them. In the
 * project it is CMake if installed, otherwise node-gyp. Only CMake supports sanitizers and coverage.
 *
 * @param {Env} env
 * @returns {{ builder: Builder, needs: Need[] }}
 */
export function plan(env = process.env) {
  checkChoices(env);
  const has = (/** @type {string} */ program) => onPath(program, env) !== undefined;
  const compiler = env.CXX || has('c++') || has('g++') || has('clang++');
  const chosen = env.LIBNEON_BUILD;
  const special = env.NEON_SANITIZE || env.NEON_COVERAGE === '1';
  if (chosen === 'gyp' && special)
    throw new SetupError('libneon: NEON_SANITIZE and NEON_COVERAGE need LIBNEON_BUILD=cmake.');
  const python = Boolean(env.PYTHON) || has('python3') || has('python');
  const gypServes = python && nodeGyp(env) !== undefined;
  const prefersGyp = IN_PROJECT ? gypServes && !has('cmake') : true;
  const builder = chosen === 'gyp' || (chosen !== 'cmake' && !special && prefersGyp) ? 'gyp' : 'cmake';

  /** @type {[Need, boolean][]} */
  const lacks = [
    ['compiler', !compiler],
    ['make', !has('make') && !(builder === 'cmake' && has('ninja'))],
    ['cmake', builder === 'cmake' && !has('cmake')],
    ['python', builder === 'gyp' && !python],
  ];
  return { builder, needs: lacks.filter(([, lacking]) => lacking).map(([need]) => need) };
}

/**
 * Chooses the builder and the neon for the addon. Throws two lines of advice when a need is missing.
 *
 * @param {Env} [env]
 * @returns {{ builder: Builder, neon: Neon }}
 */
export function prepare(env = process.env) {
  const { builder, needs } = plan(env);
  const neon = requireNeon(env, needs);
  if (needs.length > 0) throw missing(needs);
  return { builder, neon };
}

/**
 * Builds the addon, and prints nothing. If the build fails, the error has the whole log.
 *
 * @param {Builder} builder
 * @param {{ force?: boolean, env?: Env }} [options]  `force` builds from scratch, even if nothing has changed
 */
export function buildAddon(builder, { force = false, env = process.env } = {}) {
  exclusively('build', () => {
    if (force || addonInPlace(env) === undefined) build(builder, env, force);
  });
}

/**
 * @param {Builder} builder
 * @param {Env} env
 * @param {boolean} clean
 */
function build(builder, env, clean) {
  /** @type {Record<string, string>} */
  const settings = { ...settingsOf(env), builder, strict: env.NEON_WERROR === '1' ? '1' : '0', root };
  const steps = builder === 'cmake' ? cmakeSteps(env) : gypSteps(env);
  const before = readStamp(STAMP)?.settings;
  const sameTree = before !== undefined && JSON.stringify(before) === JSON.stringify(settings);
  // The files of CMake and gyp have the same names, so one builder must not build on top of the other's files.
  if (clean || !sameTree) rmSync(join(root, 'build'), { recursive: true, force: true });
  mkdirSync(join(root, 'build'), { recursive: true });

  const stamp = { time: Date.now(), sources: filesOf(SOURCES), done: false, settings };
  writeStamp(STAMP, stamp);
  // The builders run "node" to find paths, and must run this Node.
  const tools = { ...env, PATH: `${dirname(process.execPath)}${delimiter}${env.PATH ?? ''}` };
  for (const [script = '', ...args] of steps) {
    const { ok, log } = run(process.execPath, [script, ...args], { env: tools });
    if (!ok)
      throw new SetupError(
        log.trimEnd(),
        `libneon: building the addon failed, see above (${[script, ...args].join(' ')}).`,
      );
  }
  const { ok, log } = settings.sanitize ? { ok: true, log: '' } : loads(BINARY, env);
  if (!ok) throw new SetupError(log.trimEnd(), 'libneon: the addon was built but does not load, see above.');
  writeStamp(STAMP, { ...stamp, done: true });
}

/**
 * @param {Env} env
 * @returns {string[][]}
 */
function cmakeSteps(env) {
  const script = packageScript('cmake-js');
  if (script === undefined)
    throw new SetupError(
      'libneon: the npm package cmake-js is missing.',
      `Install it with: npm install ${IN_PROJECT ? '' : 'cmake-js'}`.trimEnd(),
    );
  const passed = ['NEON_ROOT', 'NEON_TLS', 'NEON_SANITIZE', 'NEON_COVERAGE', 'NEON_WERROR'].filter((name) => env[name]);
  const options = passed.map((name) => `--CD${name}=${env[name] ?? ''}`);
  // Configures each time, because "build" alone would keep old options. Configuring takes half a second.
  return [
    [script, 'configure', `--CDNODE_EXECUTABLE=${process.execPath}`, ...options],
    [script, 'build', '--parallel', String(availableParallelism())],
  ];
}

/**
 * @param {Env} env
 * @returns {string[][]}
 */
function gypSteps(env) {
  const script = nodeGyp(env);
  if (script === undefined)
    throw new SetupError('libneon: node-gyp is missing.', 'Install it with: npm install --global node-gyp');
  // Local headers avoid a download.
  const headers = [join(dirname(process.execPath), '..'), '/usr'].find((prefix) =>
    ['node_api.h', 'common.gypi'].every((name) => existsSync(join(prefix, 'include/node', name))),
  );
  const nodedir = headers === undefined ? [] : [`--nodedir=${headers}`];
  return [[script, 'configure', 'build', ...nodedir, '-j', String(availableParallelism())]];
}

/**
 * The script of node-gyp: the package's own dependency, npm's copy, or one on PATH.
 *
 * @param {Env} env
 */
function nodeGyp(env) {
  const inNpm = [env.npm_execpath, onPath('npm', env), join(dirname(process.execPath), 'npm')]
    .flatMap((script) => (script && existsSync(script) ? [realpathSync(script)] : []))
    .map((script) => join(dirname(script), '../node_modules/node-gyp/bin/node-gyp.js'));
  const scripts = [env.npm_config_node_gyp, ...inNpm, onPath('node-gyp', env)];
  return packageScript('node-gyp') ?? scripts.find((script) => script && existsSync(script));
}

/**
 * Whether Node can load an addon, tried in another process, which prints the version of neon.
 *
 * @param {string} binary
 * @param {Env} env
 */
function loads(binary, env) {
  const script = 'console.log(require(process.argv[1]).sync.ne_version_string())';
  return run(process.execPath, ['-e', script, join(root, binary)], { env });
}
