/** Makes the requests of the methods from their arguments and options. */
import { invalidType } from '../core/errors.js';
import { isObject } from '../core/objects.js';
import { requireKnown } from '../core/options.js';
import { merged } from './headers.js';
import { escapePath, joinURL } from './paths.js';
import type { Client, Outgoing } from './request.js';
import type { Headers, WebDAVMethodOptions } from './types.js';

/** What a method sends, unless the options of its caller say otherwise. */
export interface Call {
  readonly method: string;
  readonly headers?: Headers | undefined;
  readonly data?: unknown;
}

/** The headers of methods whose response is a document. */
export const acceptXML = 'text/plain,application/xml';

/**
 * Checks the options of a method, and returns them.
 *
 * @throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for an invalid or unknown option
 */
export function checked<Options extends object>(
  options: Options | undefined,
  known: Readonly<Record<string, true>>,
): Options {
  if (options === undefined) return {} as Options;
  requireKnown(options, known);
  const { headers } = options as WebDAVMethodOptions;
  if (headers !== undefined && !isObject(headers)) throw invalidType('headers', 'of type object', headers);
  return options;
}

/**
 * The URL of a path.
 *
 * @throws `ERR_INVALID_ARG_TYPE` unless it is text
 */
export function urlOf(client: Client, path: string): string {
  if (typeof path !== 'string') throw invalidType('path', 'of type string', path);
  return joinURL(client.remoteURL, escapePath(path));
}

/** The request of a method to a URL. */
export function requestOf(
  client: Client,
  url: string,
  { method, headers = {}, data }: Call,
  options: WebDAVMethodOptions,
): Outgoing {
  return {
    method,
    url,
    headers: merged(client.headers, headers, options.headers ?? {}),
    data: options.data === undefined ? data : options.data,
    signal: options.signal,
  };
}
