/** Tests the classes' lock methods against scripted servers. */
import { Lock, type LockOptions } from 'libneon';
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { failureOf, neonError, outOfRange, saying, wrongChar, wrongType, wrongValue } from '../../support/expect.js';
import { type LockCalls, lockForms, lockSession as open, nowhere } from '../../support/lock-forms.js';
import { conditionsOf, done, lockGranted, locksFound, refused } from '../../support/lock-responses.js';
import { answering, exchange, receivedBy, testServers, thenAnswering } from '../../support/servers.js';

const serve = testServers();
const gone = neonError('ERR_NEON_DESTROYED');

describe.each(lockForms)('$form', ({ calls: callsOf, blocking }) => {
  describe('lock()', () => {
    test('sends the requested lock and returns the granted one', async () => {
      const granted = { scope: 'shared', depth: 'infinity', owner: 'somebody', timeout: 'Second-50' } as const;
      const server = await serve(answering(lockGranted('urn:uuid:1', granted)));
      const session = open(server);
      const options: LockOptions = { scope: 'shared', depth: 'infinity', duration: 60_000, owner: 'Tom & <Jerry>' };
      const lock = await callsOf(session).lock('a%20b/', options);
      expect(lock).toBeInstanceOf(Lock);
      const { target, uri, token, scope, depth, owner, duration, released } = lock;
      expect({ target, uri, token, scope, depth, owner, duration, released }).toEqual({
        target: '/c/a%20b/',
        uri: `http://127.0.0.1:${server.port}/c/a%20b/`,
        token: 'urn:uuid:1',
        scope: 'shared',
        depth: 'infinity',
        owner: 'somebody',
        duration: 50_000,
        released: false,
      });
      expect(Math.abs((lock.expires?.getTime() ?? 0) - Date.now() - 50_000)).toBeLessThan(10_000);
      expect([...session.locks]).toEqual([lock]);
      expect(session.locks.find('a%20b')).toBe(lock);
      const [text] = await receivedBy(server);
      expect(text).toMatch(/^LOCK \/c\/a%20b\/ HTTP\/1\.1\r\n/);
      expect(text).toContain('\r\nDepth: infinity\r\nTimeout: Second-60\r\n');
      expect(text).toContain('<lockscope><shared/></lockscope>');
      expect(text).toContain('<owner>Tom &amp; &lt;Jerry&gt;</owner>');
    });

    test.each<[LockOptions, string, string | undefined]>([
      [{}, 'Depth: 0', undefined],
      [{ duration: Infinity }, 'Timeout: Infinite', undefined],
      [{ duration: (2 ** 32 - 1) * 1000 }, 'Timeout: Second-4294967295', undefined],
      [{ duration: 59_000.5 }, 'Timeout: Second-60', undefined],
      [
        { owner: { xml: '<href>mailto:a@example.com</href>' } },
        '<owner><href>mailto:a@example.com</href></owner>',
        undefined,
      ],
      [{ scope: 'exclusive', depth: 0 }, '<exclusive/>', 'Timeout'],
    ])('turns %j into %s', async (options, line, never) => {
      const server = await serve(answering(lockGranted('urn:1')));
      await callsOf(open(server)).lock('/a', options);
      const [text] = await receivedBy(server);
      expect(text).toContain(line);
      if (never) expect(text).not.toContain(never);
    });

    test.each([
      ['Infinite', Infinity],
      ['Second-7', 7],
    ])('reads a timeout of %s as %d', async (timeout, seconds) => {
      const lock = await callsOf(open(await serve(answering(lockGranted('urn:1', { timeout }))))).lock('/a');
      expect(lock.duration).toBe(seconds && seconds * 1000);
      expect(lock.expires === null).toBe(seconds === Infinity);
    });

    test('accepts a response without a timeout', async () => {
      const granted = lockGranted('urn:1').replace('<D:timeout>Second-60</D:timeout>', ' '.repeat(32));
      const lock = await callsOf(open(await serve(answering(granted)))).lock('/a', { renew: true });
      expect([lock.duration, lock.expires]).toEqual([null, null]);
    });

    test.each([
      ['423 Locked', 423],
      ['403 Forbidden', 403],
      ['207 Multi-Status', 207],
    ])('rejects when the server responds %s', async (status, code) => {
      const session = open(await serve(thenAnswering(exchange(refused(status)))));
      const failure = await failureOf(() => callsOf(session).lock('/a'));
      expect(failure).toMatchObject({
        name: 'NeonError',
        code: 'ERR_NEON_STATUS',
        message: saying(status),
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
      ['a token too long for a header', lockGranted(`urn:${'x'.repeat(7900)}`)],
      ['a token with spaces', lockGranted('urn:a b')],
      ['a token that could not be sent back', lockGranted('urn:\x7f')],
    ])('rejects a response with %s', async (_, granted) => {
      const session = open(await serve(answering(granted)));
      expect(await failureOf(() => callsOf(session).lock('/a'))).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
      expect(session.locks.size).toBe(0);
    });

    test.each<[string, (calls: LockCalls) => unknown, Error]>([
      ['target', (c) => c.lock(1 as never), wrongType],
      ['invalid target', (c) => c.lock('/a\nb'), wrongChar],
      ['options', (c) => c.lock('/a', null as never), wrongType],
      ['depth', (c) => c.lock('/a', { depth: 1 as never }), wrongValue],
      ['scope', (c) => c.lock('/a', { scope: 'private' as never }), wrongValue],
      ['duration', (c) => c.lock('/a', { duration: '5' as never }), wrongType],
      ['duration 0', (c) => c.lock('/a', { duration: 0 }), outOfRange],
      ['duration -1', (c) => c.lock('/a', { duration: -1 }), outOfRange],
      ['duration NaN', (c) => c.lock('/a', { duration: NaN }), outOfRange],
      ['duration 2 ** 32 s', (c) => c.lock('/a', { duration: 2 ** 32 * 1000 }), outOfRange],
      ['owner', (c) => c.lock('/a', { owner: 5 as never }), wrongType],
      ['owner null', (c) => c.lock('/a', { owner: null as never }), wrongType],
      ['owner with NUL', (c) => c.lock('/a', { owner: 'a\0b' }), wrongValue],
      ['owner that is not XML', (c) => c.lock('/a', { owner: { xml: '<a>' } }), wrongValue],
      ['owner that closes its own element', (c) => c.lock('/a', { owner: { xml: '</owner><owner>' } }), wrongValue],
      ['renew', (c) => c.lock('/a', { renew: 1 as never }), wrongType],
      ['unlock', (c) => c.unlock('urn:1' as never), wrongType],
      ['unlock null', (c) => c.unlock(null as never), wrongType],
      ['unlock without token', (c) => c.unlock({ target: '/a' } as never), wrongType],
      ['unlock without target', (c) => c.unlock({ token: 'urn:1' } as never), wrongType],
      ['a token of several lines', (c) => c.unlock({ target: '/a', token: 'urn:1\r\nX: 1' }), wrongValue],
      ['an empty token', (c) => c.unlock({ target: '/a', token: '' }), wrongValue],
      ['a long token', (c) => c.unlock({ target: '/a', token: 'u'.repeat(8190) }), outOfRange],
      ['refresh', (c) => c.refreshLock({ target: '/a', token: 'urn:1' }, { duration: -1 }), outOfRange],
      ['refresh options', (c) => c.refreshLock({ target: '/a', token: 'urn:1' }, 5 as never), wrongType],
      ['discover', (c) => c.discoverLocks('/a', { depth: 2 as never }), wrongValue],
      ['withLock', (c) => c.withLock('/a', undefined as never), wrongType],
    ])('rejects invalid input: %s', async (_, call, error) => {
      const session = nowhere();
      expect(await failureOf(() => call(callsOf(session)))).toEqual(error);
      expect(session.liveRequests).toBe(0);
    });
  });

  describe('refreshLock()', () => {
    test("requests the lock's own timeout, or another one", async () => {
      const responses = ['Second-60', 'Second-9', 'Second-8', 'Infinite'].map((timeout) =>
        lockGranted('urn:1', { timeout }),
      );
      const server = await serve({ connections: [responses.flatMap((granted) => exchange(granted))] });
      const calls = callsOf(open(server));
      const lock = await calls.lock('/a', { duration: 77_000 });
      expect([await calls.refresh(lock), lock.duration]).toEqual([9000, 9000]);
      expect([await calls.refreshLock(lock, { duration: 5000 }), lock.duration]).toEqual([8000, 8000]);
      expect(await calls.refreshLock({ target: '/a', token: 'urn:1' }, { duration: Infinity })).toBe(Infinity);
      expect(lock.duration).toBe(Infinity); // the lock that was created above
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

    test('reports when the lock is lost', async () => {
      const server = await serve({
        connections: [
          [
            ...exchange(lockGranted('urn:1')),
            ...exchange(refused('503 Busy')),
            ...exchange(refused('412 Precondition Failed')),
            ...exchange(done),
          ],
        ],
      });
      const session = open(server);
      const calls = callsOf(session);
      const lock = await calls.lock('/a');
      expect(await failureOf(() => calls.refresh(lock))).toMatchObject({ status: 503, method: 'LOCK' });
      expect(lock.signal.aborted).toBe(false);
      const failure = await failureOf(() => calls.refresh(lock));
      expect(failure).toMatchObject({
        status: 412,
        code: 'ERR_NEON_STATUS',
        message: saying('412 Precondition Failed'),
      });
      expect(lock.signal.reason).toBe(failure);
      // Requests that rely on the lock must be refused.
      expect([session.locks.has(lock), lock.released]).toEqual([true, false]);
      await calls.dispose(lock);
      expect([session.locks.has(lock), lock.released]).toEqual([false, true]);
      expect((await server.connections())[0]?.requests).toBe(3); // no UNLOCK
    });
  });

  test.each(['409 Conflict', '400 Bad Request'])('keeps a lock when its unlock is refused with %s', async (status) => {
    const server = await serve({
      connections: [[...exchange(lockGranted('urn:1')), ...exchange(refused(status)), ...exchange(done)]],
    });
    const session = open(server);
    const calls = callsOf(session);
    const lock = await calls.lock('/a');
    const failure = await failureOf(() => calls.unlock({ target: '/a', token: 'urn:1' }));
    expect(failure).toMatchObject({ status: Number(status.slice(0, 3)), method: 'UNLOCK', target: '/a' });
    expect([lock.released, session.locks.has(lock)]).toEqual([false, true]);
    expect(session.locks.delete(lock)).toBe(true);
    await calls.unlock({ target: '/a', token: 'urn:unknown' });
  });

  describe('discoverLocks()', () => {
    const found = locksFound([
      ['/a', 'urn:a'],
      ['/b', null],
      ['/c', null, '403 Forbidden'],
      ['/d%20d', 'urn:d'],
    ]);

    test('returns the locks, and an error for each resource that the server refused', async () => {
      const server = await serve(answering(found));
      const session = open(server);
      const all = await callsOf(session).discoverLocks('/a');
      const lock = { scope: 'exclusive', type: 'write', depth: 0, owner: null, duration: 60_000, root: null };
      expect(all).toEqual([
        { ...lock, target: '/a', token: 'urn:a' },
        { target: '/c', error: neonError('ERR_NEON_STATUS', ne.NE_ERROR) },
        { ...lock, target: '/d%20d', token: 'urn:d' },
      ]);
      const error = all[1]?.error;
      expect(error).toMatchObject({ status: 403, message: saying('403 Forbidden'), target: '/c', method: 'PROPFIND' });
      expect((await receivedBy(server))[0]).toMatch(/^PROPFIND \/a [^]*\r\nDepth: 0\r\n/);
      await callsOf(session).discoverLocks('/a', { depth: 'infinity' });
      expect((await receivedBy(server))[0]).toContain('\r\nDepth: infinity\r\n');
    });

    test('rejects a response that is not a multi-status', async () => {
      const session = open(await serve(answering(refused('404 Not Found'))));
      expect(await failureOf(() => callsOf(session).discoverLocks('/a'))).toMatchObject({
        status: 404,
        code: 'ERR_NEON_STATUS',
      });
    });
  });

  describe('withLock()', () => {
    const granting = (...responses: string[]): ReturnType<typeof serve> =>
      serve({ connections: [[lockGranted('urn:1'), ...responses].flatMap((text) => exchange(text))] });

    test('locks, runs the function, unlocks, and returns the result', async () => {
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

    test.each(['204 No Content', '409 Conflict'])(
      "rethrows the function's error, however the unlock ends: %s",
      async (status) => {
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
      },
    );

    test('reports a failed unlock once', async () => {
      const server = await granting(refused('409 Conflict'));
      const session = open(server);
      expect(await failureOf(() => callsOf(session).withLock('/a', () => 1))).toMatchObject({
        status: 409,
        method: 'UNLOCK',
      });
      expect(session.locks.size).toBe(0);
      expect((await server.connections())[0]?.requests).toBe(2);
    });

    test('does not run the function when the lock is not granted', async () => {
      const session = open(await serve(answering(refused('423 Locked'))));
      const never = jest.fn();
      expect(await failureOf(() => callsOf(session).withLock('/a', never))).toMatchObject({ status: 423 });
      expect(never).not.toHaveBeenCalled();
    });

    test('ends the lock when the function deletes the resource', async () => {
      const server = await granting(done);
      const session = open(server);
      await callsOf(session).withLock('/a', () => (blocking ? session.deleteSync('/a') : session.delete('/a')));
      expect(session.locks.size).toBe(0);
      expect((await server.connections())[0]?.requests).toBe(2);
    });
  });

  test('unlocks on dispose, and only once', async () => {
    const server = await serve({ connections: [[...exchange(lockGranted('urn:1')), ...exchange(done)]] });
    const session = open(server);
    const calls = callsOf(session);
    const lock = await calls.lock('/a');
    await calls.dispose(lock);
    await calls.dispose(lock);
    expect([lock.released, session.locks.size]).toEqual([true, 0]);
    expect((await server.connections())[0]?.requests).toBe(2);
  });

  test('rejects every call on a destroyed session', async () => {
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

  test('rethrows an error that a hook throws, and keeps no lock', async () => {
    const session = open(await serve(answering(lockGranted('urn:1'))));
    const reason = new Error('the reason');
    ne.ne_hook_destroy_request(session.handle, () => {
      throw reason;
    });
    expect(await failureOf(() => callsOf(session).lock('/a'))).toBe(reason);
    expect(session.locks.size).toBe(0);
  });
});
