import { invalidType } from '../errors.js';
import { native } from '../native.js';
import type { ne_buffer, ne_request, ne_session } from './handles.js';
import type { ne_status } from './request.js';

/** What a callback may return where C's returns nothing. On the promise surface it is waited for. */
export type Nothing = void | Promise<void>;

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

/** A list of hooks of neon's; its place here is its number in binding/hooks.cc. */
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
