/** Tests session.locks: adding and deleting locks, and the effect on queued and running requests (scripted servers). */
import * as ne from 'libneon/ne';
import { failureOf, neonError, outOfRange, wrongType, wrongValue } from '../../support/expect.js';
import { lockSession as open, nowhere } from '../../support/lock-forms.js';
import { conditionsOf, done, lockGranted, refused } from '../../support/lock-responses.js';
import { answering, exchange, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

describe('session.locks', () => {
  test('holds added locks by their token', () => {
    const session = nowhere();
    const { locks } = session;
    expect([locks.size, locks.find('/a'), [...locks]]).toEqual([0, undefined, []]);
    const one = locks.add({
      target: '/a',
      token: 'urn:1',
      depth: 'infinity',
      scope: 'shared',
      owner: 'me',
      duration: 5000,
    });
    expect(one).toMatchObject({
      target: '/a',
      uri: 'http://127.0.0.1:1/a',
      depth: 'infinity',
      scope: 'shared',
      owner: 'me',
      duration: 5000,
    });
    const two = locks.add({ target: '/a', token: 'urn:2' });
    expect(two).toMatchObject({ depth: 0, scope: 'exclusive', owner: null, duration: null, expires: null });
    expect([locks.size, [...locks], locks.find('/a'), locks.find('/a/'), locks.find('/b')]).toEqual([
      2,
      [one, two],
      two,
      two,
      undefined,
    ]);
    expect(locks.add(two)).toBe(two);
    const again = locks.add({ target: '/a', token: 'urn:1' });
    expect([...locks]).toEqual([two, again]);
    expect([locks.has(one), locks.has({ target: '/a', token: 'urn:3' })]).toEqual([true, false]);
    expect([locks.delete(again), locks.delete(again), locks.size]).toEqual([true, false, 1]);
    expect(session.locks).toBe(locks);
  });

  test('accepts a lock of another session, which keeps it', async () => {
    const server = await serve(answering(lockGranted('urn:1')));
    const [one, two] = [open(server), open(server)];
    const lock = await one.lock('/a', { owner: 'me', duration: 70_000 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const added = two.locks.add(lock);
    expect(added).not.toBe(lock);
    expect(added).toMatchObject({ target: '/a', token: 'urn:1', duration: 60_000 });
    expect(Math.abs(added.expires!.getTime() - lock.expires!.getTime())).toBeLessThan(50);
    await two.put('/a', 'x');
    await added.refresh();
    expect(await conditionsOf(server)).toEqual([undefined, '</a> (<urn:1>)', '(<urn:1>)']);
    expect((await receivedBy(server))[1]).toContain('\r\nTimeout: Second-70\r\n');
  });

  test('drops both objects of a token when one is unlocked', async () => {
    const session = open(await serve(answering(lockGranted('urn:1'))));
    const one = await session.lock('/a', { renew: true });
    const two = session.locks.add({ target: '/a', token: 'urn:1' });
    await one.unlock();
    expect([one.released, two.released, session.locks.size]).toEqual([true, true, 0]);
  });

  test('holds a thousand locks', async () => {
    const server = await serve(answering(done));
    const session = open(server);
    const locks = Array.from({ length: 1000 }, (_, i) => session.locks.add({ target: `/c/${i}`, token: `urn:${i}` }));
    await session.put('7', 'x');
    for (const [i, lock] of locks.entries()) if (i % 3 > 0) session.locks.delete(lock);
    session.locks.add({ target: '/c/0', token: 'urn:0' });
    session.locks.add({ target: '/c/7', token: 'urn:again' });
    for (const target of ['7', '8', '9', '0', '999']) await session.put(target, 'x');
    const expected = [
      '7> (<urn:7>)',
      '7> (<urn:again>)',
      undefined,
      '9> (<urn:9>)',
      '0> (<urn:0>)',
      '999> (<urn:999>)',
    ];
    expect(await conditionsOf(server)).toEqual(expected.map((text) => text && `</c/${text}`));
    await session.delete('/c');
    const all = [...((await conditionsOf(server)).at(-1) ?? '').matchAll(/<urn:(\w+)>/g)].map(([, name]) => name);
    expect(all).toHaveLength(335);
    expect(session.locks.size).toBe(0);
  });

  test.each<[string, unknown, Error]>([
    ['undefined', undefined, wrongType],
    ['a string', 'urn:1', wrongType],
    ['a lock without token', { target: '/a' }, wrongType],
    ['a bad token', { target: '/a', token: 'a\nb' }, wrongValue],
    ['a bad target', { target: 'http://other.example/', token: 'urn:1' }, wrongValue],
    ['a bad depth', { target: '/a', token: 'urn:1', depth: 2 }, wrongValue],
    ['a bad scope', { target: '/a', token: 'urn:1', scope: 1 }, wrongValue],
    ['a bad owner', { target: '/a', token: 'urn:1', owner: {} }, wrongType],
    ['a bad timeout', { target: '/a', token: 'urn:1', duration: 'x' }, wrongType],
    ['a long token', { target: '/a', token: 'u'.repeat(8190) }, outOfRange],
  ])('rejects %s', async (_, lock, error) => {
    const { locks } = nowhere();
    expect(await failureOf(() => locks.add(lock as never))).toEqual(error);
    expect(locks.size).toBe(0);
  });

  test('allows changes while requests are queued: each submits the locks present when it is sent', async () => {
    const server = await serve({
      connections: [[{ read: 'request' }, { delay: 100 }, { send: done }, ...exchange(done), ...exchange(done)]],
    });
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

  test('accepts its first lock while requests are queued', async () => {
    const server = await serve({
      connections: [[{ read: 'request' }, { delay: 100 }, { send: done }, ...exchange(done), ...exchange(done)]],
    });
    const session = open(server);
    const headers = { If: '(<urn:own>)' };
    const calls = [
      session.put('/a', 'x'),
      session.put('/a', 'x'),
      session.proppatch('/a', { remove: ['x'] }, { headers }),
    ];
    await server.waitForRequests(1);
    session.locks.add({ target: '/a', token: 'urn:1' });
    await Promise.all(calls);
    expect(await conditionsOf(server)).toEqual([undefined, '</a> (<urn:1>)', headers.If]);
  });

  test('lets a request queued after a lock submit it, and one queued after the unlock omit it', async () => {
    const server = await serve({
      connections: [[lockGranted('urn:1'), done, done, done].flatMap((text) => exchange(text))],
    });
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
  ])('is up to date for a request queued after a %s with response %s', async (method, status, ends) => {
    const server = await serve(answering(refused(status)));
    const session = open(server);
    for (const target of ['/x/', '/x/y/z', '/xy', '/']) session.locks.add({ target, token: `urn:${target}` });
    const headers = { Destination: '/elsewhere', If: '(<urn:own>)' };
    await Promise.all([session.request(method, '/x', { headers }), session.request('DELETE', '/')]);
    const tokens = ((await conditionsOf(server)).at(-1) ?? '').match(/(?<=\(<urn:)[^>]*/g);
    expect(tokens?.sort()).toEqual(ends ? ['/', '/xy'] : ['/', '/x/', '/x/y/z', '/xy']);
  });

  test('allows changes while requests of many sessions run', async () => {
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

  test('is not accessible to libneon/ne while a lane may use it', async () => {
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

  test('identifies concurrent locks of one resource by their tokens', async () => {
    const server = await serve({
      connections: [
        [lockGranted('urn:1', { scope: 'shared' }), lockGranted('urn:2', { scope: 'shared' }), done].flatMap((text) =>
          exchange(text),
        ),
      ],
    });
    const session = open(server);
    await Promise.all([session.lock('/a', { scope: 'shared' }), session.lock('/a', { scope: 'shared' })]);
    await session.put('/a', 'x');
    expect(await conditionsOf(server)).toEqual([undefined, '</a> (<urn:1>)', '</a> (<urn:1>) </a> (<urn:2>)']);
  });
});
