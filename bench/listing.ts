/**
 * Measures listings of big collections. A listing is one PROPFIND of depth 1. nginx sends a response that has many
 * resources with 9 properties each, and the client parses the response and converts it to objects. Every measurement
 * runs in its own process; rounds are interleaved.
 */
import Table from 'cli-table3';
import { Command } from 'commander';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { compileWithNeon } from '../test/oracle/compile.js';
import { startNginx } from '../test/servers/nginx.js';
import { clients, type ListingMeasurement, type ListingOptions } from './listing-turn.js';
import { namesOption, numberOption } from './options.js';
import { versionOfPackage } from './versions.js';

const c = 'C (ne_simple_propfind)';
type Name = typeof c | keyof typeof clients;

/** The clients that can list, with C. */
export const listingClients = [c, ...Object.keys(clients)] as readonly Name[];

/** The listings of one collection. */
export interface ListingResult {
  readonly resources: number;
  readonly lines: readonly ListingLine[];
}

/** The measurements of one client, or the reason why it has none. */
export interface ListingLine {
  readonly client: string;
  readonly problem?: string;
  readonly measurements: readonly ListingMeasurement[];
}

if (require.main === module)
  void new Command('bench:listing')
    .description('Measures listings of one collection.')
    .addOption(numberOption('--resources <n>', 'resources of the collection', 10_000))
    .addOption(numberOption('--rounds <n>', 'turns of each client', 5))
    .addOption(namesOption('--client <name...>', 'may be repeated', listingClients))
    .action(main)
    .parseAsync();

interface Options {
  readonly resources: number;
  readonly rounds: number;
  readonly client: readonly string[];
}

async function main({ resources, rounds, client }: Options): Promise<void> {
  const selected = listingClients.filter((name) => client.includes(name));
  console.log(tableOfListing(await measureListing(resources, rounds, selected)));
}

/** Measures the listings of a collection with this number of resources. */
export async function measureListing(
  resources: number,
  rounds: number,
  selected: readonly Name[] = listingClients,
): Promise<ListingResult> {
  const nginx = await startNginx({
    files: { '/listing.xml': multistatus(resources), '/few.xml': multistatus(100) },
    multistatus: ['/listing.xml', '/few.xml'],
  });
  try {
    const lines = selected.map((client) => ({
      client,
      measurements: [] as ListingMeasurement[],
      ...problemOf(client),
    }));
    for (let round = 0; round < rounds; round++)
      for (const { client, measurements, problem } of lines)
        if (problem === undefined) measurements.push(measure(client, nginx.port, nginx.origin, resources));
    return { resources, lines };
  } finally {
    await nginx.stop();
  }
}

/** The versions of the packages that only the listings compare. */
export function versionsOfListing(): Record<string, string> {
  const versions = packages.map((name) => [name, versionOfPackage(name)] as const);
  return Object.fromEntries(versions.flatMap(([name, found]) => (typeof found === 'string' ? [[name, found]] : [])));
}

const packages: readonly string[] = ['webdav', 'tsdav'];

function problemOf(client: string): { problem?: string } {
  const found = packages.includes(client) ? versionOfPackage(client) : '';
  return typeof found === 'string' ? {} : { problem: found.without };
}

function measure(name: Name, port: number, origin: string, expected: number): ListingMeasurement {
  const options = { origin, path: '/listing.xml', warmup: '/few.xml' };
  const [command, ...args] =
    name === c
      ? [compileWithNeon('bench/c/listing.c'), String(port), options.path]
      : [
          process.execPath,
          path.join(__dirname, 'listing-turn.js'),
          JSON.stringify({ client: name, ...options } satisfies ListingOptions),
        ];
  const result = JSON.parse(execFileSync(command, args, { encoding: 'utf8' })) as ListingMeasurement;
  if (Math.abs(result.resources - expected) > 1) throw new Error(`${name} found ${result.resources} resources`);
  return result;
}

/** The headings of a table of listings. */
export const listingHeadings = [
  'client',
  'seconds (lowest – highest)',
  'repeated',
  'longest stall, ms',
  'growth, MiB',
] as const;

/** The rows of a table of listings. */
export function listingRows({ lines }: ListingResult): string[][] {
  return lines
    .filter(({ problem }) => problem === undefined)
    .map(({ client, measurements }) => {
      const column = (field: ListingFigure, digits: number): readonly string[] => {
        const sorted = measurements.map((one) => one[field]).filter((value) => value !== undefined);
        sorted.sort((a, b) => a - b);
        return [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted.at(-1)].map(
          (value) => value?.toFixed(digits) ?? '–',
        );
      };
      const range = (field: ListingFigure): string => {
        const [median, lowest, highest] = column(field, 3);
        return `${median} (${lowest} – ${highest})`;
      };
      return [client, range('seconds'), range('repeated'), column('stall', 1)[0]!, column('growth', 1)[0]!];
    });
}

/** The figures of a listing that have medians. */
export type ListingFigure = 'seconds' | 'repeated' | 'stall' | 'growth';

/** The listings as text. */
export function tableOfListing(result: ListingResult): string {
  const table = new Table({
    head: [...listingHeadings],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  table.push(...listingRows(result));
  const absent = result.lines.flatMap(({ client, problem }) =>
    problem === undefined ? [] : [`without ${client}: ${problem}`],
  );
  return [
    `PROPFIND of ${result.resources.toLocaleString('en')} resources; medians of the rounds`,
    table.toString(),
    ...absent,
  ].join('\n');
}

/** A response like Apache's, with this number of members. */
function multistatus(resources: number): string {
  const response = (
    href: string,
    index: number,
  ): string => `<D:response xmlns:lp1="DAV:" xmlns:lp2="http://apache.org/dav/props/">
<D:href>${href}</D:href>
<D:propstat>
<D:prop>
<lp1:resourcetype>${index < 0 ? '<D:collection/>' : ''}</lp1:resourcetype>
<lp1:creationdate>${new Date(1.7e12 + index * 61_000).toISOString().replace('.000', '')}</lp1:creationdate>
<lp1:getcontentlength>${1000 + index}</lp1:getcontentlength>
<lp1:getlastmodified>${new Date(1.75e12 + index * 37_000).toUTCString()}</lp1:getlastmodified>
<lp1:getetag>"${(0x3e8 + index).toString(16)}-5f3759df"</lp1:getetag>
<lp2:executable>F</lp2:executable>
<D:displayname>file number ${index}.txt</D:displayname>
<D:lockdiscovery/>
<D:getcontenttype>text/plain</D:getcontenttype>
</D:prop>
<D:status>HTTP/1.1 200 OK</D:status>
</D:propstat>
</D:response>
`;
  const members = Array.from({ length: resources }, (_, index) => response(`/listing.xml/file%20${index}.txt`, index));
  return `<?xml version="1.0" encoding="utf-8"?>
<D:multistatus xmlns:D="DAV:" xmlns:ns0="DAV:">
${members.join('')}</D:multistatus>
`;
}
