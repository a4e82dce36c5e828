/** Tests of the functions of ne_locks.h that send requests, against scripted servers. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { response } from '../../servers/raw.js';
import { failureOf, neonError, wrongType } from '../../support/expect.js';
import { conditions, lockGranted, locksFound } from '../../support/lock-responses.js';
import { held, lockOn, pathsIn, storeOf, unconnected } from '../../support/locks.js';
import {
  answering,
  exchange,
  receivedBy,
  sessionWith,
  stalling,
  testServers,
  thenAnswering,
} from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const busy = neonError('ERR_NEON_BUSY');
const reentrant = neonError('ERR_NEON_REENTRANT');
const gone = neonError('ERR_NEON_DESTROYED');

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  describe('ne_lock', () => {
    test('sends the fields of the lock and stores those that the server granted', async () => {
      const granted = { scope: 'shared', depth: 'infinity', owner: 'somebody', timeout: 'Second-4100000000' } as const;
      const server = await serve({ connections: [exchange(lockGranted('urn:uuid:1', granted))] });
      const session = sessionWith(server);
      const lock = lockOn(session, '/a%20b/', {
        scope: ne.ne_lockscope_shared,
        depth: ne.NE_DEPTH_INFINITE,
        timeout: 60,
        owner: '<href>http://example.com/\u00e4</href>',
      });
      expect(await io.ne_lock(session, lock)).toBe(ne.NE_OK);
      expect(lock).toMatchObject({
        uri: { path: '/a%20b/' },
        token: 'urn:uuid:1',
        scope: ne.ne_lockscope_shared,
        depth: ne.NE_DEPTH_INFINITE,
        owner: 'somebody',
        timeout: 4_100_000_000,
      });
      const [text] = await receivedBy(server);
      expect(text).toMatch(/^LOCK \/a%20b\/ HTTP\/1\.1\r\n/);
      expect(text).toContain('\r\nDepth: infinity\r\n');
      expect(text).toContain('\r\nTimeout: Second-60\r\n');
      expect(text).toContain('<lockscope><shared/></lockscope>');
      expect(text).toContain('<owner><href>http://example.com/\u00e4</href></owner>');
    });

    test.each([
      ['Infinite', ne.NE_TIMEOUT_INFINITE],
      ['Second-9223372036854775807', Number.MAX_SAFE_INTEGER],
      ['Second-0', 0],
    ])('converts a timeout of %s to %d', async (timeout, seconds) => {
      const session = sessionWith(await serve(answering(lockGranted('urn:1', { timeout }))));
      const lock = lockOn(session, '/', { timeout: ne.NE_TIMEOUT_INFINITE });
      expect(await io.ne_lock(session, lock)).toBe(ne.NE_OK);
      expect(lock.timeout).toBe(seconds);
      expect(await io.ne_lock_refresh(session, lock)).toBe(ne.NE_OK); // requests the granted timeout
    });

    test('fills a plain object, too', async () => {
      const session = sessionWith(await serve(answering(lockGranted('urn:1'))));
      const lock = { uri: { path: '/' } };
      expect(await io.ne_lock(session, lock)).toBe(ne.NE_OK);
      expect(lock).toEqual({
        uri: { path: '/' },
        token: 'urn:1',
        owner: null,
        timeout: 60,
        depth: 0,
        scope: 0,
        type: 0,
      });
    });

    test.each([
      ['a 423', response('', { status: '423 Locked' }), /^423 Locked$/],
      ['no token', response('<prop xmlns="DAV:"/>', { headers: { 'Content-Type': 'text/xml' } }), /Lock-Token/],
      ['another token', lockGranted('urn:1').replace('<urn:1>', '<urn:2>'), /activelock/],
      ['a 207', lockGranted('urn:1', {}, '207 Multi-Status'), /./],
      ['a body that is not XML', lockGranted('urn:1').replace('</D:prop>', '</D:prup>'), /./],
      ['no body', response('', { headers: { 'Lock-Token': '<urn:1>' } }), /./],
    ])('returns NE_ERROR for %s and leaves the lock unchanged', async (_, answer, text) => {
      const session = sessionWith(await serve(thenAnswering(exchange(answer))));
      const lock = lockOn(session, '/', { owner: 'me', timeout: 5 });
      const before = structuredClone(lock);
      expect(await io.ne_lock(session, lock)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toMatch(text);
      expect(lock).toEqual(before);
      expect(await io.ne_unlock(session, { ...lock, token: 'urn:1' })).toBe(ne.NE_OK); // the connection is usable
    });

    test('submits the locks of the store', async () => {
      const server = await serve(answering(lockGranted('urn:new')));
      const session = sessionWith(server);
      const store = ne.ne_lockstore_create();
      ne.ne_lockstore_add(store, lockOn(session, '/c/', { token: 'urn:c' }));
      ne.ne_lockstore_register(store, session);
      const lock = lockOn(session, '/c/a');
      expect(await io.ne_lock(session, lock)).toBe(ne.NE_OK);
      expect(await io.ne_unlock(session, lock)).toBe(ne.NE_OK);
      const collection = `<http://127.0.0.1:${server.port}/c/> (<urn:c>)`;
      expect(conditions(await receivedBy(server))).toEqual([collection, collection]);
    });

    test('runs hooks', async () => {
      const session = sessionWith(await serve(answering(lockGranted('urn:1'))));
      const events: string[] = [];
      ne.ne_hook_create_request(session, (request, method, path) => {
        events.push(`${method} ${path}`);
        ne.ne_add_request_header(request, 'X-Hook', '1');
      });
      ne.ne_hook_post_send(session, (_, status) => void events.push(`${status.code}`));
      ne.ne_hook_destroy_request(session, () => void events.push('destroyed'));
      const lock = lockOn(session, '/a');
      expect(await io.ne_lock(session, lock)).toBe(ne.NE_OK);
      expect(await io.ne_unlock(session, lock)).toBe(ne.NE_OK);
      expect(events).toEqual(['LOCK /a', '200', 'destroyed', 'UNLOCK /a', '200', 'destroyed']);
    });

    test('throws the error of a hook and leaves the lock unchanged', async () => {
      const session = sessionWith(await serve(answering(lockGranted('urn:1'))));
      const reason = new Error('the reason');
      const hook = (): never => {
        throw reason;
      };
      ne.ne_hook_post_headers(session, hook);
      const lock = lockOn(session, '/a');
      expect(await failureOf(() => io.ne_lock(session, lock))).toBe(reason);
      expect(lock.token).toBeNull();
      ne.ne_unhook_post_headers(session, hook);
      expect(await io.ne_lock(session, lock)).toBe(ne.NE_OK);
    });

    test('throws if a getter destroys the session', async () => {
      const session = unconnected();
      const lock = {
        get uri() {
          ne.ne_session_destroy(session);
          return { path: '/' };
        },
      };
      expect(await failureOf(() => io.ne_lock(session, lock))).toEqual(gone);
    });

    test('rejects a call while a request owns the session', async () => {
      const session = sessionWith(await serve(answering()));
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      const failure = await failureOf(() => io.ne_lock(session, lockOn(session, '/')));
      expect(failure).toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
    });
  });

  describe('ne_unlock and ne_lock_refresh', () => {
    test('sends the token', async () => {
      const server = await serve({
        connections: [
          [
            ...exchange(lockGranted('urn:1', { timeout: 'Second-9' })),
            ...exchange(response('', { status: '204 No Content' })),
          ],
        ],
      });
      const session = sessionWith(server);
      const lock = lockOn(session, '/a', { token: 'urn:1', owner: 'me', timeout: 77 });
      expect(await io.ne_lock_refresh(session, lock)).toBe(ne.NE_OK);
      expect(lock).toMatchObject({ timeout: 9, owner: 'me', token: 'urn:1' });
      expect(await io.ne_unlock(session, lock)).toBe(ne.NE_OK);
      const [text] = await receivedBy(server);
      expect(text).toMatch(
        /^LOCK \/a [^]*\r\nIf: \(<urn:1>\)\r\nTimeout: Second-77\r\n[^]*UNLOCK \/a [^]*\r\nLock-Token: <urn:1>\r\n/,
      );
    });

    test('returns NE_ERROR for an error status and keeps the timeout', async () => {
      const session = sessionWith(await serve(answering(response('', { status: '412 Precondition Failed' }))));
      const lock = lockOn(session, '/a', { token: 'urn:1', timeout: 77 });
      for (const call of [io.ne_lock_refresh, io.ne_unlock]) {
        expect(await call(session, lock)).toBe(ne.NE_ERROR);
        expect(ne.ne_get_error(session)).toBe('412 Precondition Failed');
      }
      expect(lock.timeout).toBe(77);
    });

    test('works with a lock in a store', async () => {
      const session = sessionWith(await serve(answering(lockGranted('urn:1'))));
      const store = ne.ne_lockstore_create();
      const lock = lockOn(session, '/a', { token: 'urn:1' });
      ne.ne_lockstore_add(store, lock);
      ne.ne_lockstore_register(store, session);
      expect(await io.ne_lock_refresh(session, lock)).toBe(ne.NE_OK);
      expect(lock.timeout).toBe(60);
      expect(await io.ne_unlock(session, lock)).toBe(ne.NE_OK);
    });
  });

  describe('ne_lock_discover', () => {
    const found = locksFound([
      ['/a', 'urn:a'],
      ['/b', null],
      ['/c', null, '403 Forbidden'],
      ['http://other.example:8080/d', 'urn:d'],
    ]);

    test('passes each lock to the callback', async () => {
      const server = await serve(answering(found));
      const session = sessionWith(server);
      const results: unknown[][] = [];
      const result: ne.ne_lock_result = (lock, uri, status) =>
        void results.push([lock?.token, lock?.timeout, uri.path, status?.code]);
      expect(await io.ne_lock_discover(session, '/a', result)).toBe(ne.NE_OK);
      expect(results).toEqual([
        ['urn:a', 60, '/a', undefined],
        ['urn:d', 60, '/d', undefined],
      ]);
      expect((await receivedBy(server))[0]).toMatch(/^PROPFIND \/a [^]*\r\nDepth: 0\r\n/);
    });

    test('passes locks whose copies a store accepts', async () => {
      const server = await serve(answering(found));
      const session = sessionWith(server);
      const store = ne.ne_lockstore_create();
      const result: ne.ne_lock_result = (lock) => {
        if (lock) ne.ne_lockstore_add(store, ne.ne_lock_copy(lock));
      };
      expect(await io.ne_lock_discover(session, '/', result)).toBe(ne.NE_OK);
      expect(pathsIn(store)).toEqual(['/d', '/a']);
    });

    test('returns NE_ERROR for an error status without calling the callback', async () => {
      const session = sessionWith(await serve(answering(response('x', { status: '404 Not Found' }))));
      const never = jest.fn();
      expect(await io.ne_lock_discover(session, '/', never)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toBe('404 Not Found');
      expect(never).not.toHaveBeenCalled();
    });

    test('throws the error of the callback and calls it no more', async () => {
      const server = await serve(thenAnswering(exchange(found)));
      const session = sessionWith(server);
      const reason = new Error('the reason');
      let calls = 0;
      const result = (): never => {
        calls++;
        throw reason;
      };
      expect(await failureOf(() => io.ne_lock_discover(session, '/', result))).toBe(reason);
      expect(calls).toBe(1);
      expect(await io.ne_unlock(session, lockOn(session, '/', { token: 'urn:1' }))).toBe(ne.NE_OK);
      expect(await server.connections()).toHaveLength(2);
    });

    test('refuses other calls on the session in the callback', async () => {
      const session = sessionWith(await serve(answering(found)));
      const thrown: unknown[] = [];
      const result: ne.ne_lock_result = (lock) => {
        if (!lock) return;
        for (const use of [
          () => ne.ne_unlock(session, lock),
          () => ne.ne_lock_discover(session, '/', () => undefined),
          () => ne.ne_lockstore_register(ne.ne_lockstore_create(), session),
        ])
          try {
            use();
          } catch (error) {
            thrown.push(error);
          }
      };
      expect(await io.ne_lock_discover(session, '/', result)).toBe(ne.NE_OK);
      expect(thrown).toEqual(Array(6).fill(reentrant));
    });

    test(asynchronous ? 'waits for a promise' : 'rejects a promise', async () => {
      const session = sessionWith(await serve(answering(found)));
      let done = 0;
      const call = (): Promise<number> =>
        io.ne_lock_discover(session, '/', async () => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          done++;
        });
      if (!asynchronous) return expect(await failureOf(call)).toEqual(wrongType);
      expect(await call()).toBe(ne.NE_OK);
      expect(done).toBe(2);
    });
  });
});

describe('pending promises', () => {
  /** Starts a LOCK that receives no response. A second session shares the lock store. */
  async function pending(): Promise<{
    store: ne.ne_lock_store;
    lock: ne.ne_lock;
    other: ne.ne_session;
    end: () => Promise<void>;
  }> {
    const server = await serve(thenAnswering(stalling()));
    const [session, other] = [sessionWith(server), sessionWith(server)];
    const { store } = storeOf('/a');
    for (const each of [session, other]) ne.ne_lockstore_register(store, each);
    const lock = lockOn(session, '/b');
    const controller = new AbortController();
    const call = promises.ne_lock(session, lock, { signal: controller.signal });
    await server.waitForRequests(1);
    const end = async (): Promise<void> => {
      const reason = new Error('the reason');
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
      await promises.ne_close_connection(session);
    };
    return { store, lock, other, end };
  }

  test('lets the store be read but not changed', async () => {
    const { store, other, end } = await pending();
    const inside = ne.ne_lockstore_first(store)!;
    for (const change of [
      () => ne.ne_lockstore_add(store, held('/c')),
      () => ne.ne_lockstore_remove(store, inside),
      () => ne.ne_lockstore_destroy(store),
    ])
      expect(change).toThrow(busy);
    expect(pathsIn(store)).toEqual(['/a']);
    expect(ne.ne_lock_copy(inside).token).toBe('urn:/a');
    const request = ne.ne_request_create(other, 'PUT', '/a');
    ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO);
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK); // both sessions read the store
    await end();
    ne.ne_lockstore_remove(store, inside);
    ne.ne_lockstore_destroy(store);
  });

  test('leaves the lock unchanged after an abort', async () => {
    const { lock, end } = await pending();
    const before = structuredClone(lock);
    await end();
    expect(lock).toEqual(before);
  });

  test('lets a callback of the pending call change the store unless another session is busy', async () => {
    const server = await serve(answering(lockGranted('urn:new')));
    const session = sessionWith(server);
    const { store } = storeOf('/a');
    ne.ne_lockstore_register(store, session);
    ne.ne_hook_create_request(session, async () => {
      await Promise.resolve();
      ne.ne_lockstore_remove(store, ne.ne_lockstore_first(store)!);
      ne.ne_lockstore_add(store, held('/b'));
    });
    expect(await promises.ne_lock(session, lockOn(session, '/b'))).toBe(ne.NE_OK);
    expect(pathsIn(store)).toEqual(['/b']);
  });

  test('submits locks of one store by many sessions at the same time', async () => {
    const server = await serve(answering(response('', { status: '204 No Content' })));
    const { store } = storeOf(...Array.from({ length: 50 }, (_, i) => `/c/${i}`));
    const sessions = Array.from({ length: 8 }, () => ne.ne_session_create('http', '127.0.0.1', server.port));
    for (const session of sessions) ne.ne_lockstore_register(store, session);
    for (let round = 0; round < 20; round++) {
      const codes = sessions.map((session) => promises.ne_unlock(session, lockOn(session, '/c/x', { token: 'urn:x' })));
      expect(await Promise.all(codes)).toEqual(Array(8).fill(ne.NE_OK));
      const first = ne.ne_lockstore_first(store)!;
      ne.ne_lockstore_remove(store, first);
    }
    expect(pathsIn(store)).toHaveLength(30);
  });
});
