/** Runs the tests of a suite in order and collects their verdicts. */

/**
 * A test passes when it returns. It fails, is skipped, or ends its suite by {@link fail}, {@link skip} or {@link end}.
 */
export interface Test {
  /** The short name that litmus also prints. */
  readonly name: string;
  readonly run: () => void;
}

export type Result = 'pass' | 'FAIL' | 'SKIPPED';

/** The outcome of a test. */
export interface Verdict {
  readonly suite: string;
  /** The test's place in its suite, from 0. */
  readonly number: number;
  readonly test: string;
  readonly result: Result;
  /** The reason why the test did not pass; may be empty. */
  readonly text: string;
  readonly warnings: readonly string[];
}

/** The running test and its warnings. */
export interface Progress {
  suite: string;
  number: number;
  test: string;
  warnings: string[];
}

/** The error by which a test fails, is skipped, or ends its suite. */
class Ending extends Error {
  constructor(
    readonly result: Result,
    text: string,
    readonly endsSuite: boolean,
  ) {
    super(text);
  }
}

/** Ends the running test as failed. */
export function fail(text: string): never {
  throw new Ending('FAIL', text, false);
}

/** Ends the running test as skipped, because a precondition is missing. */
export function skip(text = ''): never {
  throw new Ending('SKIPPED', text, false);
}

/** Ends the running test and its suite, because no later test could work. */
export function end(result: 'FAIL' | 'SKIPPED', text: string): never {
  throw new Ending(result, text, true);
}

/** Lists tests in the given order of names; by default, in the order of their definition. */
export function sequence<T extends Readonly<Record<string, () => void>>>(
  tests: T,
  ...order: readonly (keyof T & string)[]
): Test[] {
  const names = order.length > 0 ? order : Object.keys(tests);
  return names.map((name) => ({ name, run: () => tests[name]?.() }));
}

/** Runs tests, and calls `report` after each test. `progress` has the name of the running test. */
export function runTests(tests: readonly Test[], progress: Progress, report: (verdict: Verdict) => void): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const [number, { name, run }] of tests.entries()) {
    Object.assign(progress, { number, test: name, warnings: [] });
    const { result, text, endsSuite } = outcome(run);
    const verdict = { suite: progress.suite, number, test: name, result, text, warnings: progress.warnings };
    verdicts.push(verdict);
    report(verdict);
    if (endsSuite) break;
  }
  return verdicts;
}

/** Runs a test. An error other than {@link Ending} is not a verdict about the server, and ends the program. */
function outcome(run: () => void): { result: Result; text: string; endsSuite: boolean } {
  try {
    run();
    return { result: 'pass', text: '', endsSuite: false };
  } catch (error) {
    if (!(error instanceof Ending)) throw error;
    return { result: error.result, text: error.message, endsSuite: error.endsSuite };
  }
}
