/** Locks for the tests of ne_locks.h and of the classes. */
import * as ne from 'libneon/ne';

/** A lock on a path of a session's server. No server has granted this lock unless `fields` contains a token. */
export function lockOn(session: ne.ne_session, path: string, fields: Partial<ne.ne_lock> = {}): ne.ne_lock {
  const lock = ne.ne_lock_create();
  ne.ne_fill_server_uri(session, lock.uri);
  lock.uri.path = path;
  return Object.assign(lock, fields);
}

/** The paths of the locks in a store, from the first to the last. */
export function pathsIn(store: ne.ne_lock_store): (string | null)[] {
  const paths: (string | null)[] = [];
  for (let lock = ne.ne_lockstore_first(store); lock; lock = ne.ne_lockstore_next(store)) paths.push(lock.uri.path);
  return paths;
}

/** A session that sends nothing. */
export const unconnected = (): ne.ne_session => ne.ne_session_create('http', 'example.com', 80);

/** A lock that is held. */
export const held = (path: string, token = `urn:${path}`, fields: Partial<ne.ne_lock> = {}): ne.ne_lock =>
  lockOn(unconnected(), path, { token, ...fields });

/** Creates a store with locks on these paths. The store returns the locks in reverse order. */
export function storeOf(...paths: string[]): { store: ne.ne_lock_store; locks: ne.ne_lock[] } {
  const store = ne.ne_lockstore_create();
  const locks = paths.map((path) => held(path));
  for (const lock of locks) ne.ne_lockstore_add(store, lock);
  return { store, locks };
}
