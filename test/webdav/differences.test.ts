/** Tests each intended difference from npm webdav that docs/guide/webdav.md lists, and odd answers of servers. */
import https from 'node:https';
import http from 'node:http';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { NeonError } from 'libneon';
import {
  AuthType,
  createClient,
  ErrorCode,
  getPatcher,
  parseXML,
  WebDAVRefusal,
  WebDAVRequestError,
} from 'libneon/webdav';
import type { WebDAVClientOptions } from 'libneon/webdav';
import { findProgram } from '../servers/packages.js';
import { testPki } from '../servers/pki.js';
import { startApache } from '../servers/apache.js';
import { chunkedResponse, response, type Step } from '../servers/raw.js';
import { answering, endless, exchange, receivedBy, testServers } from '../support/servers.js';

const server = testServers();

const xml = (body: string): string =>
  response(body, { status: '207 Multi-Status', headers: { 'Content-Type': 'application/xml' } });
const member = (href: string, props: string): string =>
  `<d:response><d:href>${href}</d:href><d:propstat><d:prop>${props}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>`;
const listing = (...members: string[]): string => `<d:multistatus xmlns:d="DAV:">${members.join('')}</d:multistatus>`;

async function clientOf(connections: readonly (readonly Step[])[], options?: WebDAVClientOptions) {
  const raw = await server({ connections, rest: 'repeat-last' });
  return { raw, client: createClient(`http://127.0.0.1:${raw.port}/base`, options) };
}

describe('documents', () => {
  test('decode numeric references', async () => {
    const { client } = await clientOf([exchange(xml(listing(member('/base/a', '<d:x>&#233;&#x20ac;</d:x>'))))]);
    expect(await client.stat('/a', { details: true })).toMatchObject({ data: { props: { x: 'é€' } } });
  });

  test('reject with the error of the parser unless they are well-formed', async () => {
    const { client } = await clientOf([exchange(xml('<d:multistatus xmlns:d="DAV:"><d:response>'))]);
    const error = await client.stat('/a').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(NeonError);
    expect(error).toMatchObject({ code: 'NE_ERROR' });
    await expect(parseXML('<multistatus xmlns="DAV:"><a></multistatus>')).rejects.toMatchObject({ code: 'NE_ERROR' });
    await expect(parseXML('<x:multistatus/>')).rejects.toThrow('No root multistatus found');
  });

  test('may have an element "text", and elements with the names of properties of all objects', async () => {
    const props =
      '<d:text>1</d:text><d:constructor>2</d:constructor><d:prototype>3</d:prototype><d:__proto__>4</d:__proto__>';
    const { multistatus } = await parseXML(listing(member('/a', props)));
    const found = multistatus.response[0]!.propstat!.prop;
    expect(Object.entries(found)).toEqual([
      ['text', 1],
      ['constructor', 2],
      ['prototype', 3],
      ['__proto__', 4],
    ]);
    expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
  });

  test('treat CDATA as text, without the white space around it', async () => {
    const { multistatus } = await parseXML(
      listing(member('/a', '<d:x><![CDATA[ a ]]></d:x><d:y>1<![CDATA[2]]></d:y>')),
    );
    expect(multistatus.response[0]!.propstat!.prop).toEqual({ x: 'a', y: 12 });
  });

  test('without responses have an empty list', async () => {
    const { multistatus } = await parseXML(
      '<d:multistatus xmlns:d="DAV:"><d:sync-token>t</d:sync-token></d:multistatus>',
    );
    expect(multistatus).toEqual({ response: [], 'sync-token': 't' });
  });

  test('are parsed while they arrive if they are long', async () => {
    const members = Array.from({ length: 3000 }, (_, i) =>
      member(`/base/${i}`, '<d:getcontentlength>1</d:getcontentlength>'),
    );
    const { client } = await clientOf([
      exchange(chunkedResponse(['<d:multistatus xmlns:d="DAV:">', ...members, '</d:multistatus>'])),
    ]);
    const stats = await client.getDirectoryContents('/');
    expect(stats).toHaveLength(3000);
    expect(stats[2999]).toMatchObject({ filename: '/2999', size: 1, type: 'file' });
  });

  test('that are empty reject with a message of their own in a listing', async () => {
    const { client } = await clientOf([exchange(xml(''))]);
    await expect(client.getDirectoryContents('/')).rejects.toThrow('Failed parsing directory contents: Empty response');
  });
});

describe('listings', () => {
  test('name the member for which the server has only a status', async () => {
    const forbidden =
      '<d:response><d:href>/base/secret</d:href><d:status>HTTP/1.1 403 Forbidden</d:status></d:response>';
    const { client } = await clientOf([exchange(xml(listing(member('/base/a', ''), forbidden)))]);
    await expect(client.getDirectoryContents('/')).rejects.toMatchObject({
      status: 403,
      message: 'Invalid response: 403 Forbidden for the member /base/secret',
    });
  });

  test('keep what is no escape in an href', async () => {
    const { client } = await clientOf([exchange(xml(listing(member('http://other/base/100%/%E9%20é', ''))))]);
    expect(await client.getDirectoryContents('/')).toMatchObject([{ filename: '/100%/%E9%20é' }]);
  });

  test('have paths relative to remoteBasePath', async () => {
    const { client } = await clientOf([exchange(xml(listing(member('/other/a%20b', ''))))], {
      remoteBasePath: '/other',
    });
    expect(await client.getDirectoryContents('/')).toMatchObject([{ filename: '/a b', basename: 'a b' }]);
  });

  test('search reports that results are missing', async () => {
    const full =
      '<d:response><d:href>/base/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status></d:response>';
    const { raw, client } = await clientOf([exchange(xml(listing(member('/base/a%20b', ''), full)))]);
    const found = await client.search('/', { data: '<query/>' });
    expect(found).toMatchObject({ truncated: true, results: [{ filename: '/base/a b' }] });
    expect((await receivedBy(raw))[0]).toMatch(
      /^SEARCH \/base HTTP[^]*Content-Type: application\/xml; charset=utf-8[^]*<query\/>$/,
    );
  });
});

describe('options', () => {
  const refusals: readonly (readonly [string, () => unknown, RegExp])[] = [
    ['an agent of another class', () => createClient('http://x', { httpAgent: {} }), /"httpAgent" must be an Agent/],
    [
      'a setting of an agent',
      () => createClient('http://x', { httpsAgent: new https.Agent({ servername: 'x' }) }),
      /"servername"/,
    ],
    [
      'a finite maxBodyLength',
      () => createClient('http://x', { maxBodyLength: 5 }),
      /"maxBodyLength" can only be Infinity/,
    ],
    [
      'limits of entities',
      () => createClient('http://x', { entityDecoder: { limit: { maxTotalExpansions: 1 } } }),
      /entityDecoder/,
    ],
    ['getPatcher', () => getPatcher(), /requests are sent by neon, not by fetch/],
  ];
  test.each(refusals)('refuse %s', (_name, call, message) => {
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ code: ErrorCode.NotSupported, name: 'Layerr' }));
    expect(call).toThrow(WebDAVRefusal);
  });

  test('accept the agents whose settings mean the same here', () => {
    expect(() =>
      createClient('https://dav.example.com', {
        httpAgent: new http.Agent({ keepAlive: true }),
        httpsAgent: new https.Agent({
          keepAlive: true,
          maxSockets: 4,
          minVersion: 'TLSv1.2',
          rejectUnauthorized: true,
        }),
        maxBodyLength: Infinity,
        maxContentLength: -1,
        entityDecoder: { limit: { maxTotalExpansions: 0 } },
        withCredentials: true,
      }),
    ).toThrow(expect.objectContaining({ code: 'ERR_NEON_UNSUPPORTED' })); // minVersion needs neon 0.34
    expect(() =>
      createClient('https://x', { httpsAgent: new https.Agent({ keepAlive: true, maxSockets: 4 }) }),
    ).not.toThrow();
  });

  test('that are unknown are refused', async () => {
    expect(() => createClient('http://x', { userName: 'x' } as object)).toThrow(
      /Unknown option "userName": did you mean "username"/,
    );
    await expect(createClient('http://x').stat('/', { detail: true } as object)).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });

  test('of customRequest that do nothing in npm webdav are refused', async () => {
    const client = createClient('http://x');
    await expect(client.customRequest('/', { method: 'GET', transformResponse: [] })).rejects.toThrow(
      /"transformResponse"/,
    );
  });

  test('need a token for AuthType.Token', () => {
    expect(() => createClient('http://x', { authType: AuthType.Token })).toThrow(
      expect.objectContaining({ code: ErrorCode.InvalidAuthType }),
    );
  });
});

describe('uploads', () => {
  test('take a Uint8Array', async () => {
    const { raw, client } = await clientOf([exchange(response('', { status: '201 Created' }))]);
    expect(await client.putFileContents('/a', new Uint8Array([0x68, 0x69]))).toBe(true);
    expect((await receivedBy(raw))[0]).toMatch(/Content-Length: 2\r\n\r\nhi$/);
  });

  test('announce the length of a stream if contentLength has it', async () => {
    const { raw, client } = await clientOf([exchange(response('', { status: '201 Created' }))]);
    await client.putFileContents('/a', Readable.from(['12', '34']), { contentLength: 4 });
    expect((await receivedBy(raw))[0]).toMatch(/Content-Length: 4\r\n\r\n1234$/);
  });

  test('refuse another length than that of the data', async () => {
    const { client } = await clientOf([exchange()]);
    await expect(client.putFileContents('/a', '1234', { contentLength: 5 })).rejects.toMatchObject({
      code: 'ERR_INVALID_ARG_VALUE',
    });
  });

  test('report progress', async () => {
    const { client } = await clientOf([exchange(response('', { status: '201 Created' }))]);
    const events: unknown[] = [];
    await client.putFileContents('/a', 'x'.repeat(1000), { onUploadProgress: (event) => events.push(event) });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(events.at(-1)).toEqual({ loaded: 1000, total: 1000 });
  });

  test('end with the request when the stream is destroyed', async () => {
    const { raw, client } = await clientOf([[{ read: 'head' }, { hang: 'reading' }]]);
    const stream = client.createWriteStream('/a');
    stream.on('error', () => undefined);
    stream.write('x'.repeat(400_000));
    await raw.waitForRequests(1);
    stream.destroy();
    await raw.waitForClosed(1);
  });
});

describe('downloads', () => {
  test('report progress', async () => {
    const { client } = await clientOf([exchange(response('x'.repeat(500)))]);
    const events: unknown[] = [];
    await client.getFileContents('/a', { onDownloadProgress: (event) => events.push(event) });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(events.at(-1)).toEqual({ loaded: 500, total: 500 });
  });

  test('as a stream emit an error when the body is cut off', async () => {
    const { client } = await clientOf([
      [
        { read: 'request' },
        { send: 'HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n' },
        { send: 'x'.repeat(200_000) },
      ],
    ]);
    await expect(text(client.createReadStream('/a'))).rejects.toMatchObject({ code: 'NE_ERROR' });
  });

  test('close the connection when the stream is destroyed', async () => {
    const { raw, client } = await clientOf([endless()]);
    const stream = client.createReadStream('/a');
    await once(stream, 'data');
    stream.destroy();
    await raw.waitForClosed(1);
  });

  test('as a stream reject a range that the server ignores', async () => {
    const { client } = await clientOf([exchange(response('whole'))]);
    await expect(text(client.createReadStream('/a', { range: { start: 1 } }))).rejects.toMatchObject({
      status: 200,
      message: 'Invalid response code for partial request: 200',
    });
  });

  test('use the memory of the Buffer alone', async () => {
    const { client } = await clientOf([exchange(response('hello'))]);
    const { buffer, byteOffset, byteLength } = (await client.getFileContents('/a')) as Buffer;
    expect([byteOffset, byteLength]).toEqual([0, buffer.byteLength]);
  });
});

describe('requests', () => {
  test('are signed with SHA-256 if the server asks for it', async () => {
    const challenge = 'Digest realm="r", qop="auth", algorithm=SHA-256, nonce="n1", opaque="o"';
    const denied = response('', { status: '401 Unauthorized', headers: { 'WWW-Authenticate': challenge } });
    const { raw, client } = await clientOf([[...exchange(denied), ...exchange(response('in'))]], {
      authType: AuthType.Digest,
      username: 'u',
      password: 'p',
    });
    expect(await client.getFileContents('/a', { format: 'text' })).toBe('in');
    const [, signed = ''] = /Authorization: Digest (.*)\r\n/.exec((await receivedBy(raw))[0] ?? '') ?? [];
    const field = (name: string): string => new RegExp(`${name}="?([^",]*)`).exec(signed)?.[1] ?? '';
    const hash = (...parts: string[]): string => createHash('sha256').update(parts.join(':')).digest('hex');
    const expected = hash(hash('u', 'r', 'p'), 'n1', '00000001', field('cnonce'), 'auth', hash('GET', '/base/a'));
    expect([field('uri'), field('opaque'), field(' nc'), field('response')]).toEqual([
      '/base/a',
      'o',
      '00000001',
      expected,
    ]);
  });

  test('have no User-Agent and no Accept of node-fetch', async () => {
    const { raw, client } = await clientOf([[...exchange(), ...exchange()]]);
    await client.getFileContents('/a');
    expect((await receivedBy(raw))[0]).not.toMatch(/^(User-Agent|Accept):/m);
  });

  test('leave the options of customRequest as they are', async () => {
    const { client } = await clientOf([[...exchange(), ...exchange()]]);
    const options = { method: 'GET' };
    await client.customRequest('/a', options);
    expect(options).toEqual({ method: 'GET' });
  });

  test('of lock take the token from the header if the document has none', async () => {
    const { client } = await clientOf([exchange(response('', { headers: { 'Lock-Token': '<urn:uuid:1>' } }))]);
    expect(await client.lock('/a')).toEqual({ token: 'urn:uuid:1', serverTimeout: undefined });
  });

  test('of lock without a token reject', async () => {
    const { client } = await clientOf([exchange(response('<d:prop xmlns:d="DAV:"/>'))]);
    await expect(client.lock('/a')).rejects.toMatchObject({
      message: 'No lock token received: Invalid response: 200 OK',
      status: 200,
    });
  });
});

describe('redirects', () => {
  const to = (location: string, status = '302 Found'): string =>
    response('', { status, headers: { Location: location } });

  test('are followed to another server, without credentials', async () => {
    const other = await server(answering(response('there')));
    const { raw, client } = await clientOf([exchange(to(`http://127.0.0.1:${other.port}/x`))], {
      username: 'u',
      password: 'p',
    });
    expect(await client.getFileContents('/a', { format: 'text' })).toBe('there');
    expect((await receivedBy(raw))[0]).toMatch(/Authorization: Basic/);
    expect((await receivedBy(other))[0]).not.toMatch(/Authorization/);
  });

  test('keep the credentials on the same server', async () => {
    const { raw, client } = await clientOf([[...exchange(to('/base/b')), ...exchange(response('b'))]], {
      username: 'u',
      password: 'p',
    });
    expect(await client.getFileContents('/a', { format: 'text' })).toBe('b');
    expect((await receivedBy(raw))[0]?.match(/Authorization: Basic/g)).toHaveLength(2);
  });

  test('are counted', async () => {
    const { client } = await clientOf([[{ repeat: 'forever', steps: exchange(to('/base/b')) }]]);
    const error: unknown = await client.stat('/a').catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(WebDAVRequestError);
    expect(error).toMatchObject({ type: 'max-redirect', name: 'FetchError' });
    const response = await client.customRequest('/a', { method: 'GET', maxRedirects: 0 });
    expect([response.status, response.headers.get('location')]).toEqual([302, '/base/b']);
  });

  test('of a stream are refused', async () => {
    const { client } = await clientOf([exchange(to('/base/b', '307 Temporary Redirect'))]);
    await expect(client.putFileContents('/a', Readable.from(['x']))).rejects.toMatchObject({
      type: 'unsupported-redirect',
    });
  });
});

describe('responses', () => {
  test('are not kept busy by the body of an error', async () => {
    const { client } = await clientOf(
      [[{ repeat: 'forever', steps: exchange(response('gone', { status: '410 Gone' })) }]],
      { pool: { connections: 1 } },
    );
    const error = await client.deleteFile('/a').catch((reason: unknown) => reason);
    await expect(client.deleteFile('/a')).rejects.toMatchObject({ status: 410 });
    expect(await (error as { response: { text(): Promise<string> } }).response.text()).toBe('gone');
  });

  test('have headers that can be iterated', async () => {
    const { client } = await clientOf([exchange(response('', { headers: { 'X-B': '1', 'Set-Cookie': 'a=1' } }))]);
    const { headers } = await client.customRequest('/a', { method: 'GET' });
    expect([...(headers as unknown as Iterable<[string, string]>)]).toEqual([
      ['content-length', '0'],
      ['set-cookie', 'a=1'],
      ['x-b', '1'],
    ]);
  });
});

describe('links', () => {
  test('escape the credentials', () => {
    const client = createClient('http://dav.example.com', { username: 'a@b', password: 'p:/ü' });
    expect(client.getFileDownloadLink('/x')).toBe('http://a%40b:p%3A%2F%C3%BC@dav.example.com/x');
  });
});

const withTLS = findProgram('apache2') === null ? test.skip : test;
withTLS('the settings ca and rejectUnauthorized of an https.Agent decide what is trusted (needs apache2)', async () => {
  const apache = await startApache();
  try {
    const list = (options: https.AgentOptions): Promise<unknown> =>
      createClient(`${apache.tlsOrigin}/dav`, { httpsAgent: new https.Agent(options) }).exists('/');
    expect(await list({ rejectUnauthorized: false })).toBe(true);
    expect(await list({ ca: readFileSync(testPki().ca.cert) })).toBe(true);
    await expect(list({})).rejects.toMatchObject({ code: 'ERR_NEON_CERTIFICATE' });
  } finally {
    await apache.stop();
  }
});
