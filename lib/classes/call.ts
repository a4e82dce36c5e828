/** Calls to the server, as sessions and pools run them. */
import type { ErrorContext } from '../core/errors.js';
import type { ne_session } from '../ne/handles.js';
import type { CallSettings } from './call-options.js';
import type { RawResponse } from './head.js';
import type { Hold, Reader } from './hold.js';
import type { Live } from './live-set.js';
import type { Redirection } from './redirect.js';

/** The request that an error belongs to. @internal */
export type CallContext = Required<Pick<ErrorContext, 'method' | 'target' | 'origin'>>;

/**
 * A call to the server: the native function that carries out the call, and the conversion of its result for the caller.
 * Each object is made for one run. Every kind of call implements this interface: a request, a request with a composed
 * body, a PROPFIND, and a call about a lock.
 *
 * @internal
 */
export interface Call<Raw, Result> {
  readonly method: string;
  /** The request target: a path, with its query if it has one. */
  readonly target: string;

  /** Calls the async native function, synchronously and exactly once. */
  send(session: ne_session, settings: CallSettings): Promise<Raw>;
  /** Calls the blocking native function. */
  sendSync(session: ne_session, settings: CallSettings): Raw;
  /** Makes the caller's result; throws when the native function reports a failure. */
  settle(raw: Raw, run: CallRun): Result;

  /** The response in the result of the native function; null if the function returns no response. */
  responseOf(raw: Raw): RawResponse | null;
  /** Copies the bytes that the caller may change while the call waits for a session. */
  hold?(): void;
  /** Defined only for a call that makes its session wait while the caller reads the result. */
  readonly reader?: ResultReader | undefined;
  /** Frees the resources of `send`. */
  release?(): void;

  /** Whether the request can be sent again to another target. */
  readonly repeatable: boolean;
  /** Whether a redirect may turn the request into a GET. */
  readonly becomesGet: boolean;
  /** Returns the call that follows a redirect. */
  redirected(to: Redirection): Call<Raw, Result>;
}

/** The reader of a call's result while the result arrives. @internal */
export interface ResultReader extends Reader {
  /**
   * Receives up to `bytes` bytes more than the caller has read, because other calls wait for the session; undefined
   * ends the reading ahead.
   */
  readAhead(bytes: number | undefined): void;
}

/** A call that is running, or that has a response whose body is still arriving. @internal */
export interface CallRun extends Live {
  readonly context: CallContext;
  /** Notes that the body of the response is live, and occupies the session, from now on. */
  keep(body: Hold): void;
  /** Notes that the body was read to its end, cancelled or dropped. */
  release(body: Hold): void;
  /** The signal and the timeout of the call, which also apply to the body. */
  readonly signal?: AbortSignal | undefined;
  readonly timeout?: number | undefined;
  /** Whether compressed bodies are inflated. */
  readonly inflates: boolean;
  /** When the timeout began: a time of `performance.now()`. */
  readonly since: number;
  /** Ends the reports of progress, once the body has arrived. */
  readonly unwatch?: (() => void) | undefined;
}
