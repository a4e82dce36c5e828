/** Calls that send a request of any method, with a body from the caller. */
import { types } from 'node:util';

import { invalidChar, invalidType, invalidValue } from '../core/errors.js';
import { token } from '../core/handle.js';
import { addon } from '../core/load.js';
import { native } from '../core/native.js';
import { isInstance } from '../core/objects.js';
import { NE_REQFLAG_EXPECT100, NE_REQFLAG_IDEMPOTENT } from '../ne/constants.js';
import type { ne_session } from '../ne/handles.js';
import { type Body, isSimple, prepareBody, type PreparedBody, requireLength } from './body.js';
import type { Call, CallContext, CallRun } from './call.js';
import { type CallSettings, type HeaderField, optionsText, requireLine, withoutReplaced } from './call-options.js';
import type { RawResponse } from './head.js';
import type { Redirection } from './redirect.js';
import { Response } from './response.js';
import { takeWholeFile } from './whole-file.js';

/**
 * The native function that performs a request. It has few parameters, because reading each one costs a call of
 * Node-API. The parameter `request` contains the method, the target and the options; see `read_request` in
 * binding/classes/exchange/recipe.h.
 */
type Exchange<R> = (session: ne_session, request: string, body?: PreparedBody['body']) => R;
const exchangeSync: Exchange<RawResponse> = native('exchange');
const exchange = addon.async['exchange'] as unknown as Exchange<void>;

/** Converts the response to a request to the result of a call. @internal */
export type Convert<Result> = (response: Response, context: CallContext) => Result | Promise<Result>;

/** The request options that are passed to neon as flags. @internal */
export interface FlagOptions {
  readonly expect100?: boolean | undefined;
  readonly idempotent?: boolean | undefined;
}

/**
 * A request with any method, any headers and a body from the caller. Its result is the response, or what `convert`
 * makes from the response. @internal
 */
export class RequestCall<Result = Response> implements Call<RawResponse, Result> {
  readonly becomesGet = true;
  #body: Body | undefined;
  #release: (() => void) | undefined;

  /** @param flags a flat list: the number of a flag (`NE_REQFLAG_*`), its value, the next number, and so on */
  constructor(
    readonly method: string,
    readonly target: string,
    body: Body | undefined,
    protected readonly flags: readonly number[],
    protected readonly convert: Convert<Result> | undefined,
  ) {
    this.#body = typeof body === 'object' ? (takeWholeFile(body) ?? body) : body;
  }

  send(session: ne_session, settings: CallSettings): void {
    const body = this.#prepareBody(settings, false);
    exchange(session, this.#request(settings), body);
  }

  sendSync(session: ne_session, settings: CallSettings): RawResponse {
    const body = this.#prepareBody(settings, true);
    return exchangeSync(session, this.#request(settings), body);
  }

  settle(raw: RawResponse, run: CallRun): Result | Promise<Result> {
    const response = new Response(raw, run, token);
    // Without a function that converts it, the response is the result.
    return this.convert ? this.convert(response, run.context) : (response as Result);
  }

  responseOf(raw: RawResponse): RawResponse {
    return raw;
  }

  hold(): void {
    if (types.isUint8Array(this.#body)) this.#body = Buffer.from(this.#body);
  }

  release(): void {
    this.#release?.();
  }

  redirected({ target, asGet }: Redirection): RequestCall<Result> {
    return asGet ? new RequestCall('GET', target, undefined, noFlags, this.convert) : this.to(target);
  }

  /** Returns this request with another target. */
  protected to(target: string): RequestCall<Result> {
    return new RequestCall(this.method, target, this.#body, this.flags, this.convert);
  }

  /** Whether the body can be sent again: any body except a stream or an iterable. */
  get repeatable(): boolean {
    const body = this.#body;
    if (typeof body !== 'object' || ArrayBuffer.isView(body)) return true;
    return isInstance(body, Blob) || 'file' in body || 'fd' in body;
  }

  /** The text of the request for the native function. */
  #request({ headers, inflate }: CallSettings): string {
    const { method, flags } = this;
    const limit = method === 'HEAD' ? 0 : inflate; // the response to a HEAD has no body
    // neon itself adds the Content-Length header if there is a body.
    const hasOwn = this.#body !== undefined && announcedLength(headers) !== undefined;
    const fields = hasOwn ? withoutReplaced(headers, [['Content-Length', '']]) : headers;
    const request = `${method} ${this.target}`;
    requireLine('request', request);
    return `${request}\n${optionsText(fields, limit, flags)}`;
  }

  #prepareBody({ headers }: CallSettings, blocking: boolean): PreparedBody['body'] | undefined {
    const body = this.#body;
    const announced = announcedLength(headers);
    if (body === undefined || isSimple(body)) {
      if (announced !== undefined) requireLength(announced, body === undefined ? 0 : Buffer.byteLength(body));
      return body;
    }
    const prepared = prepareBody(body, announced, blocking);
    this.#release = prepared.release;
    return prepared.body;
  }
}

/** The call of a request with these options. @internal */
export function requestCall(
  method: string,
  target: string,
  options: FlagOptions & { readonly body?: Body | undefined },
): RequestCall {
  return new RequestCall(validMethod(method), target, options.body, flagsOf(method, options), undefined);
}

/**
 * The methods whose requests may be sent again without harm. RFC 9110 (section 9.2.2) and IANA's registry of HTTP
 * methods call these methods idempotent.
 */
const idempotentMethods: ReadonlySet<string> = new Set(
  (
    'ACL BASELINE-CONTROL BIND CHECKIN CHECKOUT COPY DELETE GET HEAD LABEL LINK MERGE MKACTIVITY MKCALENDAR MKCOL ' +
    'MKREDIRECTREF MKWORKSPACE MOVE OPTIONS ORDERPATCH PROPFIND PROPPATCH PUT QUERY REBIND REPORT SEARCH TRACE UNBIND ' +
    'UNCHECKOUT UNLINK UNLOCK UPDATE UPDATEREDIRECTREF VERSION-CONTROL'
  ).split(' '),
);

/** The flags of a request, in the form that its native function accepts. @internal */
export function flagsOf(method: string, { expect100, idempotent }: FlagOptions): readonly number[] {
  requireBoolean('expect100', expect100);
  requireBoolean('idempotent', idempotent);
  const repeats = idempotent ?? idempotentMethods.has(method);
  if (repeats && expect100 === undefined) return noFlags;
  const flags: number[] = [];
  if (expect100 !== undefined) flags.push(NE_REQFLAG_EXPECT100, expect100 ? 1 : 0);
  if (!repeats) flags.push(NE_REQFLAG_IDEMPOTENT, 0); // neon's default is 1
  return flags;
}

const noFlags: readonly number[] = [];

function requireBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
}

/** Checks that a method is a token of RFC 9110. @internal */
export function validMethod(method: unknown): string {
  if (typeof method !== 'string') throw invalidType('method', 'of type string', method);
  if (!idempotentMethods.has(method) && !/^[\w!#$%&'*+.^`|~-]+$/.test(method))
    throw invalidChar('method', 'it must be a token');
  return method;
}

/** The value of the `Content-Length` header, which announces the length of the body; undefined without the header. */
function announcedLength(headers: readonly HeaderField[]): number | undefined {
  if (headers.length === 0) return undefined;
  const header = headers.find(([name]) => name.toLowerCase() === 'content-length');
  if (!header) return undefined;
  const length = Number(header[1]);
  if (!/^\d+$/.test(header[1]) || !Number.isSafeInteger(length))
    throw invalidValue(`The Content-Length header must be a number of bytes: '${header[1]}'`);
  return length;
}
