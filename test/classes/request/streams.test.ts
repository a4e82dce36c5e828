/** Tests request bodies from streams and other sources: how they are read, and which connection they use. */
import fs, { createReadStream, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { type Body, Session, SessionPool } from 'libneon';
import { type RawServer, response, type Step } from '../../servers/raw.js';
import { coded, failureOf } from '../../support/expect.js';
import { answering, exchange, keepAlive, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();
const size = 1024 * 1024;
const bytes = Buffer.alloc(size, 'The quick brown fox jumps over the lazy dog. ');
const keep = 2 * size;
const folder = mkdtempSync(path.join(tmpdir(), 'libneon-streams-'));
const file = path.join(folder, 'file');

beforeAll(() => writeFileSync(file, bytes));
afterAll(() => rmSync(folder, { recursive: true }));

async function* pieces(all: Buffer = bytes, length = 50_000): AsyncGenerator<Buffer> {
  for (let at = 0; at < all.length; at += length) {
    await new Promise(setImmediate);
    yield all.subarray(at, at + length);
  }
}

/** A provider that cannot start again. */
function provider(): Body {
  const iterator = pieces();
  return async (count: number) => (count === 0 ? false : ((await iterator.next()).value ?? null));
}

/** Bodies of 1 MiB that can be sent once. */
const once1MiB: [name: string, make: () => Body][] = [
  ['a Readable', () => Readable.from(pieces(), { objectMode: false })],
  ['a stream of a file', () => createReadStream(file, { end: size })],
  ['a web stream', () => Readable.toWeb(Readable.from(pieces())) as ReadableStream<Uint8Array>],
  ['an async iterable', () => pieces()],
  ['a provider', provider],
];
/** Bodies of 1 MiB that can be sent again. */
const again1MiB: [name: string, make: () => Body][] = [
  ['a Blob', () => new Blob([bytes])],
  ['a file', () => ({ file })],
  ['a stream of a whole file', () => createReadStream(file)],
  ['bytes', () => bytes],
];

/** How the server ends the kept connection. */
const departures: [name: string, steps: Step[]][] = [
  ['closes the connection during the pause', [{ close: 'fin' }]],
  ['resets the connection during the pause', [{ close: 'rst' }]],
  ['closes the connection at the first byte', [{ readBytes: 1 }, { close: 'fin' }]],
  ['resets the connection at the first byte', [{ readBytes: 1 }, { close: 'rst' }]],
];

const clients: [name: string, open: (server: RawServer) => Session | SessionPool][] = [
  ['a session', ({ port }) => Session.open(`http://127.0.0.1:${port}/`)],
  ['a pool', ({ port }) => new SessionPool(`http://127.0.0.1:${port}/`)],
];

/** The body of the last request on a connection, with its chunks joined. */
function bodyIn(received: string): string {
  const head = received.lastIndexOf('PUT /next');
  let rest = received.slice(received.indexOf('\r\n\r\n', head) + 4);
  if (!/^transfer-encoding: chunked/im.test(received.slice(head))) return rest;
  let body = '';
  for (let length = 1; length > 0;) {
    const line = rest.slice(0, rest.indexOf('\r\n') + 2);
    length = parseInt(line, 16);
    body += rest.slice(line.length, line.length + length);
    rest = rest.slice(line.length + length + 2);
  }
  return body;
}

describe.each(clients)('%s whose server', (_, open) => {
  describe.each(departures)('%s', (_name, steps) => {
    test.each([...once1MiB, ...again1MiB])('gets %s of 1 MiB', async (_body, make) => {
      for (const headers of [{}, { 'Content-Length': String(size) }]) {
        const server = await serve({
          connections: [[...exchange(), ...steps], keepAlive()],
          rest: 'repeat-last',
          keep,
        });
        using client = open(server);
        await client.request('GET', '/first');
        expect((await client.request('PUT', '/next', { body: make(), headers })).status).toBe(200);
        expect(bodyIn((await receivedBy(server)).at(-1) ?? '') === bytes.toString()).toBe(true);
      }
    });
  });
});

describe('a kept connection', () => {
  /** Sends a request, and then a second request with this body. Returns the number of connections used. */
  async function connectionsWith(make: () => Body, options: object = {}, server?: RawServer): Promise<number> {
    server ??= await serve(answering());
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    await session.request('GET', '/first');
    await session.request('PUT', '/next', { body: make(), ...options });
    return (await server.connections()).length;
  }

  test.each(once1MiB)('is not used for %s of 1 MiB', async (_, make) => {
    expect(await connectionsWith(make)).toBe(2);
    expect(await connectionsWith(make, { headers: { 'Content-Length': String(size) } })).toBe(2);
  });

  test.each(again1MiB)('is used for %s of 1 MiB', async (_, make) => {
    expect(await connectionsWith(make)).toBe(1);
  });

  test('is used for a short stream, whose length is known or not', async () => {
    const short = bytes.subarray(0, 256 * 1024);
    const body = (): Body => Readable.from([short], { objectMode: false });
    expect(await connectionsWith(body)).toBe(1);
    expect(await connectionsWith(body, { headers: { 'Content-Length': String(short.length) } })).toBe(1);
    expect(await connectionsWith(() => Readable.from([short, Buffer.from('x')], { objectMode: false }))).toBe(2);
    expect(await connectionsWith(() => Readable.from([]))).toBe(1);
  });

  test('is not used for a pipe', async () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const writer = spawn('sh', ['-c', 'printf piped > "$0"', pipe], { stdio: 'ignore' });
    expect(await connectionsWith(() => ({ file: pipe }))).toBe(2);
    if (writer.exitCode === null) await once(writer, 'exit');
  });

  test('is used for a stream that waits for 100 Continue', async () => {
    const server = await serve({
      connections: [
        [
          ...exchange(),
          { read: 'head' },
          { send: 'HTTP/1.1 100 Continue\r\n\r\n' },
          { read: 'body' },
          { send: response('') },
        ],
      ],
    });
    expect(await connectionsWith(pieces, { expect100: true }, server)).toBe(1);
  });

  test('does not delay a stream that waits for its request', async () => {
    const server = await serve({
      connections: [keepAlive(), [{ read: 'head' }, { read: 'body' }, { send: response('') }]],
    });
    const body = (async function* () {
      yield 'first';
      await server.waitForRequests(2);
      yield 'second';
    })();
    expect(await connectionsWith(() => body, {}, server)).toBe(2);
    expect(bodyIn((await receivedBy(server))[1] ?? '')).toBe('firstsecond');
  });

  test('is left alone when the first block of a stream fails', async () => {
    const server = await serve(answering());
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    await session.request('GET', '/first');
    const reason = new Error('the reason');
    const body = Readable.from((async function* () { throw reason; })() as AsyncGenerator<string>); // prettier-ignore
    expect(await failureOf(() => session.request('PUT', '/next', { body }))).toBe(reason);
    expect((await receivedBy(server)).join('')).not.toContain('PUT');
    expect((await session.request('GET', '/')).status).toBe(200);
  });
});

describe('a source of blocks', () => {
  async function sent(body: Body): Promise<string> {
    const server = await serve({ ...answering(), keep });
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    await session.request('PUT', '/next', { body });
    return bodyIn((await receivedBy(server))[0] ?? '');
  }

  const reusing: [name: string, make: () => Body][] = [
    [
      'an iterable',
      () =>
        (async function* () {
          const memory = Buffer.alloc(50_000);
          for await (const piece of pieces()) yield memory.subarray(0, piece.copy(memory));
        })(),
    ],
    [
      'a provider',
      () => {
        const memory = Buffer.alloc(50_000);
        let at = 0;
        return (count: number) => {
          if (count === 0) return (at = 0) === 0;
          const length = bytes.copy(memory, 0, at, Math.min(at + memory.length, at + count));
          at += length;
          return length > 0 ? memory.subarray(0, length) : null;
        };
      },
    ],
  ];
  test.each(reusing)('may use the memory of its blocks again: %s', async (_, make) => {
    expect((await sent(make())) === bytes.toString()).toBe(true);
    const server = await serve({ connections: [keepAlive()], rest: 'repeat-last', keep });
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    await session.request('GET', '/first');
    await session.request('PUT', '/next', { body: make() });
    expect(bodyIn((await receivedBy(server)).at(-1) ?? '') === bytes.toString()).toBe(true);
  });

  test('may give many small blocks, empty ones among them', async () => {
    const text = bytes.toString('latin1', 0, 100_000);
    const body = (async function* () {
      for (let at = 0; at < text.length; at += 7) {
        yield text.slice(at, at + 7);
        yield '';
      }
    })();
    expect((await sent(body)) === text).toBe(true);
  });

  test('is given up when the server refuses the body', async () => {
    const refusal = response('', { status: '413 Too Large', headers: { Connection: 'close' } });
    const server = await serve({ connections: [[{ read: 'head' }, { send: refusal }, { close: 'rst' }]] });
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    const body = new Readable({ read: () => undefined }); // provides one block, and no more until it is destroyed
    body.push(bytes);
    const closed = once(body, 'close');
    const controller = new AbortController();
    const failed = failureOf(() => session.request('PUT', '/', { body, signal: controller.signal }));
    await server.waitForRequests(1);
    controller.abort();
    await failed;
    await closed;
  });
});

describe('a stream of a whole file', () => {
  async function headOf(make: () => Body): Promise<string> {
    const server = await serve({ ...answering(), keep });
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    await session.request('PUT', '/next', { body: make() });
    const [received = ''] = await receivedBy(server);
    expect(bodyIn(received).length).toBeGreaterThan(0);
    return received.slice(0, received.indexOf('\r\n\r\n'));
  }
  const length = `Content-Length: ${size}`;

  test('is sent as the file, and closed', async () => {
    const streams: fs.ReadStream[] = [];
    const make = (): Body => {
      const stream = createReadStream(file);
      streams.push(stream);
      return stream;
    };
    expect(await headOf(make)).toContain(length);
    const [stream] = streams as [fs.ReadStream];
    expect([stream.bytesRead, stream.destroyed]).toEqual([0, true]);
    if (!stream.closed) await once(stream, 'close');
  });

  test('is sent by a blocking request', async () => {
    const server = await serve({ ...answering(), keep });
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    const stream = createReadStream(file);
    const closed = once(stream, 'close');
    expect(session.requestSync('PUT', '/next', { body: stream }).status).toBe(200);
    expect(bodyIn((await receivedBy(server))[0] ?? '') === bytes.toString()).toBe(true);
    await closed;
  });

  const others: [name: string, make: () => Promise<fs.ReadStream> | fs.ReadStream][] = [
    ['has an offset', () => createReadStream(file, { start: 1 })],
    ['has an end', () => createReadStream(file, { end: 10 })],
    ['has an encoding', () => createReadStream(file, 'utf8')],
    ['is open already', async () => { const stream = createReadStream(file); await once(stream, 'open'); return stream; }], // prettier-ignore
    ['has other functions', () => createReadStream(file, { fs: { ...fs } })], // prettier-ignore
  ];
  test.each(others)('is read by JavaScript when it %s', async (_, make) => {
    const stream = await make();
    expect(await headOf(() => stream)).toContain('Transfer-Encoding: chunked');
    expect(stream.bytesRead).toBeGreaterThan(0);
  });

  test('rejects with the error of the system when there is no file', async () => {
    const server = await serve(answering());
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    const body = createReadStream(path.join(folder, 'missing'));
    expect(await failureOf(() => session.request('PUT', '/', { body }))).toEqual(coded('ENOENT', 'NeonError'));
  });
});
