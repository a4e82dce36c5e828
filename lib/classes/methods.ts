/**
 * Describes the methods of HTTP and WebDAV: their requests, and the conversion of responses to results. The promise
 * form and the blocking form of a method share its description.
 */
import { invalidType, invalidValue, NeonError, outOfRange, shown } from '../core/errors.js';
import { isXml } from '../core/media-type.js';
import { isObject } from '../core/objects.js';
import { type AclEntry, entriesOf } from './acl.js';
import type { Body } from './body.js';
import type { CallContext } from './call.js';
import { fieldsOf, withoutReplaced } from './call-options.js';
import { ComposedRequest } from './composed-request.js';
import { dateOf } from './dates.js';
import { addRequest, statusError } from './failure.js';
import { type Failures, failuresIn } from './multistatus.js';
import { operationsOf, type PropertyChanges } from './proppatch.js';
import { type Known, requireKnown } from '../core/options.js';
import { requestOptions, type RequestOptions } from './request.js';
import { type Convert, flagsOf, RequestCall } from './request-call.js';
import type { Response } from './response.js';
import { noOptions, type SessionSource } from './session-source.js';
import type { Target } from './target.js';

/** The options of `copy` and `move`. */
export interface CopyOptions extends RequestOptions {
  /**
   * Whether to replace a resource that exists at the destination. If false, the request fails with status 412 when the
   * destination exists. Default true, as in the protocol.
   */
  overwrite?: boolean | undefined;
  /** `0` copies a collection without its members. Default `'infinity'`. `move` does not have this option. */
  depth?: 0 | 'infinity' | undefined;
}

/** The capabilities of a server for a resource. */
export interface Capabilities {
  /** The methods that the resource allows: the `Allow` header. */
  readonly allow: readonly string[];
  /**
   * The compliance classes of WebDAV (`'1'`, `'2'`, …) and the names of other features, from the `DAV` header (RFC
   * 4918, section 10.1). Empty if the resource does not support WebDAV.
   */
  readonly dav: readonly string[];
}

/** A range of the bytes of a resource. */
export interface ByteRange {
  /** The first byte, counted from 0. */
  readonly start: number;
  /** The last byte, inclusive. Default: the last byte of the resource. */
  readonly end?: number | undefined;
}

/** The request of a method, and the conversion of the response to a result. @internal */
export interface Method<T> {
  readonly method: string;
  /** The target as the caller gave it. */
  readonly target: Target;
  readonly options: RequestOptions | undefined;
  /** The names of the options. Default: the names of the options of a request. */
  readonly known?: Readonly<Record<string, true>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Body;
  /** The arguments from which neon composes the body. */
  readonly content?: readonly object[];
  /** Whether to add a slash to a target path that does not end in a slash. */
  readonly collection?: true;
  /** Whether a 207 response lists what failed. */
  readonly multistatus?: true;
  /** Returns why a 2xx response counts as a failure; undefined if it is a success. */
  failure?(response: Response): string | undefined;
  result(response: Response): T;
}

const unchanged = (response: Response): Response => response;

const moveOptions: Known<Omit<CopyOptions, 'depth'>> = { ...requestOptions, overwrite: true };
const copyOptions: Known<CopyOptions> = { ...moveOptions, depth: true };
/** The options of methods whose body is given as an argument. @internal */
const { body: _body, ...bodyOptions } = requestOptions;

/** Adds a slash to a path that does not end in a slash. @internal */
export const asCollection = (path: string): string => path.replace(/^[^?]*[^/?](?=$|\?)/, '$&/');

/** Creates the call for a method. A session of `source` will run the call. @internal */
export function callOf<T>(description: Method<T>, source: SessionSource): RequestCall<T> {
  const { method, target, options, known = requestOptions, body, content, collection } = description;
  if (options !== undefined) requireKnown(options, known);
  const given = source.targetOf(target);
  const path = collection ? asCollection(given) : given;
  const flags = flagsOf(method, options ?? {});
  const convert: Convert<T> = (response, context) => settle(description, response, context);
  return content
    ? new ComposedRequest(method as 'PROPPATCH' | 'ACL', path, content, flags, convert)
    : new RequestCall(method, path, body === undefined ? options?.body : body, flags, convert);
}

/**
 * Returns the options of a method, with the headers of the method added. If the caller has set a header of the same
 * name, the caller's header is used. @internal
 */
export function optionsOf({ options = noOptions, headers }: Method<unknown>): RequestOptions {
  if (!headers) return options;
  const given = fieldsOf(options.headers);
  return { ...options, headers: [...withoutReplaced(Object.entries(headers), given), ...given] };
}

/** The call of a method, and its options. @internal */
export function methodCall<T>(
  method: Method<T>,
  source: SessionSource,
): [call: RequestCall<T>, options: RequestOptions] {
  return [callOf(method, source), optionsOf(method)];
}

/**
 * Converts the response to the result of a method, or throws if the response is a failure. Returns a promise if the
 * response lists failures, and its body is still arriving.
 *
 * @throws `ERR_NEON_STATUS`, and `NE_ERROR` for an unexpected 2xx response
 */
function settle<T>(method: Method<T>, response: Response, context: CallContext): T | Promise<T> {
  if (!listsFailures(method, response)) return resultOf(method, response, undefined, context);
  if (response.isWhole) return resultOf(method, response, response.bytesSync(), context);
  return settleLater(method, response, context);
}

async function settleLater<T>(method: Method<T>, response: Response, context: CallContext): Promise<T> {
  const document = await documentOf(response);
  try {
    return resultOf(method, response, document, context);
  } catch (error) {
    throw addRequest(error, context);
  }
}

/** @param document the multi-status document of the response, if there is a document */
function resultOf<T>(method: Method<T>, response: Response, document: Uint8Array | undefined, context: CallContext): T {
  const { ok } = response;
  const found = document && failuresIn(document, context);
  // The document of an error response may be any XML. It is used only if it lists failures.
  const failures = ok || (found && found.list.length > 0) ? found : undefined;
  if (ok) {
    const failure = failures?.text ?? method.failure?.(response);
    if (failure === undefined) return method.result(response);
    throw unexpected(failure, response, document, failures);
  }
  const { status, reasonPhrase } = response;
  const failure = `${status} ${reasonPhrase}${failures ? ` (${failures.text})` : ''}`;
  throw statusError(failure, response.failed(document), failures?.list);
}

/** The error of a 2xx response that is a failure. */
function unexpected(
  failure: string,
  response: Response,
  document: Uint8Array | undefined,
  failures: Failures | undefined,
): NeonError {
  const failed = response.failed(document);
  if (failures && failures.list.length > 0) return statusError(failure, failed, failures.list);
  return new NeonError(failure, 'NE_ERROR', {
    status: response.status,
    response: failed,
    ...(failures && { failures: [] }),
  });
}

/**
 * Whether the body of a response may list failures. The status need not be 207: mod_dav also sends multi-status
 * documents with error statuses.
 */
function listsFailures({ multistatus }: Method<unknown>, response: Response): boolean {
  if (!multistatus) return false;
  const { status, ok } = response;
  return status === 207 || (!ok && isXml(response.headers['content-type']));
}

/**
 * The maximum length of a document in an error response, in bytes. A longer document is ignored, because the status is
 * enough, unless it has arrived already.
 */
const maxErrorBytes = 64 * 1024;

/** Reads the multi-status document of a response that is still arriving; undefined if an error response is too long. */
function documentOf(response: Response): Promise<Uint8Array | undefined> {
  return response.ok ? response.bytes() : response.bytes({ maxBytes: maxErrorBytes }).catch(() => undefined);
}

/** Describes a method whose result is its response. @internal */
export function plain(method: string, target: Target, options: RequestOptions | undefined): Method<Response> {
  return { method, target, options, result: unchanged };
}

/**
 * Describes a method that changes resources. If the response is a 207, it lists the resources for which the method
 * failed. @internal
 */
export function changing(method: string, target: Target, options: RequestOptions | undefined): Method<Response> {
  return { ...plain(method, target, options), multistatus: true };
}

/** @internal */
export function send(
  method: string,
  target: Target,
  body: Body,
  options: RequestOptions | undefined,
): Method<Response> {
  if ((body as unknown) === undefined) throw invalidType('body', "a body ('' for an empty one)", body);
  // When mod_dav refuses a PUT into a locked collection, the response is a 207. For a POST, a 207 means whatever the
  // server decides.
  return { ...(method === 'PUT' ? changing : plain)(method, target, options), body, known: bodyOptions };
}

/** @internal */
export function mkcol(target: Target, options: RequestOptions | undefined): Method<Response> {
  return { ...changing('MKCOL', target, options), collection: true };
}

/** @internal */
export function copyOrMove(
  method: 'COPY' | 'MOVE',
  source: Target,
  destination: string,
  options: CopyOptions = {},
): Method<Response> {
  requireKnown(options, method === 'COPY' ? copyOptions : moveOptions);
  const { overwrite = true, depth = 'infinity', ...rest } = options;
  if (typeof overwrite !== 'boolean') throw invalidType('overwrite', 'of type boolean', overwrite);
  if (depth !== 0 && (depth as unknown) !== 'infinity')
    throw invalidValue(`The "depth" of a copy must be 0 or 'infinity'. Received ${shown(depth)}`);
  const headers = { Destination: destination, Overwrite: overwrite ? 'T' : 'F' };
  const depths = method === 'COPY' ? { Depth: String(depth) } : {};
  return { ...changing(method, source, rest), headers: { ...headers, ...depths } };
}

/** @internal */
export function proppatch(
  target: Target,
  changes: PropertyChanges | readonly PropertyChanges[],
  options: RequestOptions | undefined,
): Method<Response> {
  return { ...changing('PROPPATCH', target, options), content: operationsOf(changes), known: bodyOptions };
}

/** @internal */
export function setAcl(
  target: Target,
  entries: readonly AclEntry[],
  options: RequestOptions | undefined,
): Method<Response> {
  return { ...changing('ACL', target, options), content: entriesOf(entries), known: bodyOptions };
}

/** @internal */
export function options(target: Target, options: RequestOptions | undefined): Method<Capabilities> {
  return { ...plain('OPTIONS', target, options), result: capabilities };
}

/** @internal */
export function getModTime(target: Target, options: RequestOptions | undefined): Method<Date | null> {
  return { ...plain('HEAD', target, options), result: modificationTime };
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
  return dateOf(headers['last-modified'] ?? '');
}

/** @internal */
export function getRange(target: Target, range: ByteRange, options: RequestOptions | undefined): Method<Response> {
  if (!isObject(range)) throw invalidType('range', 'of type object', range);
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
      const sent = status === 206 ? 'another range' : 'all of the resource';
      return `bytes ${start}-${end ?? ''} were requested, the server sent ${sent}`;
    },
  };
}

/** @internal */
export function requirePosition(name: string, value: unknown, min: number): void {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < min) throw outOfRange(name, `>= ${min}`, value);
}
