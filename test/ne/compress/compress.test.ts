/** Tests of ne_compress.h on both surfaces. */
import { randomBytes } from 'node:crypto';
import { deflateRawSync, gzipSync } from 'node:zlib';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { response } from '../../servers/raw.js';
import { runScenario } from '../../support/child.js';
import { failureOf, neonError } from '../../support/expect.js';
import { answering, exchange, receivedBy, sessionWith, testServers, thenAnswering } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();

/** A response with these bytes as its body, in chunks of `size` bytes. */
function encoded(body: Buffer, size = body.length, coding = 'gzip'): Buffer {
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: ${coding}\r\nTransfer-Encoding: chunked\r\n\r\n`;
  const parts: Buffer[] = [Buffer.from(head)];
  for (let at = 0; at < body.length; at += size) {
    const piece = body.subarray(at, at + size);
    parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** A copy with one byte changed. */
function flipped(bytes: Buffer, at: number): Buffer {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = copy[index]! ^ 0xff;
  return copy;
}

const text = 'some text that is repeated, '.repeat(2000);
const zipped = gzipSync(text);
/** A gzip stream that stores its bytes uncompressed. */
const stored = gzipSync(randomBytes(50_000), { level: 0 });
const named = Buffer.concat([
  Buffer.from([0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3]),
  Buffer.from('a name\0'),
  zipped.subarray(10),
]);

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  interface Outcome {
    result: number;
    body: string;
    blocks: number[];
    error: string;
  }

  async function inflate(
    answer: string | Uint8Array,
    accept: ne.ne_accept_response = ne.ne_accept_2xx,
  ): Promise<Outcome> {
    const session = sessionWith(await serve(thenAnswering(exchange(answer))));
    const request = await io.ne_request_create(session, 'GET', '/');
    const blocks: Buffer[] = [];
    const decompressor = ne.ne_decompress_reader(request, accept, (block) => {
      blocks.push(block);
      return 0;
    });
    const result = await io.ne_request_dispatch(request);
    const error = ne.ne_get_error(session);
    ne.ne_decompress_destroy(decompressor);
    await io.ne_request_destroy(request);
    await io.ne_session_destroy(session);
    return { result, error, body: Buffer.concat(blocks).toString(), blocks: blocks.map(({ length }) => length) };
  }

  test('asks for gzip', async () => {
    const server = await serve(answering());
    const request = await io.ne_request_create(sessionWith(server), 'GET', '/');
    ne.ne_decompress_reader(request, ne.ne_accept_2xx, () => 0);
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect((await receivedBy(server))[0]).toContain('\r\nAccept-Encoding: gzip\r\n');
  });

  test.each<[title: string, Buffer, number]>([
    ['whole', zipped, zipped.length],
    ['in bytes', zipped, 1],
    ['in pieces of 7', zipped, 7],
    ['with the checksum in a chunk of its own', zipped, zipped.length - 8],
    ['in pieces of 10, the length of the head', zipped, 10],
    ['with a name', named, named.length],
    ['with a name, in bytes', named, 1],
  ])('inflates a body %s', async (_, body, size) => {
    const { result, body: inflated, blocks } = await inflate(encoded(body, size));
    expect(result).toBe(ne.NE_OK);
    expect(inflated === text).toBe(true);
    expect(blocks.at(-1)).toBe(0);
    expect(Math.max(...blocks)).toBeLessThanOrEqual(8192);
  });

  test('inflates an empty body', async () => {
    expect(await inflate(encoded(gzipSync('')))).toMatchObject({ result: ne.NE_OK, blocks: [0] });
  });

  test('passes other codings unchanged', async () => {
    for (const answer of [
      response(text),
      encoded(Buffer.from(text), 100, 'identity'),
      encoded(Buffer.from(text), 100, 'br'),
    ])
      expect(await inflate(answer)).toMatchObject({ result: ne.NE_OK, body: text });
    expect(await inflate(response(''))).toMatchObject({ result: ne.NE_OK, blocks: [0] });
  });

  test('does not read a response that is not accepted', async () => {
    const answer = encoded(zipped).toString('latin1').replace('200 OK', '404 No');
    expect(await inflate(Buffer.from(answer, 'latin1'))).toMatchObject({ result: ne.NE_OK, blocks: [] });
    expect(await inflate(Buffer.from(answer, 'latin1'), ne.ne_accept_always)).toMatchObject({ body: text });
    const seen: unknown[] = [];
    const asked = await inflate(encoded(zipped), (request, { code }) => {
      seen.push(ne.ne_get_response_header(request, 'Content-Encoding'), code);
      return false;
    });
    expect(asked).toMatchObject({ result: ne.NE_OK, blocks: [] });
    expect(seen).toEqual(['gzip', 200]);
  });

  test.each<[string, Buffer, RegExp]>([
    ['nothing', Buffer.alloc(0), /truncated/],
    ['half a head', zipped.subarray(0, 5), /truncated/],
    ['a head alone', zipped.subarray(0, 10), /truncated/],
    ['half a stream', zipped.subarray(0, zipped.length / 2), /truncated/],
    ['no checksum', zipped.subarray(0, -8), /truncated/],
    ['half a checksum', zipped.subarray(0, -6), /truncated/],
    ['a name without end', named.subarray(0, 14), /truncated/],
    ['a wrong checksum', flipped(zipped, -8), /Checksum invalid/],
    ['a wrong byte', flipped(stored, -5000), /Checksum invalid/],
    ['a wrong block', Buffer.concat([zipped.subarray(0, 10), Buffer.alloc(100, 0xff)]), /Could not inflate/],
    ['plain text', Buffer.from(text), /Compressed stream invalid/],
    ['another method', flipped(zipped, 2), /Compressed stream invalid/],
    ['flags that neon does not know', flipped(zipped, 3), /Compressed stream not supported/],
    ['raw deflate', deflateRawSync(text), /Compressed stream invalid/],
    ['trailing bytes', Buffer.concat([zipped, Buffer.from('more')]), /Too many bytes|Unexpected content/],
    ['a second member', Buffer.concat([zipped, zipped]), /Too many bytes|Unexpected content/],
  ])('fails on %s, in pieces or whole', async (title, body, message) => {
    for (const size of [1, 9, 4096, body.length || 1]) {
      const { result, error, body: inflated } = await inflate(encoded(body, size));
      expect([size, result]).toEqual([size, ne.NE_ERROR]);
      expect(error).toMatch(message);
      if (!/wrong byte/.test(title)) expect(text.startsWith(inflated)).toBe(true);
    }
  });

  test('survives random bytes', async () => {
    for (let length = 0; length < 60; length++) {
      const body = Buffer.concat([zipped.subarray(0, 10 + (length % 3)), randomBytes(length * 10)]);
      const { result } = await inflate(encoded(body, (length % 13) + 1));
      expect(result).toBe(ne.NE_ERROR);
    }
  });

  test('passes a bomb in small blocks until the reader ends it', async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000));
    const server = await serve(thenAnswering(exchange(encoded(bomb))));
    const session = sessionWith(server);
    const request = await io.ne_request_create(session, 'GET', '/');
    let sum = 0;
    ne.ne_decompress_reader(request, ne.ne_accept_2xx, (block) => {
      sum += block.length;
      return sum > 100_000 ? 1 : 0;
    });
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
    expect(sum).toBeLessThanOrEqual(100_000 + 8192);
    const next = await io.ne_request_create(session, 'GET', '/');
    expect(await io.ne_request_dispatch(next)).toBe(ne.NE_OK);
  });

  test('throws the error of the reader to the caller', async () => {
    const session = sessionWith(await serve(answering(encoded(zipped))));
    const request = await io.ne_request_create(session, 'GET', '/');
    const reason = new Error('the reason');
    ne.ne_decompress_reader(request, ne.ne_accept_2xx, () => {
      throw reason;
    });
    await expect((async () => io.ne_request_dispatch(request))()).rejects.toBe(reason);
  });

  test('gives the compressed body to ne_read_response_block and the inflated one to the reader', async () => {
    const session = sessionWith(await serve(answering(encoded(zipped))));
    const request = await io.ne_request_create(session, 'GET', '/');
    const blocks: Buffer[] = [];
    ne.ne_decompress_reader(request, ne.ne_accept_2xx, (block) => void blocks.push(block));
    expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
    const buffer = Buffer.alloc(65_536);
    let came = 0;
    for (let count; (count = await io.ne_read_response_block(request, buffer.subarray(came))) > 0;) came += count;
    expect(buffer.subarray(0, came).equals(zipped)).toBe(true);
    expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    expect(Buffer.concat(blocks).toString() === text).toBe(true);
  });

  test('starts again when the request is sent again', async () => {
    const server = await serve({ connections: [[...exchange(encoded(zipped)), ...exchange(encoded(zipped, 3))]] });
    const request = await io.ne_request_create(sessionWith(server), 'GET', '/');
    let size = 0;
    ne.ne_decompress_reader(request, ne.ne_accept_2xx, (block) => void (size += block.length));
    for (const expected of [text.length, 2 * text.length]) {
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(size).toBe(expected);
    }
  });

  test('calls several readers of one request, but no reader of another', async () => {
    const session = sessionWith(await serve(answering(encoded(zipped))));
    const request = await io.ne_request_create(session, 'GET', '/');
    const other = await io.ne_request_create(session, 'GET', '/');
    const sizes = [0, 0, 0];
    const count = (index: number) => (block: Buffer) => void (sizes[index]! += block.length);
    ne.ne_decompress_reader(request, ne.ne_accept_2xx, count(0));
    ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, count(1));
    ne.ne_decompress_reader(other, ne.ne_accept_2xx, count(2));
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(sizes).toEqual([text.length, zipped.length, 0]);
    expect(await io.ne_request_dispatch(other)).toBe(ne.NE_OK);
    expect(sizes[2]).toBe(text.length);
  });

  test('feeds a parser in C', async () => {
    const document = `<a>${'<b/>'.repeat(1000)}</a>`;
    const session = sessionWith(await serve(answering(encoded(gzipSync(document), 11))));
    const request = await io.ne_request_create(session, 'GET', '/');
    const parser = ne.ne_xml_create();
    let elements = 0;
    ne.ne_xml_push_handler(parser, () => ++elements, null, null);
    const decompressor = ne.ne_decompress_reader(request, ne.ne_accept_2xx, ne.ne_xml_parse_v, parser);
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(elements).toBe(1001);
    await io.ne_request_destroy(request);
    ne.ne_decompress_destroy(decompressor);
  });

  describe('destruction', () => {
    type Parts = { session: ne.ne_session; request: ne.ne_request; decompressor: ne.ne_decompress };
    async function parts(): Promise<Parts & { size: () => number }> {
      const session = sessionWith(await serve(answering(encoded(zipped))));
      const request = await io.ne_request_create(session, 'GET', '/path');
      let size = 0;
      const decompressor = ne.ne_decompress_reader(request, ne.ne_accept_2xx, (block) => void (size += block.length));
      return { session, request, decompressor, size: () => size };
    }

    test('works before the request is sent, and the reader still reads', async () => {
      const { session, request, decompressor, size } = await parts();
      ne.ne_decompress_destroy(decompressor);
      expect(() => ne.ne_decompress_destroy(decompressor)).toThrow(neonError('ERR_NEON_DESTROYED'));
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(size()).toBe(text.length);
      await io.ne_request_destroy(request);
      await io.ne_session_destroy(session);
    });

    test('works after the request is destroyed, which the session waits for', async () => {
      const { session, request, decompressor } = await parts();
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      await io.ne_request_destroy(request);
      expect(await io.ne_delete(session, '/')).toBe(ne.NE_OK); // runs the hooks of the decompressor
      expect(await failureOf(() => io.ne_session_destroy(session))).toMatchObject({
        code: 'ERR_NEON_LIVE_REQUESTS',
        message: '1 request of this session is live: ne_decompress of GET /path',
      });
      ne.ne_decompress_destroy(decompressor);
      await io.ne_session_destroy(session);
    });

    test('works between begin and end', async () => {
      const { request, decompressor, size } = await parts();
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      ne.ne_decompress_destroy(decompressor);
      expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
      expect(size()).toBe(text.length);
      await io.ne_request_destroy(request);
    });

    test('throws in a callback of its own request', async () => {
      const { session, request } = await parts();
      const failures: unknown[] = [];
      const second = ne.ne_decompress_reader(request, ne.ne_accept_2xx, () => {
        try {
          ne.ne_decompress_destroy(second);
        } catch (error) {
          failures.push(error);
        }
      });
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(failures.length).toBeGreaterThan(1);
      for (const failure of failures) expect(failure).toEqual(neonError('ERR_NEON_REENTRANT'));
      ne.ne_decompress_destroy(second);
      await io.ne_close_connection(session);
    });

    test('works after ne_simple_request destroyed the request', async () => {
      const { session, request, decompressor } = await parts();
      expect(await io.ne_simple_request(session, request)).toBe(ne.NE_OK);
      ne.ne_decompress_destroy(decompressor);
      await io.ne_session_destroy(session);
    });
  });

  test('rejects a reader after the request began, and on a borrowed request', async () => {
    const session = sessionWith(await serve(answering()));
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
    const add = (to: ne.ne_request) => (): unknown => ne.ne_decompress_reader(to, ne.ne_accept_2xx, () => 0);
    expect(await failureOf(add(request))).toEqual(neonError('ERR_NEON_INVALID_STATE'));
    await io.ne_request_destroy(request);
    const failures: Promise<unknown>[] = [];
    ne.ne_hook_create_request(session, (lent) => void failures.push(failureOf(add(lent))));
    expect(await io.ne_delete(session, '/')).toBe(ne.NE_OK);
    expect(await Promise.all(failures)).toEqual([neonError('ERR_NEON_BORROWED')]);
  });

  if (!asynchronous) return;

  test('throws ERR_NEON_BUSY while a promise of the request is pending', async () => {
    const session = sessionWith(await serve(answering(encoded(zipped))));
    const request = await io.ne_request_create(session, 'GET', '/');
    const decompressor = ne.ne_decompress_reader(request, ne.ne_accept_2xx, () => 0);
    const call = promises.ne_request_dispatch(request);
    expect(() => ne.ne_decompress_destroy(decompressor)).toThrow(neonError('ERR_NEON_BUSY'));
    expect(await call).toBe(ne.NE_OK);
    ne.ne_decompress_destroy(decompressor);
  });

  test('waits for readers that return promises', async () => {
    const session = sessionWith(await serve(answering(encoded(zipped))));
    const request = await io.ne_request_create(session, 'GET', '/');
    const sizes: number[] = [];
    ne.ne_decompress_reader(request, ne.ne_accept_2xx, async (block) => {
      await new Promise(setImmediate);
      sizes.push(block.length);
    });
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(text.length);
  });
});

test('collects handles that are dropped in any order', async () => {
  const server = await serve(answering(encoded(zipped)));
  expect(await runScenario('droppedDecompressors', server.port)).toEqual({ collected: true, size: 20 * text.length });
});
