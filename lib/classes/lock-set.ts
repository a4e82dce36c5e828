/** The native sets of locks that sessions submit. */
import { native } from '../core/native.js';
import type { ne_lock } from '../ne/locks.js';
import type { ne_session } from '../ne/handles.js';

/** The native set of locks that sessions submit; see binding/classes/lock_set.h. @internal */
export type LockSet = object;

/** @internal */
export const createLockSet: () => LockSet = native('createLockSet');

/** Adds a lock that is held already. @internal */
export const insertLock: (set: LockSet, lock: ne_lock) => void = native('insertLock');

/** Removes the lock with this token. @internal */
export const dropLock: (set: LockSet, token: string) => void = native('dropLock');

/** Makes the requests of a session submit the locks of the set from now on. @internal */
export const shareLocks: (set: LockSet, session: ne_session) => void = native('shareLocks');
