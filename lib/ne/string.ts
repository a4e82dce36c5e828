/** Tokens, base64, hashes, comparisons, and strings that grow: the API of ne_string.h. */
import { invalidType, invalidValue, outOfRange } from '../core/errors.js';
import { format } from '../core/format.js';
import { handleClasses } from '../core/handle.js';
import { native } from '../core/native.js';
import { joined } from '../core/variadic.js';
import type { Out, ne_buffer } from './handles.js';

/**
 * Cuts the next token off a string.
 *
 * @param str the object that holds the string in `value`. The call replaces `value` with the text after the separator,
 *   or with null after the last token
 * @param separator one ASCII character
 * @returns the text before the separator, or the whole text if there is no separator
 * @example
 * ```ts
 * const list = { value: 'a,b' as string | null };
 * ne_token(list, ','); // 'a'; list.value is 'b'
 * ne_token(list, ','); // 'b'; list.value is null
 * ```
 */
export const ne_token: (str: Out<string | null>, separator: string) => string = native('ne_token');

/**
 * Cuts the next token off a string as {@link ne_token} does, but ignores separators inside quotes.
 *
 * @param quotes the quotation characters. A quoted part ends with the same character with which it begins
 * @returns null when a quoted part does not end; `str.value` then stays unchanged
 */
export const ne_qtoken: (str: Out<string | null>, separator: string, quotes: string) => string | null =
  native('ne_qtoken');

/**
 * Removes the characters of `whitespace` from both ends of a string. C compares bytes, so use ASCII characters only.
 */
export const ne_shave: (str: string, whitespace: string) => string = native('ne_shave');

/** Replaces every byte in a string by a space, unless the byte is printable ASCII. */
export const ne_strclean: (str: string) => string = native('ne_strclean');

/**
 * Converts the ASCII letters of a string to lower case. Requires neon 0.37 or later.
 *
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_strlower: (str: string) => string = native('ne_strlower');

/**
 * Converts the ASCII letters of a string to upper case. Requires neon 0.37 or later.
 *
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_strupper: (str: string) => string = native('ne_strupper');

const concat: (str: string) => string = native('ne_concat');

/** Concatenates strings. */
export const ne_concat = (str: string, ...strings: string[]): string => concat(joined([str, ...strings]));

/**
 * Converts bytes to text. A byte that is not printable ASCII becomes `\xNN`.
 *
 * @throws `ERR_OUT_OF_RANGE` for more than 134217722 bytes. The text could then exceed the maximum length of a string
 */
export const ne_strnqdup: (data: string | Uint8Array) => string = native('ne_strnqdup');

/**
 * Encodes bytes in base64, with padding.
 *
 * @param text the bytes, or a string, which is encoded as UTF-8
 * @throws `ERR_OUT_OF_RANGE` for more than 402653166 bytes. The base64 would then exceed the maximum length of a string
 */
export const ne_base64: (text: string | Uint8Array) => string = native('ne_base64');

/**
 * Decodes base64. Padding is required, and only base64 characters are allowed.
 *
 * @returns null when `data` is not base64 or is empty
 */
export const ne_unbase64: (data: string) => Buffer | null = native('ne_unbase64');

const hash: (flags: number, str: string) => string | null = native('ne_strhash');

/**
 * Returns the hash of concatenated strings as hexadecimal digits.
 *
 * @param flags one of `NE_HASH_MD5`, `NE_HASH_SHA1` (neon 0.37), `NE_HASH_SHA256`, `NE_HASH_SHA512`,
 *   `NE_HASH_SHA512_256`; add `NE_HASH_COLON` or `NE_HASH_SPACE` to separate pairs of digits
 * @returns null when the loaded neon does not have the algorithm
 */
export const ne_strhash = (flags: number, ...strings: string[]): string | null => hash(flags, joined(strings));

const param: (charset: string, lang: string | null, value: string | Uint8Array) => string | null =
  native('ne_strparam');

/**
 * Encodes the value of an extended header parameter, such as `filename*` (RFC 5987).
 *
 * @param charset `UTF-8`, or `ISO-8859-1` if all characters of the value belong to ISO-8859-1
 * @param lang the language of the value, or null
 * @returns null when `value` needs no encoding and can be an ordinary parameter
 * @throws `ERR_INVALID_ARG_VALUE` for another character set, and for a value with characters outside `charset`
 * @example
 * ```ts
 * ne_strparam('UTF-8', null, '£ rates'); // "UTF-8''%c2%a3%20rates"
 * ```
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

/** Returns the system's text for an error number (`errno`). */
export const ne_strerror: (errnum: number) => string = native('ne_strerror');

/**
 * Compares two strings without regard to the case of ASCII letters.
 *
 * @returns 0 when the strings are equal, otherwise a negative or positive number
 */
export const ne_strcasecmp: (s1: string, s2: string) => number = native('ne_strcasecmp');

/**
 * Compares the first `n` bytes of two strings without regard to the case of ASCII letters.
 *
 * @returns 0 when the strings are equal, otherwise a negative or positive number
 */
export const ne_strncasecmp: (s1: string, s2: string, n: number) => number = native('ne_strncasecmp');

/**
 * Converts an ASCII letter to lower case; any other character stays unchanged.
 *
 * @param c a code from 0 to 255 as in C, or one ASCII character
 */
export const ne_tolower: <C extends number | string>(c: C) => C extends string ? string : number = native('ne_tolower');

/**
 * Parses the hexadecimal digits at the beginning of a string. Requires neon 0.35 or later.
 *
 * The call fails if the string begins with a sign, white space or `0x`, or if the number is too large for C.
 *
 * @param endptr null, or an object. On return, its `value` is the text after the digits, and its `errno` is 0 or the
 *   system's error number
 * @returns the number, or -1 on an error
 * @throws `ERR_OUT_OF_RANGE` when the number is larger than `Number.MAX_SAFE_INTEGER`, `ERR_NEON_UNSUPPORTED` when the
 *   loaded neon is older
 */
export const ne_strhextoul: (str: string, endptr: { value?: string; errno?: number } | null) => number =
  native('ne_strhextoul');

/**
 * Fills a buffer with random bytes. Requires neon 0.37 or later.
 *
 * @param nonce 1 to 256 bytes
 * @param flags 0
 * @returns 0, or the system's error number
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
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

/** Creates an empty buffer. */
export const ne_buffer_create: () => ne_buffer = native('ne_buffer_create');

/**
 * Creates an empty buffer with room for `size` bytes.
 *
 * @param size 1 to 2^30
 */
export const ne_buffer_ncreate: (size: number) => ne_buffer = native('ne_buffer_ncreate');

/**
 * Appends bytes to a buffer.
 *
 * @throws `ERR_INVALID_ARG_VALUE` when `data` contains a null byte, `ERR_OUT_OF_RANGE` when the buffer would exceed
 *   2^30 bytes
 */
export const ne_buffer_append: (buf: ne_buffer, data: string | Uint8Array) => void = native('ne_buffer_append');

/** Appends a string to a buffer. */
export const ne_buffer_zappend: (buf: ne_buffer, str: string) => void = native('ne_buffer_zappend');

/** Appends a string to a buffer. In C this function is a macro for string literals. */
export const ne_buffer_czappend: (buf: ne_buffer, str: string) => void = ne_buffer_zappend;

/** Appends any number of strings to a buffer. */
export const ne_buffer_concat = (buf: ne_buffer, ...strings: string[]): void => {
  fields(buf);
  ne_buffer_zappend(buf, joined(strings));
};

/** Appends bytes to a buffer as text. A byte that is not printable ASCII becomes `\xNN`. */
export const ne_buffer_qappend: (buf: ne_buffer, data: string | Uint8Array) => void = native('ne_buffer_qappend');

const maxBytes = 2 ** 30;

const print: (buf: ne_buffer, text: string, max: number) => void = native('bufferPrint');

/**
 * Appends text from a printf-like format to a buffer.
 *
 * @param max 1 to 2^30; at most `max - 1` bytes are appended
 * @returns the number of bytes that were appended
 * @throws `ERR_INVALID_ARG_VALUE` when `template` has an unknown conversion, or does not match the number or the types
 *   of `values`
 */
export const ne_buffer_snprintf = (buf: ne_buffer, max: number, template: string, ...values: unknown[]): number => {
  const before = ne_buffer_size(buf);
  if (typeof max !== 'number') throw invalidType('max', 'of type number', max);
  if (!Number.isInteger(max) || max < 1 || max > maxBytes)
    throw outOfRange('max', `an integer >= 1 and <= ${maxBytes}`, max);
  print(buf, format(template, values), max - 1);
  return ne_buffer_size(buf) - before;
};

/** Empties a buffer. */
export const ne_buffer_clear: (buf: ne_buffer) => void = native('ne_buffer_clear');

/**
 * Makes room for a given number of bytes in a buffer.
 *
 * @param size the number of bytes in total, 1 to 2^30
 */
export const ne_buffer_grow: (buf: ne_buffer, size: number) => void = native('ne_buffer_grow');

/**
 * Counts the bytes of a buffer again. JavaScript never needs this function: only C code can change the string without
 * updating the count.
 */
export const ne_buffer_altered: (buf: ne_buffer) => void = native('ne_buffer_altered');

/** Returns the number of bytes in a buffer. */
export const ne_buffer_size: (buf: ne_buffer) => number = native('ne_buffer_size');

/** Returns the string, and destroys the buffer. */
export const ne_buffer_finish: (buf: ne_buffer) => string = native('ne_buffer_finish');

/** Frees a buffer. */
export const ne_buffer_destroy: (buf: ne_buffer) => void = native('ne_buffer_destroy');
