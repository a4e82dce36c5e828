/** URIs (RFC 3986) and their paths: the API of ne_uri.h. */
import { native } from '../core/native.js';

/** A URI, with the field names of C's `ne_uri` (ne_uri.h). A missing component is null. */
export interface ne_uri {
  /** The scheme, such as `https`. */
  scheme: string | null;
  /** The host name or address. */
  host: string | null;
  /** The part before `@`. */
  userinfo: string | null;
  /** The port number; 0 when the URI does not have one. */
  port: number;
  /** The path. */
  path: string | null;
  /** The part after `?`. */
  query: string | null;
  /** The part after `#`. */
  fragment: string | null;
}

/**
 * Parses a URI reference (RFC 3986, section 4.1).
 *
 * @param parsed the call sets all fields of this object. On success `path` is always a string; on failure the object
 *   contains only the components that precede the error
 * @returns 0, or non-zero when `uri` is not a URI reference
 */
export const ne_uri_parse: (uri: string, parsed: Partial<ne_uri>) => number = native('ne_uri_parse');

/**
 * Formats a URI from its components, without escaping them. If `host` is missing, the result omits `userinfo` and
 * `port`. The result always omits the default port of the scheme.
 *
 * @throws `ERR_INVALID_ARG_TYPE` when `uri` has no path
 */
export const ne_uri_unparse: (uri: Partial<ne_uri>) => string = native('ne_uri_unparse');

/**
 * Resolves a reference against a base URI (RFC 3986, section 5.2). The running time grows with the square of the number
 * of path segments.
 *
 * @param result the call sets all fields of this object; it may be the same object as `base` or `relative`
 * @returns `result`
 * @throws `ERR_INVALID_ARG_TYPE` when `base` or `relative` has no path
 */
export const ne_uri_resolve: (base: Partial<ne_uri>, relative: Partial<ne_uri>, result: Partial<ne_uri>) => ne_uri =
  native('ne_uri_resolve');

/**
 * Compares two URIs. The comparison ignores case in the scheme and the host; all other components must match byte for
 * byte. The URIs are not normalised, so a default port differs from a missing port.
 *
 * @returns 0 when the URIs are equal; otherwise a number with the sign of the first difference
 */
export const ne_uri_cmp: (u1: Partial<ne_uri>, u2: Partial<ne_uri>) => number = native('ne_uri_cmp');

/** Copies all fields of `src` to `dest`, and returns `dest`. A field that is missing in `src` becomes null or 0. */
export const ne_uri_copy: (dest: Partial<ne_uri>, src: Partial<ne_uri>) => ne_uri = native('ne_uri_copy');

/** Sets all fields to null, and the port to 0. Freeing is not necessary in JavaScript. */
export const ne_uri_free: (parsed: Partial<ne_uri>) => void = native('ne_uri_free');

/**
 * Returns the default port of a scheme: 80 for `http` and 443 for `https`, without regard to case. The result is 0 for
 * all other schemes.
 */
export const ne_uri_defaultport: (scheme: string) => number = native('ne_uri_defaultport');

/**
 * Percent-encodes a path where necessary. The function converts text to UTF-8, and never encodes `/`.
 *
 * Since version 0.35, neon encodes only characters that RFC 3986 does not allow in a path (`NE_PATH_NONPC`). Older
 * versions encode all except the unreserved characters (`NE_PATH_NONRES`).
 *
 * @param path text, or the bytes of a path in any encoding, such as a Unix path
 */
export const ne_path_escape: (path: string | Uint8Array) => string = native('ne_path_escape');

/**
 * Percent-encodes parts of a path. `flags` specifies which bytes to encode.
 *
 * @param path text, or the bytes of a path in any encoding
 * @param flags `NE_PATH_*`, combined with `|`. A flag has no effect if the loaded neon does not know it
 */
export const ne_path_escapef: (path: string | Uint8Array, flags: number) => string = native('ne_path_escapef');

const unescape: (epath: string | Uint8Array) => string | Buffer | null = native('ne_path_unescape');

/**
 * Decodes the percent-encoding of a path. As in C, the result ends before the first `%00`.
 *
 * @param epath text or bytes. The result has the same type. In text, bytes that are not valid UTF-8 become U+FFFD;
 *   otherwise the bytes are exact
 * @returns null when a `%` is not followed by two hexadecimal digits
 * @example A path that is not UTF-8
 * ```ts
 * ne_path_unescape(Buffer.from('/caf%E9')); // <Buffer 2f 63 61 66 e9>
 * ```
 */
export function ne_path_unescape(epath: string): string | null;

/** Decodes the percent-encoding of the bytes of a path. */
export function ne_path_unescape(epath: Uint8Array): Buffer | null;

export function ne_path_unescape(epath: string | Uint8Array): string | Buffer | null {
  return unescape(epath);
}

const parent: (path: string | Uint8Array) => string | Buffer | null = native('ne_path_parent');

/**
 * Returns the parent of a path. The result ends with a slash, and has the same type (text or bytes) as `path`.
 *
 * @returns null when the path has no parent (`'/'`, `''`, `'a'`)
 */
export function ne_path_parent(path: string): string | null;

/** Returns the bytes of the parent of a path. */
export function ne_path_parent(path: Uint8Array): Buffer | null;

export function ne_path_parent(path: string | Uint8Array): string | Buffer | null {
  return parent(path);
}

/**
 * Compares two paths. The comparison ignores case, and a final slash that only one of the paths has.
 *
 * @returns 0 when the paths are equal; otherwise the result of C's `strcmp`
 */
export const ne_path_compare: (p1: string | Uint8Array, p2: string | Uint8Array) => number = native('ne_path_compare');

/**
 * Returns non-zero when `child` begins with `parent` and is longer. As in C, the comparison ignores case and the
 * boundaries of segments: `/ab` counts as a child of `/a`.
 */
export const ne_path_childof: (parent: string | Uint8Array, child: string | Uint8Array) => number =
  native('ne_path_childof');

/** Returns non-zero when a path ends with a slash. */
export const ne_path_has_trailing_slash: (path: string | Uint8Array) => number = native('ne_path_has_trailing_slash');
