/** Sessions, each with one connection to one server, and their options. */
import { domainToASCII } from 'node:url';

import { net } from '../core/builtin.js';
import { invalidType, invalidValue, outOfRange, requireCount } from '../core/errors.js';
import { token } from '../core/handle.js';
import { liveRequests, refuseWhileLive } from '../core/live.js';
import { native } from '../core/native.js';
import { isArray, isInstance, isObject } from '../core/objects.js';
import { type Known, requireKnown } from '../core/options.js';
import { ne_forget_auth } from '../ne/auth.js';
import {
  ne_iaddr_ipv4,
  ne_iaddr_ipv6,
  NE_SESSFLAG_CONNAUTH,
  NE_SESSFLAG_EXPECT100,
  NE_SESSFLAG_ICYPROTO,
  NE_SESSFLAG_PERSIST,
  NE_SESSFLAG_RFC4918,
  NE_SESSFLAG_SHAREPOINT,
  NE_SESSFLAG_SSLv2,
  NE_SESSFLAG_STRICT,
  NE_SESSFLAG_TLS_SNI,
} from '../ne/constants.js';
import type { ne_inet_addr, ne_session } from '../ne/handles.js';
import {
  ne_close_connection,
  ne_get_scheme,
  ne_get_server_hostport,
  ne_get_session_flag,
  ne_session_create,
  ne_set_addrlist,
  ne_set_connect_timeout,
  ne_set_localaddr,
  ne_set_read_timeout,
  ne_set_session_flag,
  ne_set_useragent,
} from '../ne/session.js';
import { ne_iaddr_parse } from '../ne/socket.js';
import { authenticate, type AuthOptions } from './auth.js';
import { type CallDefaults, defaultFieldsOf, type HeadersInit, requireText } from './call-options.js';
import { ConvenienceMethods } from './convenience.js';
import { type DecompressOptions, inflationLimit } from './decompress.js';
import { flagNumber } from './flags.js';
import { type ProxyOptions, setProxy } from './proxy.js';
import { type RedirectOptions, Redirects } from './redirect.js';
import { type MethodName, Request, type RequestOptions } from './request.js';
import { type CloseOptions, type DestroyOptions, isForced } from './session-source.js';
import { SingleSession } from './single-session.js';
import type { ProgressEvent, ProgressWatch } from './status.js';
import type { Target } from './target.js';
import { requireKnownTLS, secure, type TLSOptions } from './tls.js';

/** The names of neon's session flags (`NE_SESSFLAG_*`). */
export const sessionFlags = {
  persist: NE_SESSFLAG_PERSIST,
  icyproto: NE_SESSFLAG_ICYPROTO,
  sslv2: NE_SESSFLAG_SSLv2,
  rfc4918: NE_SESSFLAG_RFC4918,
  connauth: NE_SESSFLAG_CONNAUTH,
  tlsSni: NE_SESSFLAG_TLS_SNI,
  expect100: NE_SESSFLAG_EXPECT100,
  sharepoint: NE_SESSFLAG_SHAREPOINT,
  strict: NE_SESSFLAG_STRICT,
} as const;

/** The name of a neon session flag (`NE_SESSFLAG_*`), for {@link Session.setFlag}. */
export type SessionFlag = keyof typeof sessionFlags;

const known: Known<SessionOptions> = {
  userAgent: true,
  readTimeout: true,
  connectTimeout: true,
  headers: true,
  flags: true,
  addresses: true,
  localAddress: true,
  proxy: true,
  auth: true,
  proxyAuth: true,
  tls: true,
  redirect: true,
  maxRedirects: true,
  decompress: true,
  maxUnreadBytes: true,
};

const dropSession: (session: ne_session) => void = native('dropSession');

function isDestroyed(session: ne_session): boolean {
  try {
    ne_get_scheme(session);
    return false;
  } catch {
    return true;
  }
}

/** The scheme of a session. */
export type Scheme = 'http' | 'https';

/** The options of a session. */
export interface SessionOptions extends RedirectOptions, DecompressOptions {
  /**
   * The product name in the header `User-Agent: product neon/VERSION`. Without this option, no such header is sent. In
   * C: `ne_set_useragent`.
   */
  userAgent?: string | undefined;
  /**
   * How long a read may take, in milliseconds: more than 0 and at most 2147483000. neon counts whole seconds, so the
   * value is rounded up. The option also limits how long a caller may go without reading a long body while other
   * requests wait; see {@link maxUnreadBytes}. Default: neon's 120000. In C: `ne_set_read_timeout`.
   */
  readTimeout?: number | undefined;
  /**
   * How long an attempt to connect may take, in milliseconds. The range and the rounding are those of
   * {@link readTimeout}. Default: until TCP gives up. In C: `ne_set_connect_timeout`.
   */
  connectTimeout?: number | undefined;
  /**
   * Headers for every request. If a call has a header of the same name, the header of the call is sent instead.
   * `Content-Length` and `Transfer-Encoding` are refused.
   */
  headers?: HeadersInit | undefined;
  /** neon flags to set, by name. Default: neon's defaults. In C: `ne_set_session_flag`. */
  flags?: Partial<Record<SessionFlag, boolean>> | undefined;
  /**
   * Network addresses, such as `'192.0.2.1'` or `'2001:db8::1'`, to try in this order. The name of the server is then
   * not looked up. Refused together with `proxy`. In C: `ne_set_addrlist`.
   */
  addresses?: readonly string[] | undefined;
  /**
   * The network address to connect from. Ignored if the server's address is of another family. In C:
   * `ne_set_localaddr`.
   */
  localAddress?: string | undefined;
  /** The proxy; see {@link ProxyOptions}. Default: no proxy. */
  proxy?: ProxyOptions | undefined;
  /**
   * The credentials for a server that asks for them. The entries of an array are tried in order. In C:
   * `ne_add_server_auth`.
   */
  auth?: AuthOptions | readonly AuthOptions[] | undefined;
  /**
   * The credentials for an HTTP proxy that asks for them. Default: the credentials in `proxy`. In C:
   * `ne_add_proxy_auth`.
   */
  proxyAuth?: AuthOptions | readonly AuthOptions[] | undefined;
  /** The options of TLS; see {@link TLSOptions}. Ignored without TLS. */
  tls?: TLSOptions | undefined;
  /**
   * How many bytes of a response body may be received into memory without being read, while other requests wait for the
   * session: an integer >= 0. At this limit, the waiting requests reject with `ERR_NEON_UNREAD_BODY` if the caller has
   * not touched the body, or has read nothing for {@link readTimeout}. Smaller values than 1 MiB count as 1 MiB: the
   * session receives that much ahead even if no requests wait. Default: 67108864 (64 MiB).
   */
  maxUnreadBytes?: number | undefined;
}

/**
 * A session with one server: `ne_session`. It has one connection, which is kept open between requests. Requests run one
 * after the other, in the order in which they were made. A request occupies the session until its response body is
 * read, cancelled or dropped. If other requests are waiting, an unread body is received into memory, up to
 * {@link SessionOptions.maxUnreadBytes}. Once the whole body has arrived, the next request runs.
 *
 * Emits `'status'` with a `StatusEvent` for each event of neon's notifier (`ne_set_notifier`). Events are emitted with
 * a short delay. neon does not wait for the listeners.
 *
 * @example
 * ```ts
 * const session = Session.open('http://dav.example.com/');
 * const response = await session.get('/hello.txt');
 * console.log(response.status, await response.text());
 * await session.close();
 * ```
 */
export class Session extends ConvenienceMethods {
  /** The `ne_session` of this session, for the functions of `libneon/ne`. */
  readonly handle: ne_session;
  /** `'http'` or `'https'`. */
  readonly scheme: Scheme;
  /** `'host[:port]'`, as in the Host header. */
  readonly hostport: string;

  readonly #source: SingleSession;

  /**
   * Creates a session: `ne_session_create`. Nothing is sent, and no name is looked up, before the first request.
   *
   * @param scheme `'http'` or `'https'`
   * @param hostname a host name or network address; an IPv6 address may have brackets. An international name is
   *   converted to ASCII
   * @param port 0 to 65535
   * @param base the URL that targets of requests may be relative to
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`, `ERR_OUT_OF_RANGE` or `ERR_INVALID_CHAR` for an invalid
   *   argument or option
   */
  constructor(scheme: Scheme, hostname: string, port: number, options: SessionOptions = {}, base?: URL) {
    requireScheme(scheme);
    requireKnown(options, known);
    if (options.tls !== undefined) requireKnownTLS(options.tls);
    const defaults = defaultsOf(options);
    const handle = ne_session_create(scheme, hostOf(hostname), port);
    const hostport = ne_get_server_hostport(handle);
    const source = new SingleSession(handle, `${scheme}://${hostport}`, base, defaults);
    super(source);
    this.#source = source;
    this.handle = handle;
    this.scheme = scheme;
    this.hostport = hostport;
    if (options.userAgent !== undefined) {
      ne_set_useragent(handle, options.userAgent); // also checks the type
      requireText('userAgent', options.userAgent);
    }
    setTimeouts(handle, options);
    setAddresses(handle, options);
    for (const [flag, value] of flagsOf(options)) this.setFlag(flag, value);
    setProxyAndAuth(handle, options);
    if (scheme === 'https') secure(handle, options.tls);
  }

  /**
   * Opens a session with the server of a URL. Targets of its requests may be relative to that URL. Nothing is sent yet.
   *
   * @throws `ERR_INVALID_URL` when `url` is not a URL, `ERR_INVALID_ARG_VALUE` for a scheme other than `http` and
   *   `https` or for a URL with a user name or password, and the errors of the constructor for invalid options
   *
   * @example
   * ```ts
   * const session = Session.open('https://dav.example.com/folder/', { userAgent: 'example/1.0' });
   * await session.get('file.txt'); // GET /folder/file.txt
   * ```
   */
  static open(url: string | URL, options?: SessionOptions): Session {
    const base = baseOf(url);
    const scheme = base.protocol.slice(0, -1);
    requireScheme(scheme);
    const port = base.port ? Number(base.port) : scheme === 'https' ? 443 : 80;
    return new Session(scheme, base.hostname, port, options, base);
  }

  /**
   * The number of live requests. This counts requests on their way, and requests whose response is still to be read. It
   * also counts requests of {@link createRequest} and `ne_request`s of `libneon/ne`, until they are destroyed.
   */
  get liveRequests(): number {
    return this.#source.live.size + (this.destroyed ? 0 : liveRequests(this.handle).length);
  }

  /** Whether the session is destroyed. */
  get destroyed(): boolean {
    return this.#source.destroyed;
  }

  /** @internal */
  watchProgress(onProgress: (event: ProgressEvent) => void): ProgressWatch {
    return this.#source.watch(onProgress);
  }

  /**
   * Sets a neon flag, by name or number (`NE_SESSFLAG_*`): `ne_set_session_flag`. neon ignores a flag that it does not
   * know.
   *
   * @throws `ERR_INVALID_ARG_VALUE` for an unknown name, `ERR_OUT_OF_RANGE` for a number that cannot be a flag,
   *   `ERR_NEON_BUSY` while requests are on their way, `ERR_NEON_DESTROYED`
   */
  setFlag(flag: SessionFlag | number, value: boolean): void {
    ne_set_session_flag(this.handle, flagNumber(sessionFlags, flag), value);
  }

  /**
   * Returns whether a flag is set; the flag is given by name or number (`NE_SESSFLAG_*`): `ne_get_session_flag`.
   * Returns undefined if this neon does not know the flag.
   *
   * @throws as {@link setFlag}
   */
  getFlag(flag: SessionFlag | number): boolean | undefined {
    const value = ne_get_session_flag(this.handle, flagNumber(sessionFlags, flag));
    return value < 0 ? undefined : value > 0;
  }

  /**
   * Makes neon forget the credentials that it uses. At the next challenge, neon requests credentials again. In C:
   * `ne_forget_auth`.
   *
   * @throws `ERR_NEON_BUSY` while requests are on their way, `ERR_NEON_DESTROYED`
   */
  forgetAuth(): void {
    ne_forget_auth(this.handle);
  }

  /**
   * Closes the connection, if one is open; the next request opens a new connection. In C: `ne_close_connection`.
   *
   * @throws `ERR_NEON_BUSY` while requests are on their way, `ERR_NEON_DESTROYED`
   */
  closeConnection(): void {
    ne_close_connection(this.handle);
  }

  /**
   * Creates a request to be filled and dispatched; it is live until it is destroyed.
   *
   * @param method a token: `'GET'`
   * @param target a path with an optional query, URI-escaped; a relative path needs {@link Session.open}
   * @param options the headers, body, flags, `decompress` and `onProgress` of the request; `signal` and `timeout` are
   *   options of {@link Request.dispatch}, and redirects are not followed
   * @throws `ERR_INVALID_CHAR` for a method that is not a token or a target that is not escaped, `ERR_INVALID_ARG_TYPE`
   *   or `ERR_INVALID_ARG_VALUE` for other invalid arguments, `ERR_NEON_DESTROYED` when the session is destroyed or
   *   closing
   */
  createRequest(method: MethodName, target: Target, options?: RequestOptions): Request {
    return new Request(token, this.#source, method, target, options);
  }

  /**
   * Closes the connection and frees the session. Does nothing if the session is already destroyed.
   *
   * @param options `force` aborts live requests first: they reject with `ERR_NEON_DESTROYED`
   * @throws `ERR_NEON_LIVE_REQUESTS` while requests are live, unless forced; `ERR_INVALID_ARG_TYPE` or
   *   `ERR_INVALID_ARG_VALUE` for invalid options
   */
  destroy(options: DestroyOptions = {}): void {
    const force = isForced(options);
    if (this.destroyed) return;
    // by ne_session_destroy
    if (isDestroyed(this.handle)) {
      this.#source.end();
      return;
    }
    if (!force) refuseWhileLive([...this.#source.live.descriptions, ...liveRequests(this.handle)]);
    this.#source.stopEvents();
    try {
      dropSession(this.handle);
    } finally {
      // A hook may have thrown, but the session is destroyed all the same.
      if (isDestroyed(this.handle)) this.#source.end();
    }
  }

  /**
   * Waits until no request is on its way and no body is being read, and until every request of {@link createRequest} is
   * destroyed. New requests are refused during the wait. After the wait, cancels the bodies that were never touched,
   * and destroys the session. A later attempt to read a cancelled body rejects with `ERR_NEON_DESTROYED`.
   *
   * Rejects with `ERR_NEON_LIVE_REQUESTS` when requests of `libneon/ne` are still live after the wait; the session then
   * stays open.
   *
   * @param options `timeout`, in milliseconds: aborts the requests that are live after that time, as
   *   `destroy({ force: true })` does. Rejects with `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or
   *   `ERR_OUT_OF_RANGE` for invalid options
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const drained = await this.#source.drain(options);
    try {
      this.destroy({ force: !drained });
    } finally {
      this.#source.reopen();
    }
  }

  /** Destroys the session; see {@link destroy}. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Closes the session; see {@link close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Returns the options of a session or pool that serve as defaults for its calls. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid option
 */
export function defaultsOf(options: SessionOptions): CallDefaults {
  const { maxUnreadBytes = 64 * 1024 * 1024, readTimeout = 120_000 } = options;
  requireCount('maxUnreadBytes', maxUnreadBytes);
  return {
    redirects: new Redirects(options),
    headers: defaultFieldsOf(options.headers),
    inflate: inflationLimit(options),
    limits: { maxUnreadBytes, patience: 1000 * secondsOf('readTimeout', readTimeout) },
  };
}

function flagsOf({ flags = {} }: SessionOptions): (readonly [SessionFlag, boolean])[] {
  if (!isObject(flags)) throw invalidType('flags', 'of type object', flags);
  return Object.entries(flags).map(([flag, value]) => {
    if (typeof value !== 'boolean') throw invalidType(`flags.${flag}`, 'of type boolean', value);
    return [flag as SessionFlag, value];
  });
}

/**
 * Parses the URL of a session or pool. Errors do not contain the text of the URL, which may include a password.
 * @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_URL`, and `ERR_INVALID_ARG_VALUE` for a URL with credentials
 */
export function baseOf(url: string | URL): URL {
  if (typeof url !== 'string' && !isInstance(url, URL))
    throw invalidType('url', 'of type string or an instance of URL', url);
  if (!URL.canParse(String(url)))
    throw Object.assign(new TypeError('The "url" argument is not a URL: it needs a scheme and a host'), {
      code: 'ERR_INVALID_URL',
    });
  const base = new URL(url);
  if (base.username || base.password)
    throw invalidValue('The URL of a session must not hold a user name or password: use the option "auth"');
  return base;
}

/** Returns the host in the form that neon accepts. */
function hostOf(hostname: unknown): string {
  if (typeof hostname !== 'string') throw invalidType('hostname', 'of type string', hostname);
  if (hostname.includes(':') && net().isIPv6(hostname)) return `[${hostname}]`;
  const host = /^[\0-\x7f]*$/.test(hostname) ? hostname : domainToASCII(hostname);
  if (host === '') throw invalidValue(`The "hostname" argument must be a host name or address. Received '${hostname}'`);
  return host;
}

function requireScheme(scheme: unknown): asserts scheme is Scheme {
  if (typeof scheme !== 'string') throw invalidType('scheme', 'of type string', scheme);
  if (scheme !== 'http' && scheme !== 'https')
    throw invalidValue(`The "scheme" argument must be 'http' or 'https'. Received '${scheme}'`);
}

function setTimeouts(handle: ne_session, { readTimeout, connectTimeout }: SessionOptions): void {
  if (readTimeout !== undefined) ne_set_read_timeout(handle, secondsOf('readTimeout', readTimeout));
  if (connectTimeout !== undefined) ne_set_connect_timeout(handle, secondsOf('connectTimeout', connectTimeout));
}

/** Converts a timeout in milliseconds to whole seconds. There is a maximum because C multiplies the seconds by 1000. */
function secondsOf(name: string, milliseconds: unknown): number {
  const max = 2_147_483_000;
  if (typeof milliseconds !== 'number') throw invalidType(name, 'of type number', milliseconds);
  if (!(milliseconds > 0 && milliseconds <= max)) throw outOfRange(name, `> 0 and <= ${max}`, milliseconds);
  return Math.ceil(milliseconds / 1000);
}

function setAddresses(handle: ne_session, { addresses, localAddress }: SessionOptions): void {
  if (addresses !== undefined) {
    if (!isArray(addresses)) throw invalidType('addresses', 'an instance of Array', addresses);
    if (addresses.length === 0) throw invalidValue('The option "addresses" must hold at least one address');
    const list = addresses.map((address: unknown) => addressOf('addresses', address));
    ne_set_addrlist(handle, list);
  }
  if (localAddress !== undefined) ne_set_localaddr(handle, addressOf('localAddress', localAddress));
}

function setProxyAndAuth(handle: ne_session, { proxy, addresses, auth, proxyAuth }: SessionOptions): void {
  if (proxy !== undefined && addresses !== undefined)
    throw invalidValue('The options "proxy" and "addresses" exclude each other');
  // Set the proxy first: Negotiate authenticates to the proxy that the session has at that time.
  const credentials = proxy === undefined ? undefined : setProxy(handle, proxy);
  if (auth !== undefined) authenticate(handle, 'auth', auth);
  const forProxy = proxyAuth ?? credentials;
  if (forProxy !== undefined) authenticate(handle, 'proxyAuth', forProxy);
}

function addressOf(name: string, text: unknown): ne_inet_addr {
  if (typeof text !== 'string') throw invalidType(name, 'of type string', text);
  const address = ne_iaddr_parse(text, text.includes(':') ? ne_iaddr_ipv6 : ne_iaddr_ipv4);
  if (!address) throw invalidValue(`This is not a network address: '${text}'`);
  return address;
}
