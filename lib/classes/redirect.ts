import type { Body } from './body.js';
import { ComposedRequest } from './composed-request.js';
import { invalidType, invalidValue, NeonError, outOfRange, type ErrorContext } from '../core/errors.js';
import type { HeadersInit, RequestOptions } from './request.js';
import type { Response } from './response.js';

/** What is done with responses that redirect. */
export interface RedirectOptions {
  /**
   * `'manual'` (the default): they are responses like others. `'error'`: the request rejects with `NE_REDIRECT`, whose
   * `location` says where to. `'follow'`: the request is sent to the new target, when that is on the same server; else it
   * rejects alike.
   */
  redirect?: 'manual' | 'error' | 'follow' | undefined;
  /** How often one request is redirected at most, before it rejects with `NE_REDIRECT`. Default 10. */
  maxRedirects?: number | undefined;
}

/** A request as it is sent, perhaps to another target than at first. */
export interface Hop extends Omit<RequestOptions, keyof RedirectOptions> {
  readonly method: string;
  readonly target: string;
}

/** What is done with redirects, by the options of a request and of its session. */
export class Redirects {
  readonly #mode: NonNullable<RedirectOptions['redirect']>;
  readonly #max: number;

  constructor({ redirect = 'manual', maxRedirects = 10 }: RedirectOptions) {
    if (typeof redirect !== 'string') throw invalidType('redirect', 'of type string', redirect);
    if (!['manual', 'error', 'follow'].includes(redirect))
      throw invalidValue(`The option "redirect" must be 'manual', 'error' or 'follow'. Received '${redirect}'`);
    if (typeof maxRedirects !== 'number') throw invalidType('maxRedirects', 'of type number', maxRedirects);
    if (!Number.isSafeInteger(maxRedirects) || maxRedirects < 0) throw outOfRange('maxRedirects', '>= 0', maxRedirects);
    this.#mode = redirect;
    this.#max = maxRedirects;
  }

  /** The same, but for what the options of a request say. */
  but(options: RedirectOptions): Redirects {
    if (typeof options !== 'object' || (options as unknown) === null)
      throw invalidType('options', 'of type object', options);
    const { redirect, maxRedirects } = options;
    if (redirect === undefined && maxRedirects === undefined) return this;
    return new Redirects({ redirect: redirect ?? this.#mode, maxRedirects: maxRedirects ?? this.#max });
  }

  /** Sends a request, and where it is redirected to. */
  async follow(origin: string, first: Hop, send: (hop: Hop) => Promise<Response>): Promise<Response> {
    for (let [hop, count] = [first, 0]; ; count++) {
      const response = await send(hop);
      const next = this.#next(origin, hop, response, count);
      if (!next) return response;
      hop = next;
    }
  }

  /** The same, blocking. */
  followSync(origin: string, first: Hop, send: (hop: Hop) => Response): Response {
    for (let [hop, count] = [first, 0]; ; count++) {
      const response = send(hop);
      const next = this.#next(origin, hop, response, count);
      if (!next) return response;
      hop = next;
    }
  }

  /** What is sent next, or nothing when the response is no redirect, or none that matters. */
  #next(origin: string, hop: Hop, response: Response, count: number): Hop | undefined {
    if (this.#mode === 'manual') return undefined;
    const { status, headers } = response;
    if (![301, 302, 303, 307, 308].includes(status) || headers['location'] === undefined) return undefined;
    response.cancel(); // one that arrived whole costs nothing
    const { method, target } = hop;
    const context = { method, target, origin, status, location: headers['location'] };
    const base = new URL(target.startsWith('/') ? origin + target : origin);
    const url = URL.canParse(context.location, base.href) ? new URL(context.location, base) : undefined;
    if (url) context.location = url.href;
    if (this.#mode === 'error') throw refusal('The request is redirected', context);
    if (url?.origin !== base.origin) throw refusal('The redirect is not to a target on this server', context);
    if (count >= this.#max) throw refusal(`The request is redirected more than ${this.#max} times`, context);
    const next = { ...hop, target: url.pathname + url.search };
    // What browsers do: only 307 and 308 keep a POST what it is.
    if (status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST')
      return { ...next, method: 'GET', body: undefined, headers: withoutContent(hop.headers) };
    if (!canBeSentAgain(hop.body)) throw refusal('The request is redirected, and its body cannot be sent again', context);
    return next;
  }
}

function refusal(what: string, context: ErrorContext): NeonError {
  return new NeonError(`${what}: ${context.location}`, 'NE_REDIRECT', context);
}

/** Whether it is no stream. */
function canBeSentAgain(body: Body | undefined): boolean {
  if (typeof body !== 'object' || ArrayBuffer.isView(body)) return true;
  return body instanceof Blob || body instanceof ComposedRequest || 'file' in body || 'fd' in body;
}

function withoutContent(headers: HeadersInit = {}): [string, string][] {
  const pairs = Symbol.iterator in headers ? [...headers] : Object.entries(headers);
  return pairs.filter(([name]) => !/^(content-|transfer-encoding$)/i.test(name)).map(([name, value]) => [name, value]);
}
