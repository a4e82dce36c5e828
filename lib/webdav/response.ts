/** Responses in the form of `fetch`, on top of those of a session pool. */
import type { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';

import type { ResponseHeaders } from '../core/errors.js';
import { NeonError } from '../core/errors.js';
import { charsetOf } from '../core/media-type.js';
import type { Response as PoolResponse } from '../classes/response.js';
import { eventMask, parseBytes, type XmlHandlers } from '../classes/xml-events.js';
import { failureOf } from './errors.js';
import type { Headers, HeadersLike, Response, ResponseDataDetailed, Untyped } from './types.js';

/** The headers of a response, sorted by name. Fields of the same name are joined by `', '`. */
export class ReceivedHeaders implements HeadersLike {
  readonly #fields: ReadonlyMap<string, string>;

  constructor(headers: ResponseHeaders) {
    const fields = Object.entries(headers).map(([name, value]): [string, string] => [name, joined(value)]);
    this.#fields = new Map(fields.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  get(name: string): string | null {
    return this.#fields.get(name.toLowerCase()) ?? null;
  }

  has(name: string): boolean {
    return this.#fields.has(name.toLowerCase());
  }

  forEach(callback: (value: string, key: string) => void): void {
    this.#fields.forEach((value, key) => callback(value, key));
  }

  keys(): IterableIterator<string> {
    return this.#fields.keys();
  }

  values(): IterableIterator<string> {
    return this.#fields.values();
  }

  entries(): IterableIterator<[string, string]> {
    return this.#fields.entries();
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}

const joined = (value: string | readonly string[] | undefined): string =>
  typeof value === 'object' ? value.join(', ') : (value ?? '');

/** A response of a session pool in the form of `fetch`. */
export class DavResponse implements Response {
  readonly status: number;
  readonly url: string;
  /** Whether the response is from another URL than the request was sent to first. */
  readonly redirected: boolean;

  readonly #response: PoolResponse;
  readonly #signal: AbortSignal | undefined;
  #headers: ReceivedHeaders | undefined;
  #isEmpty = false;

  constructor(response: PoolResponse, url: string, redirected: boolean, signal: AbortSignal | undefined) {
    this.status = response.status;
    this.url = url;
    this.redirected = redirected;
    this.#response = response;
    this.#signal = signal;
  }

  get headers(): ReceivedHeaders {
    return (this.#headers ??= new ReceivedHeaders(this.#response.headers));
  }

  get ok(): boolean {
    return this.#response.ok;
  }

  get statusText(): string {
    return this.#response.reasonPhrase;
  }

  get bodyUsed(): boolean {
    return this.#response.bodyUsed;
  }

  /** The body as a stream. */
  get body(): Readable {
    return this.#response.body;
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    const { buffer, byteOffset, byteLength } = await this.bytes();
    return buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer;
  }

  async blob(): Promise<Blob> {
    return new Blob([await this.arrayBuffer()], { type: this.headers.get('content-type') ?? '' });
  }

  async json(): Promise<Untyped> {
    return JSON.parse(await this.text());
  }

  async text(): Promise<string> {
    return new TextDecoder().decode(await this.bytes());
  }

  /** The whole body. */
  async bytes(): Promise<Buffer> {
    try {
      return await this.#response.bytes();
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** Whether the body that {@link parse} has parsed was empty. */
  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  /** Parses the body as XML, off the JavaScript thread if the body has not arrived completely. */
  async parse(handlers: XmlHandlers): Promise<void> {
    if (!this.#response.isWhole) {
      try {
        await this.#response.xml(handlers);
      } catch (error) {
        throw this.failure(error);
      }
      return;
    }
    const charset = charsetOf(this.headers.get('content-type')) ?? '';
    const bytes = await this.bytes();
    this.#isEmpty = bytes.length === 0;
    const failure = parseBytes(bytes, eventMask(handlers), charset, handlers, () => false);
    if (failure !== null) throw new NeonError(`${this.url}: ${failure}`, 'NE_ERROR', { status: this.status });
  }

  /** Drops the body, unless it was read. */
  cancel(): void {
    this.#response.cancel();
  }

  /** The error that the caller gets for a failure to read the body. */
  failure(error: unknown): unknown {
    return failureOf(error, this.url, this.#signal);
  }
}

/**
 * Returns data as a method of the client returns it: with the head of the response, or alone.
 *
 * @param response the response that the data is from
 * @param data the data
 * @param isDetailed whether to include the head of the response. Default false
 */
export function processResponsePayload<T>(
  response: Response,
  data: T,
  isDetailed = false,
): ResponseDataDetailed<T> | T {
  if (!isDetailed) return data;
  const headers: Headers = {};
  response.headers.forEach((value, key) => {
    headers[key] = value;
  });
  return { data, headers, status: response.status, statusText: response.statusText };
}
