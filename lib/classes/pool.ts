import { type CallOptions, limit, type Stop, validated } from '../core/abort.js';
import { inflationLimit } from './decompress.js';
import { invalidType, NeonError, outOfRange } from '../core/errors.js';
import { inquire, type Inquiry, type PropfindOptions, type Work } from './propfind.js';
import { refuseWhileLive } from '../core/live.js';
import { type Live, LiveSet } from './live-set.js';
import { type LockHost, type LockSet, shareLocks } from './lock-manager.js';
import { Locking } from './locking.js';
import { runCall } from './run-call.js';
import { type Hop, Redirects } from './redirect.js';
import { type RequestOptions, type RequestOwner, validTarget } from './request.js';
import type { Response } from './response.js';
import { resolveTarget, Session, type SessionOptions } from './session.js';
import type { StatusEvent } from './status.js';
import { withClientCertificate } from './tls.js';
import { RequestLease, inUse, outOfUse, Lease } from './pool-lease.js';

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
 * A listing takes a session like a request, until it ends, is left or is dropped.
 *
 * Emits `'status'` with what its sessions emit.
 */
export class SessionPool extends Locking {
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
  readonly #queue = new Set<Lease>();
  readonly #live = new LiveSet();
  /** What all sessions submit. */
  #locks: LockSet | undefined;
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
    super();
    const { connections = 8, idleTimeout = 4000, ...sessionOptions } = options;
    this.connections = validConnections(connections);
    this.idleTimeout = validIdleTimeout(idleTimeout);
    this.#base = new URL(url);
    this.#redirects = new Redirects(sessionOptions);
    this.#inflate = inflationLimit(sessionOptions);
    const { tls } = sessionOptions;
    const secure = tls && this.#base.protocol === 'https:';
    this.#options = secure ? { ...sessionOptions, tls: withClientCertificate(tls) } : sessionOptions;
    this.on('newListener', (name) => {
      if (name === 'status' && this.listenerCount('status') === 0) this.#listen(true);
    });
    this.on('removeListener', (name) => {
      if (name === 'status' && this.listenerCount('status') === 0) this.#listen(false);
    });
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
    const responded = (...values: Parameters<Locking['noteResponse']>): void => this.noteResponse(...values);
    const lease = new RequestLease(this.origin, this.#inflate, hop, responded);
    try {
      return await this.#serve(lease, limits, since, () => lease.run(since, limits));
    } finally {
      lease.request.destroy();
    }
  }

  /** @internal */
  protected inquire(target: string, options: PropfindOptions, onlyNames?: boolean): Inquiry {
    this.#requireOpen();
    const lend = (...values: Parameters<Inquiry['place']['lend']>): Promise<void> => this.#lend(...values);
    return inquire({ origin: this.origin, lend }, validTarget(resolveTarget(target, this.#base)), options, onlyNames);
  }

  #lend(work: Work, { target, options }: Inquiry, onWait: (stop: Stop) => void): Promise<void> {
    return this.#lendTo('PROPFIND', target, work, options, onWait);
  }

  async #lendTo<T>(
    method: string,
    target: string,
    work: (owner: RequestOwner, since: number) => Promise<T>,
    options: CallOptions,
    onWait: (stop: Stop) => void,
    whileClosing = false,
  ): Promise<T> {
    if (this.#destroyed || !whileClosing) this.#requireOpen();
    const since = performance.now();
    const limits = validated(options);
    limits.signal?.throwIfAborted();
    const lease = new Lease(this.origin, this.#inflate, method, target);
    const waiting: Live = { description: lease.description, end: () => undefined };
    lease.live.add(waiting);
    onWait((reason) => lease.refuse(reason));
    try {
      return await this.#serve(lease, limits, since, () => work(lease, since));
    } finally {
      lease.live.delete(waiting);
    }
  }

  /** @internal */
  protected lockHost(): LockHost {
    return {
      origin: this.origin,
      pathOf: (target) => validTarget(resolveTarget(target, this.#base)),
      share: (set) => {
        this.#locks = set;
        for (const { handle } of this.#sessions) shareLocks(set, handle);
      },
      call: (context, start, options, whileClosing) =>
        this.#lendTo(
          context.method,
          context.target,
          (owner, since) => runCall(owner, context, start, options, since),
          options,
          () => undefined,
          whileClosing,
        ),
      callSync: () => {
        throw new NeonError('A pool has no blocking form of its calls', 'ERR_NEON_INVALID_STATE', { origin: this.origin });
      },
    };
  }

  /** Does the work as soon as there is a session for it. */
  async #serve<T>(lease: Lease, limits: CallOptions, since: number, work: () => Promise<T>): Promise<T> {
    this.#live.add(lease);
    void lease.live.empty().then(() => this.#over(lease));
    lease.session = this.#take();
    if (!lease.session) await this.#sessionFor(lease, limits, since);
    return work();
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
    const reason = new NeonError('The pool was destroyed', 'ERR_NEON_DESTROYED', { origin: this.origin });
    this.#live.end(reason);
    this.endLocks(reason);
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

  /** @internal */
  protected uriOf(target: string): string {
    return this.origin + validTarget(resolveTarget(target, this.#base));
  }

  readonly #forward = (event: StatusEvent): void => {
    this.emit('status', event);
  };

  #listen(on: boolean): void {
    for (const session of this.#sessions) session[on ? 'on' : 'off']('status', this.#forward);
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
    if (this.#locks) shareLocks(this.#locks, session.handle);
    if (this.listenerCount('status') > 0) session.on('status', this.#forward);
    return session;
  }

  /** Resolves when the lease has a session. */
  #sessionFor(lease: Lease, limits: CallOptions, since: number): Promise<void> {
    lease.keepBody();
    this.#queue.add(lease);
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        unlimit();
        this.#queue.delete(lease);
      };
      lease.begin = (session) => {
        leave();
        lease.session = session;
        resolve();
      };
      lease.refuse = (reason) => {
        leave();
        const error = NeonError.within(reason as Error, lease.context);
        reject(error);
      };
      const unlimit = limit(limits, since, lease.refuse);
    });
  }

  /** Its response is read, or it failed. */
  async #over(lease: Lease): Promise<void> {
    this.#live.delete(lease);
    const { session } = lease;
    if (!session) return;
    if (!lease.whole && inUse(session)) await outOfUse(session);
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

function validConnections(connections: unknown): number {
  if (typeof connections !== 'number') throw invalidType('connections', 'of type number', connections);
  if (!(Number.isSafeInteger(connections) && connections > 0))
    throw outOfRange('connections', 'an integer > 0', connections);
  return connections;
}

function validIdleTimeout(idleTimeout: unknown): number {
  if (typeof idleTimeout !== 'number') throw invalidType('idleTimeout', 'of type number', idleTimeout);
  const maxTimeout = 2 ** 31 - 1; // of a timer
  if (!(idleTimeout > 0 && idleTimeout <= maxTimeout))
    throw outOfRange('idleTimeout', `> 0 and <= ${maxTimeout}`, idleTimeout);
  return idleTimeout;
}
