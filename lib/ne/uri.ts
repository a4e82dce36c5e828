import { native } from '../core/native.js';

/** A URI by the C field names of `ne_uri` (ne_uri.h); `port` 0 is none, a missing component is null. */
export interface ne_uri {
  scheme: string | null;
  host: string | null;
  userinfo: string | null;
  port: number;
  path: string | null;
  query: string | null;
  fragment: string | null;
}

/**
 * Takes a URI reference apart. All fields of `parsed` are set, also on failure: then to what was found before it. On
 * success there is always a path.
 *
 * @returns 0, or non-zero when `uri` is no URI reference
 */
export const ne_uri_parse: (uri: string, parsed: Partial<ne_uri>) => number = native('ne_uri_parse');

/**
 * Puts a URI together: what {@link ne_uri_parse} took apart. Without a host `userinfo` and `port` are left out, and so is
 * the scheme's default port. Nothing is escaped.
 *
 * @throws `ERR_INVALID_ARG_TYPE` when `uri` has no path
 */
export const ne_uri_unparse: (uri: Partial<ne_uri>) => string = native('ne_uri_unparse');

/**
 * Resolves a reference against a base URI (RFC 3986, section 5.2). Sets all fields of `result`, which may be one of the
 * other two, and returns it. C's time grows with the square of the number of path segments.
 *
 * @throws `ERR_INVALID_ARG_TYPE` when `base` or `relative` has no path
 */
export const ne_uri_resolve: (base: Partial<ne_uri>, relative: Partial<ne_uri>, result: Partial<ne_uri>) => ne_uri =
  native('ne_uri_resolve');

/**
 * 0 when two URIs are equal: scheme and host without regard to case, all else byte for byte. Otherwise the sign is that
 * of the first difference; nothing is normalised, so a default port is another than none.
 */
export const ne_uri_cmp: (u1: Partial<ne_uri>, u2: Partial<ne_uri>) => number = native('ne_uri_cmp');

/** Sets all fields of `dest` to those of `src` (null and 0 where it has none), and returns `dest`. */
export const ne_uri_copy: (dest: Partial<ne_uri>, src: Partial<ne_uri>) => ne_uri = native('ne_uri_copy');

/** Sets all fields to null, and the port to 0. Nothing needs to be freed here. */
export const ne_uri_free: (parsed: Partial<ne_uri>) => void = native('ne_uri_free');

/** The default port of a scheme: 80 for `http`, 443 for `https`, in any case; 0 for all others. */
export const ne_uri_defaultport: (scheme: string) => number = native('ne_uri_defaultport');

/**
 * A path with its bytes percent-encoded (as UTF-8), where they need to be. `/` stays. neon 0.35 and newer leave what RFC
 * 3986 allows in a path (`NE_PATH_NONPC`); older ones only what it calls unreserved (`NE_PATH_NONRES`).
 */
export const ne_path_escape: (path: string) => string = native('ne_path_escape');

/**
 * A path with those bytes percent-encoded that the flags say.
 *
 * @param flags `NE_PATH_*`, joined by `|`. A flag that the loaded neon does not know escapes nothing.
 */
export const ne_path_escapef: (path: string, flags: number) => string = native('ne_path_escapef');

/**
 * A path with its percent-encoding undone, or null when a `%` is not followed by two hexadecimal digits. It ends at
 * `%00`, as in C; bytes that are no UTF-8 become U+FFFD.
 */
export const ne_path_unescape: (epath: string) => string | null = native('ne_path_unescape');

/** The parent of a path, with a slash at its end; null when it has none (`'/'`, `''`, `'a'`). */
export const ne_path_parent: (path: string) => string | null = native('ne_path_parent');

/**
 * 0 when two paths are the same, without regard to case and to one slash at the end of either; else as C's `strcmp`.
 */
export const ne_path_compare: (p1: string, p2: string) => number = native('ne_path_compare');

/** Non-zero when `child` is longer than `parent` and begins with it; as in C without regard to where segments end. */
export const ne_path_childof: (parent: string, child: string) => number = native('ne_path_childof');

/** Non-zero when a path ends with a slash. */
export const ne_path_has_trailing_slash: (path: string) => number = native('ne_path_has_trailing_slash');
