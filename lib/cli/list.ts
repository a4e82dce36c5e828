/** The command `ls`. */
import { Option } from 'commander';

import type { Resource } from '../index.js';
import { type Client, type Command, Tally } from './command.js';
import { asFolder, type Connection, nameOf, type Remote } from './connection.js';
import { dateText, decodedPath, sizeText, tableOf } from './format.js';

interface ListOptions {
  readonly long?: boolean;
  readonly human?: boolean;
  readonly recursive?: boolean;
  readonly directory?: boolean;
}

const options = [
  new Option('-l, --long', 'print size, date and name'),
  new Option('--human', 'with --long, print sizes like 1.50 MiB'),
  new Option('-R, --recursive', 'list what is below, too'),
  new Option('-d, --directory', 'list collections themselves, not what is in them'),
];

export const ls: Command<ListOptions> = {
  name: 'ls',
  arguments: '[remote...]',
  summary: 'list collections',
  details: 'Names of collections end with a slash. A pattern lists what matches, and not what is in it.',
  examples: ['libneon ls -l https://dav.example.com/files/', "libneon ls --json 'https://dav.example.com/files/*.txt'"],
  options,
  completes: [['remote']],
  run: async (client, args, options) => {
    const all = args.length > 0 ? args : [client.connect([]).base ?? '/'];
    const connection = client.connect(args);
    const tally = new Tally(client);
    await tally.each(
      all,
      (arg) => arg,
      async (arg) => {
        // Without arguments, the base is listed; it is percent-encoded already.
        const found = args.length > 0 ? await connection.find(arg, client.signal) : [{ target: arg }];
        const isPattern = args.length > 0 && connection.isPattern(arg);
        if (all.length > 1 && !isPattern && !options.directory) client.output.note(`${arg}:`);
        for (const remote of found)
          await listOne(client, connection, remote, isPattern ? { ...options, directory: true } : options, isPattern);
      },
    );
    tally.finish();
  },
};

async function listOne(
  client: Client,
  connection: Connection,
  { target, resource }: Remote,
  options: ListOptions,
  isMatch: boolean,
): Promise<void> {
  const { pool } = connection;
  const { signal, output } = client;
  const itself =
    resource ?? (target.endsWith('/') && !options.directory ? undefined : await pool.stat(target, { signal }));
  if (itself && (options.directory || itself.type === 'file') && !(isMatch && options.recursive)) {
    const name = isMatch ? decodedPath(itself.path).replace(/\/$/, '') : itself.name || '/';
    print([[itself, name]]);
    return;
  }
  const collection = asFolder(itself?.path ?? target);
  if (!options.recursive) {
    print((await pool.list(collection, { signal })).map((member) => [member, member.name]));
    return;
  }
  const start = decodedPath(collection).length;
  for await (const member of pool.walk(collection, { signal }))
    print([[member, decodedPath(member.path).slice(start).replace(/\/$/, '')]]);

  function print(found: readonly (readonly [Resource, string])[]): void {
    const rows = found.map(([{ type, size, modified }, name]) => {
      const shown = type === 'directory' && !name.endsWith('/') ? `${name}/` : name;
      if (!options.long) return [shown];
      const length = size === null || type === 'directory' ? '-' : options.human ? sizeText(size) : String(size);
      return [length.padStart(options.recursive ? 12 : 0), dateText(modified), shown];
    });
    const lines = tableOf(rows, options.long ? '> ' : '');
    for (const [i, [resource]] of found.entries()) output.item(recordOf(resource, connection), lines[i] ?? '');
  }
}

/** A resource for JSON. */
export function recordOf(resource: Resource, connection: Connection): object {
  const { path, type, size, modified, created, etag, contentType } = resource;
  const name = resource.name || nameOf(path);
  return { name, type, size, modified, created, etag, contentType, path, url: connection.urlOf(path) };
}
