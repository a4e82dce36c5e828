/** Tests sessions and pools while the bodies of responses are not read. */
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Response, Session, SessionPool, type SessionOptions } from 'libneon';
import { pem, testPki } from '../../servers/pki.js';
import { bodyOf, headFor, kib, withBody } from '../../support/bodies.js';
import { runScenario } from '../../support/child.js';
import { failureOf, neonError, outOfRange, result, wrongType, wrongValue } from '../../support/expect.js';
import { testFiles } from '../../support/files.js';
import { multistatus, page, propstat, resource } from '../../support/properties.js';
import { answering, endless, exchange, stalling, testServers, thenAnswering } from '../../support/servers.js';

const serve = testServers();
const mib = 1024 * kib;
const unread = neonError('ERR_NEON_UNREAD_BODY');
const destroyed = neonError('ERR_NEON_DESTROYED');

type Owner = Session | SessionPool;
type Make = (server: { port: number }, options?: SessionOptions) => Owner;

const urlOf = ({ port }: { port: number }): string => `http://127.0.0.1:${port}/`;
const poolOf =
  (connections: number): Make =>
  (server, options) =>
    new SessionPool(urlOf(server), { ...options, connections });

/** Sessions and pools, each with its maximum number of sessions. */
const owners: [string, Make, number][] = [
  ['a Session', (server, options) => Session.open(urlOf(server), options), 1],
  ['a SessionPool of one session', poolOf(1), 1],
  ['a SessionPool of two sessions', poolOf(2), 2],
];

const entries = Array.from({ length: 4000 }, (_, i) => resource(`/${i}`, propstat(`<D:getetag>"${i}"</D:getetag>`)));
const listing = page(multistatus(entries.join('')));

/** Requests `count` responses, whose unread bodies occupy the sessions. */
async function holding(owner: Owner, count: number): Promise<Response[]> {
  return Promise.all(Array.from({ length: count }, (_, i) => owner.request('GET', `/held${i}`)));
}

/** Whether a promise is pending after a while. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise.catch(() => undefined), sleep(100, pending)])) === pending;
}

describe.each(owners)('an unread body of %s', (_, make, count) => {
  test('does not stop other requests, and is whole when it is read at last', async () => {
    const server = await serve(answering(withBody(2 * mib)));
    await using owner = make(server);
    const targets = Array.from({ length: 2 * count + 1 }, (_, i) => `/${i}`);
    const responses = await Promise.all(targets.map((target) => owner.request('GET', target)));
    expect(owner.liveRequests).toBe(responses.length);
    for (const res of responses) expect((await res.bytes()).equals(bodyOf(2 * mib))).toBe(true);
    expect(owner.liveRequests).toBe(0);
    expect((await server.connections()).length).toBe(count);
  });

  test('does not stop other requests when it breaks off', async () => {
    const cut = Buffer.concat([Buffer.from(headFor(3 * mib)), bodyOf(2 * mib)]);
    const server = await serve(thenAnswering(...Array.from({ length: count }, () => exchange(cut))));
    await using owner = make(server);
    const responses = await holding(owner, count);
    expect((await owner.request('GET', '/next')).status).toBe(200);
    for (const res of responses) await expect(res.bytes()).rejects.toEqual(neonError('NE_ERROR', 1));
  });

  test('is refused to other requests beyond maxUnreadBytes, until it is cancelled or read', async () => {
    const frees = [async (res: Response) => res.cancel(), async (res: Response) => res.bytes()];
    const server = await serve(answering(withBody(3 * mib)));
    for (const maxUnreadBytes of [0, 1_500_000]) {
      for (const free of frees) {
        await using owner = make(server, { maxUnreadBytes });
        const held = await holding(owner, count);
        const failures = await Promise.all(['/a', '/b'].map((target) => failureOf(() => owner.get(target))));
        failures.push(await failureOf(() => owner.propfind('/c')));
        for (const [i, error] of failures.entries()) {
          expect(error).toEqual(unread);
          expect(error).toMatchObject({ method: i < 2 ? 'GET' : 'PROPFIND', target: ['/a', '/b', '/c'][i] });
          for (let h = 0; h < count; h++) expect(error.message).toContain(`GET /held${h} (200)`);
          expect(error.message).toContain(`cancel() ${count > 1 ? 'them' : 'it'}, or raise "maxUnreadBytes"`);
        }
        await free(held[0]!);
        const next = await owner.get('/next');
        expect((await next.bytes()).length).toBe(3 * mib);
        for (const res of held.slice(1)) res.cancel();
      }
    }
  });

  test('may be of just maxUnreadBytes', async () => {
    const server = await serve(answering(withBody(2 * mib)));
    await using exact = make(server, { maxUnreadBytes: 2 * mib });
    await using less = make(server, { maxUnreadBytes: 2 * mib - 1 });
    await holding(exact, count);
    await holding(less, count);
    expect((await exact.request('GET', '/')).status).toBe(200);
    await expect(less.request('GET', '/')).rejects.toEqual(unread);
  });

  test('is read in the tick of a request that waits for it', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    await using owner = make(server, { maxUnreadBytes: 0 });
    const held = await holding(owner, count);
    await sleep(50); // until the threads of the bodies wait
    const next = owner.request('GET', '/next');
    const bytes = held.map((res) => res.bytes());
    expect((await next).status).toBe(200);
    for (const one of await Promise.all(bytes)) expect(one.length).toBe(3 * mib);
  });

  test('stays with the requests that wait once it is being read, however slowly', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    await using owner = make(server, { maxUnreadBytes: 0 });
    const bodies = (await holding(owner, count)).map(({ body }) => body);
    const next = owner.request('GET', '/next');
    expect(await isPending(next)).toBe(true);
    for (const body of bodies) expect((await buffer(body)).length).toBe(3 * mib);
    expect((await next).status).toBe(200);
  });

  const stuck = { maxUnreadBytes: 0, readTimeout: 1000 };

  test('is refused to requests that its own reader waits for', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    await using owner = make(server, stuck);
    const held = await holding(owner, count);
    const read = async ({ body }: Response): Promise<number> => {
      let size = 0;
      for await (const block of body as AsyncIterable<Buffer>) {
        if (size === 0) expect(await failureOf(() => owner.request('GET', '/next'))).toEqual(unread);
        size += block.length;
      }
      return size;
    };
    const failure = failureOf(() => owner.request('GET', '/other'));
    expect(await Promise.all(held.map(read))).toEqual(held.map(() => 3 * mib));
    expect((await failure).message).toMatch(/not being read and keeps? the .*read (it|them), cancel\(\)/);
    expect((await owner.request('GET', '/last')).status).toBe(200);
  });

  test('is not refused while its reader goes on', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    await using owner = make(server, stuck);
    const bodies = (await holding(owner, count)).map(({ body }) => body);
    const next = owner.request('GET', '/next');
    const readSlowly = async (body: Response['body']): Promise<void> => {
      let size = 0;
      for await (const block of body as AsyncIterable<Buffer>) {
        if (size < 2 * mib) await sleep(400);
        size += block.length;
      }
      expect(size).toBe(3 * mib);
    };
    await Promise.all(bodies.map(readSlowly));
    expect((await next).status).toBe(200);
  });

  test('is not refused to a reader that begins in the turn of its response', async () => {
    const server = await serve(answering(withBody(4 * mib)));
    await using owner = make(server, { maxUnreadBytes: 0 });
    const read = async (): Promise<number> => (await (await owner.request('GET', '/long')).bytes()).length;
    for (let round = 0; round < 5; round++) {
      const lengths = Array.from({ length: count }, read);
      const next = owner.request('GET', '/next');
      for (const end = performance.now() + 20; performance.now() < end;); // the events wait for this turn to end
      expect(await Promise.all(lengths)).toEqual(lengths.map(() => 4 * mib));
      await (await next).bytes();
    }
  });

  test('frees its session as soon as the rest has arrived', async () => {
    const server = await serve(answering(withBody(3 * mib - 100 * kib)));
    await using owner = make(server, { maxUnreadBytes: 0, readTimeout: 60_000 });
    const readers = (await holding(owner, count)).map(({ body }) =>
      (body as AsyncIterable<Buffer>)[Symbol.asyncIterator](),
    );
    const next = owner.request('GET', '/next');
    for (const reader of readers)
      for (let size = 0; size < 2 * mib;) size += ((await reader.next()).value as Buffer).length;
    expect((await next).status).toBe(200);
    for (const reader of readers) while (!(await reader.next()).done);
  });

  test('frees its session when the reader reads on while the session is found full', async () => {
    const server = await serve(answering(withBody(3 * mib - 100 * kib)));
    await using owner = make(server, stuck);
    const readers = (await holding(owner, count)).map(({ body }) =>
      (body as AsyncIterable<Buffer>)[Symbol.asyncIterator](),
    );
    const next = owner.request('GET', '/next');
    for (const reader of readers) {
      for (let size = 0; size < 2 * mib;) {
        const block = reader.next();
        for (const end = performance.now() + 20; performance.now() < end;); // the session's thread fills up again
        size += ((await block).value as Buffer).length;
      }
    }
    expect((await next).status).toBe(200);
    for (const reader of readers) while (!(await reader.next()).done);
  });

  test('may be read to its end, or cancelled, while the session is found full', async () => {
    for (let round = 0; round < 5; round++) {
      const server = await serve(answering(withBody(3 * mib)));
      await using owner = make(server, stuck);
      const responses = await holding(owner, count);
      const next = owner.request('GET', '/next').then((res) => res.bytes());
      for (const end = performance.now() + 50; performance.now() < end;); // the session's thread fills up
      await Promise.all(
        responses.map(async (res, i) => {
          if (i % 2 === round % 2) await res.bytes();
          else res.cancel();
        }),
      );
      expect((await next).length).toBe(3 * mib);
    }
  });

  test('is not refused while bytes() waits for the rest', async () => {
    const pieces = Array.from({ length: 12 }, () => [{ delay: 300 }, { send: Buffer.alloc(1000) }] as const).flat();
    const long = [
      { read: 'request' },
      { send: headFor(3 * mib + 12_000) },
      { send: bodyOf(3 * mib) },
      ...pieces,
    ] as const;
    const server = await serve(thenAnswering(...Array.from({ length: count }, () => [...long, ...exchange()])));
    await using owner = make(server, { maxUnreadBytes: 0, readTimeout: 2000 });
    const held = await holding(owner, count);
    const bytes = held.map((res) => res.bytes());
    const next = owner.request('GET', '/next');
    for (const one of await Promise.all(bytes)) expect(one.length).toBe(3 * mib + 12_000);
    expect((await next).status).toBe(200);
  });

  test('is received while it is read slowly', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    await using owner = make(server);
    const bodies = (await holding(owner, count)).map(({ body }) => body);
    expect((await owner.request('GET', '/next')).status).toBe(200);
    for (const body of bodies) expect((await buffer(body)).equals(bodyOf(3 * mib))).toBe(true);
  });

  test('leaves a request that waits to its signal and its timeout', async () => {
    const server = await serve({
      connections: [stalling(withBody(3 * mib).subarray(0, 100 * kib))],
      rest: 'repeat-last',
    });
    const owner = make(server);
    const held = await holding(owner, count);
    const controller = new AbortController();
    const aborted = owner.request('GET', '/a', { signal: controller.signal });
    expect(await isPending(aborted)).toBe(true);
    controller.abort('the reason');
    await expect(aborted).rejects.toBe('the reason');
    await expect(owner.request('GET', '/b', { timeout: 50 })).rejects.toEqual(neonError('NE_TIMEOUT', 6));
    expect(owner.liveRequests).toBe(count);
    for (const res of held) res.cancel();
    await owner.close();
  });

  test('is paused again when no request waits any more', async () => {
    const server = await serve({ connections: [endless()], rest: 'repeat-last' });
    const owner = make(server, { maxUnreadBytes: 2 ** 40 });
    const held = await holding(owner, count);
    const controller = new AbortController();
    const waiting = failureOf(() => owner.request('GET', '/', { signal: controller.signal }));
    const sent = async (): Promise<number> =>
      (await server.connections()).reduce((sum, { sentTotal }) => sum + sentTotal, 0);
    while ((await sent()) < 48 * mib) await sleep(10);
    controller.abort();
    await waiting;
    let last = -1;
    for (let now = await sent(); now !== last; now = await sent()) {
      last = now;
      await sleep(200);
    }
    for (const res of held) res.cancel(); // until now they must not be collected, which would free their sessions
    owner.destroy({ force: true });
  });

  test.each([-1, 1.5, NaN, Infinity])('refuses maxUnreadBytes of %d', (maxUnreadBytes) => {
    expect(() => make({ port: 1 }, { maxUnreadBytes })).toThrow(outOfRange);
    expect(() => make({ port: 1 }, { maxUnreadBytes: '1' as unknown as number })).toThrow(wrongType);
  });

  test('lets a listing that is iterated go on', async () => {
    const steps = [{ read: 'request' }, { send: listing }] as const;
    const server = await serve(thenAnswering(...Array.from({ length: count }, () => [...steps, ...exchange()])));
    await using owner = make(server);
    const iterators = Array.from({ length: count }, () => owner.propfind('/')[Symbol.asyncIterator]());
    for (const iterator of iterators) expect((await iterator.next()).done).toBe(false);
    expect((await owner.request('GET', '/next')).status).toBe(200);
    for (const iterator of iterators) {
      let more = 0;
      while (!(await iterator.next()).done) more++;
      expect(more).toBe(3999);
    }
  });

  test('is refused to requests that the loop over a listing waits for', async () => {
    const steps = [{ read: 'request' }, { send: listing }] as const;
    const server = await serve(thenAnswering(...Array.from({ length: count }, () => [...steps, ...exchange()])));
    await using owner = make(server, stuck);
    const begun = Array.from({ length: count }, () => owner.propfind('/'));
    let refusals = 0;
    const allRefused = new EventEmitter();
    // A loop that goes on frees its session, which may answer the request of another loop. So each waits for all.
    const loop = async (list: AsyncIterable<unknown>): Promise<number> => {
      let entries = 0;
      for await (const _entry of list) {
        if (entries++ > 0) continue;
        const failure = await failureOf(() => owner.request('GET', '/next'));
        expect(failure).toEqual(unread);
        expect(failure.message).toContain('PROPFIND /');
        if (++refusals === count) allRefused.emit('all');
        else await once(allRefused, 'all');
      }
      return entries;
    };
    expect(await Promise.all(begun.map(loop))).toEqual(begun.map(() => 4000));
    expect((await owner.request('GET', '/last')).status).toBe(200);
  });
});

describe.each(owners)('close() of %s', (_, make, count) => {
  test('cancels the bodies that were never touched', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    const owner = make(server);
    const responses = await holding(owner, count);
    await owner.close();
    expect([owner.destroyed, owner.liveRequests]).toEqual([true, 0]);
    for (const res of responses) {
      const error = await failureOf(() => res.bytes());
      expect(error).toEqual(destroyed);
      expect(error.message).toMatch(/^The (session|pool) was closed, and the body of this response was unread$/);
    }
    await server.waitForClosed(count);
  });

  test('cancels those that arrived while other requests waited', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    const owner = make(server);
    const responses = await holding(owner, 3 * count);
    await owner.close();
    for (const res of responses) await expect(res.text()).rejects.toEqual(destroyed);
  });

  test('comes at the end of an `await using` scope', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    let kept: Owner;
    {
      await using owner = make(server);
      kept = owner;
      await owner.request('GET', '/');
    }
    expect(kept.destroyed).toBe(true);
  });

  test('waits for requests on their way, and for callers that read their bodies', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    const owner = make(server);
    const read = Array.from({ length: 2 * count }, async () => (await owner.request('GET', '/')).bytes());
    const unreadResponse = owner.request('GET', '/unread');
    await owner.close();
    for (const bytes of await Promise.all(read)) expect(bytes.length).toBe(3 * mib);
    await expect((await unreadResponse).bytes()).rejects.toEqual(destroyed);
  });

  test('waits for a body that is taken in its tick', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    const owner = make(server);
    const [res] = await holding(owner, count);
    const closed = owner.close();
    const { body } = res!;
    expect(await isPending(closed)).toBe(true);
    expect((await buffer(body)).length).toBe(3 * mib);
    await closed;
  });

  test('aborts what is live after its timeout', async () => {
    const server = await serve({ connections: [stalling()], rest: 'repeat-last' });
    const owner = make(server);
    const calls = Array.from({ length: 3 }, () => failureOf(() => owner.request('GET', '/')));
    await server.waitForRequests(count);
    await owner.close({ timeout: 50 });
    expect([owner.destroyed, owner.liveRequests]).toEqual([true, 0]);
    for (const error of await Promise.all(calls)) expect(error).toEqual(destroyed);
    await server.waitForClosed(count);
  });

  test('aborts a body that is being read after its timeout', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    const owner = make(server);
    const bodies = (await holding(owner, count)).map(({ body }) => body);
    await owner.close({ timeout: 50 });
    for (const body of bodies) await expect(buffer(body)).rejects.toEqual(destroyed);
  });

  test('leaves no timer when it ends before its timeout', async () => {
    const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const server = await serve(answering());
    const owner = make(server);
    await owner.request('GET', '/');
    const before = timers();
    await owner.close({ timeout: 60_000 });
    expect(timers()).toBeLessThanOrEqual(before);
  });

  test.each([
    [{ timeout: '1' }, wrongType],
    [{ timeout: 0 }, outOfRange],
    [{ timeout: NaN }, outOfRange],
    [{ timeout: 2 ** 31 }, outOfRange],
    [{ force: true }, wrongValue],
    [null, wrongType],
    [1, wrongType],
  ])('rejects the options %j, and goes on', async (options, error) => {
    const owner = make(await serve(answering()));
    await expect(owner.close(options as object)).rejects.toEqual(error);
    const call = owner.request('GET', '/');
    const closed = owner.close();
    await expect(owner.close(options as object)).rejects.toEqual(error);
    await expect(owner.request('GET', '/')).rejects.toEqual(destroyed);
    expect((await call).status).toBe(200);
    await closed;
    expect(await result(() => owner.close({ timeout: undefined }))).toBeUndefined();
  });
});

describe('an unread body that arrived', () => {
  const document = `<a>${`<b>${'0123456789'.repeat(10)}</b>`.repeat(20_000)}</a>`;
  const files = testFiles();
  const ways: [string, (res: Response) => Promise<string>][] = [
    ['text()', (res) => res.text()],
    ['bytes()', async (res) => (await res.bytes()).toString()],
    ['body', async (res) => (await buffer(res.body)).toString()],
    ['toWeb()', async (res) => (await buffer(res.toWeb() as AsyncIterable<Uint8Array>)).toString()],
    [
      'toFile()',
      async (res) => {
        const file = files.path('unread');
        expect(await res.toFile(file)).toBe(document.length);
        return readFile(file, 'utf8');
      },
    ],
    [
      'xml()',
      async (res) => {
        const parts: string[] = [];
        await res.xml({
          start: (name) => parts.push(`<${name.slice(2)}>`),
          text: (text) => parts.push(text),
          end: (name) => parts.push(`</${name.slice(2)}>`),
        });
        return parts.join('');
      },
    ],
  ];

  test.each(ways)('is read by %s', async (_, read) => {
    const server = await serve(answering(`${headFor(document.length)}${document}`));
    for (const [, make] of owners) {
      await using owner = make(server);
      const responses = await holding(owner, 3);
      for (const res of responses) expect((await read(res)) === document).toBe(true);
    }
  });

  test('ends at its maxBytes', async () => {
    const server = await serve(answering(withBody(2 * mib)));
    await using session = Session.open(urlOf(server));
    const [res] = await holding(session, 2);
    await expect(res!.bytes({ maxBytes: 2 * mib - 1 })).rejects.toEqual(outOfRange);
  });
});

describe('an unread body', () => {
  test('does not stop other requests over TLS', async () => {
    const pki = testPki();
    const tls = { key: pem(pki.server.key), cert: pem(pki.server.cert) };
    const server = await serve({ ...answering(withBody(2 * mib)), tls });
    const options = { tls: { ca: pem(pki.ca.cert), trustDefaultCA: false } };
    await using session = new Session('https', 'localhost', server.port, options);
    const [first, second] = await Promise.all([session.get('/1'), session.get('/2')]);
    expect((await second.bytes()).equals(bodyOf(2 * mib))).toBe(true);
    expect((await first.bytes()).equals(bodyOf(2 * mib))).toBe(true);
    expect((await server.connections()).length).toBe(1);
  });

  test('is named by blocking calls and setters, which do not wait', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    await using session = Session.open(urlOf(server));
    const res = await session.request('GET', '/held');
    const calls = [
      () => session.requestSync('GET', '/'),
      () => session.propfindSync('/'),
      () => session.createRequest('GET', '/').dispatchSync(),
      () => session.setFlag('persist', true),
      () => session.closeConnection(),
    ];
    for (const call of calls) {
      const error = await failureOf(call);
      expect(error).toEqual(neonError('ERR_NEON_BUSY'));
      expect(error.message).toContain('the response to GET /held (200)');
    }
    res.cancel();
    // closeConnection() throws if the thread of the cancelled response is still running C code.
    const error = await failureOf(() => {
      session.closeConnection();
      throw new Error('done');
    });
    expect(error.message).not.toContain('/held');
    expect((await session.request('GET', '/')).status).toBe(200);
    await session.close({ timeout: 1 });
  });

  test('does not keep the session busy when it arrived before JavaScript looked', async () => {
    const server = await serve(answering(withBody(300 * kib)));
    await using session = Session.open(urlOf(server));
    for (let i = 0; i < 3; i++) {
      const call = session.request('GET', '/');
      const until = performance.now() + 100;
      while (performance.now() < until);
      const res = await call;
      session.setFlag('persist', true);
      expect(session.requestSync('GET', '/').status).toBe(200);
      expect((await res.bytes()).length).toBe(300 * kib);
    }
  });

  test('lets a Request be dispatched, whether it counts or not', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    await using session = Session.open(urlOf(server), { maxUnreadBytes: 0 });
    using request = session.createRequest('GET', '/request');
    const res = await request.dispatch();
    const error = await failureOf(() => request.dispatch());
    expect(error).toEqual(unread);
    expect(error.message).toContain('GET /request (200)');
    res.cancel();
    (await request.dispatch()).cancel();
  });

  test('is not ended by the watchdog', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    await using session = Session.open(urlOf(server), { readTimeout: 1, maxUnreadBytes: 0 });
    const res = await session.request('GET', '/held');
    await expect(session.request('GET', '/')).rejects.toEqual(unread);
    await sleep(4000); // longer than the time limit and the watchdog's period of grace
    expect((await res.bytes()).length).toBe(3 * mib);
  });

  test('gives its session to the request that waits when it is garbage-collected', async () => {
    const server = await serve(thenAnswering(endless()));
    expect(await runScenario('droppedUnread', server.port)).toEqual({ before: 2, status: 200 });
    await server.waitForClosed(1);
  });

  test('keeps the process alive while a request is queued for its session', async () => {
    const [start, rest] = [withBody(2 * mib).subarray(0, 100 * kib), withBody(2 * mib).subarray(100 * kib)];
    const slow = [{ read: 'request' }, { send: start }, { delay: 300 }, { send: rest }, ...exchange()] as const;
    const server = await serve({ connections: [slow] });
    expect(await runScenario('queuedBehindUnread', server.port)).toEqual({ status: 200, length: 2 * mib });
  });

  test('does not keep the process alive when no request waits', async () => {
    const server = await serve(answering(withBody(3 * mib)));
    expect(await runScenario('unreadExit', server.port)).toEqual({ code: 'ERR_NEON_UNREAD_BODY' });
  });

  test('is collected in time when it was dropped, since V8 knows of its memory', async () => {
    const server = await serve(answering(withBody(40_000_000)));
    const { grown } = await runScenario<{ grown: number }>('unreadMemory', server.port);
    expect(grown).toBeLessThan(300_000_000);
  });
});
