/** The commands `lock` and `unlock`. */
import { Option } from 'commander';

import type { DiscoveredLock } from '../index.js';
import { type Client, type Command, Tally } from './command.js';
import type { Connection } from './connection.js';
import { usageError } from './failure.js';
import { decodedPath, durationText } from './format.js';
import { seconds } from './parse.js';

interface LockOptions {
  readonly list?: boolean;
  readonly depth?: '0' | 'infinity';
  readonly shared?: boolean;
  readonly duration?: number;
  readonly owner?: string;
}

const options = [
  new Option('--list', 'list the locks of the resources instead, those of others included'),
  new Option('--depth <depth>', 'with infinity, lock a collection with everything in it').choices(['0', 'infinity']),
  new Option('--shared', 'let others hold shared locks, too'),
  new Option('--duration <seconds>', 'how long the lock is to last; the server may decide otherwise').argParser(
    seconds,
  ),
  new Option('--owner <text>', 'who holds the lock, for others to read'),
];

const details = [
  'Prints the token of the lock, and how long the lock lasts. The lock outlives the command. Later commands submit it with',
  '--lock-token; in the shell, this is done without the option.',
].join(' ');

export const lock: Command<LockOptions> = {
  name: 'lock',
  arguments: '<remote...>',
  summary: 'lock resources against changes by others',
  details,
  examples: [
    'libneon lock --duration 600 https://dav.example.com/files/report.pdf',
    'libneon lock --list https://dav.example.com/files/report.pdf',
  ],
  options,
  completes: [['remote']],
  run: async (client, args, options) => {
    const { list = false, ...lockOptions } = options;
    const given = (['depth', 'shared', 'duration', 'owner'] as const).find((name) => lockOptions[name] !== undefined);
    if (list && given !== undefined) throw usageError(`--list and --${given} exclude each other`, 'use two commands');
    const connection = client.connect(args);
    const tally = new Tally(client);
    const found = await tally.gather(args, (arg) => connection.find(arg, client.signal));
    await tally.each(
      found,
      ({ target }) => decodedPath(target),
      ({ target }) => (list ? listLocks(client, connection, target) : obtain(client, connection, target, lockOptions)),
    );
    tally.finish();
  },
};

async function obtain(
  { output, signal }: Client,
  connection: Connection,
  target: string,
  { depth, shared = false, duration, owner }: LockOptions,
): Promise<void> {
  const lock = await connection.pool.lock(target, {
    signal,
    depth: depth === 'infinity' ? depth : 0,
    scope: shared ? 'shared' : 'exclusive',
    ...(duration !== undefined && { duration: duration * 1000 }),
    ...(owner !== undefined && { owner }),
  });
  const { token, scope, owner: holder } = lock;
  const record = { url: connection.urlOf(lock.target), token, depth: lock.depth, scope, owner: holder };
  output.item({ ...record, seconds: secondsOf(lock.duration) }, token);
  output.remark(`locked ${decodedPath(lock.target)} (${lasting(lock.duration)})`);
}

async function listLocks({ output, signal }: Client, connection: Connection, target: string): Promise<void> {
  for (const found of await connection.pool.discoverLocks(target, { signal })) {
    if (found.error) throw found.error;
    const { token, depth, scope, owner, duration, root } = found;
    const record = {
      url: connection.urlOf(found.target),
      token,
      depth,
      scope,
      owner,
      seconds: secondsOf(duration),
      root,
    };
    output.item(record, lineOf(found));
  }
}

function lineOf({ target, token, depth, scope, owner, duration = null }: DiscoveredLock): string {
  const holder = owner ? `, owner ${owner}` : '';
  return `${decodedPath(target)}: ${token ?? 'unknown token'} (${scope}, depth ${depth}${holder}, ${lasting(duration)})`;
}

const secondsOf = (duration: number | null): number | 'infinite' | null =>
  duration === null ? null : duration === Infinity ? 'infinite' : Math.round(duration / 1000);

function lasting(duration: number | null): string {
  if (duration === null) return 'duration unknown';
  return duration === Infinity ? 'without end' : `${durationText(duration / 1000)} left`;
}

export const unlock: Command = {
  name: 'unlock',
  arguments: '<remote> [token]',
  summary: 'give a lock back, by its token',
  details: 'In the shell, the token of a lock that the shell holds may be left out.',
  examples: ['libneon unlock https://dav.example.com/files/report.pdf opaquelocktoken:5d7a…'],
  completes: [['remote'], []],
  run: async (client, [arg = '', given]) => {
    const connection = client.connect([arg]);
    const { pool } = connection;
    const target = connection.resolve(arg);
    const token = given ?? pool.locks.find(target)?.token;
    if (token === undefined)
      throw usageError(`the token of the lock on ${decodedPath(target)} is missing`, 'libneon lock --list shows it');
    await pool.unlock({ target, token }, { signal: client.signal });
    client.output.done({ unlocked: connection.urlOf(target), token }, `unlocked ${decodedPath(target)}`);
  },
};
