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
import type { Call, CallRun } from './call.js';
import { type CallSettings, type HeaderField, optionsText, withoutReplaced } from './call-options.js';
import type { RawResponse } from './head.js';
import type { Redirection } from './redirect.js';
import { Response } from './response.js';
import { takeWholeFile } from './whole-file.js';

/**
 * The native function that performs a request. It has few parameters, because reading each one costs a call of
 * Node-API. The parameter `request` contains both the method and the target.
 */
type Exchange<R> = (
  session: ne_session,
  request: string,
  options: string,
  flags: readonly number[],
  body: PreparedBody['body'] | undefined,
) => R;
type ExchangeValues = Parameters<Exchange<unknown>> extends [ne_session, ...infer Values] ? Values : never;
const exchangeSync: Exchange<RawResponse> = native('exchange');
const exchange = addon.async['exchange'] as unknown as Exchange<Promise<RawResponse>>;

/** The request options that are passed to neon as flags. @internal */
export interface FlagOptions {
  readonly expect100?: boolean | undefined;
  readonly idempotent?: boolean | undefined;
}

/** A request with any method, any headers and a body from the caller. Its result is the response. @internal */
export class RequestCall implements Call<RawResponse, Response> {
  readonly becomesGet = true;
  #body: Body | undefined;
  #release: (() => void) | undefined;

  /** @param flags a flat list: the number of a flag (`NE_REQFLAG_*`), its value, the next number, and so on */
  constructor(
    readonly method: string,
    readonly target: string,
    body: Body | undefined,
    protected readonly flags: readonly number[],
  ) {
    this.#body = takeWholeFile(body) ?? body;
  }

  send(session: ne_session, { headers, inflate }: CallSettings): Promise<RawResponse> {
    return exchange(session, ...this.#values(headers, inflate, false));
  }

  sendSync(session: ne_session, { headers, inflate }: CallSettings): RawResponse {
    return exchangeSync(session, ...this.#values(headers, inflate, true));
  }

  settle(raw: RawResponse, run: CallRun): Response {
    return new Response(raw, run, token);
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

  redirected({ target, asGet }: Redirection): RequestCall {
    return asGet ? new RequestCall('GET', target, undefined, []) : this.to(target);
  }

  /** Returns this request with another target. */
  protected to(target: string): RequestCall {
    return new RequestCall(this.method, target, this.#body, this.flags);
  }

  /** Whether the body can be sent again: any body except a stream or an iterable. */
  get repeatable(): boolean {
    const body = this.#body;
    if (typeof body !== 'object' || ArrayBuffer.isView(body)) return true;
    return isInstance(body, Blob) || 'file' in body || 'fd' in body;
  }

  /** The arguments of the native function, after the session. */
  #values(headers: readonly HeaderField[], inflate: number, blocking: boolean): ExchangeValues {
    const { method, flags } = this;
    const request = `${method} ${this.target}`;
    const limit = method === 'HEAD' ? 0 : inflate; // the response to a HEAD has no body
    const body = this.#body;
    const announced = announcedLength(headers);
    // neon itself adds the Content-Length header if it knows the length.
    const fields = announced === undefined ? headers : withoutReplaced(headers, [['Content-Length', '']]);
    if (body === undefined || isSimple(body)) {
      requireLength(announced, body === undefined ? 0 : Buffer.byteLength(body));
      return [request, optionsText(body === undefined ? headers : fields, limit), flags, body];
    }
    const prepared = prepareBody(body, announced, blocking);
    this.#release = prepared.release;
    return [request, optionsText(fields, limit), flags, prepared.body];
  }
}

/** The call of a request with these options. @internal */
export function requestCall(
  method: string,
  target: string,
  options: FlagOptions & { readonly body?: Body | undefined },
): RequestCall {
  return new RequestCall(validMethod(method), target, options.body, flagsOf(method, options));
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
export function flagsOf(method: string, { expect100, idempotent }: FlagOptions): number[] {
  const flags: number[] = [];
  requireBoolean('expect100', expect100);
  requireBoolean('idempotent', idempotent);
  if (expect100 !== undefined) flags.push(NE_REQFLAG_EXPECT100, expect100 ? 1 : 0);
  const repeats = idempotent ?? idempotentMethods.has(method);
  if (!repeats) flags.push(NE_REQFLAG_IDEMPOTENT, 0); // neon's default is 1
  return flags;
}

function requireBoolean(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
}

/** Checks that a method is a token of RFC 9110. @internal */
export function validMethod(method: unknown): string {
  if (typeof method !== 'string') throw invalidType('method', 'of type string', method);
  if (!/^[\w!#$%&'*+.^`|~-]+$/.test(method)) throw invalidChar('method', 'it must be a token');
  return method;
}

/** The value of the `Content-Length` header, which announces the length of the body; undefined without the header. */
function announcedLength(headers: readonly HeaderField[]): number | undefined {
  const header = headers.find(([name]) => name.toLowerCase() === 'content-length');
  if (!header) return undefined;
  const length = Number(header[1]);
  if (!/^\d+$/.test(header[1]) || !Number.isSafeInteger(length))
    throw invalidValue(`The Content-Length header must be a number of bytes: '${header[1]}'`);
  return length;
}
