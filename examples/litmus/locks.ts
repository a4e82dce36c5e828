/** Tests LOCK and UNLOCK: the effects of a lock for its owner and for others. */
import * as ne from 'libneon/ne';
import { capabilities } from './basic.js';
import { end, fail, sequence, skip, type Test } from './runner.js';
import type { Server } from './server.js';

const OWNER = 'libneon litmus';
const TIMEOUT = 3600;
/** A token that no server issues. */
const NO_LOCK = 'DAV:no-lock';

export function locks(server: Server): Test[] {
  const plain = server.path('notlocked');
  const collection = server.path('lockcoll/');
  const store = ne.ne_lockstore_create();
  let locking = false;
  /** The resource that the tests use. */
  let target = server.path('lockme');
  /** The current lock. It is in the store, so that requests of the first session submit it. */
  let held: ne.ne_lock | null = null;

  const lockHeld = (): ne.ne_lock => held ?? skip();
  const property = (): ne.ne_proppatch_operation[] => [
    { name: { nspace: 'http://libneon.example/litmus/', name: 'random' }, type: ne.ne_propset, value: 'any' },
  ];

  /** A lock to request for the target. */
  const wanted = (scope: number, depth: number): ne.ne_lock => {
    const lock = ne.ne_lock_create();
    ne.ne_fill_server_uri(server.client.session, lock.uri);
    lock.uri.path = target;
    return Object.assign(lock, { scope, depth, type: ne.ne_locktype_write, timeout: TIMEOUT, owner: OWNER });
  };

  const obtain = (scope: number, depth = ne.NE_DEPTH_ZERO): void => {
    const { client } = server;
    held = null;
    const lock = wanted(scope, depth);
    client.works(`LOCK of ${target}`, ne.ne_lock(client.session, lock));
    if (lock.scope !== scope) {
      ne.ne_unlock(client.session, lock);
      fail(`the lock of ${target} is ${scopeName(lock.scope)}, not ${scopeName(scope)}`);
    }
    ne.ne_lockstore_add(store, lock);
    held = lock;
  };

  /** Drops a lock that could not be released. */
  const forget = (): void => {
    if (held === null) return;
    ne.ne_lockstore_remove(store, held);
    held = null;
  };

  /** Sends PUT with this `If` header, and without submitting a lock. Returns the status. */
  const putIf = (condition: string): number =>
    server.client.send('PUT', target, { headers: { If: condition }, body: 'put on a condition' });

  /** Sends PUT with a condition that holds. */
  const putWhere = (condition: string): void => {
    const status = putIf(condition);
    if (status < 200 || status > 299) fail(`PUT on a condition that holds (If: ${condition}): ${server.client.error}`);
  };

  /** Sends PUT with a condition that does not hold. The server should respond with this status. */
  const putUnless = (condition: string, wantedStatus: number): number => {
    const status = putIf(condition);
    if (status >= 200 && status <= 299)
      fail(`PUT on a condition that does not hold (If: ${condition}) was not rejected`);
    if (status !== wantedStatus)
      server.warn(`PUT with If: ${condition} should have the status ${wantedStatus}, not ${status}`);
    return status;
  };

  /** Sends PUT with a condition that names {@link NO_LOCK}. The condition is valid, so the status 400 is wrong. */
  const putWithoutLock = (condition: string): void => {
    if (putUnless(condition, 412) === 400) fail(`PUT with If: ${condition} was rejected with 400`);
  };

  const tests = {
    options() {
      locking = capabilities(server);
    },

    precond() {
      if (!locking) end('SKIPPED', 'the server does not claim to lock (class 2)');
    },

    init_locks: () => ne.ne_lockstore_register(store, server.client.session),

    put() {
      server.client.upload(target);
      server.client.upload(plain);
    },

    lock_excl: () => obtain(ne.ne_lockscope_exclusive),
    lock_shared: () => obtain(ne.ne_lockscope_shared),

    discover() {
      const { token, owner } = lockHeld();
      const { client } = server;
      let wrong: string | undefined;
      client.works(
        `PROPFIND of the locks of ${target}`,
        ne.ne_lock_discover(client.session, target, (lock, _uri, status) => {
          if (lock === null) wrong ??= `the server does not report the lock: ${status?.code} ${status?.reason_phrase}`;
          else if (lock.token !== token) wrong ??= `found the lock ${lock.token}, not ${token}`;
          else if (lock.owner !== owner) wrong ??= `found a lock whose owner is ${lock.owner}, not ${owner}`;
        }),
      );
      if (wrong !== undefined) fail(wrong);
    },

    refresh() {
      const { client } = server;
      client.works('LOCK to refresh a lock', ne.ne_lock_refresh(client.session, lockHeld()));
    },

    notowner_modify() {
      lockHeld();
      const { second } = server;
      const { session } = second;
      const attempts: [string, () => number][] = [
        ['DELETE', () => ne.ne_delete(session, target)],
        ['MOVE', () => ne.ne_move(session, false, target, server.path('elsewhere'))],
        ['COPY onto the resource', () => ne.ne_copy(session, true, ne.NE_DEPTH_ZERO, plain, target)],
        ['PROPPATCH', () => ne.ne_proppatch(session, target, property())],
        ['PUT', () => second.put(target)],
      ];
      for (const [operation, attempt] of attempts) {
        second.refuses(`${operation} by another client despite the lock`, attempt());
        second.should(423, `${operation} by another client`);
      }
    },

    notowner_lock() {
      const { depth } = lockHeld();
      const { second } = server;
      const other = wanted(ne.ne_lockscope_exclusive, depth);
      other.token = 'opaquelocktoken:no-such-token';
      other.owner = `${OWNER}, another`;
      second.refuses('UNLOCK with an unknown token', ne.ne_unlock(second.session, other));
      second.refuses('an exclusive LOCK by another client', ne.ne_lock(second.session, other));
      second.should(423, 'an exclusive LOCK by another client');
    },

    owner_modify() {
      lockHeld();
      const { client } = server;
      client.works('PUT by the owner of the lock', client.put(target));
      client.works('PROPPATCH by the owner of the lock', ne.ne_proppatch(client.session, target, property()));
    },

    // Requests a second shared lock.
    double_sharedlock() {
      const { depth } = lockHeld();
      const { second } = server;
      const other = wanted(ne.ne_lockscope_shared, depth);
      other.owner = `${OWNER}, another`;
      second.works('a shared LOCK by another client', ne.ne_lock(second.session, other));
      second.works('UNLOCK of the second shared lock', ne.ne_unlock(second.session, other));
    },

    copy() {
      lockHeld();
      const { second } = server;
      const { session } = second;
      const destination = `${target}-copydest`;
      second.clear(destination);
      second.works('COPY of a locked resource', ne.ne_copy(session, true, ne.NE_DEPTH_ZERO, target, destination));
      let count = 0;
      second.works(
        'PROPFIND of the locks of the copy',
        ne.ne_lock_discover(session, destination, (lock) => void (count += lock === null ? 0 : 1)),
      );
      if (count > 0) fail(`the copy of a locked resource has locks: ${count}`);
      second.works('DELETE of the copy', ne.ne_delete(session, destination));
    },

    cond_put() {
      const { token } = lockHeld();
      putWhere(`(<${token}> [${entityTag()}])`);
    },

    fail_cond_put() {
      lockHeld();
      putWithoutLock(`(<${NO_LOCK}> [${entityTag()}])`);
    },

    cond_put_with_not: () => putWhere(`(<${lockHeld().token}>) (Not <${NO_LOCK}>)`),

    // The second list of the condition is true, but no list submits the token of the lock.
    cond_put_corrupt_token: () => void putUnless(`(<${lockHeld().token}x>) (Not <${NO_LOCK}>)`, 423),

    complex_cond_put() {
      const { token } = lockHeld();
      const tag = entityTag();
      putWhere(`(<${token}> [${tag}]) (Not <${NO_LOCK}> [${tag}])`);
    },

    fail_complex_cond_put() {
      const { token } = lockHeld();
      const tag = otherTag(entityTag());
      const condition = `(<${token}> [${tag}]) (Not <${NO_LOCK}> [${tag}])`;
      const status = putIf(condition);
      if (status !== 412) fail(`PUT with If: ${condition} must have the status 412, not ${status}`);
    },

    unlock() {
      const lock = lockHeld();
      const { client } = server;
      client.works('UNLOCK', ne.ne_unlock(client.session, lock));
      forget();
    },

    fail_cond_put_unlocked: () => putWithoutLock(`(<${NO_LOCK}>)`),

    prep_collection() {
      forget();
      target = collection;
      server.client.makeCollection(collection);
    },

    // The following tests use a file in the locked collection.
    lock_collection() {
      obtain(ne.ne_lockscope_exclusive, ne.NE_DEPTH_INFINITE);
      target = `${collection}lockme.txt`;
      server.client.upload(target);
    },

    indirect_refresh() {
      const lock = ne.ne_lock_copy(lockHeld());
      const { client } = server;
      lock.uri.path = target;
      client.works(`LOCK to refresh the lock of ${collection} by ${target}`, ne.ne_lock_refresh(client.session, lock));
      ne.ne_lock_destroy(lock);
    },

    unmapped_lock() {
      forget();
      target = server.path('unmapped_url');
      obtain(ne.ne_lockscope_exclusive);
      server.client.should(201, 'LOCK of a missing resource');
    },
  };

  return sequence(
    tests,
    ...(['options', 'precond', 'init_locks', 'put', 'lock_excl', 'discover', 'refresh'] as const),
    // `notowner_modify` and `notowner_lock` run again after `owner_modify`, which must not release the lock.
    ...(['notowner_modify', 'notowner_lock', 'owner_modify', 'notowner_modify', 'notowner_lock', 'copy'] as const),
    ...(['cond_put', 'fail_cond_put', 'cond_put_with_not', 'cond_put_corrupt_token'] as const),
    ...(['complex_cond_put', 'fail_complex_cond_put', 'unlock', 'fail_cond_put_unlocked'] as const),
    ...(['lock_shared', 'notowner_modify', 'notowner_lock', 'owner_modify'] as const),
    ...(['double_sharedlock', 'notowner_modify', 'notowner_lock', 'unlock'] as const),
    ...(['prep_collection', 'lock_collection', 'owner_modify', 'notowner_modify'] as const),
    ...(['refresh', 'indirect_refresh', 'unlock', 'unmapped_lock', 'unlock'] as const),
  );

  /** The entity tag of the target. Servers need not have entity tags. */
  function entityTag(): string {
    return server.client.entityTag(target) ?? skip();
  }
}

function scopeName(scope: number): string {
  return scope === ne.ne_lockscope_exclusive ? 'exclusive' : 'shared';
}

/** Returns an entity tag that resembles `tag`, but is not the entity tag of the resource. */
function otherTag(tag: string): string {
  const at = tag.length - 3;
  if (at < 1) skip();
  return tag.slice(0, at) + String.fromCharCode(tag.charCodeAt(at) + 1) + tag.slice(at + 1);
}
