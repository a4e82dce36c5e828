/** The options that calls have in common. */
import { type CallOptions, validated } from '../core/abort.js';
import { invalidType, invalidValue } from '../core/errors.js';
import type { Known } from '../core/options.js';
import { type DecompressOptions, inflationLimit } from './decompress.js';
import type { RedirectOptions, Redirects } from './redirect.js';
import type { ProgressEvent } from './status.js';

/** The value of a header; an array stands for several fields of one name. */
export type HeaderValue = string | number | readonly string[];

/**
 * Headers to send: an object, a `Map`, a `Headers` object, or pairs of names and values. A header replaces the one of
 * that name that the library would send. The framing of the body is the library's own: `Transfer-Encoding` is refused,
 * and so is a `Content-Length` that is not the length of the body.
 */
export type HeadersInit =
  Readonly<Record<string, HeaderValue | undefined>> | Iterable<readonly [name: string, value: HeaderValue]>;

/** The options of a blocking call: those of the promise form, without the options that need the event loop. */
export type BlockingOptions<Options> = Omit<Options, 'signal' | 'timeout' | 'onProgress'>;

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
  /** How many bytes of a body may be received without being read, while other calls wait for its session. */
  readonly maxUnreadBytes: number;
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

/** The names of the options that all calls have. @internal */
export const commonOptions: Known<CommonOptions> = {
  signal: true,
  timeout: true,
  headers: true,
  redirect: true,
  maxRedirects: true,
  decompress: true,
  onProgress: true,
};

/** Refuses the options that need the event loop. */
function requireBlocking(options: CommonOptions): void {
  for (const name of ['signal', 'timeout', 'onProgress'] as const) {
    if (options[name] !== undefined && options[name] !== null)
      throw invalidValue(`A blocking call cannot honour the option "${name}": use the promise form`);
  }
}

/**
 * Reads and checks the options of a call. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid option;
 *   `ERR_INVALID_ARG_VALUE` for one that a blocking call cannot honour
 */
export function settingsOf(
  carries: Carries,
  options: CommonOptions,
  defaults: CallDefaults,
  blocking = false,
): CallSettings {
  requireObject(options);
  if (blocking) requireBlocking(options);
  const isLimited = !blocking && (options.signal !== undefined || options.timeout !== undefined);
  const { signal, timeout } = isLimited ? validated(options) : noLimits;
  const redirects = carries.redirect ? redirectsOf(options, defaults) : undefined;
  return {
    signal: signal ?? undefined,
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
  requireHeaders(headers);
  const fields: HeaderField[] = [];
  for (const [name, value] of Symbol.iterator in headers ? headers : Object.entries(headers)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? (value as readonly unknown[]) : [value]) {
      const text = typeof one === 'number' ? String(one) : one;
      requireField(name, text);
      fields.push([name, text]);
    }
  }
  return fields;
}

function requireHeaders(headers: unknown): void {
  if (typeof headers !== 'object' || headers === null)
    throw invalidType('headers', 'an object, a Map, a Headers object or pairs of names and values', headers);
}

/** The fields, without those that others replace: by name, without regard to case. @internal */
export function withoutReplaced(fields: readonly HeaderField[], others: readonly HeaderField[]): HeaderField[] {
  const names = new Set(others.map(([name]) => name.toLowerCase()));
  return fields.filter(([name]) => !names.has(name.toLowerCase()));
}

/** @internal */
export function requireField(name: unknown, value: unknown): asserts value is string {
  if (typeof name !== 'string') throw invalidType('name', 'of type string', name);
  if (typeof value !== 'string') throw invalidType('value', 'of type string', value);
  if (name.toLowerCase() === 'transfer-encoding')
    throw invalidValue('The header Transfer-Encoding is refused: the library frames bodies, in chunks where needed');
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
