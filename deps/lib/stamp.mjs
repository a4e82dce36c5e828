// @ts-check
// Records the sources of a build, to decide whether the build is up to date.
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './run.mjs';

/**
 * The inputs of a build. `time` is the start of the work, not its end, so that a source saved meanwhile counts as
 * newer. The stamp has the names of the sources, because a removed source leaves no newer time behind.
 *
 * @typedef {object} Stamp
 * @property {number} time  milliseconds since 1970
 * @property {string[]} sources  relative to the root, sorted
 * @property {boolean} done  whether the work succeeded
 * @property {Record<string, string>} settings
 */

/**
 * All files of the given files and folders, relative to the root, sorted. Missing places are omitted.
 *
 * @param {readonly string[]} places
 * @param {RegExp} [pattern]
 * @returns {string[]}
 */
export function filesOf(places, pattern = /./) {
  return places
    .flatMap((place) => walk(place))
    .filter((file) => pattern.test(file))
    .sort();
}

/**
 * @param {string} place
 * @returns {string[]}
 */
function walk(place) {
  const stat = statSync(join(root, place), { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [place];
  return readdirSync(join(root, place)).flatMap((name) => walk(`${place}/${name}`));
}

/**
 * @param {string} file  relative to the root
 * @returns {Stamp | undefined}
 */
export function readStamp(file) {
  try {
    return JSON.parse(readFileSync(join(root, file), 'utf8'));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} file  relative to the root
 * @param {Stamp} stamp
 */
export function writeStamp(file, stamp) {
  writeFileSync(join(root, file), `${JSON.stringify(stamp, null, 2)}\n`);
}

/**
 * Whether the recorded work succeeded from exactly these sources, and no source has changed since.
 *
 * @param {Stamp | undefined} stamp
 * @param {readonly string[]} sources
 * @returns {stamp is Stamp}
 */
export function isFresh(stamp, sources) {
  if (stamp === undefined || !stamp.done || stamp.sources.join() !== sources.join()) return false;
  return sources.every(
    (source) => (statSync(join(root, source), { throwIfNoEntry: false })?.mtimeMs ?? Infinity) <= stamp.time,
  );
}
