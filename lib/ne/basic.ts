/** HTTP and WebDAV methods in one call each: the API of ne_basic.h. */
import { native } from '../core/native.js';
import type { Flag, Out, ne_request, ne_session } from './handles.js';

/** The range of bytes for {@link ne_get_range}: `ne_content_range` of ne_basic.h. */
export interface ne_content_range {
  /** The first byte, counted from 0. */
  start: number;
  /** The last byte, or -1 for the rest of the resource. */
  end: number;
  /** Ignored. */
  total?: number;
}

/** A media type: `ne_content_type` of ne_basic.h. */
export interface ne_content_type {
  /** The part before the slash, such as `text`. */
  type: string;
  /** The part after the slash, such as `html`. */
  subtype: string;
  /**
   * The parameter `charset`, or null. If a `text` type has no such parameter, versions of neon before 0.36 set a
   * default such as `ISO-8859-1`.
   */
  charset: string | null;
  /** Equals `type`. In C this field owns the memory of the other fields. */
  value: string;
}

/** The features of a server: `ne_server_capabilities` of ne_basic.h. Each field is 1 or 0. */
export interface ne_server_capabilities {
  /** Class 1 of WebDAV. */
  dav_class1: number;
  /** Class 2 of WebDAV: locks. */
  dav_class2: number;
  /** The property `executable` of mod_dav. */
  dav_executable: number;
}

// neon copies paths unchanged into the request line (or the header Destination), so the caller must URI-escape paths.
// A descriptor belongs to the caller, and must stay open until the call has returned.

/**
 * Sends GET, and writes the body of a 2xx response to a descriptor.
 *
 * @param path the path, URI-escaped; neon copies it into the request line unchanged
 * @param fd the caller's descriptor, which must stay open until the call has returned
 * @returns an `NE_*` code, such as `NE_ERROR` when the status is not 2xx
 * @example
 * ```ts
 * const fd = openSync('copy.txt', 'w');
 * if (ne_get(sess, '/file.txt', fd) !== NE_OK) throw new Error(ne_get_error(sess));
 * ```
 */
export const ne_get: (sess: ne_session, path: string, fd: number) => number = native('ne_get');

/**
 * Sends GET, and reads the body of a 2xx response into `buf`. Requires neon 0.36 or later.
 *
 * @param buflen before the call, `value` is the number of bytes that neon may use (by default the whole buffer). After
 *   `NE_OK`, `value` is the length of the body
 * @returns an `NE_*` code, such as `NE_FAILED` when the body is larger than the buffer
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_getbuf: (sess: ne_session, path: string, buf: Uint8Array, buflen: Partial<Out<number>>) => number =
  native('ne_getbuf');

/**
 * Sends PUT with the whole content of an open file.
 *
 * @param fd the file's descriptor. The call sends the file from the beginning, and changes the position of the
 *   descriptor
 * @returns an `NE_*` code, such as `NE_ERROR` when the status is not 2xx
 */
export const ne_put: (sess: ne_session, path: string, fd: number) => number = native('ne_put');

/**
 * Sends PUT with the contents of `buf` as the body. Requires neon 0.33 or later.
 *
 * @param buf the body; a string is sent as UTF-8
 * @returns an `NE_*` code, such as `NE_ERROR` when the status is not 2xx
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_putbuf: (sess: ne_session, path: string, buf: string | Uint8Array) => number = native('ne_putbuf');

/**
 * Sends POST with a text as the body, and writes the body of a 2xx response to a descriptor. If a persistent connection
 * breaks, neon does not repeat the POST.
 *
 * @returns an `NE_*` code, such as `NE_ERROR` when the status is not 2xx
 */
export const ne_post: (sess: ne_session, path: string, fd: number, buffer: string) => number = native('ne_post');

/**
 * Sends GET for a range of bytes, and writes the received bytes to a descriptor at its current position. The call does
 * not change `range`.
 *
 * @returns `NE_OK` if the response has status 206 and contains exactly the requested range; otherwise another `NE_*`
 *   code
 * @throws `ERR_OUT_OF_RANGE` when `start` is less than 0, or `end` is less than -1
 */
export const ne_get_range: (sess: ne_session, path: string, range: ne_content_range, fd: number) => number =
  native('ne_get_range');

/**
 * Sends HEAD to find out when a resource was last modified.
 *
 * @param modtime `value` is set to the time of the Last-Modified header, in seconds since 1970. `value` is set to -1 if
 *   the header is missing or is not a date, or if the status is not 2xx
 * @returns an `NE_*` code
 */
export const ne_getmodtime: (sess: ne_session, path: string, modtime: Partial<Out<number>>) => number =
  native('ne_getmodtime');

/**
 * Sends OPTIONS to get the WebDAV classes of a server. neon deprecates this function in favour of {@link ne_options2}.
 *
 * @param caps each field becomes 1 or 0
 * @returns an `NE_*` code
 */
export const ne_options: (sess: ne_session, path: string, caps: Partial<ne_server_capabilities>) => number =
  native('ne_options');

/**
 * Sends OPTIONS to get the features of a server.
 *
 * @param caps `value` is set to the `NE_CAP_*` bits for the DAV header. Without this header `value` stays unchanged
 * @returns an `NE_*` code
 */
export const ne_options2: (sess: ne_session, path: string, caps: Partial<Out<number>>) => number =
  native('ne_options2');

/**
 * Sends COPY.
 *
 * @param overwrite true to replace an existing `dest`; false to fail if `dest` exists
 * @param depth `NE_DEPTH_ZERO` or `NE_DEPTH_INFINITE`, which differ only for collections
 * @returns an `NE_*` code
 * @throws `ERR_OUT_OF_RANGE` when the session's origin and `dest` together exceed 8191 bytes (C would truncate the
 *   header Destination)
 */
export const ne_copy: (sess: ne_session, overwrite: Flag, depth: number, src: string, dest: string) => number =
  native('ne_copy');

/**
 * Sends MOVE.
 *
 * @param overwrite true to replace an existing `dest`; false to fail if `dest` exists
 * @returns an `NE_*` code
 * @throws `ERR_OUT_OF_RANGE` when the session's origin and `dest` together exceed 8191 bytes (C would truncate the
 *   header Destination)
 */
export const ne_move: (sess: ne_session, overwrite: Flag, src: string, dest: string) => number = native('ne_move');

/**
 * Sends DELETE. A collection is deleted with all its contents.
 *
 * @returns an `NE_*` code
 */
export const ne_delete: (sess: ne_session, path: string) => number = native('ne_delete');

/**
 * Sends MKCOL, to create a collection.
 *
 * @param path the path of the collection; neon adds a final slash if it is missing
 * @returns an `NE_*` code
 */
export const ne_mkcol: (sess: ne_session, path: string) => number = native('ne_mkcol');

/**
 * Adds the header Depth to a request.
 *
 * @param depth 0, 1 or `NE_DEPTH_INFINITE`. neon sends every number except 0 and 1 as `infinity`
 */
export const ne_add_depth_header: (req: ne_request, depth: number) => void = native('ne_add_depth_header');

/**
 * Parses the header Content-Type of the response into `ctype`.
 *
 * @returns 0, or non-zero when the header is missing or has no slash. When the result is non-zero, `ctype` stays
 *   unchanged
 */
export const ne_get_content_type: (req: ne_request, ctype: Partial<ne_content_type>) => number =
  native('ne_get_content_type');
