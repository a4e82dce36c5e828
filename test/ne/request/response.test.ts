/** Tests of ne_request.h: status and headers of responses, on both surfaces. */
import * as ne from 'libneon/ne';
import { response } from '../../servers/raw.js';
import { neonError } from '../../support/expect.js';
import { neonSince } from '../../support/neon.js';
import { headersOf } from '../../support/requests.js';
import { answering, exchange, sessionWith, testServers, thenAnswering } from '../../support/servers.js';
import { fetchBody, pull, surfaces } from '../../support/surfaces.js';

const serve = testServers();

describe.each(surfaces)('$surface', ({ io }) => {
  describe('responses', () => {
    test.each([
      ['200 OK', { code: 200, klass: 2, reason_phrase: 'OK' }],
      ['207 Multi-Status', { code: 207, klass: 2, reason_phrase: 'Multi-Status' }],
      ['301 Moved', { code: 301, klass: 3, reason_phrase: 'Moved' }],
      ['404 Not Found', { code: 404, klass: 4, reason_phrase: 'Not Found' }],
      ['500 ', { code: 500, klass: 5, reason_phrase: '' }],
    ])('returns the status of %j', async (status, expected) => {
      const server = await serve({ connections: [exchange(response('', { status }))] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      const first = ne.ne_get_status(request);
      expect(first).toEqual({ major_version: 1, minor_version: 1, ...expected });
      first.code = 1;
      expect(ne.ne_get_status(request)).toEqual({ major_version: 1, minor_version: 1, ...expected });
    });

    test('skips interim responses', async () => {
      const interim = 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n';
      const server = await serve({ connections: [exchange(interim + response('final'))] });
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(ne.ne_get_status(request).code).toBe(200);
      expect(ne.ne_get_response_header(request, 'Link')).toBeNull();
    });

    test.each([
      ['a response that is not HTTP', 'nonsense\r\n\r\n', 'Could not parse response status line'],
      ['an invalid length', 'HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n', 'Invalid Content-Length in response'],
      [
        'an unknown coding',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n',
        'Unknown transfer-coding in response',
      ],
      [
        'an invalid chunk size',
        'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n',
        'Could not parse chunk size',
      ],
      [
        'too many fields',
        `HTTP/1.1 200 OK\r\n${'A: b\r\n'.repeat(101)}\r\n`,
        'Response exceeded maximum number of header fields',
      ],
      [
        'a field that is too long',
        `HTTP/1.1 200 OK\r\n${Array(4)
          .fill(`A: ${'x'.repeat(3000)}\r\n `)
          .join('')}x\r\nContent-Length: 0\r\n\r\n`,
        'Line too long',
      ],
    ])('fails on %s and sends the next request on a new connection', async (_, answer, text) => {
      const server = await serve(thenAnswering([...exchange(answer), { hang: 'reading' }]));
      const session = sessionWith(server);
      const request = ne.ne_request_create(session, 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toContain(text);
      await server.waitForClosed(1);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
    });

    test('fails on a field folded beyond 8 KiB and sends the next request on a new connection', async () => {
      const folded = `HTTP/1.1 200 OK\r\nA: b\r\n${` ${'x'.repeat(2000)}\r\n`.repeat(5)}Content-Length: 0\r\n\r\n`;
      const server = await serve(thenAnswering([...exchange(folded), { hang: 'reading' }]));
      const session = sessionWith(server);
      expect(await io.ne_request_dispatch(ne.ne_request_create(session, 'GET', '/'))).toBe(ne.NE_ERROR);
      expect(await fetchBody(io, session, 'GET', '/next')).toBe('hello');
      expect((await server.connections()).map(({ requests }) => requests)).toEqual([1, 1]);
    });

    test('returns headers by name and by iteration', async () => {
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

    test('returns a header of 4,000 bytes whole', async () => {
      const value = 'v'.repeat(4000);
      const server = await serve({ connections: [exchange(response('', { headers: { 'X-Long': value } }))] });
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      expect(ne.ne_get_response_header(request, 'x-long')).toBe(value);
    });

    test('adds trailers to the headers, or keeps them apart in newer versions', async () => {
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

  describe('header cursors', () => {
    const name = { value: '' };
    const value = { value: '' };

    test('throws for a cursor from before the request was sent again', async () => {
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

    test('throws for a cursor from before the request began again', async () => {
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

    test('throws for a cursor of another request', async () => {
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

    test('leaves the out-parameters unchanged at the end', async () => {
      const server = await serve(answering());
      const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
      await io.ne_request_dispatch(request);
      const out = [{ value: '' }, { value: '' }] as const;
      const cursor = ne.ne_response_header_iterate(request, null, ...out);
      expect(ne.ne_response_header_iterate(request, cursor, ...out)).toBeNull();
      expect(out).toEqual([{ value: 'content-length' }, { value: '5' }]);
    });
  });
});
