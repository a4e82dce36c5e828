/** Condenses measurements to medians and ratios, as tables and as JSON. */
import Table from 'cli-table3';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { neon } from '../test/oracle/compile.js';
import { findProgram } from '../test/servers/packages.js';
import { projectRoot } from '../test/servers/start.js';
import type { Measurement, Times } from './peer.js';
import type { Result, PeerResult } from './rounds.js';
import type { Scenario } from './scenario.js';

/** The peers that all others are compared with. */
const REFERENCES = ['C', 'undici'] as const;

/** The units of a scenario: names of columns, and factors. */
interface Units {
  readonly rate: string;
  readonly perOperation: number;
  readonly cpu: string;
  /** The factor from seconds of processor time per operation to the unit. */
  readonly perCpuSecond: number;
  readonly cpuDigits: number;
}

/** One line of the report, in the scenario's units. */
export interface Line {
  readonly peer: string;
  readonly calls: string;
  readonly problem?: string;
  readonly rates: readonly number[];
  readonly median: number;
  /** Processor time in the peer's process; median. */
  readonly cpu: number;
  /**
   * For each reference: the median over the rounds of this peer's rate divided by the reference's rate in that round.
   */
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
    readonly units: Units;
    readonly lines: readonly Line[];
  }[];
}

/** Condenses results. `loadBefore` is the machine's load before the first round, which should be near 0. */
export function reportOn(results: readonly Result[], options: Report['options'], loadBefore: number): Report {
  const scenarios = results.map(({ scenario, peerResults }) => ({
    name: scenario.name,
    about: scenario.about,
    units: unitsOf(scenario),
    lines: peerResults.map((result) => lineFor(result, peerResults, scenario)),
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

/** The middle value; for an even number of values, the mean of the two middle ones. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(Math.ceil(sorted.length / 2) - 1, Math.floor(sorted.length / 2) + 1);
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

function unitsOf({ mebibytes }: Scenario): Units {
  return mebibytes === undefined
    ? { rate: 'per second', perOperation: 1, cpu: 'CPU µs each', perCpuSecond: 1e6, cpuDigits: 1 }
    : {
        rate: 'MiB per second',
        perOperation: mebibytes,
        cpu: 'CPU s per GiB',
        perCpuSecond: 1024 / mebibytes,
        cpuDigits: 3,
      };
}

function lineFor(result: PeerResult, all: readonly PeerResult[], scenario: Scenario): Line {
  const { peer, measurements, problem } = result;
  const { perOperation, perCpuSecond } = unitsOf(scenario);
  const calls = peer.calls[scenario.operation];
  const rates = measurements.map((measurement) => rate(measurement) * perOperation);
  const ratios = REFERENCES.map(
    (name) =>
      [
        name,
        ratioTo(
          result,
          all.find((other) => other.peer.name === name),
        ),
      ] as const,
  );
  return {
    peer: peer.name,
    calls: typeof calls === 'string' ? calls : '',
    ...(problem !== undefined && { problem }),
    rates,
    median: median(rates),
    cpu: median(measurements.map(({ cpuSeconds, count }) => (cpuSeconds / count) * perCpuSecond)),
    ratios: Object.fromEntries(ratios),
  };
}

function ratioTo(result: PeerResult, reference: PeerResult | undefined): number {
  const rounds = Math.min(result.measurements.length, reference?.measurements.length ?? 0);
  return median(
    Array.from({ length: rounds }, (_, i) => rate(result.measurements[i]!) / rate(reference!.measurements[i]!)),
  );
}

function rate({ count, seconds }: Measurement): number {
  return count / seconds;
}

function tableOf({ name, about, units, lines }: Report['scenarios'][number]): string {
  const ratios = REFERENCES.map((reference) => `÷ ${reference}`);
  const head = ['', units.rate, 'lowest – highest', units.cpu, ...ratios];
  const colAligns = head.map((_, i) => (i === 0 ? 'left' : 'right'));
  const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({ head, colAligns, chars, style: { head: [], border: [] } });
  table.push(...lines.filter(({ problem }) => problem === undefined).map((line) => cellsOf(line, units)));
  const absent = lines.flatMap(({ peer, problem }) => (problem === undefined ? [] : `without ${peer}: ${problem}`));
  return [`\n${name}: ${about}`, table.toString(), ...absent].join('\n');
}

function cellsOf({ peer, rates, median, cpu, ratios }: Line, { cpuDigits }: Units): string[] {
  const whole = (value: number): string => Math.round(value).toLocaleString('en');
  const range = `${whole(Math.min(...rates))} – ${whole(Math.max(...rates))}`;
  const quotients = REFERENCES.map((reference) =>
    Number.isNaN(ratios[reference]) ? '' : ratios[reference]!.toFixed(2),
  );
  return [peer, whole(median), range, cpu.toFixed(cpuDigits), ...quotients];
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

/** nginx prints its version on standard error. */
function versionOfNginx(): string {
  const program = findProgram('nginx');
  if (program === null) return 'missing';
  return (
    execFileSync('sh', ['-c', `"${program}" -v 2>&1`], { encoding: 'utf8' })
      .trim()
      .split('/')
      .at(-1) ?? ''
  );
}
