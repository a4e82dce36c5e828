/**
 * Checks the documentation: links, line lengths, the folders of docs/, and the lists of promise functions and error
 * codes.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { projectRoot } from '../servers/start.js';
import { anchorsOf, documents, filesIn, pages, proseOf, read } from './pages.js';

/** Returns the local links of a page. `file` is relative to the project's root; `anchor` is '' if the link has none. */
function localLinks(page: string): { file: string; anchor: string }[] {
  const links = Array.from(proseOf(page).matchAll(/\]\(([^)]+)\)/g), ([, target = '']) => target);
  return links
    .filter((link) => !/^\w+:/.test(link))
    .map((link) => {
      const [target = '', anchor = ''] = link.split('#');
      return { file: target === '' ? page : path.join(path.dirname(page), target), anchor };
    });
}

describe('pages', () => {
  test.each(pages)('link to existing files only: %s', (page) => {
    const missing = localLinks(page).filter(({ file }) => !existsSync(path.join(projectRoot, file)));
    expect(missing).toEqual([]);
  });

  test.each(pages)('link to existing headings only: %s', (page) => {
    const missing = localLinks(page).filter(
      ({ file, anchor }) => anchor !== '' && file.endsWith('.md') && !anchorsOf(file).includes(anchor),
    );
    expect(missing).toEqual([]);
  });

  test.each([...documents, 'CONTRIBUTING.md', 'CHANGELOG.md'])('have lines of at most 120 characters: %s', (page) => {
    const lines = read(page).split('\n');
    expect(lines.filter((line) => !line.startsWith('|') && line.length > 120)).toEqual([]);
  });

  test('exist for each header of neon, with its name as the title', () => {
    const headers = Array.from(read('docs/bindings.md').matchAll(/^## ne_(\w+)\.h$/gm), ([, header = '']) => header);
    expect(headers).toHaveLength(22);
    const titles = headers.map((header) => read(`docs/ne/${header}.md`).split(':')[0]);
    expect(titles).toEqual(headers.map((header) => `# ne_${header}.h`));
  });

  test('are listed in docs/README.md', () => {
    const linked = localLinks('docs/README.md').map(({ file }) => file);
    const rooms = documents.filter((page) => /^docs\/(ne|classes|guide)\//.test(page));
    expect(rooms.filter((page) => !linked.includes(page))).toEqual([]);
  });

  // The page of bindings lists the functions of libneon/ne.
  test('list every function of the promises, and no other', () => {
    const [, table = ''] = /<!-- generated: promises -->(.*?)<!-- \/generated -->/s.exec(
      read('docs/guide/promises.md'),
    )!;
    const listed = Array.from(table.matchAll(/^\| `(ne_\w+)\(/gm), ([, name = '']) => name);
    expect(listed.sort()).toEqual(Object.keys(promises).sort());
  });

  test('list every error code, and no other, as the types do', () => {
    const types = 'lib/core/error-codes.ts';
    const sources = ['binding', 'lib']
      .flatMap(filesIn)
      .filter((name) => /\.(ts|h|cc)$/.test(name) && name !== types)
      .map(read);
    const codes = (text: string): string[] => [...new Set(text.match(/\bERR_[A-Z]+(_[A-Z]+)+\b/g))].sort();
    const thrown = codes(sources.join('\n'));
    expect(codes(read('docs/guide/errors.md'))).toEqual(thrown);
    expect(codes(read(types))).toEqual(thrown);
    for (const result of Object.keys(ne).filter((name) => /^NE_(?!ABUFSIZ$)[A-Z]+$/.test(name)))
      expect(read('docs/guide/errors.md')).toContain(`\`${result}\``);
  });
});
