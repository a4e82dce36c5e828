/** WebDAV locks (RFC 4918, section 6) and lock stores: the API of ne_locks.h. */
import * as state from '../core/lock-state.js';
import { native } from '../core/native.js';
import type { ne_lock_store, ne_request, ne_session } from './handles.js';
import type { ne_uri } from './uri.js';
import type { ne_status } from './utils.js';

/**
 * A lock: `struct ne_lock` of ne_locks.h. A lock is a plain object. Each call copies it to C, and copies changes back.
 * While a lock is in a store, most of its fields are read-only.
 */
export interface ne_lock {
  /** The locked resource. */
  uri: ne_uri;
  /** `NE_DEPTH_ZERO` or `NE_DEPTH_INFINITE`. */
  depth: number;
  /** `ne_locktype_write`. */
  type: number;
  /** `ne_lockscope_exclusive` or `ne_lockscope_shared`. */
  scope: number;
  /** The lock token, which identifies the lock; null until the lock is obtained. */
  token: string | null;
  /**
   * The owner: well-formed XML, which neon copies into the request unchanged. In a lock from a server, this field is
   * the text of the `owner` element.
   */
  owner: string | null;
  /** The timeout in seconds, `NE_TIMEOUT_INFINITE`, or `NE_TIMEOUT_INVALID` to let the server choose. */
  timeout: number;
}

/** A lock as an argument. A missing field counts as null or 0. */
export interface ne_lock_fields extends Partial<Omit<ne_lock, 'uri'>> {
  /** The locked resource, or the resource to lock. */
  uri: Partial<ne_uri>;
}

/**
 * Called for each lock that the server reports. neon passes the lock, the URI of the locked resource, and null as the
 * status.
 *
 * If the server did not return the locks of a resource, neon passes null as the lock, the URI of the resource, and the
 * status that gives the reason.
 *
 * A store does not accept the lock that the callback receives. To add the lock to a store, first copy it with
 * {@link ne_lock_copy}.
 */
export type ne_lock_result = (lock: ne_lock | null, uri: ne_uri, status: ne_status | null) => void | PromiseLike<void>;

/** A number that no lock in any store has. */
const noNumber = 2 ** 32 - 1;

const create: () => ne_lock = native('ne_lock_create');

const copy: (lock: ne_lock_fields) => ne_lock = native('ne_lock_copy');

const free: (lock: ne_lock_fields) => void = native('ne_lock_free');

const add: (store: ne_lock_store, lock: ne_lock) => number = native('addLock');

const remove: (store: ne_lock_store, number: number) => void = native('removeLock');

const destroyStore: (store: ne_lock_store) => void = native('ne_lockstore_destroy');

/**
 * Creates an exclusive lock of depth 0, without obtaining it from the server. The server chooses the timeout. `token`,
 * `owner` and the fields of `uri` are unset; {@link ne_fill_server_uri} sets `scheme`, `host` and `port` of `uri`.
 *
 * @example
 * ```ts
 * const lock = ne_lock_create();
 * ne_fill_server_uri(sess, lock.uri);
 * lock.uri.path = '/file.txt';
 * if (ne_lock(sess, lock) === NE_OK) console.log(lock.token);
 * ```
 */
export const ne_lock_create = (): ne_lock => state.made(create());

/** Copies a lock. The copy is in no store. */
export const ne_lock_copy = (lock: ne_lock_fields): ne_lock => {
  state.requireLive(lock);
  return state.made(copy(lock));
};

/**
 * Sets `token`, `owner` and all fields of `uri` to null.
 *
 * @throws `ERR_NEON_BORROWED` when the lock is in a store
 */
export const ne_lock_free = (lock: ne_lock_fields): void => {
  state.requireOwn(lock);
  free(lock);
};

/**
 * Frees a lock as {@link ne_lock_free} does. Every further use of the lock throws `ERR_NEON_DESTROYED`.
 *
 * @throws `ERR_NEON_BORROWED` when the lock is in a store
 */
export const ne_lock_destroy = (lock: ne_lock_fields): void => {
  ne_lock_free(lock);
  state.destroy(lock);
};

/** Creates a lock store. */
export const ne_lockstore_create: () => ne_lock_store = native('ne_lockstore_create');

/**
 * Registers a store with a session.
 *
 * neon's own functions that change a resource, except ne_post, then submit the store's locks that apply to it. For a
 * request from ne_request_create, call {@link ne_lock_using_resource} or {@link ne_lock_using_parent}. A store may be
 * registered with several sessions. The store and the sessions may be destroyed in any order.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the session already has a store, or while a request of the session is live
 */
export const ne_lockstore_register: (store: ne_lock_store, sess: ne_session) => void = native('ne_lockstore_register');

/**
 * Destroys a store and the locks in it. Sessions no longer submit these locks.
 *
 * @throws `ERR_NEON_BUSY` while a session with this store has a pending promise
 */
export const ne_lockstore_destroy = (store: ne_lock_store): void => {
  destroyStore(store);
  state.destroyStore(store);
};

/**
 * Adds a lock to a store, which then owns the lock. While the lock is in the store, its `uri`, `depth`, `type`, `scope`
 * and `token` are read-only.
 *
 * @param lock needs a token, and a URI with scheme, host, port and path
 * @throws `ERR_NEON_INVALID_STATE` when the lock is in a store, `ERR_INVALID_ARG_TYPE` when the lock was not made by
 *   ne_lock_create or ne_lock_copy, `ERR_NEON_BUSY` while a session with this store has a pending promise
 */
export const ne_lockstore_add = (store: ne_lock_store, lock: ne_lock): void => {
  state.requireMade(lock);
  state.enter(lock, { store, number: add(store, lock) });
};

/**
 * Removes a lock from a store; the caller then owns the lock. If the lock was already added to a live request, this
 * request still submits the lock.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the lock is not in this store, `ERR_NEON_BUSY` while a session with this store
 *   has a pending promise
 */
export const ne_lockstore_remove = (store: ne_lock_store, lock: ne_lock): void => {
  state.requireObject(lock);
  const membership = state.membership(lock);
  remove(store, membership && membership.store === store ? membership.number : noNumber);
  state.leave(lock);
};

/**
 * Returns the lock that was added to a store last, or null when the store is empty. An iteration over the store begins
 * with this lock.
 */
export const ne_lockstore_first: (store: ne_lock_store) => ne_lock | null = native('ne_lockstore_first');

/**
 * Returns the next lock of a store.
 *
 * @returns null after the last lock. The result is also null if the iteration was not started with
 *   {@link ne_lockstore_first}, or if the previous lock has been removed
 */
export const ne_lockstore_next: (store: ne_lock_store) => ne_lock | null = native('ne_lockstore_next');

/** Returns the lock for the URI `uri`, or null. {@link ne_uri_cmp} compares the URIs. */
export const ne_lockstore_findbyuri: (store: ne_lock_store, uri: Partial<ne_uri>) => ne_lock | null =
  native('ne_lockstore_findbyuri');

/**
 * Obtains a lock from the server, by a LOCK request.
 *
 * @param lock the lock to obtain. Only the path of its `uri` is used. On success, `token`, `timeout`, `depth`, `scope`,
 *   `type` and `owner` are set to the values that the server granted
 * @returns an `NE_*` code
 * @throws `ERR_NEON_INVALID_STATE` when the lock is in a store, `ERR_INVALID_ARG_VALUE` when `owner` is not well-formed
 *   XML
 */
export const ne_lock: (sess: ne_session, lock: ne_lock_fields) => number = native('ne_lock', (sess, lock) => {
  state.requireFree(lock);
  return [sess, lock];
});

/**
 * Releases a lock, by an UNLOCK request.
 *
 * @param lock must have a `token`, and a `uri` with a path
 * @returns an `NE_*` code
 */
export const ne_unlock: (sess: ne_session, lock: ne_lock_fields) => number = native('ne_unlock', (sess, lock) => {
  state.requireLive(lock);
  return [sess, lock];
});

/**
 * Refreshes a lock, by a LOCK request without a body.
 *
 * @param lock must have a `token`, and a `uri` with a path. Before the call, set `timeout` to the desired time in
 *   seconds, or to 0 to let the server choose. On success, `timeout` is set to the time that the server granted
 * @returns an `NE_*` code
 */
export const ne_lock_refresh: (sess: ne_session, lock: ne_lock_fields) => number = native(
  'ne_lock_refresh',
  (sess, lock) => {
    state.requireLive(lock);
    return [sess, lock];
  },
);

/**
 * Fetches the locks of a resource, by a PROPFIND request.
 *
 * @returns an `NE_*` code
 * @throws any exception that `result` throws
 */
export const ne_lock_discover: (sess: ne_session, path: string, result: ne_lock_result) => number =
  native('ne_lock_discover');

/**
 * Declares that a request will change a resource. The request then submits the locks in the session's store that apply
 * to the resource. Call this function before the request is sent.
 *
 * @param depth `NE_DEPTH_ZERO`, or `NE_DEPTH_INFINITE` when the request changes everything below `path`, too
 */
export const ne_lock_using_resource: (req: ne_request, path: string, depth: number) => void =
  native('ne_lock_using_resource');

/**
 * Declares that a request will change the collection that contains `path`. This applies to requests that add or remove
 * a resource. Call this function before the request is sent.
 */
export const ne_lock_using_parent: (req: ne_request, path: string) => void = native('ne_lock_using_parent');
