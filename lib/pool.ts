import { types } from 'node:util';

import { type CallOptions, limit, type Stop, validated } from './abort.js';
import { invalidType, NeonError, outOfRange, type ErrorContext } from './errors.js';
import { type Live, LiveSet, refuseWhileLive } from './live.js';
import * as ne from './ne/index.js';
import { ne_close_connection } from './ne/promises.js';
import { inflationLimit } from './decompress.js';
import { type Hop, Redirects } from './redirect.js';
import { Request, type RequestOptions, type RequestOwner } from './request.js';
import type { Response } from './response.js';
import { resolveTarget, Session, type SessionOptions } from './session.js';
import type { ProgressEvent, ProgressWatch } from './status.js';
import { withClientCertificate } from './tls.js';

/** How a pool and its sessions are set up. */
export interface SessionPoolOptions extends SessionOptions {
  /** At most so many sessions, and so connections, at a time. Default 8. */
  connections?: number | undefined;
  /** How long a session that has nothing to do is kept, in milliseconds. Default 4000. */
  idleTimeout?: number | undefined;
}

/**
 * Many sessions with one server: requests run at the same time, each on a session of its own until its response is read.
 * There are as many sessions as are needed, up to a bound; further requests wait in the order in which they were made.
 */
export class SessionPool {
  /** `'scheme://host[:port]'` */
  readonly origin: string;
  /** The bound: at most so many sessions at a time. */
  readonly connections: number;
  /** How long a session that has nothing to do is kept, in milliseconds. */
  readonly idleTimeout: number;

  readonly #base: URL;
  readonly #options: SessionOptions;
  readonly #redirects: Redirects;
  readonly #inflate: number;
  readonly #sessions = new Set<Session>();
  /** The longest idle first. While there are any, or there could be more sessions, nothing is queued. */
  readonly #idle: Idle[] = [];
  readonly #queue = new Set<Exchange>();
  readonly #live = new LiveSet();
  #timer: NodeJS.Timeout | undefined;
  #destroyed = false;
  #closing = false;

  /**
   * Nothing is sent, and no name is looked up, before the first request.
   *
   * @param url of the server; targets of requests may be relative to it
   * @throws what {@link Session.open} throws, and `ERR_OUT_OF_RANGE`
   */
  constructor(url: string | URL, options: SessionPoolOptions = {}) {
    const { connections = 8, idleTimeout = 4000, ...sessionOptions } = options;
    this.connections = validConnections(connections);
    this.idleTimeout = validIdleTimeout(idleTimeout);
    this.#base = new URL(url);
    this.#redirects = new Redirects(sessionOptions);
    this.#inflate = inflationLimit(sessionOptions);
    const { tls } = sessionOptions;
    const secure = tls && this.#base.protocol === 'https:';
    this.#options = secure ? { ...sessionOptions, tls: withClientCertificate(tls) } : sessionOptions;
    // The first one is made now: it tells what is wrong with the options.
    const session = this.#open();
    this.origin = `${session.scheme}://${session.hostport}`;
    this.#rest(session);
  }

  /** How many sessions there are: idle ones, and those that are taken by requests. */
  get size(): number {
    return this.#sessions.size;
  }

  /** How many sessions wait for a request. */
  get idle(): number {
    return this.#idle.length;
  }

  /** How many requests wait for a session. */
  get queued(): number {
    return this.#queue.size;
  }

  /** How many requests are live: queued, on their way, or with a body still to be read. */
  get liveRequests(): number {
    return this.#live.size;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  /**
   * Sends a request, on the session that became idle last, on a new one, or, when all are taken, on the first that is
   * free after the requests that were queued before. Resolves whatever the status; see {@link Request.dispatch}. The
   * session is taken until the response is read to its end, cancelled, or dropped.
   *
   * Rejects like {@link Session.request}. Time in the queue counts: `signal` and `timeout` (in milliseconds) end it.
   *
   * @param target an absolute path with an optional query, URI-escaped, or one that is relative to the pool's URL
   */
  async request(method: string, target: string, options: RequestOptions = {}): Promise<Response> {
    this.#requireOpen();
    const since = performance.now();
    const limits = validated(options);
    const first = { ...options, method, target: resolveTarget(target, this.#base) };
    return this.#redirects.but(options).follow(this.origin, first, (hop) => this.#send(hop, limits, since));
  }

  async #send(hop: Hop, limits: CallOptions, since: number): Promise<Response> {
    if (this.#destroyed) this.#requireOpen();
    limits.signal?.throwIfAborted();
    const exchange = new Exchange(this.origin, this.#inflate, hop);
    this.#live.add(exchange);
    void exchange.live.empty().then(() => this.#over(exchange));
    try {
      exchange.session = this.#take();
      if (!exchange.session) await this.#turnOf(exchange, limits, since);
      return await exchange.run(since, limits);
    } finally {
      exchange.request.destroy();
    }
  }

  /**
   * Closes all connections and frees the sessions. Once it is destroyed, this does nothing.
   *
   * @param options.force aborts live requests first, queued ones too: they reject with `ERR_NEON_DESTROYED`
   * @throws `ERR_NEON_LIVE_REQUESTS` while requests are live, unless forced
   */
  destroy({ force = false }: { force?: boolean } = {}): void {
    if (this.#destroyed) return;
    if (!force) refuseWhileLive(this.#live.descriptions, 'pool');
    this.#destroyed = true;
    clearTimeout(this.#timer);
    this.#live.end(new NeonError('The pool was destroyed', 'ERR_NEON_DESTROYED', { origin: this.origin }));
    for (const session of this.#sessions) session.destroy();
    this.#sessions.clear();
    this.#idle.length = 0;
  }

  /** Waits until no request is live or queued, then destroys the sessions. New requests are refused meanwhile. */
  async close(): Promise<void> {
    this.#closing = true;
    while (this.#live.size > 0) {
      await this.#live.empty();
      await new Promise(setImmediate); // one that is redirected goes on
    }
    this.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #requireOpen(): void {
    if (this.#destroyed) throw new NeonError('The pool is destroyed', 'ERR_NEON_DESTROYED', { origin: this.origin });
    if (this.#closing) throw new NeonError('The pool is closing', 'ERR_NEON_DESTROYED', { origin: this.origin });
  }

  /** An idle session, or a new one below the bound. */
  #take(): Session | undefined {
    const last = this.#idle.pop();
    if (last) return last.session;
    return this.#sessions.size < this.connections ? this.#open() : undefined;
  }

  #open(): Session {
    const session = Session.open(this.#base, this.#options);
    this.#sessions.add(session);
    return session;
  }

  /** Resolves when the exchange has a session. */
  #turnOf(exchange: Exchange, limits: CallOptions, since: number): Promise<void> {
    exchange.keepBody();
    this.#queue.add(exchange);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        unlimit();
        this.#queue.delete(exchange);
      };
      exchange.begin = (session) => {
        leave();
        exchange.session = session;
        resolve();
      };
      exchange.refuse = (reason) => {
        leave();
        const error = NeonError.within(reason as Error, exchange.context);
        reject(error);
      };
      const unlimit = limit(limits, since, exchange.refuse);
    });
  }

  /** Its response is read, or it failed. */
  async #over(exchange: Exchange): Promise<void> {
    this.#live.delete(exchange);
    const { session } = exchange;
    if (!session) return;
    if (!exchange.whole && inUse(session)) await outOfUse(session);
    if (!this.#destroyed) this.#release(session);
  }

  /** Gives a session to who has waited longest. */
  #release(session: Session): void {
    const [first] = this.#queue;
    if (first) first.begin(session);
    else this.#rest(session);
  }

  #rest(session: Session): void {
    this.#idle.push({ session, since: performance.now() });
    this.#watch();
  }

  /** One timer for all idle sessions. It keeps neither the process nor this pool alive. */
  #watch(): void {
    const [longest] = this.#idle;
    if (!longest || this.#timer) return;
    const weak = new WeakRef(this);
    const destroyIdle = (): void => {
      const pool = weak.deref();
      if (pool) pool.#destroyIdle();
    };
    const left = longest.since + this.idleTimeout - performance.now();
    this.#timer = setTimeout(destroyIdle, Math.max(left, 1)).unref();
  }

  #destroyIdle(): void {
    this.#timer = undefined;
    const tooOld = performance.now() - this.idleTimeout;
    const kept = this.#idle.findIndex(({ since }) => since > tooOld);
    for (const { session } of this.#idle.splice(0, kept < 0 ? this.#idle.length : kept)) {
      this.#sessions.delete(session);
      session.destroy();
    }
    this.#watch();
  }
}

interface Idle {
  readonly session: Session;
  /** A time of `performance.now()`. */
  readonly since: number;
}

/** One request and its response: it waits for a session, has it, and is over when nothing of it is live. */
class Exchange implements Live, RequestOwner {
  readonly description: string;
  readonly context: ErrorContext;
  /** The request, and its response while that is being read. */
  readonly live = new LiveSet();
  readonly request: Request;
  session: Session | undefined;
  /** Whether the whole response arrived at once. */
  whole = false;

  /** Ends its waiting with a session. */
  begin: (session: Session) => void = () => undefined;
  /** Ends its waiting without one. */
  refuse: Stop = () => undefined;

  constructor(
    readonly origin: string,
    readonly inflate: number,
    hop: Hop,
  ) {
    const { method, target } = hop;
    this.request = new Request(this, method, target, hop);
    this.description = `${method} ${target}`;
    this.context = { method, target, origin };
  }

  get handle(): ne.ne_session {
    if (!this.session) throw new Error('A request is dispatched when it has a session');
    return this.session.handle;
  }

  watch(onProgress: (event: ProgressEvent) => void): ProgressWatch {
    if (!this.session) throw new Error('A request is dispatched when it has a session');
    return this.session.watchProgress(onProgress);
  }

  requireOpen(): void {
    // The pool asks before; a request that it took goes on while it is closing.
  }

  /** What it is going to send stays as it is now. */
  keepBody(): void {
    const { body } = this.request;
    if (types.isUint8Array(body)) this.request.body = Buffer.from(body);
  }

  async run(since: number, limits: CallOptions): Promise<Response> {
    const response = await this.request.dispatchSince(since, limits);
    this.whole = this.live.size === 1; // the request itself; a body that is arriving would be live, too
    return response;
  }

  end({ message, code }: NeonError): void {
    const reason = new NeonError(message, code, this.context);
    this.refuse(reason);
    this.live.end(reason);
  }
}

/** Whether the session's thread is still inside C, after an abort or a cancelled body. */
function inUse({ handle }: Session): boolean {
  try {
    ne.ne_get_session_flag(handle, ne.NE_SESSFLAG_PERSIST);
    return false;
  } catch {
    return true;
  }
}

/** Waits until it is not. The connection of what was aborted is closed in any case. */
function outOfUse({ handle }: Session): Promise<void> {
  return ne_close_connection(handle).catch(() => undefined);
}

function validConnections(connections: unknown): number {
  if (typeof connections !== 'number') throw invalidType('connections', 'of type number', connections);
  if (!(Number.isSafeInteger(connections) && connections > 0))
    throw outOfRange('connections', 'an integer > 0', connections);
  return connections;
}

function validIdleTimeout(idleTimeout: unknown): number {
  if (typeof idleTimeout !== 'number') throw invalidType('idleTimeout', 'of type number', idleTimeout);
  const longest = 2 ** 31 - 1; // of a timer
  if (!(idleTimeout > 0 && idleTimeout <= longest))
    throw outOfRange('idleTimeout', `> 0 and <= ${longest}`, idleTimeout);
  return idleTimeout;
}
