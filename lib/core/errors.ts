import { inspect } from 'node:util';
import type { ArgumentErrorCode, NeonErrorCode } from './error-codes.js';

/** The names of the `NE_*` result codes of neon (ne_request.h). The index of a name is the number of the code. */
let results: readonly (NeonErrorCode | 'NE_OK')[] = [];

/** Sets the names of the result codes, which the addon provides. */
export function setResultNames(names: typeof results): void {
  results = names;
}

/** A failure that a multi-status document reports for a resource, or for one of its properties. */
export interface ResourceFailure {
  /** The path of the resource, percent-encoded, as the server writes it. */
  readonly href: string;
  /**
   * The property that failed, or null if the resource itself failed. A property in the namespace `DAV:` appears as its
   * bare name. Any other property appears as `{namespace}name`.
   */
  readonly property: string | null;
  /** The status code. */
  readonly status: number;
  /** The reason phrase: `'Locked'`. */
  readonly reasonPhrase: string;
  /** The server's explanation, meant for people, or null. */
  readonly description: string | null;
}

/**
 * Why a server's certificate failed verification (`NE_SSL_*`). The certificate is not yet valid or no longer valid, is
 * for another host, is not signed by a trusted authority, has an invalid chain, or was revoked. `'other'` is a failure
 * that this package does not know.
 */
export type CertificateFailure =
  'notYetValid' | 'expired' | 'idMismatch' | 'untrusted' | 'badChain' | 'revoked' | 'other';

/**
 * The headers of a response, by lower-case name. Fields with the same name are joined by `', '`; only `set-cookie`
 * fields form an array instead. Iteration yields each field as `[name, value]`, so that `new Headers([...headers])`
 * copies the fields.
 */
export type ResponseHeaders = Readonly<Record<string, string | undefined>> & {
  /** Each `Set-Cookie` field. */
  readonly 'set-cookie'?: readonly string[];
} & Iterable<[name: string, value: string]>;

/** The response that an error reports. */
export interface FailedResponse {
  /** The status code. */
  readonly status: number;
  /** The reason phrase: `'Not Found'`. */
  readonly reasonPhrase: string;
  /** The headers, by lower-case name. */
  readonly headers: ResponseHeaders;
  /** The body as far as it had arrived, at most its first 64 KiB. */
  readonly body: Buffer;
}

/** The request to which an error belongs, and the known facts about the failure. */
export interface ErrorContext {
  method?: string;
  target?: string;
  origin?: string;
  status?: number;
  response?: FailedResponse;
  location?: string;
  failures?: readonly ResourceFailure[];
  certificateFailures?: readonly CertificateFailure[];
}

/**
 * The class of all errors that neon reports, and of all errors by which this library refuses a call. Match `code`,
 * which is stable. The text may change.
 *
 * - `NE_LOOKUP`, `NE_CONNECT`, `NE_TIMEOUT`, `NE_AUTH`, `NE_PROXYAUTH`, `NE_ERROR`, …: the result code of neon
 *   (ne_request.h);
 * - `ERR_NEON_STATUS`: the response, in `response`, has a status that means failure;
 * - `ERR_NEON_CERTIFICATE`: the server's certificate was refused, for the reasons in `certificateFailures`;
 * - other `ERR_NEON_*`: this library refused a call whose behaviour neon leaves undefined.
 *
 * The message of a failed request begins with the method and URL of the request, and continues with neon's text.
 *
 * @example
 * ```ts
 * try {
 *   await session.get('/missing');
 * } catch (error) {
 *   if (error instanceof NeonError && error.status === 404) console.log(error.message, error.response?.headers);
 *   else throw error;
 * }
 * ```
 */
export class NeonError extends Error {
  /** `'NE_TIMEOUT'`, …, or `'ERR_NEON_BUSY'`, … */
  readonly code: NeonErrorCode;
  /** The `NE_*` number with which neon reports the failure; undefined for a refusal of this library. */
  readonly result: number | undefined;
  /** The method of the request that failed, if known. */
  declare method?: string;
  /** The target of the request that failed. */
  declare target?: string;
  /** `scheme://host[:port]` of the session of the request that failed. */
  declare origin?: string;
  /** The status code of the response, if there was a response. */
  declare status?: number;
  /** The response, for `ERR_NEON_STATUS` and for any other failure after a response arrived. */
  declare response?: FailedResponse;
  /** The target of the redirect, for `NE_REDIRECT`. */
  declare location?: string;
  /** The failures that a multi-status document reports; empty if the document cannot be read. */
  declare failures?: readonly ResourceFailure[];
  /** The reasons why the server's certificate was refused, for `ERR_NEON_CERTIFICATE`. */
  declare certificateFailures?: readonly CertificateFailure[];

  constructor(message: string, code: NeonErrorCode, context?: ErrorContext) {
    super(message);
    this.code = code;
    const result = results.indexOf(code);
    this.result = result >= 0 ? result : reported.includes(code) ? results.indexOf('NE_ERROR') : undefined;
    if (context) Object.assign(this, context);
  }

  /** `'NeonError'`. */
  override get name(): string {
    return 'NeonError';
  }

  /** The error for a result code of neon, with neon's text. @internal */
  static of(result: number, message: string, context?: ErrorContext): NeonError {
    const code = results[result] ?? 'NE_ERROR';
    return new NeonError(message, code === 'NE_OK' ? 'NE_ERROR' : code, context);
  }
}

/** The codes of failures that neon reports as `NE_ERROR`. */
const reported: readonly NeonErrorCode[] = ['ERR_NEON_STATUS', 'ERR_NEON_CERTIFICATE'];

/** The text that messages show for a value. For an object, this is the name of its class, without its properties. */
export function shown(value: unknown): string {
  return inspect(value, { depth: -1 });
}

/** `TypeError` with Node's code ERR_INVALID_ARG_TYPE. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  return withCode(
    new TypeError(`The "${name}" argument must be ${expected}. Received ${shown(value)}`),
    'ERR_INVALID_ARG_TYPE',
    invalidType,
  );
}

/** {@link invalidType} for the result of a callback. */
export function invalidAnswer(name: string, expected: string, value: unknown): TypeError {
  return withCode(
    new TypeError(`The "${name}" callback must return ${expected}. Received ${shown(value)}`),
    'ERR_INVALID_ARG_TYPE',
    invalidAnswer,
  );
}

/** `TypeError` with Node's code ERR_INVALID_ARG_VALUE. */
export function invalidValue(message: string): TypeError {
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_VALUE', invalidValue);
}

/** `TypeError` with Node's code ERR_INVALID_CHAR. */
export function invalidChar(name: string, advice: string): TypeError {
  return withCode(new TypeError(`Invalid character in "${name}": ${advice}`), 'ERR_INVALID_CHAR', invalidChar);
}

/** `RangeError` with Node's code ERR_OUT_OF_RANGE. */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  return withCode(
    new RangeError(`The value of "${name}" is out of range. It must be ${range}. Received ${inspect(value)}`),
    'ERR_OUT_OF_RANGE',
    outOfRange,
  );
}

/** Throws Node's errors unless the value is an integer >= 0. */
export function requireCount(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(name, 'an integer >= 0', value);
}

/** @param maker the function at which the stack of the error begins; it has at most ten frames */
function withCode<E extends Error>(error: E, code: ArgumentErrorCode, maker: (...values: never[]) => Error): E {
  Error.captureStackTrace(error, maker);
  return Object.assign(error, { code });
}
