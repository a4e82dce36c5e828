import { type Acceptor, acceptor } from '../core/acceptor.js';
import { invalidType } from '../core/errors.js';
import { format } from '../core/format.js';
import { native } from '../core/native.js';
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

const addReader: (req: ne_request, accept: Acceptor, reader: ne_block_reader) => void =
  native('ne_add_response_body_reader');

const addParser: (req: ne_request, accept: Acceptor, parser: unknown) => void = native('addParser');

/**
 * Adds a reader of the response body; `accpt` decides for each response whether it is called. neon's own functions
 * (ne_accept_2xx, ne_accept_always, ne_accept_207) are recognised, and stay in C.
 *
 * @throws `ERR_NEON_INVALID_STATE` between ne_begin_request and ne_end_request
 */
export function ne_add_response_body_reader(req: ne_request, accpt: ne_accept_response, reader: ne_block_reader): void;

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

/** Called for each request that is created, with the method and the request-target of its request line. */
export type ne_create_request_fn = (req: ne_request, method: string, target: string) => Nothing;

/**
 * Called before the request is sent, each time it is. `header` is the raw head without the empty line at its end; more
 * header fields can be appended (each with its CR LF). The buffer ends with the call.
 */
export type ne_pre_send_fn = (req: ne_request, header: ne_buffer) => Nothing;

/** Called when the head of the response was read, each time the request is sent. */
export type ne_post_headers_fn = (req: ne_request, status: ne_status) => Nothing;

/**
 * Called when the whole response was read. `NE_OK` (or nothing) goes on, `NE_RETRY` sends the request again, anything
 * else is what the call returns: set the session's error text too.
 */
export type ne_post_send_fn = (
  req: ne_request,
  status: ne_status,
) => number | undefined | void | Promise<number | undefined | void>;

/**
 * Called when a request is destroyed. Only ne_get_request_private, ne_get_session and ne_get_status may be used with it.
 * A request dropped without ne_request_destroy runs no destroy hook.
 */
export type ne_destroy_req_fn = (req: ne_request) => Nothing;

/** Called when the session is destroyed by ne_session_destroy. */
export type ne_destroy_sess_fn = () => Nothing;

/** Called when the connection was closed; maybe after the destroy_session hooks. */
export type ne_close_conn_fn = () => Nothing;

type Callback = (...values: never[]) => unknown;

const addHook: (sess: ne_session, list: number, fn: Callback) => number = native('addHook');

const removeHook: (sess: ne_session, list: number, number: number) => void = native('removeHook');

const requireSession: (sess: ne_session) => void = native('requireSession');

interface Hooked {
  readonly fn: Callback;
  readonly number: number;
}

/** A list of hooks of neon's; its place here is its number in binding/ne/request/hooks.cc. */
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

  /** The first that was added with this function, if there is one. */
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
export const ne_hook_create_request = (sess: ne_session, fn: ne_create_request_fn): void => createRequest.add(sess, fn);

/** Adds a hook that is called before a request is sent. */
export const ne_hook_pre_send = (sess: ne_session, fn: ne_pre_send_fn): void => preSend.add(sess, fn);

/** Adds a hook that is called when the head of a response was read. */
export const ne_hook_post_headers = (sess: ne_session, fn: ne_post_headers_fn): void => postHeaders.add(sess, fn);

/** Adds a hook that is called when a response was read. */
export const ne_hook_post_send = (sess: ne_session, fn: ne_post_send_fn): void => postSend.add(sess, fn);

/** Adds a hook that is called when a request is destroyed. */
export const ne_hook_destroy_request = (sess: ne_session, fn: ne_destroy_req_fn): void => destroyRequest.add(sess, fn);

/** Adds a hook that is called when the session is destroyed. */
export const ne_hook_destroy_session = (sess: ne_session, fn: ne_destroy_sess_fn): void => destroySession.add(sess, fn);

/** Adds a hook that is called when the connection is closed. */
export const ne_hook_close_conn = (sess: ne_session, fn: ne_close_conn_fn): void => closeConnection.add(sess, fn);

/** Removes a hook that was added with the same function. @throws `ERR_NEON_REENTRANT` from inside that hook */
export const ne_unhook_create_request = (sess: ne_session, fn: ne_create_request_fn): void =>
  createRequest.remove(sess, fn);

/** Removes a hook that was added with the same function. @throws `ERR_NEON_REENTRANT` from inside that hook */
export const ne_unhook_pre_send = (sess: ne_session, fn: ne_pre_send_fn): void => preSend.remove(sess, fn);

/** Removes a hook that was added with the same function. @throws `ERR_NEON_REENTRANT` from inside that hook */
export const ne_unhook_post_headers = (sess: ne_session, fn: ne_post_headers_fn): void => postHeaders.remove(sess, fn);

/** Removes a hook that was added with the same function. @throws `ERR_NEON_REENTRANT` from inside that hook */
export const ne_unhook_post_send = (sess: ne_session, fn: ne_post_send_fn): void => postSend.remove(sess, fn);

/** Removes a hook that was added with the same function. @throws `ERR_NEON_REENTRANT` from inside that hook */
export const ne_unhook_destroy_request = (sess: ne_session, fn: ne_destroy_req_fn): void =>
  destroyRequest.remove(sess, fn);

/** Removes a hook that was added with the same function. @throws `ERR_NEON_REENTRANT` from inside that hook */
export const ne_unhook_destroy_session = (sess: ne_session, fn: ne_destroy_sess_fn): void =>
  destroySession.remove(sess, fn);

/** Removes a hook that was added with the same function. @throws `ERR_NEON_REENTRANT` from inside that hook */
export const ne_unhook_close_conn = (sess: ne_session, fn: ne_close_conn_fn): void => closeConnection.remove(sess, fn);

/** An acceptance function which accepts 2xx responses only. */
export const ne_accept_2xx: (req: ne_request, st: ne_status) => number = native('ne_accept_2xx');

/** An acceptance function which accepts all responses. */
export const ne_accept_always: (req: ne_request, st: ne_status) => number = native('ne_accept_always');
