/** Implements the command line of the benchmark; see README.md. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { measureListing, type ListingResult } from './listing.js';
import { namesOption, numberOption, numbersOption } from './options.js';
import { pageOf } from './page.js';
import { peers } from './peers/index.js';
import { reportOn } from './report.js';
import { progress, runScenario, type Result } from './rounds.js';
import { scenarios } from './scenarios/index.js';
import { tablesOf } from './tables.js';

/** The scenario that listing.ts measures. */
const listing = { name: 'listing' } as const;

/** The command line. */
interface Options {
  readonly scenario: readonly string[];
  readonly peer: readonly string[];
  readonly rounds: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly resources: readonly number[];
  readonly out: string;
  readonly json?: string;
}

const named = (list: readonly { readonly name: string }[]): string[] => list.map(({ name }) => name);

void new Command('bench')
  .description('Measures libneon and other HTTP clients; see bench/README.md.')
  .addOption(namesOption('--scenario <name...>', 'may be repeated', named([...scenarios, listing])))
  .addOption(namesOption('--peer <name...>', 'may be repeated; the listing always has all its clients', named(peers)))
  .addOption(numberOption('--rounds <n>', 'turns of each peer', 5))
  .addOption(numberOption('--seconds <s>', 'duration of the measurement in a turn', 2))
  .addOption(numberOption('--warmup <s>', 'duration of the warm-up before it', 2))
  .addOption(numbersOption('--resources <n>', 'resources of a listing; may be repeated', [100, 1000, 10_000, 100_000]))
  .option('--out <dir>', 'the folder for report.json, report.txt and index.html', 'bench-results')
  .option('--json <file>', 'also writes all figures to this file')
  .action(main)
  .parseAsync();

async function main(values: Options): Promise<void> {
  const options = { rounds: values.rounds, seconds: values.seconds, warmup: values.warmup };
  const chosenPeers = choose(peers, values.peer);
  const present = chosenPeers.filter((peer) => typeof peer.version() === 'string');
  const [loadBefore = 0] = loadavg();
  const results: Result[] = [];
  const listings: ListingResult[] = [];
  for (const scenario of choose([...scenarios, listing], values.scenario)) {
    if ('operation' in scenario) results.push(await runScenario(scenario, present, options.rounds, options));
    else listings.push(...(await measureListings(values.resources, options.rounds)));
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
  return from.filter(({ name }) => names.includes(name));
}
