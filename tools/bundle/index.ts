/**
 * Replaces `dist/lib` by the bundled library while npm packs the package. `npm pack` and `npm publish` run this program
 * without an argument before they pack, and with `--restore` afterwards. Tests and benchmarks use the library as `tsc`
 * compiles it.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from '../generate/project.js';
import { bundle } from './bundle.js';

const dist = path.join(root, 'dist');
const lib = path.join(dist, 'lib');
const bundled = path.join(dist, 'bundled');
const unbundled = path.join(dist, 'unbundled');

/**
 * The stamp of the set-up moves with the unbundled library. If packing is interrupted, the stamp is missing, and the
 * next set-up compiles `dist/lib` again.
 */
const stamp = path.join(dist, '.stamp');
const stampInLib = path.join(lib, '.stamp');

async function replace(): Promise<void> {
  await bundle(bundled);
  rmSync(unbundled, { recursive: true, force: true });
  if (existsSync(stamp)) renameSync(stamp, stampInLib);
  renameSync(lib, unbundled);
  renameSync(bundled, lib);
}

function restore(): void {
  if (!existsSync(unbundled)) return;
  if (existsSync(stamp)) {
    // Packing was interrupted, and the set-up has compiled the library since then.
    rmSync(unbundled, { recursive: true });
    return;
  }
  rmSync(lib, { recursive: true, force: true });
  renameSync(unbundled, lib);
  if (existsSync(stampInLib)) renameSync(stampInLib, stamp);
}

if (process.argv.includes('--restore')) restore();
else void replace();
