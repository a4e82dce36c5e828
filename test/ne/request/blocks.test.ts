/** Tests of ne_begin_request, ne_read_response_block, ne_discard_response and ne_end_request, on both surfaces. */
import * as ne from 'libneon/ne';
import { chunkedResponse, response } from '../../servers/raw.js';
import { failureOf, neonError, result, wrongValue } from '../../support/expect.js';
import { big, unsent } from '../../support/requests.js';
import {
  answering,
  exchange,
  keepAlive,
  receivedBy,
  sessionWith,
  testServers,
  thenAnswering,
} from '../../support/servers.js';
import { fetchBody, pull, surfaces } from '../../support/surfaces.js';

const serve = testServers();

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  describe('responses in blocks', () => {
    const body = big.toString();
    const bodies: [string, string, string, string, boolean][] = [
      ['a body with Content-Length', 'GET', response(body), body, true],
      ['a body with Content-Length: 0', 'GET', response(''), '', true],
      [
        'a chunked body',
        'GET',
        chunkedResponse([body.slice(0, 5), body.slice(5, 100_000), body.slice(100_000)]),
        body,
        true,
      ],
      ['a chunked body that is empty', 'GET', chunkedResponse([]), '', true],
      [
        'chunk extensions in a body',
        'GET',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2;a=b\r\nok\r\n0\r\n\r\n',
        'ok',
        true,
      ],
      ['a body until the connection ends', 'GET', `HTTP/1.1 200 OK\r\n\r\n${body}`, body, false],
      ['no body of HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', '', true],
      ['no body of 204', 'GET', 'HTTP/1.1 204 No Content\r\nContent-Length: 100\r\n\r\n', '', true],
      ['no body of 304', 'GET', 'HTTP/1.1 304 Not Modified\r\n\r\n', '', true],
      [
        'no body of 304 that says chunked',
        'GET',
        'HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n',
        '',
        true,
      ],
    ];

    test.each(bodies)('reads %s', async (_, method, answer, expected, persists) => {
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
      'ends %s without a read, too',
      async (title, method, answer) => {
        const server = await serve(thenAnswering([...exchange(answer), { repeat: 'forever', steps: exchange() }]));
        const session = sessionWith(server);
        const request = ne.ne_request_create(session, method, '/');
        expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
        // For a chunked body, the last chunk is still unread.
        expect(await io.ne_end_request(request)).toBe(title.startsWith('a chunked body') ? ne.NE_ERROR : ne.NE_OK);
        expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
      },
    );

    test('ends a body of known length without reading the empty block', async () => {
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
    ])('closes the connection on an end before the end of a body %s', async (_, answer) => {
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
    ])('closes the connection when the request is destroyed %s', async (_, read) => {
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

    test('closes the connection when the request is destroyed at the end of the body', async () => {
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
    ])('fails on a body %s that breaks off', async (_, answer) => {
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

    test('discards the rest of a body', async () => {
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

    test('writes only the bytes that arrived, in a view too', async () => {
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

    test('rejects an empty buffer, since its 0 would look like the end', async () => {
      const server = await serve({ connections: [exchange()] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      await io.ne_begin_request(request);
      await expect(io.ne_read_response_block(request, new Uint8Array(0))).rejects.toEqual(wrongValue);
      expect((await pull(io, request)).toString()).toBe('hello');
      expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    });

    describe('calls out of order', () => {
      const invalid = neonError('ERR_NEON_INVALID_STATE');

      test('rejects a read, a discard and an end before the begin', async () => {
        const request = unsent();
        await expect(io.ne_read_response_block(request, Buffer.alloc(1))).rejects.toEqual(invalid);
        await expect(io.ne_discard_response(request)).rejects.toEqual(invalid);
        await expect(io.ne_end_request(request)).rejects.toEqual(invalid);
      });

      test('rejects a read, a discard and an end after a dispatch', async () => {
        const server = await serve(answering());
        const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
        await io.ne_request_dispatch(request);
        await expect(io.ne_read_response_block(request, Buffer.alloc(1))).rejects.toEqual(invalid);
        await expect(io.ne_discard_response(request)).rejects.toEqual(invalid);
        await expect(io.ne_end_request(request)).rejects.toEqual(invalid);
      });

      test('rejects a begin and a dispatch of a request between begin and end', async () => {
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

      test('rejects a read and an end after a begin that failed', async () => {
        const server = await serve({ connections: [[{ read: 'request' }], keepAlive()] });
        const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
        expect(await io.ne_begin_request(request)).toBe(ne.NE_ERROR);
        await expect(io.ne_read_response_block(request, Buffer.alloc(1))).rejects.toEqual(invalid);
        await expect(io.ne_end_request(request)).rejects.toEqual(invalid);
        expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      });

      test('rejects calls of another request', async () => {
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

      test('fills another request', async () => {
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

      test('destroys an idle request', async () => {
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

  if (!asynchronous) return;

  test.each([
    ['transferred', (memory: ArrayBuffer) => void structuredClone(memory, { transfer: [memory] })],
    ['resized', (memory: ArrayBuffer) => (memory as ArrayBuffer & { resize(size: number): void }).resize(2)],
  ])('rejects a read whose buffer is %s meanwhile', async (_, take) => {
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
