/** The methods as requests, and what their callers get of the responses: the same for promises and blocking. */
import { type AclEntry, entriesOf } from './acl.js';
import type { Body } from './body.js';
import { ComposedRequest } from './composed-request.js';
import { type ErrorContext, invalidType, NeonError, outOfRange } from '../core/errors.js';
import type { Failures } from './multistatus.js';
import * as ne from '../ne/index.js';
import { operationsOf, type PropertyChanges } from './proppatch.js';
import type { HeadersInit, RequestOptions } from './request.js';
import type { Response } from './response.js';

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
export interface Call<T> {
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

/** What the caller gets, when the response is what he wants. */
export function settle<T>(
  call: Call<T>,
  response: Response,
  failures: Failures | undefined,
  context: () => ErrorContext,
): T {
  const { status, ok, reasonPhrase } = response;
  // Another document than a multi-status one tells nothing here.
  const told = ok || (failures && failures.list.length > 0) ? failures : undefined;
  const failure = ok ? (told?.text ?? call.failure?.(response)) : `${status} ${reasonPhrase}${told ? ` (${told.text})` : ''}`;
  if (failure === undefined) return call.result(response);
  response.cancel();
  throw new NeonError(failure, 'NE_ERROR', { ...context(), status, ...(told && { failures: told.list }) });
}

export function send(method: string, target: string, body: Body, options: RequestOptions | undefined): Call<Response> {
  // mod_dav refuses a PUT into a locked collection so. What a 207 to a POST means, the server decides.
  return { ...(method === 'PUT' ? changing : plain)(method, target, options), body };
}

export function mkcol(target: string, options: RequestOptions | undefined): Call<Response> {
  return changing('MKCOL', collection(target), options);
}

export function copyOrMove(
  method: 'COPY' | 'MOVE',
  source: string,
  destination: string,
  options: CopyOptions = {},
): Call<Response> {
  const { overwrite = true, depth = 'infinity', ...rest } = options;
  const headers = { Destination: destination, Overwrite: overwrite ? 'T' : 'F' };
  const depths = method === 'COPY' ? { Depth: String(depth) } : {};
  return { ...changing(method, source, rest), headers: { ...headers, ...depths } };
}

export function proppatch(
  target: string,
  changes: PropertyChanges | readonly PropertyChanges[],
  options: RequestOptions | undefined,
): Call<Response> {
  return { ...changing('PROPPATCH', target, options), body: ComposedRequest.body('PROPPATCH', operationsOf(changes)) };
}

export function setAcl(
  target: string,
  entries: readonly AclEntry[],
  options: RequestOptions | undefined,
): Call<Response> {
  return { ...changing('ACL', target, options), body: ComposedRequest.body('ACL', entriesOf(entries)) };
}

export function options(target: string, options: RequestOptions | undefined): Call<Capabilities> {
  return { ...plain('OPTIONS', target, options), result: capabilities };
}

export function getModTime(target: string, options: RequestOptions | undefined): Call<Date | null> {
  return { ...plain('HEAD', target, options), result: modificationTime };
}

export function plain(method: string, target: string, options: RequestOptions | undefined): Call<Response> {
  return { method, target, options, result: same };
}

export function changing(method: string, target: string, options: RequestOptions | undefined): Call<Response> {
  return { ...plain(method, target, options), multistatus: true };
}

/** The call's own headers go in front of the caller's. */
export function optionsOf({ options = {}, headers, body }: Call<unknown>): RequestOptions {
  const given = headers ? { ...options, headers: [...Object.entries(headers), ...pairsOf(options.headers)] } : options;
  return body === undefined ? given : { ...given, body };
}

function pairsOf(headers: HeadersInit = {}): Iterable<readonly [string, string]> {
  return Symbol.iterator in headers ? headers : Object.entries(headers);
}

function collection(target: string): string {
  return typeof target !== 'string' || target === '' || /[/?#]/.test(target.slice(-1)) ? target : `${target}/`;
}

/** The multi-status document of a response, which tells what failed: mod_dav sends it with other statuses, too. */
export async function documentOf(call: Call<unknown>, response: Response): Promise<Uint8Array | undefined> {
  if (!listsFailures(call, response)) return undefined;
  return response.ok ? response.bytes() : response.bytes({ maxBytes: maxErrorBytes }).catch(() => undefined);
}

/** The same, blocking. */
export function documentOfSync(call: Call<unknown>, response: Response): Uint8Array | undefined {
  return listsFailures(call, response) ? response.bytesSync() : undefined;
}

/** A longer document is not waited for when the status says already that it failed. */
const maxErrorBytes = 64 * 1024;

function listsFailures({ multistatus }: Call<unknown>, { status, ok, headers }: Response): boolean {
  return multistatus === true && (status === 207 || (!ok && /\bxml\b/i.test(headers['content-type'] ?? '')));
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

export function getRange(target: string, range: ByteRange, options: RequestOptions | undefined): Call<Response> {
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

function requirePosition(name: string, value: unknown, min: number): void {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < min) throw outOfRange(name, `>= ${min}`, value);
}
