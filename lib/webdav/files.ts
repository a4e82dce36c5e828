/** The methods of a client that read and write files, and the requests of the caller's own making. */
import { Readable, type Writable } from 'node:stream';
import { TextDecoder } from 'node:util';

import { invalidType, invalidValue } from '../core/errors.js';
import { checked, requestOf, urlOf } from './call.js';
import { calculateDataLength } from './data.js';
import { getDAVCompliance } from './directories.js';
import { unsupported, WebDAVRefusal } from './errors.js';
import { merged } from './headers.js';
import * as known from './options.js';
import { type Client, run, send } from './request.js';
import { type DavResponse, processResponsePayload } from './response.js';
import { readStream, writeStream } from './streams.js';
import {
  AuthType,
  type BufferLike,
  type CreateReadStreamOptions,
  type CreateWriteStreamCallback,
  type CreateWriteStreamOptions,
  ErrorCode,
  type GetFileContentsOptions,
  type Headers,
  type PutFileContentsOptions,
  type ReadableLike,
  type RequestOptionsCustom,
  type Response,
  type ResponseDataDetailed,
  type WebDAVMethodOptions,
} from './types.js';

type Contents = string | BufferLike | ReadableLike;

export async function getFileContents(
  client: Client,
  filename: string,
  given?: GetFileContentsOptions,
): Promise<Buffer | string | ResponseDataDetailed<Buffer | string>> {
  const options = checked(given, known.getOptions);
  const { details } = options;
  const format: string = options.format ?? 'binary';
  if (format !== 'binary' && format !== 'text')
    throw new WebDAVRefusal(ErrorCode.InvalidOutputFormat, `Invalid output format: ${format}`);
  const headers: Headers = format === 'text' ? { Accept: 'text/plain' } : {};
  const response = await send(client, {
    ...requestOf(client, urlOf(client, filename), { method: 'GET', headers }, options),
    onDownloadProgress: options.onDownloadProgress,
  });
  const bytes = await response.bytes();
  return processResponsePayload(response, format === 'text' ? new TextDecoder().decode(bytes) : bytes, details);
}

export async function putFileContents(
  client: Client,
  filename: string,
  data: Contents,
  given?: PutFileContentsOptions,
): Promise<boolean> {
  const options = checked(given, known.putOptions);
  const { contentLength = true, overwrite = true } = options;
  const headers: Headers = { 'Content-Type': 'application/octet-stream' };
  // The session pool announces the length of text and bytes.
  if (contentLength === true && !(data instanceof Readable)) calculateDataLength(data as string | BufferLike);
  if (typeof contentLength === 'number') headers['Content-Length'] = String(contentLength);
  if (!overwrite) headers['If-None-Match'] = '*';
  try {
    await run(client, {
      ...requestOf(client, urlOf(client, filename), { method: 'PUT', headers, data }, options),
      onUploadProgress: options.onUploadProgress,
    });
  } catch (error) {
    if (!overwrite && (error as { status?: unknown }).status === 412) return false;
    throw error;
  }
  return true;
}

export async function partialUpdateFileContents(
  client: Client,
  filename: string,
  start: number,
  end: number,
  data: Contents,
  given?: WebDAVMethodOptions,
): Promise<void> {
  const options = checked(given, known.methodOptions);
  const { compliance, server } = await getDAVCompliance(client, filename, options);
  const isSabre = compliance.includes('sabredav-partialupdate');
  const isApache = server.includes('Apache') && compliance.includes('<http://apache.org/dav/propset/fs/1>');
  if (!isSabre && !isApache) throw unsupported('Not supported');
  if (!(start <= end && start >= 0))
    throw new WebDAVRefusal(ErrorCode.InvalidUpdateRange, `Invalid update range ${start} for partial update`);
  const headers: Headers = {
    'Content-Length': String(end - start + 1),
    'Content-Type': isSabre ? 'application/x-sabredav-partialupdate' : 'application/octet-stream',
    ...(isSabre ? { 'X-Update-Range': `bytes=${start}-${end}` } : { 'Content-Range': `bytes ${start}-${end}/*` }),
  };
  const call = { method: isSabre ? 'PATCH' : 'PUT', headers, data };
  await run(client, requestOf(client, urlOf(client, filename), call, options));
}

export function createReadStream(client: Client, filename: string, given?: CreateReadStreamOptions): Readable {
  return readStream(async () => {
    const options = checked(given, known.readStreamOptions);
    const { range, callback } = options;
    const headers: Headers = {};
    if (typeof range === 'object' && typeof range.start === 'number')
      headers['Range'] = `bytes=${range.start}-${typeof range.end === 'number' ? range.end : ''}`;
    const response = await send(
      client,
      requestOf(client, urlOf(client, filename), { method: 'GET', headers }, options),
    );
    if (headers['Range'] !== undefined && response.status !== 206) {
      response.cancel();
      const error = new Error(`Invalid response code for partial request: ${response.status}`);
      throw Object.assign(error, { status: response.status });
    }
    if (callback) setTimeout(callback, 0, response);
    return response;
  });
}

export function createWriteStream(
  client: Client,
  filename: string,
  given?: CreateWriteStreamOptions,
  callback?: CreateWriteStreamCallback,
): Writable {
  return writeStream(async (data): Promise<DavResponse> => {
    const options = checked(given, known.writeStreamOptions);
    const headers: Headers = options.overwrite === false ? { 'If-None-Match': '*' } : {};
    return send(client, requestOf(client, urlOf(client, filename), { method: 'PUT', headers, data }, options));
  }, callback);
}

export async function customRequest(client: Client, path: string, given: RequestOptionsCustom): Promise<Response> {
  if ((given as unknown) === undefined) throw invalidType('requestOptions', 'of type object', given);
  const options = checked(given, known.customOptions);
  const { method, url, headers = {}, data, signal, maxRedirects, onUploadProgress, onDownloadProgress } = options;
  for (const name of ['httpAgent', 'httpsAgent', 'transformResponse'] as const)
    if (options[name] !== undefined)
      throw invalidValue(`customRequest() does not support the option "${name}": give agents to createClient()`);
  if (typeof method !== 'string') throw invalidType('method', 'of type string', method);
  return send(client, {
    method,
    url: url || urlOf(client, path),
    headers: merged(client.headers, headers),
    data,
    signal,
    maxRedirects,
    onUploadProgress,
    onDownloadProgress,
  });
}

export function getFileDownloadLink(client: Client, filename: string): string {
  return linkTo(client, urlOf(client, filename));
}

export function getFileUploadLink(client: Client, filename: string): string {
  return linkTo(client, `${urlOf(client, filename)}?Content-Type=application/octet-stream`);
}

/** Adds the credentials of Basic authentication to a URL. */
function linkTo({ authType, headers }: Client, url: string): string {
  if (authType === AuthType.None) return url;
  const [, basic] = /^Basic\s+(\S+)\s*$/i.exec(headers['Authorization'] ?? '') ?? [];
  if (authType !== AuthType.Password || basic === undefined)
    throw new WebDAVRefusal(ErrorCode.LinkUnsupportedAuthType, `Unsupported auth type for file link: ${authType}`);
  const [user = '', ...password] = Buffer.from(basic, 'base64').toString('latin1').split(':');
  const credentials = [user, password.join(':')].map(encodeURIComponent).join(':');
  return url.replace(/^(https?):\/\//i, (_, scheme: string) => `${scheme.toLowerCase()}://${credentials}@`);
}
