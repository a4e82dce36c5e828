/**
 * Runs the short form of each kind of fault trials. `LIBNEON_TEST_SEED` chooses other trials; a failure prints the
 * command that repeats it. The long form is `npm run test:faults`.
 */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runProgram } from '../lifecycle/fork.js';
import { projectRoot, scratchDirectory } from '../servers/start.js';
import { kindNames, trialsOf, type Summary } from './kind.js';
import { mutations } from './mutations.js';

const seed = Number(process.env['LIBNEON_TEST_SEED'] ?? 1);
const folder = scratchDirectory('faults');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each(kindNames)(
  `finds no fault by the trials of %s (seed ${seed})`,
  async (kind) => {
    const args = [path.join(__dirname, 'index.js'), kind, '--short', '--seed', String(seed), '--out', folder];
    const { code, signal, stdout, stderr } = await runProgram(process.execPath, args, { killAfterMs: 170_000 });
    expect({ code, signal, stderr, output: code === 0 ? '' : stdout.slice(0, 10_000) }).toEqual({
      code: 0,
      signal: null,
      stderr: '',
      output: '',
    });
    const { rows, runs } = JSON.parse(readFileSync(path.join(folder, `${kind}.json`), 'utf8')) as Summary;
    const trials = trialsOf({ runs });
    expect(trials).toBeGreaterThan(5);
    const tried = rows.reduce((sum, row) => sum + row.tried, 0);
    expect(tried).toBeGreaterThanOrEqual(trials);
    expect(rows.reduce((sum, row) => sum + row.right, 0)).toBe(tried);
  },
  180_000,
);

test('each deliberate fault has its place in the sources', () => {
  for (const { about, file, text } of mutations) {
    const source = readFileSync(path.join(projectRoot, file), 'utf8');
    expect([about, source.split(text).length - 1]).toEqual([about, 1]);
  }
});
