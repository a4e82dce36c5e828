/** The pages that this project wrote, in Markdown. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../servers/start.js';

export const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');

export const filesIn = (folder: string): string[] =>
  readdirSync(path.join(projectRoot, folder), { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`);

/** The README and the pages in docs/. */
export const documents: readonly string[] = ['README.md', ...filesIn('docs').filter((name) => name.endsWith('.md'))];

/** Every page. */
export const pages: readonly string[] = [
  ...documents,
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'CODE_OF_CONDUCT.md',
  'SECURITY.md',
  '.github/PULL_REQUEST_TEMPLATE.md',
  'examples/README.md',
  'bench/README.md',
];

/** A page without its fenced code blocks. */
export const proseOf = (page: string): string => read(page).replaceAll(/^```.*?^```$/gms, '');

/** Returns the anchors that GitHub creates for the headings of a page. */
export function anchorsOf(page: string): string[] {
  const headings = Array.from(proseOf(page).matchAll(/^#+ (.*)$/gm), ([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
}
