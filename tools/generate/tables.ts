/** Writes the tables of functions into the pages of `docs/`, between two markers. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { formatted, type Output } from './output.js';
import { groupBy, read, root, table, topicOf } from './project.js';
import { type Bound, promiseForms } from './names.js';

const end = '<!-- /generated -->';

/** The pages of the headers. */
export async function headerPages(functions: readonly Bound[]): Promise<Output[]> {
  const pages = groupBy(functions, ({ header }) => header).map(([header, own]) => ({
    file: `docs/ne/${topicOf(header)}.md`,
    own,
  }));
  const there = pages.filter(({ file }) => existsSync(path.join(root, file)));
  return Promise.all(
    there.map(({ file, own }) =>
      withBlock(
        file,
        'functions',
        table(
          ['function', 'does', 'promise', 'since neon'],
          own.map((row) => [call(row), cell(row), row.surface === 'sync, promise' ? 'yes' : '', row.since]),
        ),
      ),
    ),
  );
}

/** The table in the page about promises. */
export async function promisesPage(functions: readonly Bound[]): Promise<Output> {
  return withBlock(
    'docs/guide/promises.md',
    'promises',
    table(
      ['function', 'does', 'page'],
      promiseForms(functions).map((row) => {
        const page = `${topicOf(row.header)}.md`;
        return [call(row), cell(row), existsSync(path.join(root, 'docs/ne', page)) ? `[${page}](../ne/${page})` : ''];
      }),
    ),
  );
}

/** Formats a call as `ne_get(sess, path, fd): number`. The result type is left out if it is `void`. */
function call({ name, signature: { parameters, result } }: Bound): string {
  const returned = result === 'void' ? '' : `: ${result}`;
  return `\`${name}(${parameters.join(', ')})${returned}\``.replaceAll('|', '\\|');
}

function cell({ summary }: Bound): string {
  return summary.replaceAll('|', '\\|');
}

/**
 * The page with the new generated block in place of the old one. If the page has no block yet, the new block follows
 * the first paragraph.
 */
async function withBlock(file: string, name: string, content: string): Promise<Output> {
  const begin = `<!-- generated: ${name} -->`;
  const { text: block } = await formatted(file, `${begin}\n\n${content}\n\n${end}`);
  const page = read(file);
  const start = page.indexOf(begin);
  if (start < 0) return { file, text: page.replace(/^(# .*\n\n(?:.+\n)+)/, (first) => `${first}\n${block}`) };
  const stop = page.indexOf(end, start);
  if (stop < 0) throw new Error(`${file}: ${begin} without ${end}`);
  return { file, text: page.slice(0, start) + block.trimEnd() + page.slice(stop + end.length) };
}
