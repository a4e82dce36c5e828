/** Sends the requests of a client: through session pools, with authentication and redirects. */
import { Readable } from 'node:stream';

import { invalidType, invalidValue, outOfRange } from '../core/errors.js';
import { SessionPool, type SessionPoolOptions } from '../classes/pool.js';
import type { RequestOptions as PoolRequestOptions } from '../classes/request.js';
import type { ProgressEvent as PoolProgressEvent } from '../classes/status.js';
import { bodyOf } from './data.js';
import { authorization, digestContext, noteChallenge, startsWithDigest } from './digest.js';
import { failureOf, statusError, WebDAVRequestError } from './errors.js';
import { hasHeader, merged, without } from './headers.js';
import { DavResponse } from './response.js';
import { AuthType, type Headers, type ProgressEventCallback, type WebDAVClientContext } from './types.js';

/** A client: its state, and the pools of the servers that it has sent requests to. */
export interface Client extends WebDAVClientContext {
  /** The origin of the client's URL; undefined if that is not a URL. */
  readonly origin: string | undefined;
  /** The pools by origin: requests may be redirected to other servers. */
  readonly pools: Map<string, SessionPool>;
  readonly poolOptions: SessionPoolOptions;
}

/** A request of a client. */
export interface Outgoing {
  readonly method: string;
  readonly url: string;
  /** The headers of the method. Those of the client come first, those of the caller last. */
  readonly headers: Headers;
  readonly data?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly maxRedirects?: number | undefined;
  readonly onUploadProgress?: ProgressEventCallback | undefined;
  readonly onDownloadProgress?: ProgressEventCallback | undefined;
}

/** A request to one URL, with its body converted. */
interface Hop {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string | Uint8Array | Readable | undefined;
  readonly options: PoolRequestOptions;
  /** Whether the request goes to the server that the credentials are for. */
  readonly isOwn: boolean;
}

/** How many redirects `fetch` follows. */
const defaultRedirects = 20;
const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];

/**
 * Sends a request; resolves to the response if its status is below 400.
 *
 * Rejects with a {@link WebDAVClientError} for other statuses.
 */
export async function send(client: Client, request: Outgoing): Promise<DavResponse> {
  const response = await exchange(client, request);
  if (response.status >= 400) throw statusError(response);
  return response;
}

/** Sends a request whose response has no body of interest. */
export async function run(client: Client, request: Outgoing): Promise<number> {
  const response = await send(client, request);
  response.cancel();
  return response.status;
}

async function exchange(client: Client, request: Outgoing): Promise<DavResponse> {
  const { maxRedirects = defaultRedirects, signal } = request;
  if (typeof maxRedirects !== 'number') throw invalidType('maxRedirects', 'of type number', maxRedirects);
  if (!Number.isSafeInteger(maxRedirects) || maxRedirects < 0) throw outOfRange('maxRedirects', '>= 0', maxRedirects);
  let hop = firstHop(client, request);
  if (hop.body instanceof Readable && needsChallenge(client)) await probe(client, hop);
  for (let count = 0; ; count++) {
    const { url } = hop;
    const response = await sendAuthenticated(client, hop, count > 0, signal);
    const location = redirectStatuses.includes(response.status) ? response.headers.get('location') : null;
    if (location === null || (request.maxRedirects === 0 && count === 0)) return response;
    response.cancel();
    if (count >= maxRedirects) throw refused('max-redirect', `maximum redirect reached at: ${url.href}`);
    hop = redirected(client, hop, response.status, location);
  }
}

function firstHop(client: Client, request: Outgoing): Hop {
  const { data, url, signal, onUploadProgress, onDownloadProgress } = request;
  const parsed = urlOf(url);
  const method = request.method.toUpperCase();
  const { body, contentType, isJSON } = data === undefined ? { body: undefined } : bodyOf(data);
  if (body !== undefined && (method === 'GET' || method === 'HEAD'))
    throw Object.assign(new TypeError('Request with GET/HEAD method cannot have body'), {
      code: 'ERR_INVALID_ARG_VALUE',
    });
  let headers = request.headers;
  if (contentType !== undefined && (isJSON || !hasHeader(headers, 'content-type')))
    headers = merged(headers, { 'Content-Type': contentType });
  const options: PoolRequestOptions = { redirect: 'manual' };
  if (signal !== undefined) options.signal = signal;
  if (onUploadProgress || onDownloadProgress) options.onProgress = progress(onUploadProgress, onDownloadProgress);
  const needsLength = body === undefined && (method === 'PUT' || method === 'POST');
  return { method, url: parsed, headers, body: needsLength ? '' : body, options, isOwn: isOwn(client, parsed) };
}

/** Parses a URL. Errors do not contain its text, which may include a password. */
function urlOf(text: string): URL {
  if (!URL.canParse(text))
    throw Object.assign(new TypeError('The URL of the client or of the request is not a URL'), {
      code: 'ERR_INVALID_URL',
    });
  const url = new URL(text);
  if (url.username || url.password)
    throw invalidValue('A URL must not hold a user name or password: use the options "username" and "password"');
  return url;
}

function progress(
  onUpload: ProgressEventCallback | undefined,
  onDownload: ProgressEventCallback | undefined,
): (event: PoolProgressEvent) => void {
  return ({ type, progress: loaded, total = 0 }) => {
    (type === 'sending' ? onUpload : onDownload)?.({ loaded, total });
  };
}

const isOwn = ({ origin }: Client, url: URL): boolean => url.origin === origin;

async function sendAuthenticated(
  client: Client,
  hop: Hop,
  wasRedirected: boolean,
  signal: AbortSignal | undefined,
): Promise<DavResponse> {
  const response = await sendOnce(client, hop, wasRedirected, signal);
  if (!hop.isOwn) return response;
  if (client.authType === AuthType.Auto && response.ok) client.authType = AuthType.Password;
  if (response.status !== 401) return response;
  const challenge = response.headers.get('www-authenticate') ?? '';
  if (client.authType === AuthType.Auto && startsWithDigest(challenge)) {
    client.authType = AuthType.Digest;
    client.digest = digestContext(client.username ?? '', client.password ?? '', client.ha1);
  }
  // A stream is used up; a challenge was obtained before.
  if (!client.digest || hop.body instanceof Readable || !noteChallenge(client.digest, challenge)) return response;
  response.cancel();
  return sendOnce(client, hop, wasRedirected, signal);
}

async function sendOnce(
  client: Client,
  { method, url, headers, body, options, isOwn: signs }: Hop,
  wasRedirected: boolean,
  signal: AbortSignal | undefined,
): Promise<DavResponse> {
  const target = url.pathname + url.search;
  const { digest } = client;
  const signed =
    signs && digest?.hasDigestAuth
      ? merged(headers, { Authorization: authorization(digest, method, target) })
      : headers;
  try {
    const given = body === undefined ? { ...options, headers: signed } : { ...options, headers: signed, body };
    const response = await poolOf(client, url).request(method, target, given);
    return new DavResponse(response, url.href, wasRedirected, signal);
  } catch (error) {
    throw failureOf(error, url.href, signal);
  }
}

/** Whether a request without a body must come first, because a stream cannot be sent a second time. */
function needsChallenge({ authType, digest }: Client): boolean {
  return authType === AuthType.Auto || (authType === AuthType.Digest && !digest?.hasDigestAuth);
}

/** Obtains a challenge, if the server has one for this URL. */
async function probe(client: Client, { url, headers, options, isOwn: signs }: Hop): Promise<void> {
  const { signal } = options;
  const asked: Hop = {
    method: 'PROPFIND',
    url,
    headers: merged(without(headers, 'content-length', 'content-type', 'if-none-match'), { Depth: '0' }),
    body: undefined,
    options: { redirect: 'manual', signal },
    isOwn: signs,
  };
  const response = await sendAuthenticated(client, asked, false, signal ?? undefined);
  response.cancel();
}

function redirected(client: Client, hop: Hop, status: number, location: string): Hop {
  const { method, url, headers, body } = hop;
  if (!URL.canParse(location, url.href) || !/^https?:$/.test(new URL(location, url).protocol))
    throw refused('invalid-redirect', `uri requested responds with an invalid redirect URL: ${location}`);
  const next = new URL(location, url);
  const asGet = status === 303 || (status < 303 && method === 'POST');
  if (!asGet && body instanceof Readable)
    throw refused('unsupported-redirect', 'Cannot follow redirect with body being a readable stream');
  const kept = next.origin === url.origin ? headers : without(headers, 'authorization', 'cookie', 'cookie2');
  return {
    ...hop,
    method: asGet ? 'GET' : method,
    url: next,
    headers: asGet ? without(kept, 'content-length', 'content-type') : kept,
    body: asGet ? undefined : body,
    isOwn: isOwn(client, next),
  };
}

function refused(type: WebDAVRequestError['type'], message: string): WebDAVRequestError {
  return new WebDAVRequestError(type, message, type);
}

export function poolOf(client: Client, { origin, protocol }: URL): SessionPool {
  let pool = client.pools.get(origin);
  if (!pool) {
    const { tls, ...options } = client.poolOptions;
    pool = new SessionPool(origin, protocol === 'https:' && tls !== undefined ? { ...options, tls } : options);
    client.pools.set(origin, pool);
  }
  return pool;
}
