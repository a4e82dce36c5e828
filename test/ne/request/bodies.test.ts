/** Tests of ne_request.h: request bodies from descriptors and providers, on both surfaces. */
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import { response, type RawServer } from '../../servers/raw.js';
import { failureOf, neonError, outOfRange, wrongType } from '../../support/expect.js';
import { answering, exchange, receivedBy, sessionWith, testServers, thenAnswering } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const content = Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 31) % 256));
let folder: string;
let file: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'libneon-bodies-'));
  file = path.join(folder, 'file');
  writeFileSync(file, content);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const open: number[] = [];
afterEach(() => open.splice(0).forEach((fd) => closeSync(fd)));

function descriptor(name = file, flags = 'r'): number {
  const fd = openSync(name, flags);
  open.push(fd);
  return fd;
}

/** The body of the only request that the server received. */
async function bodyAt(server: RawServer): Promise<Buffer> {
  const [{ received }] = (await server.connections()) as unknown as [{ received: Buffer }];
  return received.subarray(received.indexOf('\r\n\r\n') + 4);
}

/** A provider that returns the pieces in turn. After a rewind, it starts with the first piece again. */
function pieces(...all: (string | Uint8Array)[]): ne.ne_provide_body & { asked: number[] } {
  const asked: number[] = [];
  let next = 0;
  const provide = (buflen: number): Uint8Array | number => {
    asked.push(buflen);
    if (buflen === 0) return (next = 0);
    const piece = all[next++];
    return piece === undefined ? 0 : Buffer.from(piece);
  };
  return Object.assign(provide, { asked });
}

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  /** Sends two requests to a server: one with a body, and then one without. */
  async function put(
    set: (request: ne.ne_request) => void,
    server: RawServer,
  ): Promise<{ result: number; error: string; session: ne.ne_session; next: number }> {
    const session = sessionWith(server);
    ne.ne_set_read_timeout(session, 5);
    const request = await io.ne_request_create(session, 'PUT', '/');
    set(request);
    const result = await io.ne_request_dispatch(request);
    const error = ne.ne_get_error(session);
    await io.ne_request_destroy(request);
    const another = await io.ne_request_create(session, 'GET', '/next');
    return { result, error, session, next: await io.ne_request_dispatch(another) };
  }

  describe('descriptors as bodies', () => {
    test.each([
      ['a whole file', 0, 100_000],
      ['a part of a file', 12_345, 54_321],
      ['the last byte of a file', 99_999, 1],
      ['an empty part of a file', 50, 0],
    ])('sends %s', async (_, offset, length) => {
      const server = await serve({ connections: [exchange()] });
      const session = sessionWith(server);
      const fd = descriptor();
      readSync(fd, Buffer.alloc(10)); // the position of the descriptor has no effect
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_fd(request, fd, offset, length);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect((await receivedBy(server))[0]).toContain(`\r\nContent-Length: ${length}\r\n`);
      expect((await bodyAt(server)).equals(content.subarray(offset, offset + length))).toBe(true);
      expect(readSync(fd, Buffer.alloc(1), 0, 1, 0)).toBe(1); // the descriptor is still open
    });

    test('sends a file again from the offset', async () => {
      const server = await serve({
        connections: [[...exchange(response('', { status: '503 Later' })), ...exchange()]],
      });
      const session = sessionWith(server);
      ne.ne_hook_post_send(session, (_, { code }) => (code === 503 ? ne.NE_RETRY : ne.NE_OK));
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_fd(request, descriptor(), 65, 26);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      const [{ received }] = (await server.connections()) as unknown as [{ received: Buffer }];
      const bodies = received.toString('latin1').split(/PUT [^]*?\r\n\r\n/);
      const body = content.subarray(65, 91).toString('latin1');
      expect(bodies).toEqual(['', body, body]);
    });

    test.each([
      ['ends early', 99_990, 20],
      ['ends before it begins', 200_000, 5],
    ])('fails with an error text on a file that %s', async (_, offset, length) => {
      const server = await serve(thenAnswering([{ read: 'request' }, { hang: 'reading' }]));
      const fd = descriptor();
      const { result, error, next } = await put((request) => {
        ne.ne_set_request_body_fd(request, fd, offset, length);
      }, server);
      expect([result, next]).toEqual([ne.NE_ERROR, ne.NE_OK]);
      expect(error).toContain('Premature EOF in request body file');
      expect((await server.connections()).length).toBe(2); // the first connection was closed
    });

    test('fails on a descriptor that is closed or cannot be read', async () => {
      const server = await serve(answering());
      const closed = openSync(file, 'r');
      closeSync(closed);
      const writeOnly = descriptor(path.join(folder, 'other'), 'w');
      for (const fd of [closed, writeOnly, 1_000_000]) {
        const { result, error, next } = await put((request) => ne.ne_set_request_body_fd(request, fd, 0, 5), server);
        expect([fd, result, next]).toEqual([fd, ne.NE_ERROR, ne.NE_OK]);
        expect(error).toMatch(/Bad file descriptor/);
      }
    });
  });

  describe('providers as bodies', () => {
    test('sends a body of known length', async () => {
      const server = await serve({ connections: [exchange()] });
      const provider = pieces('some ', 'body');
      const session = sessionWith(server);
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_provider(request, 9, provider);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect((await receivedBy(server))[0]).toMatch(/\r\nContent-Length: 9\r\n\r\nsome body$/);
      const [first, ...rest] = provider.asked;
      expect(first).toBe(0);
      expect(rest.every((size) => size > 0)).toBe(true);
    });

    test('sends a body of unknown length in chunks', async () => {
      const server = await serve({ connections: [[{ readUntil: '0\r\n\r\n' }, { send: response('hello') }]] });
      const session = sessionWith(server);
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_provider(request, -1, pieces('some ', 'body'));
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      const [received] = await receivedBy(server);
      expect(received).toMatch(/\r\nTransfer-Encoding: chunked\r\n\r\n0*5\r\nsome \r\n0*4\r\nbody\r\n0\r\n\r\n$/);
      expect(received).not.toContain('Content-Length');
    });

    test.each([0, -1])('sends an empty body of length %d', async (length) => {
      const end = length < 0 ? '0\r\n\r\n' : '\r\n\r\n';
      const server = await serve({ connections: [[{ readUntil: end }, { send: response('hello') }]] });
      const session = sessionWith(server);
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_provider(request, length, pieces());
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    });

    test('asks for a large body in pieces', async () => {
      const server = await serve({ connections: [exchange()] });
      const session = sessionWith(server);
      const request = await io.ne_request_create(session, 'PUT', '/');
      let sent = 0;
      ne.ne_set_request_body_provider(request, content.length, (buflen) => {
        if (buflen === 0) return (sent = 0);
        const block = content.subarray(sent, sent + buflen);
        sent += block.length;
        return block;
      });
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect((await bodyAt(server)).equals(content)).toBe(true);
    });

    test.each([
      ['more', 5, ['some ', 'b'], /more than the 5 bytes/],
      ['more in one block', 4, ['some '], /more than the 4 bytes/],
      ['less', 6, ['some '], /less than the 6 bytes/],
      ['much less', 6, [], /less than the 6 bytes/],
    ])('fails on a provider that gives %s than it announced', async (_, length, given, message) => {
      const server = await serve(thenAnswering([{ read: 'head' }, { hang: 'reading' }]));
      const { result, error, next } = await put((request) => {
        ne.ne_set_request_body_provider(request, length, pieces(...given));
      }, server);
      expect([result, next]).toEqual([ne.NE_ERROR, ne.NE_OK]);
      expect(error).toMatch(message);
      const [first, second] = (await server.waitForConnections(2)) as [{ received: Buffer }, unknown];
      const after = first.received.toString().split('\r\n\r\n')[1]!;
      expect(after.length).toBeLessThanOrEqual(length);
      expect(second).toBeDefined();
    });

    test.each([-1, -7])('fails on the answer %d with the error text that the provider set', async (answer) => {
      const server = await serve(thenAnswering([{ read: 'head' }, { hang: 'reading' }]));
      const { result, error, next } = await put((request) => {
        ne.ne_set_request_body_provider(request, 5, (buflen) => {
          if (buflen === 0) return 0;
          ne.ne_set_error(ne.ne_get_session(request), 'no more');
          return answer;
        });
      }, server);
      expect([result, error, next]).toEqual([ne.NE_ERROR, 'no more', ne.NE_OK]);
    });

    test('fails on a provider that cannot start', async () => {
      const server = await serve(answering());
      const { result, next } = await put((request) => ne.ne_set_request_body_provider(request, 5, () => -1), server);
      expect([result, next]).toEqual([ne.NE_ERROR, ne.NE_OK]);
    });

    test.each([
      ['a positive number', 3, /a number where bytes/],
      ['text', 'text', wrongType],
      ['an object', {}, wrongType],
      ['null', null, wrongType],
      ['too many bytes', Buffer.alloc(1_000_000), outOfRange],
      ['other numbers', new Uint16Array(1), wrongType],
    ])('rejects %s as a block', async (_, answer, failure) => {
      const server = await serve(thenAnswering([{ read: 'head' }, { hang: 'reading' }]));
      const session = sessionWith(server);
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_provider(request, 5, (buflen) => (buflen === 0 ? 0 : (answer as number)));
      if (failure instanceof RegExp) {
        expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
        expect(ne.ne_get_error(session)).toMatch(failure);
      } else expect(await failureOf(() => io.ne_request_dispatch(request))).toEqual(failure);
      await io.ne_request_destroy(request);
      const next = await io.ne_request_create(session, 'GET', '/next');
      expect(await io.ne_request_dispatch(next)).toBe(ne.NE_OK);
    });

    test('throws the error of a provider and closes the connection', async () => {
      const server = await serve(thenAnswering([{ read: 'head' }, { hang: 'reading' }]));
      const session = sessionWith(server);
      const thrown = new Error('thrown');
      let asked = 0;
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_provider(request, 10, (buflen) => {
        if (buflen === 0) return 0;
        if (asked++ === 0) return Buffer.from('some ');
        if (asynchronous) return Promise.reject(thrown);
        throw thrown;
      });
      expect(await failureOf(() => io.ne_request_dispatch(request))).toBe(thrown);
      expect(asked).toBe(2);
      await io.ne_request_destroy(request);
      const next = await io.ne_request_create(session, 'GET', '/next');
      expect(await io.ne_request_dispatch(next)).toBe(ne.NE_OK);
      const [first] = await server.waitForClosed(1);
      expect(first!.received.toString()).toMatch(/\r\n\r\nsome $/);
    });

    test('rewinds a provider when an idle connection has gone stale', async () => {
      const server = await serve(thenAnswering(exchange())); // closes the first connection after one answer
      const session = sessionWith(server);
      const first = await io.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(first)).toBe(ne.NE_OK);
      await server.waitForClosed(0);
      await new Promise((resolve) => setTimeout(resolve, 50)); // until the FIN has arrived
      const provider = pieces('some ', 'body');
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_provider(request, 9, provider);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(provider.asked.filter((size) => size === 0).length).toBe(2);
      expect((await receivedBy(server))[1]).toMatch(/\r\n\r\nsome body$/);
    });

    test('rewinds a provider when the request is sent again', async () => {
      const server = await serve({
        connections: [[...exchange(response('', { status: '503 Later' })), ...exchange()]],
      });
      const session = sessionWith(server);
      ne.ne_hook_post_send(session, (_, { code }) => (code === 503 ? ne.NE_RETRY : ne.NE_OK));
      const request = await io.ne_request_create(session, 'PUT', '/');
      const provider = pieces('some ', 'body');
      ne.ne_set_request_body_provider(request, 9, provider);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect((await receivedBy(server))[0]!.match(/\r\n\r\nsome body/g)).toHaveLength(2);
      expect(provider.asked.filter((size) => size === 0)).toHaveLength(2);
    });

    test('names the rewind that a provider ignores', async () => {
      const session = sessionWith(await serve(answering()));
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_provider(request, 4, () => Buffer.from('body'));
      const failure = await failureOf(() => io.ne_request_dispatch(request));
      expect(failure).toEqual(outOfRange);
      expect(failure.message).toMatch(/must rewind when "buflen" is 0, and return 0/);
    });

    if (!asynchronous) return;

    test('waits for an asynchronous provider', async () => {
      const server = await serve({ connections: [exchange()] });
      const session = sessionWith(server);
      const provider = pieces('some ', 'body');
      const request = await io.ne_request_create(session, 'PUT', '/');
      ne.ne_set_request_body_provider(request, 9, async (buflen) => {
        await turn();
        return provider(buflen);
      });
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect((await receivedBy(server))[0]).toMatch(/\r\n\r\nsome body$/);
    });
  });
});

test('refuses a second body of any kind', () => {
  const session = ne.ne_session_create('http', 'example.com', 80);
  const setters: ((request: ne.ne_request) => void)[] = [
    (request) => ne.ne_set_request_body_buffer(request, 'text'),
    (request) => ne.ne_set_request_body_fd(request, 0, 0, 1),
    (request) => ne.ne_set_request_body_provider(request, 1, () => 0),
  ];
  for (const first of setters)
    for (const second of setters) {
      const request = ne.ne_request_create(session, 'PUT', '/');
      first(request);
      expect(() => second(request)).toThrow(neonError('ERR_NEON_INVALID_STATE'));
    }
});
