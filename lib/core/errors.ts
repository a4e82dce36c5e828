import { inspect } from 'node:util';

/** The names of the `NE_*` result codes of neon (ne_request.h), at the index of their numbers. */
let results: readonly string[] = [];

/** Sets the names of the result codes; the addon has them. */
export function setResultNames(names: readonly string[]): void {
  results = names;
}

/** A failure that a multi-status document reports: of a resource, or of one of its properties. */
export interface ResourceFailure {
  /** The path of the resource, percent-encoded, as the server writes it. */
  readonly href: string;
  /** The property, where it is one that failed: its name alone when it is of `DAV:`, else `{namespace}name`. */
  readonly property: string | null;
  /** The status code. */
  readonly status: number;
  /** The reason phrase: `'Locked'`. */
  readonly reasonPhrase: string;
  /** The server's explanation, meant for people, or null. */
  readonly description: string | null;
}

/** Which request an error belongs to. */
export interface ErrorContext {
  method?: string;
  target?: string;
  origin?: string;
  status?: number;
  location?: string;
  failures?: readonly ResourceFailure[];
}

/**
 * The class of all failures of neon and of all refusals of this library. Match `code`: it is
 * stable; the text is not.
 *
 * - `NE_LOOKUP`, `NE_CONNECT`, `NE_TIMEOUT`, `NE_AUTH`, `NE_PROXYAUTH`, `NE_ERROR`, …: the result code of neon
 *   (ne_request.h), with neon's own session error as the message;
 * - `ERR_NEON_*`: a use that neon leaves undefined, and that is refused here.
 */
export class NeonError extends Error {
  /** `'NE_TIMEOUT'`, …, or `'ERR_NEON_BUSY'`, … */
  readonly code: string;
  /** The number of the `NE_*` code; undefined for `ERR_NEON_*`. */
  readonly errno: number | undefined;
  /** The method of the request that failed, where known. */
  declare method?: string;
  /** Its request target. */
  declare target?: string;
  /** `scheme://host[:port]` of its session. */
  declare origin?: string;
  /** The status code of its response, where there was one. */
  declare status?: number;
  /** Where its response redirects to: of `NE_REDIRECT`. */
  declare location?: string;
  /** The failures that a multi-status document reports: of `NE_ERROR`. */
  declare failures?: readonly ResourceFailure[];

  constructor(message: string, code: string, context?: ErrorContext) {
    super(message);
    this.code = code;
    const errno = results.indexOf(code);
    this.errno = errno < 0 ? undefined : errno;
    if (context) Object.assign(this, context);
  }

  /** `'NeonError'`. */
  override get name(): string {
    return 'NeonError';
  }

  /** The error of a result code of neon's, with the text that neon has for it. @internal */
  static of(result: number, message: string, context?: ErrorContext): NeonError {
    return new NeonError(message, results[result] ?? 'NE_ERROR', context);
  }

  /** Adds the request to an error. Any other value passes through unchanged. */
  static within<E>(error: E, context: ErrorContext): E {
    return error instanceof NeonError ? Object.assign(error, context) : error;
  }
}

/** `TypeError` with Node's code ERR_INVALID_ARG_TYPE. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  return withCode(
    new TypeError(`The "${name}" argument must be ${expected}. Received ${inspect(value, { depth: -1 })}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

/** {@link invalidType} for the result of a callback. */
export function invalidAnswer(name: string, expected: string, value: unknown): TypeError {
  return withCode(
    new TypeError(`The "${name}" callback must return ${expected}. Received ${inspect(value, { depth: -1 })}`),
    'ERR_INVALID_ARG_TYPE',
  );
}

/** `TypeError` with Node's code ERR_INVALID_ARG_VALUE. */
export function invalidValue(message: string): TypeError {
  return withCode(new TypeError(message), 'ERR_INVALID_ARG_VALUE');
}

/** `TypeError` with Node's code ERR_INVALID_CHAR. */
export function invalidChar(name: string, advice: string): TypeError {
  return withCode(new TypeError(`Invalid character in "${name}": ${advice}`), 'ERR_INVALID_CHAR');
}

/** `RangeError` with Node's code ERR_OUT_OF_RANGE. */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  return withCode(
    new RangeError(`The value of "${name}" is out of range. It must be ${range}. Received ${inspect(value)}`),
    'ERR_OUT_OF_RANGE',
  );
}

/** Throws Node's errors unless the value is an integer >= 0. */
export function requireCount(name: string, value: unknown): asserts value is number {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(name, 'an integer >= 0', value);
}

function withCode<E extends Error>(error: E, code: string): E {
  return Object.assign(error, { code });
}
