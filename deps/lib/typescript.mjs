// @ts-check
// Compiles TypeScript when sources have changed.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { exclusively } from './lock.mjs';
import { packageScript, root, run, SetupError } from './run.mjs';
import { filesOf, isFresh, readStamp, writeStamp } from './stamp.mjs';

const STAMP = 'dist/.stamp';
const FOLDERS = ['lib', 'test', 'tools', 'bench', 'examples'];

function sources() {
  return filesOf([...FOLDERS, 'tsconfig.json'], /\.m?ts$|\.json$/);
}

/** Whether dist/ is up to date with the sources. */
export function isCompiled() {
  return isFresh(readStamp(STAMP), sources());
}

/**
 * Compiles all TypeScript to dist/, and removes the output of sources that are gone.
 *
 * @param {boolean} force  compiles even if dist/ is up to date
 */
export function compile(force) {
  exclusively('typescript', () => {
    if (!force && isCompiled()) return;
    const tsc = packageScript('typescript', 'tsc');
    if (tsc === undefined) throw new SetupError('libneon: TypeScript is missing.', 'Install it with: npm install');
    const stamp = { time: Date.now(), sources: sources(), done: true, settings: {} };
    removeOrphans(stamp.sources);
    mkdirSync(join(root, 'dist'), { recursive: true });
    rmSync(join(root, STAMP), { force: true });
    for (const script of [[tsc, '--pretty', 'false'], ['dist/tools/declarations/index.js']]) {
      const { ok, log } = run(process.execPath, script);
      if (!ok) throw new SetupError(log.trimEnd(), 'libneon: TypeScript found errors, see above.');
    }
    writeStamp(STAMP, stamp);
  });
}

/** @param {string[]} kept */
function removeOrphans(kept) {
  const stems = new Set(kept.map((file) => file.replace(/\.m?ts$/, '')));
  const outputs = filesOf(
    FOLDERS.map((folder) => `dist/${folder}`),
    /\.(m?js|d\.m?ts)(\.map)?$/,
  );
  const orphans = outputs.filter(
    (file) => !stems.has(file.slice('dist/'.length).replace(/\.(m?js|d\.m?ts)(\.map)?$/, '')),
  );
  for (const file of orphans) rmSync(join(root, file));
}
