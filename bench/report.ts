/** Medians and ratios, as a table and as JSON. */
import Table from 'cli-table3';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { neon } from '../test/oracle/compile.js';
import { findProgram } from '../test/servers/packages.js';
import { projectRoot } from '../test/servers/start.js';
import type { Measurement, Times } from './peer.js';
import type { Result, Showing } from './rounds.js';

/** The peers that others are compared with. */
const REFERENCES = ['C', 'undici'] as const;

/** One line of the report. Rates are operations a second. */
export interface Line {
  readonly peer: string;
  readonly calls: string;
  readonly problem?: string;
  readonly rates: readonly number[];
  readonly median: number;
  /** Processor time of one operation in the peer's process, in microseconds; median. */
  readonly cpuMicros: number;
  /** For each reference: the median over rounds of this peer's rate by that one's in the same round. */
  readonly ratios: Readonly<Record<string, number>>;
}

/** The whole report. */
export interface Report {
  readonly date: string;
  readonly machine: Readonly<Record<string, string>>;
  readonly options: Times & { readonly rounds: number };
  readonly scenarios: readonly {
    readonly name: string;
    readonly about: string;
    readonly lines: readonly Line[];
  }[];
}

/** Condenses results; `loadBefore` is the machine's load before the first round, which should be near 0. */
export function reportOn(results: readonly Result[], options: Report['options'], loadBefore: number): Report {
  const scenarios = results.map(({ scenario: { name, about }, showings }) => ({
    name,
    about,
    lines: showings.map((showing) => lineFor(showing, showings)),
  }));
  return {
    date: new Date().toISOString(),
    machine: { ...describeMachine(), 'load before': loadBefore.toFixed(1) },
    options,
    scenarios,
  };
}

/** The report as text. */
export function tablesOf({ machine, options, scenarios }: Report): string {
  const facts = Object.entries(machine).map(([name, value]) => `${name} ${value}`);
  const how = `${options.rounds} rounds of ${options.seconds} s after ${options.warmup} s of warm-up`;
  return [facts.join(', '), how, ...scenarios.map(tableOf)].join('\n');
}

/** The middle value; of an even number of values the mean of the two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

function lineFor(showing: Showing, all: readonly Showing[]): Line {
  const { peer, measurements, problem } = showing;
  const ratios = REFERENCES.map(
    (name) =>
      [
        name,
        ratioTo(
          showing,
          all.find((other) => other.peer.name === name),
        ),
      ] as const,
  );
  return {
    peer: peer.name,
    calls: peer.calls,
    ...(problem !== undefined && { problem }),
    rates: measurements.map(rate),
    median: median(measurements.map(rate)),
    cpuMicros: median(measurements.map(({ cpuSeconds, count }) => (cpuSeconds / count) * 1e6)),
    ratios: Object.fromEntries(ratios),
  };
}

function ratioTo(showing: Showing, reference: Showing | undefined): number {
  const rounds = Math.min(showing.measurements.length, reference?.measurements.length ?? 0);
  return median(
    Array.from({ length: rounds }, (_, i) => rate(showing.measurements[i]!) / rate(reference!.measurements[i]!)),
  );
}

function rate({ count, seconds }: Measurement): number {
  return count / seconds;
}

function tableOf({ name, about, lines }: Report['scenarios'][number]): string {
  const ratios = REFERENCES.map((reference) => `÷ ${reference}`);
  const head = ['', 'per second', 'lowest – highest', 'CPU µs each', ...ratios];
  const colAligns = head.map((_, i) => (i === 0 ? 'left' : 'right'));
  const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({ head, colAligns, chars, style: { head: [], border: [] } });
  table.push(...lines.filter(({ problem }) => problem === undefined).map(cellsOf));
  const absent = lines.flatMap(({ peer, problem }) => (problem === undefined ? [] : `without ${peer}: ${problem}`));
  return [`\n${name}: ${about}`, table.toString(), ...absent].join('\n');
}

function cellsOf({ peer, rates, median, cpuMicros, ratios }: Line): string[] {
  const whole = (value: number): string => Math.round(value).toLocaleString('en');
  const range = `${whole(Math.min(...rates))} – ${whole(Math.max(...rates))}`;
  const quotients = REFERENCES.map((reference) =>
    Number.isNaN(ratios[reference]) ? '' : ratios[reference]!.toFixed(2),
  );
  return [peer, whole(median), range, cpuMicros.toFixed(1), ...quotients];
}

function describeMachine(): Record<string, string> {
  const [processor] = os.cpus();
  const undici = readFileSync(path.join(projectRoot, 'node_modules', 'undici', 'package.json'), 'utf8');
  return {
    Node: process.version,
    neon: neon().version,
    undici: (JSON.parse(undici) as { version: string }).version,
    nginx: versionOfNginx(),
    kernel: `${os.type()} ${os.release()}`,
    CPU: `${os.cpus().length} × ${processor?.model ?? 'unknown'}`,
  };
}

/** nginx tells its version on the standard error. */
function versionOfNginx(): string {
  const program = findProgram('nginx');
  if (program === null) return 'none';
  return (
    execFileSync('sh', ['-c', `"${program}" -v 2>&1`], { encoding: 'utf8' })
      .trim()
      .split('/')
      .at(-1) ?? ''
  );
}
