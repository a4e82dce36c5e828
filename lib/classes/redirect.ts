/** The options `redirect` and `maxRedirects`: where a request is sent next. */
import { type ErrorContext, invalidType, invalidValue, NeonError, outOfRange } from '../core/errors.js';

/** How responses that redirect are handled. */
export interface RedirectOptions {
  /**
   * `'manual'` (the default): they are responses like others. `'error'`: the request rejects with `NE_REDIRECT`, whose
   * `location` is the new URI. `'follow'`: the request is sent to the new target, when that is on the same server; else
   * it rejects as with `'error'`.
   */
  redirect?: 'manual' | 'error' | 'follow' | undefined;
  /** The maximum number of redirects of one request; the next one rejects with `NE_REDIRECT`. Default 10. */
  maxRedirects?: number | undefined;
}

/** Where a request is sent again. @internal */
export interface Redirection {
  readonly target: string;
  /** As a GET without a body. */
  readonly asGet: boolean;
}

/** A response that may redirect, and the request that it belongs to. @internal */
export interface Redirectable {
  readonly context: ErrorContext & { readonly method: string; readonly target: string; readonly origin: string };
  readonly status: number;
  readonly location: string;
  /** Whether the body of the request can be sent again. */
  readonly repeatable: boolean;
  /** The number of redirects that were followed before. */
  readonly count: number;
}

const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];

/** The handling of redirects, by the options of a session and of a call. @internal */
export class Redirects {
  /** Whether a response that redirects is a response like others. */
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

  /** Returns the handling with the options of a call, which take precedence over those of the session. */
  with({ redirect, maxRedirects }: RedirectOptions): Redirects {
    return new Redirects({ redirect: redirect ?? this.#mode, maxRedirects: maxRedirects ?? this.#max });
  }

  /** Where a request is sent next. Throws `NE_REDIRECT` when it must not be sent there. */
  next({ context, status, location, repeatable, count }: Redirectable): Redirection {
    const { method, target, origin } = context;
    const base = new URL(target.startsWith('/') ? origin + target : origin);
    const url = URL.canParse(location, base.href) ? new URL(location, base) : undefined;
    const refuse = (why: string): never => {
      const to = url?.href ?? location;
      throw new NeonError(`${why}: ${to}`, 'NE_REDIRECT', { ...context, status, location: to });
    };
    if (this.#mode === 'error') return refuse('The request is redirected');
    if (url?.origin !== base.origin) return refuse('The redirect is not to a target on this server');
    if (count >= this.#max) return refuse(`The request is redirected more than ${this.#max} times`);
    // As browsers do: only 307 and 308 keep a POST as it is.
    const asGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST';
    if (!asGet && !repeatable) return refuse('The request is redirected, and its body cannot be sent again');
    return { target: url.pathname + url.search, asGet };
  }
}

/** Whether a response with this status and `Location` header redirects. @internal */
export function redirects(status: number, location: string | undefined): location is string {
  return location !== undefined && redirectStatuses.includes(status);
}
