/** The errors of `libneon/webdav`: those of npm `webdav`, and those of this library in its form. */
import { NeonError } from '../core/errors.js';
import { ErrorCode, type Response, type WebDAVClientError } from './types.js';

/**
 * The error of a call that the client refuses. `code` says why: a value of {@link ErrorCode}. npm `webdav` throws
 * errors of the package `layerr`, whose function `Layerr.info(error)` also reads these errors.
 */
export class WebDAVRefusal extends Error {
  /** Why the call is refused. */
  readonly code: ErrorCode;
  /** @internal */
  declare readonly _info: { readonly code: ErrorCode };

  /** @internal */
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, '_info', { value: { code } });
  }

  /** `'Layerr'`, as in npm `webdav`. */
  override get name(): string {
    return 'Layerr';
  }
}

/**
 * The error of a request that has no response. It has the fields of the errors of `node-fetch`, which npm `webdav`
 * uses. `cause` is the `NeonError`, if neon reported the failure.
 */
export class WebDAVRequestError extends Error {
  /** What failed: `'system'`, or a redirect. */
  readonly type: 'system' | 'max-redirect' | 'invalid-redirect' | 'unsupported-redirect';
  /** The code of the system (`ECONNREFUSED`, …), or of a redirect that is not followed. */
  readonly code: string;
  /** The code again: the errors of `node-fetch` have this field. */
  readonly errno: string;

  /** @internal */
  constructor(type: WebDAVRequestError['type'], message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.type = type;
    this.code = code;
    this.errno = code;
  }

  /** `'FetchError'`, as in npm `webdav`. */
  override get name(): string {
    return 'FetchError';
  }
}

/** The error of an aborted request, as `node-fetch` throws it; `cause` is the reason of the signal. */
class AbortError extends Error {
  readonly type = 'aborted';
  readonly code = 'ABORT_ERR';

  override get name(): string {
    return 'AbortError';
  }
}

/** The error of a response whose status is a failure. */
export function statusError(response: Response, prefix = ''): WebDAVClientError {
  const error: WebDAVClientError = new Error(`${prefix}Invalid response: ${response.status} ${response.statusText}`);
  error.status = response.status;
  error.response = response;
  return error;
}

/** Returns the error that the caller gets for a failure of the pool. */
export function failureOf(error: unknown, url: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted && error === signal.reason) return new AbortError('The operation was aborted.', { cause: error });
  if (!(error instanceof NeonError)) return error;
  const { cause } = error as { cause?: { code?: unknown; message?: unknown } };
  if (typeof cause?.code !== 'string') return error;
  const reason = `request to ${url} failed, reason: ${error.message}`;
  return new WebDAVRequestError('system', reason, cause.code, { cause: error });
}

/** The error of a call that cannot be had here. */
export function unsupported(message: string): WebDAVRefusal {
  return new WebDAVRefusal(ErrorCode.NotSupported, message);
}
