/** The code blocks of the documentation that are marked "```ts run". Each block is a complete program. */
import { read } from './pages.js';

export interface Snippet {
  /** `docs/ne/session.md:12` */
  readonly place: string;
  /** The name of the snippet's file, without suffix. */
  readonly name: string;
  readonly code: string;
  readonly prints: readonly string[];
}

export function snippetsOf(document: string): Snippet[] {
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

/** Makes the code use the local server instead of dav.example.com. */
export function localised(code: string, { origin, port }: { readonly origin: string; readonly port: number }): string {
  return code
    .replaceAll(/https?:\/\/dav\.example\.com/g, origin)
    .replaceAll("'http', 'dav.example.com', 80", `'http', '127.0.0.1', ${port}`);
}
