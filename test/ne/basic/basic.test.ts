/** Tests of ne_basic.h on both surfaces. */
import { closeSync, fstatSync, openSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { startNephele, type Nephele } from '../../servers/nephele.js';
import { response } from '../../servers/raw.js';
import { failureOf, neonError, outOfRange } from '../../support/expect.js';
import { testFiles } from '../../support/files.js';
import { answering, exchange, receivedBy, sessionWith, testServers, thenAnswering } from '../../support/servers.js';
import { surfaces, type Io } from '../../support/surfaces.js';

const serve = testServers();
const files = testFiles();
const unsupported = neonError('ERR_NEON_UNSUPPORTED');
const reentrant = neonError('ERR_NEON_REENTRANT');

const notFound = response('nothing here', { status: '404 Not Found' });

/** A call of a function that makes a request. A 2xx response lets the call succeed. */
type Call = (io: Io, session: ne.ne_session, fd: number) => Promise<number>;
const calls: Record<string, Call> = {
  ne_get: (io, session, fd) => io.ne_get(session, '/a', fd),
  ne_put: (io, session) => io.ne_put(session, '/a', files.holding('content')),
  ne_post: (io, session, fd) => io.ne_post(session, '/a', fd, 'text'),
  ne_getmodtime: (io, session) => io.ne_getmodtime(session, '/a', {}),
  ne_options: (io, session) => io.ne_options(session, '/a', {}),
  ne_options2: (io, session) => io.ne_options2(session, '/a', {}),
  ne_copy: (io, session) => io.ne_copy(session, true, ne.NE_DEPTH_INFINITE, '/a', '/b'),
  ne_move: (io, session) => io.ne_move(session, true, '/a', '/b'),
  ne_delete: (io, session) => io.ne_delete(session, '/a'),
  ne_mkcol: (io, session) => io.ne_mkcol(session, '/a'),
};
/** The functions that later versions of neon added. */
const newer: Record<string, Call> = {
  ne_putbuf: (io, session) => io.ne_putbuf(session, '/a', 'content'),
  ne_getbuf: (io, session) => io.ne_getbuf(session, '/a', Buffer.alloc(100), {}),
};
const available = (): [string, Call][] =>
  Object.entries({ ...calls, ...newer }).filter(([name]) => features.functions[name]);

describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
  /** The request of a call, if the server answers every request with an empty 200. */
  async function sentBy(call: Call, prepare: (session: ne.ne_session) => void = () => {}): Promise<string> {
    const server = await serve(answering(response('')));
    const session = sessionWith(server);
    prepare(session);
    const { result } = await files.filledBy((fd) => call(io, session, fd));
    expect(result).toBe(ne.NE_OK);
    await io.ne_session_destroy(session);
    const [sent] = await receivedBy(server);
    return sent!.replaceAll(`127.0.0.1:${server.port}`, 'HOST');
  }

  describe('requests on the wire', () => {
    test.each<[string, Call, readonly string[], string]>([
      ['ne_get', calls['ne_get']!, ['GET /a HTTP/1.1'], ''],
      ['ne_put', calls['ne_put']!, ['PUT /a HTTP/1.1', 'Content-Length: 7'], 'content'],
      ['ne_post', calls['ne_post']!, ['POST /a HTTP/1.1', 'Content-Length: 4'], 'text'],
      ['ne_post with UTF-8', (i, s, fd) => i.ne_post(s, '/a', fd, 'ä€'), ['Content-Length: 5'], '\u00e4\u20ac'],
      ['ne_getmodtime', calls['ne_getmodtime']!, ['HEAD /a HTTP/1.1'], ''],
      ['ne_options', calls['ne_options']!, ['OPTIONS /a HTTP/1.1'], ''],
      ['ne_options2', calls['ne_options2']!, ['OPTIONS /a HTTP/1.1'], ''],
      [
        'ne_copy',
        calls['ne_copy']!,
        ['COPY /a HTTP/1.1', 'Depth: infinity', 'Destination: http://HOST/b', 'Overwrite: T'],
        '',
      ],
      [
        'ne_copy with depth 0',
        (i, s) => i.ne_copy(s, 0, ne.NE_DEPTH_ZERO, '/a', '/b'),
        ['Depth: 0', 'Overwrite: F'],
        '',
      ],
      [
        'ne_copy with depth 1',
        (i, s) => i.ne_copy(s, 2, ne.NE_DEPTH_ONE, '/a', '/b'),
        ['Depth: 1', 'Overwrite: T'],
        '',
      ],
      ['ne_copy with depth 7', (i, s) => i.ne_copy(s, false, 7, '/a', '/b'), ['Depth: infinity', 'Overwrite: F'], ''],
      ['ne_move', calls['ne_move']!, ['MOVE /a HTTP/1.1', 'Destination: http://HOST/b', 'Overwrite: T'], ''],
      [
        'ne_move without overwriting',
        (i, s) => i.ne_move(s, 0, '/a%20b', '/c%20d'),
        ['MOVE /a%20b HTTP/1.1', 'Overwrite: F'],
        '',
      ],
      ['ne_delete', calls['ne_delete']!, ['DELETE /a HTTP/1.1'], ''],
      ['ne_mkcol', calls['ne_mkcol']!, ['MKCOL /a/ HTTP/1.1'], ''],
      ['ne_mkcol with a slash', (i, s) => i.ne_mkcol(s, '/a/'), ['MKCOL /a/ HTTP/1.1'], ''],
      ['ne_mkcol with an empty path', (i, s) => i.ne_mkcol(s, ''), ['MKCOL / HTTP/1.1'], ''],
    ])('sends the method, the fields and the body of %s', async (_, call, lines, body) => {
      const sent = await sentBy(call);
      for (const line of lines) expect(sent).toContain(`${line}\r\n`);
      expect(sent.slice(sent.indexOf('\r\n\r\n') + 4)).toBe(body);
      if (!lines.some((line) => line.startsWith('Depth'))) expect(sent).not.toContain('\r\nDepth:');
    });

    test.each<[string, Call]>([
      ['ne_copy', calls['ne_copy']!],
      ['ne_move', calls['ne_move']!],
    ])('sends only the path as the destination of %s with the flag of RFC 4918', async (_, call) => {
      const sent = await sentBy(call, (session) => ne.ne_set_session_flag(session, ne.NE_SESSFLAG_RFC4918, 1));
      expect(sent).toContain('\r\nDestination: /b\r\n');
    });

    test.each<[string, Call]>([
      ['ne_copy', (i, s) => i.ne_copy(s, 1, 0, '/a', `/${'b'.repeat(8192)}`)],
      ['ne_move', (i, s) => i.ne_move(s, 1, '/a', `/${'b'.repeat(8192)}`)],
    ])('rejects a destination of %s that C would truncate', async (_, call) => {
      const server = await serve(answering());
      expect(await failureOf(() => call(io, sessionWith(server), 0))).toEqual(outOfRange);
      expect(await receivedBy(server)).toEqual([]);
      const longest = 8191 - `http://127.0.0.1:${server.port}/`.length;
      const session = sessionWith(server);
      expect(await io.ne_move(session, 1, '/a', `/${'b'.repeat(longest)}`)).toBe(ne.NE_OK);
      expect((await receivedBy(server))[0]).toContain(`${'b'.repeat(longest)}\r\n`);
    });
  });

  test('returns NE_ERROR for a status that is not 2xx and keeps the connection', async () => {
    for (const [name, call] of available()) {
      const server = await serve(answering(name === 'ne_getmodtime' ? 'HTTP/1.1 404 Not Found\r\n\r\n' : notFound));
      const session = sessionWith(server);
      for (let times = 0; times < 2; times++) {
        const { result, content } = await files.filledBy((fd) => call(io, session, fd));
        expect([name, result, content]).toEqual([name, ne.NE_ERROR, '']);
        expect(ne.ne_get_error(session)).toContain('404');
      }
      expect([name, (await receivedBy(server)).length]).toEqual([name, 1]);
    }
  });

  test('returns NE_CONNECT without a server', async () => {
    const server = await serve(answering());
    await server.stop();
    for (const [name, call] of available()) {
      const { result } = await files.filledBy((fd) => call(io, sessionWith(server), fd));
      expect([name, result]).toEqual([name, ne.NE_CONNECT]);
    }
  });

  test('rejects calls while a request is between begin and end', async () => {
    const session = sessionWith(await serve(answering()));
    const request = await io.ne_request_create(session, 'GET', '/');
    expect(await io.ne_begin_request(request)).toBe(ne.NE_OK);
    for (const [, call] of available())
      expect(await failureOf(() => call(io, session, 1))).toEqual(neonError('ERR_NEON_ACTIVE_REQUEST'));
    expect(await io.ne_discard_response(request)).toBe(ne.NE_OK);
    expect(await io.ne_end_request(request)).toBe(ne.NE_OK);
    await io.ne_request_destroy(request);
    await io.ne_session_destroy(session);
  });

  test('rejects calls in callbacks of the same session', async () => {
    const session = sessionWith(await serve(answering()));
    const failures: unknown[] = [];
    ne.ne_hook_pre_send(session, () => {
      failures.push(...available().map(([, call]) => failureOf(() => call(surfaces[0]!.io, session, 1))));
    });
    expect(await io.ne_delete(session, '/a')).toBe(ne.NE_OK);
    expect(failures.length).toBe(available().length);
    for (const failure of await Promise.all(failures)) expect(failure).toEqual(reentrant);
  });

  test.each(Object.entries(newer))('rejects %s where neon is too old', async (name, call) => {
    const session = sessionWith(await serve(answering()));
    if (features.functions[name]) expect(await call(io, session, 0)).toBe(ne.NE_OK);
    else expect(await failureOf(() => call(io, session, 0))).toEqual(unsupported);
  });

  describe('file descriptors', () => {
    const body = 'line of a large body\n'.repeat(15_000);
    type Get = (session: ne.ne_session, fd: number) => Promise<number>;
    const gets: [string, Get][] = [
      ['ne_get', (session, fd) => io.ne_get(session, '/a', fd)],
      ['ne_post', (session, fd) => io.ne_post(session, '/a', fd, 'text')],
    ];

    test.each(gets)('writes the body of %s at the position of the file and leaves it open', async (_, get) => {
      const session = sessionWith(await serve(answering(response(body))));
      const { content } = await files.filledBy(async (fd) => {
        writeSync(fd, 'before ');
        expect(await get(session, fd)).toBe(ne.NE_OK);
        writeSync(fd, ' after');
      });
      expect(content === `before ${body} after`).toBe(true);
    });

    test.each(gets)(
      'fails in %s on a descriptor that cannot be written, and keeps the session usable',
      async (_, get) => {
        const server = await serve(answering(response(body)));
        const session = sessionWith(server);
        for (const [fd, text] of [
          [files.open('/dev/null', 'r'), /Bad file descriptor/],
          [1_000_000, /Bad file descriptor/],
          [files.open('/dev/full', 'w'), /No space left/],
        ] as const) {
          expect(await get(session, fd)).toBe(ne.NE_ERROR);
          expect(ne.ne_get_error(session)).toMatch(text);
        }
        expect(await get(session, files.open('/dev/null', 'w'))).toBe(ne.NE_OK);
        // Each failed call left its connection with an unread body, so every call opened a new connection.
        expect((await receivedBy(server)).length).toBe(4);
      },
    );

    test.each(gets)('fails in %s on a body that ends early', async (_, get) => {
      const cut = response(body).slice(0, 1000);
      const server = await serve(thenAnswering([...exchange(cut), { close: 'fin' }]));
      const session = sessionWith(server);
      const { result, content } = await files.filledBy((fd) => get(session, fd));
      expect(result).toBe(ne.NE_ERROR);
      expect(cut.endsWith(content)).toBe(true);
      expect(await get(session, files.open('/dev/null', 'w'))).toBe(ne.NE_OK);
    });

    test('sends the whole file from any position with ne_put', async () => {
      const server = await serve(answering(response('')));
      const session = sessionWith(server);
      const fd = files.holding(body);
      for (let times = 0; times < 2; times++) expect(await io.ne_put(session, '/a', fd)).toBe(ne.NE_OK);
      expect(fstatSync(fd).isFile()).toBe(true);
      const [sent] = await receivedBy(server);
      expect(sent!.split(body).length).toBe(3);
    });

    test('fails in ne_put on a descriptor that cannot be read, and keeps the session usable', async () => {
      const server = await serve(answering(response('')));
      const session = sessionWith(server);
      expect(await io.ne_put(session, '/a', 1_000_000)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toBe('Could not determine file size: Bad file descriptor');
      expect(await io.ne_put(session, '/a', files.open('/', 'r'))).toBe(ne.NE_ERROR);
      const written = files.open(files.path('written'), 'w');
      writeSync(written, 'x');
      expect(await io.ne_put(session, '/a', written)).toBe(ne.NE_ERROR);
      expect(await io.ne_put(session, '/a', files.open('/dev/null', 'r'))).toBe(ne.NE_OK); // of size 0
    });
  });

  describe('ranges', () => {
    const partial = (range: string | null, body: string): string =>
      response(body, { status: '206 Partial Content', headers: range === null ? {} : { 'Content-Range': range } });
    const wrong = 'Response did not include requested range';

    test.each<[string, ne.ne_content_range, string, number, string, string | null]>([
      ['the range itself', { start: 2, end: 4 }, partial('bytes 2-4/10', 'cde'), ne.NE_OK, 'cde', null],
      ['a range of an unknown total', { start: 2, end: 4 }, partial('bytes 2-4/*', 'cde'), ne.NE_OK, 'cde', null],
      ['one byte', { start: 0, end: 0 }, partial('bytes 0-0/10', 'a'), ne.NE_OK, 'a', null],
      ['the rest of the resource', { start: 7, end: -1 }, partial('bytes 7-9/10', 'hij'), ne.NE_OK, 'hij', null],
      ['another start', { start: 2, end: 4 }, partial('bytes 3-4/10', 'de'), ne.NE_ERROR, '', wrong],
      ['another end', { start: 2, end: 4 }, partial('bytes 2-49/100', 'cde'), ne.NE_ERROR, '', wrong],
      ['a 206 without a range', { start: 2, end: 4 }, partial(null, 'cde'), ne.NE_ERROR, '', wrong],
      ['another unit', { start: 2, end: 4 }, partial('lines 2-4/10', 'cde'), ne.NE_ERROR, '', wrong],
      ['a range without numbers', { start: 2, end: 4 }, partial('bytes', 'cde'), ne.NE_ERROR, '', wrong],
      ['an empty range', { start: 2, end: 4 }, partial('', 'cde'), ne.NE_ERROR, '', wrong],
      [
        'a 416',
        { start: 20, end: -1 },
        response('', { status: '416 Range Not Satisfiable' }),
        ne.NE_ERROR,
        '',
        'Range is not satisfiable',
      ],
      [
        'the whole resource',
        { start: 2, end: 4 },
        response('abcdefghij'),
        ne.NE_ERROR,
        '',
        'Resource does not support ranged GET requests',
      ],
      ['a 404', { start: 2, end: 4 }, notFound, ne.NE_ERROR, '', '404 Not Found'],
      ['a request for an end before the start', { start: 4, end: 2 }, notFound, ne.NE_ERROR, '', '404 Not Found'],
    ])('handles a response with %s', async (_, range, answer, result, content, error) => {
      const server = await serve(answering(answer));
      const session = sessionWith(server);
      const given = { ...range };
      expect(await files.filledBy((fd) => io.ne_get_range(session, '/a', given, fd))).toEqual({ result, content });
      if (error !== null) expect(ne.ne_get_error(session)).toBe(error);
      expect(given).toEqual(range);
      // The next call must not read the rest of this response.
      expect(await files.filledBy((fd) => io.ne_get_range(session, '/a', range, fd))).toEqual({ result, content });
      const connections = await receivedBy(server);
      expect(connections.length).toBe(error === wrong ? 2 : 1);
      const end = range.end === -1 ? '' : String(range.end);
      expect(connections[0]).toContain(`\r\nRange: bytes=${range.start}-${end}\r\nAccept-Ranges: bytes\r\n`);
    });

    test('sends ranges beyond 4 GiB, and 0 for missing fields', async () => {
      const server = await serve(answering(notFound));
      const session = sessionWith(server);
      const most = Number.MAX_SAFE_INTEGER;
      await io.ne_get_range(session, '/a', { start: most, end: most }, 1);
      await io.ne_get_range(session, '/a', {} as ne.ne_content_range, 1);
      const [sent] = await receivedBy(server);
      expect(sent!.match(/(?<=Range: )bytes=.*(?=\r)/g)).toEqual([`bytes=${most}-${most}`, 'bytes=0-0']);
    });

    test('throws if a getter destroys the session', async () => {
      const session = sessionWith(await serve(answering()));
      const range = {
        start: 0,
        get end(): number {
          ne.ne_session_destroy(session);
          return 1;
        },
      };
      expect(await failureOf(() => io.ne_get_range(session, '/a', range, 1))).toEqual(neonError('ERR_NEON_DESTROYED'));
    });
  });

  describe('ne_getmodtime', () => {
    const head = (...lines: string[]): string =>
      `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`;
    test.each<[string, string, number, number]>([
      ['a date', head('Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT'), ne.NE_OK, 784111777],
      ['a date of RFC 850', head('Last-Modified: Sunday, 06-Nov-94 08:49:37 GMT'), ne.NE_OK, 784111777],
      ['a date of asctime', head('Last-Modified: Sun Nov  6 08:49:37 1994'), ne.NE_OK, 784111777],
      ['no date', head(), ne.NE_OK, -1],
      ['an empty date', head('Last-Modified:'), ne.NE_OK, -1],
      ['garbage', head('Last-Modified: yesterday'), ne.NE_OK, -1],
      ['a long text', head(`Last-Modified: ${'9'.repeat(3000)}`), ne.NE_OK, -1],
      ['two dates', head('Last-Modified: x', 'Last-Modified: y'), ne.NE_OK, -1],
      [
        'a date in an error response',
        'HTTP/1.1 404 No\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\r\n',
        ne.NE_ERROR,
        -1,
      ],
    ])('gives the time, or -1, of %s', async (_, answer, result, time) => {
      const session = sessionWith(await serve(answering(answer)));
      const modtime = { value: 5 };
      expect([await io.ne_getmodtime(session, '/a', modtime), modtime.value]).toEqual([result, time]);
    });
  });

  describe('ne_options2', () => {
    const all =
      '1, 2, 3, <http://apache.org/dav/propset/fs/1>, access-control, version-control, checkout-in-place, ' +
      'version-history, workspace, update, label, working-resource, merge, baseline, activity, ' +
      'version-controlled-collection, extended-mkcol';
    // neon's ne_options2 does not look for "activity".
    const known = 0x1ffff & ~ne.NE_CAP_ACTIVITY;
    const untouched = 77;
    test.each<[string, string | null, number]>([
      ['all classes', all, known],
      ['one class', '1', ne.NE_CAP_DAV_CLASS1],
      ['some classes with odd blanks', ' \t1 ,2,\t access-control\t', 1 | 2 | ne.NE_CAP_DAV_ACL],
      ['unknown classes', 'x, 4, "1, 2"', 0],
      ['an open quote', '1, "2, 3', ne.NE_CAP_DAV_CLASS1],
      ['commas', ',,,', 0],
      ['an empty value', '', 0],
      ['a missing value', null, untouched],
      ['a long text', '1,'.repeat(1500), ne.NE_CAP_DAV_CLASS1],
    ])('parses a DAV header with %s', async (_, value, expected) => {
      const headers: Record<string, string> = value === null ? {} : { DAV: value };
      const session = sessionWith(await serve(answering(response('', { headers }))));
      const caps = { value: untouched };
      expect([await io.ne_options2(session, '/', caps), caps.value]).toEqual([ne.NE_OK, expected]);
      const old = { dav_class1: 7 };
      expect(await io.ne_options(session, '/', old)).toBe(ne.NE_OK);
      const bit = (mask: number): number => (expected !== untouched && expected & mask ? 1 : 0);
      expect(old).toEqual({
        dav_class1: bit(ne.NE_CAP_DAV_CLASS1),
        dav_class2: bit(ne.NE_CAP_DAV_CLASS2),
        dav_executable: bit(ne.NE_CAP_MODDAV_EXEC),
      });
    });

    test('reports the capabilities of an error response, too', async () => {
      const answer = response('', { status: '403 No', headers: { DAV: '1' } });
      const session = sessionWith(await serve(answering(answer)));
      const caps = { value: 0 };
      expect([await io.ne_options2(session, '/', caps), caps.value]).toEqual([ne.NE_ERROR, 1]);
    });
  });

  describe('requests', () => {
    const types: [string | null, Partial<ne.ne_content_type> | null][] = [
      ['text/html; charset=utf-8', { type: 'text', subtype: 'html', charset: 'utf-8', value: 'text' }],
      ['application/xml', { type: 'application', subtype: 'xml', charset: null, value: 'application' }],
      ['a/b; x=y; charset="u"; z', { type: 'a', subtype: 'b', charset: 'u', value: 'a' }],
      ['a/b;', { type: 'a', subtype: 'b', charset: null, value: 'a' }],
      ['/', { type: '', subtype: '', charset: null, value: '' }],
      ['a/b/c \t', { type: 'a', subtype: 'b/c', charset: null, value: 'a' }],
      ['a/b; charset="u', { type: 'a', subtype: 'b', charset: null, value: 'a' }],
      ['a/b; charset=', { type: 'a', subtype: 'b', charset: '', value: 'a' }],
      [`a/${'b'.repeat(1000)};${'"x";'.repeat(400)}`, { type: 'a', subtype: 'b'.repeat(1000), charset: null }],
      ['text', null],
      ['', null],
      [null, null],
    ];
    const titled = types.map(([value, expected]) => [String(value).slice(0, 30), value, expected] as const);
    test.each(titled)('gives the content type of %s', async (_, value, expected) => {
      const headers: Record<string, string> = value === null ? {} : { 'Content-Type': value };
      const session = sessionWith(await serve(answering(response('', { headers }))));
      const request = await io.ne_request_create(session, 'GET', '/');
      const before = { value: 'before' };
      expect(ne.ne_get_content_type(request, before)).not.toBe(0);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      const type = { ...before };
      const result = ne.ne_get_content_type(request, type);
      if (expected) {
        expect(result).toBe(0);
        expect(type).toMatchObject(expected);
      } else {
        expect(result).not.toBe(0);
        expect(type).toEqual(before);
      }
    });

    test('adds the depth to a request', async () => {
      const server = await serve(answering());
      const request = await io.ne_request_create(sessionWith(server), 'PROPFIND', '/');
      for (const depth of [ne.NE_DEPTH_ZERO, ne.NE_DEPTH_ONE, ne.NE_DEPTH_INFINITE, -5])
        ne.ne_add_depth_header(request, depth);
      expect(await io.ne_request_dispatch(request)).toBe(ne.NE_OK);
      const [sent] = await receivedBy(server);
      expect(sent!.match(/(?<=Depth: ).*(?=\r)/g)).toEqual(['0', '1', 'infinity', 'infinity']);
    });
  });

  describe('hooks on the requests that neon makes', () => {
    test('lets a hook change a request, which is borrowed and ends with the call', async () => {
      const server = await serve(answering());
      const session = sessionWith(server);
      const events: unknown[] = [];
      let met: ne.ne_request | undefined;
      ne.ne_hook_create_request(session, (request, method, path) => {
        met = request;
        events.push(['create', method, path]);
        ne.ne_add_request_header(request, 'X-Hook', 'yes');
        ne.ne_set_request_private(request, 'id', 'mine');
      });
      ne.ne_hook_post_headers(session, (request, { code }) => {
        events.push(['headers', request === met, code, ne.ne_get_response_header(request, 'Content-Length')]);
      });
      ne.ne_hook_post_send(session, (request) => {
        events.push(['sent', request === met, ne.ne_get_request_private(request, 'id')]);
      });
      ne.ne_hook_destroy_request(session, (request) => {
        events.push(['destroy', request === met, ne.ne_get_status(request).code]);
      });
      const { result, content } = await files.filledBy((fd) => io.ne_get(session, '/a', fd));
      expect([result, content]).toEqual([ne.NE_OK, 'hello']);
      const expected = [
        ['create', 'GET', '/a'],
        ['headers', true, 200, '5'],
        ['sent', true, 'mine'],
        ['destroy', true, 200],
      ];
      expect(events).toEqual(expected);
      expect((await receivedBy(server))[0]).toContain('\r\nX-Hook: yes\r\n');
      expect(() => ne.ne_get_status(met!)).toThrow(neonError('ERR_NEON_DESTROYED'));
      await io.ne_session_destroy(session);
    });

    test('runs hooks that are added later for each later request, to its end', async () => {
      const session = sessionWith(await serve(answering()));
      ne.ne_hook_create_request(session, () => {});
      expect(await io.ne_delete(session, '/a')).toBe(ne.NE_OK);
      const seen: ne.ne_request[] = [];
      const note = (request: ne.ne_request): void => {
        expect(ne.ne_get_status(request).code).toBe(200);
        seen.push(request);
      };
      const adding = (request: ne.ne_request): void => {
        note(request);
        if (seen.length === 1) ne.ne_hook_destroy_request(session, note);
      };
      ne.ne_hook_destroy_request(session, adding);
      for (let count = 0; count < 3; count++) expect(await io.ne_delete(session, '/a')).toBe(ne.NE_OK);
      expect(new Set(seen).size).toBe(3);
      expect(seen.length).toBeGreaterThanOrEqual(5);
      for (const request of seen) expect(() => ne.ne_get_status(request)).toThrow(neonError('ERR_NEON_DESTROYED'));
      await io.ne_session_destroy(session);
    });

    test('rejects a call with the error of a hook and leaves the out-parameter unchanged', async () => {
      const session = sessionWith(await serve(answering(response('', { headers: { DAV: '1' } }))));
      const reason = new Error('the reason');
      const hook = (): never => {
        throw reason;
      };
      ne.ne_hook_post_send(session, hook);
      const caps = { value: 5 };
      await expect((async () => io.ne_options2(session, '/', caps))()).rejects.toBe(reason);
      expect(caps.value).toBe(5);
      ne.ne_unhook_post_send(session, hook);
      expect(await io.ne_options2(session, '/', caps)).toBe(ne.NE_OK);
      await io.ne_session_destroy(session);
    });
  });

  describe('nephele', () => {
    let server: Nephele;
    beforeAll(async () => {
      server = await startNephele();
    });
    afterAll(async () => {
      await server.stop();
    });

    test('creates, copies, moves, reads and deletes a resource', async () => {
      const session = sessionWith(server);
      const text = 'hello\n'.repeat(1000);
      const folder = asynchronous ? '/promises' : '/blocking';
      expect(await io.ne_mkcol(session, folder)).toBe(ne.NE_OK);
      expect(await io.ne_mkcol(session, `${folder}/`)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toMatch(/405/);
      expect(await io.ne_put(session, `${folder}/a.txt`, files.holding(text))).toBe(ne.NE_OK);
      expect(await io.ne_copy(session, false, ne.NE_DEPTH_ZERO, `${folder}/a.txt`, `${folder}/b.txt`)).toBe(ne.NE_OK);
      expect(await io.ne_copy(session, false, ne.NE_DEPTH_ZERO, `${folder}/a.txt`, `${folder}/b.txt`)).toBe(
        ne.NE_ERROR,
      );
      expect(ne.ne_get_error(session)).toMatch(/412/);
      expect(await io.ne_move(session, true, `${folder}/a.txt`, `${folder}/b.txt`)).toBe(ne.NE_OK);
      expect(await files.filledBy((fd) => io.ne_get(session, `${folder}/b.txt`, fd))).toEqual({
        result: ne.NE_OK,
        content: text,
      });
      expect((await files.filledBy((fd) => io.ne_get(session, `${folder}/a.txt`, fd))).result).toBe(ne.NE_ERROR);
      expect(
        await files.filledBy((fd) => io.ne_get_range(session, `${folder}/b.txt`, { start: 6, end: 10 }, fd)),
      ).toEqual({ result: ne.NE_OK, content: 'hello' });
      const modtime = { value: 0 };
      expect(await io.ne_getmodtime(session, `${folder}/b.txt`, modtime)).toBe(ne.NE_OK);
      expect(Math.abs(modtime.value - Date.now() / 1000)).toBeLessThan(60);
      const caps = { value: 0 };
      expect(await io.ne_options2(session, `${folder}/`, caps)).toBe(ne.NE_OK);
      expect(caps.value & (ne.NE_CAP_DAV_CLASS1 | ne.NE_CAP_DAV_CLASS2 | ne.NE_CAP_DAV_CLASS3)).toBe(7);
      expect(await io.ne_delete(session, `${folder}/`)).toBe(ne.NE_OK);
      expect(await io.ne_delete(session, `${folder}/`)).toBe(ne.NE_ERROR);
      await io.ne_session_destroy(session);
    });
  });
});

describe('descriptors in calls that return promises', () => {
  const body = 'x'.repeat(1_000_000);

  test('uses descriptors that are closed once the call has been made', async () => {
    const session = sessionWith(await serve(answering()));
    const file = files.path('file');
    const [reading, writing] = [files.holding('content'), openSync(file, 'w')];
    const done = Promise.all([promises.ne_put(session, '/a', reading), promises.ne_get(session, '/a', writing)]);
    files.close(reading);
    closeSync(writing);
    expect(await done).toEqual([ne.NE_OK, ne.NE_OK]);
    expect(readFileSync(file, 'utf8')).toBe('hello');
  });

  test('writes nothing after an abort to a closed descriptor, even if its number is reused', async () => {
    const session = sessionWith(await serve(answering(response(body))));
    const { from, to } = files.pipe();
    const controller = new AbortController();
    const call = promises.ne_get(session, '/a', to, { signal: controller.signal });
    await sleep(50);
    controller.abort('the reason');
    await expect(call).rejects.toBe('the reason');
    files.close(to);
    const other = files.path('other');
    // The system assigns lower numbers first.
    for (let tries = 0; files.open(other, 'w') !== to; tries++) expect(tries).toBeLessThan(1000);
    files.close(from);
    expect(await promises.ne_delete(session, '/a')).toBe(ne.NE_OK); // now the lane has left the aborted call
    expect(readFileSync(other, 'utf8')).toBe('');
  });

  test('rejects a call at its deadline', async () => {
    const server = await serve(thenAnswering([{ read: 'request' }, { hang: 'reading' }]));
    const session = sessionWith(server);
    const modtime = { value: 5 };
    const call = promises.ne_getmodtime(session, '/a', modtime, { timeout: 100 });
    expect(await failureOf(() => call)).toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
    expect(modtime.value).toBe(5);
    expect(await promises.ne_getmodtime(session, '/a', modtime)).toBe(ne.NE_OK);
  });
});
