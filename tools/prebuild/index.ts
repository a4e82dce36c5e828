/**
 * Builds the prebuilt addons of a release into `prebuilds/`, for the systems that are named, or for all of a release.
 * With `--check`, it builds nothing, and fails unless they are all there and load. `npm publish` runs it so.
 */
import { parseArgs } from 'node:util';
import { build, check } from './build.js';
import { packagesForArm64, systemOf, systems } from './system.js';

const help = `usage: npm run prebuild -- [--check] [SYSTEM…]
  --check   builds nothing, and fails if an addon is missing or does not load
  SYSTEM    ${systems.join(', ')} (all by default), or the system of this machine
The addon for arm64 can be built on Debian on x64, with ${packagesForArm64.join(', ')}.`;

try {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) console.log(help);
  else
    for (const name of positionals.length > 0 ? positionals : systems) (values.check ? check : build)(systemOf(name));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
