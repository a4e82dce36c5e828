/** Tests the methods of sessions and pools, such as get, put and copy, in their asynchronous and blocking forms. */
import { type ByteRange, type CopyOptions, type RequestOptions, type ResourceFailure, Session } from 'libneon';
import * as ne from 'libneon/ne';
import { startNephele, type Nephele } from '../../servers/nephele.js';
import { response } from '../../servers/raw.js';
import {
  failureOf,
  neonError,
  outOfRange,
  saying,
  textOf,
  wrongChar,
  wrongType,
  wrongValue,
} from '../../support/expect.js';
import { clients, type Method, type Methods } from '../../support/methods.js';
import { answering, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();

type Call = (methods: Methods, options?: RequestOptions) => Promise<unknown>;
const calls: Record<Method, Call> = {
  get: (m, o) => m.get('/a', o),
  head: (m, o) => m.head('/a', o),
  put: (m, o) => m.put('/a', 'content', o),
  post: (m, o) => m.post('/a', 'content', o),
  delete: (m, o) => m.delete('/a', o),
  mkcol: (m, o) => m.mkcol('/a', o),
  copy: (m, o) => m.copy('/a', '/b', o),
  move: (m, o) => m.move('/a', '/b', o),
  options: (m, o) => m.options('/a', o),
  getModTime: (m, o) => m.getModTime('/a', o),
  getRange: (m, o) => m.getRange('/a', { start: 0, end: 4 }, o),
  proppatch: (m, o) => m.proppatch('/a', { remove: ['displayname'] }, o),
  setAcl: (m, o) => m.setAcl('/a', [{ principal: 'all', grant: ['read'] }], o),
};
const list = Object.entries(calls) as [Method, Call][];

/** Methods whose 207 responses report failures. */
const changing = ['put', 'delete', 'mkcol', 'copy', 'move', 'proppatch', 'setAcl'] as const;

const partial = (range: string): string =>
  response('hello', { status: '206 Partial Content', headers: { 'Content-Range': range } });
const headless = (answer: string): string => answer.slice(0, answer.indexOf('\r\n\r\n') + 4);
const good = (name: Method): string =>
  name === 'getRange'
    ? partial('bytes 0-4/10')
    : name === 'head' || name === 'getModTime'
      ? headless(response('hello'))
      : response('hello');

describe.each(clients)('%s', (form, connect, of) => {
  const open = async (
    answer: string,
  ): Promise<{ session: ReturnType<typeof connect>; methods: Methods; sent: () => Promise<string> }> => {
    const server = await serve(answering(answer));
    const session = connect(`http://127.0.0.1:${server.port}/folder/`);
    const sent = async (): Promise<string> =>
      (await receivedBy(server)).join('').replaceAll(`127.0.0.1:${server.port}`, 'HOST');
    return { session, methods: of(session), sent };
  };

  test.each<[string, Method, Call, string[], string[]]>([
    ['get', 'get', calls.get, ['GET /a HTTP/1.1'], []],
    ['get, relative', 'get', (m) => m.get('x%20y'), ['GET /folder/x%20y HTTP/1.1'], []],
    ['head', 'head', calls.head, ['HEAD /a HTTP/1.1'], ['Accept-Encoding']],
    ['put', 'put', calls.put, ['PUT /a HTTP/1.1', 'Content-Length: 7', '', 'content'], []],
    ['post', 'post', calls.post, ['POST /a HTTP/1.1', 'Content-Length: 7', '', 'content'], []],
    ['delete', 'delete', calls.delete, ['DELETE /a HTTP/1.1'], ['Depth']],
    ['mkcol', 'mkcol', calls.mkcol, ['MKCOL /a/ HTTP/1.1'], []],
    ['mkcol, with a slash', 'mkcol', (m) => m.mkcol('/a/'), ['MKCOL /a/ HTTP/1.1'], []],
    ['mkcol, its own', 'mkcol', (m) => m.mkcol(''), ['MKCOL /folder/ HTTP/1.1'], []],
    ['copy', 'copy', calls.copy, ['COPY /a', 'Destination: http://HOST/b', 'Overwrite: T', 'Depth: infinity'], []],
    [
      'copy, options',
      'copy',
      (m) => m.copy('a', '../b', { overwrite: false, depth: 0, headers: { 'X-Own': 'yes' } } satisfies CopyOptions),
      ['COPY /folder/a', 'Destination: http://HOST/b', 'Overwrite: F', 'Depth: 0', 'X-Own: yes'],
      [],
    ],
    ['move', 'move', calls.move, ['MOVE /a', 'Destination: http://HOST/b', 'Overwrite: T'], ['Depth']],
    ['options', 'options', calls.options, ['OPTIONS /a HTTP/1.1'], []],
    ['getModTime', 'getModTime', calls.getModTime, ['HEAD /a HTTP/1.1'], []],
    ['getRange', 'getRange', calls.getRange, ['GET /a HTTP/1.1', 'Range: bytes=0-4'], ['Accept-Encoding']],
    ['proppatch', 'proppatch', calls.proppatch, ['PROPPATCH /a HTTP/1.1', 'Content-Type: application/xml'], ['Depth']],
    ['setAcl', 'setAcl', calls.setAcl, ['ACL /a HTTP/1.1', 'Content-Type: application/xml'], ['Depth']],
    [
      'headers',
      'get',
      (m) =>
        m.get('/a', {
          headers: [
            ['X', '1'],
            ['X', '2'],
          ],
        }),
      ['X: 1', 'X: 2'],
      [],
    ],
  ])('sends the request of %s', async (_, name, call, lines, never) => {
    const { session, methods, sent } = await open(good(name));
    await call(methods);
    await session.close();
    const text = await sent();
    for (const line of lines) expect(text).toContain(line);
    for (const header of never) expect(text).not.toContain(`\r\n${header}:`);
  });

  test('rejects a status outside 2xx with ERR_NEON_STATUS and keeps the connection', async () => {
    for (const [name, call] of list) {
      const answer = response('nothing here', { status: '404 Not Found' });
      const { session, methods, sent } = await open(
        name === 'head' || name === 'getModTime' ? headless(answer) : answer,
      );
      for (let times = 0; times < 2; times++) {
        const failure = await failureOf(() => call(methods));
        expect(failure).toEqual(neonError('ERR_NEON_STATUS', ne.NE_ERROR));
        expect(failure).toMatchObject({
          message: saying('404 Not Found'),
          status: 404,
          origin: expect.stringMatching(/^http:\/\/127/),
        });
        expect(failure).toMatchObject({ target: name === 'mkcol' ? '/a/' : '/a' });
      }
      await session.close();
      expect((await sent()).match(/^Host:/gm)?.length).toBe(2);
    }
  });

  test('discards a large error body', async () => {
    const { session, methods } = await open(response('x'.repeat(300_000), { status: '500 No' }));
    expect(await failureOf(() => methods.get('/a'))).toMatchObject({ code: 'ERR_NEON_STATUS', status: 500 });
    expect(session.liveRequests).toBe(0);
    expect(await failureOf(() => methods.get('/a'))).toMatchObject({ code: 'ERR_NEON_STATUS', status: 500 });
    await session.close();
  });

  test('rejects without a connection as request() does', async () => {
    const server = await serve(answering());
    await server.stop();
    const session = connect(`http://127.0.0.1:${server.port}/`);
    for (const [, call] of list)
      expect(await failureOf(() => call(of(session)))).toEqual(neonError('NE_CONNECT', ne.NE_CONNECT));
    session.destroy();
  });

  const multistatus = (statuses: string): string =>
    response(`<?xml version="1.0"?><D:multistatus xmlns:D="DAV:" xmlns:x="urn:x">${statuses}</D:multistatus>`, {
      status: '207 Multi-Status',
    });
  const one = (href: string, status: string, description = ''): string =>
    `<D:response><D:href>${href}</D:href><D:status>HTTP/1.1 ${status}</D:status>${description}</D:response>`;
  const description = (text: string): string => `<D:responsedescription>${text}</D:responsedescription>`;
  const propstats =
    '<D:response><D:href>/a</D:href>' +
    `<D:propstat><D:prop><D:getetag/><x:own><x:y/></x:own></D:prop><D:status>HTTP/1.1 403 No</D:status>${description('read only')}</D:propstat>` +
    '<D:propstat><D:prop><D:displayname/></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat>' +
    '<D:propstat><D:prop/><D:status>HTTP/1.1 500 Oh</D:status></D:propstat></D:response>';
  const failure = (
    href: string,
    status: number,
    reasonPhrase: string,
    more: Partial<ResourceFailure> = {},
  ): ResourceFailure => ({
    href,
    property: null,
    status,
    reasonPhrase,
    description: null,
    ...more,
  });
  const readOnly = { description: 'read only' };
  const noDocument = /^the 207 response is not a multi-status document: ./;
  test.each<[string, string, string | RegExp, ResourceFailure[]]>([
    [
      'with one failure',
      multistatus(one('/a/b', '423 Locked') + one('/a/c', '200 OK')),
      '/a/b: 423 Locked',
      [failure('/a/b', 423, 'Locked')],
    ],
    [
      'with two failures',
      multistatus(one('http://x/a%20b', '403 No', description(' by me\n')) + one('/b', '507 Full')),
      '/a%20b: 403 No (by me), /b: 507 Full',
      [failure('/a%20b', 403, 'No', { description: 'by me' }), failure('/b', 507, 'Full')],
    ],
    [
      'about properties',
      multistatus(propstats),
      '/a getetag: 403 No (read only), /a {urn:x}own: 403 No (read only), /a: 500 Oh',
      [
        failure('/a', 403, 'No', { property: 'getetag', ...readOnly }),
        failure('/a', 403, 'No', { property: '{urn:x}own', ...readOnly }),
        failure('/a', 500, 'Oh'),
      ],
    ],
    ['that is not XML', response('hello', { status: '207 Multi-Status' }), noDocument, []],
    ['that is empty', response('', { status: '207 Multi-Status' }), noDocument, []],
    ['that is truncated', multistatus(one('/a', '403 No')).slice(0, -30), noDocument, []],
  ])('rejects a 207 %s', async (_, answer, message, failures) => {
    const text = answer.slice(answer.indexOf('\r\n\r\n') + 4);
    const { session, methods } = await open(response(text, { status: '207 Multi-Status' }));
    for (const name of changing) {
      const error = await failureOf(() => calls[name](methods));
      expect(error).toEqual(neonError(failures.length > 0 ? 'ERR_NEON_STATUS' : 'NE_ERROR', ne.NE_ERROR));
      expect(error).toMatchObject({ status: 207, target: name === 'mkcol' ? '/a/' : '/a', failures });
      if (typeof message === 'string') expect(textOf(error)).toBe(message);
      else expect(textOf(error)).toMatch(message);
    }
    expect((await methods.get('/a')).status).toBe(207);
    await session.close();
  });

  test('resolves with a 207 without failures', async () => {
    const { session, methods } = await open(multistatus(one('/a', '200 OK')));
    for (const name of changing)
      if (name !== 'setAcl') expect(await calls[name](methods)).toMatchObject({ status: 207 });
    await session.close();
  });

  test('reports failures in a response with another status', async () => {
    const xml = { 'Content-Type': 'text/xml; charset="utf-8"' };
    const text = multistatus(one('/a/b', '423 Locked')).split('\r\n\r\n')[1]!;
    const { session, methods } = await open(response(text, { status: '424 Failed Dependency', headers: xml }));
    for (const name of changing)
      expect(await failureOf(() => calls[name](methods))).toMatchObject({
        ...{ status: 424, message: saying('424 Failed Dependency (/a/b: 423 Locked)') },
        failures: [failure('/a/b', 423, 'Locked')],
      });
    await session.close();
    for (const body of ['<error xmlns="DAV:"/>', '', '<a>', `<a>${' '.repeat(300_000)}</a>`]) {
      const other = await open(response(body, { status: '403 Forbidden', headers: xml }));
      for (const name of changing) {
        const error = await failureOf(() => calls[name](other.methods));
        expect(error).toMatchObject({ status: 403, message: saying('403 Forbidden') });
        expect(error).not.toHaveProperty('failures');
      }
      expect(other.session.liveRequests).toBe(0);
      await other.session.close();
    }
  });

  test('reports no list when the whole request fails', async () => {
    const { session, methods } = await open(response('', { status: '423 Locked' }));
    for (const name of changing) expect(await failureOf(() => calls[name](methods))).not.toHaveProperty('failures');
    expect(await failureOf(() => methods.delete('x'))).toMatchObject({ target: '/folder/x' });
    await session.close();
  });

  test.each<[string, ByteRange, string, string | null]>([
    ['the range', { start: 0, end: 4 }, partial('bytes 0-4/10'), null],
    ['the rest', { start: 5 }, partial('bytes 5-9/10'), null],
    ['the available part', { start: 5, end: 100 }, partial('bytes 5-9/10'), null],
    ['an unknown total', { start: 0, end: 4 }, partial('bytes 0-4/*'), null],
    ['another start', { start: 0, end: 4 }, partial('bytes 1-4/10'), 'another range'],
    ['another end', { start: 0, end: 4 }, partial('bytes 0-3/10'), 'another range'],
    ['an invalid range', { start: 0, end: 4 }, partial('x'), 'another range'],
    ['the whole resource', { start: 0, end: 4 }, response('hello'), 'all of the resource'],
    ['416', { start: 50 }, response('', { status: '416 Range Not Satisfiable' }), '416 Range Not Satisfiable'],
  ])('checks the range in the response: %s', async (_, range, answer, message) => {
    const { session, methods } = await open(answer);
    if (message === null) {
      const got = await methods.getRange('/a', range);
      expect([got.status, await got.text()]).toEqual([206, 'hello']);
    } else {
      const failure = await failureOf(() => methods.getRange('/a', range));
      expect(failure).toEqual(neonError(message.startsWith('416') ? 'ERR_NEON_STATUS' : 'NE_ERROR', ne.NE_ERROR));
      expect(failure.message).toContain(message);
    }
    await session.close();
  });

  test('reads the headers for options and getModTime', async () => {
    const headers = {
      DAV: '1, 2,<http://example.com/x> ,',
      Allow: 'GET,  PUT',
      'Last-Modified': 'Sun, 06 Nov 1994 08:49:37 GMT',
    };
    const { session, methods } = await open(response('', { headers }));
    expect(await methods.options('/a')).toEqual({ allow: ['GET', 'PUT'], dav: ['1', '2', '<http://example.com/x>'] });
    expect(await methods.getModTime('/a')).toEqual(new Date(784111777000));
    await session.close();
    const bare = await open(response('', { headers: { 'Last-Modified': 'yesterday' } }));
    expect(await bare.methods.options('/a')).toEqual({ allow: [], dav: [] });
    expect(await bare.methods.getModTime('/a')).toBeNull();
    await bare.session.close();
  });

  test.each<[string, (m: Methods) => unknown, Error]>([
    ['a target that is not a string', (m) => m.get(5 as unknown as string), wrongType],
    ['a target with a space', (m) => m.mkcol('/a b'), wrongChar],
    ['a missing collection', (m) => m.mkcol(undefined as unknown as string), wrongType],
    ['a missing destination', (m) => m.copy('/a', undefined as unknown as string), wrongType],
    ['a destination with a line end', (m) => m.move('/a', '/b\r\nX: y'), wrongChar],
    ['a destination elsewhere', (m) => m.move('/a', 'http://other.example/b'), wrongValue],
    ['a missing range', (m) => m.getRange('/a', undefined as unknown as ByteRange), wrongType],
    ['a range without start', (m) => m.getRange('/a', {} as ByteRange), wrongType],
    ['a range that ends before it starts', (m) => m.getRange('/a', { start: 5, end: 4 }), outOfRange],
    ['a negative range', (m) => m.getRange('/a', { start: -1 }), outOfRange],
    ['options that are not an object', (m) => m.get('/a', 5 as unknown as RequestOptions), wrongType],
    ['null as options', (m) => m.get('/a', null as unknown as RequestOptions), wrongType],
  ])('rejects %s', async (_, call, error) => {
    const { session, methods, sent } = await open(response(''));
    expect(await failureOf(() => call(methods))).toEqual(error);
    expect(session.liveRequests).toBe(0);
    await session.close();
    expect(await sent()).toBe('');
  });

  describe('nephele', () => {
    let server: Nephele;
    beforeAll(async () => {
      server = await startNephele();
    });
    afterAll(async () => {
      await server.stop();
    });

    test('creates, copies, moves and deletes a resource', async () => {
      await using session = connect(`${server.origin}/${form}/`);
      const methods = of(session);
      expect((await methods.mkcol('')).status).toBe(201);
      expect((await methods.put('a.txt', 'some content')).status).toBe(201);
      expect(await (await methods.get('a.txt')).text()).toBe('some content');
      expect((await methods.head('a.txt')).status).toBe(200);
      expect(await (await methods.getRange('a.txt', { start: 5 })).text()).toBe('content');
      expect((await methods.copy('a.txt', 'b.txt')).status).toBe(201);
      expect(await failureOf(() => methods.copy('a.txt', 'b.txt', { overwrite: false }))).toMatchObject({
        message: expect.stringContaining('412'),
      });
      expect((await methods.move('a.txt', 'b.txt')).status).toBe(204);
      expect(await failureOf(() => methods.get('a.txt'))).toMatchObject({ status: 404 });
      expect(Math.abs(Number(await methods.getModTime('b.txt')) - Date.now())).toBeLessThan(60_000);
      expect((await methods.options('')).dav).toEqual(expect.arrayContaining(['1', '2', '3']));
      expect((await methods.delete('')).status).toBe(204);
    });
  });
});

test('sends a POST once, or again if it is idempotent', async () => {
  const server = await serve({
    connections: [[{ read: 'request' }, { send: response('') }, { close: 'fin' }]],
    rest: 'repeat-last',
  });
  await using session = Session.open(`http://127.0.0.1:${server.port}/`);
  expect((await session.post('/a', 'text')).status).toBe(200);
  expect((await session.post('/a', 'text', { idempotent: true })).status).toBe(200);
});

test('ends methods by a signal and by a timeout', async () => {
  const server = await serve({ connections: [[{ read: 'request' }, { hang: 'reading' }]], rest: 'repeat-last' });
  await using session = Session.open(`http://127.0.0.1:${server.port}/`);
  const signal = AbortSignal.abort('the reason');
  await expect(session.get('/a', { signal })).rejects.toBe('the reason');
  await expect(session.delete('/a', { timeout: 50 })).rejects.toEqual(neonError('NE_TIMEOUT', ne.NE_TIMEOUT));
});
