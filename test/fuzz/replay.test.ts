/**
 * Replays the corpus of each fuzz target with the sanitizers, without libFuzzer. Each input that once ended a target
 * belongs to the corpus.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { findProgram } from '../servers/packages.js';
import { scratchDirectory } from '../servers/start.js';
import { buildTargets, environmentOf, fuzzFolder, targets } from './build.js';

/** Why the targets cannot be built here; null if they can. */
function obstacle(): string | null {
  if (process.platform !== 'linux') return 'needs Linux';
  const compiler = process.env['CXX'] ?? findProgram('g++');
  if (compiler === null) return 'needs g++';
  const library = execFileSync(compiler, ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim();
  return path.isAbsolute(library) ? null : 'needs libasan';
}

const reason = obstacle();
const define = reason === null ? describe : describe.skip;

define(`fuzz targets${reason === null ? '' : ` (${reason})`}`, () => {
  const folder = scratchDirectory('fuzz');
  let program: string;
  beforeAll(async () => {
    program = await buildTargets(folder, { compiler: process.env['CXX'] ?? 'g++', libFuzzer: false });
  }, 1_200_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test.each(targets)('%s takes each input of its corpus', (target) => {
    const inputs = readdirSync(path.join(fuzzFolder, 'corpus', target)).map((name) =>
      path.join(fuzzFolder, 'corpus', target, name),
    );
    expect(inputs.length).toBeGreaterThan(2);
    execFileSync(program, inputs, { env: environmentOf(target), stdio: ['ignore', 'ignore', 'pipe'] });
  });

  test('the program refuses an unknown target', () => {
    const file = path.join(fuzzFolder, 'main.cc');
    expect(() => execFileSync(program, [file], { env: environmentOf('none'), stdio: 'pipe' })).toThrow(
      /LIBNEON_FUZZ_TARGET must be the name of a target/,
    );
  });
});
