/** The Markdown pages of the site: their order, their titles, and the form in which TypeDoc reads them. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A page, by its path in the repository, in the group under which the navigation shows it. */
interface Page {
  readonly file: string;
  readonly group: string;
}

/** The groups of the navigation, in their order. TypeDoc calls the entry points "Modules". */
export const groups = ['Guides', 'Classes', "neon's headers", 'Modules', 'Project'];

const groupOf: Readonly<Record<string, string>> = {
  'docs/guide': 'Guides',
  'docs/classes': 'Classes',
  'docs/ne': "neon's headers",
};

/** The pages beside those that docs/README.md lists. README.md is the first page of the site, so it is not listed. */
const others = ['docs/index.md', 'docs/bindings.md', 'examples/README.md', 'bench/README.md', 'CONTRIBUTING.md'];

/** Markdown links: the label and the target. Labels of this project contain no brackets. */
const links = /\[([^[\]]+)\]\(([^()\s]+)\)/g;

/** Returns every page of the site but README.md. The guides, classes and headers have the order of docs/README.md. */
export function pagesOf(root: string): Page[] {
  const overview = readFileSync(path.join(root, 'docs/README.md'), 'utf8');
  const listed = Array.from(overview.matchAll(links), ([, , target = '']) => target)
    .filter((target) => /^(guide|classes|ne)\/[\w-]+\.md$/.test(target))
    .map((target) => `docs/${target}`);
  return [
    { file: 'docs/README.md', group: 'Guides' },
    ...[...new Set(listed)].map((file) => ({ file, group: groupOf[path.dirname(file)] ?? 'Project' })),
    ...[...others, 'CHANGELOG.md'].map((file) => ({ file, group: 'Project' })),
  ];
}

/**
 * Writes the pages and README.md to `folder`, at their paths in the repository. The first heading becomes the title.
 * Links to files that are no pages become links to `repository`, or text if there is no repository. A link to a page
 * that is not on the site is an error.
 */
export function stage(root: string, folder: string, pages: readonly Page[], repository: string | undefined): void {
  const onSite = new Set(['README.md', ...pages.map(({ file }) => file)]);
  for (const { file, group } of [{ file: 'README.md', group: '' }, ...pages]) {
    const [, title = file, text = ''] = /^# ([^\n]+)\n(.*)$/s.exec(readFileSync(path.join(root, file), 'utf8')) ?? [];
    const matter = group === '' ? '' : `---\ntitle: ${JSON.stringify(title)}\ngroup: ${JSON.stringify(group)}\n---\n`;
    const body = text
      .replaceAll(/^```ts run$/gm, '```ts')
      .replaceAll(/^<!-- .*? -->$/gm, '')
      .replaceAll(links, (link, label: string, target: string) => {
        const [address = '', anchor] = target.split('#');
        if (/^\w+:/.test(target) || address === '') return link;
        const linked = path.join(path.dirname(file), address);
        if (!existsSync(path.join(root, linked))) throw new Error(`${file} links to ${target}, which does not exist`);
        if (onSite.has(linked)) return link;
        if (linked.endsWith('.md')) throw new Error(`${file} links to ${target}, which is not on the site`);
        return repository === undefined ? label : `[${label}](${repository}/${linked}${anchor ? `#${anchor}` : ''})`;
      });
    const to = path.join(folder, file);
    mkdirSync(path.dirname(to), { recursive: true });
    writeFileSync(to, matter + body);
  }
}
