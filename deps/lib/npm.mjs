// @ts-check
// Installs the npm packages of package-lock.json.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from './lock.mjs';
import { onPath, root, run, SetupError } from './run.mjs';

const WANTED = join(root, 'package-lock.json');
const INSTALLED = join(root, 'node_modules/.package-lock.json');

/** Whether node_modules differs from package-lock.json. */
export function npmPackagesAreMissing() {
  const time = (/** @type {string} */ file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return time(INSTALLED) < time(WANTED) && !hasSamePackages();
}

/** Compares the contents of the files: a checkout makes package-lock.json newer without changing it. */
function hasSamePackages() {
  const wanted = packagesOf(WANTED);
  const installed = packagesOf(INSTALLED);
  return Object.entries(wanted).every(([path, { integrity, optional }]) => {
    const there = installed[path];
    return path === '' || there?.integrity === integrity || (there === undefined && optional);
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { integrity?: string, optional?: boolean }>}
 */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return {};
  }
}

/**
 * Installs the packages of package-lock.json. Runs no install scripts, because building the addon is a separate step.
 */
export function installNpmPackages() {
  exclusively('npm', () => {
    if (!npmPackagesAreMissing()) return;
    const npm = process.env.npm_execpath;
    const script = npm?.endsWith('.js') ? npm : onPath('npm');
    if (script === undefined) throw new SetupError('libneon: npm is missing.');
    const args = ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'];
    const { ok, log } = script.endsWith('.js') ? run(process.execPath, [script, ...args]) : run(script, args);
    if (!ok) throw new SetupError(log.trimEnd(), 'libneon: npm ci failed, see above.');
  });
}
