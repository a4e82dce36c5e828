/** Runs the tests of a suite one after the other, and gathers what they say. */

/** A test passes when it returns. It fails, is skipped, or ends its suite by {@link fail}, {@link skip} or {@link end}. */
export interface Test {
  /** The short name that litmus prints, too. */
  readonly name: string;
  readonly run: () => void;
}

export type Result = 'pass' | 'FAIL' | 'SKIPPED';

/** What came out of a test. */
export interface Verdict {
  readonly suite: string;
  /** The test's place in its suite, from 0. */
  readonly number: number;
  readonly test: string;
  readonly result: Result;
  /** Why it did not pass; empty when there is nothing to say. */
  readonly text: string;
  readonly warnings: readonly string[];
}

/** Which test runs, and what it warns of. */
export interface Progress {
  suite: string;
  number: number;
  test: string;
  warnings: string[];
}

/** How a test ends that does not return. */
class Ending extends Error {
  constructor(
    readonly result: Result,
    text: string,
    readonly endsSuite: boolean,
  ) {
    super(text);
  }
}

/** Ends the running test: it failed. */
export function fail(text: string): never {
  throw new Ending('FAIL', text, false);
}

/** Ends the running test: what it builds on is missing. */
export function skip(text = ''): never {
  throw new Ending('SKIPPED', text, false);
}

/** Ends the running test and its suite: nothing that follows could work. */
export function end(result: 'FAIL' | 'SKIPPED', text: string): never {
  throw new Ending(result, text, true);
}

/** Tests by their names, in this order; in the order of their definition when none is given. */
export function sequence<T extends Readonly<Record<string, () => void>>>(
  tests: T,
  ...order: readonly (keyof T & string)[]
): Test[] {
  const names = order.length > 0 ? order : Object.keys(tests);
  return names.map((name) => ({ name, run: () => tests[name]?.() }));
}

/** Runs tests, each of which finds itself in `progress`; `tell` is called after each. */
export function runTests(tests: readonly Test[], progress: Progress, tell: (verdict: Verdict) => void): Verdict[] {
  const verdicts: Verdict[] = [];
  for (const [number, { name, run }] of tests.entries()) {
    Object.assign(progress, { number, test: name, warnings: [] });
    const { result, text, endsSuite } = outcome(run);
    const verdict = { suite: progress.suite, number, test: name, result, text, warnings: progress.warnings };
    verdicts.push(verdict);
    tell(verdict);
    if (endsSuite) break;
  }
  return verdicts;
}

/** Anything else that is thrown is no verdict about the server, and ends the program. */
function outcome(run: () => void): { result: Result; text: string; endsSuite: boolean } {
  try {
    run();
    return { result: 'pass', text: '', endsSuite: false };
  } catch (error) {
    if (!(error instanceof Ending)) throw error;
    return { result: error.result, text: error.message, endsSuite: error.endsSuite };
  }
}
