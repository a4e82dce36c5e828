/** The codes of the errors of this package, as types. The guide to errors explains each of them. */
import type { constants } from 'node:os';

/** A result code of neon that is the `code` of a {@link NeonError}. */
export type ResultCode =
  | 'NE_ERROR'
  | 'NE_LOOKUP'
  | 'NE_AUTH'
  | 'NE_PROXYAUTH'
  | 'NE_CONNECT'
  | 'NE_TIMEOUT'
  | 'NE_FAILED'
  | 'NE_RETRY'
  | 'NE_REDIRECT';

/** The name of an error number of the system, when a file or descriptor failed: `'ENOENT'`, `'EISDIR'`, … */
export type SystemErrorCode = keyof typeof constants.errno;

/**
 * The `code` of a {@link NeonError}: a result code of neon, a code of this package, or the system's code for a file or
 * descriptor that failed (`ERR_SYSTEM_ERROR` if the system has no name for the error).
 *
 * @example
 * ```ts
 * const fatal: ReadonlySet<NeonErrorCode> = new Set(['NE_LOOKUP', 'ERR_NEON_CERTIFICATE']);
 * ```
 */
export type NeonErrorCode =
  | ResultCode
  | SystemErrorCode
  | 'ERR_NEON_ABORTED'
  | 'ERR_NEON_ACTIVE_REQUEST'
  | 'ERR_NEON_BORROWED'
  | 'ERR_NEON_BUSY'
  | 'ERR_NEON_CERTIFICATE'
  | 'ERR_NEON_DESTROYED'
  | 'ERR_NEON_INIT'
  | 'ERR_NEON_INVALID_STATE'
  | 'ERR_NEON_LIVE_REQUESTS'
  | 'ERR_NEON_LOAD'
  | 'ERR_NEON_NO_MEMORY'
  | 'ERR_NEON_NO_THREAD'
  | 'ERR_NEON_REENTRANT'
  | 'ERR_NEON_STATUS'
  | 'ERR_NEON_UNREAD_BODY'
  | 'ERR_NEON_UNSUPPORTED'
  | 'ERR_SYSTEM_ERROR';

/** The `code` of a `TypeError` or `RangeError` by which this package refuses an argument. These codes are Node's. */
export type ArgumentErrorCode =
  | 'ERR_ILLEGAL_CONSTRUCTOR'
  | 'ERR_INVALID_ARG_TYPE'
  | 'ERR_INVALID_ARG_VALUE'
  | 'ERR_INVALID_CHAR'
  | 'ERR_INVALID_URL'
  | 'ERR_OUT_OF_RANGE';

/**
 * The `code` of any error that this package makes: of a {@link NeonError}, of a {@link TreeError} (`ERR_NEON_TREE`), or
 * of a refused argument.
 */
export type ErrorCode = NeonErrorCode | ArgumentErrorCode | 'ERR_NEON_TREE';
