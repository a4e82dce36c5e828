/** Tests how a Readable and a Blob are read when they are request bodies. */
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Body, Session } from 'libneon';
import type { RawServerOptions } from '../../servers/raw.js';
import { coded, failureOf } from '../../support/expect.js';
import { answering, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();
const length = 2_500_000;
/** Bytes of which each part differs from the others. */
const bytes = Buffer.from(Array.from({ length: length / 10 }, (_, line) => String(line).padEnd(9) + '\n').join(''));
const headers = { 'Content-Length': String(length) };

async function open(
  options: RawServerOptions = answering(),
): Promise<{ session: Session; body: () => Promise<string> }> {
  const server = await serve({ ...options, keep: 2 * length });
  const body = async (): Promise<string> => {
    const [received = ''] = await receivedBy(server);
    return received.slice(received.indexOf('\r\n\r\n') + 4);
  };
  return { session: Session.open(`http://127.0.0.1:${server.port}/`), body };
}

function* pieces(size = 50_000): Generator<Buffer> {
  for (let at = 0; at < length; at += size) yield bytes.subarray(at, at + size);
}

function paused(): Readable {
  return Readable.from(pieces()).pause();
}

function withListener(): Readable {
  const stream = Readable.from(pieces());
  stream.on('readable', () => undefined);
  return stream;
}

function decoding(): Readable {
  return Readable.from(pieces(), { objectMode: false }).setEncoding('latin1');
}

/** A stream that pushes all its blocks at once. */
function eager(): Readable {
  const stream = new Readable({ read: () => undefined });
  for (const piece of pieces()) stream.push(piece);
  stream.push(null);
  return stream;
}

/** A stream whose iterator gives other bytes than its events. */
function ownIterator(): Readable {
  const stream = Readable.from(['not the body']);
  return Object.assign(stream, {
    async *[Symbol.asyncIterator]() {
      await sleep(1);
      yield* pieces();
    },
  });
}

test.each([
  ['a stream in object mode', () => Readable.from(pieces())],
  ['a stream of small blocks', () => Readable.from(pieces(500), { objectMode: false })],
  ['a stream that decodes its bytes', decoding],
  ['a stream that is paused', paused],
  ['a stream with a listener for "readable"', withListener],
  ['a stream that was filled before', eager],
  ['a stream with an iterator of its own', ownIterator],
  ['a Blob', () => new Blob([bytes])],
  ['a Blob of many parts', () => new Blob([...pieces(70_000)])],
  ['an empty part and a long part', () => new Blob(['', bytes])],
] as [string, () => Body][])('sends all bytes of %s', async (_, make) => {
  const { session, body } = await open();
  await session.put('/', make(), { headers });
  expect((await body()) === bytes.toString()).toBe(true);
  session.destroy();
});

test('sends nothing for a stream that has ended already', async () => {
  const { session, body } = await open();
  const stream = Readable.from(['consumed']);
  stream.resume();
  await once(stream, 'end');
  await session.put('/', stream, { headers: { 'Content-Length': '0' } });
  expect(await body()).toBe('');
  session.destroy();
});

test('rejects when the stream is destroyed before its end', async () => {
  const { session } = await open();
  const before = Readable.from(pieces());
  before.destroy();
  expect(await failureOf(() => session.put('/', before))).toEqual(coded('ERR_STREAM_PREMATURE_CLOSE'));
  const stream = new Readable({ read: () => undefined });
  stream.push(bytes);
  const failure = failureOf(() => session.put('/', stream, { headers }));
  setTimeout(() => stream.destroy(), 50);
  expect(await failure).toEqual(coded('ERR_STREAM_PREMATURE_CLOSE'));
  session.destroy();
});

test('rejects with the error of the stream', async () => {
  const { session } = await open();
  const reason = new Error('the reason');
  const stream = new Readable({ read: () => undefined });
  stream.push(bytes.subarray(0, 1_000_000));
  const failure = failureOf(() => session.put('/', stream, { headers }));
  setTimeout(() => stream.destroy(reason), 50);
  expect(await failure).toBe(reason);
  session.destroy();
});

test('rejects a block that is no bytes, and destroys the stream', async () => {
  const { session } = await open();
  const stream = Readable.from([bytes, 1]);
  const closed = once(stream, 'close');
  expect(await failureOf(() => session.put('/', stream))).toEqual(coded('ERR_INVALID_ARG_TYPE'));
  await closed;
  session.destroy();
});

test('stops reading the stream while the server does not read', async () => {
  const { session } = await open({ connections: [[{ read: 'head' }, { hang: true }]] });
  let given = 0;
  const stream = new Readable({
    read() {
      given += bytes.length;
      this.push(bytes);
    },
  });
  const controller = new AbortController();
  const failure = failureOf(() => session.put('/', stream, { signal: controller.signal }));
  let before: number;
  do {
    before = given;
    await sleep(200);
  } while (given > before || given === 0);
  expect(given).toBeLessThan(64 * 1024 * 1024); // most of them are in the buffers of the sockets
  const closed = once(stream, 'close');
  controller.abort();
  await failure;
  await closed;
  session.destroy();
});
