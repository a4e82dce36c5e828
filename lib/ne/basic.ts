import { native } from '../core/native.js';
import type { Flag, Out, ne_request, ne_session } from './handles.js';

/** The range of bytes that ne_get_range asks for: `ne_content_range` (ne_basic.h). */
export interface ne_content_range {
  /** The first byte. */
  start: number;
  /** The last byte, or -1 for all that follow. */
  end: number;
  /** Means nothing. */
  total?: number;
}

/** A media type: the fields of `ne_content_type` (ne_basic.h). */
export interface ne_content_type {
  type: string;
  subtype: string;
  charset: string | null;
  /** The memory that C cut the others out of: what is left of it. */
  value: string;
}

/** What a server can do, 1 or 0 each: `ne_server_capabilities` (ne_basic.h). */
export interface ne_server_capabilities {
  dav_class1: number;
  dav_class2: number;
  dav_executable: number;
}

// Paths go into the request line (or the header Destination) as they are, and must be URI-escaped by the caller.
// Descriptors stay the caller's, and must be open until the call was made.

/**
 * GET; the body of a 2xx response is written to a descriptor. Returns an `NE_*` code: `NE_ERROR` also for a status that
 * is not 2xx.
 */
export const ne_get: (sess: ne_session, path: string, fd: number) => number = native('ne_get');

/**
 * GET; the body of a 2xx response goes into `buf`. `buflen.value` is how many bytes may be used (all of them unless
 * given), and after `NE_OK` how many were; when there is more, the result is `NE_FAILED`. Needs neon 0.36.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_getbuf: (sess: ne_session, path: string, buf: Uint8Array, buflen: Partial<Out<number>>) => number =
  native('ne_getbuf');

/**
 * PUT of a whole file, whatever the position of the descriptor, which it moves. Returns an `NE_*` code: `NE_ERROR` also
 * for a status that is not 2xx.
 */
export const ne_put: (sess: ne_session, path: string, fd: number) => number = native('ne_put');

/**
 * PUT of these bytes (of the string's UTF-8). Needs neon 0.33.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_putbuf: (sess: ne_session, path: string, buf: string | Uint8Array) => number = native('ne_putbuf');

/** POST of a text; the body of a 2xx response is written to a descriptor. It is never sent twice on its own. */
export const ne_post: (sess: ne_session, path: string, fd: number, buffer: string) => number = native('ne_post');

/**
 * GET of some bytes, which are written to a descriptor where it stands. Returns `NE_OK` only for a 206 response with
 * that very range. C does not fill the range in.
 *
 * @throws `ERR_OUT_OF_RANGE` when `start` is less than 0, or `end` less than -1
 */
export const ne_get_range: (sess: ne_session, path: string, range: ne_content_range, fd: number) => number =
  native('ne_get_range');

/**
 * HEAD; `modtime.value` becomes the time of the header Last-Modified in seconds since 1970, or -1 when there is none, or
 * none that is a date.
 */
export const ne_getmodtime: (sess: ne_session, path: string, modtime: Partial<Out<number>>) => number =
  native('ne_getmodtime');

/** OPTIONS, as ne_options2, which tells more. Deprecated in neon. */
export const ne_options: (sess: ne_session, path: string, caps: Partial<ne_server_capabilities>) => number =
  native('ne_options');

/**
 * OPTIONS; `caps.value` becomes the `NE_CAP_*` bits that the header DAV tells, and stays what it was when there is no
 * such header.
 */
export const ne_options2: (sess: ne_session, path: string, caps: Partial<Out<number>>) => number =
  native('ne_options2');

/**
 * COPY. `depth` (`NE_DEPTH_ZERO`, `NE_DEPTH_INFINITE`) means something for collections; without `overwrite` it fails
 * when `dest` exists.
 *
 * @throws `ERR_OUT_OF_RANGE` when `dest` with the origin of the session is longer than 8191 bytes (C would cut it)
 */
export const ne_copy: (sess: ne_session, overwrite: Flag, depth: number, src: string, dest: string) => number =
  native('ne_copy');

/** MOVE, likewise. */
export const ne_move: (sess: ne_session, overwrite: Flag, src: string, dest: string) => number = native('ne_move');

/** DELETE, of a collection with all that is in it. */
export const ne_delete: (sess: ne_session, path: string) => number = native('ne_delete');

/** MKCOL. The path gets a slash at its end when it has none. */
export const ne_mkcol: (sess: ne_session, path: string) => number = native('ne_mkcol');

/** Adds the header Depth: `0`, `1`, or `infinity` for `NE_DEPTH_INFINITE` and every other number. */
export const ne_add_depth_header: (req: ne_request, depth: number) => void = native('ne_add_depth_header');

/**
 * Takes the header Content-Type of the response apart, into `ctype`. Returns 0, or something else when there is none, or
 * none with a slash; `ctype` then stays what it was.
 */
export const ne_get_content_type: (req: ne_request, ctype: Partial<ne_content_type>) => number =
  native('ne_get_content_type');
