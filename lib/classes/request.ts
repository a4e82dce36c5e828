import { abortable, type CallOptions, type Stop } from '../core/abort.js';
import { type Body, isSimple, prepareBody, type PreparedBody } from './body.js';
import { ComposedRequest } from './composed-request.js';
import { type DecompressOptions, inflationLimit } from './decompress.js';
import { invalidChar, invalidType, invalidValue, NeonError, type ErrorContext } from '../core/errors.js';
import { flagNumber } from './flags.js';
import type { Live, LiveSet } from './live-set.js';
import { addon } from '../core/load.js';
import { native } from '../core/native.js';
import { NE_REQFLAG_1XXTIMEOUT, NE_REQFLAG_EXPECT100, NE_REQFLAG_IDEMPOTENT } from '../ne/constants.js';
import type { ne_session } from '../ne/handles.js';
import type { RedirectOptions } from './redirect.js';
import { type RawResponse, Response, type ResponseOrigin } from './response.js';
import type { ProgressEvent, ProgressWatch } from './status.js';

/** Headers to send: an object, or pairs when a name comes more than once or the order matters. */
export type HeadersInit = Readonly<Record<string, string>> | Iterable<readonly [string, string]>;

/** What a request can be given. */
export interface RequestOptions extends CallOptions, RedirectOptions, DecompressOptions {
  headers?: HeadersInit | undefined;
  body?: Body | undefined;
  /** Sends `Expect: 100-continue` and waits for the interim response before the body. Default: the session's flag. */
  expect100?: boolean | undefined;
  /** Whether the method is idempotent. Default true. */
  idempotent?: boolean | undefined;
  /** Told how far the bodies are, as they are sent and received; not in blocking requests. */
  onProgress?: ((event: ProgressEvent) => void) | undefined;
}

/** The names of neon's request flags (`NE_REQFLAG_*`). */
export const requestFlags = {
  expect100: NE_REQFLAG_EXPECT100,
  idempotent: NE_REQFLAG_IDEMPOTENT,
  interimTimeout: NE_REQFLAG_1XXTIMEOUT,
} as const;

/** The name of a request flag. */
export type RequestFlag = keyof typeof requestFlags;

/** What a request needs to know of its session. @internal */
export interface RequestOwner {
  readonly handle: ne_session;
  readonly origin: string;
  readonly live: LiveSet;
  /** What a body that comes as gzip may become at most, in bytes; 0 leaves it as it comes. */
  readonly inflate: number;
  /** Passes the progress of the operation that is started next on. */
  watch(onProgress: (event: ProgressEvent) => void): ProgressWatch;
  /** Throws when the session is destroyed or closing. */
  requireOpen(): void;
  /** Told of each response. */
  responded?(method: string, target: string, status: number): void;
}

/** What the addon is called with, and what lets go of the body afterwards. */
interface Recipe {
  readonly values: Parameters<Exchange<unknown>>;
  readonly release?: (() => void) | undefined;
}

type Exchange<R> = (
  session: ne_session,
  method: string,
  target: string,
  headers: readonly string[],
  flags: readonly number[],
  body: PreparedBody['body'] | undefined,
  length: number | undefined,
  inflate: number,
) => R;
const exchangeSync: Exchange<RawResponse> = native('exchange');
const exchange = addon.async['exchange'] as unknown as Exchange<Promise<RawResponse>>;

/**
 * A request to be sent: set its headers, flags and body, then dispatch it. It becomes real on the session's thread at
 * its turn, so it can be filled while others are on their way, and dispatched again.
 *
 * It counts among the session's live requests until it is destroyed.
 */
export class Request {
  readonly method: string;
  readonly target: string;
  /** What it sends; undefined is no body. */
  body: Body | undefined;
  /** Told how far the bodies are; see {@link RequestOptions}. */
  onProgress: ((event: ProgressEvent) => void) | undefined;

  readonly #owner: RequestOwner;
  readonly #inflate: number;
  #headers: [name: string, value: string][] = [];
  readonly #flags: number[] = [];
  readonly #item: Live;
  readonly #dispatched = new Set<Stop>();
  #destroyed = false;

  /** @internal */
  constructor(
    owner: RequestOwner,
    method: string,
    target: string,
    options: Omit<RequestOptions, keyof CallOptions> = {},
  ) {
    owner.requireOpen();
    requireObject(options);
    this.method = validMethod(method);
    this.target = validTarget(target);
    this.#owner = owner;
    this.#inflate = options.decompress === undefined ? owner.inflate : inflationLimit(options);
    this.body = options.body;
    if (options.onProgress !== undefined && typeof options.onProgress !== 'function')
      throw invalidType('onProgress', 'of type function', options.onProgress);
    this.onProgress = options.onProgress;
    if (options.headers !== undefined) for (const [name, value] of pairs(options.headers)) this.addHeader(name, value);
    if (options.expect100 !== undefined) this.setFlag('expect100', options.expect100);
    if (options.idempotent !== undefined) this.setFlag('idempotent', options.idempotent);
    this.#item = { description: `${method} ${target}`, end: (reason) => this.#end(reason) };
    owner.live.add(this.#item);
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** Sets a header, in the place of any of the same name. */
  setHeader(name: string, value: string): this {
    requireStrings(name, value);
    return this.removeHeader(name).addHeader(name, value);
  }

  /** Adds a header field, beside those of the same name. */
  addHeader(name: string, value: string): this {
    requireStrings(name, value);
    this.#headers.push([name, value]);
    return this;
  }

  /** Removes the headers of this name. */
  removeHeader(name: string): this {
    requireStrings(name, '');
    const lower = name.toLowerCase();
    this.#headers = this.#headers.filter(([other]) => other.toLowerCase() !== lower);
    return this;
  }

  /** Sets a flag of neon's (`NE_REQFLAG_*`), by name or number. */
  setFlag(flag: RequestFlag | number, value: boolean): this {
    this.#flags.push(flagNumber(requestFlags, flag), value ? 1 : 0);
    return this;
  }

  /**
   * Sends the request, after those that the session was given before. Resolves when the response arrived whole, or,
   * when it is longer than 64 KiB, as soon as its head and first block did. A response of any status resolves.
   *
   * Rejects with a {@link NeonError} of neon's code when there is no response, and with the signal's reason.
   */
  dispatch(options: CallOptions = {}): Promise<Response> {
    return this.dispatchSince(performance.now(), options);
  }

  /** The same, with a timeout that began before (a time of `performance.now()`). @internal */
  async dispatchSince(since: number, options: CallOptions): Promise<Response> {
    this.#requireLive();
    let stop: Stop | undefined;
    const recipe = this.#recipe(false);
    const watch = this.onProgress && this.#owner.watch(this.onProgress);
    try {
      const raw = await abortable(
        () => this.#send(recipe),
        options,
        (given, operation) => {
          this.#dispatched.add((stop = given));
          watch?.started(operation);
        },
        since,
      );
      return this.#respond(raw, { signal: options.signal, timeout: options.timeout, since, unwatch: watch?.stop });
    } catch (error) {
      watch?.stop();
      throw NeonError.within(error, this.#context());
    } finally {
      recipe.release?.();
      if (stop) this.#dispatched.delete(stop);
    }
  }

  /** The same, blocking: the body is read when it returns. */
  dispatchSync(): Response {
    this.#requireLive();
    try {
      return this.#respond(this.#sendSync(this.#recipe(true)));
    } catch (error) {
      throw NeonError.within(error, this.#context());
    }
  }

  /** It is live no more. What was dispatched goes on. */
  destroy(): void {
    this.#destroyed = true;
    this.#owner.live.delete(this.#item);
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  #end(reason: NeonError): void {
    for (const stop of [...this.#dispatched].reverse()) stop(reason);
    this.destroy();
  }

  #requireLive(): void {
    if (this.#destroyed) throw new NeonError('This request is destroyed', 'ERR_NEON_DESTROYED', this.#context());
    this.#owner.requireOpen();
  }

  #send({ values }: Recipe): Promise<RawResponse> {
    const [handle, , target, headers, flags] = values;
    return this.body instanceof ComposedRequest ? this.body.send(handle, target, headers, flags) : exchange(...values);
  }

  #sendSync({ values }: Recipe): RawResponse {
    const [handle, , target, headers, flags] = values;
    return this.body instanceof ComposedRequest ? this.body.sendSync(handle, target, headers, flags) : exchangeSync(...values);
  }

  #recipe(blocking: boolean): Recipe {
    const { method, target, body } = this;
    const { handle } = this.#owner;
    const inflate = this.#takesWhatComes() ? 0 : this.#inflate;
    if (body === undefined || isSimple(body) || body instanceof ComposedRequest) {
      const simple = isSimple(body) ? body : undefined;
      return { values: [handle, method, target, this.#headers.flat(), this.#flags, simple, undefined, inflate] };
    }
    const prepared = prepareBody(body, this.#announcedLength(), blocking);
    // neon adds the header itself.
    const headers = this.#headers.filter(([name]) => prepared.length < 0 || name.toLowerCase() !== 'content-length');
    return {
      values: [handle, method, target, headers.flat(), this.#flags, prepared.body, prepared.length, inflate],
      release: prepared.release,
    };
  }

  /** There is no body to be inflated, or the caller has asked for something of his own. */
  #takesWhatComes(): boolean {
    return this.method === 'HEAD' || this.#headers.some(([name]) => /^(accept-encoding|range)$/i.test(name));
  }

  /** The Content-Length header, which tells how long a stream is. */
  #announcedLength(): number | undefined {
    const header = this.#headers.find(([name]) => name.toLowerCase() === 'content-length');
    if (!header) return undefined;
    const length = Number(header[1]);
    if (!/^\d+$/.test(header[1]) || !Number.isSafeInteger(length))
      throw invalidValue(`The Content-Length header must be a number of bytes: '${header[1]}'`);
    return length;
  }

  #respond(raw: RawResponse, limits: Pick<ResponseOrigin, 'signal' | 'timeout' | 'since' | 'unwatch'> = {}): Response {
    const { live } = this.#owner;
    this.#owner.responded?.(this.method, this.target, raw[0]);
    return new Response(raw, { context: this.#context(), live, description: this.#item.description, ...limits });
  }

  #context(): ErrorContext {
    return { method: this.method, target: this.target, origin: this.#owner.origin };
  }
}

function pairs(headers: HeadersInit): Iterable<readonly [string, string]> {
  return Symbol.iterator in headers ? (headers as Iterable<readonly [string, string]>) : Object.entries(headers);
}

/** @internal */
export function requireObject(options: unknown): void {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'of type object', options);
}

function requireStrings(name: unknown, value: unknown): void {
  if (typeof name !== 'string') throw invalidType('name', 'of type string', name);
  if (typeof value !== 'string') throw invalidType('value', 'of type string', value);
}

/** An RFC 9110 token. */
function validMethod(method: unknown): string {
  if (typeof method !== 'string') throw invalidType('method', 'of type string', method);
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(method)) throw invalidChar('method', 'it must be a token');
  return method;
}

/** What can stand in a request line: no spaces, control characters or anything beyond ASCII. @internal */
export function validTarget(target: string): string {
  if (!/^[\x21-\x7e]+$/.test(target)) throw invalidChar('target', 'escape it, with encodeURI() for example');
  return target;
}
