import * as state from '../core/lock-state.js';
import { native } from '../core/native.js';
import type { ne_lock_store, ne_request, ne_session } from './handles.js';
import type { ne_uri } from './uri.js';
import type { ne_status } from './utils.js';

/** A lock (`struct ne_lock`): a plain object that each call copies to C and back. Inside a store most of it is read-only. */
export interface ne_lock {
  /** What is locked. */
  uri: ne_uri;
  /** `NE_DEPTH_ZERO` or `NE_DEPTH_INFINITE`. */
  depth: number;
  /** `ne_locktype_write`. */
  type: number;
  /** `ne_lockscope_exclusive` or `ne_lockscope_shared`. */
  scope: number;
  /** What tells this lock from all others; null until it is obtained. */
  token: string | null;
  /** Who owns it: well-formed XML, which goes into the request as it is. What a server gives is its text. */
  owner: string | null;
  /** Seconds, `NE_TIMEOUT_INFINITE`, or `NE_TIMEOUT_INVALID` to leave it to the server. */
  timeout: number;
}

/** A lock that goes in. What is missing is null or 0. */
export interface ne_lock_fields extends Partial<Omit<ne_lock, 'uri'>> {
  uri: Partial<ne_uri>;
}

/**
 * Called with each lock that is found, with what is locked, and null; or, where the server did not tell the locks of a
 * resource, with null, what resource, and the status that says why. The lock is a copy; a store takes an ne_lock_copy of it.
 */
export type ne_lock_result = (lock: ne_lock | null, uri: ne_uri, status: ne_status | null) => void | PromiseLike<void>;

/** The number that no lock has in its store. */
const noNumber = 2 ** 32 - 1;

const create: () => ne_lock = native('ne_lock_create');

const copy: (lock: ne_lock_fields) => ne_lock = native('ne_lock_copy');

const free: (lock: ne_lock_fields) => void = native('ne_lock_free');

const add: (store: ne_lock_store, lock: ne_lock) => number = native('addLock');

const remove: (store: ne_lock_store, number: number) => void = native('removeLock');

const destroyStore: (store: ne_lock_store) => void = native('ne_lockstore_destroy');

/**
 * A lock that is not obtained yet: exclusive, of depth 0, with a timeout of the server's choice. `uri`, `token` and
 * `owner` are unset; ne_fill_server_uri fills the first parts of the `uri`.
 */
export const ne_lock_create = (): ne_lock => state.made(create());

/** A copy of a lock, which belongs to no store. */
export const ne_lock_copy = (lock: ne_lock_fields): ne_lock => {
  state.requireLive(lock);
  return state.made(copy(lock));
};

/**
 * Sets `token` and `owner` to null, and all of the `uri`.
 *
 * @throws `ERR_NEON_BORROWED` when the lock is in a store
 */
export const ne_lock_free = (lock: ne_lock_fields): void => {
  state.requireOwn(lock);
  free(lock);
};

/**
 * The same; every further use of the lock is `ERR_NEON_DESTROYED`.
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
 * Registers a store with a session: requests of the session that change something for which there is a lock in the store
 * submit the lock. A store may be registered with several sessions; either may be destroyed first.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the session has a store already, or while a request of it is live
 */
export const ne_lockstore_register: (store: ne_lock_store, sess: ne_session) => void = native('ne_lockstore_register');

/**
 * Destroys a store and the locks in it, which the sessions submit no more.
 *
 * @throws `ERR_NEON_BUSY` while a promise of a session is pending that the store is registered with
 */
export const ne_lockstore_destroy = (store: ne_lock_store): void => {
  destroyStore(store);
  state.destroyStore(store);
};

/**
 * Adds a lock to a store, which owns it from then on: `uri`, `depth`, `type`, `scope` and `token` are read-only there. It
 * needs a URI with scheme, host, port and path, and a token.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the lock is in a store, `ERR_INVALID_ARG_TYPE` when neither ne_lock_create nor
 * ne_lock_copy made it, `ERR_NEON_BUSY` while a promise of a session is pending that the store is registered with
 */
export const ne_lockstore_add = (store: ne_lock_store, lock: ne_lock): void => {
  state.requireMade(lock);
  state.enter(lock, { store, number: add(store, lock) });
};

/**
 * Takes a lock out of a store; it belongs to the caller then. What requests submit that are live does not change.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the lock is not in this store, `ERR_NEON_BUSY` while a promise of a session is
 * pending that the store is registered with
 */
export const ne_lockstore_remove = (store: ne_lock_store, lock: ne_lock): void => {
  state.requireObject(lock);
  const membership = state.membership(lock);
  remove(store, membership && membership.store === store ? membership.number : noNumber);
  state.leave(lock);
};

/** The first lock of a store, or null when there is none. The last that was added is the first. */
export const ne_lockstore_first: (store: ne_lock_store) => ne_lock | null = native('ne_lockstore_first');

/** The next lock: null after the last one, before ne_lockstore_first, and when the one before was removed. */
export const ne_lockstore_next: (store: ne_lock_store) => ne_lock | null = native('ne_lockstore_next');

/** The lock of exactly this URI, as ne_uri_cmp compares it, or null. */
export const ne_lockstore_findbyuri: (store: ne_lock_store, uri: Partial<ne_uri>) => ne_lock | null =
  native('ne_lockstore_findbyuri');

/**
 * Sends a LOCK request for a lock: of its `uri` only the path counts. On success its `token`, `timeout`, `depth`, `scope`,
 * `type` and `owner` are what the server gave. Returns `NE_OK` or another `NE_*`.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the lock is in a store, `ERR_INVALID_ARG_VALUE` when its owner is no well-formed
 * XML
 */
export const ne_lock: (sess: ne_session, lock: ne_lock_fields) => number = native('ne_lock', (sess, lock) => {
  state.requireFree(lock);
  return [sess, lock];
});

/** Sends an UNLOCK request for a lock; needs the path of its `uri`, and its `token`. Returns an `NE_*`. */
export const ne_unlock: (sess: ne_session, lock: ne_lock_fields) => number = native('ne_unlock', (sess, lock) => {
  state.requireLive(lock);
  return [sess, lock];
});

/**
 * Refreshes a lock; needs the path of its `uri`, and its `token`. Its `timeout` says what to ask for (0 for nothing), and
 * on success is what the server gave. Returns an `NE_*`.
 */
export const ne_lock_refresh: (sess: ne_session, lock: ne_lock_fields) => number = native(
  'ne_lock_refresh',
  (sess, lock) => {
    state.requireLive(lock);
    return [sess, lock];
  },
);

/** Asks the server for the locks of a resource, by a PROPFIND request. Returns an `NE_*`. */
export const ne_lock_discover: (sess: ne_session, path: string, result: ne_lock_result) => number =
  native('ne_lock_discover');

/**
 * The request will change the resource at `path`, and (with `NE_DEPTH_INFINITE`) all that is in it: it submits the locks
 * of the session's store that cover them. To be called before the request is sent.
 */
export const ne_lock_using_resource: (req: ne_request, path: string, depth: number) => void =
  native('ne_lock_using_resource');

/** The request will change the collection that `path` is in, as one that adds or removes the resource does. */
export const ne_lock_using_parent: (req: ne_request, path: string) => void = native('ne_lock_using_parent');
