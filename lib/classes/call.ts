/** Calls to the server, as sessions and pools run them. */
import type { ErrorContext } from '../core/errors.js';
import type { ne_session } from '../ne/handles.js';
import type { CallSettings, Carries } from './call-options.js';
import type { Hold } from './hold.js';
import type { Live } from './live-set.js';

/** The request that an error belongs to. @internal */
export type CallContext = Required<Pick<ErrorContext, 'method' | 'target' | 'origin'>>;

/**
 * A call to the server: which native function carries it out, and how the result of that becomes the caller's. It is
 * made for one run. Each kind of call implements this: a request, a request with a composed body, a PROPFIND, a call
 * about a lock.
 *
 * @internal
 */
export interface Call<Raw, Result> {
  readonly method: string;
  /** The request target: a path, with its query if it has one. */
  readonly target: string;
  /** The native function cannot carry the other options: they are ignored. */
  readonly carries: Carries;

  /** Calls the async native function: synchronously, and once. The settings hold the options that the call carries. */
  send(session: ne_session, settings: CallSettings): Promise<Raw>;
  /** Calls the blocking native function. */
  sendSync(session: ne_session, settings: CallSettings): Raw;
  /** Makes the caller's result; throws when the native function reports a failure. */
  settle(raw: Raw, run: CallRun): Result;

  /** The status code of the response, where the native function returns the response. */
  statusOf?(raw: Raw): number;
  /** Copies the bytes that the caller may change while the call waits for a session. */
  hold?(): void;
  /**
   * Other calls wait for the session: receives up to so many bytes more than the caller has read; undefined when no
   * call waits any more. Calls whose session waits while their caller reads the result have this.
   */
  readonly readAhead?: ((bytes: number | undefined) => void) | undefined;
  /** Frees the resources of `send`. */
  release?(): void;
  /**
   * The call that follows a redirect, and its settings; undefined when the result is the caller's. Throws
   * `NE_REDIRECT`.
   *
   * @param count the number of redirects that were followed before
   */
  redirected?(
    result: Result,
    settings: CallSettings,
    origin: string,
    count: number,
  ): Redirected<Raw, Result> | undefined;
}

/** @internal */
export interface Redirected<Raw, Result> {
  readonly call: Call<Raw, Result>;
  readonly settings: CallSettings;
}

/** A call that is running, or that has a response whose body is still arriving. @internal */
export interface CallRun extends Live {
  readonly context: CallContext;
  /** The body of the response is live, and has the session, from now on. */
  keep(body: Hold): void;
  /** The body was read to its end, cancelled or dropped. */
  release(body: Hold): void;
  /** The signal and the timeout of the call, which go on for the body. */
  readonly signal?: AbortSignal | undefined;
  readonly timeout?: number | undefined;
  /** When the timeout began: a time of `performance.now()`. */
  readonly since: number;
  /** Ends the reports of progress, once the body has arrived. */
  readonly unwatch?: (() => void) | undefined;
}
