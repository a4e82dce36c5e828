import { invalidType } from '../errors.js';
import { native } from '../native.js';
import { type Acceptor, acceptor } from './accept.js';
import { format } from './format.js';
import type { Flag, ne_header_cursor, ne_request, ne_session, ne_xml_parser, Out } from './handles.js';
import { PrivateData } from './private.js';
import type { ne_uri } from './uri.js';
import { ne_xml_parse_v } from './xml.js';

/** The status of a response: the fields of `ne_status` (ne_utils.h). */
export interface ne_status {
  major_version: number;
  minor_version: number;
  /** The status code; 0 before a response came. */
  code: number;
  /** Its class: 1 to 5. */
  klass: number;
  reason_phrase: string | null;
}

/**
 * Decides whether a reader takes the body of a response: non-zero (or true) if it does. Called once for each time the
 * request is sent. On the promise surface it may return a promise.
 */
export type ne_accept_response = (
  req: ne_request,
  st: ne_status,
) => number | boolean | undefined | Promise<number | boolean | undefined>;

/**
 * Takes one block of a response body; the last call has a block of length 0. Anything but 0 or nothing aborts the
 * response. On the promise surface it may return a promise.
 */
export type ne_block_reader = (buf: Buffer) => number | undefined | void | Promise<number | undefined | void>;

/** Creates a request. `path` goes into the request line as it is, and must be URI-escaped by the caller. */
export const ne_request_create: (sess: ne_session, method: string, path: string) => ne_request =
  native('ne_request_create');

/** Frees a request. Between begin and end it closes the connection, too: the unread body stands in it. */
export const ne_request_destroy: (req: ne_request) => void = native('ne_request_destroy');

/** Adds a header to the request. */
export const ne_add_request_header: (req: ne_request, name: string, value: string) => void =
  native('ne_add_request_header');

const requireRequest: (req: ne_request) => void = native('requireRequest');
const printHeader: (req: ne_request, name: string, value: string) => void = native('ne_print_request_header');

/**
 * Adds a header whose value is made from a printf-like format.
 *
 * @throws `ERR_OUT_OF_RANGE` when the value is longer than 8191 bytes (C would cut it)
 */
export const ne_print_request_header = (
  req: ne_request,
  name: string,
  template: string,
  ...values: unknown[]
): void => {
  requireRequest(req);
  if (typeof name !== 'string') throw invalidType('name', 'of type string', name);
  printHeader(req, name, format(template, values));
};

/**
 * The request's body is these bytes (of the string's UTF-8), copied. Adds the header Content-Length.
 *
 * @throws `ERR_NEON_INVALID_STATE` when it has a body already
 */
export const ne_set_request_body_buffer: (req: ne_request, buffer: string | Uint8Array) => void =
  native('ne_set_request_body_buffer');

/**
 * The request's body is `length` bytes of a file from `offset` on. The descriptor stays the caller's, and must stay open
 * until the request was sent; reading moves its position. Adds the header Content-Length.
 *
 * @throws `ERR_NEON_INVALID_STATE` when it has a body already
 */
export const ne_set_request_body_fd: (req: ne_request, fd: number, offset: number, length: number) => void =
  native('ne_set_request_body_fd');

/**
 * Gives the next block of a request's body: at most `buflen` bytes, 0 at the end, -1 on an error (set the session's
 * error text). When `buflen` is 0 the body is to start again from its beginning: return 0, or -1 if it cannot. On the
 * promise surface it may return a promise.
 */
export type ne_provide_body = (buflen: number) => Uint8Array | number | Promise<Uint8Array | number>;

/**
 * The request's body is what `provider` gives, called whenever the body is sent. Adds the header Content-Length, or
 * `Transfer-Encoding: chunked` when `length` is -1 (which HTTP/1.0 servers do not understand).
 *
 * Giving more or fewer bytes than announced fails the request with `NE_ERROR`.
 *
 * @throws `ERR_NEON_INVALID_STATE` when it has a body already
 */
export const ne_set_request_body_provider: (req: ne_request, length: number, provider: ne_provide_body) => void =
  native('ne_set_request_body_provider');

/** Told of an interim (1xx) response; its headers are the request's response headers for the time of the call. */
export type ne_interim_response_fn = (req: ne_request, status: ne_status) => void | Promise<void>;

/**
 * Adds a handler of interim (1xx) responses. Needs neon 0.33.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_add_interim_handler: (req: ne_request, fn: ne_interim_response_fn) => void =
  native('ne_add_interim_handler');

export { ne_accept_2xx, ne_accept_always } from './accept.js';

const addReader: (req: ne_request, accept: Acceptor, reader: ne_block_reader) => void = native(
  'ne_add_response_body_reader',
);
const addParser: (req: ne_request, accept: Acceptor, parser: unknown) => void = native('addParser');

/**
 * Adds a reader of the response body; `accpt` decides for each response whether it is called. neon's own functions
 * (ne_accept_2xx, ne_accept_always, ne_accept_207) are recognised, and stay in C.
 *
 * @throws `ERR_NEON_INVALID_STATE` between ne_begin_request and ne_end_request
 */
export function ne_add_response_body_reader(
  req: ne_request,
  accpt: ne_accept_response,
  reader: ne_block_reader,
): void;
/**
 * The response body is parsed, as in C: `ne_xml_parse_v` is recognised, and stays in C. The parser is busy while a call
 * on the request runs.
 *
 * @throws `ERR_NEON_INVALID_STATE` between ne_begin_request and ne_end_request
 */
export function ne_add_response_body_reader(
  req: ne_request,
  accpt: ne_accept_response,
  reader: typeof ne_xml_parse_v,
  userdata: ne_xml_parser,
): void;
export function ne_add_response_body_reader(
  req: ne_request,
  accpt: ne_accept_response,
  reader: ne_block_reader | typeof ne_xml_parse_v,
  userdata?: ne_xml_parser,
): void {
  requireRequest(req);
  const accept = acceptor(accpt, 'accpt');
  if (reader === ne_xml_parse_v) addParser(req, accept, userdata);
  else addReader(req, accept, reader as ne_block_reader);
}

/** Sends the request and reads the whole response; returns an `NE_*` code. */
export const ne_request_dispatch: (req: ne_request) => number = native('ne_request_dispatch');

/**
 * Sends the request and reads the head of the response; returns an `NE_*` code. After `NE_OK` the session belongs to
 * this request until ne_end_request, ne_request_destroy or a failure.
 */
export const ne_begin_request: (req: ne_request) => number = native('ne_begin_request');

/**
 * Reads a block of the response body into `buffer`: the number of bytes, 0 at the end, less than 0 on an error.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the request was not begun
 */
export const ne_read_response_block: (req: ne_request, buffer: Uint8Array) => number = native('ne_read_response_block');

/**
 * Reads the rest of the response body and writes it to a descriptor; returns an `NE_*` code.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the request was not begun
 */
export const ne_read_response_to_fd: (req: ne_request, fd: number) => number = native('ne_read_response_to_fd');

/**
 * Reads the rest of the response body into `buf`; returns an `NE_*` code: `NE_FAILED` when there is more than fits.
 * `buflen.value` is how many bytes may be used (all of them unless given), and after `NE_OK` how many were. Needs neon
 * 0.36.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the request was not begun, `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_read_response_to_buffer: (req: ne_request, buf: Uint8Array, buflen: Partial<Out<number>>) => number =
  native('ne_read_response_to_buffer');

/** Reads the rest of the response body, for its readers alone; returns an `NE_*` code. */
export const ne_discard_response: (req: ne_request) => number = native('ne_discard_response');

/** Ends a request that was begun; returns an `NE_*` code. After `NE_RETRY` begin it again. */
export const ne_end_request: (req: ne_request) => number = native('ne_end_request');

/** The status of the response: a fresh object. */
export const ne_get_status: (req: ne_request) => ne_status = native('ne_get_status');

/** The value of a response header (fields of the same name joined by ", "), or null. */
export const ne_get_response_header: (req: ne_request, name: string) => string | null =
  native('ne_get_response_header');

/**
 * Walks the response headers, in no defined order: call it with null, then with what it returned, until that is null.
 * Names are in lower case.
 *
 * @throws `ERR_NEON_INVALID_STATE` on a cursor of another response
 */
export const ne_response_header_iterate: (
  req: ne_request,
  cursor: ne_header_cursor | null,
  name: Out<string>,
  value: Out<string>,
) => ne_header_cursor | null = native('ne_response_header_iterate');

/** The value of a field in the trailer of a chunked response, or null. Needs neon 0.37. */
export const ne_get_response_trailer: (req: ne_request, name: string) => string | null =
  native('ne_get_response_trailer');

/** Walks the fields of the trailer, like {@link ne_response_header_iterate}. Needs neon 0.37. */
export const ne_response_trailer_iterate: typeof ne_response_header_iterate = native('ne_response_trailer_iterate');

/** The URI of the request's target, or null when it cannot be told. Needs neon 0.34. */
export const ne_get_request_target: (req: ne_request) => ne_uri | null = native('ne_get_request_target');

/**
 * The URI of the response's Location header, resolved against the request's target, or null. `fragment` is that of the
 * target, if it had one. Needs neon 0.34.
 */
export const ne_get_response_location: (req: ne_request, fragment: string | null) => ne_uri | null =
  native('ne_get_response_location');

/** When to try again by the response's Retry-After header, in seconds since 1970; 0 is not known. Needs neon 0.35. */
export const ne_get_response_retry_after: (req: ne_request) => number = native('ne_get_response_retry_after');

/** Sets a request flag (`NE_REQFLAG_*`). Flags that this neon does not know are ignored. */
export const ne_set_request_flag: (req: ne_request, flag: number, value: Flag) => void = native('ne_set_request_flag');

/** 0 if the flag is not set, more than 0 if it is, -1 if this neon does not know it. */
export const ne_get_request_flag: (req: ne_request, flag: number) => number = native('ne_get_request_flag');

/** The session of the request: the very object that ne_request_create was given. */
export const ne_get_session: (req: ne_request) => ne_session = native('ne_get_session');

const privateData = new PrivateData();

/** Stores any value under `id`; a later value under the same id replaces it. */
export const ne_set_request_private = (req: ne_request, id: string, value: unknown): void => {
  requireRequest(req);
  privateData.set(req, id, value);
};

/** The value stored under `id`, or null. */
export const ne_get_request_private = (req: ne_request, id: string): unknown => {
  requireRequest(req);
  return privateData.get(req, id);
};
