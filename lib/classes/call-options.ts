/** The options that calls have in common. */
import { type CallOptions, validated } from '../core/abort.js';
import { invalidType } from '../core/errors.js';
import { type DecompressOptions, inflationLimit } from './decompress.js';
import type { RedirectOptions, Redirects } from './redirect.js';
import type { ProgressEvent } from './status.js';

/** Headers to send: an object, or pairs when a name comes more than once or the order matters. */
export type HeadersInit = Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

/** A header field. @internal */
export type HeaderField = readonly [name: string, value: string];

/** The options that a kind of call can carry, beside `signal` and `timeout`, which every call can. @internal */
export interface Carries {
  readonly headers?: boolean;
  readonly redirect?: boolean;
  readonly decompress?: boolean;
  readonly onProgress?: boolean;
}

/** The options that calls have in common; each kind of call ignores those that it cannot carry. @internal */
export interface CommonOptions extends CallOptions, RedirectOptions, DecompressOptions {
  readonly headers?: HeadersInit | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
}

/** The defaults of a session or pool for its calls. @internal */
export interface CallDefaults {
  readonly redirects: Redirects;
  /** As in {@link CallSettings}. */
  readonly inflate: number;
}

/** The options of a call, checked and with their defaults. @internal */
export interface CallSettings {
  readonly signal: AbortSignal | undefined;
  /** In milliseconds, from `since` on. */
  readonly timeout: number | undefined;
  /** A time of `performance.now()`; 0 without a timeout. */
  readonly since: number;
  readonly headers: readonly HeaderField[];
  readonly onProgress: ((event: ProgressEvent) => void) | undefined;
  /** How many bytes a body that comes as gzip may become; 0 leaves it as it comes. */
  readonly inflate: number;
  /** Undefined where redirects are not followed, and not errors. */
  readonly redirects: Redirects | undefined;
}

/**
 * Reads and checks the options of a call. A blocking call ignores `signal` and `timeout`. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid option
 */
export function settingsOf(
  carries: Carries,
  options: CommonOptions,
  defaults: CallDefaults,
  blocking = false,
): CallSettings {
  requireObject(options);
  const isLimited = !blocking && (options.signal !== undefined || options.timeout !== undefined);
  const { signal, timeout } = isLimited ? validated(options) : noLimits;
  const redirects = carries.redirect ? redirectsOf(options, defaults) : undefined;
  return {
    signal,
    timeout,
    since: timeout === undefined ? 0 : performance.now(),
    headers: carries.headers ? fieldsOf(options.headers) : noFields,
    onProgress: carries.onProgress ? progressListener(options.onProgress) : undefined,
    inflate: carries.decompress && options.decompress !== undefined ? inflationLimit(options) : defaults.inflate,
    redirects: redirects?.manual ? undefined : redirects,
  };
}

const noLimits: CallOptions = {};

function redirectsOf(options: CommonOptions, { redirects }: CallDefaults): Redirects {
  return options.redirect === undefined && options.maxRedirects === undefined ? redirects : redirects.with(options);
}

const noFields: readonly HeaderField[] = [];

/** The fields of headers. @internal */
export function fieldsOf(headers: HeadersInit | undefined): readonly HeaderField[] {
  if (headers === undefined) return noFields;
  const fields: HeaderField[] = [];
  for (const [name, value] of Symbol.iterator in headers ? headers : Object.entries(headers)) {
    requireField(name, value);
    fields.push([name, value]);
  }
  return fields;
}

/** @internal */
export function requireField(name: unknown, value: unknown): void {
  if (typeof name !== 'string') throw invalidType('name', 'of type string', name);
  if (typeof value !== 'string') throw invalidType('value', 'of type string', value);
}

/** @internal */
export function progressListener<F>(listener: F): F {
  if (listener !== undefined && typeof listener !== 'function')
    throw invalidType('onProgress', 'of type function', listener);
  return listener;
}

/** @internal */
export function requireObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'of type object', options);
}
