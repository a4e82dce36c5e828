/**
 * Runs the code blocks of the documentation that are marked "```ts run". Each block is a complete program. It is first
 * compiled against the types of the package. A local server replaces dav.example.com, both in the code and in the
 * expected output. The program must print the lines that its comments "// → text" list. A block "```c run" is a program
 * in C; it must print the lines of the TypeScript program that follows it.
 */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compilerOptions, neon } from '../oracle/compile.js';
import { startNephele, type Nephele } from '../servers/nephele.js';
import { describeWith } from '../servers/packages.js';
import { projectRoot } from '../servers/start.js';
import { runNode } from '../support/child.js';
import { runC } from '../support/compile.js';
import { documents } from './pages.js';
import { localised, programsOf } from './snippet.js';

const programs = documents.flatMap(programsOf);
const snippets = programs.filter(({ language }) => language === 'ts');
const inC = programs.flatMap((program, index) => {
  if (program.language !== 'c') return [];
  const twin = programs[index + 1]!;
  return { ...program, prints: twin.prints, twin: twin.place };
});

describe('snippets', () => {
  let folder: string;
  let server: Nephele;

  // Creates a project in which the package is installed.
  beforeAll(async () => {
    server = await startNephele();
    folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-snippets-'));
    mkdirSync(path.join(folder, 'node_modules'));
    symlinkSync(projectRoot, path.join(folder, 'node_modules', 'libneon'));
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2023', 'esnext.disposable'],
      module: 'nodenext',
      strict: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [path.join(projectRoot, 'node_modules', '@types')],
    };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    for (const { name, code } of snippets) {
      const text = localised(code, server);
      if (text.includes('example.com')) throw new Error(`${name} names a server in a way that is not replaced`);
      writeFileSync(path.join(folder, `${name}.ts`), `${text}\nexport {};\n`);
    }
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await server.stop();
  });

  test('compile', async () => {
    const tsc = path.join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout, exit } = await runNode([tsc, '--pretty', 'false', '-p', folder]);
    expect({ stdout, exit }).toEqual({ stdout: '', exit: 0 });
  }, 180_000);

  // The order matters: a snippet may rely on resources that an earlier snippet of its page left on the server.
  test.each(snippets)('print the lines that $place promises', async ({ name, prints }) => {
    const { stdout, stderr, exit } = await runNode([`${name}.js`], folder);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, -1)).toEqual(prints.map((line) => localised(line, server)));
  });

  // `using` is a statement of Node 24, and the package supports Node 20.
  test.each(snippets)('are JavaScript for every supported version of Node, but for the types: $place', ({ code }) => {
    expect(code).not.toMatch(/\busing \w+ =/);
  });

  describeWith('gcc', 'in C', () => {
    test.each(inC)('print, in $place, the lines that $twin promises', ({ code, prints }) => {
      const printed = runC(localised(code, server), compilerOptions(neon()));
      expect(printed.split('\n').slice(0, -1)).toEqual(prints);
    });
  });

  test('cover each entry point in the README', () => {
    const readme = snippets.filter(({ place }) => place.startsWith('README.md')).map(({ code }) => code);
    for (const entry of ['libneon', 'libneon/ne', 'libneon/ne/promises', 'libneon/webdav'])
      expect(readme).toContainEqual(expect.stringContaining(`from '${entry}';`));
  });
});
