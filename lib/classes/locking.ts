import type { NeonError } from '../core/errors.js';
import { discovered, type DiscoverLocksOptions, LockManager, type LockHost } from './lock-manager.js';
import {
  type DiscoveredLock,
  type Lock,
  type LockOptions,
  type LockReference,
  LockStore,
  type RefreshOptions,
  type WithLockOptions,
} from './locks.js';
import { WebDAV } from './webdav.js';

/** The locks of WebDAV (RFC 4918, sections 6 and 7) as promises, of sessions and pools. */
export abstract class Locking extends WebDAV {
  #lockManager: LockManager | undefined;
  #store: LockStore | undefined;

  /** @internal */
  protected abstract lockHost(): LockHost;

  /**
   * The locks that requests submit by themselves: those that `lock()` has obtained, and those that are added.
   *
   * @throws `ERR_NEON_INVALID_STATE` when `libneon/ne` registered a lock store with the handle
   */
  get locks(): LockStore {
    return (this.#store ??= new LockStore(this.lockManager()));
  }

  /**
   * Locks a resource. Where there is none, most servers make an empty one. In C: `ne_lock`.
   *
   * Rejects with `NE_ERROR` when it is not granted: status 423 when somebody else has a lock.
   */
  async lock(target: string, options?: LockOptions): Promise<Lock> {
    return this.lockManager().lock(target, options);
  }

  /** Gives a lock back, and takes it out of the store. In C: `ne_unlock`. */
  async unlock(lock: Lock | LockReference, options?: Pick<LockOptions, 'signal'>): Promise<void> {
    return this.lockManager().release(lock, options);
  }

  /**
   * Makes a lock last longer. Resolves to the seconds that the server grants; see {@link Lock.timeout}. In C:
   * `ne_lock_refresh`.
   */
  async refreshLock(lock: Lock | LockReference, options?: RefreshOptions): Promise<number | null> {
    return this.lockManager().refresh(lock, options);
  }

  /** The locks that a resource has, whoever holds them; by a PROPFIND of `lockdiscovery`. */
  async discoverLocks(target: string, options: DiscoverLocksOptions = {}): Promise<DiscoveredLock[]> {
    return discovered(await this.propfind(target, { depth: 0, ...options, props: lockProps }), this.uriOf('/').slice(0, -1));
  }

  /**
   * Runs a function while it holds a lock, which is refreshed meanwhile and given back at the end, also when the function
   * throws. Resolves to what the function returns. It should stop when `lock.signal` aborts: the lock is lost then, and
   * `withLock` rejects with the reason.
   */
  async withLock<T>(target: string, action: (lock: Lock) => T, options?: WithLockOptions): Promise<Awaited<T>> {
    return this.lockManager().withLock(target, action, options);
  }

  /** @internal */
  protected lockManager(): LockManager {
    return (this.#lockManager ??= new LockManager(this.lockHost()));
  }

  /** @internal */
  protected noteResponse(method: string, target: string, status: number): void {
    this.#lockManager?.noteResponse(method, target, status);
  }

  /** @internal */
  protected endLocks(reason: NeonError): void {
    this.#lockManager?.end(reason);
  }
}

/** What discoverLocks asks for. @internal */
export const lockProps: readonly string[] = ['lockdiscovery'];
