/** Tests that headers, redirects, gzip and progress also work with listings and locks. */
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { type CommonOptions, type Lock, type ProgressEvent, Session, SessionPool, type SessionOptions } from 'libneon';
import { type RawServerOptions, response, type Step } from '../../servers/raw.js';
import { failureOf, neonError, wrongChar, wrongValue } from '../../support/expect.js';
import { lockGranted } from '../../support/lock-responses.js';
import { multistatus, page, propstat, resource } from '../../support/properties.js';
import { answering, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

const listing = page(multistatus(resource('/a', propstat('<D:displayname>a</D:displayname>'))));

type Methods = Session | SessionPool;
type Options = CommonOptions;

/** Each case: the name of a call, a response that lets it succeed, and the call. */
const calls: readonly (readonly [
  string,
  string,
  (of: Methods, target: string, options: Options) => Promise<unknown>,
])[] = [
  ['request', response('hello'), async (of, target, options) => (await of.request('GET', target, options)).text()],
  ['get', response('hello'), async (of, target, options) => (await of.get(target, options)).text()],
  ['propfind', listing, async (of, target, options) => of.propfind(target, options)],
  ['propNames', listing, async (of, target, options) => of.propNames(target, options)],
  ['proppatch', page(multistatus('')), async (of, target, options) => of.proppatch(target, { remove: ['a'] }, options)],
  ['setAcl', response(''), async (of, target, options) => of.setAcl(target, [], options)],
  ['lock', lockGranted('urn:1'), async (of, target, options) => of.lock(target, options)],
  ['refreshLock', lockGranted('urn:1'), async (of, target, o) => of.refreshLock({ target, token: 'urn:1' }, o)],
  ['unlock', response(''), async (of, target, options) => of.unlock({ target, token: 'urn:1' }, options)],
  [
    'discoverLocks',
    page(multistatus(resource('/a', propstat('<D:lockdiscovery/>')))),
    async (of, target, options) => of.discoverLocks(target, options),
  ],
];

/** The blocking forms of {@link calls}. */
const blocking: Readonly<Record<string, (of: Session, target: string, options: Options) => unknown>> = {
  request: (of, target, options) => of.requestSync('GET', target, options),
  get: (of, target, options) => of.getSync(target, options),
  propfind: (of, target, options) => of.propfindSync(target, options),
  propNames: (of, target, options) => of.propNamesSync(target, options),
  proppatch: (of, target, options) => of.proppatchSync(target, { remove: ['a'] }, options),
  setAcl: (of, target, options) => of.setAclSync(target, [], options),
  lock: (of, target, options) => of.lockSync(target, options),
  refreshLock: (of, target, options) => of.refreshLockSync({ target, token: 'urn:1' }, options),
  unlock: (of, target, options) => of.unlockSync({ target, token: 'urn:1' }, options),
  discoverLocks: (of, target, options) => of.discoverLocksSync(target, options),
};

/** Sends a request with options of the session and of the call. */
type Way = (url: string, target: string, options: Options, general: SessionOptions) => Promise<unknown>;
const cases: (readonly [string, string, Way])[] = calls.flatMap(([name, answer, call]) => [
  [
    `session.${name}`,
    answer,
    async (url: string, target: string, options: Options, general: SessionOptions) => {
      await using session = Session.open(url, general);
      return await call(session, target, options);
    },
  ],
  [
    `session.${name}Sync`,
    answer,
    async (url: string, target: string, options: Options, general: SessionOptions) => {
      using session = Session.open(url, general);
      return blocking[name]!(session, target, options);
    },
  ],
  [
    `pool.${name}`,
    answer,
    async (url: string, target: string, options: Options, general: SessionOptions) => {
      await using pool = new SessionPool(url, general);
      return await call(pool, target, options);
    },
  ],
]);

const urlOf = ({ port }: { port: number }): string => `http://127.0.0.1:${port}/`;

/** All values of this header field in these requests. */
function valuesOf(name: string, requests: readonly string[]): string[] {
  return requests.flatMap((request) =>
    [...request.split('\r\n\r\n', 1)[0]!.matchAll(new RegExp(`^${name}: (.*)\r?$`, 'gim'))].map(([, value]) => value!),
  );
}

/** A server that redirects the first request, and answers the others. */
function redirecting(status: string, location: string, answer: string): RawServerOptions {
  const redirect = response('elsewhere', { status, headers: { Location: location } });
  const steps = (...answers: string[]): Step[] => answers.flatMap((send) => [{ read: 'request' }, { send }] as const);
  // neon sends a LOCK on a new connection.
  return { connections: [steps(redirect, answer), steps(answer)], rest: 'repeat-last' };
}

describe.each(cases)('%s', (name, answer, run) => {
  test('sends the headers of the session, and those of the call in their place', async () => {
    const server = await serve(answering(answer));
    const headers = { Authorization: 'Bearer one', 'X-Session': 'yes' };
    await run(urlOf(server), '/a', { headers: { authorization: 'Bearer two', Prefer: 'return=minimal' } }, { headers });
    const requests = await receivedBy(server);
    expect(valuesOf('authorization', requests)).toEqual(['Bearer two']);
    expect(valuesOf('x-session', requests)).toEqual(['yes']);
    expect(valuesOf('prefer', requests)).toEqual(['return=minimal']);
    for (const once of ['host', 'content-type', 'content-length', 'depth', 'if', 'lock-token', 'accept-encoding'])
      expect(valuesOf(once, requests).length).toBeLessThan(2);
  });

  test('sends a header without a value, and refuses a line end in one', async () => {
    const server = await serve(answering(answer));
    await run(urlOf(server), '/a', { headers: { 'X-One': 'a', 'X-Empty': '' } }, {});
    expect((await receivedBy(server)).join('')).toMatch(/\r\nX-One: a\r\nX-Empty: ?\r\n/);
    for (const value of ['a\nX-Evil: b', 'a\r\nX-Evil: b', 'a\nX-Evil\nb']) {
      const failure = await failureOf(() => run('http://127.0.0.1:1/', '/a', { headers: { 'X-One': value } }, {}));
      expect(failure).toEqual(wrongChar);
    }
  });

  test('refuses a redirect as the option says', async () => {
    const server = await serve(redirecting('302 Found', '/b', answer));
    const failure = await failureOf(() => run(urlOf(server), '/a', { redirect: 'error' }, {}));
    expect(failure).toEqual(neonError('NE_REDIRECT', 9));
    expect(failure).toMatchObject({ status: 302, location: `${urlOf(server)}b` });
  });

  test('follows a redirect of the session, and not further than it may', async () => {
    const server = await serve(redirecting('307 Temporary Redirect', '/b', answer));
    await run(urlOf(server), '/a', {}, { redirect: 'follow' });
    expect((await receivedBy(server)).join('').match(/ \/[ab](?= HTTP)/g)).toEqual([' /a', ' /b']);
    const other = await serve(redirecting('307 Temporary Redirect', '/b', answer));
    const failure = await failureOf(() => run(urlOf(other), '/a', { redirect: 'follow', maxRedirects: 0 }, {}));
    expect(failure).toEqual(neonError('NE_REDIRECT', 9));
  });

  test('does not follow a redirect to another server', async () => {
    const server = await serve(redirecting('307 Temporary Redirect', 'http://other.invalid/', answer));
    const failure = await failureOf(() => run(urlOf(server), '/a', { redirect: 'follow' }, {}));
    expect(failure).toMatchObject({ code: 'NE_REDIRECT', location: 'http://other.invalid/' });
  });

  test('refuses a Content-Length of the session', async () => {
    const failure = await failureOf(() => run('http://127.0.0.1:1/', '/a', {}, { headers: { 'content-length': '1' } }));
    expect(failure).toEqual(wrongValue);
  });

  if (name.endsWith('Sync')) return;
  test('reports the progress of the bodies', async () => {
    const server = await serve(answering(answer));
    const events: ProgressEvent[] = [];
    await run(urlOf(server), '/a', { onProgress: (event) => void events.push(event) }, {});
    const sends =
      /PROPFIND|PROPPATCH|ACL|LOCK/.test((await receivedBy(server)).join('')) && !/unlock|refresh/.test(name);
    if (sends || !/unlock|refresh/.test(name)) expect(events.length).toBeGreaterThan(0);
  });
});

describe.each(cases.filter(([name]) => /propfind|propNames|discoverLocks|\.lock|refreshLock/.test(name)))(
  '%s',
  (_, answer, run) => {
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    const zipped = gzipSync(body);
    const coded = (coding: string, bytes: Buffer): Buffer =>
      Buffer.concat([
        Buffer.from(
          `${head.replace(/\r\nContent-Length: \d+/, '')}\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`,
        ),
        bytes,
      ]);
    /** Returns a lock's plain fields, and any other result unchanged. */
    const plain = (result: unknown): unknown => {
      const { token, depth, scope } = result as Partial<Lock>;
      return token === undefined ? result : { token, depth, scope };
    };

    test.each([
      ['gzip', zipped],
      ['x-gzip', zipped],
      ['deflate', deflateSync(body)],
      ['deflate', deflateRawSync(body)],
    ])('asks for gzip, and inflates %s', async (coding, bytes) => {
      const [clear, server] = [await serve(answering(answer)), await serve(answering(coded(coding, bytes)))];
      const expected = await run(urlOf(clear), '/a', {}, {});
      const received = await run(urlOf(server), '/a', {}, {});
      const withoutPort = (value: unknown): unknown =>
        JSON.parse(JSON.stringify(plain(value) ?? null).replaceAll(/:\d{4,5}\//g, '/'));
      expect(withoutPort(received)).toEqual(withoutPort(expected));
      expect(valuesOf('accept-encoding', await receivedBy(server))).toEqual(['gzip']);
    });

    test('leaves the body as it comes without decompress, and names its coding', async () => {
      const server = await serve(answering(coded('gzip', zipped)));
      const failure = await failureOf(() => run(urlOf(server), '/a', { decompress: false }, {}));
      expect(failure.message).toContain('Content-Encoding "gzip"');
      expect(valuesOf('accept-encoding', await receivedBy(server))).toEqual([]);
    });

    test.each(['gzip', 'x-gzip'])('does not blame %s, which was read', async (coding) => {
      const server = await serve(answering(coded(coding, gzipSync('<wrong'))));
      const failure = await failureOf(() => run(urlOf(server), '/a', {}, {}));
      expect(failure).toMatchObject({ code: 'NE_ERROR' });
      expect(failure.message).toMatch(/XML|multi-status|document about a lock/);
      expect(failure.message).not.toContain('Content-Encoding');
    });

    test('names a coding that is not read', async () => {
      const server = await serve(answering(coded('br', zipped)));
      const failure = await failureOf(() => run(urlOf(server), '/a', {}, {}));
      expect(failure.message).toContain('Content-Encoding "br"');
    });

    test.each(['gzip', 'x-gzip'])('limits the inflated body of %s', async (coding) => {
      const server = await serve(answering(coded(coding, zipped)));
      const failure = await failureOf(() => run(urlOf(server), '/a', { decompress: { maxBytes: 20 } }, {}));
      expect(failure).toMatchObject({ code: 'NE_ERROR' });
      expect(failure.message).toContain('longer than 20 bytes');
    });
  },
);

test('lets a request run inside a loop over a listing that was redirected', async () => {
  const many = page(multistatus(Array.from({ length: 20_000 }, (_, i) => resource(`/${i}`)).join('')));
  const { connections } = redirecting('301 Moved Permanently', '/dav/', many);
  const steps: readonly Step[] = [...connections![0]!, { read: 'request' }, { send: response('') }];
  const server = await serve({ connections: [steps] });
  await using session = Session.open(urlOf(server), { redirect: 'follow' });
  let seen = 0;
  for await (const _ of session.propfind('/.well-known/caldav')) if (seen++ === 0) await session.get('/other');
  expect(seen).toBe(20_000);
});

test('follows the redirect of a well-known address, and gives hrefs of its target', async () => {
  const found = page(multistatus(resource('./b/') + resource('x')));
  const server = await serve(redirecting('301 Moved Permanently', '/dav/', found));
  await using session = Session.open(urlOf(server), { redirect: 'follow' });
  const entries = await session.propfind('/.well-known/caldav', { depth: 0 });
  expect(entries.map(({ href }) => href)).toEqual(['/dav/b/', '/dav/x']);
});
