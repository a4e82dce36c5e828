/** Requests and responses, and the hooks of a session: the API of ne_request.h. */
import { type Acceptor, acceptor } from '../core/acceptor.js';
import { invalidType } from '../core/errors.js';
import { format } from '../core/format.js';
import { native, surplus, withoutSurplus } from '../core/native.js';
import { PrivateData } from '../core/private.js';
import type {
  Flag,
  Nothing,
  Out,
  ne_buffer,
  ne_header_cursor,
  ne_request,
  ne_session,
  ne_xml_parser,
} from './handles.js';
import type { ne_uri } from './uri.js';
import type { ne_status } from './utils.js';
import { ne_xml_parse_v } from './xml.js';

/**
 * Called to decide whether a reader receives the body of a response. A non-zero (or true) result accepts the body. neon
 * calls the function once each time the request is sent. On the promise surface the function may return a promise.
 */
export type ne_accept_response = (
  req: ne_request,
  st: ne_status,
) => number | boolean | undefined | Promise<number | boolean | undefined>;

/**
 * Called with each block of a response body; the last block has length 0. To abort the response, return true or a
 * non-zero number. On the promise surface the reader may return a promise.
 */
export type ne_block_reader = (buf: Buffer) => number | undefined | void | Promise<number | undefined | void>;

/**
 * Creates a request.
 *
 * @param path the path, URI-escaped; neon copies it into the request line unchanged
 * @example
 * ```ts
 * const req = ne_request_create(sess, 'GET', '/');
 * if (ne_request_dispatch(req) === NE_OK) console.log(ne_get_status(req).code);
 * ne_request_destroy(req);
 * ```
 */
export const ne_request_create: (sess: ne_session, method: string, path: string) => ne_request =
  native('ne_request_create');

/**
 * Frees a request. Between ne_begin_request and ne_end_request the call also closes the connection, because part of the
 * response body may still be unread.
 */
export const ne_request_destroy: (req: ne_request) => void = native('ne_request_destroy');

/**
 * Adds a header to the request.
 *
 * @throws `ERR_INVALID_CHAR` when the name is not a token, or the value contains CR, LF or a null byte
 */
export const ne_add_request_header: (req: ne_request, name: string, value: string) => void =
  native('ne_add_request_header');

const requireRequest: (req: ne_request) => void = native('requireRequest');

const printHeader: (req: ne_request, name: string, value: string) => void = native('ne_print_request_header');

/**
 * Adds a header to the request. The value comes from a printf-like format.
 *
 * @throws `ERR_INVALID_ARG_VALUE` when `template` has an unknown conversion, or does not match the number or the types
 *   of `values`; `ERR_OUT_OF_RANGE` when the header's value is longer than 8191 bytes (C would truncate it)
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
 * Sets the body of the request to a copy of `buffer`, and adds the header Content-Length.
 *
 * @param buffer the body; a string is sent as UTF-8
 * @throws `ERR_NEON_INVALID_STATE` when the request already has a body
 */
export const ne_set_request_body_buffer: (req: ne_request, buffer: string | Uint8Array) => void =
  native('ne_set_request_body_buffer');

/**
 * Sets the body of the request to a part of a file, and adds the header Content-Length.
 *
 * @param fd the caller's descriptor, which must stay open until the request has been sent; sending changes its position
 * @param offset the first byte, counted from 0
 * @param length the number of bytes
 * @throws `ERR_NEON_INVALID_STATE` when the request already has a body
 */
export const ne_set_request_body_fd: (req: ne_request, fd: number, offset: number, length: number) => void =
  native('ne_set_request_body_fd');

/**
 * Called to get the next block of a request's body. The callback returns at most `buflen` bytes, or 0 at the end. On an
 * error the callback sets the session's error text and returns -1.
 *
 * When `buflen` is 0, neon restarts the body. The callback returns 0, and the next call must return the first block
 * again. If the body cannot be restarted, the callback returns -1. On the promise surface the callback may return a
 * promise.
 */
export type ne_provide_body = (buflen: number) => Uint8Array | number | Promise<Uint8Array | number>;

/**
 * Sets the body of the request to the blocks that `provider` returns. neon calls `provider` again each time it sends
 * the body.
 *
 * If the provider returns more or fewer bytes than `length`, the request fails with `NE_ERROR`.
 *
 * @param length the number of bytes, for the header Content-Length. If `length` is -1, neon sends
 *   `Transfer-Encoding: chunked` instead. HTTP/1.0 servers do not understand this header
 * @throws `ERR_NEON_INVALID_STATE` when the request already has a body
 */
export const ne_set_request_body_provider: (req: ne_request, length: number, provider: ne_provide_body) => void =
  native('ne_set_request_body_provider');

/**
 * Called for an interim (1xx) response. During the call, the functions for response headers return the headers of the
 * interim response.
 */
export type ne_interim_response_fn = (req: ne_request, status: ne_status) => void | Promise<void>;

/**
 * Adds a callback for interim (1xx) responses. Requires neon 0.33 or later.
 *
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_add_interim_handler: (req: ne_request, fn: ne_interim_response_fn) => void =
  native('ne_add_interim_handler');

const addReader: (req: ne_request, accept: Acceptor, reader: ne_block_reader) => void =
  native('ne_add_response_body_reader');

const addParser: (req: ne_request, accept: Acceptor, parser: unknown) => void = native('addParser');

/**
 * Adds a reader of the response body.
 *
 * @param accpt decides for each response whether neon calls the reader: ne_accept_2xx, ne_accept_always, ne_accept_207,
 *   or a JavaScript function. C calls the first three directly
 * @throws `ERR_NEON_INVALID_STATE` between ne_begin_request and ne_end_request
 */
export function ne_add_response_body_reader(req: ne_request, accpt: ne_accept_response, reader: ne_block_reader): void;

/**
 * Parses the response body as XML in C. The body never reaches JavaScript. To select this form, pass `ne_xml_parse_v`
 * as the reader. The parser is busy while a call on the request runs.
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
  else if (arguments.length > 3) throw surplus('ne_add_response_body_reader');
  else addReader(req, accept, reader as ne_block_reader);
}

/**
 * Sends the request and reads the whole response.
 *
 * @returns an `NE_*` code. The result is `NE_OK` even for an error status such as 404
 * @throws any exception that a callback throws
 */
export const ne_request_dispatch: (req: ne_request) => number = native('ne_request_dispatch');

/**
 * Sends the request and reads the head of the response. After `NE_OK`, this request occupies the session: no other
 * request can run. The session is free again when the request fails, or when ne_end_request or ne_request_destroy is
 * called.
 *
 * @returns an `NE_*` code
 */
export const ne_begin_request: (req: ne_request) => number = native('ne_begin_request');

/**
 * Reads a block of the response body into `buffer`.
 *
 * @returns the number of bytes, 0 at the end of the body, less than 0 on an error
 * @throws `ERR_NEON_INVALID_STATE` when the request has not begun
 */
export const ne_read_response_block: (req: ne_request, buffer: Uint8Array) => number = native('ne_read_response_block');

/**
 * Reads the rest of the response body and writes it to a descriptor.
 *
 * @param fd the caller's descriptor, which neon does not close
 * @returns an `NE_*` code
 * @throws `ERR_NEON_INVALID_STATE` when the request has not begun
 */
export const ne_read_response_to_fd: (req: ne_request, fd: number) => number = native('ne_read_response_to_fd');

/**
 * Reads the rest of the response body into `buf`. Requires neon 0.36 or later.
 *
 * @param buflen before the call, `value` is the number of bytes that neon may use (by default the whole buffer). After
 *   `NE_OK`, `value` is the number of bytes that were read
 * @returns an `NE_*` code, such as `NE_FAILED` when the body is larger than the buffer
 * @throws `ERR_NEON_INVALID_STATE` when the request has not begun, `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_read_response_to_buffer: (req: ne_request, buf: Uint8Array, buflen: Partial<Out<number>>) => number =
  native('ne_read_response_to_buffer');

/**
 * Reads the rest of the response body and discards it. The body readers of the request still receive the data.
 *
 * @returns an `NE_*` code
 */
export const ne_discard_response: (req: ne_request) => number = native('ne_discard_response');

/**
 * Ends a request that {@link ne_begin_request} began.
 *
 * @returns an `NE_*` code; after `NE_RETRY`, call ne_begin_request again
 */
export const ne_end_request: (req: ne_request) => number = native('ne_end_request');

/** Returns the status of the response, as a new object. */
export const ne_get_status: (req: ne_request) => ne_status = native('ne_get_status');

/**
 * Returns the value of a response header, or null. If several fields have this name, their values are joined by ", ".
 */
export const ne_get_response_header: (req: ne_request, name: string) => string | null =
  native('ne_get_response_header');

/**
 * Iterates over the response headers, in no defined order.
 *
 * @param cursor null to start the iteration; after that, the result of the previous call
 * @param name `value` is set to the name of the header, in lower case
 * @param value `value` is set to the value of the header
 * @returns a cursor for the next call, or null after the last header
 * @example
 * ```ts
 * const [name, value] = [{ value: '' }, { value: '' }];
 * let cursor: ne_header_cursor | null = null;
 * while ((cursor = ne_response_header_iterate(req, cursor, name, value))) console.log(name.value, value.value);
 * ```
 * @throws `ERR_NEON_INVALID_STATE` when `cursor` belongs to another response
 */
export const ne_response_header_iterate: (
  req: ne_request,
  cursor: ne_header_cursor | null,
  name: Out<string>,
  value: Out<string>,
) => ne_header_cursor | null = native('ne_response_header_iterate');

/**
 * Returns the value of a field in the trailer of a chunked response, or null. Requires neon 0.37 or later.
 *
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_get_response_trailer: (req: ne_request, name: string) => string | null =
  native('ne_get_response_trailer');

/**
 * Iterates over the fields of the trailer, as {@link ne_response_header_iterate} does over the headers. Requires neon
 * 0.37 or later.
 *
 * @param cursor null to start the iteration; after that, the result of the previous call
 * @param name `value` is set to the name of the field, in lower case
 * @param value `value` is set to the value of the field
 * @returns a cursor for the next call, or null after the last field
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_response_trailer_iterate: (
  req: ne_request,
  cursor: ne_header_cursor | null,
  name: Out<string>,
  value: Out<string>,
) => ne_header_cursor | null = native('ne_response_trailer_iterate');

/**
 * Returns the URI of the request's target, or null when neon cannot determine it. Requires neon 0.34 or later.
 *
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_get_request_target: (req: ne_request) => ne_uri | null = native('ne_get_request_target');

/**
 * Returns the URI of the response's Location header, resolved against the request's target, or null. Requires neon 0.34
 * or later.
 *
 * @param fragment the fragment of the target, or null
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_get_response_location: (req: ne_request, fragment: string | null) => ne_uri | null =
  native('ne_get_response_location');

/**
 * Returns the earliest time for a retry, as given by the Retry-After header of the response. Requires neon 0.35 or
 * later.
 *
 * @returns seconds since 1970, or 0 when the time is not known
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_get_response_retry_after: (req: ne_request) => number = native('ne_get_response_retry_after');

/**
 * Sets or clears a request flag.
 *
 * @param flag `NE_REQFLAG_*`. The call has no effect if the loaded neon does not know the flag
 */
export const ne_set_request_flag: (req: ne_request, flag: number, value: Flag) => void = native('ne_set_request_flag');

/**
 * Returns the state of a request flag.
 *
 * @returns 0 if the flag is not set, more than 0 if it is set, -1 if the loaded neon does not know the flag
 */
export const ne_get_request_flag: (req: ne_request, flag: number) => number = native('ne_get_request_flag');

/** Returns the session of the request: the object that was passed to ne_request_create. */
export const ne_get_session: (req: ne_request) => ne_session = native('ne_get_session');

const privateData = new PrivateData();

/** Stores a value of any type under `id`, and replaces any earlier value. */
export const ne_set_request_private = (req: ne_request, id: string, value: unknown): void => {
  requireRequest(req);
  privateData.set(req, id, value);
};

/** Returns the value that was stored under `id`, or null. */
export const ne_get_request_private = (req: ne_request, id: string): unknown => {
  requireRequest(req);
  return privateData.get(req, id);
};

/** Called when a request is created. neon passes the method and the target of the request line. */
export type ne_create_request_fn = (req: ne_request, method: string, target: string) => Nothing;

/**
 * Called each time before neon sends the request.
 *
 * @param header the raw head of the request, without the empty line at the end. The hook may append header fields, each
 *   followed by CR LF. The buffer is destroyed when the hook ends
 */
export type ne_pre_send_fn = (req: ne_request, header: ne_buffer) => Nothing;

/** Called each time neon has sent the request and read the head of the response. */
export type ne_post_headers_fn = (req: ne_request, status: ne_status) => Nothing;

/**
 * Called when the whole response has been read. If the hook returns `NE_OK` or nothing, the call continues. `NE_RETRY`
 * sends the request again. Any other number ends the call and becomes its result; the hook should then also set the
 * session's error text.
 */
export type ne_post_send_fn = (
  req: ne_request,
  status: ne_status,
) => number | undefined | void | Promise<number | undefined | void>;

/**
 * Called when a request is destroyed. The only functions that accept the request in this hook are
 * ne_get_request_private, ne_get_session and ne_get_status.
 *
 * The hook is not called for a request that is garbage-collected instead of destroyed.
 */
export type ne_destroy_req_fn = (req: ne_request) => Nothing;

/** Called when ne_session_destroy destroys the session. */
export type ne_destroy_sess_fn = () => Nothing;

/**
 * Called when the connection has been closed. When a session is destroyed, its connection may be closed after the
 * destroy_session hooks have run.
 */
export type ne_close_conn_fn = () => Nothing;

type Callback = (...values: never[]) => unknown;

const addHook: (sess: ne_session, list: number, fn: Callback) => number = native('addHook');

const removeHook: (sess: ne_session, list: number, number: number) => void = native('removeHook');

const requireSession: (sess: ne_session) => void = native('requireSession');

interface Hooked {
  readonly fn: Callback;
  readonly number: number;
}

/** One of neon's lists of hooks. The code in binding/ne/request/hooks.cc identifies each list by a number. */
class HookList<F extends Callback> {
  readonly #number: number;
  readonly #hooked = new WeakMap<ne_session, Hooked[]>();

  constructor(number: number) {
    this.#number = number;
  }

  add(sess: ne_session, fn: F): void {
    const number = addHook(sess, this.#number, fn);
    const hooked = this.#hooked.get(sess);
    if (hooked) hooked.push({ fn, number });
    else this.#hooked.set(sess, [{ fn, number }]);
  }

  /** Removes the first hook that was added with `fn`. Does nothing if there is no such hook. */
  remove(sess: ne_session, fn: F): void {
    requireSession(sess);
    if (typeof fn !== 'function') throw invalidType('fn', 'of type function', fn);
    const hooked = this.#hooked.get(sess) ?? [];
    const index = hooked.findIndex((candidate) => candidate.fn === fn);
    if (index < 0) return;
    removeHook(sess, this.#number, (hooked[index] as Hooked).number);
    hooked.splice(index, 1);
  }
}

const createRequest = new HookList<ne_create_request_fn>(0);

const preSend = new HookList<ne_pre_send_fn>(1);

const postHeaders = new HookList<ne_post_headers_fn>(2);

const postSend = new HookList<ne_post_send_fn>(3);

const destroyRequest = new HookList<ne_destroy_req_fn>(4);

const destroySession = new HookList<ne_destroy_sess_fn>(5);

const closeConnection = new HookList<ne_close_conn_fn>(6);

/** Adds a hook that is called when a request is created. */
export const ne_hook_create_request: (sess: ne_session, fn: ne_create_request_fn) => void = withoutSurplus(
  'ne_hook_create_request',
  (sess, fn) => createRequest.add(sess, fn),
);

/** Adds a hook that is called before a request is sent. */
export const ne_hook_pre_send: (sess: ne_session, fn: ne_pre_send_fn) => void = withoutSurplus(
  'ne_hook_pre_send',
  (sess, fn) => preSend.add(sess, fn),
);

/** Adds a hook that is called when the head of a response has been read. */
export const ne_hook_post_headers: (sess: ne_session, fn: ne_post_headers_fn) => void = withoutSurplus(
  'ne_hook_post_headers',
  (sess, fn) => postHeaders.add(sess, fn),
);

/** Adds a hook that is called when a response has been read. */
export const ne_hook_post_send: (sess: ne_session, fn: ne_post_send_fn) => void = withoutSurplus(
  'ne_hook_post_send',
  (sess, fn) => postSend.add(sess, fn),
);

/** Adds a hook that is called when a request is destroyed. */
export const ne_hook_destroy_request: (sess: ne_session, fn: ne_destroy_req_fn) => void = withoutSurplus(
  'ne_hook_destroy_request',
  (sess, fn) => destroyRequest.add(sess, fn),
);

/** Adds a hook that is called when the session is destroyed. */
export const ne_hook_destroy_session: (sess: ne_session, fn: ne_destroy_sess_fn) => void = withoutSurplus(
  'ne_hook_destroy_session',
  (sess, fn) => destroySession.add(sess, fn),
);

/** Adds a hook that is called when the connection is closed. */
export const ne_hook_close_conn: (sess: ne_session, fn: ne_close_conn_fn) => void = withoutSurplus(
  'ne_hook_close_conn',
  (sess, fn) => closeConnection.add(sess, fn),
);

/**
 * Removes the first hook that {@link ne_hook_create_request} added with `fn`, if any.
 *
 * @throws `ERR_NEON_REENTRANT` while the hook runs
 */
export const ne_unhook_create_request: (sess: ne_session, fn: ne_create_request_fn) => void = withoutSurplus(
  'ne_unhook_create_request',
  (sess, fn) => createRequest.remove(sess, fn),
);

/**
 * Removes the first hook that {@link ne_hook_pre_send} added with `fn`, if any.
 *
 * @throws `ERR_NEON_REENTRANT` while the hook runs
 */
export const ne_unhook_pre_send: (sess: ne_session, fn: ne_pre_send_fn) => void = withoutSurplus(
  'ne_unhook_pre_send',
  (sess, fn) => preSend.remove(sess, fn),
);

/**
 * Removes the first hook that {@link ne_hook_post_headers} added with `fn`, if any.
 *
 * @throws `ERR_NEON_REENTRANT` while the hook runs
 */
export const ne_unhook_post_headers: (sess: ne_session, fn: ne_post_headers_fn) => void = withoutSurplus(
  'ne_unhook_post_headers',
  (sess, fn) => postHeaders.remove(sess, fn),
);

/**
 * Removes the first hook that {@link ne_hook_post_send} added with `fn`, if any.
 *
 * @throws `ERR_NEON_REENTRANT` while the hook runs
 */
export const ne_unhook_post_send: (sess: ne_session, fn: ne_post_send_fn) => void = withoutSurplus(
  'ne_unhook_post_send',
  (sess, fn) => postSend.remove(sess, fn),
);

/**
 * Removes the first hook that {@link ne_hook_destroy_request} added with `fn`, if any. Other hooks cannot remove
 * themselves while they run, but a destroy_request hook can.
 */
export const ne_unhook_destroy_request: (sess: ne_session, fn: ne_destroy_req_fn) => void = withoutSurplus(
  'ne_unhook_destroy_request',
  (sess, fn) => destroyRequest.remove(sess, fn),
);

/**
 * Removes the first hook that {@link ne_hook_destroy_session} added with `fn`, if any.
 *
 * @throws `ERR_NEON_REENTRANT` while the hook runs
 */
export const ne_unhook_destroy_session: (sess: ne_session, fn: ne_destroy_sess_fn) => void = withoutSurplus(
  'ne_unhook_destroy_session',
  (sess, fn) => destroySession.remove(sess, fn),
);

/**
 * Removes the first hook that {@link ne_hook_close_conn} added with `fn`, if any.
 *
 * @throws `ERR_NEON_REENTRANT` while the hook runs
 */
export const ne_unhook_close_conn: (sess: ne_session, fn: ne_close_conn_fn) => void = withoutSurplus(
  'ne_unhook_close_conn',
  (sess, fn) => closeConnection.remove(sess, fn),
);

/** Accepts only 2xx responses. Pass this function to a function that adds a body reader. */
export const ne_accept_2xx: (req: ne_request, st: ne_status) => number = native('ne_accept_2xx');

/** Accepts all responses. Pass this function to a function that adds a body reader. */
export const ne_accept_always: (req: ne_request, st: ne_status) => number = native('ne_accept_always');
