/** Tests that the classes drop a kept connection if the server has sent stray bytes on it or has closed it. */
import { Session, SessionPool } from 'libneon';
import * as ne from 'libneon/ne';
import { describeWith } from '../../servers/packages.js';
import { startNginx, smallFile } from '../../servers/nginx.js';
import { pem, testPki } from '../../servers/pki.js';
import { type RawServer, type RawServerOptions, response, type Step } from '../../servers/raw.js';
import { lockGranted } from '../../support/lock-responses.js';
import { marked, markedListing } from '../../support/marks.js';
import { answering, exchange, keepAlive, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

/**
 * An operation in two forms, and a response that contains a given mark. Each form returns the mark that it received.
 */
interface Kind {
  readonly answer: (mark: string) => string;
  readonly async: (session: Session | SessionPool) => Promise<string>;
  readonly sync: (session: Session) => string;
}

const mark = ({ headers }: { headers: Readonly<Record<string, string | undefined>> }): string =>
  headers['x-mark'] ?? '';

const held = { target: '/next', token: 'urn:held' };
const markOfDuration = (duration: number | null): string => (duration === 60_000 ? 'fresh' : 'stale');
const markOfOutcome = [() => 'fresh', () => 'stale'] as const;

/** Whether an operation uses a kept connection. A LOCK uses a new connection, since it must not be sent twice. */
const keeping = (operation: string): boolean => operation !== 'lock';

const operations: Record<string, Kind> = {
  request: {
    answer: response,
    async: async (session) => (await session.request('GET', '/next')).text(),
    sync: (session) => session.requestSync('GET', '/next').textSync(),
  },
  put: {
    answer: marked,
    async: async (session) => mark(await session.put('/next', 'body')),
    sync: (session) => mark(session.putSync('/next', 'body')),
  },
  propfind: {
    answer: markedListing,
    async: async (session) => String((await session.propfind('/')).map(({ href }) => href)).slice(1),
    sync: (session) => String(session.propfindSync('/').map(({ href }) => href)).slice(1),
  },
  lock: {
    answer: (name) => lockGranted(`urn:${name}`),
    async: async (session) => (await session.lock('/next')).token.slice(4),
    sync: (session) => session.lockSync('/next').token.slice(4),
  },
  refreshLock: {
    answer: (name) => lockGranted('urn:held', { timeout: name === 'fresh' ? 'Second-60' : 'Second-30' }),
    async: async (session) => markOfDuration(await session.refreshLock(held)),
    sync: (session) => markOfDuration(session.refreshLockSync(held)),
  },
  unlock: {
    answer: (name) => response('', { status: name === 'fresh' ? '200 OK' : '409 Conflict' }),
    async: (session) => session.unlock(held).then(...markOfOutcome),
    sync: (session) => {
      try {
        session.unlockSync(held);
        return markOfOutcome[0]();
      } catch {
        return markOfOutcome[1]();
      }
    },
  },
  proppatch: {
    answer: marked,
    async: async (session) => mark(await session.proppatch('/next', { set: { '{urn:x}name': 'value' } })),
    sync: (session) => mark(session.proppatchSync('/next', { set: { '{urn:x}name': 'value' } })),
  },
};

type Source = readonly [url: string, options?: ConstructorParameters<typeof SessionPool>[1]];

/** Sends a request, waits, and then runs the operation, which resolves to the mark of its response. */
type Form = (source: Source, first: string, wait: () => Promise<void>, kind: Kind) => Promise<string>;
const forms: readonly [name: string, form: Form][] = [
  [
    'of a session, awaited',
    async (source, first, wait, { async: run }) => {
      using session = Session.open(...source);
      await session.request(first, '/first');
      await wait();
      return await run(session);
    },
  ],
  [
    'of a session, blocking',
    async (source, first, wait, { sync: run }) => {
      using session = Session.open(...source);
      session.requestSync(first, '/first');
      await wait();
      return run(session);
    },
  ],
  [
    'of a pool',
    async ([url, options], first, wait, { async: run }) => {
      using pool = new SessionPool(url, options);
      await pool.request(first, '/first');
      await wait();
      return await run(pool);
    },
  ],
];

const timeout = response('', { status: '408 Request Timeout', headers: { Connection: 'close' } });

/**
 * Cases: the method of the first request, the start of its response, and the steps that follow. By default, the server
 * then sends a second response, which nobody requested.
 */
const intrusions: readonly [name: string, method: string, response: string, extra?: readonly Step[]][] = [
  ['a second response', 'GET', response('hello')],
  ['a body after HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n'],
  ['a body after 204', 'GET', 'HTTP/1.1 204 No Content\r\n\r\n'],
  ['a body after 205', 'GET', 'HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n'],
  ['a body after 304', 'GET', 'HTTP/1.1 304 Not Modified\r\n\r\n'],
  ['an unsolicited 408', 'GET', response('hello'), [{ send: timeout }]],
  ['an unsolicited 408 and the end', 'GET', response('hello'), [{ send: timeout }, { close: 'fin' }]],
  ['the end', 'GET', response('hello'), [{ close: 'fin' }]],
];

/**
 * Waits until the server has sent this number of bytes on the first connection, so that the client has received them.
 */
async function sentAll(server: RawServer, bytes: number): Promise<void> {
  for (;;) {
    const [first] = await server.connections();
    if (first && first.sentTotal >= bytes) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const bytesOf = (steps: readonly Step[]): number =>
  steps.reduce((sum, step) => sum + ('send' in step ? Buffer.byteLength(step.send as string) : 0), 0);

const secure = (server: RawServer): Source => [
  `https://localhost:${server.port}/`,
  { tls: { ca: pem(testPki().ca.cert), trustDefaultCA: false } },
];
const plain = (server: RawServer): Source => [`http://127.0.0.1:${server.port}/`];

/** The paths of the requests on each connection. */
const pathsAt = async (server: RawServer): Promise<string[][]> =>
  (await receivedBy(server)).map((text) => [...text.matchAll(/^[A-Z]+ (\S+) HTTP/gm)].map(([, path]) => path!));

/**
 * The expected requests on both connections. The client may notice the close of the first connection late. neon then
 * sends the next request twice: on the first connection, and on a new connection.
 */
const onlyFresh = (extra: readonly Step[]): unknown[] => [
  extra.some((step) => 'close' in step) ? expect.arrayContaining(['/first']) : ['/first'],
  [expect.any(String)],
];

/**
 * Sends stray bytes on a kept connection, or closes it, and then runs an operation. Returns the mark of the response,
 * and all requests.
 */
async function afterIntrusion(
  form: Form,
  kind: Kind,
  { method, start, extra, late }: { method: string; start: string; extra: readonly Step[]; late: boolean },
  options: Pick<RawServerOptions, 'tls'> = {},
): Promise<[mark: string, paths: string[][]]> {
  const [head, ...rest] = extra;
  const joined = head && 'send' in head && !late ? [{ send: start + String(head.send) }, ...rest] : undefined;
  const steps: Step[] = joined ?? [{ send: start }, { delay: 20 }, ...extra];
  const fresh = kind.answer('fresh');
  const server = await serve({
    connections: [[{ read: 'request' }, ...steps, ...keepAlive(fresh)], keepAlive(fresh)],
    rest: 'repeat-last',
    ...options,
  });
  const source = options.tls ? secure(server) : plain(server);
  const result = await form(source, method, () => sentAll(server, bytesOf(steps)), kind);
  return [result, await pathsAt(server)];
}

describe.each(intrusions)('%s on a kept connection', (_, method, start, extra) => {
  describe.each(Object.entries(operations))('closes it before %s', (_name, kind) => {
    test.each(forms)('%s', async (_form, form) => {
      for (const late of [false, true]) {
        const given = { method, start, extra: extra ?? [{ send: kind.answer('stale') }], late };
        const [result, paths] = await afterIntrusion(form, kind, given);
        expect([result, paths]).toEqual(['fresh', onlyFresh(given.extra)]);
      }
    });
  });
});

const unauthorized = response('', {
  status: '401 Unauthorized',
  headers: { 'WWW-Authenticate': 'Basic realm="realm"' },
});

test.each(
  Object.entries(operations)
    .filter(([name]) => keeping(name))
    .flatMap(([name, kind]) => forms.map(([form, run]) => [name, form, run, kind] as const)),
)('a second response after 401 does not answer the second attempt of %s %s', async (_, _form, form, kind) => {
  const server = await serve({
    connections: [
      [
        ...exchange(),
        { read: 'request' },
        { send: unauthorized + kind.answer('stale') },
        ...keepAlive(kind.answer('stale')),
      ],
      keepAlive(kind.answer('fresh')),
    ],
    rest: 'repeat-last',
  });
  const source: Source = [plain(server)[0], { auth: { username: 'user', password: 'password' } }];
  expect(await form(source, 'GET', async () => {}, kind)).toBe('fresh');
  const attempts = await receivedBy(server);
  expect(attempts).toHaveLength(2);
  expect(attempts[1]).toContain('\r\nAuthorization: Basic ');
});

test.each(forms)('a connection without anything waiting is used again: requests %s', async (_, form) => {
  for (const [name, kind] of Object.entries(operations)) {
    if (!keeping(name)) continue;
    const server = await serve({ connections: [[...exchange(), ...keepAlive(kind.answer('fresh'))]] });
    expect(await form(plain(server), 'GET', async () => {}, kind)).toBe('fresh');
    expect(await pathsAt(server)).toHaveLength(1);
  }
});

test('libneon/ne takes the bytes for the next response, as C does', async () => {
  const server = await serve({ connections: [[...exchange(response('hello') + marked('stale')), ...keepAlive()]] });
  const session = ne.ne_session_create('http', '127.0.0.1', server.port);
  const marks = ['/first', '/next'].map((path) => {
    const request = ne.ne_request_create(session, 'GET', path);
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    const value = ne.ne_get_response_header(request, 'X-Mark');
    ne.ne_request_destroy(request);
    return value;
  });
  ne.ne_session_destroy(session);
  expect(marks).toEqual([null, 'stale']);
});

describeWith('openssl', 'TLS', () => {
  const pki = testPki();
  const pair = { key: pem(pki.server.key), cert: pem(pki.server.cert) };

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('%s', (version) => {
    const tls = { ...pair, minVersion: version, maxVersion: version };

    test.each(forms)('keeps its connection over many requests %s', async (_, form) => {
      const server = await serve({ ...answering(), tls });
      const repeated: Kind = {
        answer: response,
        async: async (session) => {
          for (let i = 0; i < 10; i++) expect(await (await session.request('GET', `/${i}`)).text()).toBe('hello');
          return 'done';
        },
        sync: (session) => {
          for (let i = 0; i < 10; i++) expect(session.requestSync('GET', `/${i}`).textSync()).toBe('hello');
          return 'done';
        },
      };
      expect(await form(secure(server), 'GET', () => sentAll(server, 1), repeated)).toBe('done');
      expect((await pathsAt(server)).map(({ length }) => length)).toEqual([11]);
    });

    describe.each(['a second response', 'the end'] as const)('%s on a kept connection', (what) => {
      test.each(forms)('closes it before requests %s', async (_, form) => {
        for (const [name, kind] of Object.entries(operations)) {
          for (const late of what === 'the end' ? [true] : [false, true]) {
            const extra: Step[] = what === 'the end' ? [{ close: 'fin' }] : [{ send: kind.answer('stale') }];
            const given = { method: 'GET', start: response('hello'), extra, late };
            const [result, paths] = await afterIntrusion(form, kind, given, { tls });
            expect([name, result, paths]).toEqual([name, 'fresh', onlyFresh(extra)]);
          }
        }
      });
    });
  });

  test('a second response in the tunnel of a proxy closes it', async () => {
    const tunnel: Step[] = [{ read: 'head' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { startTls: true }];
    for (const [, form] of forms) {
      for (const kind of Object.values(operations)) {
        const proxy = await serve({
          connections: [
            [...tunnel, ...exchange(response('hello') + kind.answer('stale')), ...keepAlive(kind.answer('stale'))],
            [...tunnel, ...keepAlive(kind.answer('fresh'))],
          ],
          tls: pair,
        });
        const [, options] = secure(proxy);
        const source: Source = ['https://localhost:1/', { ...options, proxy: `http://127.0.0.1:${proxy.port}` }];
        expect(await form(source, 'GET', async () => {}, kind)).toBe('fresh');
        expect(await proxy.connections()).toHaveLength(2);
      }
    }
  });

  test('the tunnel of a proxy is used again', async () => {
    const proxy = await serve({
      connections: [[{ read: 'head' }, { send: 'HTTP/1.1 200 OK\r\n\r\n' }, { startTls: true }, ...keepAlive()]],
      tls: pair,
    });
    const [, options] = secure(proxy);
    using session = Session.open('https://localhost:1/', { ...options, proxy: `http://127.0.0.1:${proxy.port}` });
    for (let i = 0; i < 5; i++) expect(await (await session.request('GET', '/')).text()).toBe('hello');
    expect(await proxy.connections()).toHaveLength(1);
  });
});

describeWith('nginx', 'nginx', () => {
  test.each(['http', 'https'])('keeps one connection of a session over %s', async (scheme) => {
    const nginx = await startNginx({ tls: true });
    try {
      const options = { tls: { ca: pem(testPki().ca.cert), trustDefaultCA: false } };
      const port = scheme === 'https' ? nginx.tlsPort : nginx.port;
      using session = Session.open(`${scheme}://localhost:${port}/`, scheme === 'https' ? options : {});
      let connected = 0;
      session.on('status', ({ type }) => (connected += type === 'connected' ? 1 : 0));
      for (let i = 0; i < 10; i++) {
        expect(await (await session.get(smallFile.path)).text()).toBe(smallFile.body);
        await new Promise((resolve) => setTimeout(resolve, i === 0 ? 100 : 0)); // gives late tickets time to arrive
      }
      expect(connected).toBe(1);
    } finally {
      await nginx.stop();
    }
  });
});
