/** Tests of the functions of ne_locks.h that send nothing: locks, stores, and the locks that requests submit. */
import * as ne from 'libneon/ne';
import { runScenario } from '../../support/child.js';
import { failureOf, neonError, wrongType } from '../../support/expect.js';
import { conditions } from '../../support/lock-responses.js';
import { held, lockOn, pathsIn, storeOf, unconnected } from '../../support/locks.js';
import { answering, receivedBy, sessionWith, testServers } from '../../support/servers.js';

const serve = testServers();
const invalidState = neonError('ERR_NEON_INVALID_STATE');
const borrowed = neonError('ERR_NEON_BORROWED');
const gone = neonError('ERR_NEON_DESTROYED');

describe('the struct ne_lock', () => {
  test('creates an exclusive lock of depth 0 with no other field set', () => {
    expect(ne.ne_lock_create()).toEqual({
      uri: { scheme: null, host: null, userinfo: null, port: 0, path: null, query: null, fragment: null },
      depth: ne.NE_DEPTH_ZERO,
      type: ne.ne_locktype_write,
      scope: ne.ne_lockscope_exclusive,
      token: null,
      owner: null,
      timeout: ne.NE_TIMEOUT_INVALID,
    });
  });

  test('copies a lock whole, with or without a token', () => {
    for (const token of ['urn:a', '', null]) {
      const lock = held('/ä', 'x', { token, owner: '<b/>', timeout: 7, scope: ne.ne_lockscope_shared, depth: 2 });
      const copy = ne.ne_lock_copy(lock);
      expect(copy).toEqual(lock);
      copy.uri.path = '/other';
      expect(lock.uri.path).toBe('/ä');
    }
    expect(ne.ne_lock_copy({ uri: {} })).toEqual({ ...ne.ne_lock_create(), timeout: 0 });
  });

  test('frees the strings of a lock, and destroys a lock', () => {
    const lock = held('/a', 'urn:a', { owner: 'me', timeout: 5 });
    ne.ne_lock_free(lock);
    expect(lock).toEqual({ ...ne.ne_lock_create(), timeout: 5 });
    lock.token = 'again';
    ne.ne_lock_destroy(lock);
    expect(lock.token).toBeNull();
    const session = unconnected();
    for (const use of [
      () => ne.ne_lock_copy(lock),
      () => ne.ne_lock_free(lock),
      () => ne.ne_lock_destroy(lock),
      () => ne.ne_lock(session, lock),
      () => ne.ne_unlock(session, lock),
      () => ne.ne_lock_refresh(session, lock),
      () => ne.ne_lockstore_add(ne.ne_lockstore_create(), lock),
      () => ne.ne_lockstore_remove(ne.ne_lockstore_create(), lock),
    ])
      expect(use).toThrow(gone);
  });
});

describe('lock stores', () => {
  test('returns the very locks that were added, the last one first', () => {
    const { store, locks } = storeOf('/a', '/b', '/c');
    expect(ne.ne_lockstore_first(store)).toBe(locks[2]);
    expect(ne.ne_lockstore_next(store)).toBe(locks[1]);
    expect(ne.ne_lockstore_next(store)).toBe(locks[0]);
    expect(ne.ne_lockstore_next(store)).toBeNull();
    expect(ne.ne_lockstore_next(store)).toBeNull();
    expect(ne.ne_lockstore_findbyuri(store, { ...locks[1]!.uri })).toBe(locks[1]);
    for (const other of [
      { path: '/d' },
      { host: 'b' },
      { scheme: 'https' },
      { port: 81 },
      { query: 'q' },
      { path: null },
    ])
      expect(ne.ne_lockstore_findbyuri(store, { ...locks[1]!.uri, ...other })).toBeNull();
  });

  test('returns no next lock of an empty store or before the first one', () => {
    const store = ne.ne_lockstore_create();
    expect([ne.ne_lockstore_next(store), ne.ne_lockstore_first(store), ne.ne_lockstore_next(store)]).toEqual([
      null,
      null,
      null,
    ]);
    ne.ne_lockstore_add(store, held('/a'));
    expect(ne.ne_lockstore_next(store)).toBeNull();
  });

  test('allows changes during an iteration', () => {
    const { store, locks } = storeOf('/a', '/b', '/c', '/d');
    expect(ne.ne_lockstore_first(store)).toBe(locks[3]);
    ne.ne_lockstore_remove(store, locks[2]!); // the lock that would be next
    ne.ne_lockstore_add(store, held('/e'));
    expect(ne.ne_lockstore_next(store)).toBe(locks[1]);
    ne.ne_lockstore_remove(store, locks[1]!); // the current lock
    expect(ne.ne_lockstore_next(store)).toBeNull();
    expect(pathsIn(store)).toEqual(['/e', '/d', '/a']);
  });

  test('owns its locks and makes their fields read-only', () => {
    const { store, locks } = storeOf('/a');
    const [lock] = locks as [ne.ne_lock];
    for (const change of [
      () => (lock.token = 'x'),
      () => (lock.depth = 2),
      () => (lock.scope = 1),
      () => (lock.type = 0),
      () => (lock.uri = { ...lock.uri }),
      () => (lock.uri.path = '/b'),
    ])
      expect(change).toThrow(expect.objectContaining({ name: 'TypeError' }) as Error);
    Object.assign(lock, { owner: 'me', timeout: 3 });
    expect(() => ne.ne_lock_free(lock)).toThrow(borrowed);
    expect(() => ne.ne_lock_destroy(lock)).toThrow(borrowed);
    expect(() => ne.ne_lock(unconnected(), lock)).toThrow(invalidState);
    expect(() => ne.ne_lockstore_add(store, lock)).toThrow(invalidState);
    expect(() => ne.ne_lockstore_add(ne.ne_lockstore_create(), lock)).toThrow(invalidState);
    expect(() => ne.ne_lockstore_remove(ne.ne_lockstore_create(), lock)).toThrow(invalidState);
    ne.ne_lockstore_remove(store, lock);
    expect(() => ne.ne_lockstore_remove(store, lock)).toThrow(invalidState);
    lock.uri.path = '/b';
    lock.token = 'urn:b';
    ne.ne_lockstore_add(store, lock);
    expect(ne.ne_lockstore_first(store)).toBe(lock);
    expect(ne.ne_lockstore_findbyuri(store, held('/b').uri)).toBe(lock);
  });

  test('accepts only locks that ne_lock_create or ne_lock_copy made', async () => {
    const store = ne.ne_lockstore_create();
    for (const lock of [{ ...held('/a') }, new Proxy(held('/a'), {}), Object.create(held('/a')) as ne.ne_lock])
      expect(await failureOf(() => ne.ne_lockstore_add(store, lock))).toEqual(wrongType);
    ne.ne_lockstore_add(store, Object.freeze(held('/frozen')));
    ne.ne_lockstore_add(store, ne.ne_lock_copy({ ...held('/copy') }));
    expect(pathsIn(store)).toEqual(['/copy', '/frozen']);
  });

  test('destroys its locks with itself', () => {
    const { store, locks } = storeOf('/a', '/b');
    ne.ne_lockstore_remove(store, locks[0]!);
    ne.ne_lockstore_destroy(store);
    expect(() => ne.ne_lock_copy(locks[1]!)).toThrow(gone);
    expect(() => ne.ne_lockstore_first(store)).toThrow(gone);
    expect(ne.ne_lock_copy(locks[0]!)).toEqual(locks[0]);
  });

  test('holds many locks', () => {
    const { store, locks } = storeOf(...Array.from({ length: 2000 }, (_, i) => `/${i}`));
    expect(pathsIn(store)).toHaveLength(2000);
    for (const lock of locks.filter((_, i) => i % 2 === 0)) ne.ne_lockstore_remove(store, lock);
    expect(pathsIn(store)).toEqual(Array.from({ length: 1000 }, (_, i) => `/${1999 - 2 * i}`));
  });

  test('collects stores, locks and sessions in any order', async () => {
    const server = await serve(answering());
    expect(await runScenario('lockStores', server.port)).toEqual({ left: 0 });
  });
});

describe('registration', () => {
  test('accepts one store, once, and only while no request is live', () => {
    const session = unconnected();
    const { store } = storeOf('/a');
    const request = ne.ne_request_create(session, 'GET', '/');
    expect(() => ne.ne_lockstore_register(store, session)).toThrow(invalidState);
    ne.ne_request_destroy(request);
    ne.ne_lockstore_register(store, session);
    expect(() => ne.ne_lockstore_register(store, session)).toThrow(invalidState);
    expect(() => ne.ne_lockstore_register(ne.ne_lockstore_create(), session)).toThrow(invalidState);
    ne.ne_request_destroy(ne.ne_request_create(session, 'GET', '/'));
    ne.ne_session_destroy(session);
  });

  test('lets the store or the session be destroyed first', async () => {
    for (const storeFirst of [true, false]) {
      const server = await serve(answering());
      const [one, two] = [sessionWith(server), sessionWith(server)];
      const { store } = storeOf('/a');
      for (const session of [one, two]) ne.ne_lockstore_register(store, session);
      const request = ne.ne_request_create(one, 'PUT', '/a');
      ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO);
      if (storeFirst) ne.ne_lockstore_destroy(store);
      ne.ne_session_destroy(two);
      expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
      ne.ne_request_destroy(request);
      const other = ne.ne_request_create(one, 'PUT', '/a');
      ne.ne_lock_using_resource(other, '/a', ne.NE_DEPTH_ZERO);
      expect(ne.ne_request_dispatch(other)).toBe(ne.NE_OK);
      ne.ne_request_destroy(other);
      ne.ne_session_destroy(one);
      if (!storeFirst) ne.ne_lockstore_destroy(store);
      const [first, second] = conditions(await receivedBy(server));
      expect(first).toBe('<http://example.com/a> (<urn:/a>)');
      expect(second).toBe(storeFirst ? undefined : first);
    }
  });
});

describe('locks that requests submit', () => {
  const server = (): ReturnType<typeof serve> => serve(answering());

  /** Opens a session with a server. Registers a lock store that contains locks on these paths. */
  async function submitting(...locks: (readonly [path: string, depth: number])[]): Promise<{
    session: ne.ne_session;
    store: ne.ne_lock_store;
    received: () => Promise<(string | undefined)[]>;
    lock: (path: string) => ne.ne_lock;
  }> {
    const running = await server();
    const session = sessionWith(running);
    const store = ne.ne_lockstore_create();
    for (const [path, depth] of locks)
      ne.ne_lockstore_add(store, lockOn(session, path, { depth, token: `urn:${path}` }));
    ne.ne_lockstore_register(store, session);
    const here = `http://127.0.0.1:${running.port}`;
    const received = async (): Promise<(string | undefined)[]> =>
      conditions(await receivedBy(running)).map((text) => text?.replaceAll(here, ''));
    const lock = (path: string): ne.ne_lock =>
      ne.ne_lockstore_findbyuri(store, { scheme: 'http', host: '127.0.0.1', port: running.port, path })!;
    return { session, store, received, lock };
  }

  test.each([
    [
      'the lock of the resource itself',
      (r: ne.ne_request) => ne.ne_lock_using_resource(r, '/c/a', ne.NE_DEPTH_ZERO),
      ['/c/a'],
    ],
    ['the lock of a collection', (r: ne.ne_request) => ne.ne_lock_using_resource(r, '/c/', ne.NE_DEPTH_ZERO), ['/c/']],
    [
      'the locks of a whole collection',
      (r: ne.ne_request) => ne.ne_lock_using_resource(r, '/c/', ne.NE_DEPTH_INFINITE),
      ['/c/', '/c/a'],
    ],
    [
      'the lock of the tree of a member',
      (r: ne.ne_request) => ne.ne_lock_using_resource(r, '/tree/x/y', ne.NE_DEPTH_ZERO),
      ['/tree/'],
    ],
    [
      'no lock for an unlocked member',
      (r: ne.ne_request) => ne.ne_lock_using_resource(r, '/c/b', ne.NE_DEPTH_ZERO),
      [],
    ],
    ['the lock of the parent', (r: ne.ne_request) => ne.ne_lock_using_parent(r, '/c/new'), ['/c/']],
    ['the lock of the tree of the parent', (r: ne.ne_request) => ne.ne_lock_using_parent(r, '/tree/x/new'), ['/tree/']],
    ['no lock for a resource without a parent', (r: ne.ne_request) => ne.ne_lock_using_parent(r, '/'), []],
    [
      'no lock for odd paths',
      (r: ne.ne_request) => ['', '*', 'a', '//'].forEach((path) => ne.ne_lock_using_parent(r, path)),
      [],
    ],
    [
      'one lock that is named twice',
      (r: ne.ne_request) => [1, 2].forEach(() => ne.ne_lock_using_resource(r, '/c/a', ne.NE_DEPTH_ZERO)),
      ['/c/a'],
    ],
  ])('submits %s', async (_, use, expected) => {
    const { session, received } = await submitting(
      ['/tree/', ne.NE_DEPTH_INFINITE],
      ['/c/a', ne.NE_DEPTH_ZERO],
      ['/c/', ne.NE_DEPTH_ZERO],
    );
    const request = ne.ne_request_create(session, 'PUT', '/x');
    use(request);
    for (let i = 0; i < 2; i++) expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    for (const condition of await received())
      expect([...(condition ?? '').matchAll(/<([^>]*)> \(<urn:\1>\)/g)].map(([, path]) => path).sort()).toEqual(
        expected,
      );
  });

  test('submits a list without tags to SharePoint', async () => {
    const { session, received } = await submitting(['/a', 0], ['/b', 0]);
    ne.ne_set_session_flag(session, ne.NE_SESSFLAG_SHAREPOINT, 1);
    const request = ne.ne_request_create(session, 'PUT', '/');
    ne.ne_lock_using_resource(request, '/', ne.NE_DEPTH_INFINITE);
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(await received()).toEqual(['(<urn:/a> <urn:/b>)']);
  });

  test('submits no locks without a store', async () => {
    const running = await server();
    const request = ne.ne_request_create(sessionWith(running), 'PUT', '/a');
    ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO);
    ne.ne_lock_using_parent(request, '/a');
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(conditions(await receivedBy(running))).toEqual([undefined]);
  });

  test('keeps locks in live requests after they are removed and destroyed', async () => {
    const { session, store, received, lock } = await submitting(['/a', 0], ['/b', 0]);
    const requests = ['/a', '/b'].map((path) => {
      const request = ne.ne_request_create(session, 'PUT', path);
      ne.ne_lock_using_resource(request, path, ne.NE_DEPTH_ZERO);
      return request;
    });
    const late = ne.ne_request_create(session, 'PUT', '/late');
    for (const path of ['/a', '/b']) {
      const taken = lock(path);
      ne.ne_lockstore_remove(store, taken);
      ne.ne_lock_destroy(taken);
    }
    for (let i = 0; i < 1000; i++) ne.ne_lockstore_add(store, lockOn(session, `/other${i}`, { token: 'x'.repeat(20) }));
    ne.ne_lock_using_resource(late, '/a', ne.NE_DEPTH_ZERO);
    ne.ne_request_destroy(requests[1]!);
    for (const request of [requests[0]!, late]) expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(await received()).toEqual(['</a> (<urn:/a>)', undefined]);
    ne.ne_lockstore_destroy(store);
    expect(ne.ne_request_dispatch(requests[0]!)).toBe(ne.NE_OK);
    expect((await received()).at(-1)).toBe('</a> (<urn:/a>)');
  });

  test('submits a lock that a hook names for a request that neon makes', async () => {
    const { session, store, received, lock } = await submitting(['/a', 0]);
    ne.ne_hook_create_request(session, (request) => {
      ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO);
      const taken = lock('/a');
      ne.ne_lockstore_remove(store, taken);
      ne.ne_lock_destroy(taken);
    });
    const destroyed: unknown[] = [];
    ne.ne_hook_destroy_request(session, (request) => {
      try {
        ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO);
      } catch (error) {
        destroyed.push(error);
      }
    });
    expect(ne.ne_unlock(session, lockOn(session, '/x', { token: 'urn:x' }))).toBe(ne.NE_OK);
    expect(await received()).toEqual(['</a> (<urn:/a>)']);
    expect(destroyed).toEqual([invalidState]);
  });
});
