/** ne_request.h: requests, bodies and readers, on both surfaces. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import * as ne from 'libneon/ne';
import { chunkedResponse, response, type RawServer, type Step } from './servers/raw.js';
import { failureOf, neonError, outOfRange, result, wrongChar, wrongType, wrongValue } from './support/expect.js';
import { neonSince } from './support/neon.js';
import {
  answering,
  exchange,
  keepAlive,
  receivedBy,
  sessionWith,
  stalling,
  testServers,
  thenAnswering,
} from './support/servers.js';
import { fetchBody, pull, surfaces } from './support/surfaces.js';

const serve = testServers();

/** A request that was never sent, and needs no server. */
function unsent(method = 'GET', path = '/'): ne.ne_request {
  return ne.ne_request_create(ne.ne_session_create('http', 'example.com', 80), method, path);
}

/** The header fields that a session without a User-Agent sends by itself on its first request. */
function firstFields(server: RawServer): string {
  return `Keep-Alive: \r\nConnection: TE, Keep-Alive\r\nTE: trailers\r\nHost: 127.0.0.1:${server.port}\r\n`;
}

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
const big = Buffer.alloc(300_000, 'block of a large body\n');

describe('before it is sent', () => {
  test('a request has no status and no headers', () => {
    const request = unsent();
    expect(ne.ne_get_status(request)).toEqual({
      major_version: 0,
      minor_version: 0,
      code: 0,
      klass: 0,
      reason_phrase: null,
    });
    expect(ne.ne_get_response_header(request, 'Content-Length')).toBeNull();
    expect(ne.ne_response_header_iterate(request, null, { value: '' }, { value: '' })).toBeNull();
  });

  test('requests are different objects of one class', () => {
    expect(unsent().constructor.name).toBe('ne_request');
    expect(Object.getPrototypeOf(unsent())).toBe(Object.getPrototypeOf(unsent()));
  });

  test.each([
    ['NE_REQFLAG_EXPECT100', ne.NE_REQFLAG_EXPECT100, 0],
    ['NE_REQFLAG_IDEMPOTENT', ne.NE_REQFLAG_IDEMPOTENT, 1],
  ])('the flag %s can be set', (_, flag, initially) => {
    const request = unsent();
    expect(ne.ne_get_request_flag(request, flag)).toBe(initially);
    const kept = [true, false, 1, 0, 7, -1].map((value) => {
      expect(result(() => ne.ne_set_request_flag(request, flag, value))).toBeUndefined();
      return ne.ne_get_request_flag(request, flag);
    });
    expect(kept).toEqual([1, 0, 1, 0, 7, -1]);
  });

  test('flags that are not known are ignored', () => {
    const request = unsent();
    expect(result(() => ne.ne_set_request_flag(request, 1000, true))).toBeUndefined();
    expect(ne.ne_get_request_flag(request, 1000)).toBe(-1);
    expect(() => ne.ne_set_request_flag(request, -1, true)).toThrow(outOfRange);
    expect(() => ne.ne_get_request_flag(request, -1)).toThrow(outOfRange);
  });

  test('private data belongs to a request', () => {
    const [request, other] = [unsent(), unsent()];
    const value = Symbol('value');
    expect(ne.ne_get_request_private(request, 'id')).toBeNull();
    expect(result(() => ne.ne_set_request_private(request, 'id', 'first'))).toBeUndefined();
    ne.ne_set_request_private(request, 'id', value);
    expect(ne.ne_get_request_private(request, 'id')).toBe(value);
    expect(ne.ne_get_request_private(request, 'other')).toBeNull();
    expect(ne.ne_get_request_private(other, 'id')).toBeNull();
  });

  test('a second body is refused', () => {
    const request = unsent('PUT');
    expect(result(() => ne.ne_set_request_body_buffer(request, ''))).toBeUndefined();
    expect(() => ne.ne_set_request_body_buffer(request, 'more')).toThrow(neonError('ERR_NEON_INVALID_STATE'));
  });

  test.each(['', 'a b', 'a:', 'a\r\nb', 'a\nb', 'a\0', 'ä', '(a)', '"'])('%j is no header name', (name) => {
    expect(() => ne.ne_add_request_header(unsent(), name, 'value')).toThrow(wrongChar);
    expect(() => ne.ne_print_request_header(unsent(), name, 'value')).toThrow(wrongChar);
  });

  test.each(['a\rb', 'a\nb', 'a\0b', '\r\n'])('%j is no header value', (value) => {
    expect(() => ne.ne_add_request_header(unsent(), 'X', value)).toThrow(wrongChar);
    expect(() => ne.ne_print_request_header(unsent(), 'X', '%s', value)).toThrow(wrongChar);
  });

  test('a printed value has at most 8191 bytes', () => {
    expect(result(() => ne.ne_print_request_header(unsent(), 'X', '%s', 'x'.repeat(8191)))).toBeUndefined();
    expect(() => ne.ne_print_request_header(unsent(), 'X', '%s', 'x'.repeat(8192))).toThrow(outOfRange);
    expect(() => ne.ne_print_request_header(unsent(), 'X', '%s', `${'x'.repeat(8190)}ä`)).toThrow(outOfRange);
  });

  test.each([
    ['%d', []],
    ['%d', ['1']],
    ['x', [1]],
    ['%p', [1]],
  ] as [string, unknown[]][])('the format %p with %j is refused', (template, values) => {
    expect(() => ne.ne_print_request_header(unsent(), 'X', template, ...values)).toThrow(wrongValue);
  });

  test("neon's acceptance functions", () => {
    const request = unsent();
    const status = (klass: number): ne.ne_status => ({
      major_version: 1,
      minor_version: 1,
      code: klass * 100,
      klass,
      reason_phrase: null,
    });
    expect([1, 2, 3, 4, 5].map((klass) => ne.ne_accept_2xx(request, status(klass)))).toEqual([0, 1, 0, 0, 0]);
    expect([1, 2, 3, 4, 5].map((klass) => ne.ne_accept_always(request, status(klass)))).toEqual([1, 1, 1, 1, 1]);
  });
});

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  /** Sends a request that `fill` has filled, and gives what the server received. */
  async function sent(
    method: string,
    path: string,
    fill: (request: ne.ne_request) => void = () => {},
  ): Promise<{ received: string; server: RawServer }> {
    const server = await serve({ connections: [exchange()] });
    const request = ne.ne_request_create(sessionWith(server), method, path);
    fill(request);
    expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
    const [record] = await server.connections();
    return { received: record!.received.toString('latin1'), server };
  }

  describe('on the wire', () => {
    test('a request without anything', async () => {
      const { received, server } = await sent('GET', '/path?query=%20#');
      expect(received).toBe(`GET /path?query=%20# HTTP/1.1\r\n${firstFields(server)}\r\n`);
    });

    test('headers come in the order in which they were added, as they are', async () => {
      const { received, server } = await sent('X-METHOD', '*', (request) => {
        expect(result(() => ne.ne_add_request_header(request, 'X-B', ' two  spaces '))).toBeUndefined();
        expect(
          result(() => ne.ne_print_request_header(request, "!#$%&'*+-.^_`|~09azAZ", '%s=%04d;%c', 'ü', 42, 'x')),
        ).toBeUndefined();
        ne.ne_add_request_header(request, 'X-B', '');
        ne.ne_add_request_header(request, 'Accept', '\t"quoted", ü');
      });
      const own = `X-B:  two  spaces \r\n!#$%&'*+-.^_\`|~09azAZ: ü=0042;x\r\nX-B: \r\nAccept: \t"quoted", ü\r\n`;
      expect(received).toBe(`X-METHOD * HTTP/1.1\r\n${firstFields(server)}${Buffer.from(own).toString('latin1')}\r\n`);
    });

    test('the next request on a connection to HTTP/1.1', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      await fetchBody(io, session, 'GET', '/1');
      await fetchBody(io, session, 'GET', '/2');
      const second = `GET /2 HTTP/1.1\r\nConnection: TE\r\nTE: trailers\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`;
      expect(await receivedBy(server)).toEqual([`GET /1 HTTP/1.1\r\n${firstFields(server)}\r\n${second}`]);
    });

    // Strings up to a certain length are converted in one go: where that ends, nothing may be lost.
    test.each([250, 251, 252, 253, 254, 255, 256, 257, 1000, 1 << 20])(
      'a header of %d bytes arrives whole',
      async (length) => {
        const value = 'x'.repeat(length);
        const wide = `${'x'.repeat(length - 3)}€`;
        const { received } = await sent('GET', '/', (request) => {
          ne.ne_add_request_header(request, 'X-Ascii', value);
          if (length < 1 << 20) ne.ne_add_request_header(request, 'X-Wide', wide);
        });
        expect(received.slice(0, 1 << 20)).toContain(`X-Ascii: ${value.slice(0, 1_000_000)}`);
        if (length < 1 << 20)
          expect(Buffer.from(received, 'latin1').toString()).toContain(`X-Ascii: ${value}\r\nX-Wide: ${wide}\r\n\r\n`);
      },
    );

    test('lone surrogates become U+FFFD', async () => {
      const { received } = await sent('GET', '/', (request) => ne.ne_add_request_header(request, 'X', 'a\ud800b'));
      expect(Buffer.from(received, 'latin1').toString()).toContain('X: a\ufffdb\r\n');
    });

    test('Expect: 100-continue goes last, and the body waits for the answer', async () => {
      const steps: Step[] = [
        { read: 'head' },
        { send: 'HTTP/1.1 100 Continue\r\n\r\n' },
        { read: 'body' },
        { send: response('done') },
      ];
      const server = await serve({ connections: [steps] });
      const request = ne.ne_request_create(sessionWith(server), 'PUT', '/');
      ne.ne_set_request_flag(request, ne.NE_REQFLAG_EXPECT100, true);
      ne.ne_set_request_body_buffer(request, 'body');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(ne.ne_get_status(request).code).toBe(200);
      expect(await receivedBy(server)).toEqual([
        `PUT / HTTP/1.1\r\n${firstFields(server)}Content-Length: 4\r\nExpect: 100-continue\r\n\r\nbody`,
      ]);
    });
  });

  describe('bodies', () => {
    test.each([
      ['a string', 'text', 'text'],
      ['a string as UTF-8', 'Größe €😀', 'Größe €😀'],
      ['a string with NUL', 'a\0b', 'a\0b'],
      ['an empty string', '', ''],
      ['an empty array', new Uint8Array(0), ''],
      ['a Uint8Array', Uint8Array.of(1, 2, 3), Buffer.of(1, 2, 3)],
      ['a Buffer', Buffer.from('buffer'), 'buffer'],
      ['every byte', everyByte, everyByte],
      ['a view of a part', new Uint8Array(everyByte.buffer, 10, 5), Buffer.of(10, 11, 12, 13, 14)],
      ['a part of a Buffer', Buffer.from('0123456789').subarray(2, 4), '23'],
      ['shared memory', new Uint8Array(new SharedArrayBuffer(3)).fill(7), Buffer.of(7, 7, 7)],
    ] as [string, string | Uint8Array, string | Uint8Array][])('%s', async (_, body, expected) => {
      const bytes = Buffer.from(expected as string);
      const { received, server } = await sent('PUT', '/', (request) => {
        ne.ne_add_request_header(request, 'X-Before', '1');
        expect(result(() => ne.ne_set_request_body_buffer(request, body))).toBeUndefined();
        ne.ne_add_request_header(request, 'X-After', '1');
      });
      const head = `PUT / HTTP/1.1\r\n${firstFields(server)}X-Before: 1\r\nContent-Length: ${bytes.length}\r\nX-After: 1\r\n\r\n`;
      expect(received).toBe(head + bytes.toString('latin1'));
    });

    test('are copied when they are set', async () => {
      const body = Buffer.from('before');
      const { received } = await sent('PUT', '/', (request) => {
        ne.ne_set_request_body_buffer(request, body);
        body.fill('x');
        structuredClone(body.buffer, {
          transfer: body.buffer.byteLength === body.length ? [body.buffer] : [],
        });
      });
      expect(received).toMatch(/\r\n\r\nbefore$/);
    });

    test('a large one arrives whole', async () => {
      const server = await serve({ connections: [exchange()] });
      const request = ne.ne_request_create(sessionWith(server), 'PUT', '/');
      ne.ne_set_request_body_buffer(request, Buffer.alloc(20_000_000, 'x'));
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      const [record] = await server.connections();
      expect(record!.receivedTotal).toBe(
        20_000_000 + `PUT / HTTP/1.1\r\n${firstFields(server)}Content-Length: 20000000\r\n\r\n`.length,
      );
    });

    test('are sent again when the request is', async () => {
      const server = await serve(answering());
      const request = ne.ne_request_create(sessionWith(server), 'PUT', '/');
      ne.ne_set_request_body_buffer(request, 'again');
      expect([await io.ne_request_dispatch(request), await io.ne_request_dispatch(request)]).toEqual([
        ne.NE_OK,
        ne.NE_OK,
      ]);
      const message = `PUT / HTTP/1.1\r\n${firstFields(server)}Content-Length: 5\r\n\r\nagain`;
      expect(await receivedBy(server)).toEqual([message + message]);
    });
  });

  describe('the response', () => {
    test.each([
      ['200 OK', { code: 200, klass: 2, reason_phrase: 'OK' }],
      ['207 Multi-Status', { code: 207, klass: 2, reason_phrase: 'Multi-Status' }],
      ['301 Moved', { code: 301, klass: 3, reason_phrase: 'Moved' }],
      ['404 Not Found', { code: 404, klass: 4, reason_phrase: 'Not Found' }],
      ['500 ', { code: 500, klass: 5, reason_phrase: '' }],
    ])('the status of %j', async (status, expected) => {
      const server = await serve({ connections: [exchange(response('', { status }))] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      const first = ne.ne_get_status(request);
      expect(first).toEqual({ major_version: 1, minor_version: 1, ...expected });
      first.code = 1;
      expect(ne.ne_get_status(request)).toEqual({ major_version: 1, minor_version: 1, ...expected });
    });

    test('interim responses are passed over', async () => {
      const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n';
      const server = await serve({ connections: [exchange(interim + response('final'))] });
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(ne.ne_get_status(request).code).toBe(200);
      expect(ne.ne_get_response_header(request, 'Link')).toBeNull();
    });

    test.each([
      ['no HTTP', 'nonsense\r\n\r\n', 'Could not parse response status line'],
      ['a length that is none', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'Invalid Content-Length in response'],
      [
        'a coding that is not known',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
        'Unknown transfer-coding in response',
      ],
      [
        'a chunk size that is none',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
        'Could not parse chunk size',
      ],
      [
        'too many fields',
        `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(101)}\r\n`,
        'Response exceeded maximum number of header fields',
      ],
      [
        'too long a field',
        `HTTP/1.1 200 OK\r\n${Array(4)
          .fill(`A: ${'x'.repeat(3000)}\r\n `)
          .join('')}x\r\nContent-Length: 0\r\n\r\n`,
        'Line too long',
      ],
    ])('%s fails, and the next request has a connection of its own', async (_, answer, text) => {
      const server = await serve(thenAnswering([...exchange(answer), { hang: 'reading' }]));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toContain(text);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('a field that is folded beyond 8 KiB fails, and the next request has a connection of its own', async () => {
      const folded = `HTTP/1.1 200 OK\r\nA: b\r\n${` ${'x'.repeat(2000)}\r\n`.repeat(5)}Content-Length: 0\r\n\r\n`;
      const server = await serve(thenAnswering([...exchange(folded), { hang: 'reading' }]));
      const session = sessionWith(server);
      expect(await io.ne_request_dispatch(ne.ne_request_create(session, 'GET', '/'))).toBe(ne.NE_ERROR);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 1]);
    });

    test('its headers', async () => {
      const fields =
        'X-Two: one\r\nx-Two:two\r\nX-Trimmed: \t padded \t\r\nX-Empty:\r\nX-Folded: a\r\n b\r\nX-Text: gr\xc3\xbcn\r\nX-Latin: \xfc\r\nno colon\r\n__proto__: p\r\n';
      const server = await serve({
        connections: [exchange(Buffer.from(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 0\r\n\r\n`, 'latin1'))],
      });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      const expected = {
        'x-two': 'one, two',
        'x-trimmed': 'padded',
        'x-empty': '',
        'x-folded': 'a b',
        'x-text': 'grün',
        'x-latin': '\ufffd',
        ['__proto__']: 'p',
        'content-length': '0',
      };
      for (const [name, value] of Object.entries(expected))
        expect([name, name.toUpperCase()].map((spelt) => ne.ne_get_response_header(request, spelt))).toEqual([
          value,
          value,
        ]);
      for (const absent of ['X-Absent', '', 'no colon', 'x-two ', 'X-Zwö'])
        expect(ne.ne_get_response_header(request, absent)).toBeNull();
      expect(headersOf(request)).toEqual(new Map(Object.entries(expected)));
    });

    test('a header of 4,000 bytes arrives whole', async () => {
      const value = 'v'.repeat(4000);
      const server = await serve({ connections: [exchange(response('', { headers: { 'X-Long': value } }))] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(ne.ne_get_response_header(request, 'x-long')).toBe(value);
    });

    test('trailers join the headers, or newer ones keep them apart', async () => {
      const body =
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Head: 1\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: 2\r\n\r\n';
      const server = await serve(answering(body));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect((await pull(io, request)).toString()).toBe('ok');
      expect(ne.ne_get_response_header(request, 'X-Trailer')).toBeNull();
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
      expect(ne.ne_get_response_header(request, 'X-Trailer')).toBe(neonSince(37) ? null : '2');
      if (neonSince(37)) expect(ne.ne_get_response_trailer(request, 'X-Trailer')).toBe('2');
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('ok');
      expect((await server.connections()).length).toBe(1);
    });
  });

  describe('a header cursor', () => {
    const name = { value: '' };
    const value = { value: '' };

    test('is stale after the request was sent again', async () => {
      const server = await serve(answering());
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      await io.ne_request_dispatch(request);
      const cursor = ne.ne_response_header_iterate(request, null, name, value);
      expect([name, value]).toEqual([{ value: 'content-length' }, { value: '5' }]);
      expect(cursor!.constructor.name).toBe('ne_header_cursor');
      await io.ne_request_dispatch(request);
      expect(() => ne.ne_response_header_iterate(request, cursor, name, value)).toThrow(
        neonError('ERR_NEON_INVALID_STATE'),
      );
      expect(headersOf(request)).toEqual(new Map([['content-length', '5']]));
    });

    test('is stale after the request was begun again', async () => {
      const server = await serve(answering());
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      await io.ne_request_dispatch(request);
      const cursor = ne.ne_response_header_iterate(request, null, name, value);
      await io.ne_begin_request(request);
      expect(() => ne.ne_response_header_iterate(request, cursor, name, value)).toThrow(
        neonError('ERR_NEON_INVALID_STATE'),
      );
      await io.ne_request_destroy(request);
    });

    test('of another request is refused', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      const requests = ['/1', '/2'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
        ne.ne_request,
        ne.ne_request,
      ];
      for (const request of requests) await io.ne_request_dispatch(request);
      const cursor = ne.ne_response_header_iterate(requests[0], null, name, value);
      expect(() => ne.ne_response_header_iterate(requests[1], cursor, name, value)).toThrow(
        neonError('ERR_NEON_INVALID_STATE'),
      );
      await io.ne_request_destroy(requests[0]);
      expect(() => ne.ne_response_header_iterate(requests[1], cursor, name, value)).toThrow(
        neonError('ERR_NEON_INVALID_STATE'),
      );
    });

    test('at the end leaves the last header where it was', async () => {
      const server = await serve(answering());
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      await io.ne_request_dispatch(request);
      const out = [{ value: '' }, { value: '' }] as const;
      const cursor = ne.ne_response_header_iterate(request, null, ...out);
      expect(ne.ne_response_header_iterate(request, cursor, ...out)).toBeNull();
      expect(out).toEqual([{ value: 'content-length' }, { value: '5' }]);
    });
  });

  describe('begin, read, end', () => {
    const body = big.toString();
    const bodies: [string, string, string, string, boolean][] = [
      ['Content-Length', 'GET', response(body), body, true],
      ['Content-Length: 0', 'GET', response(''), '', true],
      ['chunked', 'GET', chunkedResponse([body.slice(0, 5), body.slice(5, 100_000), body.slice(100_000)]), body, true],
      ['chunked, and empty', 'GET', chunkedResponse([]), '', true],
      [
        'chunk extensions',
        'GET',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n',
        'ok',
        true,
      ],
      ['until the connection ends', 'GET', `HTTP/1.1 200 OK\r\n\r\n${body}`, body, false],
      ['HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', '', true],
      ['204', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 100\r\n\r\n', '', true],
      ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\n\r\n', '', true],
      ['304 that says chunked', 'GET', 'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n', '', true],
    ];

    test.each(bodies)('%s', async (_, method, answer, expected, persists) => {
      const script = persists ? keepAlive(answer) : exchange(answer);
      const server = await serve({ connections: [script], rest: 'repeat-last' });
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, method, '/');
      for (const size of [7, 4096, 1 << 20].slice(expected.length > 1000 ? 1 : 0)) {
        expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        expect((await pull(io, request, size)).toString()).toBe(expected);
        const untouched = Buffer.alloc(10, '.');
        expect(await io.ne_read_response_block(request, untouched)).toBe(0);
        expect(await io.ne_read_response_block(request, untouched)).toBe(0);
        expect(untouched.toString()).toBe('..........');
        expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
      }
      const count = expected.length > 1000 ? 2 : 3;
      expect((await server.connections()).map(({ requests }) => requests)).toEqual(
        persists ? [count] : Array(count).fill(1),
      );
    });

    test.each(bodies.filter(([, , , expected]) => expected === ''))(
      '%s ends without a read, too',
      async (title, method, answer) => {
        const server = await serve(thenAnswering([...exchange(answer), { repeat: 'forever', steps: exchange() }]));
        const session = sessionWith(server);
        const request = ne.ne_request_create(session, method, '/');
        expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        // The last chunk still stands in the connection.
        expect(await io.ne_end_request(request)).toBe(title.startsWith('chunked') ? ne.NE_ERROR : ne.NE_OK);
        expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
      },
    );

    test('a body of known length that was read exactly ends well without the empty block', async () => {
      const server = await serve(answering(response('12345')));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_read_response_block(request, Buffer.alloc(5))).toBe(5);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('12345');
      expect((await server.connections()).length).toBe(1);
    });

    test.each([
      ['of known length', response('0123456789')],
      ['in chunks', chunkedResponse(['01234', '56789'])],
      ['in chunks, read to its last', chunkedResponse(['01234'])],
      ['until the connection ends', 'HTTP/1.1 200 OK\r\n\r\n0123456789'],
    ])('ending before the end of a body %s closes the connection', async (_, answer) => {
      const server = await serve(thenAnswering([...exchange(answer), { hang: 'reading' }]));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_read_response_block(request, Buffer.alloc(5))).toBe(5);
      expect(await io.ne_end_request(request)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toBe('The response body was not read to its end');
      expect((await server.waitForClosed(1))[0]!.clientClose).not.toBeNull();
      await expect(io.ne_end_request(request)).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test.each([
      ['before a read', 0],
      ['in the middle of the body', 5],
    ])('destroying it %s closes the connection', async (_, read) => {
      const server = await serve(thenAnswering([...exchange(response(body)), { hang: 'reading' }]));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      if (read > 0) expect(await io.ne_read_response_block(request, Buffer.alloc(read))).toBe(read);
      expect(await result(() => io.ne_request_destroy(request))).toBeUndefined();
      expect((await server.waitForClosed(1))[0]!.clientClose).not.toBeNull();
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
      expect(await result(() => io.ne_session_destroy(session))).toBeUndefined();
    });

    test('destroying it at the end of the body closes the connection', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect((await pull(io, request)).toString()).toBe('hello');
      await io.ne_request_destroy(request);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test.each([
      ['of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n01234'],
      ['in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n'],
    ])('a body %s that breaks off is an error', async (_, answer) => {
      const server = await serve({ connections: [exchange(answer), keepAlive()] });
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      const block = Buffer.alloc(10);
      expect(await io.ne_read_response_block(request, block)).toBe(5);
      expect(await io.ne_read_response_block(request, block)).toBe(-1);
      expect(ne.ne_get_error(session)).toBe('Could not read response body: connection was closed by server');
      await expect(io.ne_read_response_block(request, block)).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
      await expect(io.ne_end_request(request)).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('the rest can be discarded', async () => {
      const server = await serve(answering(response(body)));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_read_response_block(request, Buffer.alloc(5))).toBe(5);
      expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
      expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
      expect(await io.ne_read_response_block(request, Buffer.alloc(5))).toBe(0);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe(body);
      expect((await server.connections()).length).toBe(1);
    });

    test('only the bytes that came are written, in a view too', async () => {
      const server = await serve({ connections: [exchange()] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const memory = new Uint8Array(20).fill(46);
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_read_response_block(request, memory.subarray(5, 8))).toBe(3);
      expect(await io.ne_read_response_block(request, memory.subarray(10))).toBe(2);
      expect(Buffer.from(memory).toString()).toBe('.....hel..lo........');
      expect(await io.ne_read_response_block(request, memory)).toBe(0);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    });

    test('an empty buffer is refused, since its 0 would look like the end', async () => {
      const server = await serve({ connections: [exchange()] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      await io.ne_begin_request(request);
      await expect(io.ne_read_response_block(request, new Uint8Array(0))).rejects.toEqual(wrongValue);
      expect((await pull(io, request)).toString()).toBe('hello');
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    });

    describe('out of turn', () => {
      const invalid = neonError('ERR_NEON_INVALID_STATE');

      test('before begin nothing can be read, discarded or ended', async () => {
        const request = unsent();
        await expect(io.ne_read_response_block(request, Buffer.alloc(1))).rejects.toEqual(invalid);
        await expect(io.ne_discard_response(request)).rejects.toEqual(invalid);
        await expect(io.ne_end_request(request)).rejects.toEqual(invalid);
      });

      test('nor after a dispatch', async () => {
        const server = await serve(answering());
        const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
        await io.ne_request_dispatch(request);
        await expect(io.ne_read_response_block(request, Buffer.alloc(1))).rejects.toEqual(invalid);
        await expect(io.ne_discard_response(request)).rejects.toEqual(invalid);
        await expect(io.ne_end_request(request)).rejects.toEqual(invalid);
      });

      test('what is begun is not begun or dispatched, until it ends', async () => {
        const server = await serve(answering());
        const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
        expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        await expect(io.ne_begin_request(request)).rejects.toEqual(invalid);
        await expect(io.ne_request_dispatch(request)).rejects.toEqual(invalid);
        expect((await pull(io, request)).toString()).toBe('hello');
        await expect(io.ne_begin_request(request)).rejects.toEqual(invalid);
        expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
        await expect(io.ne_end_request(request)).rejects.toEqual(invalid);
        expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        expect((await pull(io, request)).toString()).toBe('hello');
        expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
        expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
      });

      test('a request that failed to begin is not begun', async () => {
        const server = await serve({ connections: [[{ read: 'request' }], keepAlive()] });
        const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
        expect(await io.ne_begin_request(request)).toBe(ne.NE_ERROR);
        await expect(io.ne_read_response_block(request, Buffer.alloc(1))).rejects.toEqual(invalid);
        await expect(io.ne_end_request(request)).rejects.toEqual(invalid);
        expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      });

      test('another request has to wait', async () => {
        const server = await serve(answering());
        const session = sessionWith(server);
        const [request, other] = ['/active', '/other'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
          ne.ne_request,
          ne.ne_request,
        ];
        expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        for (const call of [
          () => io.ne_request_dispatch(other),
          () => io.ne_begin_request(other),
          () => io.ne_close_connection(session),
        ]) {
          const error = await failureOf(call);
          expect(error).toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
          expect(error.message).toContain('GET /active');
        }
        expect((await pull(io, request)).toString()).toBe('hello');
        await expect(io.ne_request_dispatch(other)).rejects.toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
        expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
        expect(await io.ne_request_dispatch(other)).toBe(ne.NE_OK);
        expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
      });

      test('a request that is not begun can be filled meanwhile', async () => {
        const server = await serve(answering());
        const session = sessionWith(server);
        const request = ne.ne_request_create(session, 'GET', '/active');
        expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        const other = await io.ne_request_create(session, 'PUT', '/other');
        ne.ne_add_request_header(other, 'X', '1');
        ne.ne_set_request_body_buffer(other, 'body');
        await pull(io, request);
        await io.ne_end_request(request);
        expect(await io.ne_request_dispatch(other)).toBe(ne.NE_OK);
        expect((await receivedBy(server))[0]).toMatch(/PUT \/other [^]*X: 1\r\nContent-Length: 4\r\n\r\nbody$/);
      });

      test('an idle request can be destroyed meanwhile', async () => {
        const server = await serve(answering());
        const session = sessionWith(server);
        const request = ne.ne_request_create(session, 'GET', '/active');
        const idle = ne.ne_request_create(session, 'GET', '/idle');
        expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        expect(await result(() => io.ne_request_destroy(idle))).toBeUndefined();
        expect((await pull(io, request)).toString()).toBe('hello');
        expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
        expect(await server.openCount()).toBe(1);
      });
    });
  });

  describe('a persistent connection that the server closed', () => {
    const once = exchange();

    test('is made anew', async () => {
      const server = await serve({ connections: [once, once, once] });
      const session = sessionWith(server);
      for (const path of ['/1', '/2', '/3']) expect(await fetchBody(io, session, 'GET', path)).toBe('hello');
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 1, 1]);
    });

    test('a body is sent again on the new one', async () => {
      const server = await serve({ connections: [once, once] });
      const session = sessionWith(server);
      await fetchBody(io, session, 'GET', '/1');
      const request = ne.ne_request_create(session, 'PUT', '/2');
      ne.ne_set_request_body_buffer(request, big);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect((await receivedBy(server))[1]).toMatch(
        /^PUT \/2 HTTP\/1\.1\r\n[^]*Content-Length: 300000\r\n\r\nblock of a large body\n/,
      );
      expect((await server.connections())[1]!.receivedTotal).toBeGreaterThan(big.length);
    });

    test('is no retry for a first request', async () => {
      const server = await serve({ connections: [[{ read: 'request' }], once] });
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toBe('Could not read status line: connection was closed by server');
      expect((await server.connections()).length).toBe(1);
    });

    test('a request that is not idempotent does not use it', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      await fetchBody(io, session, 'GET', '/1');
      const request = ne.ne_request_create(session, 'POST', '/2');
      ne.ne_set_request_flag(request, ne.NE_REQFLAG_IDEMPOTENT, false);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 1]);
    });
  });

  describe('readers', () => {
    /** Dispatches a request with a reader; gives the result and the blocks that the reader was given. */
    async function read(answer: string, accept: ne.ne_accept_response): Promise<{ result: number; blocks: Buffer[] }> {
      const server = await serve({ connections: [exchange(answer)] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const blocks: Buffer[] = [];
      ne.ne_add_response_body_reader(request, accept, (block) => void blocks.push(block));
      return { result: await io.ne_request_dispatch(request), blocks };
    }

    test('are given blocks, and at last an empty one', async () => {
      const { result, blocks } = await read(response(big.toString()), ne.ne_accept_always);
      expect(result).toBe(ne.NE_OK);
      expect(blocks.length).toBeGreaterThan(2);
      expect(blocks.map((block) => Buffer.isBuffer(block))).toEqual(blocks.map(() => true));
      expect(blocks.slice(0, -1).every((block) => block.length > 0)).toBe(true);
      expect(blocks.at(-1)!.length).toBe(0);
      expect(Buffer.concat(blocks).equals(big)).toBe(true);
    });

    test('of an empty body are given the empty block', async () => {
      const { result, blocks } = await read(response(''), ne.ne_accept_2xx);
      expect([result, blocks.map((block) => block.length)]).toEqual([ne.NE_OK, [0]]);
    });

    const ok = response('body');
    const notFound = response('body', { status: '404 Not Found' });
    test.each([
      ['ne_accept_2xx', '200', ok, ne.ne_accept_2xx, 'body'],
      ['ne_accept_2xx', '404', notFound, ne.ne_accept_2xx, null],
      ['ne_accept_always', '404', notFound, ne.ne_accept_always, 'body'],
      ['true', '404', notFound, () => true, 'body'],
      ['false', '200', ok, () => false, null],
      ['1', '404', notFound, () => 1, 'body'],
      ['-5', '404', notFound, () => -5, 'body'],
      ['0', '200', ok, () => 0, null],
      ['undefined', '200', ok, () => undefined, null],
    ] as [string, string, string, ne.ne_accept_response, string | null][])(
      '%s accepts %s or not',
      async (_, __, answer, accept, expected) => {
        const { result, blocks } = await read(answer, accept);
        expect(result).toBe(ne.NE_OK);
        expect(blocks.length === 0 ? null : Buffer.concat(blocks).toString()).toBe(expected);
      },
    );

    test('accept is given the request and the status, each time it is sent', async () => {
      const server = await serve({ connections: [[...exchange(ok), ...exchange(notFound)]] });
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      const calls: [boolean, number, number, string | null, string | null][] = [];
      ne.ne_add_response_body_reader(
        request,
        (req, st) => {
          calls.push([
            req === request,
            st.code,
            st.klass,
            st.reason_phrase,
            ne.ne_get_response_header(req, 'Content-Length'),
          ]);
          return st.klass === 2;
        },
        () => 0,
      );
      await io.ne_request_dispatch(request);
      await io.ne_request_dispatch(request);
      expect(calls).toEqual([
        [true, 200, 2, 'OK', '4'],
        [true, 404, 4, 'Not Found', '4'],
      ]);
    });

    test('all get the body, the last added first', async () => {
      const server = await serve({ connections: [exchange(ok)] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const calls: string[] = [];
      for (const name of ['first', 'second', 'third'])
        ne.ne_add_response_body_reader(
          request,
          () => name !== 'second',
          (block) => void calls.push(`${name} ${block.toString()}`),
        );
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(calls).toEqual(['third body', 'first body', 'third ', 'first ']);
    });

    test('read along while the body is pulled', async () => {
      const server = await serve({ connections: [exchange(ok)] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const blocks: string[] = [];
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void blocks.push(block.toString()));
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect((await pull(io, request, 2)).toString()).toBe('body');
      expect(blocks).toEqual(['bo', 'dy', '']);
      expect(await io.ne_read_response_block(request, Buffer.alloc(1))).toBe(0);
      expect(blocks).toEqual(['bo', 'dy', '']);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    });

    test('read along while the body is discarded', async () => {
      const server = await serve({ connections: [exchange(ok)] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const blocks: string[] = [];
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void blocks.push(block.toString()));
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
      expect(blocks).toEqual(['body', '']);
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    });

    test('keep their blocks', async () => {
      const { blocks } = await read(chunkedResponse(['aaa', 'bbb', 'ccc']), ne.ne_accept_2xx);
      await turn();
      expect(blocks.map(String)).toEqual(['aaa', 'bbb', 'ccc', '']);
    });

    test.each([1, -1, true])('returning %p aborts the response', async (refusal) => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      let calls = 0;
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => (calls++, refusal as number));
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
      expect(calls).toBe(1);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('cannot be added between begin and end', async () => {
      const server = await serve(answering());
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const add = (): void => ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => 0);
      expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
      expect(add).toThrow(neonError('ERR_NEON_INVALID_STATE'));
      await pull(io, request);
      expect(add).toThrow(neonError('ERR_NEON_INVALID_STATE'));
      await io.ne_end_request(request);
      expect(result(() => add())).toBeUndefined();
    });

    test('run in the asynchronous context of the call', async () => {
      const server = await serve(answering(chunkedResponse(['a', 'b'])));
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const context = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      context.run('where it was added', () =>
        ne.ne_add_response_body_reader(
          request,
          () => (seen.push(context.getStore()), true),
          () => void seen.push(context.getStore()),
        ),
      );
      await context.run('first call', () => io.ne_request_dispatch(request));
      await context.run('second call', () => io.ne_request_dispatch(request));
      expect(seen).toEqual([...Array<string>(4).fill('first call'), ...Array<string>(4).fill('second call')]);
    });
  });

  describe('a callback that throws', () => {
    const thrown = [new Error('thrown'), 'a string', undefined, null, 42, { code: 'NE_OK' }];

    test.each(
      thrown.flatMap(
        (value) =>
          [
            ['accept', value],
            ['reader', value],
          ] as const,
      ),
    )('%s: %p comes out of the call', async (which, value) => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      let calls = 0;
      const fail = (): number => {
        calls++;
        throw value as Error;
      };
      ne.ne_add_response_body_reader(
        request,
        which === 'accept' ? fail : ne.ne_accept_2xx,
        which === 'reader' ? fail : () => 0,
      );
      const outcome = await io.ne_request_dispatch(request).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      expect(outcome).toEqual({ error: value });
      expect((outcome as { error: unknown }).error).toBe(value);
      expect(calls).toBe(1);
      expect((await server.waitForClosed(1))[0]!.clientClose).not.toBeNull();
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('none after it runs', async () => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      const calls: string[] = [];
      const error = new Error('thrown');
      const add = (name: string, fail: boolean): void =>
        ne.ne_add_response_body_reader(
          request,
          () => {
            calls.push(`accept ${name}`);
            if (fail) throw error;
            return true;
          },
          () => void calls.push(`read ${name}`),
        );
      add('third', false);
      add('second', true);
      add('first', false);
      await expect(io.ne_request_dispatch(request)).rejects.toBe(error);
      expect(calls).toEqual(['accept first', 'accept second']);
    });

    test.each(['ne_begin_request', 'ne_read_response_block', 'ne_discard_response'] as const)(
      'ends a request in %s',
      async (name) => {
        const server = await serve(thenAnswering(stalling(response(big.toString()))));
        const session = sessionWith(server);
        const request = ne.ne_request_create(session, 'GET', '/');
        const error = new Error('thrown');
        const fail = (): never => {
          throw error;
        };
        const begins = name === 'ne_begin_request';
        ne.ne_add_response_body_reader(request, begins ? fail : () => 1, fail);
        if (!begins) expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        const call = (): Promise<number> =>
          name === 'ne_read_response_block' ? io[name](request, Buffer.alloc(10)) : io[name](request);
        await expect(call()).rejects.toBe(error);
        await server.waitForClosed(1);
        await expect(io.ne_end_request(request)).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
        expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
      },
    );

    test.each(['yes', null, {}, 1n, Symbol('s'), () => 1])('an answer of %p is a TypeError', async (answer) => {
      for (const which of ['accept', 'reader']) {
        const server = await serve(thenAnswering(stalling(response(big.toString()))));
        const session = sessionWith(server);
        const request = ne.ne_request_create(session, 'GET', '/');
        const wrong = (): number => answer as unknown as number;
        ne.ne_add_response_body_reader(
          request,
          which === 'accept' ? wrong : ne.ne_accept_2xx,
          which === 'reader' ? wrong : () => 0,
        );
        await expect(io.ne_request_dispatch(request)).rejects.toEqual(wrongType);
        await server.waitForClosed(1);
        expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
      }
    });
  });

  describe('inside a callback', () => {
    /** Dispatches a request, and runs `inside` in its reader. */
    async function within(
      inside: (request: ne.ne_request, other: ne.ne_request) => unknown,
      later = false,
    ): Promise<RawServer> {
      const server = await serve(answering(response('body')));
      const session = sessionWith(server);
      const [request, other] = ['/running', '/other'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
        ne.ne_request,
        ne.ne_request,
      ];
      let calls = 0;
      const reader = later
        ? async () => {
            await turn();
            if (calls++ === 0) await inside(request, other);
          }
        : () => {
            if (calls++ === 0) inside(request, other);
          };
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, reader);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(calls).toBe(2);
      expect(await io.ne_request_dispatch(other)).toBe(ne.NE_OK);
      return server;
    }

    const reentrant = neonError('ERR_NEON_REENTRANT');
    const operations: [string, (request: ne.ne_request, other: ne.ne_request) => unknown][] = [
      ['ne_request_dispatch of another request', (_, other) => ne.ne_request_dispatch(other)],
      ['ne_request_dispatch of the running request', (request) => ne.ne_request_dispatch(request)],
      ['ne_begin_request', (_, other) => ne.ne_begin_request(other)],
      ['ne_read_response_block', (request) => ne.ne_read_response_block(request, Buffer.alloc(1))],
      ['ne_discard_response', (request) => ne.ne_discard_response(request)],
      ['ne_end_request', (request) => ne.ne_end_request(request)],
      ['ne_close_connection', (request) => ne.ne_close_connection(ne.ne_get_session(request))],
      ['ne_request_destroy of the running request', (request) => ne.ne_request_destroy(request)],
    ];

    test.each(operations)('%s is refused', async (_, operation) => {
      const server = await within((request, other) => {
        expect(() => operation(request, other)).toThrow(reentrant);
      });
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
    });

    const queued: [string, (request: ne.ne_request, other: ne.ne_request) => Promise<unknown>][] = [
      ['ne_request_dispatch', (_, other) => surfaces[1]!.io.ne_request_dispatch(other)],
      ['ne_begin_request', (_, other) => surfaces[1]!.io.ne_begin_request(other)],
      ['ne_read_response_block', (request) => surfaces[1]!.io.ne_read_response_block(request, Buffer.alloc(1))],
      ['ne_end_request', (request) => surfaces[1]!.io.ne_end_request(request)],
      ['ne_close_connection', (request) => surfaces[1]!.io.ne_close_connection(ne.ne_get_session(request))],
      ['ne_request_destroy', (request) => surfaces[1]!.io.ne_request_destroy(request)],
    ];

    test.each(queued)('the promise of %s is rejected', async (_, operation) => {
      const outcomes: Promise<unknown>[] = [];
      await within(
        (request, other) => void outcomes.push(expect(operation(request, other)).rejects.toEqual(reentrant)),
      );
      await Promise.all(outcomes);
      expect(outcomes.length).toBe(1);
    });

    test('destroying the session is refused', async () => {
      await within((request) => {
        expect(() => ne.ne_session_destroy(ne.ne_get_session(request))).toThrow(neonError('ERR_NEON_LIVE_REQUESTS'));
      });
    });

    test('what only looks is allowed', async () => {
      const seen: unknown[] = [];
      await within((request, other) => {
        const session = ne.ne_get_session(request);
        ne.ne_set_error(session, 'said inside');
        ne.ne_set_session_flag(session, ne.NE_SESSFLAG_RFC4918, true);
        ne.ne_add_request_header(other, 'X-Inside', '1');
        seen.push(
          ne.ne_get_status(request).code,
          ne.ne_get_response_header(request, 'content-length'),
          ne.ne_get_error(session),
        );
        seen.push(
          ne.ne_get_session_flag(session, ne.NE_SESSFLAG_RFC4918),
          headersOf(request).size,
          ne.ne_get_scheme(session),
        );
        seen.push(ne.ne_get_server_hostport(session).startsWith('127.0.0.1:'), ne.ne_version_pre_http11(session));
      });
      expect(seen).toEqual([200, '4', 'said inside', 1, 1, 'http', true, 0]);
    });

    test('another session can be used', async () => {
      const second = await serve(answering());
      const other = sessionWith(second);
      const results: number[] = [];
      await within(() => void results.push(ne.ne_request_dispatch(ne.ne_request_create(other, 'GET', '/'))));
      expect(results).toEqual([ne.NE_OK]);
    });

    if (asynchronous) {
      test.each(operations)('%s is refused after an await, too', async (_, operation) => {
        await within((request, other) => {
          expect(() => operation(request, other)).toThrow(reentrant);
        }, true);
      });

      test.each(queued)('the promise of %s is rejected after an await, too', async (_, operation) => {
        const server = await within(async (request, other) => {
          await expect(operation(request, other)).rejects.toEqual(reentrant);
        }, true);
        expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
      });
    }
  });

  if (!asynchronous) {
    test.each(['accept', 'reader'])('a promise from %s is a TypeError', async (which) => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      const late = async (): Promise<number> => Promise.reject(new Error('nobody asked'));
      const promises: Promise<number>[] = [];
      const keep = (): Promise<number> => {
        const promise = late();
        promise.catch(() => {});
        promises.push(promise);
        return promise;
      };
      ne.ne_add_response_body_reader(
        request,
        which === 'accept' ? keep : ne.ne_accept_2xx,
        which === 'reader' ? keep : () => 0,
      );
      expect(() => ne.ne_request_dispatch(request)).toThrow(wrongType);
      expect(promises.length).toBe(1);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });
    return;
  }

  describe('asynchronous callbacks', () => {
    test('are awaited, one after the other', async () => {
      const server = await serve(answering(chunkedResponse(['a', 'b'])));
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const calls: string[] = [];
      const slow = async (name: string): Promise<void> => {
        calls.push(`${name} begins`);
        await turn();
        calls.push(`${name} ends`);
      };
      ne.ne_add_response_body_reader(
        request,
        async () => {
          await slow('accept');
          return true;
        },
        async (block) => slow(block.toString()),
      );
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(calls).toEqual(['accept', 'a', 'b', ''].flatMap((name) => [`${name} begins`, `${name} ends`]));
    });

    test.each([
      [true, ['body', '']],
      [1, ['body', '']],
      [false, []],
      [undefined, []],
    ])('accept may resolve to %p', async (answer, expected) => {
      const server = await serve(answering(response('body')));
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const blocks: string[] = [];
      ne.ne_add_response_body_reader(
        request,
        async () => answer,
        async (block) => void blocks.push(block.toString()),
      );
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(blocks).toEqual(expected);
    });

    test('a reader that resolves to 1 aborts the response', async () => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, async () => 1);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test.each([
      ['accept', new Error('rejected')],
      ['reader', new Error('rejected')],
      ['accept', undefined],
      ['reader', null],
    ])('%s that rejects with %p rejects the call with the very same', async (which, reason) => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      let calls = 0;
      const fail = async (): Promise<number> => {
        calls++;
        await turn();
        throw reason as Error;
      };
      ne.ne_add_response_body_reader(
        request,
        which === 'accept' ? fail : ne.ne_accept_2xx,
        which === 'reader' ? fail : () => 0,
      );
      const outcome = await io.ne_request_dispatch(request).then(
        (result) => ({ result }),
        (error: unknown) => ({ error }),
      );
      expect(outcome).toEqual({ error: reason });
      expect((outcome as { error: unknown }).error).toBe(reason);
      expect(calls).toBe(1);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('a promise of something else is a TypeError', async () => {
      const server = await serve(thenAnswering(stalling(response(big.toString()))));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      ne.ne_add_response_body_reader(request, (async () => 'yes') as unknown as ne.ne_accept_response, () => 0);
      await expect(io.ne_request_dispatch(request)).rejects.toEqual(wrongType);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('keep the asynchronous context of the call', async () => {
      const server = await serve(answering(response('body')));
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      const context = new AsyncLocalStorage<string>();
      const seen: (string | undefined)[] = [];
      const look = async (): Promise<number> => {
        seen.push(context.getStore());
        await turn();
        seen.push(context.getStore());
        return 1;
      };
      ne.ne_add_response_body_reader(request, look, async () => {
        await look();
      });
      await context.run('call', () => io.ne_request_dispatch(request));
      expect(seen).toEqual(Array(6).fill('call'));
    });

    test('a call from elsewhere waits for its turn meanwhile', async () => {
      const server = await serve(answering(response('body')));
      const session = sessionWith(server);
      const [request, other] = ['/1', '/2'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
        ne.ne_request,
        ne.ne_request,
      ];
      const order: string[] = [];
      let answer = (): void => {};
      const asked = new Promise<void>((resolve) => {
        ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => {
          if (block.length === 0) return 0;
          resolve();
          return new Promise((done) => (answer = () => done(0)));
        });
      });
      const first = io.ne_request_dispatch(request).then((result) => order.push(`first ${result}`));
      await asked;
      const second = io.ne_request_dispatch(other).then((result) => order.push(`second ${result}`));
      expect(() => ne.ne_request_dispatch(other)).toThrow(neonError('ERR_NEON_BUSY'));
      expect(() => ne.ne_close_connection(session)).toThrow(neonError('ERR_NEON_BUSY'));
      await turn();
      expect(order).toEqual([]);
      answer();
      await Promise.all([first, second]);
      expect(order).toEqual(['first 0', 'second 0']);
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([2]);
    });

    test.each([
      [
        'a request that waits for its turn',
        (_: ne.ne_session, queued: ne.ne_request) => [
          () => ne.ne_add_request_header(queued, 'X', '1'),
          () => ne.ne_set_request_body_buffer(queued, 'late'),
          () =>
            ne.ne_add_response_body_reader(
              queued,
              () => 1,
              () => 0,
            ),
          () => ne.ne_request_destroy(queued),
        ],
      ],
      [
        'the session',
        (session: ne.ne_session) => [
          () => ne.ne_set_session_flag(session, ne.NE_SESSFLAG_PERSIST, false),
          () => ne.ne_set_read_timeout(session, 1),
          () => ne.ne_set_useragent(session, 'late'),
          () => ne.ne_set_error(session, 'late'),
          () => ne.ne_request_create(session, 'GET', '/late'),
        ],
      ],
    ] as [string, (session: ne.ne_session, queued: ne.ne_request) => (() => unknown)[]][])(
      '%s is busy to others meanwhile',
      async (_, changes) => {
        const server = await serve(answering(response('body')));
        const session = sessionWith(server);
        const [request, queued] = ['/1', '/2'].map((path) => ne.ne_request_create(session, 'GET', path)) as [
          ne.ne_request,
          ne.ne_request,
        ];
        let answer = (): void => {};
        const asked = new Promise<void>((resolve) => {
          ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => {
            if (block.length === 0) return 0;
            resolve();
            return new Promise((done) => (answer = () => done(0)));
          });
        });
        const calls = [io.ne_request_dispatch(request), io.ne_request_dispatch(queued)];
        await asked;
        try {
          for (const change of changes(session, queued)) expect(change).toThrow(neonError('ERR_NEON_BUSY'));
        } finally {
          answer();
          expect(await Promise.all(calls)).toEqual([ne.NE_OK, ne.NE_OK]);
        }
      },
    );
  });

  test.each([
    ['transferred', (memory: ArrayBuffer) => void structuredClone(memory, { transfer: [memory] })],
    ['resized', (memory: ArrayBuffer) => (memory as ArrayBuffer & { resize(size: number): void }).resize(2)],
  ])('a buffer whose memory is %s while it waits is refused', async (_, take) => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n';
    const server = await serve({
      connections: [[...exchange(head), { delay: 100 }, { send: 'hello' }, { hang: 'reading' }]],
    });
    const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
    await io.ne_begin_request(request);
    const memory = new (ArrayBuffer as new (size: number, options: object) => ArrayBuffer)(10, {
      maxByteLength: 20,
    });
    const read = io.ne_read_response_block(request, new Uint8Array(memory));
    take(memory);
    await expect(read).rejects.toEqual(neonError('ERR_NEON_INVALID_STATE'));
  });
});

/** All headers of a response by the iterator. */
function headersOf(request: ne.ne_request): Map<string, string> {
  const headers = new Map<string, string>();
  const name = { value: '' };
  const value = { value: '' };
  for (let cursor = null; (cursor = ne.ne_response_header_iterate(request, cursor, name, value)) !== null;)
    headers.set(name.value, value.value);
  return headers;
}
