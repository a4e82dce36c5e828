/** Tests listings: each resource has its exact name, and only multi-status documents are accepted. */
import { type Entry, NeonError, Session, SessionPool } from 'libneon';
import { placeOf } from '../../../lib/classes/href.js';
import { response } from '../../servers/raw.js';
import { failureOf } from '../../support/expect.js';
import { answering, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

type Listed = (port: number, target: string, base: string) => Promise<Entry[]>;

async function collect<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of iterable) all.push(one);
  return all;
}

const withSession =
  (list: (session: Session, target: string) => Promise<Entry[]>): Listed =>
  async (port, target, base) => {
    using session = Session.open(`http://127.0.0.1:${port}${base}`);
    return await list(session, target);
  };

const withPool =
  (list: (pool: SessionPool, target: string) => Promise<Entry[]>): Listed =>
  async (port, target, base) => {
    await using pool = new SessionPool(`http://127.0.0.1:${port}${base}`);
    return await list(pool, target);
  };

/** All ways to get the entries. */
const ways: [string, Listed][] = [
  ['awaited propfind', withSession(async (session, target) => session.propfind(target))],
  ['iterated propfind', withSession((session, target) => collect(session.propfind(target)))],
  ['propfindSync', withSession(async (session, target) => session.propfindSync(target))],
  ['awaited propNames', withSession(async (session, target) => session.propNames(target))],
  ['propNamesSync', withSession(async (session, target) => session.propNamesSync(target))],
  ['awaited propfind of a pool', withPool(async (pool, target) => pool.propfind(target))],
  ['iterated propNames of a pool', withPool((pool, target) => collect(pool.propNames(target)))],
];

const page = (body: string, status = '207 Multi-Status', type = 'application/xml; charset=utf-8'): string =>
  response(body, { status, headers: { 'Content-Type': type } });
const multistatus = (content: string): string =>
  `<?xml version="1.0" encoding="utf-8"?>\n<D:multistatus xmlns:D="DAV:" xmlns:x="http://x/">${content}</D:multistatus>`;
const propstat = (properties: string, status = 'HTTP/1.1 200 OK', more = ''): string =>
  `<D:propstat><D:prop>${properties}</D:prop><D:status>${status}</D:status>${more}</D:propstat>`;
const resource = (content: string, href = '/dav/a'): string =>
  `<D:response><D:href>${href}</D:href>${content}</D:response>`;
const named = (href: string): string => resource(propstat('<x:a>1</x:a>'), href);

const inXml = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

describe.each(ways)('%s', (_, list) => {
  const listed = async (content: string, target = '/dav/', base = '/'): Promise<Entry[]> => {
    const server = await serve(answering(page(multistatus(content))));
    const entries = await list(server.port, target, base);
    for (const entry of entries) if (entry.uri !== null) entry.uri = entry.uri.replace(String(server.port), 'PORT');
    return entries;
  };

  test.each([
    ['a space', '/dav/a b', '/dav/a%20b'],
    ['spaces at its end', '/dav/a  ', '/dav/a%20%20'],
    ['letters beyond ASCII', '/dav/üñ€日𝄞', '/dav/%C3%BC%C3%B1%E2%82%AC%E6%97%A5%F0%9D%84%9E'],
    ['brackets', '/dav/[a]{b}', '/dav/%5Ba%5D%7Bb%7D'],
    ['other characters', '/dav/|^"\\<>`', '/dav/%7C%5E%22%5C%3C%3E%60'],
    ['#', '/dav/report#draft', '/dav/report%23draft'],
    ['# at its beginning', '/dav/#draft', '/dav/%23draft'],
    ['# at its end', '/dav/report#', '/dav/report%23'],
    ['?', '/dav/what?', '/dav/what%3F'],
    ['a query', '/dav/what?now', '/dav/what%3Fnow'],
    ['both', '/dav/a?b#c?d', '/dav/a%3Fb%23c%3Fd'],
    ['a % that begins no escape', '/dav/100% or 50%2', '/dav/100%25%20or%2050%252'],
    ['an escape and a space', '/dav/%C3%BC b%20c', '/dav/%C3%BC%20b%20c'],
    ['a tab and a line end inside', '/dav/a\tb\nc', '/dav/a%09b%0Ac'],
    ['a dot segment', '/dav/../x/./y', '/x/y'],
    ['dots that are no segments', '/dav/.a/..b/c../...', '/dav/.a/..b/c../...'],
    ['white space around', '\n  /dav/b\n ', '/dav/b'],
    ['white space and a raw name', '\n  /dav/b c\n ', '/dav/b%20c'],
    ['a relative reference', 'b c', '/dav/b%20c'],
    ['a relative reference with #', '#b', '/dav/%23b'],
    ['two slashes', '//b/c', '//b/c'],
    ['an empty segment', '/dav//b', '/dav//b'],
  ])('reads an href with %s', async (_, href, expected) => {
    const [entry, ...more] = await listed(named(inXml(href)));
    const { href: path, uri, rawHref, error } = entry!;
    expect({ path, uri, rawHref, error, more }).toEqual({
      path: expected,
      uri: `http://127.0.0.1:PORT${expected}`,
      more: [],
    });
    expect(Object.keys(entry!.props)).toEqual(['{http://x/}a']);
  });

  test.each([
    ['a URI', 'https://other.example:8443/e', '/e', 'https://other.example:8443/e'],
    ['a URI without a path', 'http://other.example', '/', 'http://other.example/'],
    [
      'a URI that is not escaped',
      'http://user@other.example/e f#g?h',
      '/e%20f%23g%3Fh',
      'http://user@other.example/e%20f%23g%3Fh',
    ],
    ['a URI with dot segments', 'http://other.example/a/../b', '/b', 'http://other.example/b'],
  ])('reads %s', async (_, href, path, uri) => {
    expect(await listed(named(href))).toMatchObject([{ href: path, uri }]);
  });

  test.each([
    ['an empty href', ''],
    ['white space', ' \n '],
    ['another scheme', 'mailto:k'],
    ['a name like a scheme', 'a:b.txt'],
    ['an invalid authority', 'http://[/x'],
    ['no authority', 'http:///x'],
    ['a query without a path', 'http://other.example?x'],
  ])('keeps an entry with %s, with its raw text', async (_, href) => {
    const entries = await listed(named(href) + named('/dav/b'));
    expect(entries).toMatchObject([
      { href: null, uri: null, rawHref: href },
      { href: '/dav/b', uri: 'http://127.0.0.1:PORT/dav/b' },
    ]);
    expect(Object.keys(entries[0]!.props)).toEqual(['{http://x/}a']);
  });

  test('keeps an entry without an href', async () => {
    expect(await listed(`<D:response>${propstat('<x:a>1</x:a>')}</D:response>`)).toMatchObject([
      { href: null, uri: null, rawHref: '' },
    ]);
  });

  test('keeps the query of hrefs where the target has one', async () => {
    const entries = await listed(
      named('/i.php?dir=/a&amp;x=b c#d') + named('/other?x') + named('/i.phpx'),
      '/i.php?dir=/',
    );
    expect(entries.map(({ href }) => href)).toEqual(['/i.php?dir=/a&x=b%20c%23d', '/other%3Fx', '/i.phpx']);
  });

  test('reads an href that is longer than 2 KiB', async () => {
    const name = 'n'.repeat(60_000);
    expect((await listed(named(`/dav/${name}`)))[0]?.href).toBe(`/dav/${name}`);
  });

  test('reads an href behind the properties', async () => {
    const entries = await listed(
      `<D:response>${propstat('<x:a>1</x:a>')}<D:href>/dav/b</D:href></D:response>` +
        `<D:response>${propstat('<x:a>ü</x:a>')}<D:href>/dav/ü #</D:href>${propstat('<x:b>2</x:b>')}</D:response>` +
        named('/dav/c'),
    );
    expect(entries.map(({ href, props }) => [href, ...Object.values(props)])).toEqual([
      ['/dav/b', '1'],
      ['/dav/%C3%BC%20%23', 'ü', '2'],
      ['/dav/c', '1'],
    ]);
  });

  test('reports the status of a resource as its error', async () => {
    const entries = await listed(
      resource('<D:status>HTTP/1.1 404 Not Found</D:status>', '/dav/gone') +
        resource(
          '<D:status>HTTP/1.1 507 Insufficient Storage</D:status><D:responsedescription> Only 10 &lt;b&gt;\n</D:responsedescription>',
          '/dav/',
        ) +
        resource('<D:status>HTTP/1.1 200 OK</D:status>', '/dav/fine') +
        resource('', '/dav/bare') +
        resource(`${propstat('<x:a>1</x:a>')}<D:status>HTTP/1.1 403 Forbidden</D:status>`, '/dav/half'),
    );
    expect(entries.map(({ href, props, error }) => [href, Object.keys(props).length, error])).toEqual([
      ['/dav/gone', 0, { status: 404, reasonPhrase: 'Not Found', description: null }],
      ['/dav/', 0, { status: 507, reasonPhrase: 'Insufficient Storage', description: 'Only 10 <b>' }],
      ['/dav/fine', 0, undefined],
      ['/dav/bare', 0, undefined],
      ['/dav/half', 1, { status: 403, reasonPhrase: 'Forbidden', description: null }],
    ]);
  });

  test('makes an entry of each href of a response', async () => {
    const entries = await listed(
      '<D:response><D:href>/dav/a</D:href><D:href>/dav/b c</D:href><D:href>/dav/d</D:href><D:status>HTTP/1.1 423 Locked</D:status></D:response>' +
        named('/dav/e'),
    );
    expect(entries.map(({ href, error }) => [href, error?.status])).toEqual([
      ['/dav/a', 423],
      ['/dav/b%20c', 423],
      ['/dav/d', 423],
      ['/dav/e', undefined],
    ]);
  });

  test('reports the failure of a propstat without properties, unless others were read', async () => {
    const empty = propstat('', 'HTTP/1.1 403 Forbidden', '<D:responsedescription>no</D:responsedescription>');
    const entries = await listed(
      resource(empty, '/1') +
        resource(empty + propstat('<x:a>1</x:a>'), '/2') +
        resource(propstat('<x:a>1</x:a>') + propstat('', 'HTTP/1.1 404 Not Found'), '/3') +
        resource(propstat(''), '/4') +
        resource(propstat('<x:a/>', 'HTTP/1.1 404 Not Found') + empty, '/5'),
    );
    const error = { status: 403, reasonPhrase: 'Forbidden', description: 'no' };
    expect(entries.map((entry) => entry.error)).toEqual([error, undefined, undefined, undefined, undefined]);
    expect(entries.map(({ href }) => href)).toEqual(['/1', '/2', '/3', '/4', '/5']);
  });

  test.each([
    ['an HTML page', page('<!DOCTYPE html><html><body>Hello</body></html>', '200 OK', 'text/html')],
    ['an XHTML page', page('<html xmlns="http://www.w3.org/1999/xhtml"/>', '200 OK', 'application/xhtml+xml')],
    ['an HTML page with the status 207', page('<html><body/></html>')],
    ['another root of DAV:', page('<D:error xmlns:D="DAV:"/>')],
    ['a multistatus of no namespace', page('<multistatus/>')],
    ['a multistatus of another namespace', page('<multistatus xmlns="urn:x"/>')],
    ['no body', response('', { status: '204 No Content', headers: {} })],
    ['an empty body', page('')],
    ['an empty body with the status 200', page('', '200 OK')],
    ['text', page('hello', '200 OK', 'text/plain')],
    ['a long foreign document', page(`<html>${'<p>text</p>'.repeat(30_000)}</html>`)],
  ])('rejects %s', async (_, answer) => {
    const server = await serve(answering(answer));
    const failure = await failureOf(() => list(server.port, '/dav/', '/'));
    expect(failure).toBeInstanceOf(NeonError);
    expect(failure).toMatchObject({ code: 'NE_ERROR', method: 'PROPFIND', status: Number(answer.slice(9, 12)) });
  });

  test('names the root element of another document', async () => {
    const server = await serve(answering(page('<html xmlns="urn:x"/>')));
    expect((await failureOf(() => list(server.port, '/dav/', '/'))).message).toContain(
      'not a multi-status document: its root element is {urn:x}html',
    );
  });

  // libxml2 stops at the byte that it cannot convert, and neon reports no error.
  test('rejects a document that cannot be converted from its encoding', async () => {
    const text = multistatus(named('/dav/a') + resource(propstat('<x:a>ä</x:a>'))).replace('utf-8', 'utf-7');
    const server = await serve(answering(page(text, '207 Multi-Status', 'application/xml')));
    const failure = await failureOf(() => list(server.port, '/dav/', '/'));
    expect(failure).toMatchObject({ code: 'NE_ERROR', message: expect.stringMatching(/XML parse error/) as string });
  });

  test('accepts a multi-status document with the status 200', async () => {
    const server = await serve(answering(page(multistatus(named('/dav/a')), '200 OK')));
    expect(await list(server.port, '/dav/', '/')).toMatchObject([{ href: '/dav/a' }]);
  });

  test('rejects elements that are nested deeper than 1,000', async () => {
    const nested = (levels: number): string =>
      multistatus(resource(propstat('<x:a>'.repeat(levels) + '</x:a>'.repeat(levels))));
    const server = await serve(answering(page(nested(996))));
    expect(await list(server.port, '/dav/', '/')).toHaveLength(1);
    const deeper = await serve(answering(page(nested(997))));
    expect((await failureOf(() => list(deeper.port, '/dav/', '/'))).message).toMatch(
      /XML parse error .*deeper than 1000/,
    );
  });
});

test('reads a URI without a scheme only for its own server', () => {
  const base = { origin: 'http://127.0.0.1:81', target: '/dav/' };
  expect(placeOf('//127.0.0.1:81/x y', base)).toEqual({ href: '/x%20y', uri: 'http://127.0.0.1:81/x%20y' });
  expect(placeOf('//127.0.0.1:81', base)).toEqual({ href: '/', uri: 'http://127.0.0.1:81/' });
  for (const path of ['//127.0.0.1:8/x', '//127.0.0.1:811/x', '//x', '//'])
    expect(placeOf(path, base)).toEqual({ href: path, uri: `http://127.0.0.1:81${path}` });
});

test('deletes exactly the resource of each entry', async () => {
  const names = ['/zz/report#draft', '/zz/report', '/zz/what?', '/zz/ü "x"', '//x/y', '/zz/a;b:c'];
  const server = await serve(answering(page(multistatus(names.map((name) => named(name)).join('')))));
  using session = Session.open(`http://127.0.0.1:${server.port}/zz/`);
  const entries = await session.propfind('');
  for (const { href } of entries) await session.request('DELETE', href!);
  expect((await receivedBy(server)).join('').match(/(?<=DELETE ).*(?= HTTP)/g)).toEqual([
    '/zz/report%23draft',
    '/zz/report',
    '/zz/what%3F',
    '/zz/%C3%BC%20%22x%22',
    '//x/y',
    '/zz/a;b:c',
  ]);
});
