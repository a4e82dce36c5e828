/** What the scripts of the life-cycle tests share. */
import assert from 'node:assert/strict';
import { readdirSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** Says something to the test, at once: the process may be about to end. */
export function report(value: object): void {
  writeSync(1, `${JSON.stringify(value)}\n`);
}

/** Says to the test that the end comes now. */
export function reportEnding(more: object = {}): void {
  report({ ...more, endingAt: Date.now() });
}

/** How many threads this process has. */
export function threads(): number {
  return readdirSync('/proc/self/task').length;
}

/** The same, after Node has started those that it starts when they are needed. */
export async function threadsAtRest(): Promise<number> {
  await Promise.all(Array.from({ length: 16 }, () => stat('/')));
  return threads();
}

/** Waits until something is so; fails when that takes too long. */
export async function until(condition: () => boolean, limitMs: number, what: () => string): Promise<number> {
  const start = performance.now();
  while (!condition()) {
    assert(performance.now() - start < limitMs, `after ${limitMs} ms: ${what()}`);
    await sleep(5);
  }
  return performance.now() - start;
}

/**
 * How long something takes that leaves this thread alone, in milliseconds. What this thread itself was late meanwhile is
 * the machine's, and does not count.
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

/** Waits until there are at most so many threads. */
export function untilThreads(count: number, limitMs: number): Promise<number> {
  return until(
    () => threads() <= count,
    limitMs,
    () => `${threads()} threads, not ${count}`,
  );
}

/** A turn of the event loop, in which what was collected is finalized. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Collects garbage; needs --expose-gc. */
export function collect(): void {
  assert(globalThis.gc, 'needs --expose-gc');
  globalThis.gc();
}

/** Collects garbage until something is so. */
export function collectUntil(condition: () => boolean, limitMs: number, what: () => string): Promise<number> {
  return until(
    () => {
      if (!condition()) collect();
      return condition();
    },
    limitMs,
    what,
  );
}

/** `count` of what `make` makes. */
export function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

/** Fails the script when something is not so. */
export function check(condition: boolean): void {
  if (!condition) throw new Error('what had to be so is not');
}
