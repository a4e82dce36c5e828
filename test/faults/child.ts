/**
 * child.js OPTIONS: carries out trials of a kind in a process of its own, since a trial may crash or block. Writes its
 * results to standard output and the number of the current trial to descriptor 3.
 */
import { writeSync } from 'node:fs';
import { randomFrom, seedOf } from '../support/random.js';
import { Tally, type Counts, type Kind, type KindName } from './kind.js';

/** The options of a process. */
export interface ChildOptions {
  readonly kind: KindName;
  readonly seed: number;
  readonly environment: unknown;
  readonly long: boolean;
  /** The number of the first trial, and the distance to the next trial of this process. */
  readonly first: number;
  readonly step: number;
  /** The number after the last trial. */
  readonly end: number;
  /** When no further trial may begin, as `Date.now()` gives it. */
  readonly until: number;
  /** The steps to carry out; all of them by default. */
  readonly keep?: readonly number[];
  /** Whether to write the lines of the script as they are noted. */
  readonly script?: boolean;
}

/** What a process reports: the counts since its last report. */
export interface ChildReport extends Counts {
  /** The number of trials since the last report. */
  readonly trials: number;
  readonly done: boolean;
}

const options = JSON.parse(process.argv[2]!) as ChildOptions;
const tally = new Tally();
const place = Buffer.alloc(8);
const keep = options.keep && new Set(options.keep);
let trials = 0;
let reported = Date.now();

function reportNow(done: boolean): void {
  const report: ChildReport = { ...tally.take(), trials, done };
  trials = 0;
  reported = Date.now();
  writeSync(1, `${JSON.stringify(report)}\n`);
}

async function main(): Promise<void> {
  const { kind } = (await import(`./kinds/${options.kind}.js`)) as { kind: Kind };
  const carryOut = await kind.prepare(options.environment);
  for (let number = options.first; number < options.end && Date.now() < options.until; number += options.step) {
    place.writeDoubleLE(number);
    writeSync(3, place, 0, 8, 0);
    const seed = seedOf(options.seed, number);
    await carryOut({
      number,
      seed,
      random: randomFrom(seed),
      long: options.long,
      count: (operation, surface, outcome, detail) => tally.count(number, operation, surface, outcome, detail),
      measure: (name, value) => tally.measure(name, value),
      keeps: (index) => keep?.has(index) ?? true,
      note: (line) => {
        if (options.script) writeSync(2, `${line}\n`);
      },
    });
    trials++;
    if (Date.now() - reported > 500) reportNow(false);
  }
  reportNow(true);
  process.exit();
}

void main();
