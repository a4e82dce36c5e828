/** Requests that are filled and then dispatched, and the options of requests. */
import type { CallOptions, Stop } from '../core/abort.js';
import { type ErrorContext, NeonError } from '../core/errors.js';
import { requireToken } from '../core/handle.js';
import type { AnyText } from '../core/text.js';
import { NE_REQFLAG_1XXTIMEOUT, NE_REQFLAG_EXPECT100, NE_REQFLAG_IDEMPOTENT } from '../ne/constants.js';
import { type Known, requireKnown } from '../core/options.js';
import type { Body } from './body.js';
import {
  type CommonOptions,
  commonOptions,
  fieldsOf,
  type HeaderField,
  progressListener,
  requireField,
} from './call-options.js';
import { type DecompressOptions, inflationLimit } from './decompress.js';
import { flagNumber } from './flags.js';
import type { Live } from './live-set.js';
import { flagsOf, RequestCall, validMethod } from './request-call.js';
import type { Response } from './response.js';
import type { RunTerms, SessionSource } from './session-source.js';
import type { ProgressEvent } from './status.js';
import type { Target } from './target.js';

/** The options of a request. */
export interface RequestOptions extends CommonOptions {
  /** The body to send. Default: no body. */
  body?: Body | undefined;
  /**
   * Whether to send `Expect: 100-continue`, and to wait for the interim response before sending the body. Default: the
   * flag `expect100` of the session.
   */
  expect100?: boolean | undefined;
  /**
   * Whether the request may be sent again when a kept connection turns out to be closed. If false, the request is sent
   * on a new connection. Default: true for the methods that are idempotent (RFC 9110, section 9.2.2), such as GET and
   * PUT; false for POST, PATCH, LOCK and unknown methods.
   */
  idempotent?: boolean | undefined;
}

/** The names of the options of a request. @internal */
export const requestOptions: Known<RequestOptions> = {
  ...commonOptions,
  body: true,
  expect100: true,
  idempotent: true,
};
const { signal: _signal, timeout: _timeout, redirect: _redirect, maxRedirects: _max, ...ownOptions } = requestOptions;
const dispatchOptions: Known<CallOptions> = { signal: true, timeout: true };

/** The names of neon's request flags (`NE_REQFLAG_*`). */
export const requestFlags = {
  expect100: NE_REQFLAG_EXPECT100,
  idempotent: NE_REQFLAG_IDEMPOTENT,
  interimTimeout: NE_REQFLAG_1XXTIMEOUT,
} as const;

/** The name of a method. Editors complete the methods of HTTP and WebDAV; any other token is allowed, too. */
export type MethodName =
  | 'GET'
  | 'HEAD'
  | 'POST'
  | 'PUT'
  | 'DELETE'
  | 'OPTIONS'
  | 'PATCH'
  | 'PROPFIND'
  | 'PROPPATCH'
  | 'MKCOL'
  | 'COPY'
  | 'MOVE'
  | 'LOCK'
  | 'UNLOCK'
  | 'ACL'
  | 'REPORT'
  | 'SEARCH'
  | AnyText;

/** The name of a neon request flag (`NE_REQFLAG_*`), for {@link Request.setFlag}. */
export type RequestFlag = keyof typeof requestFlags;

/**
 * A request that {@link Session.createRequest} makes: set its headers, flags and body, and then dispatch it. Each
 * dispatch creates an `ne_request` on the session's thread when the request's turn comes. The object can therefore be
 * filled in while other requests are on their way, and can be dispatched more than once. Redirects are not followed.
 *
 * The request counts as one of the session's live requests until it is destroyed.
 *
 * @example
 * ```ts
 * const request = session.createRequest('PUT', '/a.txt');
 * request.setHeader('Content-Type', 'text/plain').setFlag('expect100', true).body = 'hello';
 * const { status } = await request.dispatch();
 * request.destroy();
 * ```
 */
export class Request {
  /** The method: `'GET'`. */
  readonly method: string;
  /** The request target: a path, with its query if it has one. */
  readonly target: string;
  /** The body to send; undefined for a request without body. */
  body: Body | undefined;
  /** A callback for the progress of the bodies; see {@link RequestOptions.onProgress}. */
  onProgress: ((event: ProgressEvent) => void) | undefined;

  readonly #source: SessionSource;
  readonly #decompress: DecompressOptions['decompress'];
  #headers: HeaderField[];
  readonly #flags: number[];
  readonly #item: Live;
  readonly #dispatched = new Set<Stop>();
  #destroyed = false;

  /** @internal */
  constructor(given: unknown, source: SessionSource, method: string, target: Target, options: RequestOptions = {}) {
    requireToken(given);
    source.requireOpen();
    requireKnown(options, ownOptions);
    if (options.decompress !== undefined) inflationLimit(options);
    this.method = validMethod(method);
    this.target = source.targetOf(target);
    this.body = options.body;
    this.onProgress = progressListener(options.onProgress);
    this.#source = source;
    this.#decompress = options.decompress;
    this.#headers = [...fieldsOf(options.headers)];
    this.#flags = [...flagsOf(method, options)];
    this.#item = { description: `${method} ${this.target}`, end: (reason) => this.#end(reason) };
    source.live.add(this.#item);
  }

  /** Whether the request is destroyed, and can no longer be dispatched. */
  get destroyed(): boolean {
    return this.#destroyed;
  }

  /**
   * Sets a header. It replaces all headers of the same name.
   *
   * @throws `ERR_INVALID_ARG_TYPE` unless `name` and `value` are strings. `dispatch` rejects with `ERR_INVALID_CHAR`
   *   when a name is not a token, or a value contains CR, LF or NUL
   */
  setHeader(name: string, value: string): this {
    requireField(name, value);
    return this.removeHeader(name).addHeader(name, value);
  }

  /**
   * Adds a header field without replacing others of the same name: `ne_add_request_header`.
   *
   * @throws `ERR_INVALID_ARG_TYPE` unless `name` and `value` are strings
   */
  addHeader(name: string, value: string): this {
    requireField(name, value);
    this.#headers.push([name, value]);
    return this;
  }

  /**
   * Removes the headers of this name; the case of names does not matter.
   *
   * @throws `ERR_INVALID_ARG_TYPE` unless the name is a string
   */
  removeHeader(name: string): this {
    requireField(name, '');
    const lower = name.toLowerCase();
    this.#headers = this.#headers.filter(([other]) => other.toLowerCase() !== lower);
    return this;
  }

  /**
   * Sets a neon flag, by name or number (`NE_REQFLAG_*`): `ne_set_request_flag`. neon ignores a flag that it does not
   * know.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for an unknown name, `ERR_OUT_OF_RANGE` for a number that cannot be a flag
   */
  setFlag(flag: RequestFlag | number, value: boolean): this {
    this.#flags.push(flagNumber(requestFlags, flag), value ? 1 : 0);
    return this;
  }

  /**
   * Sends the request, after the earlier requests of the session. Resolves with the response, whatever its status. By
   * then, a response of up to 64 KiB has arrived completely, unless the server paused for half a second. Of any other
   * response, the head and a part of the body have arrived.
   *
   * Rejects with a {@link NeonError} when there is no response. The code of the error is neon's code (`NE_CONNECT`,
   * `NE_TIMEOUT`, …), or `ERR_NEON_DESTROYED` after the request or the session was destroyed. Rejects with the signal's
   * reason after an abort.
   *
   * @param options `signal` and `timeout` (in milliseconds) of this dispatch
   */
  async dispatch(options: CallOptions = {}): Promise<Response> {
    this.#requireLive();
    requireKnown(options, dispatchOptions);
    let stop: Stop | undefined;
    const onStart = (given: Stop): void => void this.#dispatched.add((stop = given));
    const { signal, timeout } = options;
    try {
      return await this.#source.run(this.#call(), { ...this.#options(), signal, timeout }, { ...terms, onStart });
    } finally {
      if (stop) this.#dispatched.delete(stop);
    }
  }

  /**
   * Sends the request on the calling thread, and returns its response when the whole body has arrived. The call blocks
   * the event loop.
   *
   * @throws the {@link NeonError} that {@link dispatch} rejects with, and `ERR_NEON_BUSY` while promises of the session
   *   are pending
   */
  dispatchSync(): Response {
    this.#requireLive();
    return this.#source.runSync(this.#call(), this.#options(), terms);
  }

  /** Destroys the request: it no longer counts as live. Dispatches that are on their way continue. */
  destroy(): void {
    this.#destroyed = true;
    this.#source.live.delete(this.#item);
  }

  /** Destroys the request; see {@link destroy}. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  #end(reason: NeonError): void {
    for (const stop of [...this.#dispatched].reverse()) stop(reason);
    this.destroy();
  }

  #requireLive(): void {
    const { method, target } = this;
    const context: ErrorContext = { method, target, origin: this.#source.origin };
    if (this.#destroyed) throw new NeonError('This request is destroyed', 'ERR_NEON_DESTROYED', context);
  }

  #call(): RequestCall {
    return new RequestCall(this.method, this.target, this.body, this.#flags, undefined);
  }

  #options(): CommonOptions {
    return {
      redirect: 'manual',
      headers: this.#headers,
      decompress: this.#decompress,
      onProgress: this.onProgress,
    };
  }
}

/** A dispatch does not count as live, because the {@link Request} is already counted. */
const terms: RunTerms = { uncounted: true };
