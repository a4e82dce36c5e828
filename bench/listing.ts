/**
 * Measures listings of big collections. A listing is one PROPFIND of depth 1. nginx sends a response that has many
 * resources with 9 properties each, and the client parses the response and converts it to objects. Every measurement
 * runs in its own process; rounds are interleaved.
 */
import Table from 'cli-table3';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { compileWithNeon } from '../test/oracle/compile.js';
import { startNginx } from '../test/servers/nginx.js';
import { clients, type ListingMeasurement, type ListingOptions } from './listing-turn.js';

const { values } = parseArgs({
  options: {
    resources: { type: 'string', default: '10000' },
    rounds: { type: 'string', default: '5' },
    client: { type: 'string', multiple: true },
    help: { type: 'boolean', default: false },
  },
});

const c = 'C (ne_simple_propfind)';
type Name = typeof c | keyof typeof clients;
const names = [c, ...Object.keys(clients)] as Name[];

if (values.help)
  console.log(
    `usage: node dist/bench/listing.js [--resources N (10000)] [--rounds N (5)] [--client NAME …]\nclients: ${names.join('; ')}`,
  );
else
  void main(
    Number(values.resources),
    Number(values.rounds),
    names.filter((name) => values.client?.includes(name) ?? true),
  );

async function main(resources: number, rounds: number, selected: readonly Name[]): Promise<void> {
  const nginx = await startNginx({
    files: { '/listing.xml': multistatus(resources), '/few.xml': multistatus(100) },
    multistatus: ['/listing.xml', '/few.xml'],
  });
  try {
    const measured = selected.map((): ListingMeasurement[] => []);
    for (let round = 0; round < rounds; round++)
      selected.forEach((name, index) => measured[index]!.push(measure(name, nginx.port, nginx.origin, resources)));
    report(selected, measured);
  } finally {
    await nginx.stop();
  }
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

function report(selected: readonly Name[], measured: readonly ListingMeasurement[][]): void {
  const table = new Table({
    head: ['client', 'seconds (lowest – highest)', 'repeated', 'longest stall, ms', 'growth, MiB'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right'],
  });
  selected.forEach((name, index) => {
    const column = (field: 'seconds' | 'repeated' | 'stall' | 'growth', digits: number): readonly string[] => {
      const sorted = measured[index]!.map((one) => one[field]).filter((value) => value !== undefined);
      sorted.sort((a, b) => a - b);
      return [sorted[Math.floor(sorted.length / 2)], sorted[0], sorted.at(-1)].map(
        (value) => value?.toFixed(digits) ?? '–',
      );
    };
    const range = (field: 'seconds' | 'repeated'): string => {
      const [median, lowest, highest] = column(field, 3);
      return `${median} (${lowest} – ${highest})`;
    };
    table.push([name, range('seconds'), range('repeated'), column('stall', 1)[0], column('growth', 1)[0]]);
  });
  console.log(`${table.toString()}\nMedians of the rounds.`);
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
