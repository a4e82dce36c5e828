/** Prints the steps of the tour, one line per step with its time. Only a terminal shows colours. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { styleText } from 'node:util';
import { NeonError } from 'libneon';

type Colour = Parameters<typeof styleText>[0];

/** The text in this colour, if standard output is a terminal with colours. */
export function paint(colour: Colour, text: string): string {
  return process.stdout.isTTY && process.stdout.hasColors() ? styleText(colour, text) : text;
}

/** Starts a part of the tour. */
export function heading(text: string): void {
  console.log(`\n${paint('bold', text)}`);
}

/** Runs a step, and prints its name and the text that `describe` returns for its result. An error fails the tour. */
export async function step<T>(
  name: string,
  work: () => T | Promise<T>,
  describe: (result: T) => string = () => 'done',
): Promise<T> {
  const start = performance.now();
  try {
    const result = await work();
    line(performance.now() - start, name, describe(result), 'green');
    return result;
  } catch (error) {
    line(performance.now() - start, name, 'failed', 'red');
    throw error;
  }
}

/** A result, and how the event loop fared meanwhile. */
export interface Watched<T> {
  readonly result: T;
  /** How often a timer of 1 ms fired. */
  readonly ticks: number;
  /** The longest time for which the event loop stood still, in milliseconds. */
  readonly stall: number;
}

/** Runs `work`, and watches the event loop meanwhile. */
export async function watched<T>(work: () => T | Promise<T>): Promise<Watched<T>> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  let ticks = 0;
  const timer = setInterval(() => ticks++, 1);
  try {
    delay.enable();
    await setTimeout(5); // the monitor has begun
    ticks = 0;
    const result = await work();
    const during = ticks;
    await setTimeout(5); // the monitor has noticed a stall
    return { result, ticks: during, stall: delay.max / 1e6 };
  } finally {
    delay.disable();
    clearInterval(timer);
  }
}

/** Describes how the event loop fared. */
export const loop = ({ ticks, stall }: Watched<unknown>): string =>
  `a timer of 1 ms fired ${ticks} times, longest stall ${stall.toFixed(1)} ms`;

/** Runs a step that must fail with this code. */
export async function failing(name: string, code: string, work: () => unknown): Promise<void> {
  const start = performance.now();
  const error = await outcome(work);
  const ms = performance.now() - start;
  if (!(error instanceof Error)) throw new Error(`${name} did not fail with ${code}`);
  if (!(error instanceof NeonError) || error.code !== code) throw error;
  line(ms, name, `${code}: ${error.message}`, 'yellow');
}

async function outcome(work: () => unknown): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

function line(ms: number, name: string, result: string, colour: Colour): void {
  console.log(`${paint('dim', `${ms.toFixed(1).padStart(8)} ms`)}  ${name.padEnd(20)}  ${paint(colour, result)}`);
}

let known = new Set<number>();

/** Says whether a socket was opened since the last call. Returns '' on systems without `/proc/self/fd`. */
export function connection(): string {
  if (!existsSync('/proc/self/fd')) return '';
  const files = readdirSync('/proc/self/fd').map((fd) => statSync(`/proc/self/fd/${fd}`, { throwIfNoEntry: false }));
  const sockets = files.flatMap((file) => (file?.isSocket() ? [file.ino] : []));
  const opened = sockets.some((socket) => !known.has(socket));
  known = new Set(sockets);
  return opened ? ', new connection' : ', same connection';
}
