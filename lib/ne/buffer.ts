import { invalidType, outOfRange } from '../errors.js';
import { handleClasses } from '../handle.js';
import { native } from '../native.js';
import { format } from './format.js';
import type { ne_buffer } from './handles.js';
import { joined } from './variadic.js';

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
  fields(buf);
  ne_buffer_zappend(buf, joined(strings));
};

/** Appends bytes, with those that are not printable ASCII escaped as `\xNN`. */
export const ne_buffer_qappend: (buf: ne_buffer, data: string | Uint8Array) => void = native('ne_buffer_qappend');

const mostBytes = 2 ** 30;
const print: (buf: ne_buffer, text: string, most: number) => void = native('bufferPrint');

/** Appends what a printf-like format gives, at most `max - 1` bytes of it; returns how many that were. */
export const ne_buffer_snprintf = (buf: ne_buffer, max: number, template: string, ...values: unknown[]): number => {
  const before = ne_buffer_size(buf);
  if (typeof max !== 'number') throw invalidType('max', 'of type number', max);
  if (!Number.isInteger(max) || max < 1 || max > mostBytes)
    throw outOfRange('max', `an integer >= 1 and <= ${mostBytes}`, max);
  print(buf, format(template, values), max - 1);
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
