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

/** The summary of a run, as it is written to a JSON file. */
export interface Summary {
  readonly kind: KindName;
  readonly form: 'short' | 'long';
  readonly seed: number;
  readonly trials: number;
  readonly seconds: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  readonly problems: readonly Problem[];
}

/** Counts results by operation and surface. */
export class Tally {
  private readonly found = new Map<string, Row>();
  readonly problems: Problem[] = [];

  count(trial: number, operation: string, surface: string, outcome: Outcome, detail = ''): void {
    const row = this.row(operation, surface);
    row.tried++;
    row[outcome === 'crash' ? 'crashes' : outcome]++;
    if (outcome !== 'right') this.problems.push({ trial, operation, surface, outcome, detail: detail.slice(0, 2000) });
  }

  /** Adds the counts of another process. */
  add(rows: readonly Row[], problems: readonly Problem[]): void {
    for (const { operation, surface, ...counts } of rows) {
      const row = this.row(operation, surface);
      for (const name of ['tried', 'right', 'wrong', 'lost', 'crashes'] as const) row[name] += counts[name];
    }
    this.problems.push(...problems);
  }

  /** Takes all counts out. */
  take(): { rows: Row[]; problems: Problem[] } {
    const taken = { rows: this.rows(), problems: this.problems.splice(0) };
    this.found.clear();
    return taken;
  }

  rows(): Row[] {
    return Array.from(this.found.values());
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
