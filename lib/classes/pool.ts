/** Pools of sessions with one server. */
import { invalidType, outOfRange } from '../core/errors.js';
import { refuseWhileLive } from '../core/live.js';
import { isObject } from '../core/objects.js';
import { PromiseMethods } from './convenience.js';
import { PoolSource } from './pool-source.js';
import { baseOf, defaultsOf, Session, type SessionOptions } from './session.js';
import { type CloseOptions, type DestroyOptions, isForced } from './session-source.js';
import { withClientCertificate } from './tls.js';

/** The options of a pool and of its sessions. */
export interface SessionPoolOptions extends SessionOptions {
  /** The maximum number of sessions, and so of connections: an integer > 0. Default 8. */
  connections?: number | undefined;
  /** How long an idle session is kept, in milliseconds: > 0 and <= 2147483647. Default 4000. */
  idleTimeout?: number | undefined;
}

/**
 * Many sessions with one server, so that requests run at the same time. A request has a session to itself until its
 * response is read. If other requests are waiting, the response is received into memory instead, and the session
 * becomes free. The pool creates sessions as needed, up to a maximum. Further requests wait in the order in which they
 * were made. A listing occupies a session until the listing ends, its loop is left, or its iterator is dropped.
 *
 * A pool has the methods of a {@link Session} that return promises. It has no blocking methods: such a method would
 * wait for a session on the calling thread, but only code on that thread can give a session back.
 *
 * Emits `'status'` with the events of its sessions, each a `StatusEvent`.
 *
 * @example
 * ```ts
 * const pool = new SessionPool('http://dav.example.com/', { connections: 4 });
 * await Promise.all(['a', 'b', 'c'].map((name) => pool.put(`/${name}.txt`, name)));
 * await pool.close();
 * ```
 */
export class SessionPool extends PromiseMethods {
  /** The server: `'scheme://host[:port]'`. */
  readonly origin: string;
  /** The maximum number of sessions. */
  readonly connections: number;
  /** How long an idle session is kept, in milliseconds. */
  readonly idleTimeout: number;

  readonly #source: PoolSource;

  /**
   * Creates a pool. Nothing is sent, and no name is looked up, before the first request.
   *
   * @param url the URL of the server; targets of requests may be relative to it
   * @throws as {@link Session.open}, and `ERR_OUT_OF_RANGE` or `ERR_INVALID_ARG_TYPE` for an invalid option of the pool
   */
  constructor(url: string | URL, options: SessionPoolOptions = {}) {
    requireOptions(options);
    const { connections = 8, idleTimeout = 4000, ...sessionOptions } = options;
    requireConnections(connections);
    requireIdleTimeout(idleTimeout);
    const base = baseOf(url);
    const defaults = defaultsOf(sessionOptions);
    const { tls } = sessionOptions;
    const shared =
      tls && base.protocol === 'https:' ? { ...sessionOptions, tls: withClientCertificate(tls) } : sessionOptions;
    const open = (): Session => Session.open(base, shared);
    // The first session is made now, to check the options.
    const source = new PoolSource(open(), base, defaults, { connections, idleTimeout, open });
    super(source);
    this.#source = source;
    this.origin = source.origin;
    this.connections = connections;
    this.idleTimeout = idleTimeout;
  }

  /** The number of sessions, both idle and in use. */
  get size(): number {
    return this.#source.sessions.size;
  }

  /** The number of idle sessions. */
  get idle(): number {
    return this.#source.idle.length;
  }

  /** The number of requests that wait for a session. */
  get queued(): number {
    return this.#source.queue.size;
  }

  /** The number of live requests: queued, on their way, or with a body still to be read. */
  get liveRequests(): number {
    return this.#source.live.size;
  }

  /** Whether the pool is destroyed. */
  get destroyed(): boolean {
    return this.#source.destroyed;
  }

  /**
   * Closes all connections and frees the sessions. Does nothing if the pool is already destroyed.
   *
   * @param options `force` aborts live requests first, including queued requests: they reject with `ERR_NEON_DESTROYED`
   * @throws `ERR_NEON_LIVE_REQUESTS` while requests are live, unless forced; `ERR_INVALID_ARG_TYPE` or
   *   `ERR_INVALID_ARG_VALUE` for invalid options
   */
  destroy(options: DestroyOptions = {}): void {
    const force = isForced(options);
    if (this.destroyed) return;
    if (!force) refuseWhileLive(this.#source.live.descriptions, 'pool');
    this.#source.end();
  }

  /**
   * Waits until no request is queued or on its way, and no body is being read. New requests are refused during the
   * wait. After the wait, cancels the bodies that were never touched, and destroys the sessions.
   *
   * @param options `timeout`, in milliseconds: aborts the requests that are live after that time, as
   *   `destroy({ force: true })` does. Rejects with `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or
   *   `ERR_OUT_OF_RANGE` for invalid options
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const drained = await this.#source.drain(options);
    this.destroy({ force: !drained });
  }

  /** Destroys the pool; see {@link SessionPool.destroy}. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  /** Closes the pool; see {@link SessionPool.close}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

function requireOptions(options: unknown): void {
  if (!isObject(options)) throw invalidType('options', 'of type object', options);
}

function requireConnections(connections: unknown): void {
  if (typeof connections !== 'number') throw invalidType('connections', 'of type number', connections);
  if (!(Number.isSafeInteger(connections) && connections > 0))
    throw outOfRange('connections', 'an integer > 0', connections);
}

function requireIdleTimeout(idleTimeout: unknown): void {
  if (typeof idleTimeout !== 'number') throw invalidType('idleTimeout', 'of type number', idleTimeout);
  const maxTimeout = 2 ** 31 - 1; // of a timer
  if (!(idleTimeout > 0 && idleTimeout <= maxTimeout))
    throw outOfRange('idleTimeout', `> 0 and <= ${maxTimeout}`, idleTimeout);
}
