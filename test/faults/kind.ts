/**
 * The types of the fault trials. A kind has numbered trials. The number and the seed of a run determine a trial, so
 * that one trial can be repeated alone.
 */
import type { Random } from '../support/random.js';

/**
 * The result of a trial. `right`: what the model demands. `wrong`: another result. `lost`: a call did not settle within
 * its time limit. `crash`: the process of the trial ended by a signal or with an unexpected code.
 */
export type Outcome = 'right' | 'wrong' | 'lost' | 'crash';

/** The names of the kinds. */
export const kindNames = [
  'fuzz',
  'order',
  'responses',
  'framing',
  'injection',
  'faults',
  'life',
  'load',
  'leaks',
  'secrets',
] as const;

export type KindName = (typeof kindNames)[number];

/** One trial, and how it reports its results. */
export interface Trial {
  readonly number: number;
  /** Random numbers that belong to this trial alone. */
  readonly random: Random;
  /** A seed that belongs to this trial alone. */
  readonly seed: number;
  /** Whether the run is the long form. */
  readonly long: boolean;
  /**
   * Counts a result. An outcome other than `right` needs the detail: what was expected, and what was seen.
   */
  count(operation: string, surface: string, outcome: Outcome, detail?: string): void;
  /**
   * Whether to carry out step `index` of this trial. False only while a crash is reduced to the steps that it needs.
   */
  keeps(index: number): boolean;
  /** Adds a line to the script that is printed when this trial ends in a crash. */
  note(line: string): void;
  /** Adds a measured value. The page shows the lowest and the highest value of each name. */
  measure(name: string, value: number): void;
}

/** A kind of trials. The module `kinds/<name>.ts` exports one as `kind`. */
export interface Kind<Environment = unknown> {
  /** What the trials of this kind show, in one sentence for the page. */
  readonly about: string;
  /** The number of trials of the short form. */
  readonly short: number;
  /** The number of processes that carry out trials side by side; 2 by default. */
  readonly processes?: number;
  /** Whether the trials measure threads or memory, so that they need `--expose-gc`; true by default. */
  readonly execArgv?: readonly string[];
  /** The milliseconds that one trial may take before it counts as lost; 30,000 by default. */
  readonly limit?: number;
  /** Starts the servers that all trials share. Runs in the process that watches the trials. */
  start?(): Promise<{ readonly environment: Environment; stop(): Promise<void> }>;
  /** Prepares a process for its trials. Runs once in each process; returns the function that carries out one trial. */
  prepare(environment: Environment): Promise<(trial: Trial) => Promise<void>> | ((trial: Trial) => Promise<void>);
}

/** The results of one operation on one surface. */
export interface Row {
  readonly operation: string;
  readonly surface: string;
  tried: number;
  right: number;
  wrong: number;
  lost: number;
  crashes: number;
}

/** A result that is not right. */
export interface Problem {
  readonly trial: number;
  readonly operation: string;
  readonly surface: string;
  readonly outcome: Outcome;
  readonly detail: string;
}

/** The lowest and the highest value of something that trials measure. */
export interface Figure {
  readonly name: string;
  lowest: number;
  highest: number;
}

/** One run of a kind. */
export interface Run {
  readonly seed: number;
  readonly trials: number;
  readonly seconds: number;
  /** Whether quick requests could use the shared lane. They cannot with `NEON_SHARED_LANE=0`. */
  readonly sharedLane: boolean;
}

/** What processes count in their trials. */
export interface Counts {
  readonly rows: readonly Row[];
  readonly problems: readonly Problem[];
  readonly figures: readonly Figure[];
}

/** The summary of one or more runs of a kind, as it is written to a JSON file. */
export interface Summary extends Counts {
  readonly kind: KindName;
  readonly form: 'short' | 'long';
  readonly versions: Readonly<Record<string, string>>;
  readonly runs: readonly Run[];
}

/** The number of trials of all runs. */
export const trialsOf = ({ runs }: Pick<Summary, 'runs'>): number => runs.reduce((sum, { trials }) => sum + trials, 0);

/** The summary of the runs of two summaries. */
export function added(one: Summary, other: Summary): Summary {
  if (JSON.stringify([one.kind, one.form, one.versions]) !== JSON.stringify([other.kind, other.form, other.versions]))
    throw new Error(`The summary of ${one.kind} is of another form or of other versions: run without --add first`);
  const tally = new Tally();
  tally.add(one);
  tally.add(other);
  return { ...one, ...tally.take(), runs: [...one.runs, ...other.runs] };
}

/** Counts results by operation and surface. */
export class Tally {
  private readonly found = new Map<string, Row>();
  private readonly measured = new Map<string, Figure>();
  readonly problems: Problem[] = [];

  count(trial: number, operation: string, surface: string, outcome: Outcome, detail = ''): void {
    const row = this.row(operation, surface);
    row.tried++;
    row[outcome === 'crash' ? 'crashes' : outcome]++;
    if (outcome !== 'right') this.problems.push({ trial, operation, surface, outcome, detail: detail.slice(0, 2000) });
  }

  measure(name: string, lowest: number, highest = lowest): void {
    const figure = this.measured.get(name) ?? { name, lowest, highest };
    figure.lowest = Math.min(figure.lowest, lowest);
    figure.highest = Math.max(figure.highest, highest);
    this.measured.set(name, figure);
  }

  /** Adds the counts of another process. */
  add({ rows, problems, figures }: Counts): void {
    for (const { operation, surface, ...counts } of rows) {
      const row = this.row(operation, surface);
      for (const name of ['tried', 'right', 'wrong', 'lost', 'crashes'] as const) row[name] += counts[name];
    }
    this.problems.push(...problems);
    for (const { name, lowest, highest } of figures) this.measure(name, lowest, highest);
  }

  /** Takes all counts out. */
  take(): Counts {
    const taken = {
      rows: Array.from(this.found.values()),
      problems: this.problems.splice(0),
      figures: Array.from(this.measured.values()),
    };
    this.found.clear();
    this.measured.clear();
    return taken;
  }

  private row(operation: string, surface: string): Row {
    const key = `${operation}\n${surface}`;
    let row = this.found.get(key);
    if (!row) {
      row = { operation, surface, tried: 0, right: 0, wrong: 0, lost: 0, crashes: 0 };
      this.found.set(key, row);
    }
    return row;
  }
}
