/** The commands `props` and `options`: what the server says about resources. */
import { Option } from 'commander';

import type { Entry, PropertyStatus } from '../index.js';
import { type Client, type Command, Tally } from './command.js';
import type { Connection } from './connection.js';
import { usageError } from './failure.js';
import { decodedPath } from './format.js';
import { lockToken } from './options.js';
import { collect } from './parse.js';

interface PropsOptions {
  readonly property?: readonly string[];
  readonly names?: boolean;
  readonly set?: readonly string[];
  readonly remove?: readonly string[];
  readonly depth?: '0' | '1' | 'infinity';
}

const options = [
  new Option('-p, --property <name>', 'print this property; may be repeated').argParser(collect),
  new Option('--names', 'print only the names of the properties'),
  new Option('--set <name=value>', 'set this property; may be repeated').argParser(collect),
  new Option('--remove <name>', 'remove this property; may be repeated').argParser(collect),
  new Option('--depth <depth>', 'also print the properties of what is below')
    .choices(['0', '1', 'infinity'])
    .default('0'),
  lockToken,
];

export const props: Command<PropsOptions> = {
  name: 'props',
  arguments: '<remote...>',
  summary: 'print, set and remove properties',
  details: 'A name without a namespace is one of DAV:. Any other name is written as {namespace}name.',
  examples: [
    'libneon props https://dav.example.com/files/report.pdf',
    "libneon props --set '{urn:example}color=red' https://dav.example.com/files/report.pdf",
  ],
  options,
  completes: [['remote']],
  run: async (client, args, options) => {
    const { set = [], remove = [], property, names } = options;
    const changes = { set: Object.fromEntries(set.map(assignment)), remove };
    const changesSomething = set.length + remove.length > 0;
    if (changesSomething && (property || names))
      throw usageError('--set and --remove cannot be used with --property or --names', 'use two commands');
    if (property && names) throw usageError('--property and --names exclude each other', 'use one of them');
    const connection = client.connect(args);
    const tally = new Tally(client);
    const found = await tally.gather(args, (arg) => connection.find(arg, client.signal));
    await tally.each(
      found,
      ({ target }) => decodedPath(target),
      async ({ target }) => {
        if (!changesSomething) {
          await print(client, connection, target, options, found.length > 1);
          return;
        }
        await connection.pool.proppatch(target, changes, { signal: client.signal });
        const changed = { url: connection.urlOf(target), set: Object.keys(changes.set), removed: remove };
        client.output.done(changed, `changed the properties of ${decodedPath(target)}`);
      },
    );
    tally.finish();
  },
};

/** Splits `name=value`. The namespace of the name may have a `=`. */
function assignment(text: string): [name: string, value: string] {
  const [, name, value = ''] = /^((?:\{[^}]*\})?[^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw usageError(`"${text}" is no property with a value`, "write --set 'name=value'");
  return [name, value];
}

async function print(
  { output, signal }: Client,
  { pool, origin }: Connection,
  target: string,
  { property, names = false, depth: text = '0' }: PropsOptions,
  isSeveral: boolean,
): Promise<void> {
  const depth = text === 'infinity' ? text : text === '1' ? 1 : 0;
  const entries = names
    ? await pool.propNames(target, { signal, depth })
    : await pool.propfind(target, { signal, depth, props: property });
  for (const entry of entries) {
    const path = entry.href ?? entry.rawHref ?? target;
    const titles = isSeveral || depth !== 0 ? [`${decodedPath(path)}:`] : [];
    const { props, status, error } = entry;
    const record = {
      path,
      url: origin + path,
      ...(names ? { names: Object.keys(props) } : { props: jsonOf(props) }),
      status,
      error,
    };
    output.item(record, ...titles, ...linesOf(entry, names));
  }
}

/** Infinity, the duration of a lock without end, is a text in JSON. */
const jsonOf = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_name, item: unknown) => (item === Infinity ? 'infinite' : item)));

function linesOf({ props, status, error }: Entry, names: boolean): string[] {
  const lines = Object.entries(props).map(([name, value]) => (names ? name : `${name}: ${textOf(value)}`));
  const missing = Object.entries(status).map(
    ([name, { code, reasonPhrase }]: [string, PropertyStatus]) => `${name}: ${code} ${reasonPhrase}`,
  );
  return [...lines, ...missing, ...(error ? [`${error.status} ${error.reasonPhrase}`] : [])];
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (value === null || typeof value === 'number') return String(value);
  const plain = jsonOf(value);
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}

export const serverOptions: Command = {
  name: 'options',
  arguments: '[remote]',
  summary: 'show what the server supports for a resource: its methods and the features of WebDAV',
  examples: ['libneon options https://dav.example.com/files/'],
  completes: [['remote']],
  run: async (client, [arg]) => {
    const connection = client.connect(arg === undefined ? [] : [arg]);
    const target = connection.resolve(arg ?? '.');
    const { allow, dav } = await connection.pool.options(target, { signal: client.signal });
    client.output.document({ url: connection.urlOf(target), allow, dav });
    const { isJson } = client.output;
    if (!isJson) client.output.item(null, `allow: ${allow.join(', ') || '-'}`, `dav: ${dav.join(', ') || '-'}`);
  },
};
