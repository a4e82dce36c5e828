import { handleClasses } from '../handle.js';
import { native } from '../native.js';
import { format } from './format.js';
import type { ne_buffer } from './handles.js';

const fields: (buf: ne_buffer) => [data: string, used: number, length: number] = native('bufferFields');

['data', 'used', 'length'].forEach((name, index) => {
  Object.defineProperty(handleClasses['ne_buffer']?.prototype, name, {
    get(this: ne_buffer) {
      return fields(this)[index];
    },
    configurable: true,
  });
});

/** An empty buffer. */
export const ne_buffer_create: () => ne_buffer = native('ne_buffer_create');

/** An empty buffer with room for `size` bytes (1 to 2^30). */
export const ne_buffer_ncreate: (size: number) => ne_buffer = native('ne_buffer_ncreate');

/** Appends bytes, which must not hold a null. */
export const ne_buffer_append: (buf: ne_buffer, data: string | Uint8Array) => void = native('ne_buffer_append');

/** Appends a string. */
export const ne_buffer_zappend: (buf: ne_buffer, str: string) => void = native('ne_buffer_zappend');

/** Appends a string (the macro for literals). */
export const ne_buffer_czappend = ne_buffer_zappend;

/** Appends any number of strings. */
export const ne_buffer_concat = (buf: ne_buffer, ...strings: string[]): void => {
  if (strings.length === 0) fields(buf); // what is wrong with the buffer throws all the same
  for (const string of strings) ne_buffer_zappend(buf, string);
};

/** Appends bytes, with those that are not printable ASCII escaped as `\xNN`. */
export const ne_buffer_qappend: (buf: ne_buffer, data: string | Uint8Array) => void = native('ne_buffer_qappend');

/** Appends what a printf-like format gives, at most `max - 1` bytes of it; returns how many that were. */
export const ne_buffer_snprintf = (buf: ne_buffer, max: number, template: string, ...values: unknown[]): number => {
  const before = ne_buffer_size(buf);
  if (typeof max !== 'number' || !(max >= 1))
    throw new RangeError(`The value of "max" is out of range: ${String(max)}`);
  ne_buffer_zappend(buf, cut(format(template, values), max - 1));
  return ne_buffer_size(buf) - before;
};

/** Empties the buffer. */
export const ne_buffer_clear: (buf: ne_buffer) => void = native('ne_buffer_clear');

/** Makes room for `size` bytes in all (1 to 2^30). */
export const ne_buffer_grow: (buf: ne_buffer, size: number) => void = native('ne_buffer_grow');

/** Nothing but C can alter the string behind the buffer's back; counts its bytes anew. */
export const ne_buffer_altered: (buf: ne_buffer) => void = native('ne_buffer_altered');

/** The number of bytes in the buffer. */
export const ne_buffer_size: (buf: ne_buffer) => number = native('ne_buffer_size');

/** The string; the buffer is destroyed. */
export const ne_buffer_finish: (buf: ne_buffer) => string = native('ne_buffer_finish');

/** Frees a buffer. */
export const ne_buffer_destroy: (buf: ne_buffer) => void = native('ne_buffer_destroy');

/** At most so many bytes of the text's UTF-8. */
function cut(text: string, bytes: number): string {
  return Buffer.byteLength(text) <= bytes ? text : Buffer.from(text).subarray(0, bytes).toString();
}
