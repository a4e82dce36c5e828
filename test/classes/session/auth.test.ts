/** Tests the options `auth` and `proxyAuth` of the classes, and requests that neon repeats after a challenge. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { type AuthOptions, type Challenge, Session, SessionPool } from 'libneon';
import * as ne from 'libneon/ne';
import { apacheUser, startApache, type Apache } from '../../servers/apache.js';
import { describeWith } from '../../servers/packages.js';
import { response } from '../../servers/raw.js';
import { digestOf, responseTo } from '../../support/digest.js';
import { failureOf, neonError, outOfRange, textOf, wrongType, wrongValue } from '../../support/expect.js';
import { exchange, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();
const alice = { username: 'alice', password: 'secret' };
const user = { name: 'alice', password: 'secret' };
const basic = 'WWW-Authenticate: Basic realm="the realm"';
const digest = 'WWW-Authenticate: Digest realm="the realm", nonce="abc", qop="auth"';

/** A 401 response with a body of this size. */
const unauthorized = (size = 4, ...headers: readonly string[]): string =>
  `HTTP/1.1 401 Unauthorized\r\n${[...(headers.length ? headers : [basic])].map((line) => `${line}\r\n`).join('')}` +
  `Content-Length: ${size}\r\n\r\n${'w'.repeat(size)}`;

async function sessionOf(answers: readonly string[], auth: AuthOptions | readonly AuthOptions[]) {
  const server = await serve({ connections: [answers.flatMap((text) => exchange(text))] });
  return { server, session: new Session('http', '127.0.0.1', server.port, { auth }) };
}

const forms = [
  ['request', async (session: Session, target: string) => (await session.request('GET', target)).text()],
  ['requestSync', async (session: Session, target: string) => session.requestSync('GET', target).textSync()],
] as const;

describeWith('apache2', 'Apache', () => {
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache();
    apache.write('basic', 'a.txt', 'basic');
    apache.write('digest', 'a.txt', 'digest');
  });
  afterAll(() => apache.stop());

  test.each(forms)('authenticates %s with Basic and Digest', async (_, get) => {
    for (const kind of ['basic', 'digest']) {
      using session = Session.open(apache.origin, { auth: alice });
      for (let i = 0; i < 3; i++) expect(await get(session, `/${kind}/a.txt`)).toBe(kind);
    }
  });

  test.each(forms)('tries a wrong password once with %s', async (_, get) => {
    for (const kind of ['basic', 'digest']) {
      using session = Session.open(apache.origin, { auth: { ...alice, password: 'wrong-secret' } });
      const failure = await failureOf(() => get(session, `/${kind}/a.txt`));
      expect(failure).toEqual(neonError('NE_AUTH', ne.NE_AUTH));
      expect(failure).toMatchObject({ method: 'GET', target: `/${kind}/a.txt`, origin: apache.origin });
      expect(inspect(failure, { depth: Infinity, showHidden: true })).not.toContain('secret');
    }
  });

  test('passes the challenge to a callback', async () => {
    const asked: Challenge[] = [];
    const passwords = ['wrong', 'secret'];
    await using session = Session.open(apache.origin, {
      auth: async (challenge) => {
        asked.push(challenge);
        return { username: 'alice', password: passwords[challenge.attempt]! };
      },
    });
    expect(await (await session.request('GET', '/basic/a.txt')).text()).toBe('basic');
    const realm = apacheUser.basicRealm;
    expect(asked).toEqual([0, 1].map((attempt) => ({ realm, attempt, proxy: false })));
  });

  test('authenticates every session of a pool', async () => {
    let asked = 0;
    await using pool = new SessionPool(apache.origin, {
      connections: 4,
      auth: () => {
        asked++;
        return alice;
      },
    });
    const bodies = Array.from({ length: 20 }, async () => (await pool.request('GET', '/digest/a.txt')).text());
    expect(new Set(await Promise.all(bodies))).toEqual(new Set(['digest']));
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(4);
  });

  test('sends bodies of every kind again', async () => {
    const text = 'abc'.repeat(50_000);
    const bodies: Record<string, () => never> = {
      text: () => text as never,
      bytes: () => Buffer.from(text) as never,
      blob: () => new Blob([text]) as never,
      stream: () => Readable.from([text.slice(0, 70_000), text.slice(70_000)]) as never,
    };
    for (const [name, make] of Object.entries(bodies)) {
      await using session = Session.open(apache.origin, { auth: alice });
      const put = await session.request('PUT', `/digest/${name}`, { body: make() });
      expect([name, put.status >= 200 && put.status < 300]).toEqual([name, true]);
      expect(await (await session.request('GET', `/digest/${name}`)).text()).toBe(text);
    }
  });
});

describe('a challenged request', () => {
  test.each(forms)('skips a long 401 with %s', async (_, get) => {
    for (const size of [100_000, 3_000_000]) {
      const { session } = await sessionOf([unauthorized(size), response('hello')], alice);
      expect(await get(session, '/')).toBe('hello');
      session.destroy();
    }
  });

  test('streams only the last response', async () => {
    const long = response('x'.repeat(500_000));
    const { session } = await sessionOf([unauthorized(100_000), long, response('later')], alice);
    const res = await session.request('GET', '/');
    expect([res.status, (await res.text()).length]).toEqual([200, 500_000]);
    expect(await (await session.request('GET', '/')).text()).toBe('later');
  });

  test('omits the trailers of the 401', async () => {
    const chunked = `HTTP/1.1 401 No\r\n${basic}\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nwho?\r\n0\r\nX-First: 1\r\n\r\n`;
    const last = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Last: 2\r\n\r\n';
    const { session } = await sessionOf([chunked, last], alice);
    const res = await session.request('GET', '/');
    expect(await res.text()).toBe('hello');
    expect(Object.entries(res.trailers)).toEqual([['x-last', '2']]);
  });

  test('returns a 401 that neon does not answer', async () => {
    const plain = `HTTP/1.1 401 No\r\nContent-Length: 100000\r\n\r\n${'w'.repeat(100_000)}`;
    const { session } = await sessionOf([plain], alice);
    const res = await session.request('GET', '/');
    expect([res.status, (await res.text()).length]).toEqual([401, 100_000]);
    const server = await serve({ connections: [exchange(unauthorized(100_000))] });
    const other = await new Session('http', '127.0.0.1', server.port).request('GET', '/');
    expect([other.status, (await other.text()).length]).toEqual([401, 100_000]);
  });

  test('returns a 401 that neon takes for success, up to a limit', async () => {
    const info = 'Authentication-Info: nextnonce="next"';
    for (const [size, expected] of [
      [500_000, 500_000],
      [1_500_000, 'The body of the 401 response is longer than 1048576 bytes'],
    ] as const) {
      const answers = [unauthorized(4, digest), response('a'), unauthorized(size, digest, info)];
      const { session } = await sessionOf(answers, alice);
      expect((await session.request('GET', '/')).status).toBe(200);
      const got = await session.request('GET', '/').then(
        async (res) => (await res.bytes()).length,
        (error: unknown) => textOf(error as Error),
      );
      expect(got).toBe(expected);
    }
  });

  test('fails with a stream too long to be kept, and never sends part of it', async () => {
    const { server, session } = await sessionOf([unauthorized(), response('')], alice);
    const body = Readable.from([Buffer.alloc(200_000), Buffer.alloc(200_000)]);
    const failure = await failureOf(() => session.request('PUT', '/', { body }));
    expect(failure).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
    expect(failure.message).toMatch(/cannot be sent again/);
    expect((await receivedBy(server)).join('').match(/PUT /g)!.length).toBeLessThanOrEqual(2);
    await server.waitForClosed(1);
  });

  test('asks for credentials again after forgetAuth', async () => {
    let asked = 0;
    const { session } = await sessionOf([unauthorized(), response('a'), unauthorized(), response('b')], () => {
      asked++;
      return alice;
    });
    await session.request('GET', '/');
    session.forgetAuth();
    await session.request('GET', '/');
    expect(asked).toBe(2);
  });

  test('stops waiting for credentials on an abort', async () => {
    const controller = new AbortController();
    const { server, session } = await sessionOf([unauthorized()], () => {
      controller.abort(new Error('aborted'));
      return new Promise<never>(() => {});
    });
    const { signal } = controller;
    expect((await failureOf(() => session.request('GET', '/', { signal }))).message).toBe('aborted');
    await server.waitForClosed(1);
    await session.close();
  });
});

describe('Digest authentication of the server', () => {
  let server: Server;
  let answer: (req: IncomingMessage, res: ServerResponse) => void;
  beforeAll(async () => {
    server = createServer((req, res) => answer(req, res)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterAll(() => server.close());

  const open = (): Session => new Session('http', '127.0.0.1', (server.address() as AddressInfo).port, { auth: alice });

  /** Checks the credentials and responds with an `rspauth` value, which `forge` may change. */
  const checking =
    (algorithm: string, forge: (rspauth: string) => string, more = '') =>
    (req: IncomingMessage, res: ServerResponse): void => {
      const given = digestOf(`\r\nAuthorization: ${req.headers.authorization ?? ''}`);
      if (given['response'] === undefined || given['response'] !== responseTo(given, req.method!, user)) {
        res.writeHead(401, { 'WWW-Authenticate': `${digest.slice(18)}, algorithm=${algorithm}` }).end('who?');
        return;
      }
      const { cnonce, nc } = given;
      const rspauth = forge(responseTo(given, '', user));
      const info = `qop=auth, rspauth="${rspauth}", cnonce="${cnonce}", nc=${nc}${more}`;
      res.writeHead(200, { 'Authentication-Info': info }).end(`${given['nonce']} ${nc}`);
    };

  test.each(['MD5', 'MD5-sess', 'SHA-256', 'SHA-256-sess'])(
    'accepts a %s server that knows the password',
    async (algorithm) => {
      answer = checking(algorithm, (rspauth) => rspauth);
      await using session = open();
      for (const count of ['00000001', '00000002'])
        expect(await (await session.request('GET', '/a')).text()).toBe(`abc ${count}`);
    },
  );

  test('applies nextnonce', async () => {
    answer = checking('MD5', (rspauth) => rspauth, ', nextnonce="second"');
    await using session = open();
    const texts = [];
    for (let i = 0; i < 3; i++) texts.push(await (await session.request('GET', '/a')).text());
    expect(texts).toEqual(['abc 00000001', 'second 00000001', 'second 00000001']);
  });

  test('rejects a server that does not know the password', async () => {
    answer = checking('MD5', (rspauth) => rspauth.replace(/^./, (digit) => (digit === '0' ? '1' : '0')));
    await using session = open();
    const failure = await failureOf(() => session.request('GET', '/a'));
    expect(failure).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
    expect(textOf(failure)).toBe('Digest mutual authentication failure: request-digest mismatch');
  });
});

describe('the options', () => {
  const make = (auth: unknown): Session => new Session('http', '127.0.0.1', 1, { auth: auth as AuthOptions });

  test.each([
    ['a string', 'alice:secret', wrongType],
    ['null', null, wrongType],
    ['a number', 123456, wrongType],
    ['an empty object', {}, wrongValue],
    ['a missing password', { username: 'alice' }, wrongType],
    ['a password that is a number', { username: 'alice', password: 123456 }, wrongType],
    ['provide that is not a function', { provide: 'secret' }, wrongType],
    ['Basic without credentials', { protocols: 'basic' }, wrongValue],
    ['a long password', { username: 'alice', password: 'secret'.repeat(43) }, outOfRange],
    ['a null byte', { username: 'alice', password: 'secret\0' }, wrongValue],
    ['an unknown protocol', { ...alice, protocols: 'kerberos' }, wrongValue],
    ['a protocol of the prototype', { ...alice, protocols: 'toString' }, wrongValue],
    ['an empty list of protocols', { ...alice, protocols: [] }, wrongValue],
    ['an invalid entry', [alice, 'secret'], wrongType],
  ])('reject %s without revealing a secret', async (_, auth, error) => {
    const failure = await failureOf(() => make(auth));
    expect(failure).toEqual(error);
    expect(inspect(failure)).not.toMatch(/secret|123456/);
  });

  test('accept protocols by name, and several in order', async () => {
    const asked: string[] = [];
    const note =
      (name: string): (() => undefined) =>
      () =>
        void asked.push(name);
    const { session } = await sessionOf(
      [unauthorized(4, basic, digest), unauthorized(4, basic, digest)],
      [
        { protocols: 'negotiate' },
        { provide: note('digest'), protocols: ['digest', 'legacyDigest'] },
        { provide: note('all'), protocols: 'all' },
      ],
    );
    expect(await failureOf(() => session.request('GET', '/'))).toEqual(neonError('NE_AUTH', ne.NE_AUTH));
    expect(asked).toEqual(['digest', 'all']);
  });

  test('let a callback give up with undefined, null or a promise of them', async () => {
    for (const nothing of [undefined, null, Promise.resolve(undefined), Promise.resolve(null)]) {
      const { session } = await sessionOf([unauthorized()], () => nothing);
      const failure = await failureOf(() => session.request('GET', '/'));
      expect(failure).toEqual(neonError('NE_AUTH', ne.NE_AUTH));
      expect(textOf(failure)).toBe('Could not authenticate to server: rejected Basic challenge');
    }
  });

  test('reject with the error that a callback throws', async () => {
    const thrown = new Error('thrown');
    for (const auth of [
      () => Promise.reject(thrown),
      () => {
        throw thrown;
      },
    ]) {
      const { session } = await sessionOf([unauthorized()], auth);
      expect(await failureOf(() => session.request('GET', '/'))).toBe(thrown);
    }
    const { session } = await sessionOf([unauthorized()], async () => alice);
    expect(await failureOf(() => session.requestSync('GET', '/'))).toEqual(wrongType);
  });

  test('hide the password in a session and a pool', async () => {
    const options = { auth: alice, proxyAuth: alice, proxy: 'http://alice:secret@127.0.0.1:1' };
    const session = new Session('http', '127.0.0.1', 1, options);
    const pool = new SessionPool('http://127.0.0.1:1', options);
    const failure = await failureOf(() => session.request('GET', '/'));
    for (const value of [session, session.handle, pool, failure])
      expect(inspect(value, { depth: Infinity, showHidden: true, getters: true })).not.toContain('secret');
    expect(JSON.stringify([session, pool])).not.toContain('secret');
  });
});
