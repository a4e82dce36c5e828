/** Implements the command line of the benchmark; see README.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { measureListing, type ListingResult } from './listing.js';
import { pageOf } from './page.js';
import { peers } from './peers/index.js';
import { reportOn } from './report.js';
import { progress, runScenario, type Result } from './rounds.js';
import { scenarios } from './scenarios/index.js';
import { tablesOf } from './tables.js';

/** The scenario that listing.ts measures. */
const listing = { name: 'listing' } as const;

const USAGE = `usage: node dist/bench/index.js [options]
  --scenario NAME   ${[...scenarios, listing].map(({ name }) => name).join(', ')};
                    may be repeated, all by default
  --peer NAME       ${peers.map(({ name }) => name).join(', ')};
                    may be repeated, all by default; the listing always has all its clients
  --rounds N        turns of each peer (5)
  --seconds S       duration of the measurement in a turn (2)
  --warmup S        duration of the warm-up before it (2)
  --resources N     resources of a listing; may be repeated (100, 1000, 10000, 100000)
  --out DIR         the folder for report.json, report.txt and index.html (bench-results)
  --json FILE       also writes all figures to this file
`;

void main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', multiple: true, default: [...scenarios, listing].map(({ name }) => name) },
      peer: { type: 'string', multiple: true, default: peers.map(({ name }) => name) },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      warmup: { type: 'string', default: '2' },
      resources: { type: 'string', multiple: true, default: ['100', '1000', '10000', '100000'] },
      out: { type: 'string', default: 'bench-results' },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);

  const options = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    warmup: Number(values.warmup),
  };
  const chosenPeers = choose(peers, values.peer);
  const present = chosenPeers.filter((peer) => typeof peer.version() === 'string');
  const [loadBefore = 0] = loadavg();
  const results: Result[] = [];
  const listings: ListingResult[] = [];
  for (const scenario of choose([...scenarios, listing], values.scenario)) {
    if ('operation' in scenario) results.push(await runScenario(scenario, present, options.rounds, options));
    else listings.push(...(await measureListings(values.resources.map(Number), options.rounds)));
  }
  const report = reportOn(results, listings, chosenPeers, options, loadBefore);
  const json = `${JSON.stringify(report, null, 2)}\n`;
  const text = tablesOf(report);
  console.log(text);
  mkdirSync(values.out, { recursive: true });
  writeFileSync(path.join(values.out, 'report.json'), json);
  writeFileSync(path.join(values.out, 'report.txt'), `${text}\n`);
  writeFileSync(path.join(values.out, 'index.html'), pageOf(report));
  console.log(`\nThe page with charts is ${path.resolve(values.out, 'index.html')}`);
  if (values.json !== undefined) writeFileSync(values.json, json);
}

async function measureListings(sizes: readonly number[], rounds: number): Promise<ListingResult[]> {
  const results: ListingResult[] = [];
  for (const resources of sizes) {
    progress(`listing: ${resources} resources`);
    results.push(await measureListing(resources, rounds));
  }
  progress('');
  return results;
}

function choose<T extends { readonly name: string }>(from: readonly T[], names: readonly string[]): T[] {
  const unknown = names.find((name) => !from.some((candidate) => candidate.name === name));
  if (unknown !== undefined) throw new Error(`unknown: ${unknown}; known: ${from.map(({ name }) => name).join(', ')}`);
  return from.filter(({ name }) => names.includes(name));
}
