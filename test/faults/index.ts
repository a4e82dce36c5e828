/**
 * `npm run test:faults [kind …] [duration]`: runs fault trials in their long form, and writes a JSON summary of each
 * kind. See `--help`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { projectRoot } from '../servers/start.js';
import { added, kindNames, trialsOf, type KindName, type Row, type Summary } from './kind.js';
import { runKind } from './run.js';

const help = `npm run test:faults -- [kind …] [duration] [options]

Kinds: ${kindNames.join(', ')}. All of them by default.
Duration of each kind: a number and s, m or h, such as 90s; 2m by default.

  --seed N       the seed of the trials; the current time by default
  --trial N      carries out one trial only
  --short        runs the short form, as npm test does
  --first        ends each kind at its first problem
  --processes N  the number of processes side by side
  --out FOLDER   where to write KIND.json; build/faults by default
  --add          adds the results to those of earlier runs in KIND.json

The environment variable NEON_SHARED_LANE=0 tries the mode without the shared lane. The page shows both modes.
`;

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

function durationOf(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number) * units[unit!]!;
}

function fail(message: string): never {
  console.error(`${message}\n\n${help}`);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  return /^\d{1,10}$/.test(text) ? Number(text) : fail(`--${name} must be a whole number, not ${text}`);
}

/** The rows of a summary that have a problem, and their sums by surface otherwise. */
function tableOf({ rows }: Summary): string {
  const table = new Table({
    head: ['operation', 'surface', 'tried', 'right', 'wrong', 'lost', 'crashes'],
    style: { head: [], border: [] },
  });
  const line = (row: Row): (string | number)[] => [
    row.operation,
    row.surface,
    row.tried,
    row.right,
    row.wrong,
    row.lost,
    row.crashes,
  ];
  const bad = rows.filter(({ tried, right }) => tried !== right);
  const sums = new Map<string, Row>();
  for (const row of rows) {
    const sum = sums.get(row.surface) ?? {
      ...row,
      operation: 'all',
      tried: 0,
      right: 0,
      wrong: 0,
      lost: 0,
      crashes: 0,
    };
    for (const name of ['tried', 'right', 'wrong', 'lost', 'crashes'] as const) sum[name] += row[name];
    sums.set(row.surface, sum);
  }
  table.push(...[...bad.slice(0, 40), ...sums.values()].map(line));
  return table.toString();
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      trial: { type: 'string' },
      short: { type: 'boolean', default: false },
      first: { type: 'boolean', default: false },
      processes: { type: 'string' },
      add: { type: 'boolean', default: false },
      out: { type: 'string', default: path.join(projectRoot, 'build', 'faults') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const kinds: KindName[] = [];
  let duration = 120_000;
  for (const text of positionals) {
    const time = durationOf(text);
    if (time !== undefined) duration = time;
    else if ((kindNames as readonly string[]).includes(text)) kinds.push(text as KindName);
    else fail(`${text} is neither a kind nor a duration`);
  }
  const seed = values.seed === undefined ? Math.floor(Date.now() / 1000) : wholeNumber('seed', values.seed);
  mkdirSync(values.out, { recursive: true });
  let failed = false;
  for (const name of kinds.length > 0 ? kinds : kindNames) {
    console.log(`${name}, seed ${seed}`);
    const summary = await runKind(name, {
      seed,
      first: values.first,
      ...(values.trial === undefined ? !values.short && { duration } : { trial: wholeNumber('trial', values.trial) }),
      ...(values.processes !== undefined && { processes: wholeNumber('processes', values.processes) }),
    });
    for (const { trial, operation, surface, outcome, detail } of summary.problems.slice(0, 20))
      console.log(`trial ${trial}, ${operation}, ${surface}: ${outcome}: ${detail}`);
    console.log(`${trialsOf(summary)} trials, ${summary.runs[0]!.seconds} s, ${summary.problems.length} problems`);
    console.log(tableOf(summary));
    const file = path.join(values.out, `${name}.json`);
    const before = values.add && existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Summary) : undefined;
    const all = before ? added(before, summary) : summary;
    writeFileSync(file, `${JSON.stringify({ ...all, problems: all.problems.slice(0, 200) }, null, 2)}\n`);
    failed ||= summary.problems.length > 0;
  }
  process.exitCode = failed ? 1 : 0;
}

void main();
