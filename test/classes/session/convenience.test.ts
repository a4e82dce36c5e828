/** Tests list, stat, exists, quota, mkcol with parents, report and search, in their asynchronous and blocking forms. */
import { NeonError, type Response, Session } from 'libneon';
import { response, type Step } from '../../servers/raw.js';
import { failureOf, wrongType, wrongValue } from '../../support/expect.js';
import { clients, type Methods } from '../../support/methods.js';
import { answering, exchange, receivedBy, stalling, testServers } from '../../support/servers.js';

const serve = testServers();

const propstat = (properties: string, status = '200 OK'): string =>
  `<D:propstat><D:prop>${properties}</D:prop><D:status>HTTP/1.1 ${status}</D:status></D:propstat>`;
const found = (href: string, properties = ''): string =>
  `<D:response><D:href>${href}</D:href>${propstat(properties)}</D:response>`;
const failed = (href: string, status: string): string =>
  `<D:response><D:href>${href}</D:href><D:status>HTTP/1.1 ${status}</D:status></D:response>`;
const folder = (href: string): string => found(href, '<D:resourcetype><D:collection/></D:resourcetype>');
const file = (href: string, more = ''): string => found(href, `<D:resourcetype/>${more}`);
const multistatus = (...responses: string[]): string =>
  response(`<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:x="urn:x">${responses.join('')}</D:multistatus>`, {
    status: '207 Multi-Status',
    headers: { 'Content-Type': 'application/xml' },
  });
const status = (line: string): string => response('', { status: line });

describe.each(clients)('%s', (form, connect, of) => {
  const open = async (...answers: string[]): Promise<{ methods: Methods; sent: () => Promise<string> }> => {
    const steps: Step[] =
      answers.length === 1 ? [...answering(answers[0]).connections![0]!] : answers.flatMap(exchange);
    const server = await serve({ connections: [steps], rest: 'repeat-last' });
    const client = connect(`http://127.0.0.1:${server.port}/dav/`);
    opened.push(client);
    return { methods: of(client), sent: async () => (await receivedBy(server)).join('') };
  };
  const opened: { close(): Promise<unknown> }[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((client) => client.close())));

  const lines = async (sent: () => Promise<string>): Promise<string[]> =>
    (await sent()).match(/^[A-Z]+ \S+(?= HTTP)/gm) ?? [];

  describe('list', () => {
    test('gives the members without the collection itself', async () => {
      const { methods, sent } = await open(
        multistatus(
          file(
            '/dav/a%20b.txt',
            '<D:getcontentlength>5</D:getcontentlength><D:getetag>"e"</D:getetag><D:getcontenttype>text/plain</D:getcontenttype>' +
              '<D:getlastmodified>Thu, 29 Feb 2024 12:00:00 GMT</D:getlastmodified><D:creationdate>2024-02-29T11:00:00Z</D:creationdate><x:p>1</x:p>',
          ),
          folder('/dav/'),
          folder('/dav/sub/'),
        ),
      );
      const [one, other, ...more] = await methods.list('', { props: ['{urn:x}p', 'getetag'] });
      expect(one).toMatchObject({
        path: '/dav/a%20b.txt',
        name: 'a b.txt',
        type: 'file',
        size: 5,
        etag: '"e"',
        contentType: 'text/plain',
        modified: new Date('2024-02-29T12:00:00Z'),
        created: new Date('2024-02-29T11:00:00Z'),
      });
      expect(one!.props['{urn:x}p']).toBe('1');
      expect(other).toEqual({
        path: '/dav/sub/',
        name: 'sub',
        type: 'directory',
        size: null,
        etag: null,
        contentType: null,
        modified: null,
        created: null,
        props: { resourcetype: ['collection'] },
      });
      expect(more).toEqual([]);
      const text = await sent();
      expect(text).toContain('\r\nDepth: 1\r\n');
      expect(text.match(/<getetag /g)).toHaveLength(1);
      expect(text).toContain('<p xmlns="urn:x"/>');
    });

    test.each([
      ['another case of escapes', '/d%C3%A4v/', ['/d%c3%a4v/', '/d%c3%a4v/x']],
      ['other characters escaped', '/d(a)v/', ['/d%28a%29v', '/d%28a%29v/x']],
      ['a URI', '/dav/', ['http://other.example/dav/', 'http://other.example/dav/x']],
      ['no final slash', '/dav', ['/dav/', '/dav/x']],
      ['another path, as behind a proxy', '/dav/', ['/inside/dav/x', '/inside/dav/']],
      ['another path and no members', '/dav/', ['/inside/dav/']],
      ['an empty href', '/dav/', ['', '/dav/x']],
    ])('finds the collection itself with %s', async (_, target, hrefs) => {
      const { methods } = await open(multistatus(...hrefs.map((href) => folder(href))));
      const names = (await methods.list(target)).map(({ name }) => name);
      expect(names).toEqual(hrefs.length === 1 ? [] : ['x']);
    });

    test('gives a name that is not UTF-8 as it is', async () => {
      const { methods } = await open(multistatus(folder('/dav/'), file('/dav/%ff')));
      expect(await methods.list('')).toMatchObject([{ name: '%ff', path: '/dav/%ff' }]);
    });

    test('keeps a member that the server does not describe, with its error', async () => {
      const { methods } = await open(multistatus(folder('/dav/'), failed('/dav/x', '403 Forbidden')));
      expect(await methods.list('')).toMatchObject([{ name: 'x', type: 'file', error: { status: 403 } }]);
    });

    test('rejects when the server truncates the listing', async () => {
      const { methods } = await open(multistatus(file('/dav/x'), failed('/dav/', '507 Insufficient Storage')));
      expect(await failureOf(() => methods.list(''))).toMatchObject({
        code: 'ERR_NEON_STATUS',
        status: 507,
        method: 'PROPFIND',
        failures: [{ href: '/dav/', status: 507 }],
      });
    });

    test('rejects for a file, for an unreadable path and for another document', async () => {
      const one = await open(multistatus(file('/dav/')));
      expect(await failureOf(() => one.methods.list(''))).toMatchObject({
        code: 'NE_ERROR',
        message: expect.stringMatching(/^PROPFIND http.*\/dav\/: the resource is not a collection$/) as string,
      });
      const other = await open(multistatus(folder('/dav/'), file('mailto:k')));
      expect((await failureOf(() => other.methods.list(''))).message).toContain("lists 'mailto:k', which is no path");
      const third = await open(response('hello'));
      expect(await failureOf(() => third.methods.list(''))).toMatchObject({ code: 'NE_ERROR' });
    });
  });

  describe('stat', () => {
    test('describes one resource', async () => {
      const { methods, sent } = await open(multistatus(file('/dav/a', '<D:getcontentlength>7</D:getcontentlength>')));
      expect(await methods.stat('a')).toMatchObject({ path: '/dav/a', name: 'a', type: 'file', size: 7 });
      expect(await sent()).toContain('\r\nDepth: 0\r\n');
    });

    test('finds the resource among others, and rejects without it', async () => {
      const one = await open(multistatus(file('/dav/b'), folder('/dav/a/')));
      expect(await one.methods.stat('a')).toMatchObject({ path: '/dav/a/', type: 'directory' });
      const none = await open(multistatus());
      expect(await failureOf(() => none.methods.stat('a'))).toMatchObject({ code: 'NE_ERROR', target: '/dav/a' });
    });

    test('rejects with the status of the response and of the entry', async () => {
      for (const answer of [status('404 Not Found'), multistatus(failed('/dav/a', '404 Not Found'))]) {
        const { methods } = await open(answer);
        expect(await failureOf(() => methods.stat('a'))).toMatchObject({ code: 'ERR_NEON_STATUS', status: 404 });
      }
    });
  });

  test.each([
    ['404 Not Found', false],
    ['410 Gone', false],
  ])('exists is false for %s', async (line, expected) => {
    for (const answer of [status(line), multistatus(failed('/dav/a', line))]) {
      const { methods } = await open(answer);
      expect(await methods.exists('a')).toBe(expected);
    }
  });

  test('exists is true for a resource, and rejects for other failures', async () => {
    const { methods } = await open(multistatus(file('/dav/a')));
    expect(await methods.exists('a')).toBe(true);
    for (const line of ['403 Forbidden', '500 No', '401 Unauthorized', '301 Moved']) {
      const other = await open(status(line));
      expect(await failureOf(() => other.methods.exists('a'))).toBeInstanceOf(NeonError);
    }
    const html = await open(response('<html/>', { headers: { 'Content-Type': 'text/html' } }));
    expect(await failureOf(() => html.methods.exists('a'))).toMatchObject({ code: 'NE_ERROR' });
  });

  test.each([
    ['both numbers', '100', '23', { available: 100, used: 23 }],
    ['zero', '0', ' 0 ', { available: 0, used: 0 }],
    ['negative numbers and no number', '-3', 'much', { available: null, used: null }],
  ])('quota reads %s', async (_, available, used, expected) => {
    const { methods, sent } = await open(
      multistatus(
        found(
          '/dav/',
          `<D:quota-available-bytes>${available}</D:quota-available-bytes><D:quota-used-bytes>${used}</D:quota-used-bytes>`,
        ),
      ),
    );
    expect(await methods.quota('')).toEqual(expected);
    expect(await sent()).toMatch(/<quota-available-bytes [^]*<quota-used-bytes /);
  });

  test('quota has null for what the server does not report', async () => {
    const { methods } = await open(
      multistatus(
        `<D:response><D:href>/dav/</D:href>${propstat('<D:quota-used-bytes/>', '404 Not Found')}</D:response>`,
      ),
    );
    expect(await methods.quota('')).toEqual({ available: null, used: null });
  });

  describe('mkcol with recursive', () => {
    const mkcolWithParents = (methods: Methods, target: string, options: object = {}): Promise<Response | undefined> =>
      methods.mkcol(target, { ...options, recursive: true } as never);

    test('creates missing parents, and sends the body only for the collection', async () => {
      const { methods, sent } = await open(
        status('409 Conflict'),
        status('404 Not Found'),
        status('201 Created'),
        status('201 Created'),
        status('201 Created'),
      );
      const result = await mkcolWithParents(methods, 'a/b/c', { body: 'extended\n' });
      expect(result?.status).toBe(201);
      expect(await lines(sent)).toEqual([
        'MKCOL /dav/a/b/c/',
        'MKCOL /dav/a/b/',
        'MKCOL /dav/a/',
        'MKCOL /dav/a/b/',
        'MKCOL /dav/a/b/c/',
      ]);
      expect((await sent()).match(/extended/g)).toHaveLength(2);
    });

    test('resolves to undefined for a collection that exists', async () => {
      const { methods, sent } = await open(status('405 Method Not Allowed'), multistatus(folder('/dav/a/')));
      expect(await mkcolWithParents(methods, 'a')).toBeUndefined();
      expect(await lines(sent)).toEqual(['MKCOL /dav/a/', 'PROPFIND /dav/a/']);
    });

    test('rejects for a file of that name, and for another failure', async () => {
      const { methods } = await open(status('405 Method Not Allowed'), multistatus(file('/dav/a')));
      expect(await failureOf(() => mkcolWithParents(methods, 'a'))).toMatchObject({ status: 405, method: 'MKCOL' });
      const other = await open(status('507 Full'), status('404 Not Found'));
      expect(await failureOf(() => mkcolWithParents(other.methods, 'a'))).toMatchObject({ status: 507 });
      const gone = await open(status('403 Forbidden'), status('500 No'));
      expect(await failureOf(() => mkcolWithParents(gone.methods, 'a'))).toMatchObject({ status: 403 });
    });

    test('ends at the root of the server', async () => {
      const { methods, sent } = await open(status('409 Conflict'));
      expect(await failureOf(() => mkcolWithParents(methods, '/a/b'))).toMatchObject({ status: 409, target: '/a/' });
      expect(await lines(sent)).toEqual(['MKCOL /a/b/', 'MKCOL /a/', 'PROPFIND /a/']);
    });
  });

  describe('report and search', () => {
    const document = '<?xml version="1.0"?><sync-collection xmlns="DAV:"><sync-token/></sync-collection>';

    test('sends the document and reads the token and removed members', async () => {
      const { methods, sent } = await open(
        multistatus(
          found('/dav/a', '<D:getetag>"1"</D:getetag>'),
          failed('/dav/b', '404 Not Found'),
          '<D:sync-token> urn:sync:5\n</D:sync-token>',
        ),
      );
      const entries = await methods.report('', document);
      expect(entries).toMatchObject([
        { href: '/dav/a', props: { getetag: '"1"' } },
        { href: '/dav/b', props: {}, error: { status: 404 } },
      ]);
      expect(entries.syncToken).toBe('urn:sync:5');
      expect(Object.keys(entries)).toEqual(['0', '1']);
      expect(await sent()).toMatch(/^REPORT \/dav\/ HTTP[^]*\r\nDepth: 0\r\n/);
      expect(await sent()).toContain(`\r\n\r\n${document}`);
      expect(await sent()).toContain('\r\nContent-Type: application/xml');
    });

    test('has no token where the server sends none', async () => {
      const { methods } = await open(multistatus());
      expect((await methods.report('', document)).syncToken).toBeNull();
      expect((await methods.propfind('')).syncToken).toBeNull();
    });

    test('sends the depth of the options, and none for a search', async () => {
      const { methods, sent } = await open(multistatus());
      await methods.report('', document, { depth: 1, headers: { 'X-Own': '1' } });
      expect(await sent()).toMatch(/\r\nDepth: 1\r\n[^]*\r\nX-Own: 1\r\n/);
      const other = await open(multistatus(file('/dav/a')));
      expect(await other.methods.search('', '<searchrequest xmlns="DAV:"/>')).toMatchObject([{ href: '/dav/a' }]);
      expect(await other.sent()).toMatch(/^SEARCH \/dav\/ HTTP/);
      expect(await other.sent()).not.toContain('Depth');
    });

    test('rejects a status, and a document that is no multi-status', async () => {
      const { methods } = await open(status('403 Forbidden'));
      expect(await failureOf(() => methods.report('', document))).toMatchObject({
        code: 'ERR_NEON_STATUS',
        method: 'REPORT',
        status: 403,
      });
      const other = await open(response('BEGIN:VCALENDAR', { headers: { 'Content-Type': 'text/calendar' } }));
      expect(await failureOf(() => other.methods.search('', document))).toMatchObject({
        code: 'NE_ERROR',
        method: 'SEARCH',
      });
    });

    test('refuses invalid documents and options', async () => {
      const { methods } = await open(multistatus());
      for (const name of ['report', 'search'] as const) {
        expect(await failureOf(() => methods[name]('', undefined as never))).toEqual(wrongType);
        expect(await failureOf(() => methods[name]('', ''))).toMatchObject({ code: 'ERR_INVALID_ARG_VALUE' });
        expect(await failureOf(() => methods[name]('', 'x', { dept: 1 } as never))).toMatchObject({
          message: expect.stringContaining('"dept"') as string,
        });
      }
      expect(await failureOf(() => methods.report('', 'x', { depth: 2 as never }))).toEqual(wrongValue);
      expect(await failureOf(() => methods.search('', 'x', { depth: 1 } as never))).toEqual(wrongValue);
    });
  });

  describe('patchRange', () => {
    const capable = (dav: string): string => response('', { headers: { DAV: dav } });
    const patch = capable('1, 3, extended-mkcol, sabredav-partialupdate');
    const put = capable('1,2, <http://apache.org/dav/propset/fs/1>');

    test('sends a PATCH to SabreDAV', async () => {
      const { methods, sent } = await open(patch, status('204 No Content'));
      const { status: code } = await methods.patchRange('a', { start: 3 }, 'abc', { headers: { 'If-Match': '"1"' } });
      expect(code).toBe(204);
      const [asked, changed] = (await sent()).split(/(?=PATCH)/);
      expect(asked).toMatch(/^OPTIONS \/dav\/a HTTP/);
      expect(asked).not.toContain('If-Match');
      for (const line of [
        'PATCH /dav/a HTTP/1.1',
        'Content-Type: application/x-sabredav-partialupdate',
        'X-Update-Range: bytes=3-5',
        'Content-Length: 3',
        'If-Match: "1"',
      ])
        expect(changed).toContain(`${line}\r\n`);
      expect(changed).toMatch(/\r\n\r\nabc$/);
    });

    test('sends a PUT with Content-Range to mod_dav', async () => {
      const { methods, sent } = await open(put, status('204 No Content'));
      await methods.patchRange('a', { start: 0, end: 2 }, Buffer.from('abc'));
      expect(await sent()).toMatch(/PUT \/dav\/a HTTP[^]*\r\nContent-Range: bytes 0-2\/\*\r\n/);
      expect((await sent()).match(/Content-Length: /g)).toHaveLength(1);
    });

    test('asks nothing where the option says how', async () => {
      const { methods, sent } = await open(status('204 No Content'));
      await methods.patchRange('a', { start: 0 }, 'x', { partialUpdate: 'put' });
      await methods.patchRange('a', { start: 0 }, 'x', { partialUpdate: 'patch' });
      expect(await lines(sent)).toEqual(['PUT /dav/a']); // the bodies have no line ends
      expect(await sent()).not.toContain('OPTIONS');
      expect(await sent()).toContain('xPATCH /dav/a HTTP');
    });

    test.each(['1, 2', '', '1, sabredav-partialupdates', '<http://apache.org/dav/propset/svn/1>'])(
      'refuses a server that names neither way: %j',
      async (dav) => {
        const { methods, sent } = await open(capable(dav));
        expect(await failureOf(() => methods.patchRange('a', { start: 0 }, 'x'))).toMatchObject({
          code: 'ERR_NEON_UNSUPPORTED',
          target: '/dav/a',
        });
        expect(await lines(sent)).toEqual(['OPTIONS /dav/a']);
      },
    );

    test('rejects the status of the question and of the change', async () => {
      const { methods } = await open(status('403 Forbidden'));
      expect(await failureOf(() => methods.patchRange('a', { start: 0 }, 'x'))).toMatchObject({ status: 403 });
      const other = await open(patch, status('416 Range Not Satisfiable'));
      expect(await failureOf(() => other.methods.patchRange('a', { start: 9 }, 'x'))).toMatchObject({
        method: 'PATCH',
        status: 416,
      });
    });

    test('refuses ranges and bodies that do not fit', async () => {
      const { methods, sent } = await open(put);
      const call = (range: unknown, body: unknown = 'abc', options?: object): Promise<Error> =>
        failureOf(() => methods.patchRange('a', range as never, body as never, options));
      expect(await call({ start: 0, end: 1 })).toEqual(wrongValue);
      expect(await call({ start: 2, end: 1 })).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(await call({ start: -1 })).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
      expect(await call({ start: 0 }, '')).toEqual(wrongValue);
      expect(await call({ start: 0 }, { file: 'x' })).toEqual(wrongValue);
      expect(await call({ start: 0, ende: 3 })).toEqual(wrongValue);
      expect(await call(undefined)).toEqual(wrongType);
      expect(await call({ start: 0 }, 'x', { partialUpdate: 'post' })).toEqual(wrongValue);
      expect(await call({ start: 0 }, 'x', { body: 'y' })).toEqual(wrongValue);
      expect(await call({ start: 0, end: 3 }, undefined)).toEqual(wrongValue);
      expect(await sent()).toBe('');
    });
  });

  test('refuses unknown options and targets', async () => {
    const { methods, sent } = await open(multistatus(folder('/dav/')));
    const calls = [
      (options: object) => methods.list('', options),
      (options: object) => methods.stat('', options),
      (options: object) => methods.exists('', options),
      (options: object) => methods.quota('', options),
      (options: object) => methods.mkcol('', options),
    ];
    for (const call of calls) {
      expect(await failureOf(() => call({ heders: {} }))).toMatchObject({
        code: 'ERR_INVALID_ARG_VALUE',
        message: expect.stringContaining('"heders"') as string,
      });
      expect(await failureOf(() => call(5 as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
    expect(await failureOf(() => methods.list('', { props: 'getetag' } as never))).toEqual(wrongType);
    expect(await failureOf(() => methods.exists('', { props: [] } as never))).toEqual(wrongValue);
    expect(await failureOf(() => methods.mkcol('', { recursive: 1 } as never))).toEqual(wrongType);
    expect(await failureOf(() => methods.list('a b'))).toMatchObject({ code: 'ERR_INVALID_CHAR' });
    if (form === 'blocking')
      for (const call of calls)
        expect(await failureOf(() => call({ signal: new AbortController().signal }))).toEqual(wrongValue);
    expect(await sent()).toBe('');
  });
});

test('the timeout and the signal cover all requests of a method', async () => {
  const server = await serve({
    connections: [[...exchange(status('405 No')), ...stalling()]],
    rest: 'repeat-last',
  });
  await using session = Session.open(`http://127.0.0.1:${server.port}/`);
  const since = performance.now();
  const timedOut = session.mkcol('/a', { recursive: true, timeout: 150 });
  expect(await failureOf(() => timedOut)).toMatchObject({ code: 'NE_TIMEOUT', method: 'PROPFIND' });
  expect(performance.now() - since).toBeLessThan(2000);
  const reason = new Error('stop');
  const aborted = session.mkcol('/a', { recursive: true, signal: AbortSignal.abort(reason) });
  expect(await failureOf(() => aborted)).toBe(reason);
});

test('a listing has the token of its report when its iteration has ended', async () => {
  const server = await serve(answering(multistatus(file('/a'), '<D:sync-token>urn:5</D:sync-token>')));
  await using session = Session.open(`http://127.0.0.1:${server.port}/`);
  const listing = session.report('/', '<x/>');
  expect(listing.syncToken).toBeNull();
  for await (const { href } of listing) expect(href).toBe('/a');
  expect(listing.syncToken).toBe('urn:5');
});
