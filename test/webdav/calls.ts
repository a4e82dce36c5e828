/** The calls that both packages make on a server: each method, and each of its options. */
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import type * as webdav from 'webdav';
import { documents } from './documents.js';

/** The parts of both packages that the calls use. */
export type Package = Pick<
  typeof webdav,
  'calculateDataLength' | 'parseXML' | 'processResponsePayload' | 'getPatcher'
> & {
  readonly createClient: (url: string, options?: object) => Client;
  readonly parseStat: (...args: never[]) => unknown;
};

/** A client of either package. */
export type Client = webdav.WebDAVClient;

/** What a call has to work with. */
export interface Given {
  readonly client: Client;
  readonly package: Package;
  /** The URL and the options of the client. */
  readonly url: string;
  readonly options: object | undefined;
}

type Call = (given: Given) => unknown;

const propfindBody =
  '<?xml version="1.0"?><propfind xmlns="DAV:"><prop><getcontentlength/><resourcetype/></prop></propfind>';

/** Waits for the response to a stream; rejects with the error of the stream. */
function written(client: Client, path: string, options: object, content: string | Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = client.createWriteStream(path, options, ({ status }) => resolve(status));
    stream.on('error', reject);
    stream.write(content, () => stream.end());
  });
}

const read = (client: Client, path: string, options: object = {}): Promise<string> =>
  text(client.createReadStream(path, options) as unknown as Readable);

const timeout = { timeout: 'Second-600' };

/** Locks a new file. */
async function lockNew(client: Client, name: string): Promise<webdav.LockResponse> {
  await client.putFileContents(`/lock ${name}.txt`, 'locked');
  return client.lock(`/lock ${name}.txt`, timeout);
}

async function refresh(client: Client, name: string, token: string, refreshToken: string): Promise<unknown> {
  const lock = await client.lock(`/lock ${name}.txt`, { ...timeout, refreshToken });
  return [lock.token === token, lock.serverTimeout];
}

/** Returns the given fields of an error. */
function fieldsOf(...names: readonly string[]): (error: unknown) => unknown[] {
  return (error) => names.map((name) => (error as Record<string, unknown>)[name]);
}

/** The calls, by what they do. They run in this order, and each relies on the earlier ones. */
export const calls: Readonly<Record<string, Call>> = {
  'putFileContents stores text': ({ client }) => client.putFileContents('/a.txt', 'hello'),
  'putFileContents stores a Buffer': ({ client }) => client.putFileContents('/b.bin', Buffer.from([0, 255, 1])),
  'putFileContents stores an ArrayBuffer': ({ client }) =>
    client.putFileContents('/c.bin', new Uint8Array([1, 2, 3]).buffer),
  'putFileContents stores a Readable': ({ client }) =>
    client.putFileContents('/d.txt', Readable.from(['one ', 'two'], { objectMode: false })),
  'putFileContents stores nothing': ({ client }) => client.putFileContents('/empty.txt', ''),
  'putFileContents replaces': ({ client }) => client.putFileContents('/a.txt', 'hello again'),
  'putFileContents with contentLength true': ({ client }) =>
    client.putFileContents('/e.txt', 'éé', { contentLength: true }),
  'putFileContents with contentLength false': ({ client }) =>
    client.putFileContents('/e.txt', 'no length', { contentLength: false }),
  'putFileContents with a number as contentLength': ({ client }) =>
    client.putFileContents('/e.txt', 'éé', { contentLength: 4 }),
  'putFileContents with overwrite true': ({ client }) => client.putFileContents('/e.txt', 'x', { overwrite: true }),
  'putFileContents with overwrite false of an existing file': ({ client }) =>
    client.putFileContents('/e.txt', 'z', { overwrite: false }),
  'putFileContents with overwrite false of a new file': ({ client }) =>
    client.putFileContents('/new.txt', 'z', { overwrite: false }),
  'putFileContents with headers': ({ client }) =>
    client.putFileContents('/e.txt', 'y', { headers: { 'content-type': 'text/x-test' } }),
  'putFileContents with an object and without a length': ({ client }) =>
    client.putFileContents('/object.json', { a: [1, 'é'] } as never, { contentLength: false }),
  'putFileContents below a missing directory': ({ client }) => client.putFileContents('/none/x.txt', 'x'),
  'putFileContents of a number': ({ client }) => client.putFileContents('/n.txt', 5 as never),
  'putFileContents of an object': ({ client }) => client.putFileContents('/n.txt', { a: 1 } as never),
  'putFileContents of null without a length': ({ client }) =>
    client.putFileContents('/n.txt', null as never, { contentLength: false }).catch((error: unknown) => typeof error),
  'putFileContents with odd names': async ({ client }) => {
    for (const name of odd) await client.putFileContents(`/${name}`, name);
    return Promise.all(odd.map((name) => client.getFileContents(`/${name}`, { format: 'text' })));
  },

  'getFileContents returns a Buffer': ({ client }) => client.getFileContents('/b.bin'),
  'getFileContents returns text': ({ client }) => client.getFileContents('/e.txt', { format: 'text' }),
  'getFileContents of an empty file': ({ client }) => client.getFileContents('/empty.txt'),
  'getFileContents of what Readable and ArrayBuffer became': async ({ client }) => [
    await client.getFileContents('/c.bin'),
    await client.getFileContents('/d.txt', { format: 'text' }),
    await client.getFileContents('/object.json', { format: 'text' }),
  ],
  'getFileContents with details': ({ client }) => client.getFileContents('/a.txt', { details: true }),
  'getFileContents of text with details': ({ client }) =>
    client.getFileContents('/a.txt', { details: true, format: 'text' }),
  'getFileContents with a range': ({ client }) =>
    client.getFileContents('/a.txt', { headers: { Range: 'bytes=1-3' }, details: true }),
  'getFileContents of a missing file': ({ client }) => client.getFileContents('/none.txt'),
  'getFileContents with an unknown format': ({ client }) =>
    client.getFileContents('/a.txt', { format: 'json' as 'text' }),
  'getFileContents with data': ({ client }) => client.getFileContents('/a.txt', { data: 'x' }),
  'getFileContents of megabytes': async ({ client }) => {
    const bytes = Buffer.alloc(3_000_001, 'abcdefg');
    await client.putFileContents('/long.bin', bytes);
    return bytes.equals((await client.getFileContents('/long.bin')) as Buffer);
  },

  'createDirectory creates one': ({ client }) => client.createDirectory('/dir'),
  'createDirectory with a slash': ({ client }) => client.createDirectory('/slash/'),
  'createDirectory below a missing directory': ({ client }) => client.createDirectory('/none/dir'),
  'createDirectory with recursive': ({ client }) => client.createDirectory('/dir/a/b/c', { recursive: true }),
  'createDirectory with recursive, all of which exist': ({ client }) =>
    client.createDirectory('/dir/a/b/c/', { recursive: true }),
  'createDirectory with recursive below a file': ({ client }) =>
    client.createDirectory('/a.txt/b', { recursive: true }),

  'stat of a file': ({ client }) => client.stat('/a.txt'),
  'stat of a directory': ({ client }) => client.stat('/dir/'),
  'stat of the root': ({ client }) => client.stat('/'),
  'stat with details': ({ client }) => client.stat('/a.txt', { details: true }),
  'stat of a directory with details': ({ client }) => client.stat('/dir', { details: true }),
  'stat with data': ({ client }) => client.stat('/a.txt', { data: propfindBody, details: true }),
  'stat of a missing file': ({ client }) => client.stat('/none.txt'),
  'stat without a slash': ({ client }) => client.stat('a.txt'),
  'stat with odd names': async ({ client }) => {
    const stats = await Promise.all(odd.map((name) => client.stat(`/${name}`)));
    return stats.map((stat) => stat);
  },

  'exists of a file': ({ client }) => client.exists('/a.txt'),
  'exists of a directory': ({ client }) => client.exists('/dir'),
  'exists of a missing file': ({ client }) => client.exists('/none.txt'),

  'getDirectoryContents of the root': ({ client }) => client.getDirectoryContents('/'),
  'getDirectoryContents of a directory': async ({ client }) => {
    await client.putFileContents('/dir/x.txt', 'x');
    await client.putFileContents('/dir/y.md', 'yy');
    await client.putFileContents('/dir/a/z.txt', 'zzz');
    return client.getDirectoryContents('/dir');
  },
  'getDirectoryContents with a slash': ({ client }) => client.getDirectoryContents('/dir/'),
  'getDirectoryContents without a slash': ({ client }) => client.getDirectoryContents('dir'),
  'getDirectoryContents of an empty directory': ({ client }) => client.getDirectoryContents('/slash'),
  'getDirectoryContents of a file': ({ client }) => client.getDirectoryContents('/a.txt'),
  'getDirectoryContents with deep': ({ client }) => client.getDirectoryContents('/dir', { deep: true }),
  'getDirectoryContents with details': ({ client }) => client.getDirectoryContents('/dir', { details: true }),
  'getDirectoryContents with includeSelf': ({ client }) =>
    client.getDirectoryContents('/dir', { includeSelf: true } as never),
  'getDirectoryContents with glob': ({ client }) => client.getDirectoryContents('/dir', { glob: '*.txt' } as never),
  'getDirectoryContents with deep and glob': ({ client }) =>
    client.getDirectoryContents('/', { deep: true, glob: '/dir/**/*.{txt,md}' } as never),
  'getDirectoryContents with data': ({ client }) =>
    client.getDirectoryContents('/dir', { data: propfindBody, details: true }),
  'getDirectoryContents of a missing directory': ({ client }) => client.getDirectoryContents('/none'),

  'createReadStream reads': ({ client }) => read(client, '/a.txt'),
  'createReadStream reads megabytes': async ({ client }) => {
    const stream = client.createReadStream('/long.bin') as unknown as Readable;
    return (await buffer(stream)).equals(Buffer.alloc(3_000_001, 'abcdefg'));
  },
  'createReadStream with a range': ({ client }) => read(client, '/a.txt', { range: { start: 2, end: 4 } }),
  'createReadStream with the start of a range': ({ client }) => read(client, '/a.txt', { range: { start: 6 } }),
  'createReadStream with callback': ({ client }) =>
    new Promise((resolve, reject) => {
      const stream = client.createReadStream('/a.txt', { callback: ({ status, ok }) => resolve({ status, ok }) });
      stream.on('error', reject).on('data', () => undefined);
    }),
  'createReadStream of a missing file': ({ client }) => read(client, '/none.txt'),
  'createReadStream of a range behind the end': ({ client }) => read(client, '/a.txt', { range: { start: 999 } }),

  'createWriteStream writes': async ({ client }) => [
    (await written(client, '/w.txt', {}, 'written')) < 300,
    await client.getFileContents('/w.txt', { format: 'text' }),
  ],
  'createWriteStream writes megabytes': async ({ client }) => {
    const bytes = Buffer.alloc(2_000_003, 'xyz');
    await written(client, '/w.bin', {}, bytes);
    return bytes.equals((await client.getFileContents('/w.bin')) as Buffer);
  },
  'createWriteStream with overwrite false': ({ client }) => written(client, '/w.txt', { overwrite: false }, 'x'),
  'createWriteStream with overwrite true and headers': ({ client }) =>
    written(client, '/w.txt', { overwrite: true, headers: { 'Content-Type': 'text/plain' } }, 'x'),
  'createWriteStream below a missing directory': ({ client }) => written(client, '/none/w.txt', {}, 'x'),

  'customRequest sends a PROPFIND': async ({ client, package: { parseXML, parseStat } }) => {
    const response = await client.customRequest('/a.txt', { method: 'PROPFIND', headers: { Depth: '0' } });
    const result = await parseXML(await response.text());
    return [result, parseStat(result as never, '/a.txt' as never, false as never)];
  },
  'customRequest has a response': async ({ client }) => {
    const response = await client.customRequest('/a.txt', { method: 'GET' });
    const { ok, status, statusText } = response;
    return [ok, status, statusText, response.headers.get('Content-Type'), Buffer.from(await response.arrayBuffer())];
  },
  'customRequest with data': async ({ client }) => {
    await client.customRequest('/custom.txt', { method: 'put', data: 'custom' });
    return client.getFileContents('/custom.txt', { format: 'text' });
  },
  'customRequest with an object': async ({ client }) => {
    await client.customRequest('/custom.json', { method: 'PUT', data: { a: 1 } });
    return (await client.customRequest('/custom.json', { method: 'GET' })).json();
  },
  'customRequest with url': async ({ client, url }) =>
    (await client.customRequest('/none', { method: 'GET', url: `${url}/a.txt` })).text(),
  'customRequest of a missing file': ({ client }) => client.customRequest('/none.txt', { method: 'GET' }),
  'customRequest has an error with a body': ({ client }) =>
    client
      .customRequest('/none.txt', { method: 'GET' })
      .catch(async (error: unknown) => typeof (await (error as webdav.WebDAVClientError).response?.text())),
  'processResponsePayload with details': async ({ client, package: { processResponsePayload } }) =>
    processResponsePayload(await client.customRequest('/a.txt', { method: 'GET' }), 'data', true),

  'copyFile copies': async ({ client }) => [
    await client.copyFile('/a.txt', '/copy of a.txt'),
    await client.getFileContents('/copy of a.txt', { format: 'text' }),
  ],
  'copyFile replaces': ({ client }) => client.copyFile('/b.bin', '/copy of a.txt'),
  'copyFile with overwrite false': ({ client }) => client.copyFile('/b.bin', '/copy of a.txt', { overwrite: false }),
  'copyFile of a directory': async ({ client }) => [
    await client.copyFile('/dir', '/dir2'),
    await client.exists('/dir2/a/z.txt'),
  ],
  'copyFile with shallow': async ({ client }) => [
    await client.copyFile('/dir', '/dir3', { shallow: true }),
    await client.exists('/dir3'),
  ],
  'copyFile of a missing file': ({ client }) => client.copyFile('/none.txt', '/x.txt'),
  'moveFile moves': async ({ client }) => [
    await client.moveFile('/copy of a.txt', '/moved.txt'),
    await client.exists('/copy of a.txt'),
    await client.exists('/moved.txt'),
  ],
  'moveFile with overwrite false': ({ client }) => client.moveFile('/moved.txt', '/a.txt', { overwrite: false }),
  'moveFile of a missing file': ({ client }) => client.moveFile('/none.txt', '/x.txt'),

  'getDAVCompliance of a file': ({ client }) => client.getDAVCompliance('/a.txt'),
  'getQuota of the root': ({ client }) => client.getQuota(),
  'getQuota with details': ({ client }) => client.getQuota({ details: true }),
  'getQuota with path': ({ client }) => client.getQuota({ path: '/dir' }),
  'getQuota of a missing path': ({ client }) => client.getQuota({ path: '/none' }),
  'search is not supported': ({ client }) => client.search('/', { data: '<d:searchrequest xmlns:d="DAV:"/>' }),

  'partialUpdateFileContents replaces bytes': async ({ client }) => [
    await client.partialUpdateFileContents('/a.txt', 1, 3, 'XYZ'),
    await client.getFileContents('/a.txt', { format: 'text' }),
  ],
  'partialUpdateFileContents of an invalid range': ({ client }) =>
    client.partialUpdateFileContents('/a.txt', 3, 1, 'XYZ'),

  'lock of a file has a timeout': ({ client }) => lockNew(client, '1').then(({ serverTimeout }) => serverTimeout),
  'lock without options': async ({ client }) => {
    await client.putFileContents('/lock 2.txt', '');
    return (await client.lock('/lock 2.txt')).serverTimeout;
  },
  'lock of a locked file': async ({ client }) => {
    await lockNew(client, '3');
    return client.lock('/lock 3.txt');
  },
  'lock of a missing directory': ({ client }) => client.lock('/none/lock.txt', timeout),
  'lock with refreshToken in the syntax of If': async ({ client }) => {
    const { token } = await lockNew(client, '4');
    return refresh(client, '4', token, `(<${token}>)`);
  },
  'lock with the token of lock as refreshToken': async ({ client }) => {
    const { token } = await lockNew(client, '5');
    return refresh(client, '5', token, token);
  },
  'unlock with the token of lock': async ({ client }) => {
    const { token } = await lockNew(client, '6');
    return [await client.unlock('/lock 6.txt', token), await client.putFileContents('/lock 6.txt', 'unlocked')];
  },
  'unlock with the token in brackets': async ({ client }) => {
    const { token } = await lockNew(client, '7');
    return [await client.unlock('/lock 7.txt', `<${token}>`), await client.putFileContents('/lock 7.txt', 'unlocked')];
  },
  'the token of lock': ({ client }) => lockNew(client, '8').then(({ token }) => typeof token),
  'unlock with an unknown token': ({ client }) =>
    client.unlock('/d.txt', '<opaquelocktoken:00000000-0000-0000-0000-000000000000>'),

  'getHeaders and setHeaders': ({ client }) => {
    const before = client.getHeaders();
    client.setHeaders({ 'X-One': '1' });
    const changed = client.getHeaders();
    client.setHeaders(before);
    return [before, changed, client.getHeaders()];
  },
  'getFileDownloadLink without authentication': ({ client, url }) =>
    client.getFileDownloadLink('/a b#.txt').replace(url, 'URL'),
  'getFileUploadLink without authentication': ({ client, url }) =>
    client.getFileUploadLink('/a b#.txt').replace(url, 'URL'),
  'links with Basic': ({ package: { createClient } }) => {
    const client = createClient('https://dav.example.com/base/', { username: 'user', password: 'pass' });
    return [client.getFileDownloadLink('/a.txt'), client.getFileUploadLink('/a.txt'), client.getHeaders()];
  },
  'links with Digest': ({ package: { createClient } }) =>
    createClient('https://dav.example.com', { authType: 'digest', username: 'u', password: 'p' }).getFileDownloadLink(
      '/',
    ),
  'links with a token': ({ package: { createClient } }) =>
    createClient('https://dav.example.com', {
      authType: 'token',
      token: { access_token: 'abc', token_type: 'Bearer' },
    }).getFileUploadLink('/'),
  'headers with a token': ({ package: { createClient } }) =>
    createClient('https://dav.example.com', {
      authType: 'token',
      token: { access_token: 'abc', token_type: 'Bearer' },
      headers: { 'X-One': '1' },
    }).getHeaders(),
  'an unknown authType': ({ package: { createClient } }) =>
    createClient('https://dav.example.com', { authType: 'ntlm' }).getHeaders(),
  'headers of a client override those of no method': ({ package: { createClient }, url }) =>
    createClient(url, { headers: { depth: '1' } }).stat('/a.txt'),
  'registerTagParser and registerAttributeParser': async ({ package: { createClient }, url }) => {
    const client = createClient(url, { attributeNamePrefix: '$' });
    const paths: string[] = [];
    client.registerTagParser((path, value) => {
      paths.push(path);
      return path.endsWith('getcontentlength') ? { length: value } : value;
    });
    client.registerTagParser(() => {
      throw new Error('skipped');
    });
    client.registerAttributeParser((_path, value) => value);
    const stat = await client.stat('/e.txt', { details: true });
    return [stat, paths.sort()];
  },

  'an aborted signal': ({ client }) =>
    client.stat('/a.txt', { signal: AbortSignal.abort() }).catch(fieldsOf('name', 'message', 'type')),
  'a later abort': ({ client }) => {
    const controller = new AbortController();
    const pending = client.getFileContents('/long.bin', { signal: controller.signal });
    controller.abort(new Error('mine'));
    return pending.catch(fieldsOf('name', 'message'));
  },
  'a refused connection': ({ package: { createClient } }) =>
    createClient('http://127.0.0.1:1')
      .stat('/')
      .catch(fieldsOf('name', 'code', 'errno', 'type')),
  'a URL with credentials': ({ package: { createClient } }) =>
    createClient('http://user:pass@127.0.0.1')
      .stat('/')
      .catch((error: unknown) => error instanceof TypeError),
  'half of a surrogate pair': ({ client }) => client.stat('/\ud800').catch(fieldsOf('message')),
  'calculateDataLength of all kinds': ({ package: { calculateDataLength } }) => [
    calculateDataLength('é'),
    calculateDataLength(Buffer.from('abc')),
    calculateDataLength(new ArrayBuffer(5)),
  ],
  'calculateDataLength of anything else': ({ package: { calculateDataLength } }) => calculateDataLength({} as never),

  ...Object.fromEntries(
    Object.entries(documents).map(([name, document]) => [
      `parseXML of ${name}`,
      async ({ package: { parseXML } }: Given) => {
        const { multistatus } = await parseXML(document.xml, document.context as never);
        return multistatus;
      },
    ]),
  ),

  'deleteFile of a file': async ({ client }) => [await client.deleteFile('/b.bin'), await client.exists('/b.bin')],
  'deleteFile of a directory': async ({ client }) => [await client.deleteFile('/dir'), await client.exists('/dir')],
  'deleteFile of a missing file': ({ client }) => client.deleteFile('/none.txt'),
};

/** Calls that only some suites make. */
export const otherCalls: Readonly<Record<string, Call>> = {
  'getFileContents returns a Buffer of a.txt': ({ client }) => client.getFileContents('/a.txt'),
  'createDirectory with recursive, from the beginning': ({ client }) =>
    client.createDirectory('/x/y', { recursive: true }),
  'putFileContents stores a long Readable first': async ({ package: { createClient }, url, client, options }) => {
    const blocks = Array.from({ length: 100 }, () => Buffer.alloc(10_000, 'x'));
    const stored = await createClient(url, options).putFileContents('/stream', Readable.from(blocks));
    return [stored, ((await client.getFileContents('/stream')) as Buffer).length];
  },
};

/** Names with characters that paths treat in different ways. */
const odd = [
  'a b',
  '100%',
  '50%25',
  "q'(1)!*",
  'é ñ 日本',
  'a+b&c=d;e',
  'x,y@z',
  '2024.10',
  'a[1]',
  '~tilde',
  'ho#sh',
  'qu?ry',
];
