/** The sessions of a pool, and the queue for them. */
import { NeonError } from '../core/errors.js';
import { promised } from '../core/native.js';
import { NE_SESSFLAG_PERSIST } from '../ne/constants.js';
import { ne_close_connection, ne_get_session_flag } from '../ne/session.js';
import type { CallDefaults } from './call-options.js';
import { type Hold, Holds, unreadBody } from './hold.js';
import { type LockSet, shareLocks } from './lock-set.js';
import { Lease, type Lessor } from './pool-lease.js';
import type { Session } from './session.js';
import { type Run, SessionSource } from './session-source.js';
import type { StatusEvent } from './status.js';

/** The promise form. Importing `libneon/ne/promises` would load all of `libneon/ne`. */
const closeConnection = promised(ne_close_connection, 1);

/** The bounds of a pool, and how it makes sessions. @internal */
export interface PoolSettings {
  /** The maximum number of sessions. */
  readonly connections: number;
  /** How long an idle session is kept, in milliseconds. */
  readonly idleTimeout: number;
  /** Makes a session. */
  readonly open: () => Session;
}

interface Idle {
  readonly session: Session;
  /** A time of `performance.now()`. */
  readonly since: number;
}

/**
 * The source of a `SessionPool`. It lends each session to one call at a time, through a {@link Lease}. Other calls wait
 * in a queue. @internal
 */
export class PoolSource extends SessionSource implements Lessor {
  readonly noun = 'pool';
  readonly sessions = new Set<Session>();
  /**
   * The idle sessions, beginning with the one that has been idle longest. If there is an idle session, or the pool may
   * create another session, no call is queued.
   */
  readonly idle: Idle[] = [];
  readonly queue = new Set<Lease>();

  /** The calls and bodies that occupy a session while their caller reads. */
  readonly #holds: Holds;
  /** The sessions that were given back, and are not given to a call yet. */
  readonly #returned: Session[] = [];
  /** Whether a session is being given to a call. */
  #isGiving = false;
  readonly #leases = new WeakMap<Hold, Lease>();
  readonly #settings: PoolSettings;
  #locks: LockSet | undefined;
  #emit: ((event: StatusEvent) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param first the first session, which is idle until the first call */
  constructor(first: Session, base: URL, defaults: CallDefaults, settings: PoolSettings) {
    super(`${first.scheme}://${first.hostport}`, base, defaults);
    this.#settings = settings;
    this.#holds = new Holds(defaults.limits, (hold) => this.#onChange(hold));
    this.sessions.add(first);
    this.#rest(first);
  }

  override runSync(): never {
    throw new NeonError('A pool has no blocking form of its calls', 'ERR_NEON_INVALID_STATE', { origin: this.origin });
  }

  listen(emit: ((event: StatusEvent) => void) | undefined): void {
    for (const session of this.sessions) {
      if (this.#emit) session.off('status', this.#emit);
      if (emit) session.on('status', emit);
    }
    this.#emit = emit;
  }

  take(): Session | undefined {
    const last = this.idle.pop();
    if (last) return last.session;
    return this.sessions.size < this.#settings.connections ? this.#open() : undefined;
  }

  enqueue(lease: Lease): void {
    this.queue.add(lease);
    this.#readAhead();
  }

  dequeue(lease: Lease): void {
    if (this.queue.delete(lease)) this.#readAhead();
  }

  keep(lease: Lease, hold: Hold): void {
    this.#leases.set(hold, lease);
    this.#holds.add(hold);
    this.#readAhead();
  }

  release(hold: Hold): void {
    this.#holds.delete(hold);
    this.live.delete(hold);
  }

  /** Makes the holds read ahead while calls are queued. */
  #readAhead(): void {
    this.#holds.readAhead(() => this.queue.size > 0);
  }

  #onChange(hold: Hold): void {
    if (!hold.isOver) {
      this.#refuseQueue();
      return;
    }
    // The body stays live, without a session.
    this.#holds.delete(hold);
    this.live.add(hold);
    this.#leases.get(hold)?.live.delete(hold);
  }

  /** If unread bodies occupy all sessions, refuses the queued calls, the newest first. */
  #refuseQueue(): void {
    const unread = [...this.#holds].filter((hold) => this.#holds.blocks(hold));
    if (unread.length < this.#settings.connections) return;
    const { maxUnreadBytes } = this.limits;
    for (const lease of [...this.queue].reverse()) lease.end(unreadBody(unread, this.noun, maxUnreadBytes));
  }

  async over(lease: Lease): Promise<void> {
    this.live.delete(lease);
    const { session } = lease;
    if (!session) return;
    if (!lease.finished && inUse(session)) await outOfUse(session);
    if (!this.destroyed) this.#giveBack(session);
  }

  lend(run: Run): Lease {
    const lease = new Lease(this, run);
    this.live.add(lease);
    return lease;
  }

  protected shareSet(set: LockSet): void {
    this.#locks = set;
    for (const { handle } of this.sessions) shareLocks(set, handle);
  }

  /** Refuses all further calls, ends everything that is live, and frees the sessions. */
  override end(): void {
    clearTimeout(this.#timer);
    super.end();
    for (const session of this.sessions) session.destroy();
    this.sessions.clear();
    this.idle.length = 0;
  }

  #open(): Session {
    const session = this.#settings.open();
    this.sessions.add(session);
    if (this.#locks) shareLocks(this.#locks, session.handle);
    if (this.#emit) session.on('status', this.#emit);
    return session;
  }

  /** Gives a session to the lease that has waited longest; if no lease waits, keeps the session as idle. */
  #giveBack(session: Session): void {
    this.#returned.push(session);
    if (this.#isGiving) return; // a call that was given a session has failed at once
    this.#isGiving = true;
    try {
      for (let returned = this.#returned.shift(); returned; returned = this.#returned.shift()) {
        const [first] = this.queue;
        if (first) first.begin(returned);
        else if (!this.destroyed) this.#rest(returned);
      }
    } finally {
      this.#isGiving = false;
    }
  }

  /** Keeps a session as idle. */
  #rest(session: Session): void {
    this.idle.push({ session, since: performance.now() });
    this.#watchIdle();
  }

  /**
   * Starts the timer that frees idle sessions, unless it is already running. The timer keeps neither the process nor
   * this pool alive.
   */
  #watchIdle(): void {
    const [longest] = this.idle;
    if (!longest || this.#timer) return;
    const weak = new WeakRef(this);
    const destroyIdle = (): void => {
      const source = weak.deref();
      if (source) source.#destroyIdle();
    };
    const left = longest.since + this.#settings.idleTimeout - performance.now();
    this.#timer = setTimeout(destroyIdle, Math.max(left, 1)).unref();
  }

  #destroyIdle(): void {
    this.#timer = undefined;
    const tooOld = performance.now() - this.#settings.idleTimeout;
    const kept = this.idle.findIndex(({ since }) => since > tooOld);
    for (const { session } of this.idle.splice(0, kept < 0 ? this.idle.length : kept)) {
      this.sessions.delete(session);
      session.destroy();
    }
    this.#watchIdle();
  }
}

/** Whether the session's thread is still inside C. This is possible after an abort, or after a body was cancelled. */
function inUse({ handle }: Session): boolean {
  try {
    ne_get_session_flag(handle, NE_SESSFLAG_PERSIST);
    return false;
  } catch {
    return true;
  }
}

/** Closes the session's connection, as every abort does; resolves when the session's thread has left C. */
function outOfUse({ handle }: Session): Promise<void> {
  return closeConnection(handle).catch(() => undefined);
}
