/** Tests which locks the classes submit, including locks from libneon/ne, against scripted servers. */
import { openSync } from 'node:fs';
import { Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { response } from '../../servers/raw.js';
import { failureOf, neonError } from '../../support/expect.js';
import { lockForms, lockSession as open } from '../../support/lock-forms.js';
import { conditions, conditionsOf, done, lockGranted } from '../../support/lock-responses.js';
import { lockOn } from '../../support/locks.js';
import { answering, exchange, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();
const invalidState = neonError('ERR_NEON_INVALID_STATE');

describe.each(lockForms)('$form', ({ calls: callsOf, blocking }) => {
  describe('submitted locks', () => {
    /** The `If` headers that a session sends if its store contains these locks. */
    const submitted = async (
      request: (session: Session) => unknown,
      locks: readonly (readonly [target: string, depth: 0 | 'infinity'])[] = [
        ['/c/', 0],
        ['/c/a', 0],
        ['/tree/', 'infinity'],
        ['/other', 0],
      ],
    ): Promise<(string | undefined)[]> => {
      const server = await serve(answering(done));
      const session = open(server);
      for (const [target, depth] of locks) session.locks.add({ target, depth, token: `urn:${target}` });
      await request(session);
      await session.close();
      return conditionsOf(server);
    };
    const send =
      (method: string, target: string, headers: Record<string, string> = {}) =>
      (session: Session): unknown =>
        callsOf(session).request(method, target, { headers: { ...headers } });

    const [c, a, tree] = ['</c/> (<urn:/c/>)', '</c/a> (<urn:/c/a>)', '</tree/> (<urn:/tree/>)'];
    test.each([
      ['PUT', 'a', {}, `${c} ${a}`],
      ['PUT', 'new', {}, c],
      ['PUT', 'a?query', {}, `${c} ${a}`],
      ['PUT', '/tree/x/y', {}, tree],
      ['PUT', '/x', {}, undefined],
      ['PATCH', 'a', {}, `${c} ${a}`],
      ['DELETE', 'a', {}, `${c} ${a}`],
      ['DELETE', '/c', {}, `${c} ${a}`],
      ['MKCOL', '/tree/x/', {}, tree],
      ['PROPPATCH', 'a', {}, a],
      ['PROPPATCH', 'new', {}, undefined],
      ['POST', 'a', {}, a],
      ['ACL', 'a', {}, a],
      ['COPY', 'a', { Destination: '/tree/z' }, tree],
      ['MOVE', 'a', { Destination: '/tree/z' }, `${tree} ${c} ${a}`],
      ['COPY', '/x', { destination: 'http://127.0.0.2/c/a' }, undefined],
      ['COPY', '/x', { destination: '::' }, undefined],
      ['COPY', '/x', {}, undefined],
      ['LOCK', 'a', { Depth: '0' }, `${c} ${a}`],
      ['LOCK', '/c/', {}, `${c} ${a}`],
      ['GET', 'a', {}, undefined],
      ['HEAD', 'a', {}, undefined],
      ['OPTIONS', '*', {}, undefined],
      ['put', 'a', {}, undefined],
      ['PUT', 'a', { if: '(<urn:mine>)' }, '(<urn:mine>)'],
    ])('match the request %s %s %j', async (method, target, headers, expected) => {
      expect(await submitted(send(method, target, headers as Record<string, string>))).toEqual([expected]);
    });

    test('match those that neon submits by itself, byte for byte', async () => {
      const server = await serve(answering(done));
      const [session, plain] = [open(server), ne.ne_session_create('http', '127.0.0.1', server.port)];
      const store = ne.ne_lockstore_create();
      ne.ne_lockstore_register(store, plain);
      const empty = openSync('/dev/null', 'r');
      const all = [
        ['/c/', 0],
        ['/c/a', 0],
        ['/c/b%20b', 0],
        ['/tree/', 'infinity'],
      ] as const;
      for (const [target, depth] of all) {
        const fields = { token: `urn:${target}`, depth: depth === 0 ? ne.NE_DEPTH_ZERO : ne.NE_DEPTH_INFINITE };
        ne.ne_lockstore_add(store, lockOn(plain, target, fields));
      }
      const calls = callsOf(session);
      for (const target of ['/c/a', '/c/b%20b', '/c/', '/tree/1/2', '/x']) {
        for (const call of [
          () => calls.put(target, 'x'),
          () => calls.delete(target),
          () => calls.mkcol(target),
          () => calls.copy('/c/a', target),
          () => calls.move('/c/b%20b', target),
        ]) {
          for (const lock of session.locks) session.locks.delete(lock); // adds all locks again: DELETE drops some
          for (const [path, depth] of all) session.locks.add({ target: path, depth, token: `urn:${path}` });
          await call();
        }
        ne.ne_put(plain, target, empty);
        ne.ne_delete(plain, target);
        ne.ne_mkcol(plain, target);
        ne.ne_copy(plain, 1, ne.NE_DEPTH_INFINITE, '/c/a', target);
        // Some versions of ne_move do not submit the lock of the source's collection.
        const move = ne.ne_request_create(plain, 'MOVE', '/c/b%20b');
        for (const path of ['/c/b%20b', target]) {
          ne.ne_lock_using_resource(move, path, ne.NE_DEPTH_INFINITE);
          ne.ne_lock_using_parent(move, path);
        }
        ne.ne_request_dispatch(move);
        ne.ne_request_destroy(move);
      }
      const [ours = '', theirs = ''] = (await receivedBy(server)).map((text) => conditions([text]).join('\n'));
      expect(ours.split('\n')).toHaveLength(25);
      expect(ours).toBe(theirs);
    });

    test('accompany requests that neon composes', async () => {
      const headers = { If: '(<urn:mine>)' };
      const all = await submitted(async (session) => {
        const calls = callsOf(session);
        await calls.proppatch('a', { set: { displayname: 'x' } });
        await calls.setAcl('/tree/x', [{ principal: 'all', grant: ['read'] }]);
        await calls.proppatch('/x', { set: { displayname: 'x' } });
        await calls.proppatch('a', { set: { displayname: 'x' } }, { headers });
        await calls.put('a', 'x', { headers });
        await calls.proppatch('a', { set: { displayname: 'x' } });
      });
      expect(all).toEqual([a, tree, undefined, headers.If, headers.If, a]);
    });

    test('include a lock from its grant to its release', async () => {
      const server = await serve({
        connections: [[...exchange(lockGranted('urn:1')), ...exchange(done), ...exchange(done), ...exchange(done)]],
      });
      const session = open(server);
      const calls = callsOf(session);
      const lock = await calls.lock('a');
      await calls.put('a', 'x');
      await calls.unlockLock(lock);
      expect([lock.released, session.locks.size]).toEqual([true, 0]);
      await calls.put('a', 'x');
      expect(await conditionsOf(server)).toEqual([undefined, '</c/a> (<urn:1>)', undefined, undefined]);
      expect((await receivedBy(server))[0]).toContain('\r\nLock-Token: <urn:1>\r\n');
      expect(await failureOf(() => calls.unlock(lock))).toEqual(invalidState);
      expect(await failureOf(() => calls.refreshLock(lock))).toEqual(invalidState);
    });

    test('accompany redirected requests and retries with credentials', async () => {
      const moved = response('', { status: '307 Temporary Redirect', headers: { Location: '/tree/b' } });
      const challenge = response('', {
        status: '401 Unauthorized',
        headers: { 'WWW-Authenticate': 'Basic realm="r"' },
      });
      const server = await serve({ connections: [[moved, challenge, done].flatMap((text) => exchange(text))] });
      const session = Session.open(`http://127.0.0.1:${server.port}/`, {
        redirect: 'follow',
        auth: { username: 'u', password: 'p', protocols: ['basic'] },
      });
      for (const target of ['/a', '/tree/']) session.locks.add({ target, depth: 'infinity', token: `urn:${target}` });
      expect((await callsOf(session).put('/a', 'x')).status).toBe(204);
      expect(await conditionsOf(server)).toEqual(['</a> (<urn:/a>)', tree, tree]);
    });

    test('accompany streams and requests in two steps', async () => {
      const server = await serve(answering(done));
      const session = open(server);
      session.locks.add({ target: '/c/a', token: 'urn:1' });
      async function* blocks(): AsyncGenerator<string> {
        yield 'x';
      }
      const request = session.createRequest('PUT', 'a', { body: blocking ? 'x' : blocks() });
      if (blocking) request.dispatchSync();
      else await request.dispatch();
      request.destroy();
      expect(await conditionsOf(server)).toEqual(['</c/a> (<urn:1>)']);
    });

    test('form a list without tags for SharePoint', async () => {
      const all = await submitted(
        (session) => {
          session.setFlag('sharepoint', true);
          return callsOf(session).delete('/c');
        },
        [
          ['/c/1', 0],
          ['/c/2', 0],
        ],
      );
      expect(all).toEqual(['(<urn:/c/1> <urn:/c/2>)']);
    });

    test('accompany requests of a session with hooks', async () => {
      const seen: string[] = [];
      const conditions = await submitted(async (session) => {
        ne.ne_hook_create_request(session.handle, (_, method) => void seen.push(method));
        await callsOf(session).put('a', 'x');
        session.locks.delete({ target: '/c/a', token: 'urn:/c/a' });
        await callsOf(session).put('a', 'x');
      });
      expect([conditions, seen]).toEqual([
        [`${c} ${a}`, c],
        ['PUT', 'PUT'],
      ]);
    });
  });

  test('submits the locks of a lock store of libneon/ne, and accepts no others', async () => {
    const server = await serve(answering(done));
    const session = open(server);
    const store = ne.ne_lockstore_create();
    ne.ne_lockstore_register(store, session.handle);
    ne.ne_lockstore_add(store, lockOn(session.handle, '/c/a', { token: 'urn:theirs' }));
    expect(await failureOf(() => callsOf(session).lock('/a'))).toEqual(invalidState);
    expect(() => session.locks).toThrow(invalidState);
    await callsOf(session).put('a', 'x');
    expect(await conditionsOf(server)).toEqual(['</c/a> (<urn:theirs>)']);
  });

  test('lets libneon/ne submit locks of the classes, but not register a store', async () => {
    const server = await serve(answering(lockGranted('urn:1')));
    const session = open(server);
    await callsOf(session).lock('a');
    expect(() => ne.ne_lockstore_register(ne.ne_lockstore_create(), session.handle)).toThrow(invalidState);
    expect(ne.ne_delete(session.handle, '/c/a')).toBe(ne.NE_OK);
    const request = ne.ne_request_create(session.handle, 'PUT', '/c/b');
    session.locks.add({ target: '/c/b', token: 'urn:2' });
    ne.ne_lock_using_resource(request, '/c/b', ne.NE_DEPTH_ZERO);
    for (const lock of session.locks) session.locks.delete(lock); // the request still uses the lock
    for (let i = 0; i < 100; i++) session.locks.add({ target: `/${i}`, token: `urn:${i}` });
    expect(ne.ne_delete(session.handle, '/c/a')).toBe(ne.NE_OK);
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    ne.ne_request_destroy(request);
    expect(await conditionsOf(server)).toEqual([undefined, '</c/a> (<urn:1>)', undefined, '</c/b> (<urn:2>)']);
  });

  test('submits locks with the first request through libneon/ne', async () => {
    const server = await serve(answering(done));
    const sends: ((handle: ne.ne_session) => unknown)[] = [
      (handle) => (blocking ? ne.ne_delete(handle, '/a') : promises.ne_delete(handle, '/a')),
      (handle) => {
        const request = ne.ne_request_create(handle, 'PUT', '/a');
        ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO);
        ne.ne_request_dispatch(request);
        ne.ne_request_destroy(request);
      },
    ];
    for (const send of sends) {
      const { locks, handle } = open(server);
      locks.add({ target: '/a', token: 'urn:1' });
      await send(handle);
    }
    expect(await conditionsOf(server)).toEqual(['</a> (<urn:1>)', '</a> (<urn:1>)']);
  });

  test('rejects the first lock while a request of libneon/ne is live', async () => {
    const server = await serve(answering(lockGranted('urn:1')));
    const session = open(server);
    const request = ne.ne_request_create(session.handle, 'GET', '/');
    expect(await failureOf(() => callsOf(session).lock('/a'))).toEqual(invalidState);
    session.locks.add({ target: '/a', token: 'urn:1' });
    expect(await failureOf(() => callsOf(session).put('/a', 'x'))).toEqual(invalidState);
    ne.ne_request_destroy(request);
    await callsOf(session).put('/a', 'x');
    expect(await conditionsOf(server)).toEqual(['</a> (<urn:1>)']);
  });
});
