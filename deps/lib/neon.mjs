// @ts-check
// Finds the neon to build with.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { OLDEST } from './advice.cjs';
import { missing, unsuitable } from './packages.mjs';
import { ask, onPath } from './run.mjs';
import { isForThisMachine } from './symbols.mjs';

/** @typedef {import('./run.mjs').Env} Env */
/** @typedef {import('./advice.cjs').Need} Need */

/**
 * An installed neon, ready to compile and link with.
 *
 * @typedef {object} Neon
 * @property {string} by  the tool or setting that found it
 * @property {string} version  of the library
 * @property {string} include  the folder of ne_session.h
 * @property {string[]} defines  neon's own compiler flags except -I; they determine the size of ne_off_t
 * @property {string} library  the shared library's file
 * @property {string | undefined} rpath  the library's folder, if the dynamic linker does not search this folder
 */

/**
 * @typedef {object} NoNeon
 * @property {string} problem  a sentence
 * @property {Need | undefined} need  the need to install; undefined when a neon is installed but does not fit
 */

const MACOS = process.platform === 'darwin';

/**
 * Finds neon: in NEON_ROOT if set, otherwise by pkg-config or neon-config. With NEON_TLS=gnutls, the library is that of
 * neon's GnuTLS build; the headers are those of the neon that was found.
 *
 * @param {Env} [env]
 * @returns {Neon | NoNeon}
 */
export function findNeon(env = process.env) {
  const found = env.NEON_ROOT ? inRoot(resolve(env.NEON_ROOT), env) : (byPkgConfig(env) ?? byNeonConfig(env));
  if (found === undefined) {
    return {
      problem: `neon ${OLDEST} or newer, library and headers, was found neither by pkg-config nor by neon-config`,
      need: 'neon',
    };
  }
  const include = found.includes.find((folder) => existsSync(join(folder, 'ne_session.h')));
  if (include === undefined)
    return { problem: `${found.by}: no ne_session.h in ${found.includes.join(' ')}`, need: undefined };

  const gnutls = env.NEON_TLS === 'gnutls';
  const names = gnutls ? libraryNames('neon-gnutls') : libraryNames(found.name);
  const library = findLibrary(names, found.folders);
  if (library === undefined) {
    if (gnutls) return { problem: `NEON_TLS=gnutls needs ${names.join(' or ')}`, need: 'neon-gnutls' };
    return { problem: `${found.by}: there is no ${names.join(' or ')}`, need: undefined };
  }

  const version = libraryVersion(library) ?? found.version;
  if (isOlder(version, OLDEST)) {
    return {
      problem: `neon ${version} (${library}) is too old, ${OLDEST} or newer is needed`,
      need: undefined,
    };
  }
  const rpath = /^(\/usr)?\/lib(32|64|x32)?(\/[^/]+-linux-[^/]+)?$/.test(dirname(library))
    ? undefined
    : dirname(library);
  return { by: found.by, version, include, defines: found.defines, library, rpath };
}

/**
 * The neon to build with. Throws two lines of advice when no neon fits.
 *
 * @param {Env} [env]
 * @param {Need[]} [alsoMissing]
 * @returns {Neon}
 */
export function requireNeon(env = process.env, alsoMissing = []) {
  const neon = findNeon(env);
  if (!('problem' in neon)) return neon;
  if (neon.need === undefined) throw unsuitable(neon.problem);
  // If other needs are missing too, the advice is one command for all needs; otherwise it has the exact reason.
  throw alsoMissing.length > 0 ? missing([neon.need, ...alsoMissing]) : missing([neon.need], neon.problem);
}

/**
 * The result of one of the three searches (NEON_ROOT, pkg-config, neon-config), before it is checked.
 *
 * @typedef {object} Found
 * @property {string} by
 * @property {string} version
 * @property {string[]} includes
 * @property {string[]} defines
 * @property {string} name  of the library, without lib and suffix
 * @property {string[]} folders  where the library may be
 */

/**
 * @param {Env} env
 * @returns {Found | undefined}
 */
function byPkgConfig(env) {
  const program = pkgConfig(env);
  if (program === undefined) return undefined;
  const flags = ask(program, ['--cflags', '--libs', 'neon'], env);
  const version = ask(program, ['--modversion', 'neon'], env);
  const folder = ask(program, ['--variable=libdir', 'neon'], env);
  if (flags === undefined || version === undefined) return undefined;
  return { by: 'pkg-config', version, ...readFlags(flags, [folder ?? '']) };
}

/**
 * @param {Env} env
 * @returns {Found | undefined}
 */
function byNeonConfig(env) {
  const program = onPath('neon-config', env);
  return program === undefined ? undefined : { by: 'neon-config', ...askNeonConfig(program, env) };
}

/**
 * Finds neon in NEON_ROOT, a prefix that may have been moved after the installation of neon. The flags come from neon's
 * own files in the prefix, but the folders are those that exist in the prefix now.
 *
 * @param {string} root
 * @param {Env} env
 * @returns {Found}
 */
function inRoot(root, env) {
  const folders = ['lib', 'lib64', ...subfolders(join(root, 'lib')).map((name) => `lib/${name}`)].map((name) =>
    join(root, name),
  );
  const includes = [join(root, 'include/neon'), join(root, 'include')];
  const description = folders.map((folder) => join(folder, 'pkgconfig/neon.pc')).find((file) => existsSync(file));
  const program = pkgConfig(env);
  const script = join(root, 'bin/neon-config');
  /** @type {{ version: string, name: string, defines: string[] }} */
  let found = { version: '', name: 'neon', defines: [] };
  if (description !== undefined && program !== undefined) {
    found = {
      version: ask(program, ['--modversion', description], env) ?? '',
      ...readFlags(ask(program, ['--cflags', '--libs', description], env) ?? '', []),
    };
  } else if (existsSync(script)) {
    found = askNeonConfig(script, env);
  }
  return { ...found, by: `NEON_ROOT=${root}`, includes, folders };
}

/** @param {Env} env */
function pkgConfig(env) {
  return env.PKG_CONFIG || onPath('pkg-config', env) || onPath('pkgconf', env);
}

/**
 * @param {string} program
 * @param {Env} env
 */
function askNeonConfig(program, env) {
  const version = (ask(program, ['--version'], env) ?? '').replace(/^neon\s+/, '');
  const prefix = ask(program, ['--prefix'], env) ?? '';
  const flags = `${ask(program, ['--cflags'], env) ?? ''} ${ask(program, ['--libs'], env) ?? ''}`;
  return { version, ...readFlags(flags, [join(prefix, 'lib'), join(prefix, 'lib64')]) };
}

/**
 * @param {string} flags
 * @param {string[]} folders
 */
function readFlags(flags, folders) {
  const words = flags.split(/\s+/);
  const after = (/** @type {string} */ start) =>
    words.filter((word) => word.startsWith(start)).map((word) => word.slice(start.length));
  return {
    includes: after('-I'),
    defines: words.filter((word) => word.startsWith('-D')),
    name: after('-l').find((name) => name.startsWith('neon')) ?? 'neon',
    folders: [...after('-L'), ...folders].filter((folder) => folder !== ''),
  };
}

/** @param {string} name */
function libraryNames(name) {
  // Debian's libneon27-gnutls has only the versioned file; the other file is in a package that conflicts with
  // libneon27-dev.
  return MACOS ? [`lib${name}.dylib`, `lib${name}.27.dylib`] : [`lib${name}.so`, `lib${name}.so.27`];
}

/**
 * @param {string[]} names
 * @param {string[]} found
 */
function findLibrary(names, found) {
  const standard = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/usr/local/lib64', '/lib', '/lib64'];
  const folders = [...found, ...standard].flatMap((folder) => [
    folder,
    ...subfolders(folder)
      .filter((name) => name.includes('-linux-'))
      .map((name) => join(folder, name)),
  ]);
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find((file) => existsSync(file) && isForThisMachine(file));
}

/** @param {string} folder */
function subfolders(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch {
    return [];
  }
}

/**
 * The version that ne_version_string() returns, read from the library's file, because headers and library can differ.
 *
 * @param {string} library
 */
function libraryVersion(library) {
  return /\0neon (\d+\.\d+\.\d+[^:\0]*): /.exec(readFileSync(library, 'latin1'))?.[1];
}

/**
 * @param {string} version
 * @param {string} than
 */
export function isOlder(version, than) {
  const [a, b] = [version, than].map((text) => text.split('.').map((part) => Number.parseInt(part, 10) || 0));
  const difference = [0, 1, 2].map((index) => (a?.[index] ?? 0) - (b?.[index] ?? 0)).find((value) => value !== 0);
  return (difference ?? 0) < 0;
}
