/** Text for XML. */
import { invalidValue } from '../core/errors.js';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\r': '&#13;', // unescaped, it would arrive as a line feed
};

/**
 * Escapes text that neon copies unescaped into an element or attribute. @internal
 *
 * @param what names the text in the error message
 * @throws `ERR_INVALID_ARG_VALUE` for characters that XML cannot express
 */
export function escapeText(text: string, what: string): string {
  if (!/^[\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u.test(text))
    throw invalidValue(`${what} has a character that XML does not allow: ${JSON.stringify(text)}`);
  return text.replaceAll(/[&<>"'\r]/g, (character) => entities[character] as string);
}
