/** The methods of a client that list, describe, create, copy, move and delete. */
import { acceptXML, checked, requestOf, urlOf } from './call.js';
import { matcherOf } from '../core/glob.js';
import { hasHeader } from './headers.js';
import { readDocument, readMultistatus, resultOf } from './multistatus.js';
import * as known from './options.js';
import { absolute, ancestry, asCollection, joinURL, unescaped } from './paths.js';
import { type Client, run, send } from './request.js';
import { processResponsePayload } from './response.js';
import { parseListing, parseQuota, parseSearch, parseStat } from './stats.js';
import type {
  CopyFileOptions,
  CreateDirectoryOptions,
  DAVCompliance,
  DiskQuota,
  FileStat,
  GetDirectoryContentsOptions,
  GetQuotaOptions,
  MoveFileOptions,
  ResponseDataDetailed,
  SearchOptions,
  SearchResult,
  StatOptions,
  WebDAVMethodOptions,
} from './types.js';

type Detailed<T> = T | ResponseDataDetailed<T>;

export async function copyFile(
  client: Client,
  filename: string,
  destination: string,
  given?: CopyFileOptions,
): Promise<void> {
  const options = checked(given, known.copyOptions);
  const headers = { ...overwriting(client, destination, options), Depth: options.shallow ? '0' : 'infinity' };
  await run(client, requestOf(client, urlOf(client, filename), { method: 'COPY', headers }, options));
}

export async function moveFile(
  client: Client,
  filename: string,
  destination: string,
  given?: MoveFileOptions,
): Promise<void> {
  const options = checked(given, known.moveOptions);
  const headers = overwriting(client, destination, options);
  await run(client, requestOf(client, urlOf(client, filename), { method: 'MOVE', headers }, options));
}

function overwriting(client: Client, destination: string, { overwrite }: MoveFileOptions): Record<string, string> {
  return { Destination: urlOf(client, destination), Overwrite: overwrite === false ? 'F' : 'T' };
}

export async function deleteFile(client: Client, filename: string, given?: WebDAVMethodOptions): Promise<void> {
  const options = checked(given, known.methodOptions);
  await run(client, requestOf(client, urlOf(client, filename), { method: 'DELETE' }, options));
}

export async function createDirectory(client: Client, path: string, given?: CreateDirectoryOptions): Promise<void> {
  const options = checked(given, known.directoryOptions);
  const create = (directory: string): Promise<unknown> =>
    run(client, requestOf(client, asCollection(urlOf(client, directory)), { method: 'MKCOL' }, options));
  if (options.recursive !== true) {
    await create(path);
    return;
  }
  const missing = ancestry(path);
  while (missing[0] !== undefined && (await isDirectory(client, missing[0], path, options))) missing.shift();
  for (const directory of missing) await create(directory);
}

/** Whether a directory exists. Rejects if there is a file in its place. */
async function isDirectory(
  client: Client,
  directory: string,
  path: string,
  { headers, signal }: WebDAVMethodOptions,
): Promise<boolean> {
  try {
    const found = (await stat(client, directory, { headers, signal })) as FileStat;
    if (found.type === 'directory') return true;
  } catch (error) {
    if ((error as { status?: unknown }).status === 404) return false;
    throw error;
  }
  throw new Error(`Path includes a file: ${path}`);
}

export async function exists(client: Client, path: string, given?: WebDAVMethodOptions): Promise<boolean> {
  try {
    await stat(client, path, checked(given, known.methodOptions));
    return true;
  } catch (error) {
    if ((error as { status?: unknown }).status === 404) return false;
    throw error;
  }
}

export async function stat(client: Client, path: string, given?: StatOptions): Promise<Detailed<FileStat>> {
  const options = checked(given, known.statOptions);
  const headers = { Accept: acceptXML, Depth: '0' };
  const response = await send(client, requestOf(client, urlOf(client, path), { method: 'PROPFIND', headers }, options));
  const result = await readMultistatus(response, client.parsing);
  return processResponsePayload(response, parseStat(result, path, options.details), options.details);
}

export async function getDirectoryContents(
  client: Client,
  path: string,
  given?: GetDirectoryContentsOptions & { details?: boolean | undefined },
): Promise<Detailed<FileStat[]>> {
  const options = checked(given, known.listOptions);
  const { deep, details = false, glob, includeSelf } = options;
  const matches = glob === undefined || glob === '' ? undefined : matcherOf(glob);
  const headers = { Accept: acceptXML, Depth: deep ? 'infinity' : '1' };
  const response = await send(
    client,
    requestOf(client, urlOf(client, path).replace(/\/$/, ''), { method: 'PROPFIND', headers }, options),
  );
  const [builder, failure] = await readDocument(response, client.parsing);
  if (response.isEmpty) throw new Error('Failed parsing directory contents: Empty response');
  const base = asCollection(absolute(client.remoteBasePath ?? client.remotePath));
  const self = absolute(path).replace(/\/$/, '');
  const stats = parseListing(resultOf(builder, failure), unescaped(base), details).filter(
    ({ filename, basename, type }) =>
      (includeSelf || (basename !== '' && (type === 'file' || filename !== self))) && (matches?.(filename) ?? true),
  );
  return processResponsePayload(response, stats, details);
}

export async function search(client: Client, path: string, given?: SearchOptions): Promise<Detailed<SearchResult>> {
  const options = checked(given, known.statOptions);
  const headers: Record<string, string> = { Accept: acceptXML };
  if (!hasHeader(client.headers, 'content-type')) headers['Content-Type'] = 'application/xml; charset=utf-8';
  const response = await send(client, requestOf(client, urlOf(client, path), { method: 'SEARCH', headers }, options));
  const result = parseSearch(await readMultistatus(response, client.parsing), path, options.details ?? false);
  return processResponsePayload(response, result, options.details);
}

export async function getQuota(client: Client, given?: GetQuotaOptions): Promise<Detailed<DiskQuota | null>> {
  const options = checked(given, known.quotaOptions);
  const headers = { Accept: acceptXML, Depth: '0' };
  const url = joinURL(client.remoteURL, options.path || '/');
  const response = await send(client, requestOf(client, url, { method: 'PROPFIND', headers }, options));
  const quota = parseQuota(await readMultistatus(response, client.parsing));
  return processResponsePayload(response, quota, options.details);
}

export async function getDAVCompliance(
  client: Client,
  path: string,
  { headers, signal }: WebDAVMethodOptions = {},
): Promise<DAVCompliance> {
  const request = requestOf(client, urlOf(client, path), { method: 'OPTIONS' }, { headers, signal });
  const response = await send(client, request);
  response.cancel();
  const compliance = (response.headers.get('dav') ?? '').split(',').map((item) => item.trim());
  return { compliance, server: response.headers.get('server') ?? '' };
}
