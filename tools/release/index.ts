/**
 * `npm run release -- VERSION`: checks, builds, tests, dates the change log, packs, and tags a release in the
 * repository of the current folder. It publishes nothing: pushing the tag starts the workflow that does. With
 * `--dry-run` it makes all checks, and prints the steps and the heading of the change log without taking a step.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { dated, entriesOf } from './changelog.js';

/** The placeholder in package.json for the owner of the repository. */
const PLACEHOLDER = 'OWNER';

/** Why a release cannot be made. */
class Refusal extends Error {}

const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();

/** Runs a command with the output of this program. */
function run(program: string, ...args: string[]): void {
  console.log(`> ${[program, ...args].join(' ')}`);
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) throw new Refusal(`${program} ${args.join(' ')} failed`);
}

/** Throws unless the release can be made. `isRehearsal` permits what only publishing needs. */
function check(version: string, isRehearsal: boolean): void {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) throw new Refusal(`${version} is not a version: 1.2.3 or 1.2.3-rc.1`);
  const changes = git('status', '--porcelain');
  if (changes !== '') throw new Refusal(`The tree has changes that are not committed:\n${changes}`);
  if (git('tag', '--list', `v${version}`) !== '') throw new Refusal(`The tag v${version} exists already`);
  if (entriesOf(readFileSync('CHANGELOG.md', 'utf8')) === '')
    throw new Refusal('CHANGELOG.md has no entry under [Unreleased]');
  const { homepage = '' } = JSON.parse(readFileSync('package.json', 'utf8')) as { homepage?: string };
  const problem = `package.json has the placeholder ${PLACEHOLDER} in "homepage", "bugs" and "repository"`;
  if (!homepage.includes(PLACEHOLDER)) return;
  if (!isRehearsal) throw new Refusal(problem);
  console.log(`To do before the release: ${problem}`);
}

/** Changes the version and the change log. */
function writeVersion(version: string): void {
  run('npm', 'version', version, '--no-git-tag-version', '--allow-same-version', '--ignore-scripts');
  writeFileSync('CHANGELOG.md', dated(readFileSync('CHANGELOG.md', 'utf8'), version, new Date()));
}

function packAndCheck(version: string): string {
  const folder = path.join('build', 'release');
  mkdirSync(folder, { recursive: true });
  run('npm', 'pack', '--pack-destination', folder);
  const { name } = JSON.parse(readFileSync('package.json', 'utf8')) as { name: string };
  const tarball = path.join(folder, `${name}-${version}.tgz`);
  run('npm', 'run', '--silent', 'check:package', '--', tarball);
  return tarball;
}

function release(version: string, { dryRun }: { dryRun: boolean }): void {
  check(version, dryRun);
  const steps = ['npm run build', 'npm run lint', 'npm test'];
  if (dryRun) {
    const [, heading] = /^(## \[\d.*)$/m.exec(dated(readFileSync('CHANGELOG.md', 'utf8'), version, new Date())) ?? [];
    console.log([...steps, `CHANGELOG.md: ${heading}`, 'npm pack', `git commit, git tag v${version}`].join('\n'));
    return;
  }
  run('npm', 'run', 'build');
  run('npm', 'run', 'lint');
  run('npm', 'test');
  let tarball: string;
  try {
    writeVersion(version);
    tarball = packAndCheck(version);
    run('git', 'commit', '--quiet', '--all', '--message', `Release ${version}`);
  } catch (error) {
    git('reset', '--quiet', '--hard', 'HEAD'); // the tree had no other changes
    throw error;
  }
  run('git', 'tag', '--annotate', `v${version}`, '--message', `Release ${version}`);
  console.log(`${tarball} is ready. To publish it: git push --follow-tags`);
}

new Command('release')
  .description('Checks, builds, tests, dates the change log, packs and tags a release.')
  .argument('<version>', 'the version of the release: 1.2.3')
  .option('--dry-run', 'checks everything and takes no step', false)
  .action((version: string, options: { dryRun: boolean }) => {
    try {
      release(version, options);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      console.error(error.message);
      process.exitCode = 1;
    }
  })
  .parse();
