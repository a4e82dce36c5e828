// @ts-check
// Keeps processes from doing the same work in one tree at the same time.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './run.mjs';

// The lock is outside the tree, because builds remove build/, and npm removes node_modules/.
const tree = createHash('sha256').update(root).digest('hex').slice(0, 16);

/**
 * Waits until no other process does the work of this name in this tree, then runs the work. Without this lock, two
 * builds in one folder (from two terminals, or from a test suite and an editor) would corrupt each other.
 *
 * @template T
 * @param {string} name
 * @param {() => T} work
 * @returns {T}
 */
export function exclusively(name, work) {
  const lock = join(tmpdir(), `libneon-${tree}-${name}.lock`);
  while (!take(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  try {
    return work();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param {string} lock */
function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    if (holderIsGone(lock)) rmSync(lock, { force: true });
    return false;
  }
}

/** @param {string} lock */
function holderIsGone(lock) {
  try {
    const holder = Number(readFileSync(lock, 'utf8'));
    // The file is empty: the holder is about to write its process id.
    if (holder === 0) return false;
    process.kill(holder, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH';
  }
}
