/** Changes some bytes of a resource: `patchRange`. */
import { types } from 'node:util';

import { invalidType, invalidValue, NeonError, shown } from '../core/errors.js';
import { isInstance, isObject } from '../core/objects.js';
import { type Known, requireKnown } from '../core/options.js';
import type { Body } from './body.js';
import { fieldsOf } from './call-options.js';
import { addRequest } from './failure.js';
import {
  type ByteRange,
  type Capabilities,
  type Method,
  methodCall,
  options as optionsMethod,
  requirePosition,
  send as sendBody,
} from './methods.js';
import { requestOptions, type RequestOptions } from './request.js';
import type { Response } from './response.js';
import type { SessionSource } from './session-source.js';
import { send, type Steps } from './steps.js';
import type { Target } from './target.js';

/**
 * How servers change some bytes of a resource. `'patch'` is SabreDAV's way: PATCH with `X-Update-Range`. `'put'` is the
 * way of Apache's mod_dav: PUT with `Content-Range` (RFC 9110, section 14.5).
 */
export type PartialUpdate = 'patch' | 'put';

/** The options of `patchRange`. */
export interface PatchRangeOptions extends Omit<RequestOptions, 'body'> {
  /**
   * How the server changes some bytes. By default, an OPTIONS request asks for it first. A server that does not know
   * `'put'` may replace the whole resource by the bytes: give it only for a server that is known to support it.
   */
  partialUpdate?: PartialUpdate | undefined;
}

const { body: _body, ...bodyOptions } = requestOptions;
const patchRangeOptions: Known<PatchRangeOptions> = { ...bodyOptions, partialUpdate: true };

/** Changes some bytes of a resource; see `patchRange` of the classes. @internal */
export function* patchRange(
  source: SessionSource,
  target: Target,
  range: ByteRange,
  body: Body,
  given: PatchRangeOptions = {},
): Steps<Response> {
  requireKnown(given, patchRangeOptions);
  const { partialUpdate, ...options } = given;
  if (partialUpdate !== undefined && partialUpdate !== 'patch' && (partialUpdate as unknown) !== 'put')
    throw invalidValue(`The "partialUpdate" must be 'patch' or 'put'. Received ${shown(partialUpdate)}`);
  const { start, end } = requireRange(range, body);
  const way = partialUpdate ?? (yield* askWay(source, target, options));
  const method: Method<Response> =
    way === 'patch'
      ? {
          // Writing the same bytes again does no harm, unlike other uses of PATCH.
          ...sendBody('PATCH', target, body, { idempotent: true, ...options }),
          multistatus: true,
          headers: {
            'Content-Type': 'application/x-sabredav-partialupdate',
            'X-Update-Range': `bytes=${start}-${end}`,
            'Content-Length': String(end - start + 1),
          },
        }
      : {
          ...sendBody('PUT', target, body, options),
          headers: { 'Content-Range': `bytes ${start}-${end}/*`, 'Content-Length': String(end - start + 1) },
        };
  return yield* send(...methodCall(method, source));
}

function* askWay(source: SessionSource, target: Target, options: RequestOptions): Steps<PartialUpdate> {
  const { expect100: _expect100, idempotent: _idempotent, onProgress: _onProgress, ...common } = options;
  const { dav } = yield* send(...methodCall(optionsMethod(target, withoutConditions(common)), source));
  const way = wayOf({ dav });
  if (way) return way;
  const text = `the server does not say that it can change some bytes of the resource (its DAV header: ${dav.join(', ') || 'none'})`;
  const context = { method: 'OPTIONS', target: source.targetOf(target), origin: source.origin };
  throw addRequest(new NeonError(text, 'ERR_NEON_UNSUPPORTED'), context);
}

/** The question must not fail because of a condition on the resource. */
function withoutConditions(options: RequestOptions): RequestOptions {
  if (options.headers === undefined) return options;
  return { ...options, headers: fieldsOf(options.headers).filter(([name]) => !/^(if(-.*)?|content-.*)$/i.test(name)) };
}

function wayOf({ dav }: Pick<Capabilities, 'dav'>): PartialUpdate | undefined {
  if (dav.includes('sabredav-partialupdate')) return 'patch';
  // All of mod_dav's own file systems support ranges; other providers of mod_dav do not name this set of properties.
  return dav.includes('<http://apache.org/dav/propset/fs/1>') ? 'put' : undefined;
}

/** Checks the range, and computes its end from the body if need be. */
function requireRange(range: unknown, body: Body): Required<Pick<ByteRange, 'start'>> & { readonly end: number } {
  if (!isObject(range)) throw invalidType('range', 'of type object', range);
  requireKnown(range, rangeFields, 'range');
  const { start, end } = range as ByteRange;
  requirePosition('start', start, 0);
  const length = lengthOf(body);
  if (length === 0) throw invalidValue('The "body" is empty: a range has at least one byte');
  if (end === undefined) {
    if (length === undefined)
      throw invalidValue('The "range" needs an "end", because the length of the body is not known before it is sent');
    return { start, end: start + length - 1 };
  }
  requirePosition('end', end, start);
  if (length !== undefined && length !== end - start + 1)
    throw invalidValue(`The "range" has ${end - start + 1} bytes, but the body has ${length}`);
  return { start, end };
}

const rangeFields: Known<ByteRange> = { start: true, end: true };

/** The length of a body in bytes; undefined if it is not known before the body is read. */
function lengthOf(body: unknown): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body);
  if (types.isUint8Array(body)) return body.byteLength;
  if (isInstance(body, Blob)) return body.size;
  const length: unknown =
    isObject(body) && ('file' in body || 'fd' in body) && 'length' in body ? body.length : undefined;
  return typeof length === 'number' ? length : undefined;
}
