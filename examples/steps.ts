/** How the tour prints what it does: one line a step, with its time; in colour on a terminal only. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { styleText } from 'node:util';
import { NeonError } from 'libneon';

type Colour = Parameters<typeof styleText>[0];

/** The text in this colour, where standard output is a terminal. */
export function paint(colour: Colour, text: string): string {
  return process.stdout.isTTY ? styleText(colour, text) : text;
}

/** Starts a part of the tour. */
export function heading(text: string): void {
  console.log(`\n${paint('bold', text)}`);
}

/** Does a step and prints it, with what `tell` makes of its result. What it throws is the tour's failure. */
export async function step<T>(
  what: string,
  work: () => T | Promise<T>,
  tell: (result: T) => string = () => 'done',
): Promise<T> {
  const start = performance.now();
  try {
    const result = await work();
    line(performance.now() - start, what, tell(result), 'green');
    return result;
  } catch (error) {
    line(performance.now() - start, what, 'failed', 'red');
    throw error;
  }
}

/** Does a step that has to fail with this code. */
export async function failing(what: string, code: string, work: () => unknown): Promise<void> {
  const start = performance.now();
  const error = await outcome(work);
  const ms = performance.now() - start;
  if (!(error instanceof Error)) throw new Error(`${what} did not fail with ${code}`);
  if (!(error instanceof NeonError) || error.code !== code) throw error;
  line(ms, what, `${code}: ${error.message}`, 'yellow');
}

async function outcome(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

function line(ms: number, what: string, result: string, colour: Colour): void {
  console.log(`${paint('dim', `${ms.toFixed(1).padStart(8)} ms`)}  ${what.padEnd(20)}  ${paint(colour, result)}`);
}

let known = new Set<number>();

/** Whether a socket was opened since this was asked last: Linux tells which ones a process has. */
export function connection(): string {
  if (!existsSync('/proc/self/fd')) return '';
  const files = readdirSync('/proc/self/fd').map((fd) => statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false }));
  const sockets = files.flatMap((file) => (file?.isSocket() ? [file.ino] : []));
  const opened = sockets.some((socket) => !known.has(socket));
  known = new Set(sockets);
  return opened ? ', new connection' : ', same connection';
}
