/** The commands that change resources on the server: `mkcol`, `cp`, `mv`, `rm`. */
import { Option } from 'commander';

import { escapePath, NeonError, type Resource } from '../index.js';
import { type Client, type Command, Tally } from './command.js';
import { asFolder, type Connection, nameOf } from './connection.js';
import { usageError } from './failure.js';
import { decodedPath } from './format.js';
import { lockToken } from './options.js';
import { isCollectionThere } from './put.js';

interface MkcolOptions {
  readonly parents?: boolean;
}

export const mkcol: Command<MkcolOptions> = {
  name: 'mkcol',
  arguments: '<remote...>',
  summary: 'create collections',
  examples: ['libneon mkcol --parents https://dav.example.com/files/2024/may/'],
  options: [new Option('-p, --parents', 'create missing collections above, and accept one that exists'), lockToken],
  completes: [['remote']],
  run: async (client, args, { parents = false }) => {
    const { output, signal } = client;
    const connection = client.connect(args);
    const tally = new Tally(client);
    await tally.each(
      args,
      (arg) => arg,
      async (arg) => {
        const target = asFolder(connection.resolve(arg));
        if (parents) await connection.pool.mkcol(target, { signal, recursive: true });
        else await connection.pool.mkcol(target, { signal });
        output.done({ created: connection.urlOf(target) }, `created ${decodedPath(target)}`);
      },
    );
    tally.finish();
  },
};

interface CopyOptions {
  readonly overwrite?: boolean;
  readonly depth?: '0' | 'infinity';
}

const noOverwrite = new Option('-n, --no-overwrite', 'fail if the destination exists');
const copyDetails = [
  'The last argument is the destination. If it ends with a slash or is a collection, the resources keep their names in it.',
  'Both are on one server, which moves or copies without a transfer.',
].join(' ');

export const cp: Command<CopyOptions> = {
  name: 'cp',
  arguments: '<from...> <to>',
  summary: 'copy resources on the server, and collections with everything in them',
  details: copyDetails,
  examples: ['libneon cp --url https://dav.example.com/files/ report.pdf archive/'],
  options: [
    noOverwrite,
    new Option('--depth <depth>', 'with 0, copy a collection without its members').choices(['0', 'infinity']),
    lockToken,
  ],
  completes: [['remote']],
  run: (client, args, options) => transfer(client, args, 'copy', options),
};

export const mv: Command<CopyOptions> = {
  name: 'mv',
  arguments: '<from...> <to>',
  summary: 'move or rename resources on the server',
  details: copyDetails,
  examples: ['libneon mv --url https://dav.example.com/files/ draft.txt final.txt'],
  options: [noOverwrite, lockToken],
  completes: [['remote']],
  run: (client, args, options) => transfer(client, args, 'move', options),
};

async function transfer(
  client: Client,
  args: readonly string[],
  verb: 'copy' | 'move',
  { overwrite = true, depth }: CopyOptions,
): Promise<void> {
  const { output, signal } = client;
  const to = args.at(-1) as string;
  const from = args.slice(0, -1);
  if (from.length === 0)
    throw usageError('the destination is missing', `write: libneon ${verb === 'copy' ? 'cp' : 'mv'} FROM TO`);
  const connection = client.connect(args);
  const { pool } = connection;
  const target = connection.resolve(to);
  const isSeveral = from.length > 1 || from.some((arg) => connection.isPattern(arg));
  const isCollection = target.endsWith('/') || (await isCollectionThere(connection, target, signal));
  if (isSeveral && !isCollection)
    throw usageError(`${to} is no collection, and there are several resources`, 'create it first with libneon mkcol');
  const tally = new Tally(client);
  await eachResource(client, connection, from, tally, async ({ path, type }) => {
    const name = nameOf(path);
    const place = isCollection ? asFolder(target) + escapePath(name) : target;
    const destination = type === 'directory' ? asFolder(place) : place;
    if (destination === path)
      throw usageError(`${decodedPath(path)} is the destination itself`, 'name another destination');
    if (verb === 'move') await pool.move(path, destination, { signal, overwrite });
    else
      await pool.copy(path, destination, {
        signal,
        overwrite,
        ...(depth !== undefined && { depth: depth === '0' ? 0 : depth }),
      });
    const done = verb === 'copy' ? 'copied' : 'moved';
    output.done(
      { [done]: connection.urlOf(path), to: connection.urlOf(destination) },
      `${done} ${decodedPath(path)} to ${decodedPath(destination)}`,
    );
  });
  tally.finish();
}

interface RemoveOptions {
  readonly recursive?: boolean;
  readonly force?: boolean;
}

export const rm: Command<RemoveOptions> = {
  name: 'rm',
  arguments: '<remote...>',
  summary: 'delete resources, and collections with --recursive',
  examples: [
    'libneon rm https://dav.example.com/files/draft.txt',
    "libneon rm --url https://dav.example.com/files/ '*.tmp'",
  ],
  options: [
    new Option('-r, --recursive', 'delete collections with everything in them'),
    new Option('-f, --force', 'ignore resources that do not exist'),
    lockToken,
  ],
  completes: [['remote']],
  run: async (client, args, { recursive = false, force = false }) => {
    const { output, signal } = client;
    const connection = client.connect(args);
    const tally = new Tally(client);
    await eachResource(
      client,
      connection,
      args,
      tally,
      async ({ path, type }) => {
        if (type === 'directory' && !recursive)
          throw usageError(
            `${decodedPath(path)} is a collection`,
            'use --recursive to delete it with everything in it',
          );
        await connection.pool.delete(path, { signal });
        output.done({ deleted: connection.urlOf(path) }, `deleted ${decodedPath(path)}`);
      },
      force,
    );
    tally.finish();
  },
};

/** Finds the resources that arguments name, and runs an action for each. */
async function eachResource(
  { signal }: Client,
  connection: Connection,
  args: readonly string[],
  tally: Tally,
  action: (resource: Resource) => Promise<void>,
  ignoresMissing = false,
): Promise<void> {
  const found = await tally.gather(args, (arg) => connection.find(arg, signal));
  await tally.each(
    found,
    ({ target }) => decodedPath(target),
    async ({ target, resource }) => {
      let there = resource;
      try {
        there ??= await connection.pool.stat(target, { signal });
      } catch (error) {
        if (ignoresMissing && error instanceof NeonError && error.status === 404) return;
        throw error;
      }
      await action(there);
    },
  );
}
