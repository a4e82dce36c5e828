import { invalidType, invalidValue, type NeonError, outOfRange } from '../core/errors.js';
import { requireObject } from './call-options.js';
import type { ActiveLock } from './properties.js';
import { escapeText } from './xml.js';

/** What a lock can be given. */
export interface LockOptions {
  /** `'infinity'` locks a collection with all that is in it. Default 0: the resource alone. */
  depth?: LockDepth | undefined;
  /** Whether others may have a (shared) lock, too. Default `'exclusive'`. */
  scope?: LockScope | undefined;
  /**
   * How many seconds the lock is to last unless it is refreshed: an integer, or Infinity. The server decides, as it
   * does when none is given: see {@link Lock.timeout}.
   */
  timeout?: number | undefined;
  /** Who has the lock, for others to read: text, or XML in the namespace `DAV:` that goes in as it is. */
  owner?: string | { readonly xml: string } | undefined;
  /** Refreshes the lock by itself when half of its time has passed, as long as its session lives. Default false. */
  renew?: boolean | undefined;
  /** Aborts the call, not the lock. What the server had granted by then stays there until it expires. */
  signal?: AbortSignal | undefined;
}

/** What `withLock` can be given. */
export interface WithLockOptions extends LockOptions {
  /** Default true here. */
  renew?: boolean | undefined;
  /** For how many milliseconds to try while somebody else has a lock. Default 0: rejects at once. */
  wait?: number | undefined;
}

/** What a refresh can be given. */
export interface RefreshOptions {
  /** How many seconds to ask for. Default: what the lock was asked for with. */
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
}

/** How far down a lock goes. */
export type LockDepth = 0 | 'infinity';
/** Who else may have a lock. */
export type LockScope = 'exclusive' | 'shared';

/** What tells a lock: a {@link Lock}, or what was written down of one. */
export interface LockReference {
  readonly target: string;
  readonly token: string;
}

/** A lock that a store is given: of another session, or of one that is gone. */
export interface LockFields extends LockReference {
  readonly depth?: LockDepth | undefined;
  readonly scope?: LockScope | undefined;
  readonly owner?: string | null | undefined;
  /** Seconds that are left; null is unknown. */
  readonly timeout?: number | null | undefined;
}

/** A lock that a server told of, of anybody; or why it did not tell the locks of a resource. */
export type DiscoveredLock =
  | (ActiveLock & {
      /** The path of the resource, percent-encoded. */
      readonly target: string;
      readonly error?: undefined;
    })
  | ({ readonly target: string; readonly error: NeonError } & { readonly [name in keyof ActiveLock]?: undefined });

/** What is known of a lock. @internal */
export interface Holding {
  /** Its path. */
  readonly target: string;
  readonly uri: string;
  readonly token: string;
  readonly depth: LockDepth;
  readonly scope: LockScope;
  readonly owner: string | null;
  readonly timeout: number | null;
  /** What to ask for when it is refreshed. */
  readonly asked: number | undefined;
  readonly renew: boolean;
}

/** The calls about locks, and the locks that a session or pool holds. @internal */
export interface LockKeeper {
  /** By their tokens. */
  readonly locks: ReadonlyMap<string, Lock>;
  refresh(lock: LockReference, options?: RefreshOptions & { readonly deadline?: number }): Promise<number | null>;
  refreshSync(lock: LockReference, options?: RefreshOptions): number | null;
  release(lock: LockReference, options?: Pick<LockOptions, 'signal'>): Promise<void>;
  releaseSync(lock: LockReference): void;
  /** Adds a lock that was obtained elsewhere. */
  adopt(lock: Lock | LockFields): Lock;
  /** Takes a lock out of the store. */
  forget(lock: Lock): void;
  /** The lock on exactly this resource that came last. */
  find(target: string): Lock | undefined;
}

const maxDelay = 2 ** 31 - 1; // of a timer
const shortestDelay = 100;

/**
 * A lock that is held (RFC 4918, section 6). It is in the store of its session (`session.locks`) until it is given
 * back, so requests there that change what it covers carry its token by themselves.
 */
export class Lock implements LockReference {
  /** The path of what is locked, percent-encoded. */
  readonly target: string;
  /** Its whole URI. */
  readonly uri: string;
  /** What proves that one has the lock. */
  readonly token: string;
  readonly depth: LockDepth;
  readonly scope: LockScope;
  /** Who has it, as the server says: without markup, and of at most 255 bytes. */
  readonly owner: string | null;

  readonly #keeper: LockKeeper;
  readonly #lost = new AbortController();
  readonly #renew: boolean;
  #asked: number | undefined;
  #timeout: number | null = null;
  /** What the server told last, if it does not tell each time. */
  #seconds = Infinity;
  /** A time of `performance.now()`. */
  #end = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #released = false;
  #ending = false;
  /** Whether somebody may wait for the signal: then it must come, even if nobody holds the lock. */
  #watched = false;

  /** @internal */
  constructor(keeper: LockKeeper, { target, uri, token, depth, scope, owner, timeout, asked, renew }: Holding) {
    this.target = target;
    this.uri = uri;
    this.token = token;
    this.depth = depth;
    this.scope = scope;
    this.owner = owner;
    this.#keeper = keeper;
    this.#renew = renew;
    this.noteGranted(timeout, asked);
  }

  /** The seconds that the server granted last; Infinity, or null where it does not tell. */
  get timeout(): number | null {
    return this.#timeout;
  }

  /** When the lock ends unless it is refreshed; null where that is never, or not known. */
  get expires(): Date | null {
    return this.#timeout !== null && Number.isFinite(this.#end) ? new Date(Date.now() + this.#end - performance.now()) : null;
  }

  /** Whether it was given back, or is gone with the resource that this session has deleted or moved. */
  get released(): boolean {
    return this.#released;
  }

  /**
   * Aborts when the lock is lost: the server says that there is none when it is refreshed, or it expired since no
   * refresh came through, or its session was destroyed. The reason is the {@link NeonError} of that. The lock stays in
   * its store all the same, so that a request that counts on it is refused by the server, with 412.
   */
  get signal(): AbortSignal {
    if (!this.#watched) {
      this.#watched = true;
      this.#schedule();
    }
    return this.#lost.signal;
  }

  /**
   * Makes the lock last for its whole time from now on (LOCK with an If header). Resolves to the seconds that the
   * server grants, as {@link timeout}.
   */
  async refresh(options?: RefreshOptions): Promise<number | null> {
    return this.#keeper.refresh(this, options);
  }
  refreshSync(options?: RefreshOptions): number | null {
    return this.#keeper.refreshSync(this, options);
  }

  /**
   * Gives the lock back (UNLOCK).
   *
   * @throws `NE_ERROR` with the status when the server refuses; the lock stays in its store then
   */
  async unlock(options?: Pick<LockOptions, 'signal'>): Promise<void> {
    await this.#keeper.release(this, options);
  }
  unlockSync(): void {
    this.#keeper.releaseSync(this);
  }

  /** Gives the lock back, unless it is given back or lost already. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ends()) await this.unlock();
  }
  /** The same, blocking: for locks of `lockSync()`. */
  [Symbol.dispose](): void {
    if (this.#ends()) this.unlockSync();
  }

  /** @internal */
  noteGranted(timeout: number | null, asked: number | undefined): void {
    this.#asked = asked;
    this.#timeout = timeout;
    this.#seconds = timeout ?? this.#seconds;
    this.#end = performance.now() + this.#seconds * 1000;
    this.#schedule();
  }

  /** Whether the signal has aborted. @internal */
  get lost(): boolean {
    return this.#lost.signal.aborted;
  }

  /** It is the same lock as that. @internal */
  noteEnd(that: Lock): void {
    this.#end = that.#end;
  }

  /** What to ask for when it is refreshed. @internal */
  get asked(): number | undefined {
    return this.#asked;
  }

  /** The server does not know it any more, or there is nobody left to refresh it. @internal */
  noteLost(reason: unknown): void {
    clearTimeout(this.#timer);
    if (!this.#released && !this.#ending) this.#lost.abort(reason);
  }

  /** It is about to be given back, or that failed. @internal */
  noteEnding(ending: boolean): void {
    this.#ending = ending;
    this.#schedule();
  }

  /** It is given back, or gone. @internal */
  noteReleased(): void {
    clearTimeout(this.#timer);
    this.#released = true;
    this.#keeper.forget(this);
  }

  /** Refreshes it, and says what became of that; never rejects. @internal */
  async renew(): Promise<void> {
    const left = Math.max(this.#end - performance.now(), 1000);
    try {
      await this.#keeper.refresh(this, { deadline: Math.min(Math.ceil(left), maxDelay) });
    } catch (error) {
      if (performance.now() >= this.#end) this.noteLost(error);
      else this.#schedule();
    }
  }

  /** Whether its end is to be told to the server. */
  #ends(): boolean {
    if (this.#released) return false;
    if (this.lost) this.noteReleased();
    return !this.#released;
  }

  /** Half of what is left is time enough for some more tries. */
  #schedule(): void {
    clearTimeout(this.#timer);
    if (!this.#renew || this.#released || this.#ending || this.lost || !Number.isFinite(this.#end)) return;
    const delay = (this.#end - performance.now()) / 2;
    this.#timer = renewLater(this.#watched ? this : new WeakRef(this), Math.min(Math.max(delay, shortestDelay), maxDelay));
  }
}

/** Keeps the process not alive, and a lock that is given weakly neither. */
function renewLater(lock: Lock | WeakRef<Lock>, delay: number): NodeJS.Timeout {
  const renew = lock instanceof Lock ? () => lock.renew() : () => lock.deref()?.renew();
  return setTimeout(() => void renew(), delay).unref();
}

/**
 * The locks of a session. Requests of the session that change what one of them covers submit it (`If:` header); what is
 * in the store when a request is sent counts.
 */
export class LockStore implements Iterable<Lock> {
  readonly #keeper: LockKeeper;

  /** @internal */
  constructor(keeper: LockKeeper) {
    this.#keeper = keeper;
  }

  /** How many locks there are. */
  get size(): number {
    return this.#keeper.locks.size;
  }

  /**
   * Adds a lock that was obtained elsewhere, in place of one with the same token. Nothing is sent.
   *
   * @returns the lock of this store
   */
  add(lock: Lock | LockFields): Lock {
    return this.#keeper.adopt(lock);
  }

  /** Takes a lock out, without giving it back to the server. Whether it was there. */
  delete(lock: Lock | LockReference): boolean {
    const own = this.#own(lock);
    if (own) this.#keeper.forget(own);
    return own !== undefined;
  }

  /** Whether the lock, or one with its token, is there. */
  has(lock: Lock | LockReference): boolean {
    return this.#own(lock) !== undefined;
  }

  /** The lock on exactly this resource that came last. */
  find(target: string): Lock | undefined {
    return this.#keeper.find(target);
  }

  [Symbol.iterator](): IterableIterator<Lock> {
    return this.#keeper.locks.values();
  }

  #own(lock: unknown): Lock | undefined {
    requireReference(lock);
    return this.#keeper.locks.get(lock.token);
  }
}

/** @internal */
export function requireReference(lock: unknown): asserts lock is LockReference {
  if (typeof lock !== 'object' || lock === null) throw invalidType('lock', 'of type object', lock);
  const { target, token } = lock as Partial<LockReference>;
  if (typeof target !== 'string') throw invalidType('lock.target', 'of type string', target);
  if (typeof token !== 'string') throw invalidType('lock.token', 'of type string', token);
  if (!/^[\x21-\x3b\x3d\x3f-\x7e]+$/.test(token)) throw invalidValue(`This is no token of a lock: '${token}'`);
}

/** Options that were checked, with their defaults. @internal */
export interface CheckedLockOptions {
  readonly depth: LockDepth;
  readonly scope: LockScope;
  readonly timeout: number | undefined;
  /** XML. */
  readonly owner: string | null;
  readonly renew: boolean;
}

/** Checks the options of a lock; nothing is sent. @internal */
export function checkLockOptions(options: LockOptions): CheckedLockOptions {
  requireObject(options);
  const { depth = 0, scope = 'exclusive', timeout, owner, renew = false } = options;
  requireDepth(depth);
  requireScope(scope);
  if (timeout !== undefined) requireSeconds(timeout);
  if (typeof renew !== 'boolean') throw invalidType('renew', 'of type boolean', renew);
  return { depth, scope, timeout, owner: owner === undefined ? null : markup(owner), renew };
}

/** The timeout of a header `Timeout` (RFC 4918, section 10.7). @internal */
export function requireSeconds(timeout: unknown): asserts timeout is number {
  if (typeof timeout !== 'number') throw invalidType('timeout', 'of type number', timeout);
  const max = 2 ** 32 - 1;
  if (timeout !== Infinity && !(Number.isInteger(timeout) && timeout >= 1 && timeout <= max))
    throw outOfRange('timeout', `an integer >= 1 and <= ${max}, or Infinity`, timeout);
}

/** @internal */
export function requireDepth(depth: unknown): asserts depth is LockDepth {
  if (depth !== 0 && depth !== 'infinity')
    throw invalidValue(`The "depth" of a lock must be 0 or 'infinity'. Received '${String(depth)}'`);
}

/** @internal */
export function requireScope(scope: unknown): asserts scope is LockScope {
  if (scope !== 'exclusive' && scope !== 'shared')
    throw invalidValue(`The "scope" of a lock must be 'exclusive' or 'shared'. Received '${String(scope)}'`);
}

/** The XML of an owner: text is escaped. */
function markup(owner: unknown): string {
  if (typeof owner === 'string') return escapeText(owner, 'The "owner" option');
  const { xml } = (typeof owner === 'object' && owner !== null ? owner : {}) as { xml?: unknown };
  if (typeof xml !== 'string') throw invalidType('owner', 'of type string or an object { xml }', owner);
  return xml;
}
