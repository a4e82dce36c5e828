/** The interface between the calls to the server and the sessions and pools that run them. */
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
 * A call to the server. It provides the native function that performs the call, and converts the function's result for
 * the caller. Every kind of call implements this interface: a request, a request with a composed body, a PROPFIND, and
 * a request that obtains, refreshes or releases a lock.
 *
 * @internal
 */
export interface Call<Raw, Result> {
  readonly method: string;
  /** The request target: a path, with its query if it has one. */
  readonly target: string;

  /** Calls the async native function, synchronously and exactly once. The outcome goes to the {@link CallRun}. */
  send(session: ne_session, settings: CallSettings): void;
  /** Calls the blocking native function. */
  sendSync(session: ne_session, settings: CallSettings): Raw;
  /**
   * Makes the caller's result; throws when the native function reports a failure. Returns a promise only if the
   * response is still arriving, which it never is in a blocking call.
   */
  settle(raw: Raw, run: CallRun): Result | Promise<Result>;

  /** Extracts the response from the result of the native function; null if the function returned no response. */
  responseOf(raw: Raw): RawResponse | null;
  /** Copies the bytes that the caller may change while the call waits for a session. */
  hold?(): void;
  /** Defined only if the call occupies its session while the caller reads the result. */
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

/** The reader of a result that is still arriving. @internal */
export interface ResultReader extends Reader {
  /**
   * Receives into memory up to `bytes` bytes that the caller has not read yet, because other calls are waiting for the
   * session. With undefined, stops reading ahead.
   */
  readAhead(bytes: number | undefined): void;
}

/** A call that is running, or whose response body is still arriving. @internal */
export interface CallRun extends Live {
  readonly context: CallContext;
  /** Called when the body of the response starts to count as live and to occupy the session. */
  keep(body: Hold): void;
  /** Called when the body was read to its end, cancelled or dropped. */
  release(body: Hold): void;
  /** The signal and the timeout of the call, which also apply to the body. */
  readonly signal?: AbortSignal | undefined;
  readonly timeout?: number | undefined;
  /** Whether compressed bodies are inflated. */
  readonly inflates: boolean;
  /** When the timeout began, in the time of `performance.now()`. */
  readonly since: number;
  /**
   * Called if the body is still arriving. Returns a function that must be called when the body is over, and which stops
   * the progress reports; undefined without reports.
   */
  keepWatching(): (() => void) | undefined;
}
