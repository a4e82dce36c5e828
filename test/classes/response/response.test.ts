/** Tests the ways to read the body of a response, the state of the session afterwards, and trailers. */
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { Session, type Response } from 'libneon';
import * as ne from 'libneon/ne';
import { chunkedResponse, response, type RawServerOptions, type Step } from '../../servers/raw.js';
import { bodyOf } from '../../support/bodies.js';
import { coded, failureOf, neonError, outOfRange, wrongType } from '../../support/expect.js';
import { answering, exchange, testServers, thenAnswering } from '../../support/servers.js';

const serve = testServers();
const small = 'a small body';
const big = '0123456789abcdef'.repeat(200_000); // longer than the part that the session reads ahead
const folder = mkdtempSync(path.join(tmpdir(), 'libneon-response-'));
const file = path.join(folder, 'file');
const open: Session[] = [];

afterEach(() => open.splice(0).forEach((session) => session.destroy({ force: true })));
afterAll(() => rmSync(folder, { recursive: true }));

async function sessionWith(options: RawServerOptions): Promise<Session> {
  const { port } = await serve(options);
  const session = new Session('http', '127.0.0.1', port);
  open.push(session);
  return session;
}

async function answered(answer: string): Promise<[response: Response, session: Session]> {
  const session = await sessionWith(answering(answer));
  return [await session.request('GET', '/'), session];
}

/** Checks that the session's next request receives its own response, and nothing of the previous response. */
async function expectUsable(session: Session): Promise<void> {
  const next = await session.request('GET', '/next');
  expect([next.status, (await next.bytes()).length > 0, session.liveRequests]).toEqual([200, true, 0]);
}

const untilTheEnd = (body: string): string => `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body}`;

/** Each framing of a small and a big body. */
const framings: [name: string, body: string, options: RawServerOptions][] = [small, big].flatMap((body) => {
  const size = `${body.length} bytes`;
  return [
    [`${size} with their length`, body, answering(response(body))],
    [`${size} in chunks`, body, answering(chunkedResponse([body.slice(0, 7), body.slice(7)]))],
    [`${size} up to the end`, body, { connections: [exchange(untilTheEnd(body))], rest: 'repeat-last' }],
  ] as [string, string, RawServerOptions][];
});

describe.each(framings)('%s', (_, body, options) => {
  /** All ways to read a whole body. */
  const ways: [name: string, take: (response: Response) => Promise<string>][] = [
    ['bytes', async (res) => (await res.bytes()).toString()],
    ['text', (res) => res.text()],
    ['toFile with a path', async (res) => `${await res.toFile(file)} ${readFileSync(file, 'utf8')}`],
    ['toFile with a URL', async (res) => `${await res.toFile(pathToFileURL(file))} ${readFileSync(file, 'utf8')}`],
    [
      'toFile with a descriptor',
      async (res) => {
        const fd = openSync(file, 'w');
        const written = await res.toFile(fd);
        closeSync(fd); // toFile() leaves the descriptor open
        return `${written} ${readFileSync(file, 'utf8')}`;
      },
    ],
    [
      'a stream',
      async (res) => {
        let text = '';
        for await (const block of res.body) text += String(block);
        return text;
      },
    ],
    [
      'a web stream',
      async (res) => {
        let text = '';
        for await (const block of res.toWeb()) text += Buffer.from(block).toString();
        return text;
      },
    ],
  ];

  test.each(ways)('is taken as %s', async (name, take) => {
    const session = await sessionWith(options);
    for (let i = 0; i < 2; i++) {
      const res = await session.request('GET', '/');
      const taken = await take(res);
      expect(taken === (name.startsWith('toFile') ? `${body.length} ${body}` : body)).toBe(true);
      expect([res.bodyUsed, session.liveRequests]).toEqual([true, 0]);
      expect(await failureOf(() => res.bytes())).toEqual(neonError('ERR_NEON_INVALID_STATE'));
    }
  });

  test('rejects when it is longer than maxBytes', async () => {
    const session = await sessionWith(options);
    const length = body.length;
    expect((await (await session.request('GET', '/')).bytes({ maxBytes: length })).length).toBe(length);
    const res = await session.request('GET', '/');
    expect(await failureOf(() => res.bytes({ maxBytes: length - 1 }))).toEqual(outOfRange);
    const text = await session.request('GET', '/');
    expect(await failureOf(() => text.text({ maxBytes: 3 }))).toEqual(outOfRange);
    await expectUsable(session);
  });
});

describe('a body taken late', () => {
  test('cannot be taken otherwise once it is read as a stream', async () => {
    const [res, session] = await answered(response(big));
    const iterator = res.body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    await iterator.next();
    expect(await failureOf(() => res.toFile(file))).toEqual(neonError('ERR_NEON_INVALID_STATE'));
    await iterator.return?.();
    await expectUsable(session);
  });

  test('is complete after all of it has arrived', async () => {
    const medium = big.slice(0, 100_000);
    for (const take of [
      (res: Response) => res.bytes().then((bytes) => bytes.toString()),
      (res: Response) => res.toFile(file).then(() => readFileSync(file, 'utf8')),
    ]) {
      const [res, session] = await answered(response(medium));
      await sleep(50);
      expect((await take(res)) === medium).toBe(true);
      await expectUsable(session);
    }
  });
});

describe('a body that fails', () => {
  const cut: Step[] = exchange(response(big).slice(0, -1000));
  const takes: [name: string, take: (response: Response) => Promise<unknown>][] = [
    ['bytes', (res) => res.bytes()],
    ['toFile', (res) => res.toFile(file)],
    ['a stream', (res) => res.body.toArray()],
  ];

  test.each(takes)('rejects %s when it is shorter than announced', async (_, take) => {
    const session = await sessionWith(thenAnswering(cut));
    const res = await session.request('GET', '/');
    expect(await failureOf(() => take(res))).toEqual(neonError('NE_ERROR', 1));
    await expectUsable(session);
  });

  test.each(takes)('rejects %s at the timeout when the server stops', async (_, take) => {
    const session = await sessionWith(
      thenAnswering([{ read: 'request' }, { send: response(big).slice(0, -1000) }, { hang: 'reading' }]),
    );
    const res = await session.request('GET', '/', { timeout: 300 });
    expect(await failureOf(() => take(res))).toEqual(coded('NE_TIMEOUT', 'NeonError'));
    await expectUsable(session);
  });

  test.each(takes)('rejects %s when it is aborted half-way', async (_, take) => {
    const session = await sessionWith(
      thenAnswering([{ read: 'request' }, { send: response(big).slice(0, -1000) }, { hang: 'reading' }]),
    );
    const controller = new AbortController();
    const res = await session.request('GET', '/', { signal: controller.signal });
    const failure = failureOf(() => take(res));
    await sleep(50);
    controller.abort();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await expectUsable(session);
  });

  test.each(takes)('rejects %s when the session is destroyed by force', async (_, take) => {
    const session = await sessionWith(answering(`HTTP/1.1 200 OK\r\nContent-Length: ${big.length + 1}\r\n\r\n${big}`));
    const res = await session.request('GET', '/');
    const failure = failureOf(() => take(res));
    session.destroy({ force: true });
    expect(await failure).toEqual(neonError('ERR_NEON_DESTROYED'));
  });
});

describe('toFile', () => {
  test.each([
    ['a folder', () => folder, 'EISDIR'],
    ['a path that does not exist', () => path.join(folder, 'missing', 'file'), 'ENOENT'],
  ])('rejects %s with the system error and leaves the session usable', async (_, target, code) => {
    for (const answer of [response(small), response(big)]) {
      const [res, session] = await answered(answer);
      expect(await failureOf(() => res.toFile(target()))).toEqual(coded(code));
      await expectUsable(session);
    }
  });

  // A body of the first size arrives before the call of toFile(). A body of the second size arrives during the call.
  test.each([100_000, 5_000_000])('leaves the bytes that had arrived when a body is cut after %d', async (size) => {
    const start = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${size + 1}\r\n\r\n`), bodyOf(size)]);
    const server = await serve({ connections: [[{ read: 'request' }, { send: start }, { close: 'fin' }]] });
    await using session = new Session('http', '127.0.0.1', server.port);
    const res = await session.request('GET', '/');
    if (size === 100_000) await sleep(300);
    expect(await failureOf(() => res.toFile(file))).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
    expect(readFileSync(file).equals(bodyOf(size))).toBe(true);
  });

  test('rejects a descriptor that is not writable', async () => {
    const fd = openSync('/dev/null', 'r');
    try {
      const [res, session] = await answered(response(big));
      expect(await failureOf(() => res.toFile(fd))).toEqual(coded('EBADF'));
      await expectUsable(session);
    } finally {
      closeSync(fd);
    }
  });

  test('rejects when the disk is full', async () => {
    const [res, session] = await answered(response(big));
    expect(await failureOf(() => res.toFile('/dev/full'))).toEqual(coded('ENOSPC'));
    await expectUsable(session);
  });

  test('waits for a slow reader of a pipe, or until an abort', async () => {
    const pipe = path.join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    const [res, session] = await answered(response(big));
    const reader = spawn('sh', ['-c', 'exec <"$0"; sleep 0.2; wc -c', pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
    // Attaches a reader before the process ends. Without a reader, Node would discard the output.
    const counted = reader.stdout.setEncoding('utf8').toArray();
    expect(await res.toFile(pipe)).toBe(big.length);
    expect(Number((await counted).join(''))).toBe(big.length);
    const unread = openSync(pipe, 'r+');
    const controller = new AbortController();
    const next = await session.request('GET', '/', { signal: controller.signal });
    const failure = failureOf(() => next.toFile(unread));
    await sleep(50);
    controller.abort();
    expect(await failure).toMatchObject({ name: 'AbortError' });
    await expectUsable(session);
    closeSync(unread);
  });

  test.each([[null], [{}], [true]])('rejects %p', async (target) => {
    const [res] = await answered(response(small));
    expect(await failureOf(() => res.toFile(target as unknown as string))).toEqual(wrongType);
  });
});

describe('trailers', () => {
  const withTrailer = (body: string): string =>
    chunkedResponse([body], { 'X-Both': 'head' }).replace(/\r\n\r\n$/, '\r\nX-Behind: one\r\nx-both: behind\r\n\r\n');

  test.each([[small], [big]])('are set after a chunked body was read', async (body) => {
    const [res, session] = await answered(withTrailer(body));
    expect(res.headers['x-both']).toBe('head');
    if (body === big) expect(res.trailers).toEqual({});
    expect((await res.bytes()).length).toBe(body.length);
    expect(res.trailers).toEqual({ 'x-behind': 'one', 'x-both': 'behind' });
    expect(session.requestSync('GET', '/').trailers).toEqual({ 'x-behind': 'one', 'x-both': 'behind' });
  });

  test('are empty for a response without trailers', async () => {
    for (const answer of [response(small), chunkedResponse([small]), chunkedResponse([big])]) {
      const [res] = await answered(answer);
      await res.bytes();
      expect(res.trailers).toEqual({});
    }
  });
});
