/** Provides the functions that the scripts of the life-cycle tests share. */
import assert from 'node:assert/strict';
import { readdirSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Reports a value to the test. The write is synchronous because the process may end right afterwards. */
export function report(value: object): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

/** Reports to the test that the process ends now. */
export function reportEnding(more: object = {}): void {
  report({ ...more, endingAt: Date.now() });
}

/** The number of threads of this process. */
export function threads(): number {
  return readdirSync('/proc/self/task').length;
}

/** Makes Node start the threads that it creates on demand. Returns the number of threads. */
export async function threadsAtRest(): Promise<number> {
  await Promise.all(Array.from({ length: 16 }, () => stat('/')));
  return threads();
}

/** Waits until a condition holds; fails after a time limit. */
export async function until(condition: () => boolean, limitMs: number, problem: () => string): Promise<number> {
  const start = performance.now();
  while (!condition()) {
    assert(performance.now() - start < limitMs, `after ${limitMs} ms: ${problem()}`);
    await sleep(5);
  }
  return performance.now() - start;
}

/**
 * Measures how long a job on other threads takes, in milliseconds. Subtracts the longest delay of this thread's event
 * loop, which a busy machine causes.
 */
export async function timeOf(job: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const start = performance.now();
  await job();
  const taken = performance.now() - start;
  delay.disable();
  return taken - delay.max / 1e6;
}

/** Waits until there are at most `count` threads. */
export function untilThreads(count: number, limitMs: number): Promise<number> {
  return until(
    () => threads() <= count,
    limitMs,
    () => `${threads()} threads, not ${count}`,
  );
}

/** Waits for one turn of the event loop. Finalizers of collected objects run during this turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Collects garbage; needs --expose-gc. */
export function collect(): void {
  assert(globalThis.gc, 'needs --expose-gc');
  globalThis.gc();
}

/** Collects garbage until a condition holds. */
export function collectUntil(condition: () => boolean, limitMs: number, problem: () => string): Promise<number> {
  return until(
    () => {
      if (!condition()) collect();
      return condition();
    },
    limitMs,
    problem,
  );
}

/** An array of `count` values made by `make`. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Fails the script when a condition does not hold. */
export function check(condition: boolean): void {
  if (!condition) throw new Error('a condition does not hold');
}
