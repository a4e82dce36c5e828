/** Type-checks a program that was written for npm webdav 5, before and after its import is changed. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { projectRoot } from '../servers/start.js';
import { runNode } from '../support/child.js';

/** Uses every function, every option and every type that npm webdav 5 exports. */
const program = `
import { createReadStream } from 'node:fs';
import {
  AuthType, calculateDataLength, createClient, ErrorCode, getPatcher, parseStat, parseXML, prepareFileFromProps,
  processResponsePayload, translateDiskSpace,
} from 'webdav';
import type {
  AuthHeader, BufferLike, CopyFileOptions, CreateDirectoryOptions, CreateReadStreamOptions, CreateWriteStreamCallback,
  CreateWriteStreamOptions, DAVCompliance, DAVResult, DAVResultPropstatResponse, DAVResultRaw, DAVResultRawMultistatus,
  DAVResultResponse, DAVResultResponseProps, DAVResultStatusResponse, DigestContext, DiskQuota, DiskQuotaAvailable,
  FileStat, GetDirectoryContentsOptionsWithDetails, GetDirectoryContentsOptionsWithoutDetails, GetFileContentsOptions,
  GetQuotaOptions, Headers, HeadersLike, LockOptions, LockResponse, MoveFileOptions, OAuthToken, ProgressEvent,
  ProgressEventCallback, PutFileContentsOptions, ReadableLike, Request, RequestDataPayload, RequestOptions,
  RequestOptionsCustom, RequestOptionsWithState, Response, ResponseData, ResponseDataDetailed, ResponseStatusValidator,
  SearchOptions, SearchResult, StatOptions, UploadProgress, UploadProgressCallback, WebDAVAttributeParser, WebDAVClient,
  WebDAVClientContext, WebDAVClientError, WebDAVClientOptions, WebDAVEntityDecoderOptions, WebDAVMethodOptions,
  WebDAVParsingContext, WebDAVTagParser, WritableLike,
} from 'webdav';

const token: OAuthToken = { access_token: 'a', token_type: 'Bearer' };
const options: WebDAVClientOptions = {
  attributeNamePrefix: '@', authType: AuthType.Password, remoteBasePath: '/', contactHref: 'x', headers: { a: 'b' },
  entityDecoder: { limit: { maxTotalExpansions: 0, maxExpandedLength: 0 } }, ha1: '', httpAgent: undefined,
  httpsAgent: undefined, maxBodyLength: Infinity, maxContentLength: Infinity, password: 'p', token, username: 'u',
  withCredentials: false,
};
const client: WebDAVClient = createClient('https://dav.example.com', options);
const method: WebDAVMethodOptions = { data: 'x', headers: { a: 'b' }, signal: new AbortController().signal };

export async function use(): Promise<unknown[]> {
  await client.copyFile('/a', '/b', { ...method, overwrite: false, shallow: true } satisfies CopyFileOptions);
  await client.createDirectory('/a', { ...method, recursive: true } satisfies CreateDirectoryOptions);
  client.createReadStream('/a', { ...method, range: { start: 0, end: 5 }, callback: (r: Response) => void r.status }).pipe(process.stdout);
  const write = client.createWriteStream('/a', { ...method, overwrite: true }, (r) => void r.url);
  createReadStream('/a').pipe(write as NodeJS.WritableStream & WritableLike);
  write.end();
  const response: Response = await client.customRequest('/a', {
    data: { a: 1 }, headers: {}, maxRedirects: 1, method: 'GET', onDownloadProgress: (e) => void e.loaded,
    onUploadProgress: (e: ProgressEvent) => void e.total, signal: method.signal, url: 'x', withCredentials: true,
  });
  const json: string = (await response.json()).name;
  response.headers.forEach((value: string, key: string) => void (value + key));
  await client.deleteFile('/a', method);
  const exists: boolean = await client.exists('/a', method);
  const compliance: DAVCompliance = await client.getDAVCompliance('/a');
  const list: FileStat[] = await client.getDirectoryContents('/');
  const listed: FileStat[] = await client.getDirectoryContents('/', { deep: true, glob: '*', includeSelf: true, details: false });
  const detailed: ResponseDataDetailed<FileStat[]> = await client.getDirectoryContents('/', { ...method, details: true });
  const first = detailed.data[0]!.props?.getetag?.length;
  const contents = (await client.getFileContents('/a', { ...method, format: 'binary', details: false, onDownloadProgress: () => {} })) as Buffer;
  const text = (await client.getFileContents('/a', { format: 'text' })) as string;
  const links: string[] = [client.getFileDownloadLink('/a'), client.getFileUploadLink('/a')];
  const headers: Headers = client.getHeaders();
  client.setHeaders(headers);
  const quota = (await client.getQuota({ ...method, details: false, path: '/' })) as DiskQuota | null;
  const available: DiskQuotaAvailable | undefined = quota?.available;
  const lock: LockResponse = await client.lock('/a', { ...method, refreshToken: 'x', timeout: 'Infinite' });
  await client.unlock('/a', lock.token, method);
  await client.moveFile('/a', '/b', { ...method, overwrite: true });
  const stored: boolean = await client.putFileContents('/a', createReadStream('/a'), {
    ...method, contentLength: 5, overwrite: false, onUploadProgress: (e) => void e.loaded,
  });
  await client.putFileContents('/a', Buffer.from('x'));
  await client.putFileContents('/a', new ArrayBuffer(1), { contentLength: false });
  await client.partialUpdateFileContents('/a', 0, 1, 'xx', method);
  const found = (await client.search('/', { ...method, details: false })) as SearchResult;
  const stat = (await client.stat('/a', { ...method, details: true })) as ResponseDataDetailed<FileStat>;
  client.registerTagParser((jPath: string, value: string) => (jPath ? JSON.parse(value) : undefined));
  client.registerAttributeParser((jPath, value) => (jPath ? value === 'true' : undefined));
  const context: WebDAVParsingContext = { attributeParsers: [], tagParsers: [], clarkNotationProps: true, attributeNamePrefix: '@' };
  const result: DAVResult = await parseXML('<x/>', context);
  const parsed: FileStat = parseStat(result, '/a', false);
  const props: DAVResultResponseProps = result.multistatus.response[0]!.propstat!.prop;
  const prepared: FileStat = prepareFileFromProps(props, '/a', true);
  const payload = processResponsePayload(response, 5, true);
  const space: DiskQuotaAvailable = translateDiskSpace('-3');
  const length: number = calculateDataLength('x');
  getPatcher().patch('request', () => undefined);
  try {
    await client.stat('/a');
  } catch (error) {
    const { status, response } = error as WebDAVClientError;
    return [status, await response?.text(), ErrorCode.NotSupported, AuthType.Digest];
  }
  return [json, exists, compliance, list, listed, first, contents, text, links, available, stored, found, stat, parsed, prepared, payload, space, length];
}

export type All = [
  AuthHeader, BufferLike, CreateReadStreamOptions, CreateWriteStreamCallback, CreateWriteStreamOptions,
  DAVResultPropstatResponse, DAVResultRaw, DAVResultRawMultistatus, DAVResultResponse, DAVResultStatusResponse,
  DigestContext, GetDirectoryContentsOptionsWithDetails, GetDirectoryContentsOptionsWithoutDetails,
  GetFileContentsOptions, GetQuotaOptions, HeadersLike, LockOptions, MoveFileOptions, ProgressEventCallback,
  PutFileContentsOptions, ReadableLike, Request, RequestDataPayload, RequestOptions, RequestOptionsCustom,
  RequestOptionsWithState, ResponseData, ResponseStatusValidator, SearchOptions, StatOptions, UploadProgress,
  UploadProgressCallback, WebDAVAttributeParser, WebDAVClientContext, WebDAVEntityDecoderOptions, WebDAVTagParser,
];
`;

/** A client of this package can be given to code that expects one of npm webdav. */
const assigned = `
import type { FileStat as TheirStat, WebDAVClient as Theirs } from 'webdav';
import { createClient, type FileStat as OurStat } from 'libneon/webdav';
export const client: Theirs = createClient('https://dav.example.com');
export const there: TheirStat = {} as OurStat;
export const back: OurStat = {} as TheirStat;
`;

/** Mistakes must not compile. */
const wrong = `
import { createClient } from 'libneon/webdav';
createClient('x', { userName: 'x' });
void createClient('x').stat('/', { detail: true });
void createClient('x').getFileContents('/', { format: 'json' });
const list: string[] = await createClient('x').getDirectoryContents('/');
export { list };
`;

test('a program for npm webdav 5 compiles when its import is changed', async () => {
  const folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-webdav-types-'));
  try {
    mkdirSync(path.join(folder, 'node_modules'));
    symlinkSync(projectRoot, path.join(folder, 'node_modules', 'libneon'));
    for (const name of ['webdav', 'hot-patcher'])
      symlinkSync(path.join(projectRoot, 'node_modules', name), path.join(folder, 'node_modules', name));
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
    const changed = program.replaceAll("from 'webdav'", "from 'libneon/webdav'");
    const files = {
      'theirs.ts': program,
      'ours.ts': changed,
      'ours.cts': changed,
      'assigned.ts': assigned,
      'wrong.ts': wrong,
    };
    for (const [name, code] of Object.entries(files)) writeFileSync(path.join(folder, name), code);
    const compilerOptions = {
      target: 'es2022',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
      typeRoots: [path.join(projectRoot, 'node_modules', '@types')],
    };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions }));
    const tsc = path.join(projectRoot, 'node_modules', 'typescript', 'bin', 'tsc');
    const { stdout } = await runNode([tsc, '--pretty', 'false', '-p', folder], folder);
    const errors = stdout.split('\n').filter((line) => line.includes('error TS'));
    expect(errors.filter((line) => !line.startsWith('wrong.ts'))).toEqual([]);
    expect(errors.map((line) => /^wrong\.ts\((\d+)/.exec(line)?.[1])).toEqual(['3', '4', '5', '6']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 180_000);
