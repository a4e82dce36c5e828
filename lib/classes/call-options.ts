/** The options that calls have in common. */
import { type CallOptions, validated } from '../core/abort.js';
import { invalidChar, invalidType, invalidValue } from '../core/errors.js';
import { isArray, isObject } from '../core/objects.js';
import type { Known } from '../core/options.js';
import { type DecompressOptions, inflationLimit } from './decompress.js';
import type { ReadingLimits } from './hold.js';
import type { RedirectOptions, Redirects } from './redirect.js';
import type { ProgressEvent } from './status.js';

/** The value of a header; an array means several fields with the same name. */
export type HeaderValue = string | number | readonly string[];

/**
 * Headers to send: an object, a `Map`, a `Headers` object, or pairs of names and values. A header given here replaces
 * the header of the same name that the library would otherwise send. `Transfer-Encoding` is refused, because the
 * library decides how to frame the body. A `Content-Length` that differs from the length of the body is refused, too.
 */
export type HeadersInit =
  Readonly<Record<string, HeaderValue | undefined>> | Iterable<readonly [name: string, value: HeaderValue]>;

/** The options of a blocking call: the options of the promise form, except those that need the event loop. */
export type BlockingOptions<Options> = Omit<Options, 'signal' | 'timeout' | 'onProgress'>;

/** A header field. @internal */
export type HeaderField = readonly [name: string, value: string];

/** The options of every call to a server. */
export interface CommonOptions extends CallOptions, RedirectOptions, DecompressOptions {
  /**
   * Headers to send. Each replaces the header of the same name that the library or the session
   * ({@link SessionOptions.headers}) would otherwise send, including the headers for the host, for credentials and for
   * {@link SessionOptions.userAgent}.
   */
  headers?: HeadersInit | undefined;
  /** A callback for the progress of the bodies while they are sent and received. Blocking calls refuse this option. */
  onProgress?: ((event: ProgressEvent) => void) | undefined;
}

/** The default options that a session or pool applies to its calls. @internal */
export interface CallDefaults {
  readonly redirects: Redirects;
  readonly headers: readonly HeaderField[];
  /** As in {@link CallSettings}. */
  readonly inflate: number;
  readonly limits: ReadingLimits;
}

/** The options of a call after the checks, with defaults filled in. @internal */
export interface CallSettings {
  readonly signal: AbortSignal | undefined;
  /** In milliseconds, from `since` on. */
  readonly timeout: number | undefined;
  /** When the timeout began, in the time of `performance.now()`; 0 without a timeout. */
  readonly since: number;
  readonly headers: readonly HeaderField[];
  readonly onProgress: ((event: ProgressEvent) => void) | undefined;
  /** The maximum number of bytes of an inflated body; 0 means that bodies are not inflated. */
  readonly inflate: number;
  /** Undefined if redirects are treated like any other response. */
  readonly redirects: Redirects | undefined;
}

/** The names of the options that all calls share. @internal */
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
 *   `ERR_INVALID_ARG_VALUE` for an option that a blocking call cannot honour
 */
export function settingsOf(options: CommonOptions, defaults: CallDefaults, blocking = false): CallSettings {
  requireObject(options);
  if (blocking) requireBlocking(options);
  const isLimited = !blocking && (options.signal !== undefined || options.timeout !== undefined);
  const { signal, timeout } = isLimited ? validated(options) : noLimits;
  const redirects = redirectsOf(options, defaults);
  const headers = withDefaults(fieldsOf(options.headers), defaults.headers);
  return {
    signal: signal ?? undefined,
    timeout,
    since: timeout === undefined ? 0 : performance.now(),
    headers,
    onProgress: progressListener(options.onProgress),
    inflate: takesAnyCoding(headers)
      ? 0
      : options.decompress === undefined
        ? defaults.inflate
        : inflationLimit(options),
    redirects: redirects.manual ? undefined : redirects,
  };
}

const noLimits: CallOptions = {};

function redirectsOf(options: CommonOptions, { redirects }: CallDefaults): Redirects {
  return options.redirect === undefined && options.maxRedirects === undefined ? redirects : redirects.with(options);
}

/** Whether a header asks for a coding or a range. If so, the body is not inflated. */
function takesAnyCoding(headers: readonly HeaderField[]): boolean {
  return headers.some(([name]) => /^(accept-encoding|range)$/i.test(name));
}

const noFields: readonly HeaderField[] = [];

function withDefaults(fields: readonly HeaderField[], defaults: readonly HeaderField[]): readonly HeaderField[] {
  if (defaults.length === 0) return fields;
  return fields.length === 0 ? defaults : [...withoutReplaced(defaults, fields), ...fields];
}

/**
 * Returns the fields of the headers that a session sends with all its calls. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function defaultFieldsOf(headers: HeadersInit | undefined): readonly HeaderField[] {
  const fields = fieldsOf(headers);
  requireNoLength(fields, 'each body has its own');
  return fields;
}

/** Refuses a `Content-Length` header that the caller has set. The error message contains the reason `why`. @internal */
export function requireNoLength(fields: readonly HeaderField[], why: string): void {
  if (fields.some(([name]) => name.toLowerCase() === 'content-length'))
    throw invalidValue(`The header Content-Length is refused: ${why}. Omit the header`);
}

/**
 * Packs the options of a call into one string, so that the addon reads only one value; see `read_options` in
 * binding/classes/exchange/recipe.h. @internal
 *
 * @param inflate as in {@link CallSettings}
 * @param flags a flat list: the number of a flag (`NE_REQFLAG_*`), its value, the next number, and so on
 * @throws `ERR_INVALID_CHAR` for a line end in a name and for a control character in a value
 */
export function optionsText(headers: readonly HeaderField[], inflate: number, flags: readonly number[]): string {
  let text = String(inflate);
  for (const number of flags) text += ` ${number}`;
  for (const [name, value] of headers) {
    requireLine('header name', name);
    requireText('header value', value);
    text += `\n${name}\n${value}`;
  }
  return text;
}

/** Refuses a line end, which would end a part of the text that {@link optionsText} belongs to. @internal */
export function requireLine(name: string, text: string): void {
  if (text.includes('\n')) throw invalidChar(name, 'it must be one line');
}

/**
 * Refuses control characters other than tabs, as Node does. Some servers take a form feed or a vertical tab for a line
 * end, so that the rest of the value would be another header. @internal
 */
export function requireText(name: string, text: string): void {
  if (/[\x00-\x08\x0a-\x1f\x7f]/.test(text)) throw invalidChar(name, 'it must not contain control characters');
}

/**
 * Like {@link optionsText}, for a request whose body neon or the library composes; refuses `Content-Length`. @internal
 */
export function composedOptions({ headers, inflate }: CallSettings, flags: readonly number[] = []): string {
  requireNoLength(headers, 'the library composes the body');
  return optionsText(headers, inflate, flags);
}

/** Converts headers to fields. @internal */
export function fieldsOf(headers: HeadersInit | undefined): readonly HeaderField[] {
  if (headers === undefined) return noFields;
  requireHeaders(headers);
  const fields: HeaderField[] = [];
  for (const pair of Symbol.iterator in headers ? headers : Object.entries(headers)) {
    if (!isArray(pair)) throw wrongHeaders(headers);
    const [name, value] = pair;
    if (value === undefined) continue;
    for (const one of isArray(value) ? (value as readonly unknown[]) : [value]) {
      const text = typeof one === 'number' ? String(one) : one;
      requireField(name, text);
      fields.push([name, text]);
    }
  }
  return fields;
}

function requireHeaders(headers: unknown): asserts headers is HeadersInit {
  if (!isObject(headers)) throw wrongHeaders(headers);
  if (Symbol.iterator in headers && typeof headers[Symbol.iterator] !== 'function') throw wrongHeaders(headers);
}

function wrongHeaders(headers: unknown): TypeError {
  return invalidType('headers', 'an object, a Map, a Headers object or pairs of names and values', headers);
}

/**
 * Returns `fields` without the fields whose names are also in `others`; the case of names does not matter. @internal
 */
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
  if (!isObject(options)) throw invalidType('options', 'of type object', options);
}
