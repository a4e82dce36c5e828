import { EventEmitter } from 'node:events';

import type { Body } from './body.js';
import { invalidType, NeonError, outOfRange } from './errors.js';
import * as ne from './ne/index.js';
import type { HeadersInit, RequestOptions } from './request.js';
import type { Response } from './response.js';
import type { SessionEvents } from './session.js';

/** What copy and move can be given. */
export interface CopyOptions extends RequestOptions {
  /** Whether what is at the destination is replaced; else it rejects with 412. Default true, as in the protocol. */
  overwrite?: boolean | undefined;
  /** `0` copies a collection without what is in it. Default `'infinity'`. Of copy only. */
  depth?: 0 | 'infinity' | undefined;
}

/** What a server can do with a resource. */
export interface Capabilities {
  /** The methods that it allows. */
  readonly allow: readonly string[];
  /** The compliance classes of WebDAV, `'1'`, `'2'`, …, and other features; none is no WebDAV. */
  readonly dav: readonly string[];
}

/** Which bytes of a resource: from `start` to `end`, both counted, or to the last one. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number | undefined;
}

/** A request of one of the methods, and what its caller gets of the response. */
interface Call<T> {
  readonly method: string;
  readonly target: string;
  readonly options: RequestOptions | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** A 207 response tells whether it succeeded. */
  readonly multistatus?: true;
  /** What is wrong with a 2xx response all the same. */
  failure?(response: Response): string | undefined;
  result(response: Response): T;
}

const same = (response: Response): Response => response;

/**
 * The methods of HTTP and WebDAV, each as a promise and blocking (`…Sync`). They reject with `NE_ERROR` and the status
 * when that is not 2xx, which `request()` does not; else they do what that does, with the same options.
 */
export abstract class WebDAV extends EventEmitter<SessionEvents> {
  abstract request(method: string, target: string, options?: RequestOptions): Promise<Response>;
  abstract requestSync(method: string, target: string, options?: RequestOptions): Response;
  /** The URI of a target. @internal */
  protected abstract uriOf(target: string): string;

  get(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(plain('GET', target, options));
  }
  getSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(plain('GET', target, options));
  }

  head(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(plain('HEAD', target, options));
  }
  headSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(plain('HEAD', target, options));
  }

  put(target: string, body: Body, options?: RequestOptions): Promise<Response> {
    return this.#send({ ...plain('PUT', target, options), body });
  }
  putSync(target: string, body: Body, options?: RequestOptions): Response {
    return this.#sendSync({ ...plain('PUT', target, options), body });
  }

  /** Not sent again on a connection that turns out to be closed, unless `idempotent` is given. */
  post(target: string, body: Body, options?: RequestOptions): Promise<Response> {
    return this.#send({ ...plain('POST', target, { idempotent: false, ...options }), body });
  }
  postSync(target: string, body: Body, options?: RequestOptions): Response {
    return this.#sendSync({ ...plain('POST', target, { idempotent: false, ...options }), body });
  }

  /** Deletes a resource; a collection with all that is in it. */
  delete(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(changing('DELETE', target, options));
  }
  deleteSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(changing('DELETE', target, options));
  }

  /** Makes a collection. A slash is added to the target when it has none at its end. */
  mkcol(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(changing('MKCOL', collection(target), options));
  }
  mkcolSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(changing('MKCOL', collection(target), options));
  }

  /** Copies a resource to another target on this server. */
  async copy(source: string, destination: string, options?: CopyOptions): Promise<Response> {
    return this.#send(this.#transfer('COPY', source, destination, options));
  }
  copySync(source: string, destination: string, options?: CopyOptions): Response {
    return this.#sendSync(this.#transfer('COPY', source, destination, options));
  }

  /** Moves a resource to another target on this server. */
  async move(source: string, destination: string, options?: Omit<CopyOptions, 'depth'>): Promise<Response> {
    return this.#send(this.#transfer('MOVE', source, destination, options));
  }
  moveSync(source: string, destination: string, options?: Omit<CopyOptions, 'depth'>): Response {
    return this.#sendSync(this.#transfer('MOVE', source, destination, options));
  }

  /** Asks what the server can do with a resource. */
  options(target: string, options?: RequestOptions): Promise<Capabilities> {
    return this.#send({ ...plain('OPTIONS', target, options), result: capabilities });
  }
  optionsSync(target: string, options?: RequestOptions): Capabilities {
    return this.#sendSync({ ...plain('OPTIONS', target, options), result: capabilities });
  }

  /** When a resource was changed last; null when the server says no date. */
  getModTime(target: string, options?: RequestOptions): Promise<Date | null> {
    return this.#send({ ...plain('HEAD', target, options), result: modificationTime });
  }
  getModTimeSync(target: string, options?: RequestOptions): Date | null {
    return this.#sendSync({ ...plain('HEAD', target, options), result: modificationTime });
  }

  /** Some bytes of a resource. Rejects with `NE_ERROR` when the server gives others, or all. */
  async getRange(target: string, range: ByteRange, options?: RequestOptions): Promise<Response> {
    return this.#send(ranged(target, range, options));
  }
  getRangeSync(target: string, range: ByteRange, options?: RequestOptions): Response {
    return this.#sendSync(ranged(target, range, options));
  }

  async #send<T>(call: Call<T>): Promise<T> {
    const response = await this.request(call.method, call.target, optionsOf(call));
    const failures = listsFailures(call, response) ? failuresIn(await response.bytes()) : undefined;
    return this.#settle(call, response, failures);
  }

  #sendSync<T>(call: Call<T>): T {
    const response = this.requestSync(call.method, call.target, optionsOf(call));
    const failures = listsFailures(call, response) ? failuresIn(response.bytesSync()) : undefined;
    return this.#settle(call, response, failures);
  }

  #settle<T>(call: Call<T>, response: Response, failures: string | undefined): T {
    const failure = response.ok
      ? (failures ?? call.failure?.(response))
      : `${response.status} ${response.reasonPhrase}`;
    if (failure === undefined) return call.result(response);
    response.cancel();
    throw new NeonError(failure, 'NE_ERROR', {
      method: call.method,
      target: call.target,
      origin: this.uriOf('/').slice(0, -1),
      status: response.status,
    });
  }

  #transfer(method: string, source: string, destination: string, options: CopyOptions = {}): Call<Response> {
    const { overwrite = true, depth = 'infinity', ...rest } = options;
    const headers = { Destination: this.uriOf(destination), Overwrite: overwrite ? 'T' : 'F' };
    const depths = method === 'COPY' ? { Depth: String(depth) } : {};
    return { ...changing(method, source, rest), headers: { ...headers, ...depths } };
  }
}

function plain(method: string, target: string, options: RequestOptions | undefined): Call<Response> {
  return { method, target, options, result: same };
}

function changing(method: string, target: string, options: RequestOptions | undefined): Call<Response> {
  return { ...plain(method, target, options), multistatus: true };
}

/** The call's own headers go in front of the caller's. */
function optionsOf({ options = {}, headers, body }: Call<unknown>): RequestOptions {
  const given = headers ? { ...options, headers: [...Object.entries(headers), ...pairsOf(options.headers)] } : options;
  return body === undefined ? given : { ...given, body };
}

function pairsOf(headers: HeadersInit = {}): Iterable<readonly [string, string]> {
  return Symbol.iterator in headers ? headers : Object.entries(headers);
}

function collection(target: string): string {
  return typeof target !== 'string' || target === '' || /[/?#]/.test(target.slice(-1)) ? target : `${target}/`;
}

function listsFailures({ multistatus }: Call<unknown>, { status }: Response): boolean {
  return multistatus === true && status === 207;
}

/** What a multi-status document says failed, if anything did. */
function failuresIn(document: Uint8Array): string | undefined {
  const failures: string[] = [];
  const note = (path: unknown, status: ne.ne_status | null): void => {
    if (status && status.klass !== 2) failures.push(`${String(path)}: ${status.code} ${status.reason_phrase}`);
  };
  const parser = ne.ne_xml_create();
  const multistatus = ne.ne_207_create(parser, { path: '/' });
  ne.ne_207_set_response_handlers(multistatus, ({ path }) => path, note);
  ne.ne_207_set_propstat_handlers(multistatus, (path) => path, note);
  const parsed = document.length > 0 && ne.ne_xml_parse(parser, document) === 0 && ne.ne_xml_parse(parser, null) === 0;
  if (!parsed) failures.push(`the 207 response is no multi-status document: ${ne.ne_xml_get_error(parser)}`);
  ne.ne_xml_destroy(parser);
  ne.ne_207_destroy(multistatus);
  return failures.length > 0 ? failures.join(', ') : undefined;
}

function capabilities({ headers }: Response): Capabilities {
  const list = (name: string): string[] =>
    (headers[name] ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  return { allow: list('allow'), dav: list('dav') };
}

function modificationTime({ headers }: Response): Date | null {
  const seconds = ne.ne_httpdate_parse(headers['last-modified'] ?? '');
  return seconds < 0 ? null : new Date(seconds * 1000);
}

function ranged(target: string, range: ByteRange, options: RequestOptions | undefined): Call<Response> {
  if (typeof range !== 'object' || (range as ByteRange | null) === null) throw invalidType('range', 'of type object', range);
  const { start, end } = range;
  requirePosition('start', start, 0);
  if (end !== undefined) requirePosition('end', end, start);
  return {
    ...plain('GET', target, options),
    headers: { Range: `bytes=${start}-${end ?? ''}` },
    failure: ({ status, headers }) => {
      const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers['content-range'] ?? '') ?? [];
      const isWhole = end === undefined || Number(last) === end || Number(last) + 1 === Number(total);
      if (status === 206 && Number(first) === start && isWhole) return undefined;
      const what = status === 206 ? 'another range than that was sent' : 'the server sent all of the resource';
      return `bytes ${start}-${end ?? ''} were asked for: ${what}`;
    },
  };
}

function requirePosition(name: string, value: unknown, least: number): void {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < least) throw outOfRange(name, `>= ${least}`, value);
}
