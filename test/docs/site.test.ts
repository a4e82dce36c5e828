/** Tests the check of the documentation site. `npm run site` applies it to the whole site. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../servers/start.js';
import { documents } from './pages.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-pages-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs a module of tools/site, which is an ES module, and returns the value of an expression. */
function evaluate(module: string, expression: string): unknown {
  const url = path.join(projectRoot, 'dist/tools/site', module);
  const script = `import * as site from ${JSON.stringify(url)}; console.log(JSON.stringify(${expression} ?? null));`;
  const args = ['--input-type=module', '-e', script];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }));
}

function write(file: string, text: string): void {
  mkdirSync(path.join(folder, path.dirname(file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}

test('finds missing files and anchors, and accepts the others', () => {
  write('index.html', '<a href="sub/page.html#here"> <img src="a&amp;b.svg#icon"> <a href="https://example.com/">');
  write(
    'sub/page.html',
    '<h2 id="here"> <a href="#here"> <a href="../index.html#none"> <a href="gone.html"> <a href="#x">',
  );
  write('a&b.svg', '<g id="icon">');
  expect(evaluate('links.mjs', `site.checkLinks(${JSON.stringify(folder)})`)).toEqual({
    pages: 2,
    links: 6,
    broken: ['sub/page.html: ../index.html#none', 'sub/page.html: gone.html', 'sub/page.html: #x'],
  });
});

test('has every page of the documentation', () => {
  const pages = evaluate('pages.mjs', `site.pagesOf(${JSON.stringify(projectRoot)})`) as { file: string }[];
  const files = pages.map(({ file }) => file);
  expect(documents.filter((page) => page !== 'README.md' && !files.includes(page))).toEqual([]);
  expect(new Set(files).size).toBe(files.length);
});

test('stages a page with its title, and refuses a link to a page that is not on the site', () => {
  const [from, to] = [path.join(folder, 'from'), path.join(folder, 'to')].map((name) => JSON.stringify(name));
  const stage = (pages: string): unknown => evaluate('pages.mjs', `site.stage(${from}, ${to}, ${pages}, undefined)`);
  const page = '# A "title"\n\n[b](b.md#c), [code](x.ts)\n\n```ts run\n1;\n```\n';
  write('from/README.md', '# Start\n');
  write('from/a.md', page);
  write('from/b.md', '# B\n');
  write('from/x.ts', '');
  stage('[{ file: "a.md", group: "G" }, { file: "b.md", group: "G" }]');
  expect(readFileSync(path.join(folder, 'to/a.md'), 'utf8')).toBe(
    '---\ntitle: "A \\"title\\""\ngroup: "G"\n---\n\n[b](b.md#c), code\n\n```ts\n1;\n```\n',
  );
  expect(() => stage('[{ file: "a.md", group: "G" }]')).toThrow(/a\.md links to b\.md#c, which is not on the site/);
});
