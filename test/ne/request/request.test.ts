/** Tests of ne_request.h: requests and the bytes that they send, on both surfaces. */
import * as ne from 'libneon/ne';
import { response, type RawServer, type Step } from '../../servers/raw.js';
import { neonError, outOfRange, result, wrongChar, wrongValue } from '../../support/expect.js';
import { big, unsent } from '../../support/requests.js';
import { answering, exchange, receivedBy, sessionWith, testServers } from '../../support/servers.js';
import { fetchBody, surfaces } from '../../support/surfaces.js';

const serve = testServers();

/** The header fields that neon itself adds to the first request of a session without a User-Agent. */
function firstFields(server: RawServer): string {
  return `Keep-Alive: \r\nConnection: TE, Keep-Alive\r\nTE: trailers\r\nHost: 127.0.0.1:${server.port}\r\n`;
}

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);

describe('a request before it is sent', () => {
  test('has no status and no headers', () => {
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

  test('is an object of the class that all requests share', () => {
    expect(unsent().constructor.name).toBe('ne_request');
    expect(Object.getPrototypeOf(unsent())).toBe(Object.getPrototypeOf(unsent()));
  });

  test.each([
    ['NE_REQFLAG_EXPECT100', ne.NE_REQFLAG_EXPECT100, 0],
    ['NE_REQFLAG_IDEMPOTENT', ne.NE_REQFLAG_IDEMPOTENT, 1],
  ])('keeps the flag %s', (_, flag, initially) => {
    const request = unsent();
    expect(ne.ne_get_request_flag(request, flag)).toBe(initially);
    const kept = [true, false, 1, 0, 7, -1].map((value) => {
      expect(result(() => ne.ne_set_request_flag(request, flag, value))).toBeUndefined();
      return ne.ne_get_request_flag(request, flag);
    });
    expect(kept).toEqual([1, 0, 1, 0, 7, -1]);
  });

  test('ignores unknown flags', () => {
    const request = unsent();
    expect(result(() => ne.ne_set_request_flag(request, 1000, true))).toBeUndefined();
    expect(ne.ne_get_request_flag(request, 1000)).toBe(-1);
    expect(() => ne.ne_set_request_flag(request, -1, true)).toThrow(outOfRange);
    expect(() => ne.ne_get_request_flag(request, -1)).toThrow(outOfRange);
  });

  test('keeps private data of its own', () => {
    const [request, other] = [unsent(), unsent()];
    const value = Symbol('value');
    expect(ne.ne_get_request_private(request, 'id')).toBeNull();
    expect(result(() => ne.ne_set_request_private(request, 'id', 'first'))).toBeUndefined();
    ne.ne_set_request_private(request, 'id', value);
    expect(ne.ne_get_request_private(request, 'id')).toBe(value);
    expect(ne.ne_get_request_private(request, 'other')).toBeNull();
    expect(ne.ne_get_request_private(other, 'id')).toBeNull();
  });

  test('refuses a second body', () => {
    const request = unsent('PUT');
    expect(result(() => ne.ne_set_request_body_buffer(request, ''))).toBeUndefined();
    expect(() => ne.ne_set_request_body_buffer(request, 'more')).toThrow(neonError('ERR_NEON_INVALID_STATE'));
  });

  test.each(['', 'a b', 'a:', 'a\r\nb', 'a\nb', 'a\0', 'ä', '(a)', '"'])('rejects %j as a header name', (name) => {
    expect(() => ne.ne_add_request_header(unsent(), name, 'value')).toThrow(wrongChar);
    expect(() => ne.ne_print_request_header(unsent(), name, 'value')).toThrow(wrongChar);
  });

  test.each(['a\rb', 'a\nb', 'a\0b', '\r\n'])('rejects %j as a header value', (value) => {
    expect(() => ne.ne_add_request_header(unsent(), 'X', value)).toThrow(wrongChar);
    expect(() => ne.ne_print_request_header(unsent(), 'X', '%s', value)).toThrow(wrongChar);
  });

  test('accepts at most 8191 bytes of a printed value', () => {
    expect(result(() => ne.ne_print_request_header(unsent(), 'X', '%s', 'x'.repeat(8191)))).toBeUndefined();
    expect(() => ne.ne_print_request_header(unsent(), 'X', '%s', 'x'.repeat(8192))).toThrow(outOfRange);
    expect(() => ne.ne_print_request_header(unsent(), 'X', '%s', `${'x'.repeat(8190)}ä`)).toThrow(outOfRange);
  });

  test.each([
    ['%d', []],
    ['%d', ['1']],
    ['x', [1]],
    ['%p', [1]],
  ] as [string, unknown[]][])('rejects the format %p with %j', (template, values) => {
    expect(() => ne.ne_print_request_header(unsent(), 'X', template, ...values)).toThrow(wrongValue);
  });

  test('accepts by class with ne_accept_2xx and always with ne_accept_always', () => {
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

describe.each(surfaces)('$surface', ({ io }) => {
  /** Sends a request that `fill` has prepared; returns the bytes that the server received. */
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

  describe('requests on the wire', () => {
    test('sends only the fields of neon by default', async () => {
      const { received, server } = await sent('GET', '/path?query=%20#');
      expect(received).toBe(`GET /path?query=%20# HTTP/1.1\r\n${firstFields(server)}\r\n`);
    });

    test('sends headers unchanged in the order in which they were added', async () => {
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

    test('sends fewer fields in the next request on a connection to HTTP/1.1', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      await fetchBody(io, session, 'GET', '/1');
      await fetchBody(io, session, 'GET', '/2');
      const second = `GET /2 HTTP/1.1\r\nConnection: TE\r\nTE: trailers\r\nHost: 127.0.0.1:${server.port}\r\n\r\n`;
      expect(await receivedBy(server)).toEqual([`GET /1 HTTP/1.1\r\n${firstFields(server)}\r\n${second}`]);
    });

    // Short strings are converted in a single step. No byte may be lost near the limit, about 255 bytes.
    test.each([250, 251, 252, 253, 254, 255, 256, 257, 1000, 1 << 20])(
      'sends a header of %d bytes whole',
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

    test('replaces lone surrogates with U+FFFD', async () => {
      const { received } = await sent('GET', '/', (request) => ne.ne_add_request_header(request, 'X', 'a\ud800b'));
      expect(Buffer.from(received, 'latin1').toString()).toContain('X: a\ufffdb\r\n');
    });

    test('sends Expect: 100-continue last and the body after the answer', async () => {
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
    ] as [string, string | Uint8Array, string | Uint8Array][])('sends %s', async (_, body, expected) => {
      const bytes = Buffer.from(expected as string);
      const { received, server } = await sent('PUT', '/', (request) => {
        ne.ne_add_request_header(request, 'X-Before', '1');
        expect(result(() => ne.ne_set_request_body_buffer(request, body))).toBeUndefined();
        ne.ne_add_request_header(request, 'X-After', '1');
      });
      const head = `PUT / HTTP/1.1\r\n${firstFields(server)}X-Before: 1\r\nContent-Length: ${bytes.length}\r\nX-After: 1\r\n\r\n`;
      expect(received).toBe(head + bytes.toString('latin1'));
    });

    test('copies a body when it is set', async () => {
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

    test('sends a large body whole', async () => {
      const server = await serve({ connections: [exchange()] });
      const request = ne.ne_request_create(sessionWith(server), 'PUT', '/');
      ne.ne_set_request_body_buffer(request, Buffer.alloc(20_000_000, 'x'));
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      const [record] = await server.connections();
      expect(record!.receivedTotal).toBe(
        20_000_000 + `PUT / HTTP/1.1\r\n${firstFields(server)}Content-Length: 20000000\r\n\r\n`.length,
      );
    });

    test('sends the body again with the request', async () => {
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

  describe('persistent connections', () => {
    const once = exchange();

    test('replaces a connection that the server closed', async () => {
      const server = await serve({ connections: [once, once, once] });
      const session = sessionWith(server);
      for (const path of ['/1', '/2', '/3']) expect(await fetchBody(io, session, 'GET', path)).toBe('hello');
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 1, 1]);
    });

    test('sends a body again on the new connection', async () => {
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

    test('does not retry the first request of a session', async () => {
      const server = await serve({ connections: [[{ read: 'request' }], once] });
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toBe('Could not read status line: connection was closed by server');
      expect((await server.connections()).length).toBe(1);
    });

    test('opens a new connection for a request that is not idempotent', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      await fetchBody(io, session, 'GET', '/1');
      const request = ne.ne_request_create(session, 'POST', '/2');
      ne.ne_set_request_flag(request, ne.NE_REQFLAG_IDEMPOTENT, false);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 1]);
    });
  });
});
