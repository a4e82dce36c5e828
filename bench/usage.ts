/** Reads the processor time of threads and child processes from Linux's /proc. */
import { readFileSync } from 'node:fs';

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

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}
