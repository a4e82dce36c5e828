/** Tests propfind, propNames and their blocking forms. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Entry, NeonError, type PropfindOptions, Session } from 'libneon';
import { response, type Step } from '../../servers/raw.js';
import { failureOf, neonError, textOf, wrongChar, wrongType, wrongValue } from '../../support/expect.js';
import { answering, exchange, receivedBy, stalling, testServers, thenAnswering } from '../../support/servers.js';

const serve = testServers();

function open({ port }: { port: number }): Session {
  return Session.open(`http://127.0.0.1:${port}/dav/`);
}

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of iterable) all.push(one);
  return all;
}

/** All ways to get the entries. */
const ways: [string, (session: Session, target: string, options?: PropfindOptions) => Promise<Entry[]>][] = [
  ['awaited propfind', async (session, ...values) => session.propfind(...values)],
  ['iterated propfind', async (session, ...values) => collect(session.propfind(...values))],
  ['propfindSync', async (session, ...values) => session.propfindSync(...values)],
];

/** A 207 response with these `response` elements. */
function multistatus(inside: string): string {
  const body = `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:" xmlns:x="http://x/">${inside}</D:multistatus>`;
  return response(body, { status: '207 Multi-Status', headers: { 'Content-Type': 'application/xml' } });
}

function resource(href: string, props: string, failed = ''): string {
  const propstat = (status: string, inside: string): string =>
    inside && `<D:propstat><D:prop>${inside}</D:prop><D:status>HTTP/1.1 ${status}</D:status></D:propstat>`;
  return `<D:response><D:href>${href}</D:href>${propstat('200 OK', props)}${propstat('404 Not Found', failed)}</D:response>`;
}

const many = (count: number, filling = ''): string =>
  multistatus(
    Array.from({ length: count }, (_, i) =>
      resource(
        `/dav/${i}`,
        `<D:getcontentlength>${i}</D:getcontentlength><D:displayname>n ${i}${filling}</D:displayname>`,
      ),
    ).join(''),
  );

describe.each(ways)('%s', (way, list) => {
  test('gives properties the types that RFC 4918 defines', async () => {
    const answer = multistatus(
      resource(
        '/dav/a%20b',
        `<D:resourcetype><D:collection/><x:calendar kind="1"/></D:resourcetype><D:displayname>A &amp; B &lt;é&gt; 𝄞!</D:displayname>
<D:getcontentlength> 12 </D:getcontentlength><D:creationdate>2020-01-02T03:04:05Z</D:creationdate>
<D:getlastmodified>Sunday, 06-Nov-94 08:49:37 GMT</D:getlastmodified><D:getetag>"1"</D:getetag>
<D:getcontenttype>text/plain</D:getcontenttype><D:getcontentlanguage>en</D:getcontentlanguage><x:empty/><x:own>𝄞 own</x:own>
<D:supportedlock><D:lockentry><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry><D:lockentry>
<D:lockscope><D:shared/></D:lockscope><D:locktype><D:write/></D:locktype></D:lockentry></D:supportedlock>
<D:lockdiscovery><D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:shared/></D:lockscope><D:depth>0</D:depth>
<D:owner><D:href>mailto:me@example.com</D:href></D:owner><D:timeout>Second-60</D:timeout><D:locktoken><D:href>urn:uuid:1</D:href></D:locktoken>
<D:lockroot><D:href>/dav/a%20b</D:href></D:lockroot></D:activelock><D:activelock><D:lockscope><D:exclusive/></D:lockscope><D:locktype><D:write/></D:locktype>
<D:depth>infinity</D:depth><D:timeout>Infinite</D:timeout></D:activelock></D:lockdiscovery>`,
        '<x:none/><D:quota/>',
      ) + resource('http://127.0.0.1/elsewhere?q#f', '<D:resourcetype/><D:creationdate>no date</D:creationdate>'),
    );
    const server = await serve(answering(answer));
    using session = open(server);
    expect(await list(session, 'a%20b/')).toEqual([
      {
        href: '/dav/a%20b',
        uri: `http://127.0.0.1:${server.port}/dav/a%20b`,
        props: {
          resourcetype: ['collection', '{http://x/}calendar'],
          displayname: 'A & B <é> 𝄞!',
          getcontentlength: 12,
          creationdate: new Date('2020-01-02T03:04:05Z'),
          getlastmodified: new Date('1994-11-06T08:49:37Z'),
          getetag: '"1"',
          getcontenttype: 'text/plain',
          getcontentlanguage: 'en',
          '{http://x/}empty': '',
          '{http://x/}own': '𝄞 own',
          supportedlock: [
            { scope: 'exclusive', type: 'write' },
            { scope: 'shared', type: 'write' },
          ],
          lockdiscovery: [
            {
              scope: 'shared',
              type: 'write',
              depth: 0,
              owner: 'mailto:me@example.com',
              duration: 60_000,
              token: 'urn:uuid:1',
              root: '/dav/a%20b',
            },
            {
              scope: 'exclusive',
              type: 'write',
              depth: 'infinity',
              owner: null,
              duration: Infinity,
              token: null,
              root: null,
            },
          ],
        },
        status: {
          '{http://x/}none': { code: 404, reasonPhrase: 'Not Found' },
          quota: { code: 404, reasonPhrase: 'Not Found' },
        },
      },
      {
        href: '/elsewhere%3Fq%23f',
        uri: 'http://127.0.0.1/elsewhere%3Fq%23f',
        props: { resourcetype: [], creationdate: null },
        status: {},
      },
    ]);
  });

  test.each([
    [{}, '1', 'allprop'],
    [{ depth: 0 }, '0', 'allprop'],
    [{ depth: 'infinity', props: [] }, 'infinity', 'allprop'],
    [{ depth: 1, props: ['getetag', '{http://x/}own', '{}none'] }, '1', 'prop'],
  ] as const)('sends the request for %j', async (options, depth, inside) => {
    const server = await serve(answering(multistatus('')));
    using session = open(server);
    expect(await list(session, '/dav/x', options)).toEqual([]);
    const [received] = await receivedBy(server);
    expect(received).toMatch(/^PROPFIND \/dav\/x HTTP\/1\.1\r\n/);
    expect(received).toContain(`\r\nDepth: ${depth}\r\n`);
    expect(received).toContain(`<${inside}`);
    if (inside === 'prop') {
      expect(received).toContain('<getetag xmlns="DAV:"/>');
      expect(received).toContain('<own xmlns="http://x/"/>');
      expect(received).toContain('<none xmlns=""/>');
    }
  });

  test('gives repeated values to each resource', async () => {
    const date = '<D:getlastmodified>Fri, 02 Jan 2026 03:04:05 GMT</D:getlastmodified>';
    const answer = multistatus(
      ['a', 'a', 'b', 'a']
        .map((text, i) => resource(`/${i}`, `${date}<x:t>${text}</x:t>`, i === 2 ? '<x:n/>' : ''))
        .join(''),
    );
    using session = open(await serve(answering(answer)));
    const entries = await list(session, '/');
    expect(entries.map(({ props }) => props['{http://x/}t'])).toEqual(['a', 'a', 'b', 'a']);
    expect(entries.map(({ status }) => Object.keys(status))).toEqual([[], [], ['{http://x/}n'], []]);
    entries[0]!.props.getlastmodified!.setTime(0);
    expect(entries[1]!.props.getlastmodified).toEqual(new Date('2026-01-02T03:04:05Z'));
  });

  test('reads the last second before 1970 as a date, although neon returns that number for an invalid date', async () => {
    const texts = ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59+00:00', '1970-01-01T00:59:59+01:00'];
    const answer = multistatus(texts.map((text) => resource('/', `<D:creationdate>${text}</D:creationdate>`)).join(''));
    using session = open(await serve(answering(answer)));
    expect((await list(session, '/')).map(({ props }) => props.creationdate)).toEqual(texts.map(() => new Date(-1000)));
  });

  test('accepts any property name', async () => {
    const answer = multistatus(
      resource('/', '<D:__proto__>1</D:__proto__><D:constructor>2</D:constructor>', '<x:__proto__/>'),
    );
    using session = open(await serve(answering(answer)));
    const [entry] = await list(session, '/');
    expect(Object.entries(entry!.props)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
    expect(Object.getPrototypeOf(entry!.props)).toBe(Object.getPrototypeOf({}));
  });

  test('fails when an entry cannot be created, and leaves the session usable', async () => {
    const repeated = resource('/dav/', '<D:resourcetype/>').repeat(300);
    using session = open(await serve(answering(multistatus(repeated))));
    const freeze = jest.spyOn(Object, 'freeze').mockImplementation(() => {
      throw new Error('mine');
    });
    const failure = await failureOf(() => list(session, '/')).finally(() => freeze.mockRestore());
    expect(failure.message).toBe('mine');
    expect(await list(session, '/')).toHaveLength(300);
  });

  test('returns thousands of resources in order', async () => {
    using session = open(await serve(answering(many(5000))));
    const entries = await list(session, '/');
    expect(entries.map(({ href }) => href)).toEqual(Array.from({ length: 5000 }, (_, i) => `/dav/${i}`));
    expect(entries.every(({ props }, i) => props.getcontentlength === i && props.displayname === `n ${i}`)).toBe(true);
  });

  test.each([
    ['another status', response('no', { status: '404 Not Found' }), 'ERR_NEON_STATUS', 404, '404 Not Found'],
    [
      'a document that is not XML',
      multistatus('<D:response>'),
      'NE_ERROR',
      207,
      expect.stringContaining('XML parse error') as string,
    ],
    [
      'a truncated response',
      multistatus(resource('/', '')).slice(0, -10),
      'NE_ERROR',
      207,
      expect.any(String) as string,
    ],
    ['an empty response', '', 'NE_ERROR', undefined, expect.any(String) as string],
  ])('rejects %s', async (_, answer, code, status, message) => {
    const server = await serve(thenAnswering(exchange(answer)));
    using session = open(server);
    const error = await failureOf(() => list(session, '/dav/x'));
    expect(error).toBeInstanceOf(NeonError);
    expect(Object.assign({}, error)).toMatchObject({
      code,
      result: 1,
      method: 'PROPFIND',
      target: '/dav/x',
      origin: `http://127.0.0.1:${server.port}`,
      ...(status !== undefined && { status }),
    });
    expect(textOf(error)).toEqual(message);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('rejects invalid arguments and sends nothing', async () => {
    const server = await serve(answering());
    using session = open(server);
    const rejects = async (expected: Error, target: unknown, options?: unknown): Promise<void> =>
      expect(await failureOf(() => list(session, target as string, options as PropfindOptions))).toEqual(expected);
    await rejects(wrongType, 1);
    await rejects(wrongChar, '/a b');
    await rejects(wrongType, '/', null);
    for (const depth of [2, '1 ', 'Infinity', null]) await rejects(wrongValue, '/', { depth });
    for (const props of ['getetag', {}, [1], [null]]) await rejects(wrongType, '/', { props });
    for (const name of ['', 'a b', '<a/>', '{a', '{a}', '{a{b}c', '1a', 'x:y'])
      await rejects(wrongValue, '/', { props: [name] });
    expect(await receivedBy(server)).toEqual([]);
    expect(session.liveRequests).toBe(0);
    session.destroy();
    await rejects(neonError('ERR_NEON_DESTROYED'), '/');
  });

  test(`rejects when it cannot connect (${way})`, async () => {
    using session = new Session('http', '127.0.0.1', 1);
    expect(await failureOf(() => list(session, '/'))).toEqual(neonError('NE_CONNECT', 5));
  });
});

describe('propNames', () => {
  test.each([
    ['when it is awaited', async (session: Session) => session.propNames('/', { depth: 0 })],
    ['when it blocks', async (session: Session) => session.propNamesSync('/', { depth: 0 })],
  ])('returns the names %s', async (_, list) => {
    const server = await serve(answering(multistatus(resource('/', '<D:getetag/><x:own/>'))));
    using session = open(server);
    expect(await list(session)).toMatchObject([{ href: '/', props: { getetag: '', '{http://x/}own': '' } }]);
    expect(await receivedBy(server)).toEqual([expect.stringContaining('<propname/>')]);
  });
});

describe('a PROPFIND', () => {
  test('is sent once, when it is awaited', async () => {
    const server = await serve(answering(many(2)));
    using session = open(server);
    const listing = session.propfind('/');
    await sleep(50);
    expect(await receivedBy(server)).toEqual([]);
    const entries = await listing;
    expect(await listing).toBe(entries);
    expect(await collect(listing)).toEqual(entries);
    const other = session.propfind('/');
    expect(await collect(other)).toEqual(entries);
    expect(await failureOf(() => collect(other))).toEqual(neonError('ERR_NEON_INVALID_STATE'));
    expect(await failureOf(async () => other)).toEqual(neonError('ERR_NEON_INVALID_STATE'));
    expect((await server.connections())[0]!.requests).toBe(2);
  });

  test('is sent by next(), before later requests', async () => {
    const server = await serve(answering(many(2)));
    using session = open(server);
    const first = session.propfind('/first')[Symbol.asyncIterator]().next();
    expect(session.liveRequests).toBe(1);
    await Promise.all([first, session.get('/second')]);
    const [received] = await receivedBy(server);
    expect(received!.match(/^\w+ \/\w+/gm)).toEqual(['PROPFIND /first', 'GET /second']);
  });

  type Call = 'next' | 'return' | 'throw';
  test.each<[string, Call[]]>([
    ['reading past the end', Array<Call>(303).fill('next')],
    ['returning at once', ['return', 'next', 'return']],
    ['stopping in between', ['next', 'next', 'return', 'next', 'throw', 'next']],
    ['throwing in between', ['next', 'throw', 'next', 'throw']],
    ['throwing at once', ['throw', 'next']],
  ])('has an iterator that behaves like an async generator: %s', async (_, steps) => {
    async function* generator(entries: Entry[]): AsyncGenerator<Entry, void, undefined> {
      for (const entry of entries) yield entry;
    }
    const call = (iterator: AsyncGenerator<Entry, void, undefined>, step: Call): Promise<unknown> =>
      step === 'throw' ? iterator.throw(new Error('mine')) : iterator[step]();
    using session = open(await serve(answering(many(300))));
    const entries = await session.propfind('/');
    for (const waiting of [false, true]) {
      const outcomes = [generator(entries), session.propfind('/')[Symbol.asyncIterator]()].map(async (iterator) => {
        const calls: Promise<unknown>[] = [];
        for (const step of steps) {
          calls.push(call(iterator, step));
          if (waiting) await Promise.allSettled(calls);
        }
        return Promise.allSettled(calls);
      });
      const [expected, got] = await Promise.all(outcomes);
      expect(got).toEqual(expected);
    }
    expect(session.liveRequests).toBe(0);
    const iterator = session.propfind('/')[Symbol.asyncIterator]();
    expect(iterator[Symbol.asyncIterator]()).toBe(iterator);
    await iterator.next();
    await iterator[Symbol.asyncDispose]();
    expect(await iterator.next()).toEqual({ done: true, value: undefined });
  });

  test('yields resources before the others have arrived', async () => {
    const all = many(1000);
    const [start, rest] = [all.slice(0, all.length / 2), all.slice(all.length / 2)];
    const server = await serve({
      connections: [[{ read: 'request' }, { send: start }, { read: 'request' }, { send: rest }]],
    });
    using session = open(server);
    let seen = 0;
    const timeout = AbortSignal.timeout(500);
    const reason = await failureOf(async () => {
      for await (const { href } of session.propfind('/', { signal: timeout })) expect(href).toBe(`/dav/${seen++}`);
    });
    expect(reason.name).toBe('TimeoutError');
    expect(seen).toBeGreaterThan(100);
    expect(seen).toBeLessThan(1000);
  });

  test('yields each resource of a slow server at once', async () => {
    const all = many(4);
    const ends = [...all.matchAll(/<\/D:response>/g)].map(({ index, 0: tag }) => index + tag.length);
    const pieces = ends.map((end, i): Step[] => [{ send: all.slice(ends[i - 1] ?? 0, end) }, { delay: 100 }]);
    const server = await serve({ connections: [[{ read: 'request' }, ...pieces.flat(), { hang: 'reading' }]] });
    using session = open(server);
    const seen: (string | null)[] = [];
    const reason = await failureOf(async () => {
      for await (const { href } of session.propfind('/', { timeout: 2000 })) seen.push(href);
    });
    expect(reason).toEqual(neonError('NE_TIMEOUT', 6));
    expect(seen).toEqual(['/dav/0', '/dav/1', '/dav/2', '/dav/3']);
  });

  test('stops the server while its entries are not taken, and resumes', async () => {
    const count = 30_000;
    const answer = many(count, 'x'.repeat(1000));
    const size = 1024 * 1024;
    const pieces = Array.from({ length: Math.ceil(answer.length / size) }, (_, i) => ({
      send: answer.slice(i * size, (i + 1) * size),
    }));
    const server = await serve({ connections: [[{ read: 'request' }, ...pieces]] });
    using session = open(server);
    let seen = 0;
    for await (const entry of session.propfind('/')) {
      if (seen++ === 0) {
        const sent = async (): Promise<number> => (await server.connections())[0]!.sentTotal;
        for (let before = -1; before !== (before = await sent());) await sleep(500);
        expect(await sent()).toBeLessThan(answer.length);
      }
      expect(entry.props.getcontentlength).toBe(seen - 1);
    }
    expect(seen).toBe(count);
  });

  test.each<[string, (session: Session) => Promise<unknown>]>([
    [
      'leaving the loop',
      async (session) => {
        for await (const entry of session.propfind('/')) return entry.href;
        return undefined;
      },
    ],
    [
      'an abort',
      async (session) => {
        const controller = new AbortController();
        for await (const entry of session.propfind('/', { signal: controller.signal })) controller.abort(entry.href);
        return undefined;
      },
    ],
  ])('closes the connection on %s and leaves the session usable', async (_, leave) => {
    const start = many(2000).slice(0, -1000);
    const server = await serve(thenAnswering(stalling(start)));
    using session = open(server);
    expect(await leave(session).catch((reason: unknown) => reason)).toBe('/dav/0');
    expect((await session.request('GET', '/')).status).toBe(200);
    const [first] = await server.connections();
    expect(first!.clientClose).not.toBeNull();
    expect(session.liveRequests).toBe(0);
  });

  test('counts as live while it runs', async () => {
    const server = await serve(thenAnswering(stalling()));
    const session = open(server);
    const reason = failureOf(async () => session.propfind('a'));
    await sleep(50);
    expect(session.liveRequests).toBe(1);
    expect(() => session.destroy()).toThrow(/PROPFIND \/dav\/a/);
    session.destroy({ force: true });
    expect(await reason).toEqual(neonError('ERR_NEON_DESTROYED'));
    expect(session.liveRequests).toBe(0);
  });

  test('queues among other requests from the time it is awaited', async () => {
    const steps: Step[] = [...exchange(), ...exchange(many(3)), ...exchange()];
    const server = await serve({ connections: [steps] });
    using session = open(server);
    const [first, entries, last] = await Promise.all([
      session.request('GET', '/1'),
      session.propfind('/2').then((entries) => entries),
      session.request('GET', '/3'),
    ]);
    expect([first.status, entries.length, last.status]).toEqual([200, 3, 200]);
  });

  test('ends by its timeout', async () => {
    using session = open(await serve({ connections: [stalling(many(100).slice(0, -10))] }));
    expect(await failureOf(async () => session.propfind('/', { timeout: 200 }))).toEqual(neonError('NE_TIMEOUT', 6));
  });
});
