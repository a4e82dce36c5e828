/** Implements the command line of the benchmark; see README.md. */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { peers } from './peers/index.js';
import { reportOn, tablesOf } from './report.js';
import { runScenario, type Result } from './rounds.js';
import { scenarios } from './scenarios/index.js';

const USAGE = `usage: node dist/bench/index.js [options]
  --scenario NAME   ${scenarios.map(({ name }) => name).join(', ')}; may be repeated, all by default
  --peer NAME       ${peers.map(({ name }) => name).join(', ')}; may be repeated, all by default
  --rounds N        turns of each peer (5)
  --seconds S       duration of the measurement in a turn (2)
  --warmup S        duration of the warm-up before it (2)
  --json FILE       writes all figures to this file
`;

void main();

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', multiple: true, default: scenarios.map(({ name }) => name) },
      peer: { type: 'string', multiple: true, default: peers.map(({ name }) => name) },
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '2' },
      warmup: { type: 'string', default: '2' },
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
  const [loadBefore = 0] = loadavg();
  const results: Result[] = [];
  for (const scenario of choose(scenarios, values.scenario)) {
    results.push(await runScenario(scenario, chosenPeers, options.rounds, options));
  }
  const report = reportOn(results, options, loadBefore);
  console.log(tablesOf(report));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
}

function choose<T extends { readonly name: string }>(from: readonly T[], names: readonly string[]): T[] {
  const unknown = names.find((name) => !from.some((candidate) => candidate.name === name));
  if (unknown !== undefined) throw new Error(`unknown: ${unknown}; known: ${from.map(({ name }) => name).join(', ')}`);
  return from.filter(({ name }) => names.includes(name));
}
