/** The code blocks of the documentation that are complete programs: those marked "```ts run" or "```c run". */
import { read } from './pages.js';

export interface Program {
  /** `docs/ne/session.md:12` */
  readonly place: string;
  readonly language: string;
  /** The name of the program's file, without suffix. */
  readonly name: string;
  readonly code: string;
  readonly prints: readonly string[];
}

export function programsOf(document: string): Program[] {
  const text = read(document);
  return Array.from(text.matchAll(/^```(ts|c) run\n(.*?)^```$/gms), ({ index, 1: language = '', 2: code = '' }) => {
    const line = text.slice(0, index).split('\n').length;
    return {
      place: `${document}:${line}`,
      language,
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
    .replaceAll("'http', 'dav.example.com', 80", `'http', '127.0.0.1', ${port}`)
    .replaceAll('"http", "dav.example.com", 80', `"http", "127.0.0.1", ${port}`);
}
