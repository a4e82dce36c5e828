/** The options `redirect` and `maxRedirects`: where a request is sent next. */
import { invalidType, invalidValue, NeonError, outOfRange } from '../core/errors.js';
import { dropStream, headersOf, type RawResponse } from './head.js';

/** How responses that redirect are handled. */
export interface RedirectOptions {
  /**
   * `'manual'` (the default): a redirect is treated like any other response. `'error'`: the request rejects with
   * `NE_REDIRECT`; the `location` of the error is the new URI. `'follow'`: the request is sent to the new target if the
   * target is on the same server. Otherwise the request rejects as with `'error'`.
   */
  redirect?: 'manual' | 'error' | 'follow' | undefined;
  /**
   * The maximum number of redirects of one request. If there are more, the request rejects with `NE_REDIRECT`. Default
   * 10.
   */
  maxRedirects?: number | undefined;
}

/** Where a request is sent again. @internal */
export interface Redirection {
  readonly target: string;
  /** Whether the request becomes a GET without a body. */
  readonly asGet: boolean;
}

/** A request that a response redirects. @internal */
export interface Redirectable {
  readonly method: string;
  readonly target: string;
  /** Whether the request can be sent again to another target. */
  readonly repeatable: boolean;
  /** Whether a redirect may turn the request into a GET. */
  readonly becomesGet: boolean;
}

const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];

/** How redirects are handled, according to the options of a session and of a call. @internal */
export class Redirects {
  /** Whether a redirect is treated like any other response. */
  readonly manual: boolean;
  readonly #mode: NonNullable<RedirectOptions['redirect']>;
  readonly #max: number;

  /** @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid option */
  constructor({ redirect = 'manual', maxRedirects = 10 }: RedirectOptions) {
    if (typeof redirect !== 'string') throw invalidType('redirect', 'of type string', redirect);
    if (!['manual', 'error', 'follow'].includes(redirect))
      throw invalidValue(`The option "redirect" must be 'manual', 'error' or 'follow'. Received '${redirect}'`);
    if (typeof maxRedirects !== 'number') throw invalidType('maxRedirects', 'of type number', maxRedirects);
    if (!Number.isSafeInteger(maxRedirects) || maxRedirects < 0) throw outOfRange('maxRedirects', '>= 0', maxRedirects);
    this.manual = redirect === 'manual';
    this.#mode = redirect;
    this.#max = maxRedirects;
  }

  /** Returns the handling for one call, whose options take precedence over those of the session. */
  with({ redirect, maxRedirects }: RedirectOptions): Redirects {
    return new Redirects({ redirect: redirect ?? this.#mode, maxRedirects: maxRedirects ?? this.#max });
  }

  /**
   * Returns the next destination of a request to this server, or undefined if the response is not a redirect.
   *
   * @param count the number of redirects that the request has already followed
   * @throws `NE_REDIRECT` when the request must not be sent to the new target
   */
  next(request: Redirectable, response: RawResponse, origin: string, count: number): Redirection | undefined {
    const [status, head, , stream] = response;
    if (!redirectStatuses.includes(status)) return undefined;
    const { location } = headersOf(head.split('\n'));
    if (location === undefined) return undefined;
    if (stream) dropStream(stream);
    const { method, target, repeatable, becomesGet } = request;
    const base = new URL(target.startsWith('/') ? origin + target : origin);
    const url = URL.canParse(location, base.href) ? new URL(location, base) : undefined;
    const refuse = (why: string): never => {
      const to = url?.href ?? location;
      throw new NeonError(`${why}: ${to}`, 'NE_REDIRECT', { status, location: to });
    };
    if (this.#mode === 'error') return refuse('The request is redirected');
    if (url?.origin !== base.origin) return refuse('The redirect is not to a target on this server');
    if (count >= this.#max) return refuse(`The request is redirected more than ${this.#max} times`);
    // As in browsers, only 307 and 308 leave a POST unchanged.
    const asGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST';
    if (asGet && !becomesGet) return refuse('The redirect asks for a GET instead');
    if (!asGet && !repeatable) return refuse('The request is redirected, and its body cannot be sent again');
    return { target: url.pathname + url.search, asGet };
  }
}
