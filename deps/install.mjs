// @ts-check
// Runs for `npm install`: uses the binary in place, if it came with the package or is an earlier build that is up to
// date. Otherwise builds the addon. CHOICES in lib/addon.mjs lists the environment variables for the build.
//   node deps/install.mjs [--force]     --force builds from scratch, even if nothing has changed

import { addonInPlace, buildAddon, prepare } from './lib/addon.mjs';
import { command } from './lib/run.mjs';

command(() => {
  const force = process.argv.includes('--force');
  const binary = force ? undefined : addonInPlace();
  if (binary !== undefined) {
    process.stdout.write(`libneon: ${binary} is in place\n`);
    return;
  }
  const start = performance.now();
  const { builder, neon } = prepare();
  buildAddon(builder, { force });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`libneon: built by ${builder} for neon ${neon.version} (${neon.by}) in ${seconds} s\n`);
});
