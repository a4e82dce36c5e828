/** WebDAV locks that a session or pool holds (RFC 4918, sections 6 and 7), and the store of these locks. */
import { getEventListeners } from 'node:events';
import { invalidType, invalidValue, type NeonError, outOfRange, shown } from '../core/errors.js';
import { requireToken } from '../core/handle.js';
import { isObject } from '../core/objects.js';
import { type Known, requireKnown } from '../core/options.js';
import { type BlockingOptions, type CommonOptions, commonOptions } from './call-options.js';
import type { ActiveLock } from './properties.js';
import type { Target } from './target.js';
import { escapeText } from './xml.js';

/**
 * The options of a lock. The options that all calls share apply to the LOCK request only. An abort ends the call. If
 * the server has already granted the lock, the lock then lasts until it expires. To add headers to the requests that
 * refresh or release the lock, use {@link SessionOptions.headers}.
 */
export interface LockOptions extends CommonOptions {
  /** `'infinity'` locks a collection with all its members. Default 0: the resource alone. */
  depth?: LockDepth | undefined;
  /** Whether others may hold shared locks, too. Default `'exclusive'`. */
  scope?: LockScope | undefined;
  /**
   * How long the lock is to last unless it is refreshed, in milliseconds: more than 0 and at most 4294967295000, or
   * Infinity. The value is rounded up to whole seconds. Default: the server chooses the duration. The server may grant
   * another duration; see {@link Lock.duration}.
   */
  duration?: number | undefined;
  /** The owner of the lock, for others to read: text or XML. Default: no owner. */
  owner?:
    | string
    | {
        /** XML that is sent as it is. Names without a prefix are in the namespace `DAV:`. */
        readonly xml: string;
      }
    | undefined;
  /**
   * Whether the lock refreshes itself while its session lives. It does so when half of its remaining time has passed.
   * If the server does not report the time, the lock is refreshed at least once a minute. Two refreshes are at least
   * five seconds apart. Default false.
   */
  renew?: boolean | undefined;
}

/** The options of `withLock`. */
export interface WithLockOptions extends LockOptions {
  /** Whether the lock refreshes itself. Default true, whereas the default of `lock` is false. */
  renew?: boolean | undefined;
  /**
   * How long to keep trying, in milliseconds, while another client holds a lock. Default 0: the call rejects at once.
   */
  wait?: number | undefined;
}

/** The options of a refresh. */
export interface RefreshOptions extends CommonOptions {
  /**
   * The duration to request, in milliseconds, as in {@link LockOptions.duration}. Default: the last duration requested.
   */
  duration?: number | undefined;
}

/** How far down a lock goes: the resource alone (0), or also all its members (`'infinity'`). */
export type LockDepth = 0 | 'infinity';
/** Whether others may hold shared locks, too. */
export type LockScope = 'exclusive' | 'shared';

/** Identifies a lock: a {@link Lock}, or a record of a lock. */
export interface LockReference {
  /** The target of the locked resource; it may be relative to the URL of the session. */
  readonly target: string;
  /** The lock token. */
  readonly token: string;
}

/** A lock to add to a store. It may come from another session, even from one that no longer exists. */
export interface LockFields extends LockReference {
  /** How far down the lock goes. Default 0. */
  readonly depth?: LockDepth | undefined;
  /** Whether others may hold shared locks, too. Default `'exclusive'`. */
  readonly scope?: LockScope | undefined;
  /** The owner; null (the default) if it is unknown. */
  readonly owner?: string | null | undefined;
  /** The remaining time in milliseconds; null (the default) if it is unknown. */
  readonly duration?: number | null | undefined;
}

/**
 * A lock on a resource, regardless of who holds it. If the server did not report the locks of the resource, the reason
 * is given instead.
 */
export type DiscoveredLock =
  | (ActiveLock & {
      /**
       * The path of the resource, percent-encoded. If the href cannot be parsed, this is the href as the server sent
       * it.
       */
      readonly target: string;
      /** Undefined for a lock. */
      readonly error?: undefined;
    })
  | ({
      /**
       * The path of the resource, percent-encoded. If the href cannot be parsed, this is the href as the server sent
       * it.
       */
      readonly target: string;
      /**
       * Why the locks of the resource are unknown. The error has the code `ERR_NEON_STATUS` if the server sent a
       * status, and otherwise `NE_ERROR`.
       */
      readonly error: NeonError;
    } & { readonly [name in keyof ActiveLock]?: undefined });

/** The fields of a lock that the server granted. @internal */
export interface GrantedLock {
  /** A path. */
  readonly target: string;
  readonly uri: string;
  readonly token: string;
  readonly depth: LockDepth;
  readonly scope: LockScope;
  readonly owner: string | null;
  readonly duration: number | null;
  /** The duration to request when the lock is refreshed, in milliseconds. */
  readonly asked: number | undefined;
  readonly renew: boolean;
}

/** The locks that a session or pool holds, and the functions that manage them. @internal */
export interface LockRegistry {
  /** The locks by their tokens. */
  readonly locks: ReadonlyMap<string, Lock>;
  refresh(lock: LockReference, options?: RefreshOptions): Promise<number | null>;
  /** Refreshes a lock that renews itself. The call times out after `timeout` milliseconds. */
  renew(lock: Lock, timeout: number): Promise<number | null>;
  refreshSync(lock: LockReference, options?: BlockingOptions<RefreshOptions>): number | null;
  release(lock: LockReference, options?: CommonOptions): Promise<void>;
  releaseSync(lock: LockReference, options?: BlockingOptions<CommonOptions>): void;
  /** Adds a lock, for example a lock of another session. */
  adopt(lock: Lock | LockFields): Lock;
  /** Removes a lock from the store. */
  forget(lock: Lock): void;
  /** The newest lock on exactly this resource. */
  find(target: Target): Lock | undefined;
}

const maxDelay = 2 ** 31 - 1; // of a timer
const minDelay = 100;
/** The minimum time from the beginning of one renewal to the beginning of the next, in milliseconds. */
const minInterval = 5000;
/**
 * The time between renewals of a lock whose duration is unknown, in milliseconds. It is less if a short duration was
 * requested.
 */
const unknownInterval = 60_000;

/**
 * A lock that is held (RFC 4918, section 6). It stays in the store of its session ({@link Session.locks}) until it is
 * given back. Until then, all requests of the session that change a resource under the lock automatically submit the
 * lock token. In C: `ne_lock`.
 *
 * @example
 * ```ts
 * const lock = await session.lock('/report.txt', { duration: 600_000, renew: true });
 * try {
 *   await session.put('/report.txt', 'new text', { signal: lock.signal });
 * } finally {
 *   await lock.unlock();
 * }
 * ```
 */
export class Lock implements LockReference {
  /** The path of the locked resource, percent-encoded. */
  readonly target: string;
  /** The whole URI of the locked resource. */
  readonly uri: string;
  /** The lock token, which proves that its holder has the lock. */
  readonly token: string;
  /** How far down the lock goes. */
  readonly depth: LockDepth;
  /** Whether others may hold shared locks, too. */
  readonly scope: LockScope;
  /** The owner that the server reports, without markup; null if the server reports no owner. */
  readonly owner: string | null;

  readonly #registry: LockRegistry;
  readonly #lost = new AbortController();
  readonly #renew: boolean;
  #asked: number | undefined;
  #duration: number | null = null;
  /**
   * The last duration that the server reported, in milliseconds; null if it has reported none. Some responses omit it.
   */
  #reported: number | null = null;
  /** When the lock expires, in the time of `performance.now()`. */
  #end = Infinity;
  /** When the last renewal began, in the time of `performance.now()`. */
  #renewed = -Infinity;
  /** Why the last renewal failed; undefined if it succeeded. */
  #failure: { readonly reason: unknown } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #released = false;
  #ending = false;
  /** Whether `signal` was read a moment ago. If so, a listener may still be added to it. */
  #justRead = false;

  /** @internal */
  constructor(given: unknown, registry: LockRegistry, granted: GrantedLock) {
    requireToken(given);
    const { target, uri, token, depth, scope, owner, duration, asked, renew } = granted;
    this.target = target;
    this.uri = uri;
    this.token = token;
    this.depth = depth;
    this.scope = scope;
    this.owner = owner;
    this.#registry = registry;
    this.#renew = renew;
    this.noteGranted(duration, asked);
  }

  /**
   * The duration that the server granted last, in milliseconds; Infinity if the lock does not expire. Null if the
   * server does not report the duration. Also null for 0 and negative numbers, with which some servers mean
   * "unlimited".
   */
  get duration(): number | null {
    return this.#duration;
  }

  /**
   * The time when the lock expires unless it is refreshed. Null if the lock never expires, or if the time is unknown.
   */
  get expires(): Date | null {
    return this.#duration !== null && Number.isFinite(this.#end)
      ? new Date(Date.now() + this.#end - performance.now())
      : null;
  }

  /** Whether the lock was given back, or ended because this session deleted or moved the locked resource. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Aborts when the lock is lost: when a refresh fails because the server does not know the lock, when the lock expires
   * because no refresh succeeded, or when the session is destroyed. The reason of the abort is a {@link NeonError} that
   * says why. The lost lock stays in its store: requests that rely on the lock still submit its token, and the server
   * refuses them with 412.
   */
  get signal(): AbortSignal {
    const { signal } = this.#lost;
    if (!lockOf.has(signal)) {
      lockOf.set(signal, this);
      this.#justRead = true;
      this.#schedule();
      const settle = (): void => {
        this.#justRead = false;
        this.#schedule();
      };
      setTimeout(settle, listenDelay).unref();
    }
    return signal;
  }

  /**
   * Restarts the duration of the lock (LOCK with an `If` header, RFC 4918 section 9.10.2). Resolves to the duration
   * that the server grants, in milliseconds; see {@link duration}. In C: `ne_lock_refresh`.
   *
   * Rejects with `ERR_NEON_INVALID_STATE` when the lock was given back, and with `ERR_NEON_STATUS` when the server
   * refuses.
   */
  async refresh(options?: RefreshOptions): Promise<number | null> {
    return this.#registry.refresh(this, options);
  }

  /**
   * Refreshes the lock on the calling thread; see {@link refresh}.
   *
   * @returns the duration that the server grants, in milliseconds; see {@link duration}
   * @throws the errors that {@link refresh} rejects with; `ERR_NEON_BUSY` while promises of the session are pending,
   *   and `ERR_NEON_INVALID_STATE` for a lock of a pool
   */
  refreshSync(options?: BlockingOptions<RefreshOptions>): number | null {
    return this.#registry.refreshSync(this, options);
  }

  /**
   * Gives the lock back (UNLOCK, RFC 4918 section 9.11). In C: `ne_unlock`.
   *
   * Rejects with `ERR_NEON_INVALID_STATE` when the lock was given back already. Rejects with `ERR_NEON_STATUS` when the
   * server refuses; the lock then stays in its store.
   */
  async unlock(options?: CommonOptions): Promise<void> {
    await this.#registry.release(this, options);
  }

  /**
   * Gives the lock back on the calling thread; see {@link unlock}.
   *
   * @throws the errors that {@link unlock} rejects with; `ERR_NEON_BUSY` while promises of the session are pending, and
   *   `ERR_NEON_INVALID_STATE` for a lock of a pool
   */
  unlockSync(options?: BlockingOptions<CommonOptions>): void {
    this.#registry.releaseSync(this, options);
  }

  /** Gives the lock back, unless it was already given back or lost; see {@link unlock}. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#mustUnlock()) await this.unlock();
  }

  /** Gives a lock of `lockSync()` back, on the calling thread; see {@link unlockSync}. */
  [Symbol.dispose](): void {
    if (this.#mustUnlock()) this.unlockSync();
  }

  /** @internal */
  noteGranted(duration: number | null, asked: number | undefined): void {
    this.#asked = asked;
    this.#duration = duration;
    this.#reported = duration ?? this.#reported;
    this.#end = performance.now() + (this.#reported ?? Infinity);
    this.#failure = undefined;
    this.#schedule();
  }

  /** Whether the signal has aborted. @internal */
  get lost(): boolean {
    return this.#lost.signal.aborted;
  }

  /** Takes over the expiry of `that`, the lock that this lock replaces. @internal */
  noteEnd(that: Lock): void {
    this.#end = that.#end;
  }

  /** The duration to request when the lock is refreshed, in milliseconds. @internal */
  get asked(): number | undefined {
    return this.#asked;
  }

  /** Marks the lock as lost: the server no longer knows it, or the session is destroyed. @internal */
  noteLost(reason: unknown): void {
    clearTimeout(this.#timer);
    if (!this.#released && !this.#ending) this.#lost.abort(reason);
  }

  /**
   * Marks the lock as about to be given back. With false, removes the mark, because giving the lock back failed.
   * @internal
   */
  noteEnding(ending: boolean): void {
    this.#ending = ending;
    this.#schedule();
  }

  /** Marks the lock as released: it was given back, or its resource was deleted or moved. @internal */
  noteReleased(): void {
    clearTimeout(this.#timer);
    this.#released = true;
    this.#registry.forget(this);
  }

  /** Refreshes the lock and handles the result; never rejects. @internal */
  async renew(): Promise<void> {
    const now = performance.now();
    if (this.#failure && now + minDelay >= this.#end) {
      this.noteLost(this.#failure.reason);
      return;
    }
    this.#renewed = now;
    const left = Number.isFinite(this.#end) ? Math.max(this.#end - now, 1000) : unknownInterval;
    try {
      await this.#registry.renew(this, Math.min(Math.ceil(left), maxDelay));
    } catch (error) {
      this.#failure = { reason: error };
      if (performance.now() >= this.#end) this.noteLost(error);
      else this.#schedule();
    }
  }

  /** Whether the lock must be given back to the server. A lost lock is merely removed from the store. */
  #mustUnlock(): boolean {
    if (this.#released) return false;
    if (this.lost) this.noteReleased();
    return !this.#released;
  }

  /**
   * Schedules the next refresh for the middle of the lock's remaining time, which leaves time to retry. After a failed
   * refresh, the lock may expire before the next refresh is allowed. In this case, the lock is lost when it expires.
   */
  #schedule(): void {
    clearTimeout(this.#timer);
    if (!this.#renew || this.#released || this.#ending || this.lost || this.#reported === Infinity) return;
    const now = performance.now();
    const half = this.#reported === null ? this.#unknownDelay() : (this.#end - now) / 2;
    const next = Math.max(half, this.#renewed + minInterval - now);
    const delay = this.#failure ? Math.min(next, this.#end - now) : next;
    // While the signal has a listener, the timer keeps this lock alive: the signal must be able to abort.
    const awaited = this.#justRead || getEventListeners(this.#lost.signal, 'abort').length > 0;
    this.#timer = renewLater(awaited ? this : new WeakRef(this), Math.min(Math.max(delay, minDelay), maxDelay));
  }

  #unknownDelay(): number {
    return Math.min(unknownInterval, (this.#asked ?? Infinity) / 2);
  }
}

/** Maps each signal that was read to its lock, so that the signal keeps the lock alive. */
const lockOf = new WeakMap<AbortSignal, Lock>();

/** How long after the first read of a signal its lock checks for a listener, in milliseconds. */
const listenDelay = 1000;

/**
 * Renews a lock later. The timer does not keep the process alive. If the lock is given as a `WeakRef`, the timer does
 * not keep the lock alive either.
 */
function renewLater(lock: Lock | WeakRef<Lock>, delay: number): NodeJS.Timeout {
  const renew = lock instanceof Lock ? () => lock.renew() : () => lock.deref()?.renew();
  return setTimeout(() => void renew(), delay).unref();
}

/**
 * The locks of a session or pool: {@link Session.locks}. Requests that change a resource under one of these locks
 * submit the token of the lock (`If` header). A request uses the locks that are in the store when the request is sent.
 * In C: `ne_lock_store`.
 */
export class LockStore implements Iterable<Lock> {
  readonly #registry: LockRegistry;

  /** @internal */
  constructor(given: unknown, registry: LockRegistry) {
    requireToken(given);
    this.#registry = registry;
  }

  /** The number of locks. */
  get size(): number {
    return this.#registry.locks.size;
  }

  /**
   * Adds a lock, such as a lock of another session. The added lock replaces a lock with the same token. Nothing is sent
   * to the server. In C: `ne_lockstore_add`.
   *
   * @returns the lock of this store
   * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid field
   */
  add(lock: Lock | LockFields): Lock {
    return this.#registry.adopt(lock);
  }

  /**
   * Removes a lock from the store, without giving it back to the server. In C: `ne_lockstore_remove`.
   *
   * @returns whether the lock was in the store
   * @throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for a value that does not identify a lock
   */
  delete(lock: Lock | LockReference): boolean {
    const own = this.#own(lock);
    if (own) this.#registry.forget(own);
    return own !== undefined;
  }

  /**
   * Whether the lock, or another lock with the same token, is in the store.
   *
   * @throws as {@link delete}
   */
  has(lock: Lock | LockReference): boolean {
    return this.#own(lock) !== undefined;
  }

  /**
   * The newest lock on exactly this resource; undefined if there is no such lock. In C: `ne_lockstore_findbyuri`.
   *
   * @param target as for requests of the session
   */
  find(target: Target): Lock | undefined {
    return this.#registry.find(target);
  }

  /** Iterates the locks, in the order in which they were added. */
  [Symbol.iterator](): IterableIterator<Lock> {
    return this.#registry.locks.values();
  }

  #own(lock: unknown): Lock | undefined {
    requireReference(lock);
    return this.#registry.locks.get(lock.token);
  }
}

/** @internal */
export function requireReference(lock: unknown): asserts lock is LockReference {
  if (!isObject(lock)) throw invalidType('lock', 'of type object', lock);
  const { target, token } = lock as Partial<LockReference>;
  if (typeof target !== 'string') throw invalidType('lock.target', 'of type string', target);
  if (typeof token !== 'string') throw invalidType('lock.token', 'of type string', token);
  if (!/^[\x21-\x3b\x3d\x3f-\x7e]+$/.test(token))
    throw invalidValue(`The "lock.token" is not a lock token: '${token}'`);
}

/** Options that were checked, with their defaults. @internal */
export interface CheckedLockOptions {
  readonly depth: LockDepth;
  readonly scope: LockScope;
  readonly duration: number | undefined;
  /** The owner as XML; null for no owner. */
  readonly owner: string | null;
  readonly renew: boolean;
}

/**
 * Checks the options of a lock. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid option
 */
export function checkLockOptions(options: LockOptions): CheckedLockOptions {
  requireKnown(options, lockOptions);
  const { depth = 0, scope = 'exclusive', duration, owner, renew = false } = options;
  requireDepth(depth);
  requireScope(scope);
  if (duration !== undefined) requireDuration(duration);
  if (typeof renew !== 'boolean') throw invalidType('renew', 'of type boolean', renew);
  return { depth, scope, duration, owner: owner === undefined ? null : markup(owner), renew };
}

const lockOptions: Known<LockOptions> = {
  ...commonOptions,
  depth: true,
  scope: true,
  duration: true,
  owner: true,
  renew: true,
};

/** Checks the duration of a lock, in milliseconds. @internal */
export function requireDuration(duration: unknown): asserts duration is number {
  if (typeof duration !== 'number') throw invalidType('duration', 'of type number', duration);
  const max = (2 ** 32 - 1) * 1000; // RFC 4918, section 10.7
  if (duration !== Infinity && !(duration > 0 && duration <= max))
    throw outOfRange('duration', `> 0 and <= ${max}, or Infinity`, duration);
}

/** @internal */
export function requireDepth(depth: unknown): asserts depth is LockDepth {
  if (depth !== 0 && depth !== 'infinity')
    throw invalidValue(`The "depth" of a lock must be 0 or 'infinity'. Received ${shown(depth)}`);
}

/** @internal */
export function requireScope(scope: unknown): asserts scope is LockScope {
  if (scope !== 'exclusive' && scope !== 'shared')
    throw invalidValue(`The "scope" of a lock must be 'exclusive' or 'shared'. Received ${shown(scope)}`);
}

/** The XML of an owner: text is escaped. */
function markup(owner: unknown): string {
  if (typeof owner === 'string') return escapeText(owner, 'The "owner" option');
  const { xml } = (isObject(owner) ? owner : {}) as { xml?: unknown };
  if (typeof xml !== 'string') throw invalidType('owner', 'of type string or an object { xml }', owner);
  return xml;
}
