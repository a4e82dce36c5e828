/** The words of a line in the shell of the client. */
import { usageError } from './failure.js';

/** A word of a line. */
export interface Word {
  readonly text: string;
  /** Where the word begins in the line. */
  readonly start: number;
  /** The quotation mark with which the word begins, or `''`. */
  readonly quote: string;
}

/**
 * Splits a line into words. White space separates words, except inside quotation marks and after a backslash. A
 * backslash before any other character stays, because it takes the special meaning of a character in a pattern.
 *
 * @param isOpen whether the line goes on: then the last word may be empty, and its quotation mark may be open
 */
export function wordsOf(line: string, isOpen = false): Word[] {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    while (/\s/.test(line.charAt(at))) at++;
    if (at >= line.length) break;
    const start = at;
    const quote = /["']/.test(line.charAt(at)) ? line.charAt(at) : '';
    let [text, open] = ['', ''];
    for (; at < line.length && (open !== '' || !/\s/.test(line.charAt(at))); at++) {
      const [character, next] = [line.charAt(at), line.charAt(at + 1)];
      if (character === '\\' && open !== "'" && /[\s"']/.test(next)) text += line.charAt(++at);
      else if (character === open) open = '';
      else if (open === '' && /["']/.test(character)) open = character;
      else text += character;
    }
    if (open !== '' && !isOpen)
      throw usageError(
        `a quotation mark is missing: ${open}`,
        'write \\ before a quotation mark that is part of a name',
      );
    words.push({ text, start, quote });
  }
  const last = words.at(-1);
  if (isOpen && (!last || (/\s$/.test(line) && !/\\\s$/.test(line) && !isQuoteOpen(line, last))))
    words.push({ text: '', start: line.length, quote: '' });
  return words;
}

function isQuoteOpen(line: string, { quote, start }: Word): boolean {
  return quote !== '' && !line.slice(start + 1).includes(quote);
}

/** Takes the special meaning of the characters of patterns. */
export const escapePattern = (name: string): string => name.replaceAll(/[\\*?[\]{}]/g, String.raw`\$&`);

/** Takes the special meaning of white space and quotation marks. */
export const escapeSpaces = (text: string): string => text.replaceAll(/[\s"']/g, String.raw`\$&`);
