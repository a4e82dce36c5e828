import { invalidType, NeonError } from './errors.js';

/** The store that contains a lock. C frees the lock together with the store. */
export interface Membership {
  readonly store: object;
  /** The number of the lock in the store. */
  readonly number: number;
}

/**
 * The state of each object that represents a `struct ne_lock`. `'made'` means that ne_lock_create or ne_lock_copy made
 * the lock; a store accepts no other locks. A lock may also be destroyed, or be in a store.
 */
const states = new WeakMap<object, 'made' | 'destroyed' | Membership>();
const destroyedStores = new WeakSet();

/** The fields of a lock that cannot change while the lock is in a store. */
const fixed = ['uri', 'depth', 'type', 'scope', 'token'] as const;

/** Marks a lock as made by ne_lock_create or ne_lock_copy, and returns it. */
export function made<T extends object>(lock: T): T {
  states.set(lock, 'made');
  return lock;
}

/** The store that the lock is in. */
export function membership(lock: object): Membership | undefined {
  const state = states.get(lock);
  return typeof state === 'object' ? state : undefined;
}

/**
 * Throws ERR_NEON_DESTROYED when the lock or its store is destroyed. Ignores a value that is not an object, because the
 * call itself rejects such a value.
 */
export function requireLive(lock: object): void {
  const store = membership(lock)?.store;
  if (states.get(lock) === 'destroyed' || (store && destroyedStores.has(store)))
    throw new NeonError('This ne_lock is destroyed', 'ERR_NEON_DESTROYED');
}

/** Throws like requireLive. Also throws ERR_INVALID_ARG_TYPE when the lock is not an object. */
export function requireObject(lock: unknown): void {
  if (typeof lock !== 'object' || lock === null) throw invalidType('lock', 'of type object', lock);
  requireLive(lock);
}

/** Throws like requireLive. Also throws ERR_NEON_INVALID_STATE when the lock is in a store, where it cannot change. */
export function requireFree(lock: object): void {
  requireLive(lock);
  if (membership(lock)) throw new NeonError('This ne_lock is in a store: take it out first', 'ERR_NEON_INVALID_STATE');
}

/** Throws like requireLive. Also throws ERR_NEON_BORROWED when the lock belongs to a store. */
export function requireOwn(lock: object): void {
  requireLive(lock);
  if (membership(lock)) throw new NeonError('This ne_lock belongs to its store', 'ERR_NEON_BORROWED');
}

/** Throws like requireFree. Also throws ERR_INVALID_ARG_TYPE when a store cannot accept the lock. */
export function requireMade(lock: object): void {
  requireFree(lock);
  if (!states.has(lock)) throw invalidType('lock', 'a lock that ne_lock_create or ne_lock_copy made', lock);
}

/** Records that the lock is in this store, and makes its fields read-only. */
export function enter(lock: object, given: Membership): void {
  states.set(lock, given);
  const { uri } = lock as { uri?: object };
  Reflect.defineProperty(lock, 'uri', { value: Object.freeze({ ...uri }) });
  for (const field of fixed) Reflect.defineProperty(lock, field, { writable: false });
}

/** Records that the lock is in no store, and makes its fields writable again. */
export function leave(lock: object): void {
  states.set(lock, 'made');
  const { uri } = lock as { uri?: object };
  Reflect.defineProperty(lock, 'uri', { value: { ...uri } });
  for (const field of fixed) Reflect.defineProperty(lock, field, { writable: true });
}

export function destroy(lock: object): void {
  states.set(lock, 'destroyed');
}

/** Notes that a store and its locks were destroyed. */
export function destroyStore(store: object): void {
  destroyedStores.add(store);
}
