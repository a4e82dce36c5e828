/** Tests that the classes keep every lock that a server grants, even if the response is unusual or malformed. */
import { type Lock, Session, SessionPool } from 'libneon';
import { response } from '../../servers/raw.js';
import { failureOf, saying } from '../../support/expect.js';
import { done, lockGranted, refused } from '../../support/lock-responses.js';
import { exchange, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

interface Way {
  readonly name: string;
  readonly lock: (target: string, options?: object) => Promise<Lock>;
  readonly refresh: (lock: Lock) => Promise<number | null>;
  readonly locks: Session['locks'];
}

const flags = { connauth: true }; // one connection for all requests of a script

const ways: [string, (url: string) => Way][] = [
  [
    'session.lock',
    (url) => {
      const session = Session.open(url, { flags });
      return {
        name: 'session',
        lock: (...values) => session.lock(...values),
        refresh: (lock) => session.refreshLock(lock),
        locks: session.locks,
      };
    },
  ],
  [
    'session.lockSync',
    (url) => {
      const session = Session.open(url, { flags });
      return {
        name: 'sync',
        lock: async (...values) => session.lockSync(...values),
        refresh: async (lock) => session.refreshLockSync(lock),
        locks: session.locks,
      };
    },
  ],
  [
    'pool.lock',
    (url) => {
      const pool = new SessionPool(url, { flags, connections: 1 });
      return {
        name: 'pool',
        lock: (...values) => pool.lock(...values),
        refresh: (lock) => pool.refreshLock(lock),
        locks: pool.locks,
      };
    },
  ],
];

/** Changes the text of a response, and its Content-Length. */
function changed(answer: string, change: (text: string) => string): string {
  const text = change(answer);
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  return text.replace(/^Content-Length: .*$/im, `Content-Length: ${Buffer.byteLength(body)}`);
}
const withTimeout = (text: string): string => lockGranted('urn:1', { timeout: text });
const withoutHeader = (answer: string): string => answer.replace(/^Lock-Token: .*\r\n/m, '');
const html = (headers: Record<string, string> = {}): string =>
  response('<html><body>Hello</body></html>', {
    status: '200 OK',
    headers: { 'Content-Type': 'text/html', ...headers },
  });
const header = { 'Lock-Token': '<urn:1>' };

describe.each(ways)('%s', (_, open) => {
  const start = async (...answers: string[]): Promise<{ way: Way; requests: () => Promise<string[]> }> => {
    const server = await serve({ connections: [answers.flatMap((answer) => exchange(answer))] });
    return {
      way: open(`http://127.0.0.1:${server.port}/`),
      requests: async () => (await receivedBy(server)).join('').match(/(LOCK|UNLOCK|PUT) .*(?= HTTP)/g) ?? [],
    };
  };

  test.each([
    ['Second-0', null],
    ['Second-', null],
    ['Second--1', null],
    ['Second-x', null],
    ['never', null],
    ['', null],
    [' Second-7\n', 7],
    ['SECOND-7', 7],
    ['Second-7.9', 7],
    ['Second-7, Infinite', 7],
    [' infinite ', Infinity],
    ['Second-4294967295', 2 ** 32 - 1],
    ['Second-4294967296', 2 ** 32 - 1],
    ['Second-99999999999999999999999', 2 ** 32 - 1],
  ])('reads the timeout %j as %p', async (text, expected) => {
    const { way } = await start(withTimeout(text), withTimeout(text));
    const lock = await way.lock('/a', { duration: 60_000 });
    expect([lock.duration, lock.expires === null]).toEqual([
      expected && expected * 1000,
      expected === null || expected === Infinity,
    ]);
    expect(await way.refresh(lock)).toBe(expected && expected * 1000);
  });

  test.each<[string, string]>([
    [
      'white space around the tokens',
      changed(lockGranted('urn:1'), (t) => t.replaceAll('urn:1', ' urn:1 ').replace('> urn', '>\n\t urn')),
    ],
    ['no brackets in the header', lockGranted('urn:1').replace('<urn:1>\r', 'urn:1\r')],
    ['no Lock-Token header', withoutHeader(lockGranted('urn:1'))],
    ['an invalid Lock-Token header', lockGranted('urn:1').replace('<urn:1>\r', '<a b>\r')],
    ['no token in the document', changed(lockGranted('urn:1'), (t) => t.replace(/<D:locktoken>.*<\/D:locktoken>/, ''))],
    ['another token in the document', changed(lockGranted('urn:1'), (t) => t.replace('>urn:1<', '>urn:uuid:1<'))],
    ['no document', response('', { status: '200 OK', headers: header })],
    ['no body', response('', { status: '204 No Content', headers: header })],
    [
      'no lock in the document',
      response('<prop xmlns="DAV:"/>', { headers: { ...header, 'Content-Type': 'text/xml' } }),
    ],
    ['a document without a type', lockGranted('urn:1').replace(/^Content-Type: .*\r\n/m, '')],
    ['an invalid depth', lockGranted('urn:1', { depth: 'two' })],
    ['the status 201', lockGranted('urn:1', {}, '201 Created')],
  ])('takes a lock from a response with %s', async (_, granted) => {
    const { way, requests } = await start(granted, done);
    const lock = await way.lock('/a');
    const { token, depth, scope } = lock;
    expect({ token, depth, scope }).toEqual({ token: 'urn:1', depth: 0, scope: 'exclusive' });
    expect([...way.locks]).toEqual([lock]);
    expect(await requests()).toEqual(['LOCK /a']);
  });

  test('chooses the lock of the Lock-Token header among several', async () => {
    const other = /<D:activelock>.*<\/D:activelock>/.exec(
      lockGranted('urn:2', { scope: 'shared', timeout: 'Second-2' }),
    )![0];
    const granted = changed(lockGranted('urn:1', { scope: 'shared', owner: '<D:href> me </D:href>' }), (t) =>
      t
        .replace('<D:activelock>', `${other}<D:activelock>`)
        .replace('</D:activelock></D:lockd', `</D:activelock>${other}</D:lockd`),
    );
    const { way } = await start(granted);
    const { token, duration, scope, owner } = await way.lock('/a', { scope: 'shared' });
    expect({ token, duration, scope, owner }).toEqual({
      token: 'urn:1',
      duration: 60_000,
      scope: 'shared',
      owner: 'me',
    });
  });

  test.each<[string, string]>([
    ['a document that is not well-formed', changed(lockGranted('urn:1'), (t) => t.replace('</D:prop>', ''))],
    [
      'that, without Lock-Token header',
      withoutHeader(changed(lockGranted('urn:1'), (t) => t.replace('</D:prop>', ''))),
    ],
    ['an HTML page', html(header)],
    [
      'characters that cannot be converted from its encoding',
      changed(lockGranted('urn:1', { owner: 'ä' }), (t) => t.replace('encoding="utf-8"', 'encoding="utf-7"')),
    ],
    ['a document with another root', response('<D:x xmlns:D="DAV:"/>', { headers: header })],
    [
      'elements that are nested deeper than 1,000',
      changed(lockGranted('urn:1'), (t) =>
        t.replace('<D:timeout>', `<D:owner>${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}</D:owner><D:timeout>`),
      ),
    ],
  ])('gives the lock back after a response with %s', async (_, granted) => {
    const { way, requests } = await start(granted, done);
    const failure = await failureOf(() => way.lock('/a b'.replace(' ', '%20')));
    expect(failure).toMatchObject({ code: 'NE_ERROR', method: 'LOCK', status: 200 });
    expect(way.locks.size).toBe(0);
    expect(await requests()).toEqual(['LOCK /a%20b', 'UNLOCK /a%20b']);
  });

  test('gives the lock back when its response is cut, and rejects with that error if it cannot', async () => {
    const cut = lockGranted('urn:1').slice(0, -20);
    const server = await serve({
      connections: [[{ read: 'request' }, { send: cut }, { close: 'fin' }], exchange(refused('403 Forbidden'))],
    });
    const way = open(`http://127.0.0.1:${server.port}/`);
    const failure = await failureOf(() => way.lock('/a'));
    expect(failure).toMatchObject({ code: 'NE_ERROR', method: 'LOCK', target: '/a', status: 200 });
    const [, unlock = ''] = await receivedBy(server);
    expect(unlock).toMatch(/^UNLOCK \/a [^]*\r\nLock-Token: <urn:1>\r\n/);
    expect(way.locks.size).toBe(0);
  });

  test('gives nothing back where no lock was granted', async () => {
    for (const [answer, code] of [
      [html(), 'NE_ERROR'],
      [html(header).replace('200 OK', '403 Forbidden'), 'ERR_NEON_STATUS'],
      [refused('423 Locked'), 'ERR_NEON_STATUS'],
    ] as const) {
      const { way, requests } = await start(answer, done);
      expect(await failureOf(() => way.lock('/a'))).toMatchObject({ code });
      expect(await requests()).toEqual(['LOCK /a']);
    }
  });

  test('reports the failures in a 207 response', async () => {
    const answer = response(
      '<multistatus xmlns="DAV:"><response><href>/a/b c</href><status>HTTP/1.1 423 Locked</status></response></multistatus>',
      { status: '207 Multi-Status', headers: { 'Content-Type': 'application/xml' } },
    );
    const { way, requests } = await start(answer);
    expect(await failureOf(() => way.lock('/a/', { depth: 'infinity' }))).toMatchObject({
      code: 'ERR_NEON_STATUS',
      status: 207,
      message: saying('207 Multi-Status (/a/b%20c: 423 Locked)'),
      failures: [{ href: '/a/b%20c', status: 423 }],
    });
    expect(await requests()).toEqual(['LOCK /a/']);
  });

  test.each<[string, string]>([
    ['without a document', response('', { status: '200 OK' })],
    ['without a body', done],
    ['without a lock', response('<prop xmlns="DAV:"/>', { headers: { 'Content-Type': 'text/xml' } })],
  ])('accepts a refresh that is answered %s', async (_, answer) => {
    const { way } = await start(lockGranted('urn:1'), answer);
    const lock = await way.lock('/a');
    const { expires } = lock;
    expect(await way.refresh(lock)).toBeNull();
    expect(lock.signal.aborted).toBe(false);
    expect(lock.expires).toBeNull();
    expect(expires).not.toBeNull();
  });

  test('rejects a refresh that is answered by another document, and keeps the lock', async () => {
    const { way, requests } = await start(lockGranted('urn:1'), html(header));
    const lock = await way.lock('/a');
    expect(await failureOf(() => way.refresh(lock))).toMatchObject({ code: 'NE_ERROR', method: 'LOCK', status: 200 });
    expect([lock.signal.aborted, lock.released, way.locks.size]).toEqual([false, false, 1]);
    expect(await requests()).toEqual(['LOCK /a', 'LOCK /a']);
  });
});

describe('the timer of a renewal', () => {
  const delays = async (timeout: string, options: object = {}, refreshed = timeout): Promise<number[]> => {
    const server = await serve({
      connections: [[...exchange(withTimeout(timeout)), ...exchange(withTimeout(refreshed))]],
    });
    const session = Session.open(`http://127.0.0.1:${server.port}/`, { flags });
    const timers = jest.spyOn(globalThis, 'setTimeout');
    try {
      const lock = await session.lock('/a', { renew: true, ...options });
      await lock.renew();
      const renewals = timers.mock.calls.filter(([listener]) => String(listener).includes('renew'));
      return renewals.map(([, delay = 0]) => Math.round(delay / 1000));
    } finally {
      timers.mockRestore();
      session.destroy({ force: true });
    }
  };

  test.each<[string, object, number[]]>([
    ['Second-0', {}, [60, 60]],
    ['Second-', {}, [60, 60]],
    ['Second--5', {}, [60, 60]],
    ['Second-0', { duration: 600_000 }, [60, 60]],
    ['Second-0', { duration: 40_000 }, [20, 20]],
    ['Second-0', { duration: 1000 }, [1, 5]],
    ['Second-2', {}, [1, 5]],
    ['Second-6', {}, [3, 5]],
    ['Second-60', {}, [30, 30]],
    ['Infinite', {}, []],
    ['Second-99999999999', {}, [2147484, 2147484]],
  ])('fires for %s with %j after %j seconds', async (timeout, options, expected) => {
    expect(await delays(timeout, options)).toEqual(expected);
  });

  test('fires once when the lock expires before it may be retried', async () => {
    const server = await serve({
      connections: [[...exchange(withTimeout('Second-4')), ...exchange(refused('503 Busy'))]],
    });
    const session = Session.open(`http://127.0.0.1:${server.port}/`, { flags });
    const lock = await session.lock('/a', { renew: true });
    const since = performance.now();
    const aborted = new Promise((resolve) => lock.signal.addEventListener('abort', resolve));
    await aborted;
    expect(performance.now() - since).toBeLessThan(6000);
    expect(lock.signal.reason).toMatchObject({ status: 503 });
    expect((await server.connections())[0]?.requests).toBe(2);
    session.destroy();
  });
});

describe('discoverLocks', () => {
  const discovered = (content: string): string =>
    response(`<D:multistatus xmlns:D="DAV:">${content}</D:multistatus>`, {
      status: '207 Multi-Status',
      headers: { 'Content-Type': 'application/xml' },
    });
  const resource = (content: string): string => `<D:response><D:href>/a</D:href>${content}</D:response>`;
  const ofSession: [string, (url: string) => Promise<unknown>][] = [
    ['promise', (url) => Session.open(url).discoverLocks('/a')],
    ['blocking', async (url) => Session.open(url).discoverLocksSync('/a')],
    ['pool', (url) => new SessionPool(url).discoverLocks('/a')],
  ];

  test.each(ofSession)('rejects an unreadable response (%s)', async (_, call) => {
    for (const answer of [html(), discovered(''), discovered('').replaceAll('multistatus', 'prop'), done]) {
      const server = await serve({ connections: [exchange(answer)] });
      expect(await failureOf(() => call(`http://127.0.0.1:${server.port}/`))).toMatchObject({
        code: 'NE_ERROR',
        method: 'PROPFIND',
        target: '/a',
      });
    }
  });

  test.each(ofSession)('reports resources whose locks are unknown (%s)', async (_, call) => {
    const answer = discovered(
      resource('<D:status>HTTP/1.1 403 Forbidden</D:status>') +
        resource('<D:propstat><D:prop/><D:status>HTTP/1.1 200 OK</D:status></D:propstat>'),
    );
    const server = await serve({ connections: [exchange(answer)] });
    expect(await call(`http://127.0.0.1:${server.port}/`)).toMatchObject([
      { target: '/a', error: { message: saying('403 Forbidden'), status: 403 } },
      { target: '/a', error: { message: saying('The server does not report the locks'), code: 'NE_ERROR' } },
    ]);
  });

  test.each(ofSession)('reads odd timeouts and tokens (%s)', async (_, call) => {
    const lock = (timeout: string): string =>
      `<D:activelock><D:timeout>${timeout}</D:timeout><D:locktoken><D:href>\n urn:1 </D:href></D:locktoken></D:activelock>`;
    const texts = ['Second-0', 'Second-', 'Second--1', ' Second-5 ', 'Second-5.5', 'INFINITE', 'Second-99999999999'];
    const answer = discovered(
      resource(
        `<D:propstat><D:prop><D:lockdiscovery>${texts.map(lock).join('')}</D:lockdiscovery></D:prop></D:propstat>`,
      ),
    );
    const server = await serve({ connections: [exchange(answer)] });
    const found = (await call(`http://127.0.0.1:${server.port}/`)) as { duration: number | null; token: string }[];
    expect(found.map(({ duration }) => duration)).toEqual([
      null,
      null,
      null,
      5000,
      5000,
      Infinity,
      (2 ** 32 - 1) * 1000,
    ]);
    expect(new Set(found.map(({ token }) => token))).toEqual(new Set(['urn:1']));
  });
});
