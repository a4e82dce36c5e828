import { invalidType, invalidValue, outOfRange } from '../core/errors.js';
import { format } from '../core/format.js';
import { handleClasses } from '../core/handle.js';
import { native } from '../core/native.js';
import { joined } from '../core/variadic.js';
import type { Out, ne_buffer } from './handles.js';

/**
 * The part of `str.value` before the next `separator` (one ASCII character), or all of it. Then `str.value` is what
 * follows the separator, or null when there was none: the end.
 */
export const ne_token: (str: Out<string | null>, separator: string) => string = native('ne_token');

/**
 * The same, past what stands between two of the same character of `quotes`. Null when quotes are not closed; then
 * `str.value` stays.
 */
export const ne_qtoken: (str: Out<string | null>, separator: string, quotes: string) => string | null =
  native('ne_qtoken');

/** `str` without the characters of `whitespace` at its ends. C compares bytes, so they should be ASCII. */
export const ne_shave: (str: string, whitespace: string) => string = native('ne_shave');

/** `str` with a space for each byte that is not printable ASCII. */
export const ne_strclean: (str: string) => string = native('ne_strclean');

/**
 * `str` with its ASCII letters in lower case. Needs neon 0.37.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_strlower: (str: string) => string = native('ne_strlower');

/**
 * `str` with its ASCII letters in upper case. Needs neon 0.37.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_strupper: (str: string) => string = native('ne_strupper');

const concat: (str: string) => string = native('ne_concat');

/** The strings, put together. */
export const ne_concat = (str: string, ...strings: string[]): string => concat(joined([str, ...strings]));

/**
 * Bytes as text, with those that are not printable ASCII escaped as `\xNN`.
 *
 * @throws `ERR_OUT_OF_RANGE` when the text might be longer than a string can be, past 134217722 bytes
 */
export const ne_strnqdup: (data: string | Uint8Array) => string = native('ne_strnqdup');

/**
 * Bytes in base64, with padding.
 *
 * @throws `ERR_OUT_OF_RANGE` when that is longer than a string can be, past 402653166 bytes
 */
export const ne_base64: (text: string | Uint8Array) => string = native('ne_base64');

/** The bytes of base64, or null when it is none: padding is needed, and nothing else than base64 may be there. */
export const ne_unbase64: (data: string) => Buffer | null = native('ne_unbase64');

const hash: (flags: number, str: string) => string | null = native('ne_strhash');

/**
 * The hash of the strings put together, as hexadecimal digits; null when the loaded neon does not have the algorithm.
 *
 * @param flags one of `NE_HASH_MD5`, `NE_HASH_SHA1` (neon 0.37), `NE_HASH_SHA256`, `NE_HASH_SHA512`,
 *   `NE_HASH_SHA512_256`, and with it `NE_HASH_COLON` or `NE_HASH_SPACE` for what is to stand between pairs of digits
 */
export const ne_strhash = (flags: number, ...strings: string[]): string | null => hash(flags, joined(strings));

const param: (charset: string, lang: string | null, value: string | Uint8Array) => string | null =
  native('ne_strparam');

/**
 * A value for an extended parameter of a header, such as `filename*` (RFC 5987); null when `value` needs no encoding and
 * can be an ordinary parameter.
 *
 * @param charset `UTF-8`, or `ISO-8859-1`, in which `value` then has to fit
 * @param lang the language of the value, or null
 * @throws `ERR_INVALID_ARG_VALUE` for another character set, and for characters that it does not have
 */
export const ne_strparam = (charset: string, lang: string | null, value: string): string | null => {
  if (typeof charset !== 'string') throw invalidType('charset', 'of type string', charset);
  if (typeof value !== 'string') throw invalidType('value', 'of type string', value);
  return param(charset, lang, encoded(charset, value));
};

function encoded(charset: string, value: string): string | Uint8Array {
  switch (charset.toUpperCase()) {
    case 'UTF-8':
      return value;
    case 'ISO-8859-1':
      if (/[^\0-\xff]/.test(value)) throw invalidValue(`The "value" argument must have characters of ${charset} only`);
      return Buffer.from(value, 'latin1');
    default:
      throw invalidValue('The "charset" argument must be UTF-8 or ISO-8859-1');
  }
}

/** The system's text for an error number (`errno`). */
export const ne_strerror: (errnum: number) => string = native('ne_strerror');

/** Compares strings without regard to the case of ASCII letters: 0 when they are the same, else less or more than 0. */
export const ne_strcasecmp: (s1: string, s2: string) => number = native('ne_strcasecmp');

/** The same, for the first `n` bytes. */
export const ne_strncasecmp: (s1: string, s2: string, n: number) => number = native('ne_strncasecmp');

/** The lower case of an ASCII letter; anything else stays. A code from 0 to 255 as in C, or one ASCII character. */
export const ne_tolower: <C extends number | string>(c: C) => C extends string ? string : number = native('ne_tolower');

/**
 * The number that hexadecimal digits at the beginning of `str` make, or -1 on error. `endptr.value` becomes what follows
 * them, `endptr.errno` 0 or the system's number of the error: a sign, white space or `0x` is an error, and so is a number
 * too large for C. Needs neon 0.35.
 *
 * @throws `ERR_OUT_OF_RANGE` when the number is larger than `Number.MAX_SAFE_INTEGER`, `ERR_NEON_UNSUPPORTED` with an
 *   older neon
 */
export const ne_strhextoul: (str: string, endptr: { value?: string; errno?: number } | null) => number =
  native('ne_strhextoul');

/**
 * Fills `nonce` (1 to 256 bytes) with random bytes: 0, or the system's number of an error. Needs neon 0.37.
 *
 * @param flags 0
 * @throws `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_mknonce: (nonce: Uint8Array, flags: number) => number = native('ne_mknonce');

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

const maxBytes = 2 ** 30;

const print: (buf: ne_buffer, text: string, most: number) => void = native('bufferPrint');

/** Appends what a printf-like format gives, at most `max - 1` bytes of it; returns how many that were. */
export const ne_buffer_snprintf = (buf: ne_buffer, max: number, template: string, ...values: unknown[]): number => {
  const before = ne_buffer_size(buf);
  if (typeof max !== 'number') throw invalidType('max', 'of type number', max);
  if (!Number.isInteger(max) || max < 1 || max > maxBytes)
    throw outOfRange('max', `an integer >= 1 and <= ${maxBytes}`, max);
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
