/** Finds links in the HTML files of a folder that lead nowhere. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

/** The result of a check: the number of pages and links, and one line for each broken link. */
export interface Checked {
  readonly pages: number;
  readonly links: number;
  readonly broken: readonly string[];
}

const unescaped = (text: string): string =>
  text.replaceAll('&#39;', "'").replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&amp;', '&');

const valuesOf = (html: string, attribute: RegExp): string[] =>
  Array.from(html.matchAll(attribute), ([, value = '']) => unescaped(value));

/** Checks every `href` and `src` of every page: the file must exist in `folder`, and the anchor in its page. */
export function checkLinks(folder: string): Checked {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(html|svg)$/.test(name));
  const texts = new Map(files.map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]));
  const anchors = new Map(Array.from(texts, ([file, text]) => [file, new Set(valuesOf(text, / id="([^"]*)"/g))]));
  const pages = files.filter((file) => file.endsWith('.html'));
  const broken: string[] = [];
  let links = 0;
  for (const page of pages) {
    for (const link of valuesOf(texts.get(page) ?? '', / (?:href|src)="([^"]*)"/g)) {
      if (/^\w+:/.test(link)) continue;
      links += 1;
      const [address = '', anchor = ''] = link.split('#').map(decodeURIComponent);
      const target = address === '' ? page : path.join(path.dirname(page), address);
      const file = path.join(folder, target);
      const found = existsSync(file) && statSync(file).isFile();
      if (!found || (anchor !== '' && !anchors.get(target)?.has(anchor))) broken.push(`${page}: ${link}`);
    }
  }
  return { pages: pages.length, links, broken };
}
