/** The locks of the classes, against scripted servers: what is sent, kept and refused. Real ones are in locks-classes-servers.test.ts. */
import { openSync } from 'node:fs';
import { Lock, type LockOptions, Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { response } from './servers/raw.js';
import { failureOf, neonError, outOfRange, wrongChar, wrongType, wrongValue } from './support/expect.js';
import { lockForms, lockSession as open, type LockCalls } from './support/lock-forms.js';
import { conditions, conditionsOf, lockGranted, locksFound } from './support/lock-responses.js';
import { lockOn } from './support/locks.js';
import { answering, exchange, receivedBy, testServers, thenAnswering } from './support/servers.js';

const serve = testServers();
const invalidState = neonError('ERR_NEON_INVALID_STATE');
const gone = neonError('ERR_NEON_DESTROYED');
const done = response('', { status: '204 No Content' });
const refused = (status: string): string => response('', { status });
/** A session that sends nothing. */
const nowhere = (): Session => Session.open('http://127.0.0.1:1/');

describe.each(lockForms)('$form', ({ calls: callsOf, blocking }) => {
  describe('lock', () => {
    test('sends what is asked for, and tells what was granted', async () => {
      const granted = { scope: 'shared', depth: 'infinity', owner: 'somebody', timeout: 'Second-50' } as const;
      const server = await serve(answering(lockGranted('urn:uuid:1', granted)));
      const session = open(server);
      const options: LockOptions = { scope: 'shared', depth: 'infinity', timeout: 60, owner: 'Tom & <Jerry>' };
      const lock = await callsOf(session).lock('a b/', options);
      expect(lock).toBeInstanceOf(Lock);
      const { target, uri, token, scope, depth, owner, timeout, released } = lock;
      expect({ target, uri, token, scope, depth, owner, timeout, released }).toEqual({
        target: '/c/a%20b/',
        uri: `http://127.0.0.1:${server.port}/c/a%20b/`,
        token: 'urn:uuid:1',
        scope: 'shared',
        depth: 'infinity',
        owner: 'somebody',
        timeout: 50,
        released: false,
      });
      expect(Math.abs((lock.expires?.getTime() ?? 0) - Date.now() - 50_000)).toBeLessThan(10_000);
      expect([...session.locks]).toEqual([lock]);
      expect(session.locks.find('a b')).toBe(lock);
      const [text] = await receivedBy(server);
      expect(text).toMatch(/^LOCK \/c\/a%20b\/ HTTP\/1\.1\r\n/);
      expect(text).toContain('\r\nDepth: infinity\r\nTimeout: Second-60\r\n');
      expect(text).toContain('<lockscope><shared/></lockscope>');
      expect(text).toContain('<owner>Tom &amp; &lt;Jerry&gt;</owner>');
    });

    test.each<[LockOptions, string, string | undefined]>([
      [{}, 'Depth: 0', undefined],
      [{ timeout: Infinity }, 'Timeout: Infinite', undefined],
      [{ timeout: 2 ** 32 - 1 }, 'Timeout: Second-4294967295', undefined],
      [{ owner: { xml: '<href>mailto:a@example.com</href>' } }, '<owner><href>mailto:a@example.com</href></owner>', undefined],
      [{ scope: 'exclusive', depth: 0 }, '<exclusive/>', 'Timeout'],
    ])('%j sends %s', async (options, line, never) => {
      const server = await serve(answering(lockGranted('urn:1')));
      await callsOf(open(server)).lock('/a', options);
      const [text] = await receivedBy(server);
      expect(text).toContain(line);
      if (never) expect(text).not.toContain(never);
    });

    test.each([
      ['Infinite', Infinity],
      ['Second-7', 7],
    ])('a timeout of %s is %d', async (timeout, seconds) => {
      const lock = await callsOf(open(await serve(answering(lockGranted('urn:1', { timeout }))))).lock('/a');
      expect(lock.timeout).toBe(seconds);
      expect(lock.expires === null).toBe(seconds === Infinity);
    });

    test('a timeout that is not told', async () => {
      const answer = lockGranted('urn:1').replace('<D:timeout>Second-60</D:timeout>', ' '.repeat(32));
      const lock = await callsOf(open(await serve(answering(answer)))).lock('/a', { renew: true });
      expect([lock.timeout, lock.expires]).toEqual([null, null]);
    });

    test.each([
      ['423 Locked', 423],
      ['403 Forbidden', 403],
      ['207 Multi-Status', 207],
    ])('is refused with %s', async (status, code) => {
      const session = open(await serve(thenAnswering(exchange(refused(status)))));
      const failure = await failureOf(() => callsOf(session).lock('/a'));
      expect(failure).toMatchObject({
        name: 'NeonError',
        code: 'NE_ERROR',
        message: status,
        status: code,
        method: 'LOCK',
        target: '/a',
        origin: `http://${session.hostport}`,
      });
      expect(session.locks.size).toBe(0);
      expect((await session.get('/a')).status).toBe(200);
    });

    test.each([
      ['no token', response('<prop xmlns="DAV:"/>', { headers: { 'Content-Type': 'text/xml' } })],
      ['a token that no header can hold', lockGranted(`urn:${'x'.repeat(7900)}`)],
      ['a token with spaces', lockGranted('urn:a b')],
      ['a token that could not be given back', lockGranted('urn:\x7f')],
    ])('an answer with %s is no lock', async (_, answer) => {
      const session = open(await serve(answering(answer)));
      expect(await failureOf(() => callsOf(session).lock('/a'))).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
      expect(session.locks.size).toBe(0);
    });

    test.each<[string, (calls: LockCalls) => unknown, Error]>([
      ['target', (c) => c.lock(1 as never), wrongType],
      ['no target', (c) => c.lock('/a\nb'), wrongChar],
      ['options', (c) => c.lock('/a', null as never), wrongType],
      ['depth', (c) => c.lock('/a', { depth: 1 as never }), wrongValue],
      ['scope', (c) => c.lock('/a', { scope: 'private' as never }), wrongValue],
      ['timeout', (c) => c.lock('/a', { timeout: '5' as never }), wrongType],
      ['timeout 0', (c) => c.lock('/a', { timeout: 0 }), outOfRange],
      ['timeout 1.5', (c) => c.lock('/a', { timeout: 1.5 }), outOfRange],
      ['timeout NaN', (c) => c.lock('/a', { timeout: NaN }), outOfRange],
      ['timeout 2 ** 32', (c) => c.lock('/a', { timeout: 2 ** 32 }), outOfRange],
      ['owner', (c) => c.lock('/a', { owner: 5 as never }), wrongType],
      ['owner null', (c) => c.lock('/a', { owner: null as never }), wrongType],
      ['owner with NUL', (c) => c.lock('/a', { owner: 'a\0b' }), wrongValue],
      ['owner that is no XML', (c) => c.lock('/a', { owner: { xml: '<a>' } }), wrongValue],
      ['owner that ends itself', (c) => c.lock('/a', { owner: { xml: '</owner><owner>' } }), wrongValue],
      ['renew', (c) => c.lock('/a', { renew: 1 as never }), wrongType],
      ['unlock', (c) => c.unlock('urn:1' as never), wrongType],
      ['unlock null', (c) => c.unlock(null as never), wrongType],
      ['unlock without token', (c) => c.unlock({ target: '/a' } as never), wrongType],
      ['unlock without target', (c) => c.unlock({ token: 'urn:1' } as never), wrongType],
      ['a token of several lines', (c) => c.unlock({ target: '/a', token: 'urn:1\r\nX: 1' }), wrongValue],
      ['an empty token', (c) => c.unlock({ target: '/a', token: '' }), wrongValue],
      ['a long token', (c) => c.unlock({ target: '/a', token: 'u'.repeat(8190) }), outOfRange],
      ['refresh', (c) => c.refreshLock({ target: '/a', token: 'urn:1' }, { timeout: -1 }), outOfRange],
      ['refresh options', (c) => c.refreshLock({ target: '/a', token: 'urn:1' }, 5 as never), wrongType],
      ['discover', (c) => c.discoverLocks('/a', { depth: 2 as never }), wrongValue],
      ['withLock', (c) => c.withLock('/a', undefined as never), wrongType],
    ])('bad input: %s', async (_, call, error) => {
      const session = nowhere();
      expect(await failureOf(() => call(callsOf(session)))).toEqual(error);
      expect(session.liveRequests).toBe(0);
    });
  });

  describe('requests submit locks', () => {
    /** What a session sends that has these locks. */
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
    ])('%s %s %j', async (method, target, headers, expected) => {
      expect(await submitted(send(method, target, headers as Record<string, string>))).toEqual([expected]);
    });

    test('as neon does by itself, byte for byte', async () => {
      const server = await serve(answering(done));
      const [session, plain] = [open(server), ne.ne_session_create('http', '127.0.0.1', server.port)];
      const store = ne.ne_lockstore_create();
      ne.ne_lockstore_register(store, plain);
      const empty = openSync('/dev/null', 'r');
      const all = [['/c/', 0], ['/c/a', 0], ['/c/b%20b', 0], ['/tree/', 'infinity']] as const;
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
          for (const lock of session.locks) session.locks.delete(lock); // all of them anew: a DELETE takes some along
          for (const [path, depth] of all) session.locks.add({ target: path, depth, token: `urn:${path}` });
          await call();
        }
        ne.ne_put(plain, target, empty);
        ne.ne_delete(plain, target);
        ne.ne_mkcol(plain, target);
        ne.ne_copy(plain, 1, ne.NE_DEPTH_INFINITE, '/c/a', target);
        // Some versions of ne_move forget the collection that the source was in.
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

    test('also those that neon writes', async () => {
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

    test('of a lock that was obtained, until it is given back', async () => {
      const server = await serve({ connections: [[...exchange(lockGranted('urn:1')), ...exchange(done), ...exchange(done), ...exchange(done)]] });
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

    test('also where they are redirected, and when they are sent again with credentials', async () => {
      const moved = response('', { status: '307 Temporary Redirect', headers: { Location: '/tree/b' } });
      const challenge = response('', { status: '401 Unauthorized', headers: { 'WWW-Authenticate': 'Basic realm="r"' } });
      const server = await serve({ connections: [[moved, challenge, done].flatMap((answer) => exchange(answer))] });
      const session = Session.open(`http://127.0.0.1:${server.port}/`, {
        redirect: 'follow',
        auth: { username: 'u', password: 'p', protocols: ['basic'] },
      });
      for (const target of ['/a', '/tree/']) session.locks.add({ target, depth: 'infinity', token: `urn:${target}` });
      expect((await callsOf(session).put('/a', 'x')).status).toBe(204);
      expect(await conditionsOf(server)).toEqual(['</a> (<urn:/a>)', tree, tree]);
    });

    test('also streams and requests of two steps', async () => {
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

    test('of a list without tags, for SharePoint', async () => {
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

    test('with hooks, too', async () => {
      const seen: string[] = [];
      const conditions = await submitted(async (session) => {
        ne.ne_hook_create_request(session.handle, (_, method) => void seen.push(method));
        await callsOf(session).put('a', 'x');
        session.locks.delete({ target: '/c/a', token: 'urn:/c/a' });
        await callsOf(session).put('a', 'x');
      });
      expect([conditions, seen]).toEqual([[`${c} ${a}`, c], ['PUT', 'PUT']]);
    });
  });

  describe('refresh', () => {
    test('asks for what the lock was asked for, or for something else', async () => {
      const answers = ['Second-60', 'Second-9', 'Second-8', 'Infinite'].map((timeout) => lockGranted('urn:1', { timeout }));
      const server = await serve({ connections: [answers.flatMap((answer) => exchange(answer))] });
      const calls = callsOf(open(server));
      const lock = await calls.lock('/a', { timeout: 77 });
      expect([await calls.refresh(lock), lock.timeout]).toEqual([9, 9]);
      expect([await calls.refreshLock(lock, { timeout: 5 }), lock.timeout]).toEqual([8, 8]);
      expect(await calls.refreshLock({ target: '/a', token: 'urn:1' }, { timeout: Infinity })).toBe(Infinity);
      expect(lock.timeout).toBe(Infinity); // it is the same lock
      const [text = ''] = await receivedBy(server);
      expect(text.match(/^(If|Timeout): .*(?=\r)/gm)).toEqual([
        'Timeout: Second-77',
        'If: (<urn:1>)',
        'Timeout: Second-77',
        'If: (<urn:1>)',
        'Timeout: Second-5',
        'If: (<urn:1>)',
        'Timeout: Infinite',
      ]);
    });

    test('tells when the lock is lost', async () => {
      const server = await serve({ connections: [[...exchange(lockGranted('urn:1')), ...exchange(refused('503 Busy')), ...exchange(refused('412 Precondition Failed')), ...exchange(done)]] });
      const session = open(server);
      const calls = callsOf(session);
      const lock = await calls.lock('/a');
      expect(await failureOf(() => calls.refresh(lock))).toMatchObject({ status: 503, method: 'LOCK' });
      expect(lock.signal.aborted).toBe(false);
      const failure = await failureOf(() => calls.refresh(lock));
      expect(failure).toMatchObject({ status: 412, code: 'NE_ERROR', message: '412 Precondition Failed' });
      expect(lock.signal.reason).toBe(failure);
      // What counts on it is to be refused.
      expect([session.locks.has(lock), lock.released]).toEqual([true, false]);
      await calls.dispose(lock);
      expect([session.locks.has(lock), lock.released]).toEqual([false, true]);
      expect((await server.connections())[0]?.requests).toBe(3); // no UNLOCK
    });
  });

  test.each(['409 Conflict', '400 Bad Request'])('an unlock that is refused with %s leaves the lock where it is', async (status) => {
    const server = await serve({ connections: [[...exchange(lockGranted('urn:1')), ...exchange(refused(status)), ...exchange(done)]] });
    const session = open(server);
    const calls = callsOf(session);
    const lock = await calls.lock('/a');
    const failure = await failureOf(() => calls.unlock({ target: '/a', token: 'urn:1' }));
    expect(failure).toMatchObject({ status: Number(status.slice(0, 3)), method: 'UNLOCK', target: '/a' });
    expect([lock.released, session.locks.has(lock)]).toEqual([false, true]);
    expect(session.locks.delete(lock)).toBe(true);
    await calls.unlock({ target: '/a', token: 'urn:unknown' });
  });

  describe('discoverLocks', () => {
    const found = locksFound([
      ['/a', 'urn:a'],
      ['/b', null],
      ['/c', null, '403 Forbidden'],
      ['/d%20d', 'urn:d'],
    ]);

    test('tells locks, and where the server refused', async () => {
      const server = await serve(answering(found));
      const session = open(server);
      const all = await callsOf(session).discoverLocks('/a');
      const lock = { scope: 'exclusive', type: 'write', depth: 0, owner: null, timeout: 60, root: null };
      expect(all).toEqual([
        { ...lock, target: '/a', token: 'urn:a' },
        { target: '/c', error: neonError('NE_ERROR', ne.NE_ERROR) },
        { ...lock, target: '/d%20d', token: 'urn:d' },
      ]);
      const error = all[1]?.error;
      expect(error).toMatchObject({ status: 403, message: '403 Forbidden', target: '/c', method: 'PROPFIND' });
      expect((await receivedBy(server))[0]).toMatch(/^PROPFIND \/a [^]*\r\nDepth: 0\r\n/);
      await callsOf(session).discoverLocks('/a', { depth: 'infinity' });
      expect((await receivedBy(server))[0]).toContain('\r\nDepth: infinity\r\n');
    });

    test('of an answer that is none', async () => {
      const session = open(await serve(answering(refused('404 Not Found'))));
      expect(await failureOf(() => callsOf(session).discoverLocks('/a'))).toMatchObject({ status: 404, code: 'NE_ERROR' });
    });
  });

  describe('withLock', () => {
    const granting = (...answers: string[]): ReturnType<typeof serve> =>
      serve({ connections: [[lockGranted('urn:1'), ...answers].flatMap((answer) => exchange(answer))] });

    test('locks, runs, gives back, and returns', async () => {
      const server = await granting(done, done);
      const session = open(server);
      const calls = callsOf(session);
      const result = await calls.withLock('a', (lock) => {
        expect([...session.locks]).toEqual([lock]);
        return blocking ? session.putSync('a', 'x').status : session.put('a', 'x').then(({ status }) => status);
      });
      expect([result, session.locks.size]).toEqual([204, 0]);
      expect(await conditionsOf(server)).toEqual([undefined, '</c/a> (<urn:1>)', undefined]);
    });

    test.each(['204 No Content', '409 Conflict'])('what the function throws is told, whatever comes of the lock: %s', async (status) => {
      const server = await granting(refused(status));
      const session = open(server);
      const reason = new Error('the reason');
      let held: Lock | undefined;
      const action = (lock: Lock): never => {
        held = lock;
        throw reason;
      };
      expect(await failureOf(() => callsOf(session).withLock('/a', action))).toBe(reason);
      expect([held?.released, session.locks.size]).toEqual([true, 0]);
      expect((await server.connections())[0]?.requests).toBe(2);
    });

    test('an unlock that fails is told, once', async () => {
      const server = await granting(refused('409 Conflict'));
      const session = open(server);
      expect(await failureOf(() => callsOf(session).withLock('/a', () => 1))).toMatchObject({ status: 409, method: 'UNLOCK' });
      expect(session.locks.size).toBe(0);
      expect((await server.connections())[0]?.requests).toBe(2);
    });

    test('a lock that is not granted: the function does not run', async () => {
      const session = open(await serve(answering(refused('423 Locked'))));
      const never = jest.fn();
      expect(await failureOf(() => callsOf(session).withLock('/a', never))).toMatchObject({ status: 423 });
      expect(never).not.toHaveBeenCalled();
    });

    test('what the function deletes takes the lock along', async () => {
      const server = await granting(done);
      const session = open(server);
      await callsOf(session).withLock('/a', () => (blocking ? session.deleteSync('/a') : session.delete('/a')));
      expect(session.locks.size).toBe(0);
      expect((await server.connections())[0]?.requests).toBe(2);
    });
  });

  test('dispose gives back what is held, and only that', async () => {
    const server = await serve({ connections: [[...exchange(lockGranted('urn:1')), ...exchange(done)]] });
    const session = open(server);
    const calls = callsOf(session);
    const lock = await calls.lock('/a');
    await calls.dispose(lock);
    await calls.dispose(lock);
    expect([lock.released, session.locks.size]).toEqual([true, 0]);
    expect((await server.connections())[0]?.requests).toBe(2);
  });

  test('a lock store of libneon/ne: its locks are submitted, and no others can be', async () => {
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

  test('once there are locks of the classes, libneon/ne submits them, and registers no store', async () => {
    const server = await serve(answering(lockGranted('urn:1')));
    const session = open(server);
    await callsOf(session).lock('a');
    expect(() => ne.ne_lockstore_register(ne.ne_lockstore_create(), session.handle)).toThrow(invalidState);
    expect(ne.ne_delete(session.handle, '/c/a')).toBe(ne.NE_OK);
    const request = ne.ne_request_create(session.handle, 'PUT', '/c/b');
    session.locks.add({ target: '/c/b', token: 'urn:2' });
    ne.ne_lock_using_resource(request, '/c/b', ne.NE_DEPTH_ZERO);
    for (const lock of session.locks) session.locks.delete(lock); // the request refers to it all the same
    for (let i = 0; i < 100; i++) session.locks.add({ target: `/${i}`, token: `urn:${i}` });
    expect(ne.ne_delete(session.handle, '/c/a')).toBe(ne.NE_OK);
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    ne.ne_request_destroy(request);
    expect(await conditionsOf(server)).toEqual([undefined, '</c/a> (<urn:1>)', undefined, '</c/b> (<urn:2>)']);
  });

  test('libneon/ne submits them, too, when it sends the first request', async () => {
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

  test('a request of libneon/ne that is live when the first lock comes', async () => {
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

  test('of a session that is destroyed', async () => {
    const session = open(await serve(answering(lockGranted('urn:1'))));
    const lock = await callsOf(session).lock('/a');
    session.destroy();
    expect(lock.signal.reason).toEqual(gone);
    for (const use of [
      () => callsOf(session).lock('/b'),
      () => callsOf(session).unlock(lock),
      () => callsOf(session).refreshLock(lock),
      () => callsOf(session).discoverLocks('/b'),
    ])
      expect(await failureOf(use)).toEqual(gone);
    await callsOf(session).dispose(lock);
    expect(session.locks.add({ target: '/a', token: 'urn:2' }).signal.reason).toEqual(gone);
    const other = nowhere();
    other.destroy();
    expect(await failureOf(() => callsOf(other).lock('/b'))).toEqual(gone);
  });

  test('what a hook throws comes out, and there is no lock', async () => {
    const session = open(await serve(answering(lockGranted('urn:1'))));
    const reason = new Error('the reason');
    ne.ne_hook_destroy_request(session.handle, () => {
      throw reason;
    });
    expect(await failureOf(() => callsOf(session).lock('/a'))).toBe(reason);
    expect(session.locks.size).toBe(0);
  });
});

describe('session.locks', () => {
  test('has what is added, by its token', () => {
    const session = nowhere();
    const { locks } = session;
    expect([locks.size, locks.find('/a'), [...locks]]).toEqual([0, undefined, []]);
    const one = locks.add({ target: '/a', token: 'urn:1', depth: 'infinity', scope: 'shared', owner: 'me', timeout: 5 });
    expect(one).toMatchObject({ target: '/a', uri: 'http://127.0.0.1:1/a', depth: 'infinity', scope: 'shared', owner: 'me', timeout: 5 });
    const two = locks.add({ target: '/a', token: 'urn:2' });
    expect(two).toMatchObject({ depth: 0, scope: 'exclusive', owner: null, timeout: null, expires: null });
    expect([locks.size, [...locks], locks.find('/a'), locks.find('/a/'), locks.find('/b')]).toEqual([2, [one, two], two, two, undefined]);
    expect(locks.add(two)).toBe(two);
    const again = locks.add({ target: '/a', token: 'urn:1' });
    expect([...locks]).toEqual([two, again]);
    expect([locks.has(one), locks.has({ target: '/a', token: 'urn:3' })]).toEqual([true, false]);
    expect([locks.delete(again), locks.delete(again), locks.size]).toEqual([true, false, 1]);
    expect(session.locks).toBe(locks);
  });

  test('takes a lock of another session, which stays there, too', async () => {
    const server = await serve(answering(lockGranted('urn:1')));
    const [one, two] = [open(server), open(server)];
    const lock = await one.lock('/a', { owner: 'me', timeout: 70 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const same = two.locks.add(lock);
    expect(same).not.toBe(lock);
    expect(same).toMatchObject({ target: '/a', token: 'urn:1', timeout: 60 });
    expect(Math.abs(same.expires!.getTime() - lock.expires!.getTime())).toBeLessThan(50);
    await two.put('/a', 'x');
    await same.refresh();
    expect(await conditionsOf(server)).toEqual([undefined, '</a> (<urn:1>)', '(<urn:1>)']);
    expect((await receivedBy(server))[1]).toContain('\r\nTimeout: Second-70\r\n');
  });

  test('of two objects with one token both are gone when one is given back', async () => {
    const session = open(await serve(answering(lockGranted('urn:1'))));
    const one = await session.lock('/a', { renew: true });
    const two = session.locks.add({ target: '/a', token: 'urn:1' });
    await one.unlock();
    expect([one.released, two.released, session.locks.size]).toEqual([true, true, 0]);
  });

  test('of a thousand locks', async () => {
    const server = await serve(answering(done));
    const session = open(server);
    const locks = Array.from({ length: 1000 }, (_, i) => session.locks.add({ target: `/c/${i}`, token: `urn:${i}` }));
    await session.put('7', 'x');
    for (const [i, lock] of locks.entries()) if (i % 3 > 0) session.locks.delete(lock);
    session.locks.add({ target: '/c/0', token: 'urn:0' });
    session.locks.add({ target: '/c/7', token: 'urn:again' });
    for (const target of ['7', '8', '9', '0', '999']) await session.put(target, 'x');
    const expected = ['7> (<urn:7>)', '7> (<urn:again>)', undefined, '9> (<urn:9>)', '0> (<urn:0>)', '999> (<urn:999>)'];
    expect(await conditionsOf(server)).toEqual(expected.map((text) => text && `</c/${text}`));
    await session.delete('/c');
    const all = [...((await conditionsOf(server)).at(-1) ?? '').matchAll(/<urn:(\w+)>/g)].map(([, name]) => name);
    expect(all).toHaveLength(335);
    expect(session.locks.size).toBe(0);
  });

  test.each<[string, unknown, Error]>([
    ['nothing', undefined, wrongType],
    ['text', 'urn:1', wrongType],
    ['no token', { target: '/a' }, wrongType],
    ['a bad token', { target: '/a', token: 'a\nb' }, wrongValue],
    ['a bad target', { target: 'http://other.example/', token: 'urn:1' }, wrongValue],
    ['a bad depth', { target: '/a', token: 'urn:1', depth: 2 }, wrongValue],
    ['a bad scope', { target: '/a', token: 'urn:1', scope: 1 }, wrongValue],
    ['a bad owner', { target: '/a', token: 'urn:1', owner: {} }, wrongType],
    ['a bad timeout', { target: '/a', token: 'urn:1', timeout: 'x' }, wrongType],
    ['a long token', { target: '/a', token: 'u'.repeat(8190) }, outOfRange],
  ])('does not take %s', async (_, lock, error) => {
    const { locks } = nowhere();
    expect(await failureOf(() => locks.add(lock as never))).toEqual(error);
    expect(locks.size).toBe(0);
  });

  test('changes while requests are on their way; each submits what is there when it is sent', async () => {
    const server = await serve({ connections: [[{ read: 'request' }, { delay: 100 }, { send: done }, ...exchange(done), ...exchange(done)]] });
    const session = open(server);
    const { locks } = session;
    const first = session.put('/a', 'x');
    await server.waitForRequests(1);
    const lock = locks.add({ target: '/a', token: 'urn:1' });
    const second = session.put('/a', 'x');
    await first;
    await second;
    locks.delete(lock);
    await session.put('/a', 'x');
    expect(await conditionsOf(server)).toEqual([undefined, '</a> (<urn:1>)', undefined]);
  });

  test('also when the first one comes while requests wait', async () => {
    const server = await serve({ connections: [[{ read: 'request' }, { delay: 100 }, { send: done }, ...exchange(done), ...exchange(done)]] });
    const session = open(server);
    const headers = { If: '(<urn:own>)' };
    const calls = [session.put('/a', 'x'), session.put('/a', 'x'), session.proppatch('/a', { remove: ['x'] }, { headers })];
    await server.waitForRequests(1);
    session.locks.add({ target: '/a', token: 'urn:1' });
    await Promise.all(calls);
    expect(await conditionsOf(server)).toEqual([undefined, '</a> (<urn:1>)', headers.If]);
  });

  test('a request behind a lock submits it, and one behind its unlock does not', async () => {
    const server = await serve({ connections: [[lockGranted('urn:1'), done, done, done].flatMap((answer) => exchange(answer))] });
    const session = open(server);
    const locked = session.lock('/a');
    const put = session.put('/a', 'x');
    const unlocked = session.unlock({ target: '/a', token: 'urn:1' });
    await Promise.all([locked, put, unlocked, session.put('/a', 'y')]);
    expect(await conditionsOf(server)).toEqual([undefined, '</a> (<urn:1>)', undefined, undefined]);
  });

  test.each([
    ['DELETE', '204 No Content', true],
    ['MOVE', '201 Created', true],
    ['DELETE', '207 Multi-Status', false],
    ['DELETE', '423 Locked', false],
    ['PUT', '204 No Content', false],
  ])('a request behind a %s that is answered with %s', async (method, status, ends) => {
    const server = await serve(answering(refused(status)));
    const session = open(server);
    for (const target of ['/x/', '/x/y/z', '/xy', '/']) session.locks.add({ target, token: `urn:${target}` });
    const headers = { Destination: '/elsewhere', If: '(<urn:own>)' };
    await Promise.all([session.request(method, '/x', { headers }), session.request('DELETE', '/')]);
    const tokens = ((await conditionsOf(server)).at(-1) ?? '').match(/(?<=\(<urn:)[^>]*/g);
    expect(tokens?.sort()).toEqual(ends ? ['/', '/xy'] : ['/', '/x/', '/x/y/z', '/xy']);
  });

  test('is shared by requests of many sessions while it changes', async () => {
    const server = await serve(answering(done));
    const sessions = Array.from({ length: 6 }, () => open(server));
    for (let round = 0; round < 20; round++) {
      const puts = sessions.map((session) => session.put('/a', 'x'));
      for (const { locks } of sessions) {
        for (const lock of locks) if (round % 3 === 0) locks.delete(lock);
        for (let i = 0; i < 5; i++) locks.add({ target: `/${i}`, token: `urn:${round}:${i}` });
      }
      await Promise.all(puts);
    }
    expect(sessions.map(({ locks }) => locks.size)).toEqual(Array(6).fill(10));
  });

  test('libneon/ne does not look into them while a lane may', async () => {
    const server = await serve(answering(done));
    const session = open(server);
    session.locks.add({ target: '/a', token: 'urn:1' });
    await session.put('/a', 'x');
    const request = ne.ne_request_create(session.handle, 'PUT', '/a');
    const put = session.put('/a', 'x');
    expect(() => ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO)).toThrow(neonError('ERR_NEON_BUSY'));
    expect(() => ne.ne_lock_using_parent(request, '/a')).toThrow(neonError('ERR_NEON_BUSY'));
    await put;
    ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO);
    ne.ne_request_dispatch(request);
    ne.ne_request_destroy(request);
    expect(await conditionsOf(server)).toEqual(Array(3).fill('</a> (<urn:1>)'));
  });

  test('two of the same time: each lock by its token', async () => {
    const server = await serve({ connections: [[lockGranted('urn:1', { scope: 'shared' }), lockGranted('urn:2', { scope: 'shared' }), done].flatMap((answer) => exchange(answer))] });
    const session = open(server);
    await Promise.all([session.lock('/a', { scope: 'shared' }), session.lock('/a', { scope: 'shared' })]);
    await session.put('/a', 'x');
    expect(await conditionsOf(server)).toEqual([undefined, '</a> (<urn:1>)', '</a> (<urn:1>) </a> (<urn:2>)']);
  });
});
