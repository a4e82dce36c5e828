/** Reads what the process uses: the processor time of threads and child processes, and the stalls of the event loop. */
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';

/** The kernel reports the times of processes in ticks of 10 ms to all programs (USER_HZ). */
const TICKS_PER_SECOND = 100;

/** The seconds that the main thread has run, or undefined if /proc is missing. */
export function threadSeconds(): number | undefined {
  const [nanoseconds] = read(`/proc/self/task/${process.pid}/schedstat`)?.split(' ') ?? [];
  return nanoseconds === undefined ? undefined : Number(nanoseconds) / 1e9;
}

/** The seconds that child processes ran, without those that are still running; 0 if /proc is missing. */
export function childSeconds(): number {
  const stat = read('/proc/self/stat');
  if (stat === undefined) return 0;
  // The name of the program, in parentheses, is field 2 and may contain spaces. cutime and cstime are fields 16 and 17.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/**
 * Begins to watch the event loop. The returned function ends this, and returns the longest time for which the loop
 * was blocked, in milliseconds.
 */
export async function watchEventLoop(): Promise<() => Promise<number>> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await sleep(5); // a delay is recorded only after the timer of the histogram has fired once; a reset forgets this
  return async () => {
    await sleep(20); // a stall at the end is recorded only when it is over
    delay.disable();
    return delay.max / 1e6;
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}
