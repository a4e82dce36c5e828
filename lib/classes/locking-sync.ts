import type { Entry } from './propfind-batch.js';
import type { PropfindOptions } from './propfind.js';
import { discovered, type DiscoverLocksOptions } from './lock-manager.js';
import { lockProps } from './locking.js';
import type { DiscoveredLock, Lock, LockOptions, LockReference, RefreshOptions } from './locks.js';
import { BlockingWebDAV } from './webdav-sync.js';

/** The methods of locks in both forms. Signals mean nothing here, and no lock is renewed while a call blocks. */
export abstract class BlockingLocking extends BlockingWebDAV {
  abstract propfindSync(target: string, options?: PropfindOptions): Entry[];

  lockSync(target: string, options?: LockOptions): Lock {
    return this.lockManager().lockSync(target, options);
  }

  unlockSync(lock: Lock | LockReference): void {
    this.lockManager().releaseSync(lock);
  }

  refreshLockSync(lock: Lock | LockReference, options?: RefreshOptions): number | null {
    return this.lockManager().refreshSync(lock, options);
  }

  discoverLocksSync(target: string, options: DiscoverLocksOptions = {}): DiscoveredLock[] {
    return discovered(this.propfindSync(target, { depth: 0, ...options, props: lockProps }), this.uriOf('/').slice(0, -1));
  }

  withLockSync<T>(target: string, action: (lock: Lock) => T, options?: LockOptions): T {
    return this.lockManager().withLockSync(target, action, options);
  }
}
