/** Tests redirects that the classes follow, and bodies that they inflate. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type RequestOptions, type Response, Session, type SessionOptions, SessionPool } from 'libneon';
import * as ne from 'libneon/ne';
import { response, type RawServerOptions, type Step } from '../../servers/raw.js';
import { failureOf, neonError, outOfRange, wrongType, wrongValue } from '../../support/expect.js';
import { answering, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

/** Sends a request by one of the methods of the classes, with options for the session and for the request. */
type Send = (
  port: number,
  method: string,
  target: string,
  general: SessionOptions,
  own: RequestOptions,
) => Promise<Response>;
const ways: [string, Send][] = [
  [
    'Session.request',
    async (port, method, target, general, own) => {
      await using session = new Session('http', '127.0.0.1', port, general);
      return await whole(await session.request(method, target, own));
    },
  ],
  [
    'Session.requestSync',
    async (port, method, target, general, own) => {
      using session = new Session('http', '127.0.0.1', port, general);
      return session.requestSync(method, target, own);
    },
  ],
  [
    'SessionPool.request',
    async (port, method, target, general, own) => {
      await using pool = new SessionPool(`http://127.0.0.1:${port}/`, general);
      return await whole(await pool.request(method, target, own));
    },
  ],
];

/** Reads the body of a response, so that the session can be closed. The returned response keeps the body as text. */
async function whole(response: Response): Promise<Response> {
  const bytes = await response.bytes();
  return Object.assign(Object.create(response) as Response, { text: async () => bytes.toString() });
}

/** A server that redirects to each location in turn, and finally responds `hello`. */
function redirecting(status: string, ...locations: string[]): RawServerOptions {
  const steps = locations.flatMap((location): Step[] => [
    { read: 'request' },
    { send: response('over there', { status, headers: { Location: location } }) },
  ]);
  return { connections: [[...steps, { read: 'request' }, { send: response('hello') }]], rest: 'repeat-last' };
}

describe.each(ways)('%s', (name, send) => {
  const requests = async (server: Parameters<typeof receivedBy>[0]): Promise<string[]> =>
    (await receivedBy(server)).join('').match(/^[A-Z]+ .*(?= HTTP)/gm) ?? [];

  describe('redirection', () => {
    test.each(['301 Moved', '302 Found', '303 See', '307 Temporary', '308 Permanent'])('follows %s', async (status) => {
      const server = await serve(redirecting(status, '/b', 'c?d#e', '../f'));
      const got = await send(server.port, 'GET', '/a/x', { redirect: 'follow' }, {});
      expect([got.status, await got.text()]).toEqual([200, 'hello']);
      expect(await requests(server)).toEqual(['GET /a/x', 'GET /b', 'GET /c?d', 'GET /f']);
    });

    test.each<[string, string, string, string]>([
      ['303', 'PUT', 'GET /b', ''],
      ['303', 'HEAD', 'HEAD /b', ''],
      ['302', 'POST', 'GET /b', ''],
      ['301', 'POST', 'GET /b', ''],
      ['301', 'PUT', 'PUT /b', 'content'],
      ['307', 'POST', 'POST /b', 'content'],
      ['308', 'POST', 'POST /b', 'content'],
    ])('follows a %s to a %s by a %s', async (status, method, expected, body) => {
      const length = method === 'HEAD' ? '' : 'Content-Length: 0\r\n';
      const first: Step[] = [{ read: 'request' }, { send: `HTTP/1.1 ${status} X\r\nLocation: /b\r\n${length}\r\n` }];
      const last: Step[] = [{ read: 'request' }, { send: 'HTTP/1.1 204 No\r\n\r\n' }];
      // A POST is sent on a new connection.
      const server = await serve({ connections: expected.startsWith('POST') ? [first, last] : [[...first, ...last]] });
      const content =
        method === 'HEAD' ? {} : { body: 'content', headers: { 'Content-Type': 'text/plain', 'X-Own': 'yes' } };
      const got = await send(server.port, method, '/a', {}, { redirect: 'follow', ...content });
      expect(got.status).toBe(204);
      const text = (await receivedBy(server)).join('');
      const second = text.slice(text.indexOf(expected));
      expect(second.startsWith(expected)).toBe(true);
      expect(second.endsWith(`\r\n\r\n${body}`)).toBe(true);
      expect(second.includes('Content-Type')).toBe(body !== '');
      if (method !== 'HEAD') expect(second).toContain('X-Own: yes');
    });

    test('returns the response by default', async () => {
      for (const general of [{}, { redirect: 'manual' as const }]) {
        const server = await serve(redirecting('302 Found', '/b'));
        expect((await send(server.port, 'GET', '/a', general, {})).status).toBe(302);
        expect((await send(server.port, 'GET', '/a', { redirect: 'error' }, { redirect: 'manual' })).status).toBe(302);
      }
    });

    test('rejects in the mode "error"', async () => {
      const server = await serve(redirecting('302 Found', 'b'));
      const failure = await failureOf(() => send(server.port, 'GET', '/a/', { redirect: 'error' }, {}));
      expect(failure).toEqual(neonError('NE_REDIRECT', ne.NE_REDIRECT));
      const location = `http://127.0.0.1:${server.port}/a/b`;
      expect(failure).toMatchObject({ method: 'GET', target: '/a/', status: 302, location });
      expect(failure.message).toContain(location);
    });

    test.each([
      'http://other.example/',
      'http://127.0.0.1:1/',
      'https://127.0.0.1/',
      '//other.example/x',
      'http://[',
      'mailto:x',
    ])('rejects a redirect to %s', async (location) => {
      const server = await serve(redirecting('302 Found', location));
      const failure = await failureOf(() => send(server.port, 'GET', '/a', { redirect: 'follow' }, {}));
      expect(failure).toEqual(neonError('NE_REDIRECT', ne.NE_REDIRECT));
      expect(failure).toMatchObject({ location: expect.any(String) });
    });

    test('stops at the limit in a loop', async () => {
      const server = await serve(answering(response('', { status: '302 Found', headers: { Location: '/a' } })));
      expect(await failureOf(() => send(server.port, 'GET', '/a', { redirect: 'follow' }, {}))).toMatchObject({
        code: 'NE_REDIRECT',
      });
      expect((await requests(server)).length).toBe(11);
      await failureOf(() => send(server.port, 'GET', '/a', { redirect: 'follow' }, { maxRedirects: 2 }));
      expect((await requests(server)).length).toBe(14);
      await failureOf(() => send(server.port, 'GET', '/a', { redirect: 'follow', maxRedirects: 0 }, {}));
      expect((await requests(server)).length).toBe(15);
    });

    test('returns the response without a Location and for other 3xx statuses', async () => {
      const answers = ['304 Not Modified', '300 Choices', '305 Proxy'].map(
        (status) => `HTTP/1.1 ${status}\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n`,
      );
      for (const answer of [...answers, 'HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n']) {
        const server = await serve(answering(answer));
        expect((await send(server.port, 'GET', '/a', { redirect: 'follow' }, {})).status).toBeGreaterThanOrEqual(300);
      }
    });

    test.each<[string, RequestOptions, Error]>([
      ['an unknown mode', { redirect: 'yes' as 'follow' }, wrongValue],
      ['a mode that is not a string', { redirect: 1 as unknown as 'follow' }, wrongType],
      ['a limit below 0', { maxRedirects: -1 }, outOfRange],
      ['a limit that is not a number', { maxRedirects: '1' as unknown as number }, wrongType],
    ])('rejects %s', async (_, options, error) => {
      expect(await failureOf(() => send(1, 'GET', '/', {}, options))).toEqual(error);
      expect(await failureOf(() => send(1, 'GET', '/', options, {}))).toEqual(error);
    });
  });

  describe.each<[string, string, (body: string | Buffer) => Buffer]>([
    ['gzip', 'GZIP', gzipSync],
    ['gzip named x-gzip', 'x-gzip', gzipSync],
    ['deflate in the zlib format', 'deflate', deflateSync],
    ['deflate without a format', 'Deflate', deflateRawSync],
  ])('%s', (_coding, coding, compress) => {
    const text = 'some text that is repeated, '.repeat(20_000);
    const zip = (body: string | Buffer): Buffer => {
      const bytes = typeof body === 'string' ? compress(body) : body;
      const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
      return Buffer.concat([Buffer.from(head), bytes]);
    };

    test.each([
      ['a small body', 'hello'],
      ['a large body', text],
      ['an empty body', ''],
      ['incompressible data', randomBytes(300_000).toString('hex')],
    ])('inflates %s and keeps the connection', async (_, body) => {
      const server = await serve(answering(zip(body)));
      for (let times = 0; times < 2; times++)
        expect((await (await send(server.port, 'GET', '/', {}, {})).text()) === body).toBe(true);
      expect((await receivedBy(server))[0]).toContain('\r\nAccept-Encoding: gzip\r\n');
    });

    test('inflates a body that arrives byte by byte', async () => {
      const bytes = zip('hello');
      const head = bytes.indexOf('\r\n\r\n') + 4;
      const pieces = Array.from(bytes.subarray(head), (byte) => [{ send: Buffer.of(byte) }, { delay: 1 }]);
      const server = await serve({
        connections: [[{ read: 'request' }, { send: bytes.subarray(0, head) }, ...pieces.flat()]],
      });
      expect(await (await send(server.port, 'GET', '/', {}, {})).text()).toBe('hello');
    });

    test('passes a body without gzip unchanged', async () => {
      const server = await serve(answering(response(text)));
      expect((await (await send(server.port, 'GET', '/', {}, {})).text()) === text).toBe(true);
    });

    test.each<[string, SessionOptions, RequestOptions]>([
      ['when the session says so', { decompress: false }, {}],
      ['when the request says so', {}, { decompress: false }],
      ['with another Accept-Encoding header', {}, { headers: { 'accept-encoding': 'br' } }],
      ['with a Range header', {}, { headers: { Range: 'bytes=0-' } }],
    ])('leaves a body as it is %s', async (_, general, own) => {
      const server = await serve(answering(zip('hello')));
      const got = await send(server.port, 'GET', '/', general, own);
      expect(await got.text()).toBe(compress('hello').toString());
      expect((await receivedBy(server))[0]).not.toContain('Accept-Encoding: gzip');
    });

    const damaged = Buffer.from(compress(text));
    damaged.fill(0xff, coding === 'GZIP' || coding === 'x-gzip' ? 10 : 2);
    test.each<[string, Buffer, RegExp]>([
      ['truncated', zip(compress(text).subarray(0, -10)), /truncated/],
      ['damaged', zip(damaged), /Could not inflate|damaged/],
      ['not compressed', zip(Buffer.from('hello, this is no gzip')), /invalid|damaged/],
      ['a single byte', zip(compress(text).subarray(0, 1)), /truncated/],
      [
        'followed by other bytes',
        zip(Buffer.concat([compress(text), Buffer.from('followed by other bytes')])),
        /Too many bytes|Unexpected|continues after its end/,
      ],
    ])('rejects a body that is %s', async (_, answer, message) => {
      const server = await serve(answering(answer));
      const failure = await failureOf(() => send(server.port, 'GET', '/', {}, {}));
      expect(failure).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
      expect(failure.message).toMatch(message);
    });

    test('limits a decompression bomb', async () => {
      const server = await serve(answering(zip(compress(Buffer.alloc(30_000_000)))));
      const decompress = { maxBytes: 1_000_000 };
      for (const [general, own] of [
        [{ decompress }, {}],
        [{}, { decompress }],
      ] as const) {
        const failure = await failureOf(() => send(server.port, 'GET', '/', general, own));
        expect(failure).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
        expect(failure.message).toContain('1000000 bytes');
      }
      expect((await send(server.port, 'GET', '/', {}, {})).status).toBe(200);
    });

    test('accepts a response without a body', async () => {
      for (const status of ['204 No Content', '304 Not Modified', '200 OK\r\nContent-Length: 0']) {
        const server = await serve(answering(`HTTP/1.1 ${status}\r\nContent-Encoding: ${coding}\r\n\r\n`));
        for (const method of ['HEAD', 'GET'])
          expect(await (await send(server.port, method, '/', {}, {})).text()).toBe('');
      }
      if (coding === 'GZIP') return; // neon takes a chunked body without chunks for a truncated one
      const chunked = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`;
      const server = await serve(answering(chunked));
      expect(await (await send(server.port, 'GET', '/', {}, {})).text()).toBe('');
    });
  });

  test.each<[unknown, Error]>([
    [1, wrongType],
    ['yes', wrongType],
    [null, wrongType],
    [{}, wrongType],
    [{ maxBytes: '1' }, wrongType],
    [{ maxBytes: 0 }, outOfRange],
    [{ maxBytes: 1.5 }, outOfRange],
  ])('rejects %j for decompress', async (value, error) => {
    const options = { decompress: value } as RequestOptions;
    expect(await failureOf(() => send(1, 'GET', '/', {}, options))).toEqual(error);
    expect(await failureOf(() => send(1, 'GET', '/', options, {}))).toEqual(error);
  });

  if (name.endsWith('Sync')) return;

  test('rejects a redirect of a streamed request body', async () => {
    const server = await serve(redirecting('307 Temporary', '/b'));
    const options = { redirect: 'follow' as const, body: Readable.from(['content']) };
    const failure = await failureOf(() => send(server.port, 'PUT', '/a', {}, options));
    expect(failure).toEqual(neonError('NE_REDIRECT', ne.NE_REDIRECT));
  });
});

test.each([
  ['of a closing session', (port: number) => new Session('http', '127.0.0.1', port, { redirect: 'follow' })],
  ['of a closing pool', (port: number) => new SessionPool(`http://127.0.0.1:${port}/`, { redirect: 'follow' })],
])('completes a redirected request %s', async (_, open) => {
  const server = await serve(redirecting('302 Found', '/b', '/c', '/d'));
  const opened = open(server.port);
  const call = opened.request('GET', '/a');
  await opened.close();
  expect(opened.destroyed).toBe(true);
  expect((await call).status).toBe(200);
});

test('ends a redirected request when its session is destroyed by force', async () => {
  const step: Step[] = [
    { read: 'request' },
    { send: response('', { status: '302 Found', headers: { Location: '/a' } }) },
  ];
  const server = await serve({ connections: [[{ repeat: 'forever', steps: step }]], rest: 'repeat-last' });
  const session = new Session('http', '127.0.0.1', server.port, { redirect: 'follow', maxRedirects: 1_000_000 });
  const call = failureOf(() => session.request('GET', '/a'));
  await server.waitForRequests(3);
  session.destroy({ force: true });
  expect(await call).toEqual(neonError('ERR_NEON_DESTROYED'));
});

test('applies a timeout to all requests of a redirect', async () => {
  const server = await serve({
    connections: [
      [
        {
          repeat: 'forever',
          steps: [
            { read: 'request' },
            { delay: 60 },
            { send: response('', { status: '302 Found', headers: { Location: '/a' } }) },
          ],
        },
      ],
    ],
    rest: 'repeat-last',
  });
  await using session = new Session('http', '127.0.0.1', server.port, { redirect: 'follow', maxRedirects: 1000 });
  await expect(session.request('GET', '/a', { timeout: 300 })).rejects.toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
});

test('streams an inflated body and writes it to a file', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'libneon-inflated-'));
  try {
    const text = 'line of a large body\n'.repeat(200_000);
    const zipped = gzipSync(text);
    const answer = Buffer.concat([
      Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${zipped.length}\r\n\r\n`),
      zipped,
    ]);
    await using session = new Session('http', '127.0.0.1', (await serve(answering(answer))).port);
    const blocks: Buffer[] = [];
    for await (const block of (await session.get('/')).body) blocks.push(block as Buffer);
    expect(Buffer.concat(blocks).toString() === text).toBe(true);
    const file = path.join(folder, 'file');
    expect(await (await session.get('/')).toFile(file)).toBe(text.length);
    expect(readFileSync(file, 'utf8') === text).toBe(true);
    await expect((await session.get('/')).bytes({ maxBytes: 100_000 })).rejects.toEqual(outOfRange);
    (await session.get('/')).cancel();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
