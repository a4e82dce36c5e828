import { authenticate, type AuthOptions } from './auth.js';
import { type DecompressOptions, inflationLimit } from './decompress.js';
import { invalidType, invalidValue, NeonError } from '../core/errors.js';
import { flagNumber } from './flags.js';
import { liveRequests, refuseWhileLive } from '../core/live.js';
import { LiveSet } from './live-set.js';
import type { Entry } from './propfind-batch.js';
import { inquire, type Inquiry, listSync, type PropfindOptions, type PropNamesOptions, type Work } from './propfind.js';
import { type LockHost, shareLocks } from './lock-manager.js';
import { BlockingLocking } from './locking-sync.js';
import { native } from '../core/native.js';
import * as ne from '../ne/index.js';
import { runCall, runCallSync } from './run-call.js';
import { type ProxyOptions, setProxy } from './proxy.js';
import { type Hop, type RedirectOptions, Redirects } from './redirect.js';
import { Request, type RequestOptions, type RequestOwner, validTarget } from './request.js';
import type { Response } from './response.js';
import { type ProgressEvent, type ProgressWatch, StatusEmitter } from './status.js';
import { secure, type TLSOptions } from './tls.js';

/** The names of neon's session flags (`NE_SESSFLAG_*`). */
export const sessionFlags = {
  persist: ne.NE_SESSFLAG_PERSIST,
  icyproto: ne.NE_SESSFLAG_ICYPROTO,
  sslv2: ne.NE_SESSFLAG_SSLv2,
  rfc4918: ne.NE_SESSFLAG_RFC4918,
  connauth: ne.NE_SESSFLAG_CONNAUTH,
  tlsSni: ne.NE_SESSFLAG_TLS_SNI,
  expect100: ne.NE_SESSFLAG_EXPECT100,
  sharepoint: ne.NE_SESSFLAG_SHAREPOINT,
  strict: ne.NE_SESSFLAG_STRICT,
} as const;

/** The name of a session flag. */
export type SessionFlag = keyof typeof sessionFlags;

const dropSession: (session: ne.ne_session) => void = native('dropSession');

function isDestroyed(session: ne.ne_session): boolean {
  try {
    ne.ne_get_scheme(session);
    return false;
  } catch {
    return true;
  }
}

/** How a session is set up. */
export interface SessionOptions extends RedirectOptions, DecompressOptions {
  /** The product of `User-Agent: product neon/VERSION`; none is sent by default. */
  userAgent?: string | undefined;
  /** How long a read may take, in whole seconds. Default: neon's 120. */
  readTimeout?: number | undefined;
  /** How long making a connection may take, in whole seconds. Default: as long as TCP tries. */
  connectTimeout?: number | undefined;
  flags?: Partial<Record<SessionFlag, boolean>> | undefined;
  /** Network addresses (`'192.0.2.1'`, `'2001:db8::1'`) to connect to, in this order, instead of looking the name up. */
  addresses?: readonly string[] | undefined;
  /** The network address to connect from, where it is of the server's family. */
  localAddress?: string | undefined;
  /** A proxy by its URL or as an object, `'system'`, or `'env'`; see {@link ProxyOptions}. Default: none. */
  proxy?: ProxyOptions | undefined;
  /** What the server gets that asks for credentials; several go in the order of their precedence. */
  auth?: AuthOptions | readonly AuthOptions[] | undefined;
  /** What an HTTP proxy gets that asks for credentials. Default: those in `proxy`. */
  proxyAuth?: AuthOptions | readonly AuthOptions[] | undefined;
  /** Whom the session trusts, and who it is; see {@link TLSOptions}. Without TLS this means nothing. */
  tls?: TLSOptions | undefined;
}

/**
 * A session with one server: `ne_session`. One connection, kept open between requests; requests run one after the
 * other, in the order in which they were made.
 *
 * Emits `'status'` with a {@link StatusEvent}: what neon's notifier tells, a little later and without making it wait.
 */
export class Session extends BlockingLocking {
  /** The `ne_session` under it, for the functions of `libneon/ne`. */
  readonly handle: ne.ne_session;
  /** `'http'` or `'https'` */
  readonly scheme: string;
  /** `'host[:port]'`, as in the Host header */
  readonly hostport: string;

  readonly #live = new LiveSet();
  readonly #watch: StatusEmitter;
  readonly #owner: RequestOwner;
  /** The same to what belongs to earlier requests, such as where they are redirected: also while the session is closing. */
  readonly #ongoing: RequestOwner;
  readonly #base: URL | undefined;
  readonly #redirects: Redirects;
  #destroyed = false;
  #closing = false;

  /**
   * Nothing is sent, and no name is looked up, before the first request.
   *
   * @param port 0 to 65535
   */
  constructor(scheme: string, hostname: string, port: number, options: SessionOptions = {}, base?: URL) {
    super();
    requireScheme(scheme);
    this.handle = ne.ne_session_create(scheme, hostname, port);
    this.scheme = ne.ne_get_scheme(this.handle);
    this.hostport = ne.ne_get_server_hostport(this.handle);
    this.#base = base;
    this.#redirects = new Redirects(options);
    this.#owner = {
      handle: this.handle,
      origin: `${this.scheme}://${this.hostport}`,
      live: this.#live,
      inflate: inflationLimit(options),
      watch: (onProgress) => this.watchProgress(onProgress),
      requireOpen: () => this.#requireOpen(),
      responded: (method, target, status) => this.noteResponse(method, target, status),
    };
    this.#ongoing = { ...this.#owner, requireOpen: () => this.#requireAlive() };
    this.#watch = new StatusEmitter(this.handle, (event) => this.emit('status', event));
    this.on('newListener', (name) => {
      if (name === 'status') this.#watch.listen(true);
    });
    this.on('removeListener', (name) => {
      if (name === 'status') this.#watch.listen(this.listenerCount('status') > 0);
    });
    if (options.userAgent !== undefined) ne.ne_set_useragent(this.handle, options.userAgent);
    if (options.readTimeout !== undefined) ne.ne_set_read_timeout(this.handle, options.readTimeout);
    if (options.connectTimeout !== undefined) ne.ne_set_connect_timeout(this.handle, options.connectTimeout);
    setAddresses(this.handle, options);
    for (const [flag, value] of Object.entries(options.flags ?? {})) this.setFlag(flag as SessionFlag, value);
    setProxyAndAuth(this.handle, options);
    if (scheme === 'https') secure(this.handle, options.tls);
  }

  /** A session with the server of a URL. Targets of its requests may be relative to it. */
  static open(url: string | URL, options?: SessionOptions): Session {
    const base = new URL(url);
    if (base.username || base.password)
      throw invalidValue('The URL of a session must not hold a user name or password');
    const scheme = base.protocol.slice(0, -1);
    const port = base.port ? Number(base.port) : scheme === 'https' ? 443 : 80;
    return new Session(scheme, base.hostname, port, options, base);
  }

  /** How many requests are live: not destroyed, on their way, or with a body still to be read. */
  get liveRequests(): number {
    return this.#live.size + (this.#destroyed ? 0 : liveRequests(this.handle).length);
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /** @internal */
  watchProgress(onProgress: (event: ProgressEvent) => void): ProgressWatch {
    return this.#watch.watch(onProgress);
  }

  /** Sets a flag of neon's (`NE_SESSFLAG_*`), by name or number. */
  setFlag(flag: SessionFlag | number, value: boolean): void {
    ne.ne_set_session_flag(this.handle, flagNumber(sessionFlags, flag), value);
  }

  /** Whether a flag is set; undefined when this neon does not know it. */
  getFlag(flag: SessionFlag | number): boolean | undefined {
    const value = ne.ne_get_session_flag(this.handle, flagNumber(sessionFlags, flag));
    return value < 0 ? undefined : value > 0;
  }

  /** Makes neon forget the credentials that it uses: the next challenge asks for them anew. */
  forgetAuth(): void {
    ne.ne_forget_auth(this.handle);
  }

  /** Closes the connection; the next request opens another. */
  closeConnection(): void {
    ne.ne_close_connection(this.handle);
  }

  /** A request to be filled and dispatched; live until it is destroyed. */
  createRequest(method: string, target: string, options?: RequestOptions): Request {
    return new Request(this.#owner, method, resolveTarget(target, this.#base), options);
  }

  /**
   * Sends a request, after those that were made before. Resolves whatever the status; see {@link Request.dispatch}.
   *
   * @param target an absolute path with an optional query, URI-escaped; relative ones need `Session.open`
   */
  async request(method: string, target: string, options: RequestOptions = {}): Promise<Response> {
    const since = performance.now();
    const redirects = this.#redirects.but(options);
    const start = this.#hop(method, target, options);
    // Live until all is over, so that close() waits.
    const first = new Request(this.#owner, start.method, start.target, start);
    try {
      return await redirects.follow(this.#owner.origin, start, async (hop) => {
        if (hop === start) return first.dispatchSince(since, options);
        using next = new Request(this.#ongoing, hop.method, hop.target, hop);
        return await next.dispatchSince(since, options);
      });
    } finally {
      first.destroy();
    }
  }

  /** The same, blocking; the body is read when it returns. */
  requestSync(method: string, target: string, options: RequestOptions = {}): Response {
    return this.#redirects.but(options).followSync(this.#owner.origin, this.#hop(method, target, options), (hop) => {
      using request = new Request(this.#owner, hop.method, hop.target, hop);
      return request.dispatchSync();
    });
  }

  /** The same as awaiting {@link propfind}, blocking. */
  propfindSync(target: string, options: PropfindOptions = {}): Entry[] {
    return listSync(this.#owner, this.inquire(target, options));
  }

  /** The same as awaiting {@link propNames}, blocking. */
  propNamesSync(target: string, options: PropNamesOptions = {}): Entry[] {
    return listSync(this.#owner, this.inquire(target, options, true));
  }

  /**
   * Closes the connection and frees the session. Once it is destroyed, this does nothing.
   *
   * @param options.force aborts live requests first: they reject with `ERR_NEON_DESTROYED`
   * @throws `ERR_NEON_LIVE_REQUESTS` while requests are live, unless forced
   */
  destroy({ force = false }: { force?: boolean } = {}): void {
    if (this.#destroyed) return;
    if (!force) refuseWhileLive([...this.#live.descriptions, ...liveRequests(this.handle)]);
    this.#watch.end();
    try {
      dropSession(this.handle);
    } finally {
      // What a hook threw comes too late to keep it.
      if (isDestroyed(this.handle)) {
        this.#destroyed = true;
        const reason = new NeonError('The session was destroyed', 'ERR_NEON_DESTROYED', { origin: this.#owner.origin });
        this.#live.end(reason);
        this.endLocks(reason);
      }
    }
  }

  /** Waits until no request is live, then destroys the session. New requests are refused meanwhile. */
  async close(): Promise<void> {
    this.#closing = true;
    try {
      await this.#live.empty();
      this.destroy();
    } finally {
      this.#closing = false; // requests made with libneon/ne may still be live: then it goes on
    }
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @internal */
  protected inquire(target: string, options: PropfindOptions, onlyNames?: boolean): Inquiry {
    this.#requireOpen();
    const place = { origin: this.#owner.origin, lend: (work: Work): Promise<void> => work(this.#owner) };
    return inquire(place, validTarget(resolveTarget(target, this.#base)), options, onlyNames);
  }

  /** @internal */
  protected uriOf(target: string): string {
    return this.#owner.origin + validTarget(resolveTarget(target, this.#base));
  }

  /** @internal */
  protected lockHost(): LockHost {
    const owner = this.#owner;
    return {
      origin: owner.origin,
      pathOf: (target) => validTarget(resolveTarget(target, this.#base)),
      share: (set) => shareLocks(set, this.handle),
      call: (context, start, options, whileClosing) =>
        runCall(whileClosing ? this.#ongoing : owner, context, start, options),
      callSync: (context, start) => runCallSync(owner, context, start),
    };
  }

  #hop(method: string, target: string, options: RequestOptions): Hop {
    return { ...options, method, target: resolveTarget(target, this.#base) };
  }

  #requireAlive(): void {
    if (this.#destroyed)
      throw new NeonError('The session is destroyed', 'ERR_NEON_DESTROYED', { origin: this.#owner.origin });
  }

  #requireOpen(): void {
    this.#requireAlive();
    if (this.#closing)
      throw new NeonError('The session is closing', 'ERR_NEON_DESTROYED', { origin: this.#owner.origin });
  }
}

/** What a request line says for this target, which may be relative to the URL of its session or pool. */
export function resolveTarget(target: string, base: URL | undefined): string {
  if (typeof target !== 'string') throw invalidType('target', 'of type string', target);
  if (target.startsWith('/') || target === '*') return target;
  if (!base) throw invalidValue(`The target must begin with '/' (relative ones need Session.open): '${target}'`);
  const url = URL.canParse(target, base.href) ? new URL(target, base) : undefined;
  if (url?.origin !== base.origin)
    throw invalidValue(`The target is not one of this session's server, ${base.origin}: '${target}'`);
  return url.pathname + url.search;
}

function requireScheme(scheme: unknown): void {
  if (typeof scheme !== 'string') throw invalidType('scheme', 'of type string', scheme);
  if (scheme !== 'http' && scheme !== 'https')
    throw invalidValue(`The "scheme" argument must be 'http' or 'https'. Received '${scheme}'`);
}

function setAddresses(handle: ne.ne_session, { addresses, localAddress }: SessionOptions): void {
  if (addresses !== undefined) {
    if (!Array.isArray(addresses)) throw invalidType('addresses', 'an instance of Array', addresses);
    const list = addresses.map((address: unknown) => addressOf('addresses', address));
    ne.ne_set_addrlist(handle, list);
  }
  if (localAddress !== undefined) ne.ne_set_localaddr(handle, addressOf('localAddress', localAddress));
}

function setProxyAndAuth(handle: ne.ne_session, { proxy, addresses, auth, proxyAuth }: SessionOptions): void {
  if (proxy !== undefined && addresses !== undefined)
    throw invalidValue('The options "proxy" and "addresses" exclude each other');
  // First, since Negotiate is with the proxy that is set.
  const credentials = proxy === undefined ? undefined : setProxy(handle, proxy);
  if (auth !== undefined) authenticate(handle, 'auth', auth);
  const forProxy = proxyAuth ?? credentials;
  if (forProxy !== undefined) authenticate(handle, 'proxyAuth', forProxy);
}

function addressOf(name: string, text: unknown): ne.ne_inet_addr {
  if (typeof text !== 'string') throw invalidType(name, 'of type string', text);
  const address = ne.ne_iaddr_parse(text, text.includes(':') ? ne.ne_iaddr_ipv6 : ne.ne_iaddr_ipv4);
  if (!address) throw invalidValue(`This is no network address: '${text}'`);
  return address;
}
