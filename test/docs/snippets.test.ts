/**
 * The snippets in the documentation, run as they stand there. A fence "```ts run" is a program: it is compiled against
 * the types of the package and run, with dav.example.com replaced by a local server. Comments "// → text" say what it
 * prints.
 */
import {
  existsSync,
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
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { startNephele, type Nephele } from '../servers/nephele.js';
import { projectRoot } from '../servers/start.js';
import { runNode } from '../support/child.js';

interface Snippet {
  /** `docs/ne/session.md:12` */
  readonly place: string;
  /** Of its file, without suffix. */
  readonly name: string;
  readonly code: string;
  readonly prints: readonly string[];
}

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const filesIn = (folder: string): string[] =>
  readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`);
const documents = ['README.md', ...filesIn('docs').filter((name) => name.endsWith('.md'))];
const snippets = documents.flatMap(snippetsOf);

function snippetsOf(document: string): Snippet[] {
  const text = read(document);
  return Array.from(text.matchAll(/^```ts run\n(.*?)^```$/gms), ({ index, 1: code = '' }) => {
    const line = text.slice(0, index).split('\n').length;
    return {
      place: `${document}:${line}`,
      name: `${document.replace(/\W/g, '-')}-${line}`,
      code,
      prints: Array.from(code.matchAll(/\/\/ → (.*)$/gm), ([, printed = '']) => printed),
    };
  });
}

/** With the local server for the one that snippets name. */
function localised(code: string, { origin, port }: Nephele): string {
  return code
    .replaceAll(/https?:\/\/dav\.example\.com/g, origin)
    .replaceAll("'http', 'dav.example.com', 80", `'http', '127.0.0.1', ${port}`);
}

describe('snippets', () => {
  let folder: string;
  let server: Nephele;

  // A project that has the package installed.
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
  }, 60_000);

  // In this order: they may count on what an earlier one of the same document left on the server.
  test.each(snippets)('$place does what it says', async ({ name, prints }) => {
    const { stdout, stderr, exit } = await runNode([`${name}.js`], folder);
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    expect(stdout.split('\n').slice(0, -1)).toEqual(prints);
  });

  test('are there for each surface in the README', () => {
    const readme = snippets.filter(({ place }) => place.startsWith('README.md')).map(({ code }) => code);
    for (const door of ['libneon', 'libneon/ne', 'libneon/ne/promises'])
      expect(readme).toContainEqual(expect.stringContaining(`from '${door}';`));
  });
});

describe('documents', () => {
  // Everything in Markdown that this project wrote.
  const all = [...documents, 'CONTRIBUTING.md', 'CHANGELOG.md', 'examples/README.md', 'bench/README.md'];

  test.each(all)('%s links to what is there', (document) => {
    const text = read(document).replaceAll(/^```.*?^```$/gms, '');
    const links = Array.from(text.matchAll(/\]\(([^)]+)\)/g), ([, target = '']) => target);
    const local = links.filter((link) => !/^\w+:/.test(link)).map((link) => link.replace(/#.*/, ''));
    const missing = local.filter((link) => !existsSync(path.join(projectRoot, path.dirname(document), link)));
    expect(missing).toEqual([]);
  });

  const functions = (text: string): string[] => [...new Set(text.match(/\bne_\w+(?=`|\()/g))].sort();

  // Those of libneon/ne: coverage/
  test('list all functions of the promises, and no other', () => {
    const [before = ''] = read('docs/guide/promises.md').split('```ts');
    const rows = before
      .split('\n')
      .filter((line) => line.startsWith('| `ne_'))
      .join('\n');
    expect(functions(rows)).toEqual(Object.keys(promises).sort());
  });

  test('list all error codes, and no other', () => {
    const sources = ['binding', 'lib']
      .flatMap(filesIn)
      .filter((name) => /\.(ts|h|cc)$/.test(name))
      .map(read);
    const codes = (text: string): string[] => [...new Set(text.match(/\bERR_[A-Z]+(_[A-Z]+)+\b/g))].sort();
    const told = codes(read('docs/guide/errors.md')).filter((code) => code !== 'ERR_INVALID_URL'); // Node's own
    expect(told).toEqual(codes(sources.join('\n')));
    for (const result of Object.keys(ne).filter((name) => /^NE_(?!ABUFSIZ$)[A-Z]+$/.test(name)))
      expect(read('docs/guide/errors.md')).toContain(`\`${result}\``);
  });
});
