/**
 * Tests the section "To add a function" of CONTRIBUTING.md: adds its code blocks to a copy of the tree, and nothing
 * else.
 */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { describeWith } from '../servers/packages.js';
import { projectRoot } from '../servers/start.js';

/** A block of lines, and its place in a file: before or after a line, or at the end. */
interface Block {
  readonly file: string;
  readonly side: string | undefined;
  readonly line: string | undefined;
  readonly lines: readonly string[];
}

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');

const [, section = ''] = read('CONTRIBUTING.md').split('## To add a function\n');
const place = /In\s`(\S+)`,\s(?:at\sthe\send|(before|after)\sthe\sline\s`(.+?)`):\n\n```\w+\n(.*?)\n```$/gms;
const blocks: readonly Block[] = Array.from(section.matchAll(place), ([, file = '', side, line, text = '']) => ({
  file,
  side,
  line,
  lines: text.split('\n'),
}));

/** Inserts the block into the text of a file. Adds a blank line if the block is a whole definition. */
function withBlock(text: string, { file, side, line, lines }: Block): string {
  const old = text.trimEnd().split('\n');
  const index = line === undefined ? old.length : old.findIndex((candidate) => candidate.trim() === line);
  if (index < 0) throw new Error(`${file} has no line ${line}`);
  const added = side === 'after' ? lines : side === 'before' ? [...lines, ''] : ['', ...lines];
  return `${old.toSpliced(side === 'after' ? index + 1 : index, 0, ...added).join('\n')}\n`;
}

describe('the example for a new function', () => {
  test('takes three places by hand, and at most 30 lines', () => {
    expect(new Set(blocks.map(({ file }) => file.split('/')[0]))).toEqual(new Set(['binding', 'lib', 'test']));
    const count = (text: string): number => text.split('\n').length;
    const added = blocks.map((block) => count(withBlock(read(block.file), block)) - count(read(block.file)));
    const sum = added.reduce((a, b) => a + b, 0);
    expect(sum).toBeGreaterThan(10);
    expect(sum).toBeLessThanOrEqual(30);
  });
});

describeWith(['gcc', 'make'], 'the example for a new function', () => {
  let copy: string;

  beforeAll(() => {
    copy = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-adding-'));
    const left = ['.git', 'node_modules', 'build', 'prebuilds', 'coverage'];
    for (const name of readdirSync(projectRoot).filter((entry) => !left.includes(entry)))
      cpSync(path.join(projectRoot, name), path.join(copy, name), { recursive: true, preserveTimestamps: true });
    symlinkSync(path.join(projectRoot, 'node_modules'), path.join(copy, 'node_modules'));
  });
  afterAll(() => {
    rmSync(copy, { recursive: true, force: true });
  });

  /** Runs a JavaScript program in the copy. When the program fails, throws an error with all its output. */
  function run(script: string, ...args: string[]): void {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
      cwd: copy,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${[script, ...args].join(' ')}: ${status ?? signal}\n${stdout}${stderr}`);
  }

  /** Builds the addon. Compiles only the changed files and copies the other objects from the existing build. */
  function buildAddon(): void {
    const { settings } = JSON.parse(read('build/stamp.json')) as { settings: Record<string, string> };
    const jobs = String(availableParallelism());
    const [from, to] = [path.join(projectRoot, 'build'), path.join(copy, 'build')];
    if (settings['builder'] === 'gyp') {
      cpSync(from, to, { recursive: true, preserveTimestamps: true }); // the paths in gyp's files are relative
      run('node_modules/node-gyp/bin/node-gyp.js', 'build', '-j', jobs);
      return;
    }
    // CMake's files contain absolute paths, so they must be created again. The objects are copied afterwards. Otherwise
    // they would be older than CMake's files and would be compiled again.
    const cmake = 'node_modules/cmake-js/bin/cmake-js';
    const options = [`--CDNODE_EXECUTABLE=${process.execPath}`, `--CDNEON_TLS=${settings['tls']}`];
    run(cmake, 'configure', '-G', 'Unix Makefiles', ...options);
    const objects = 'CMakeFiles/libneon.dir';
    const changed = blocks.map(({ file }) => `${file}.o`);
    for (const file of readdirSync(path.join(from, objects), { recursive: true, encoding: 'utf8' })) {
      if (!/\.(o|gch)$/.test(file) || changed.includes(file)) continue;
      cpSync(path.join(from, objects, file), path.join(to, objects, file));
    }
    run(cmake, 'build', '--parallel', jobs);
  }

  test('passes the suites of its header and of the structure', () => {
    for (const block of blocks) {
      const file = path.join(copy, block.file);
      writeFileSync(file, withBlock(readFileSync(file, 'utf8'), block));
    }
    run('node_modules/typescript/bin/tsc', '-p', 'tools');
    run('dist/tools/generate/index.js');
    run('node_modules/typescript/bin/tsc', '--pretty', 'false');
    buildAddon();
    run('dist/tools/generate/index.js', '--check');
    const suites = ['ne/string', 'structure/coverage', 'structure/generated'].map((suite) => `dist/test/${suite}`);
    run('node_modules/jest/bin/jest.js', '--ci', ...suites);
  }, 600_000);
});
