/**
 * `npm run coverage`: runs the tests and reports which lines of TypeScript and C++ ran, in one report. Arguments choose
 * the suites, as for Jest. `-- --report` makes the report from the counts of the last run, without running tests.
 *
 * Fails when less than 95 % of the lines ran, unless arguments chose suites.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../generate/project.js';
import { countCpp, resetCpp } from './cpp.js';
import { LineCounts, tracefile } from './counts.js';
import { report } from './report.js';
import { countTypeScript, jestOptions } from './typescript.js';

/** The least share of lines, in percent. */
const REQUIRED = 95;

const folder = path.join(root, 'coverage');
const jest = path.join(folder, 'jest');
const children = path.join(folder, 'children');

function runTests(suites: readonly string[]): number {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(children, { recursive: true });
  resetCpp();
  const program = path.join(root, 'node_modules/jest/bin/jest.js');
  const { status } = spawnSync(process.execPath, [program, ...jestOptions(jest), ...suites], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, LIBNEON_CHILD_COVERAGE: children },
  });
  return status ?? 1;
}

function main(): void {
  const args = process.argv.slice(2);
  const onlyReport = args.includes('--report');
  const suites = args.filter((argument) => argument !== '--report');
  const status = onlyReport ? 0 : runTests(suites);
  if (!existsSync(jest)) throw new Error(`There are no counts in ${jest}: run the tests first`);
  const counts = new LineCounts();
  countTypeScript(counts, jest, children);
  countCpp(counts);
  const files = counts.files();
  const { text, summary, percent } = report(files);
  writeFileSync(path.join(folder, 'lcov.info'), tracefile(files));
  writeFileSync(path.join(folder, 'report.md'), text);
  console.log(`${summary}\ncoverage/report.md lists the lines that did not run; coverage/lcov.info has all counts.`);
  process.exitCode = status;
  if (suites.length === 0 && percent < REQUIRED) {
    console.error(`Less than ${REQUIRED} % of the lines ran.`);
    process.exitCode = 1;
  }
}

main();
