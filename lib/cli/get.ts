/** The command `get`. */
import { Option } from 'commander';
import { once } from 'node:events';
import { lstat, mkdir, open, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';

import { requireLocalName } from '../classes/local-tree.js';
import { partName } from '../classes/tree-state.js';
import { NeonError, type Resource, type Response } from '../index.js';
import { type Client, type Command, Tally } from './command.js';
import { asFolder, type Connection, isUrl, nameOf, type Remote } from './connection.js';
import { ClientError, usageError } from './failure.js';
import { decodedPath, sizeText } from './format.js';
import { recordOf, runTree } from './sync.js';

interface GetOptions {
  readonly recursive?: boolean;
  readonly overwrite?: boolean;
}

const options = [
  new Option('-r, --recursive', 'download collections with everything in them'),
  new Option('-n, --no-overwrite', 'fail if the local file exists'),
];

const details = [
  'With one argument, downloads to the current folder. Of several arguments, the last one is the local file or folder;',
  '- stands for standard output. A file is written beside its name, and renamed when it is whole.',
].join(' ');

export const get: Command<GetOptions> = {
  name: 'get',
  arguments: '<remote...> [local]',
  summary: 'download files, and collections with --recursive',
  details,
  examples: [
    'libneon get https://dav.example.com/files/report.pdf',
    "libneon get 'https://dav.example.com/files/*.txt' texts/",
    'libneon get https://dav.example.com/files/notes.txt - | wc -l',
  ],
  options,
  completes: [['remote'], ['remote', 'local']],
  run: async (client, args, options) => {
    const sources = args.length > 1 ? args.slice(0, -1) : args;
    const local = args.length > 1 ? (args.at(-1) as string) : '.';
    if (args.length > 1 && isUrl(local))
      throw usageError(`the last argument must be a local file or folder: ${local}`, 'add . for the current folder');
    const connection = client.connect(sources);
    const tally = new Tally(client);
    const found = await tally.gather(sources, (arg) => connection.find(arg, client.signal));
    if (local === '-') {
      await tally.each(found, shown, ({ target }) => toOutput(client, connection, target));
      tally.finish();
      return;
    }
    const isFolder = await isFolderHere(local);
    const isSeveral = sources.length > 1 || sources.some((arg) => connection.isPattern(arg));
    if (!isFolder && isSeveral && !local.endsWith('/'))
      throw usageError(`${local} is no folder, and there are several files`, `create it, or write ${local}/`);
    const intoFolder = isFolder || isSeveral || local.endsWith('/');
    if (intoFolder && !isFolder) await mkdir(local, { recursive: true });
    await tally.each(found, shown, async (remote) => {
      const resource = remote.resource ?? (await describe(client, connection, remote.target));
      const name = resource?.name || nameOf(remote.target);
      if (intoFolder) requireLocalName(name);
      const file = intoFolder ? path.join(local, name) : local;
      if (resource?.type === 'directory') await downloadFolder(client, connection, resource, file, options, tally);
      else await download(client, connection, { target: remote.target, resource, file }, options);
    });
    tally.finish();
  },
};

const shown = ({ target }: Remote): string => decodedPath(target);

/** Describes a resource; undefined if the server is one of HTTP only, where each resource is a file. */
async function describe({ signal }: Client, { pool }: Connection, target: string): Promise<Resource | undefined> {
  try {
    return await pool.stat(target, { signal });
  } catch (error) {
    if (error instanceof NeonError && (error.status === 405 || error.status === 501)) return undefined;
    throw error;
  }
}

async function isFolderHere(file: string): Promise<boolean> {
  return (await stat(file).catch(ignoreMissing))?.isDirectory() ?? false;
}

function ignoreMissing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}

/** Writes the content of a resource to standard output. */
async function toOutput(client: Client, { pool }: Connection, target: string): Promise<void> {
  const { stdout } = client.output.streams;
  const response = await pool.get(target, { signal: client.signal });
  for await (const block of response.body as AsyncIterable<Buffer>)
    if (!stdout.write(block)) await once(stdout, 'drain', { signal: client.signal });
}

interface Download {
  readonly target: string;
  readonly resource: Resource | undefined;
  readonly file: string;
}

async function download(
  client: Client,
  { pool, origin }: Connection,
  { target, resource, file }: Download,
  { overwrite = true }: GetOptions,
): Promise<void> {
  const { output, signal } = client;
  const there = await lstat(file).catch(ignoreMissing);
  if (there && !overwrite) throw exists(file);
  if (there?.isDirectory())
    throw new ClientError('other', 'EISDIR', `a folder is in the way: ${file}`, 'remove it, or name another file');
  const part = path.join(path.dirname(file), partName());
  const progress = client.progress();
  const name = nameOf(target);
  progress.update({ bytes: 0, totalBytes: resource?.size ?? undefined, name });
  let bytes: number;
  try {
    const response = await pool.get(target, {
      signal,
      decompress: false,
      onProgress: ({ type, progress: bytes, total = resource?.size ?? undefined }) => {
        if (type === 'receiving') progress.update({ bytes, totalBytes: total, name });
      },
    });
    bytes = await toNewFile(response, part);
    const modified = resource?.modified ?? lastModified(response);
    if (modified) await utimes(part, modified, modified);
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  } finally {
    progress.stop();
  }
  output.done({ url: origin + target, file, bytes }, `downloaded ${file} (${sizeText(bytes)})`);
}

/** When the content was last modified, according to the response. */
function lastModified({ headers }: Response): Date | undefined {
  const date = new Date(headers['last-modified'] ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function exists(file: string): ClientError {
  return new ClientError('other', 'EEXIST', `${file} exists already`, 'leave out --no-overwrite to replace it');
}

async function toNewFile(response: Response, part: string): Promise<number> {
  const handle = await open(part, 'wx').catch((error: unknown) => {
    response.cancel();
    throw error;
  });
  try {
    return await response.toFile(handle.fd);
  } finally {
    await handle.close();
  }
}

async function downloadFolder(
  client: Client,
  { pool, origin }: Connection,
  { path: target }: Resource,
  folder: string,
  { recursive = false, overwrite = true }: GetOptions,
  tally: Tally,
): Promise<void> {
  if (!recursive)
    throw usageError(`${decodedPath(target)} is a collection`, 'use --recursive to download what is in it');
  if (!overwrite && (await lstat(folder).catch(ignoreMissing))) throw exists(folder);
  const report = { prefix: `${folder.replace(/\/$/, '')}/`, isVerbose: false };
  const call = pool.getTree.bind(pool, asFolder(target), folder);
  const result = await runTree(client, call, { state: false }, report, tally);
  const { created, updated, skipped, bytes } = result;
  const counts = `${created.length} created, ${updated.length} updated, ${skipped.length} unchanged`;
  client.output.done(
    { url: origin + target, folder, ...recordOf(result) },
    `downloaded ${folder} (${counts}, ${sizeText(bytes)})`,
  );
}
