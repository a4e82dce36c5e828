// @ts-check
// Runs for `npm install`: uses the binary in place, if it came with the package or is an earlier build that is up to
// date. Otherwise builds the addon. If a binary came with the package and lacks only neon's library, a build would lack
// it too: then the script fails with the command that installs it. CHOICES in lib/addon.mjs lists the environment
// variables for the build.
//   node deps/install.mjs [--force]     --force builds from scratch, even if nothing has changed

import { addonInPlace, buildAddon, prebuiltProblem, prepare } from './lib/addon.mjs';
import { command, SetupError } from './lib/run.mjs';

command(() => {
  const force = process.argv.includes('--force');
  const binary = force ? undefined : addonInPlace();
  if (binary !== undefined) {
    process.stdout.write(`libneon: ${binary} is in place\n`);
    return;
  }
  const unusable = force ? undefined : prebuiltProblem();
  if (unusable?.needsNeon) throw new SetupError(`libneon: ${unusable.problem}.`, 'Then run this installation again.');
  if (unusable) process.stdout.write(`libneon: compiling, because: ${unusable.problem}\n`);
  const start = performance.now();
  const { builder, neon } = prepare();
  buildAddon(builder, { force });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  process.stdout.write(`libneon: built by ${builder} for neon ${neon.version} (${neon.by}) in ${seconds} s\n`);
});
