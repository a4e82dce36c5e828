/** Tests the bodies that requests of the classes send. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Session, type Body } from 'libneon';
import * as ne from 'libneon/ne';
import { response, type RawServer, type Step } from '../../servers/raw.js';
import { coded, failureOf, neonError, outOfRange, saying, wrongType, wrongValue } from '../../support/expect.js';
import { answering, exchange, receivedBy, testServers, thenAnswering } from '../../support/servers.js';

const serve = testServers();
const text = 'The quick brown fox jumps over the lazy dog. '.repeat(500); // more than one of neon's blocks
const bytes = Buffer.from(text);
const folder = mkdtempSync(path.join(tmpdir(), 'libneon-body-'));
const file = path.join(folder, 'file');
const descriptors: number[] = [];

beforeAll(() => writeFileSync(file, text));
afterEach(() => descriptors.splice(0).forEach((fd) => closeSync(fd)));
afterAll(() => rmSync(folder, { recursive: true }));

function descriptorOf(name: string): number {
  const fd = openSync(name, 'r');
  descriptors.push(fd);
  return fd;
}

/** A provider of these bytes that can start again. */
function providerOf(all: Uint8Array): (size: number) => Uint8Array | null | boolean {
  let given = 0;
  return (size) => {
    if (size === 0) {
      given = 0;
      return true;
    }
    const block = all.subarray(given, given + size);
    given += block.length;
    return block.length > 0 ? block : null;
  };
}

async function* pieces(count = 10): AsyncGenerator<Uint8Array | string> {
  const size = Math.ceil(bytes.length / count);
  for (let i = 0; i < bytes.length; i += size) {
    await new Promise(setImmediate);
    yield i % 2 ? bytes.subarray(i, i + size) : bytes.subarray(i, i + size).toString();
  }
}

const readable = (): Readable => Readable.from(pieces(), { objectMode: false });
const sessionOf = ({ port }: RawServer): Session => new Session('http', '127.0.0.1', port);

/** The head and the body of each request on each connection. The chunks of a body are joined. */
async function requestsAt(server: RawServer): Promise<{ head: string; body: string }[][]> {
  return (await receivedBy(server)).map((received) => {
    const requests = [];
    for (let rest = received; rest !== '';) {
      const end = rest.indexOf('\r\n\r\n') + 4;
      const head = rest.slice(0, end);
      let body = '';
      rest = rest.slice(end);
      if (/^transfer-encoding: chunked/im.test(head)) {
        for (let size = 1; size > 0;) {
          const [line = ''] = /^[^\r]*\r\n/.exec(rest) ?? [''];
          size = parseInt(line, 16);
          body += rest.slice(line.length, line.length + size);
          rest = rest.slice(line.length + size + 2);
        }
      } else {
        const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        body = rest.slice(0, length);
        rest = rest.slice(length);
      }
      requests.push({ head, body });
    }
    return requests;
  });
}

/** Each kind of body, and whether its length is known. */
const kinds: [name: string, make: () => Body, known: boolean][] = [
  ['a string', () => text, true],
  ['a Buffer', () => bytes, true],
  ['a Uint8Array', () => new Uint8Array(bytes), true],
  ['a Blob', () => new Blob([bytes.subarray(0, 1000), bytes.subarray(1000)]), true],
  ['a file by its path', () => ({ file }), true],
  ['a file by its URL', () => ({ file: pathToFileURL(file) }), true],
  ['a descriptor', () => ({ fd: descriptorOf(file) }), true],
  ['a Readable', readable, false],
  ['a web stream', () => Readable.toWeb(readable()) as ReadableStream<Uint8Array>, false],
  ['an async iterable', () => pieces(), false],
  ['a provider', () => providerOf(bytes), false],
  [
    'an asynchronous provider',
    () =>
      (
        (next) => async (size: number) =>
          next(size)
      )(providerOf(bytes)),
    false,
  ],
];
const blocking = [
  'a string',
  'a Buffer',
  'a Uint8Array',
  'a file by its path',
  'a file by its URL',
  'a descriptor',
  'a provider',
];

describe.each(kinds)('%s as a body', (name, make, known) => {
  test('is sent whole by two requests', async () => {
    const server = await serve(answering());
    using session = sessionOf(server);
    for (let i = 0; i < 2; i++)
      expect(await (await session.request('PUT', `/${i}`, { body: make() })).text()).toBe('hello');
    // The requests may be on two connections: a stream that ends late is sent on a new connection.
    const requests = (await requestsAt(server)).flat();
    expect(requests.map(({ body }) => body === text)).toEqual([true, true]);
    for (const { head } of requests)
      expect(head).toMatch(known ? /\r\nContent-Length: 22500\r\n/ : /\r\nTransfer-Encoding: chunked\r\n/);
  });

  if (blocking.includes(name))
    test('is sent by a blocking request', async () => {
      const server = await serve(answering());
      using session = sessionOf(server);
      expect(session.requestSync('PUT', '/', { body: make() }).textSync()).toBe('hello');
      expect((await requestsAt(server))[0]?.[0]?.body === text).toBe(true);
    });
  else if (name !== 'an asynchronous provider')
    test('is rejected by a blocking request', async () => {
      using session = new Session('http', '127.0.0.1', 1);
      const body = make();
      expect(await failureOf(() => session.requestSync('PUT', '/', { body }))).toEqual(wrongType);
    });

  if (!known)
    test('is sent in one piece with a Content-Length header', async () => {
      const server = await serve(answering());
      using session = sessionOf(server);
      await session.request('PUT', '/', { body: make(), headers: { 'content-length': String(bytes.length) } });
      const [[request] = []] = await requestsAt(server);
      expect(request?.head).toMatch(/\r\nContent-Length: 22500\r\n/);
      expect(request?.head).not.toMatch(/content-length.*content-length/is);
      expect(request?.body === text).toBe(true);
    });

  test('is sent again whole when the connection turns out to be closed', async () => {
    const server = await serve(thenAnswering(exchange()));
    using session = sessionOf(server);
    await session.request('GET', '/first');
    await sleep(30); // until the end of the connection has arrived
    expect((await session.request('PUT', '/second', { body: make() })).status).toBe(200);
    const requests = (await requestsAt(server)).at(-1);
    expect(requests?.map(({ body }) => body === text)).toEqual([true]);
  });
});

describe('a body that must be sent again', () => {
  const big = 'x'.repeat(300_000);
  const makers: [name: string, make: () => Body, again: boolean][] = [
    ['a Blob', () => new Blob([big]), true],
    ['a file', () => ({ file: path.join(folder, 'big') }), true],
    ['a provider', () => providerOf(Buffer.from(big)), true],
    ['a Readable', () => Readable.from([Buffer.from(big)], { objectMode: false }), false],
  ];
  beforeAll(() => writeFileSync(path.join(folder, 'big'), big));

  test.each(makers)('can be %s of more than 256 KiB when a hook requests a retry', async (_, make, again) => {
    const server = await serve(answering());
    using session = sessionOf(server);
    let times = 0;
    ne.ne_hook_post_send(session.handle, () => (times++ === 0 ? ne.NE_RETRY : ne.NE_OK));
    const call = session.request('PUT', '/', { body: make() });
    if (again) {
      expect((await call).status).toBe(200);
      const bodies = (await requestsAt(server)).flat().map(({ body }) => body.length);
      expect(bodies).toEqual([300_000, 300_000]);
    } else {
      expect(await failureOf(() => call)).toMatchObject({
        code: 'NE_ERROR',
        message: saying('The request body cannot be sent again: it is a stream'),
      });
      times = 1;
      expect((await session.request('GET', '/next')).status).toBe(200);
    }
  });
});

describe('a file as a body', () => {
  test.each([
    [{ offset: 4, length: 11 }, text.slice(4, 15)],
    [{ offset: 22_490 }, text.slice(22_490)],
    [{ offset: 30_000 }, ''],
    [{ length: 0 }, ''],
  ])('is sent in part with %j', async (part, sent) => {
    const server = await serve(answering());
    using session = sessionOf(server);
    const fd = descriptorOf(file);
    readSync(fd, Buffer.alloc(7));
    await session.request('PUT', '/', { body: { fd, ...part } });
    await session.request('PUT', '/', { body: { file, ...part } });
    expect((await requestsAt(server))[0]?.map(({ body }) => body)).toEqual([sent, sent]);
    const next = Buffer.alloc(4);
    readSync(fd, next);
    expect(next.toString()).toBe(text.slice(7, 11)); // the position of the descriptor did not move
  });

  test('fails the request when it is shorter than announced, and leaves the session usable', async () => {
    const server = await serve(answering());
    using session = sessionOf(server);
    const call = session.request('PUT', '/', { body: { file, length: 30_000 } });
    expect(await failureOf(() => call)).toMatchObject({
      code: 'NE_ERROR',
      message: saying('The request body has less than the 30000 bytes that were announced'),
    });
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test.each([
    [{ file: path.join(folder, 'missing') }, 'ENOENT'],
    [{ file: folder }, 'EISDIR'],
    [{ fd: 999_999 }, 'EBADF'],
  ])('reports the system error for %j and sends nothing', async (body, code) => {
    const server = await serve(answering());
    using session = sessionOf(server);
    expect(await failureOf(() => session.request('PUT', '/', { body }))).toEqual(coded(code, 'NeonError'));
    expect(await failureOf(() => session.requestSync('PUT', '/', { body }))).toEqual(coded(code, 'NeonError'));
    expect(await server.connections()).toEqual([]);
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('is sent in chunks up to its end when it is a pipe', async () => {
    const server = await serve(answering());
    using session = sessionOf(server);
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const call = session.request('PUT', '/', { body: { file: pipe } });
    await sleep(100);
    execFileSync('sh', ['-c', '{ printf piped; sleep 0.1; printf " through"; } > "$0"', pipe]);
    expect((await call).status).toBe(200);
    expect((await requestsAt(server))[0]?.[0]?.body).toBe('piped through');
  });

  test('waits until the timeout when it is a pipe without a writer', async () => {
    const server = await serve(thenAnswering([{ read: 'head' }, { hang: 'reading' }]));
    using session = sessionOf(server);
    const pipe = path.join(folder, 'silent');
    execFileSync('mkfifo', [pipe]);
    const call = session.request('PUT', '/', { body: { file: pipe }, timeout: 200 });
    expect(await failureOf(() => call)).toEqual(coded('NE_TIMEOUT', 'NeonError'));
    expect((await session.request('GET', '/')).status).toBe(200);
  });
});

describe('a body that fails', () => {
  const reason = new Error('the reason');
  const failing: [name: string, make: () => Body][] = [
    ['an iterable that throws at once', () => throwing(0)],
    ['an iterable that throws later', () => throwing(3)],
    ['a Readable that is destroyed', () => Readable.from(throwing(2))],
    ['a provider that throws', () => () => { throw reason; }], // prettier-ignore
    ['a provider that rejects', () => () => Promise.reject(reason)],
  ];
  async function* throwing(after: number): AsyncGenerator<string> {
    for (let i = 0; i < after; i++) yield 'block';
    await new Promise(setImmediate);
    throw reason;
  }

  test.each(failing)('rejects with the original error of %s and leaves the session usable', async (_, make) => {
    const server = await serve({ connections: [[{ read: 'request' }]], rest: 'repeat-last' });
    using session = sessionOf(server);
    expect(await failureOf(() => session.request('PUT', '/', { body: make() }))).toBe(reason);
    const again = await serve(answering());
    using other = sessionOf(again);
    expect(await failureOf(() => other.request('PUT', '/', { body: make() }))).toBe(reason);
    expect((await other.request('GET', '/')).status).toBe(200);
  });

  test.each([
    ['less', '9'],
    ['more', '3'],
  ])('rejects when it has %s than its Content-Length', async (difference, length) => {
    const server = await serve(answering());
    using session = sessionOf(server);
    const call = session.request('PUT', '/', { body: Readable.from(['12345']), headers: { 'Content-Length': length } });
    expect(await failureOf(() => call)).toMatchObject({
      code: 'NE_ERROR',
      message: saying(`The request body has ${difference} than the ${length} bytes that were announced`),
    });
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test.each([
    ['a number', 5, wrongType],
    ['null', null, wrongType],
    ['an object', {}, wrongType],
    ['a synchronous iterable', new Set(['a']), wrongType],
    ['a negative descriptor', { fd: -1 }, outOfRange],
    ['a negative offset', { file: '/x', offset: -1 }, outOfRange],
    ['a length that is not a number', { file: '/x', length: '1' }, wrongType],
    ['an empty path', { file: '' }, wrongValue],
    ['a path with a null', { file: 'a\0b' }, wrongValue],
  ])('rejects %s', async (_, body, error) => {
    using session = new Session('http', '127.0.0.1', 1);
    expect(await failureOf(() => session.request('PUT', '/', { body: body as unknown as Body }))).toEqual(error);
    expect(await failureOf(() => session.requestSync('PUT', '/', { body: body as unknown as Body }))).toEqual(error);
  });

  test('rejects blocks that are not bytes', async () => {
    const server = await serve(answering());
    using session = sessionOf(server);
    const body = (async function* () { yield 5; })() as unknown as Body; // prettier-ignore
    expect(await failureOf(() => session.request('PUT', '/', { body }))).toEqual(wrongType);
    expect(await failureOf(() => session.request('PUT', '/', { body: (() => 'text') as unknown as Body }))).toEqual(
      wrongType,
    );
    expect((await session.request('GET', '/')).status).toBe(200);
  });
});

describe('an early end of a request with a body', () => {
  const noReading: Step[] = [{ read: 'head' }, { hang: true }];

  test.each([
    ['a body that is being written', () => ({ file: path.join(folder, 'huge') })],
    ['a body that JavaScript has yet to provide', () => () => new Promise<null>(() => undefined)],
  ] as [string, () => Body][])('frees the session after an abort of %s', async (_, make) => {
    writeFileSync(path.join(folder, 'huge'), Buffer.alloc(30_000_000));
    const server = await serve(thenAnswering(noReading));
    using session = sessionOf(server);
    const controller = new AbortController();
    const call = session.request('PUT', '/', { body: make(), signal: controller.signal });
    await server.waitForRequests(1);
    controller.abort();
    expect(await failureOf(() => call)).toMatchObject({ name: 'AbortError' });
    expect((await session.request('GET', '/')).status).toBe(200);
  });

  test('closes an iterable after an abort', async () => {
    const server = await serve(thenAnswering(noReading));
    using session = sessionOf(server);
    const controller = new AbortController();
    let [begun, closed] = [false, false];
    const body = (async function* () {
      try {
        begun = true;
        yield 'first';
        await sleep(100);
        for (;;) yield Buffer.alloc(100_000);
      } finally {
        closed = true;
      }
    })();
    const call = session.request('PUT', '/', { body, signal: controller.signal });
    while (!begun) await sleep(5);
    controller.abort();
    await failureOf(() => call);
    for (let waited = 0; !closed && waited < 5000; waited += 20) await sleep(20);
    expect(closed).toBe(true);
  });

  test('returns a response that precedes the end of the body, or reports the error', async () => {
    const early: Step[] = [
      { read: 'head' },
      { send: response('no', { status: '413 Too Large', headers: { Connection: 'close' } }) },
    ];
    const server = await serve(thenAnswering(early));
    using session = sessionOf(server);
    const outcome = await session.request('PUT', '/', { body: { file } }).then(
      ({ status }) => status,
      (error: unknown) => error,
    );
    if (outcome !== 413) expect(outcome).toEqual(neonError('NE_ERROR', 1));
    expect((await session.request('GET', '/')).status).toBe(200);
  });
});
