/**
 * Tests that the packed package works where people use it: CommonJS, ES modules, TypeScript, bundlers and test runners.
 * Also checks its metadata and its declarations.
 */
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import ts from 'typescript';
import { projectRoot } from '../servers/start.js';
import { pack, unpack } from '../support/package.js';

let folder: string;
let tarball: string;
let project: string;
let installed: string;

const inModules = (name: string): string => path.join(projectRoot, 'node_modules', name);

beforeAll(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'libneon-consumers-')));
  tarball = pack(folder);
  project = path.join(folder, 'project');
  installed = unpack(tarball, project);
  // The tools and the types of Node, as a project has them beside the package.
  for (const name of ['@types', 'undici-types', 'vitest'])
    symlinkSync(inModules(name), path.join(project, 'node_modules', name));
}, 600_000);
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, text: string): string {
  const file = path.join(project, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

/** Runs a program of Node in the project, without the variables by which a test runner recognises another one. */
function node(...args: string[]): SpawnSyncReturns<string> {
  const { JEST_WORKER_ID: _1, NODE_ENV: _2, VITEST: _3, ...env } = process.env;
  return spawnSync(process.execPath, args, { cwd: project, encoding: 'utf8', env });
}

function expectOutput({ status, stdout, stderr }: SpawnSyncReturns<string>, expected: string): void {
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: expected, stderr: '' });
}

/** Uses each entry point, and prints one line. The names are those that `load` declares. */
const use = `
const session = new Session('http', 'localhost', 1);
console.log([ne_path_escape('/a b'), ne_get_scheme(session.handle), typeof ne_get, typeof createClient].join(' '));
session.destroy();
`;
const printed = '/a%20b http function function\n';
const names = [
  ['{ Session }', 'libneon'],
  ['{ ne_path_escape, ne_get_scheme }', 'libneon/ne'],
  ['{ ne_get }', 'libneon/ne/promises'],
  ['{ createClient }', 'libneon/webdav'],
] as const;
const commonJs = `${names.map(([name, from]) => `const ${name} = require('${from}');`).join('\n')}${use}`;
const esModule = `${names.map(([name, from]) => `import ${name} from '${from}';`).join('\n')}${use}`;

describe('Node', () => {
  test('requires the package from CommonJS', () => {
    expectOutput(node(write('program.cjs', commonJs)), printed);
  });

  test('imports names from ES modules', () => {
    expectOutput(node(write('program.mjs', esModule)), printed);
  });

  test('gives ES modules and CommonJS the same classes', () => {
    const file = write(
      'both.mjs',
      `import { createRequire } from 'node:module'; import { NeonError } from 'libneon';
       console.log(createRequire(import.meta.url)('libneon').NeonError === NeonError);`,
    );
    expectOutput(node(file), 'true\n');
  });
});

/** The errors of TypeScript: the file, the line and the number of each, with its text. */
function errorsOf(
  files: readonly string[],
  options: ts.CompilerOptions,
): { file: string; line: number; code: number; text: string }[] {
  const program = ts.createProgram([...files], {
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    typeRoots: [path.join(project, 'node_modules/@types')],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    ...options,
  });
  return ts.getPreEmitDiagnostics(program).map(({ file, start = 0, code, messageText }) => ({
    file: file ? path.basename(file.fileName) : '',
    line: file ? file.getLineAndCharacterOfPosition(start).line + 1 : 0,
    code,
    text: ts.flattenDiagnosticMessageText(messageText, '\n'),
  }));
}

describe('TypeScript', () => {
  const read = (name: string): string => readFileSync(path.join(projectRoot, 'test/types', name), 'utf8');
  const resolutions: readonly (readonly [string, ts.CompilerOptions])[] = [
    ['node16', { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16, skipLibCheck: true }],
    // This one also checks the declarations themselves.
    ['nodenext', { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }],
    [
      'bundler',
      { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler, skipLibCheck: true },
    ],
  ];

  test.each(resolutions)('accepts right uses and refuses misuses, with the module resolution %s', (name, options) => {
    const files = [
      write(`${name}/right.mts`, read('right.ts')),
      write(`${name}/misuse.cts`, read('misuse.ts')),
      write(`${name}/both.mts`, esModule),
    ];
    expect(errorsOf(files, options)).toEqual([]);
  });

  test('names the expected error for each of the misuses', () => {
    // Without the directives, TypeScript reports every error.
    const text = read('misuse.ts');
    const expected = text.split('\n').flatMap((line, i) => {
      const [, code] = /@ts-expect-error (\d+): \w/.exec(line) ?? [];
      return code === undefined ? [] : [{ line: i + 2, code: Number(code) }];
    });
    expect(expected.length).toBeGreaterThanOrEqual(30);
    expect(text.match(/@ts-expect-error/g)).toHaveLength(expected.length);
    const [, nodenext] = resolutions[1]!;
    const errors = errorsOf([write('codes/misuse.cts', text.replaceAll('@ts-expect-error', 'expected'))], {
      ...nodenext,
      skipLibCheck: true,
    });
    expect(errors).toMatchObject(expected);
    expect(errors).toHaveLength(expected.length);
  });

  test('sees nothing that is internal', () => {
    const declarations = readdirSync(path.join(installed, 'dist/lib'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.d.ts'))
      .map((name) => readFileSync(path.join(installed, 'dist/lib', name), 'utf8'));
    expect(declarations.length).toBeGreaterThan(50);
    expect(declarations.filter((text) => text.includes('@internal'))).toEqual([]);
    const file = write(
      'nodenext/internal.mts',
      `import { Lock, NeonError, Request, Response } from 'libneon';\nnew Request();\nnew Response();\nnew Lock();\nNeonError.of(1, '');`,
    );
    expect(errorsOf([file], resolutions[0]![1]).map(({ code }) => code)).toEqual([2673, 2673, 2673, 2339]);
  });
});

describe('bundlers with the package as an external module', () => {
  const formats = [
    ['cjs', 'cjs'],
    ['esm', 'mjs'],
  ] as const;

  test.each(formats)('esbuild makes a program that runs: %s', (format, ending) => {
    const entry = write('esbuild/entry.mjs', esModule);
    const out = path.join(project, `esbuild/out.${ending}`);
    const options = ['--bundle', '--platform=node', `--format=${format}`, '--external:libneon', `--outfile=${out}`];
    expect(node(inModules('esbuild/bin/esbuild'), entry, ...options, '--log-level=warning').stderr).toBe('');
    expectOutput(node(out), printed);
  });

  test('webpack makes a program that runs', () => {
    write('webpack/entry.mjs', esModule);
    const build = write(
      'webpack/build.cjs',
      `const webpack = require(${JSON.stringify(inModules('webpack'))});
       webpack({
         mode: 'production',
         target: 'node',
         context: __dirname,
         entry: './entry.mjs',
         output: { path: __dirname, filename: 'out.cjs' },
         externals: [({ request }, done) => (/^libneon(\\/|$)/.test(request) ? done(null, 'commonjs ' + request) : done())],
       }, (error, stats) => {
         if (error || stats.hasErrors() || stats.hasWarnings()) throw error ?? new Error(stats.toString());
       });`,
    );
    expectOutput(node(build), '');
    expectOutput(node(path.join(project, 'webpack/out.cjs')), printed);
  });
});

describe('test runners', () => {
  const body = `test('escapes', () => { expect(ne_path_escape('/a b')).toBe('/a%20b'); });
    test('refuses', () => { expect(() => new Session('ftp', 'a', 1)).toThrow(TypeError); });
    test('rejects', async () => { await expect(new Session('http', '127.0.0.1', 1).get('/')).rejects.toBeInstanceOf(NeonError); });`;

  test('Vitest runs tests that use it', () => {
    write('vitest/package.json', '{}');
    write(
      'vitest/a.test.mjs',
      `import { expect, test } from 'vitest';
       import { NeonError, Session } from 'libneon'; import { ne_path_escape } from 'libneon/ne';\n${body}`,
    );
    const vitest = path.join(project, 'node_modules/vitest/vitest.mjs');
    const { status, stdout, stderr } = node(vitest, 'run', '--root', path.join(project, 'vitest'), '--reporter=json');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 3, numFailedTests: 0 });
  });

  test('Jest runs tests that use it', () => {
    write('jest/package.json', '{}');
    write(
      'jest/a.test.js',
      `const { NeonError, Session } = require('libneon'); const { ne_path_escape } = require('libneon/ne');\n${body}`,
    );
    const config = JSON.stringify({ rootDir: path.join(project, 'jest') });
    const { status, stdout, stderr } = node(inModules('jest/bin/jest.js'), '--config', config, '--json');
    expect([status, stderr]).toEqual([0, expect.stringContaining('3 passed')]);
    expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 3, numFailedTests: 0 });
  });
});

describe('the package', () => {
  test('passes publint without a message', () => {
    const { status, stdout } = node(inModules('publint/src/cli.js'), 'run', tarball, '--strict');
    expect({ status, text: stripVTControlCharacters(stdout) }).toEqual({
      status: 0,
      text: expect.stringMatching(/All good!\s*$/),
    });
  });

  test('passes arethetypeswrong in every kind of resolution', () => {
    const { status, stdout } = node(inModules('@arethetypeswrong/cli/dist/index.js'), tarball, '--format', 'json');
    const { problems, analysis } = JSON.parse(stdout) as { problems: object; analysis: { entrypoints: object } };
    expect({ status, problems }).toEqual({ status: 0, problems: {} });
    expect(Object.keys(analysis.entrypoints)).toEqual(
      expect.arrayContaining(names.map(([, from]) => from.replace('libneon', '.'))),
    );
  });

  test('says where it comes from', () => {
    const packed = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(packed).toMatchObject({
      type: 'commonjs',
      repository: { type: 'git', url: expect.stringMatching(/^git\+https:/) },
      bugs: expect.anything(),
      homepage: expect.stringMatching(/^https:/),
      author: expect.stringMatching(/./),
      keywords: expect.arrayContaining(['webdav']),
    });
  });
});
