/** The command `put`. */
import { Option } from 'commander';
import { lstat, stat } from 'node:fs/promises';
import path from 'node:path';

import { escapePath, NeonError } from '../index.js';
import { type Client, type Command, Tally } from './command.js';
import { asFolder, type Connection, isUrl } from './connection.js';
import { usageError } from './failure.js';
import { decodedPath, sizeText } from './format.js';
import { findLocal, isLocalPattern } from './local.js';
import { recordOf, runTree } from './sync.js';
import { lockToken } from './options.js';

interface PutOptions {
  readonly recursive?: boolean;
  readonly overwrite?: boolean;
  readonly type?: string;
}

const options = [
  new Option('-r, --recursive', 'upload folders with everything in them'),
  new Option('-n, --no-overwrite', 'fail if the resource exists'),
  new Option('--type <media type>', 'send this Content-Type'),
  lockToken,
];

const details = [
  'With one argument, uploads to the collection of --url. Of several arguments, the last one is the resource or',
  'collection. A target that ends with a slash, or that is a collection, gets the local names. - stands for standard input.',
].join(' ');

export const put: Command<PutOptions> = {
  name: 'put',
  arguments: '<local...> [remote]',
  summary: 'upload files, and folders with --recursive',
  details,
  examples: [
    'libneon put report.pdf https://dav.example.com/files/',
    'libneon put -r photos https://dav.example.com/',
    'date | libneon put - https://dav.example.com/files/date.txt',
  ],
  options,
  completes: [['local'], ['local', 'remote']],
  run: async (client, args, options) => {
    const [first = ''] = args;
    if (args.length === 1 && isUrl(first)) throw usageError('there is no local file', 'write: libneon put FILE URL');
    const locals = args.length > 1 ? args.slice(0, -1) : args;
    const remote = args.length > 1 ? (args.at(-1) as string) : '.';
    const connection = client.connect([remote]);
    const tally = new Tally(client);
    const found = await tally.gather(locals, async (file) => {
      if (isUrl(file)) throw usageError(`${file} is no local file`, 'download it first, or use cp on one server');
      return await findLocal(file);
    });
    const target = connection.resolve(remote);
    const isSeveral = locals.length > 1 || locals.some(isLocalPattern);
    const isCollection = target.endsWith('/') || (await isCollectionThere(connection, target, client.signal));
    if (isSeveral && !isCollection)
      throw usageError(`${remote} is no collection, and there are several files`, 'create it first with libneon mkcol');
    await tally.each(
      found,
      (file) => file,
      async (file) => {
        const name = path.basename(path.resolve(file));
        if (file === '-' && isCollection)
          throw usageError('standard input has no name', 'write the name of the resource');
        const to = isCollection ? asFolder(target) + escapePath(name) : target;
        const status = file === '-' ? undefined : await stat(file);
        if (status?.isDirectory()) await uploadFolder(client, connection, file, to, options, tally);
        else await upload(client, connection, { file, to, size: status?.size }, options);
      },
    );
    tally.finish();
  },
};

/** Whether a target is a collection that exists. */
export async function isCollectionThere({ pool }: Connection, target: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await pool.stat(target, { signal })).type === 'directory';
  } catch (error) {
    if (error instanceof NeonError && error.code === 'ERR_NEON_STATUS' && error.status === 404) return false;
    throw error;
  }
}

interface Upload {
  readonly file: string;
  readonly to: string;
  /** Undefined for standard input. */
  readonly size: number | undefined;
}

async function upload(
  client: Client,
  { pool, origin }: Connection,
  { file, to, size }: Upload,
  { overwrite = true, type }: PutOptions,
): Promise<void> {
  const { output, signal } = client;
  const progress = client.progress();
  const name = file === '-' ? decodedPath(to) : file;
  progress.update({ bytes: 0, totalBytes: size, name });
  let sent = 0;
  try {
    await pool.put(to, size === undefined ? process.stdin : { file }, {
      signal,
      headers: {
        ...(!overwrite && { 'If-None-Match': '*' }),
        ...(type !== undefined && { 'Content-Type': type }),
      },
      onProgress: ({ type, progress: bytes }) => {
        if (type !== 'sending') return;
        sent = bytes;
        progress.update({ bytes, totalBytes: size, name });
      },
    });
    if (size !== undefined) progress.update({ bytes: size, totalBytes: size, name });
  } finally {
    progress.stop();
  }
  const bytes = size ?? sent;
  output.done({ file, url: origin + to, bytes }, `uploaded ${decodedPath(to)} (${sizeText(bytes)})`);
}

async function uploadFolder(
  client: Client,
  connection: Connection,
  folder: string,
  target: string,
  { recursive = false, overwrite = true, type }: PutOptions,
  tally: Tally,
): Promise<void> {
  if (!recursive) throw usageError(`${folder} is a folder`, 'use --recursive to upload what is in it');
  if (type !== undefined) throw usageError('--type is for files only', 'leave it out with --recursive');
  const { pool, origin } = connection;
  if (!overwrite && (await pool.exists(target, { signal: client.signal })))
    throw usageError(`${decodedPath(target)} exists already`, 'leave out --no-overwrite to replace files in it');
  const followsLink = (await lstat(folder)).isSymbolicLink();
  const call = pool.putTree.bind(pool, followsLink ? `${folder}/` : folder, target);
  const report = { prefix: `${decodedPath(target).replace(/\/$/, '')}/`, isVerbose: false };
  const result = await runTree(client, call, { state: false }, report, tally);
  const { created, updated, skipped, bytes } = result;
  const counts = `${created.length} created, ${updated.length} updated, ${skipped.length} unchanged`;
  client.output.done(
    { folder, url: origin + target, ...recordOf(result) },
    `uploaded ${decodedPath(target)} (${counts}, ${sizeText(bytes)})`,
  );
}
