import { invalidType, NeonError, outOfRange } from './errors.js';
import { addon, lastOperation } from './load.js';

/** What every call that returns a promise can be given. */
export interface CallOptions {
  /**
   * Aborts the call: its promise rejects with the signal's reason at once, and its connection is closed so that the
   * server sees it. The session is busy until its thread has left C.
   */
  signal?: AbortSignal | undefined;
  /**
   * The deadline of the whole call, in milliseconds: past it the promise rejects with `NE_TIMEOUT`, and so does reading
   * the body of a response that is still arriving.
   */
  timeout?: number | undefined;
}

const abort = addon.sync['abort'] as (operation: number, reason: unknown) => void;
const setTimeLimit = addon.sync['setTimeLimit'] as (timeout: number) => void;
const maxTimeout = 2 ** 31 - 1; // of a timer, in milliseconds

/** What ends a call: rejects its promise with the reason. */
export type Stop = (reason: unknown) => void;

/**
 * Starts a call of the addon's that can be ended before it is done. `onStart` is given what ends it, and its number. Its timeout began
 * at `since`, which is now unless given.
 */
export function abortable<T>(
  start: () => Promise<T>,
  options: CallOptions,
  onStart?: (stop: Stop, operation: number) => void,
  since?: number,
): Promise<T> {
  return options.signal === undefined && options.timeout === undefined
    ? started(start, onStart)
    : limited(start, options, onStart, since);
}

function started<T>(start: () => Promise<T>, onStart?: (stop: Stop, operation: number) => void): Promise<T> {
  const before = lastOperation();
  const promise = start();
  const operation = lastOperation();
  // The same as before when the call was refused, and nothing queued.
  if (operation !== before) onStart?.((reason) => abort(operation, reason), operation);
  return promise;
}

/** The same, whatever the options are: what is wrong with them rejects. */
export async function limited<T>(
  start: () => Promise<T>,
  options: CallOptions,
  onStart?: (stop: Stop, operation: number) => void,
  since: number = performance.now(),
): Promise<T> {
  const limits = validated(options);
  limits.signal?.throwIfAborted();
  let stop: Stop = () => undefined;
  // Given before the call is queued: it limits how long the call may take to connect, too, where nothing can end it.
  setTimeLimit(limits.timeout === undefined ? 0 : Math.max(Math.ceil(timeLeft(limits.timeout, since)), 1));
  const promise = started(start, (given, operation) => {
    stop = given;
    onStart?.(given, operation);
  });
  setTimeLimit(0);
  const unlimit = limit(limits, since, (reason) => stop(reason));
  try {
    return await promise;
  } finally {
    unlimit();
  }
}

/**
 * Calls `stop` when the signal aborts, and when the timeout that began at `since` has passed; returns what takes that
 * back.
 */
export function limit({ signal, timeout }: CallOptions, since: number, stop: Stop): () => void {
  const unlisten = signal && whenAborted(signal, () => stop(signal.reason));
  const timer =
    timeout === undefined
      ? undefined
      : setTimeout(() => stop(timedOut(timeout)), Math.max(timeLeft(timeout, since), 0));
  return () => {
    unlisten?.();
    clearTimeout(timer);
  };
}

function timeLeft(timeout: number, since: number): number {
  return since + timeout - performance.now();
}

/** What a call rejects with when its deadline has passed. */
function timedOut(timeout: number): NeonError {
  return new NeonError(`Timed out after ${timeout} ms`, 'NE_TIMEOUT');
}

interface Waiting {
  readonly reactions: Set<() => void>;
  readonly unlisten: () => void;
}

/** Who waits for each signal. One listener serves them all: thousands of calls may share one controller. */
const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls `react` when the signal aborts; returns what takes that back. */
function whenAborted(signal: AbortSignal, react: () => void): () => void {
  const { reactions, unlisten } = waiting.get(signal) ?? listen(signal);
  reactions.add(react);
  return () => {
    reactions.delete(react);
    if (reactions.size === 0) unlisten();
  };
}

function listen(signal: AbortSignal): Waiting {
  const reactions = new Set<() => void>();
  const unlisten = (): void => {
    waiting.delete(signal);
    signal.removeEventListener('abort', listener);
  };
  const listener = (): void => {
    unlisten();
    // The newest first: ending a call that runs lets the next one begin.
    for (const react of [...reactions].reverse()) react();
  };
  signal.addEventListener('abort', listener);
  const group = { reactions, unlisten };
  waiting.set(signal, group);
  return group;
}

/** The options of a call; throws Node's errors for what is wrong with them. */
export function validated(options: unknown): CallOptions {
  if (typeof options !== 'object' || options === null) throw invalidType('options', 'of type object', options);
  const { signal, timeout } = options as { signal?: unknown; timeout?: unknown };
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidType('signal', 'an instance of AbortSignal', signal);
  if (timeout === undefined) return { signal };
  if (typeof timeout !== 'number') throw invalidType('timeout', 'of type number', timeout);
  if (!(timeout > 0 && timeout <= maxTimeout)) throw outOfRange('timeout', `> 0 and <= ${maxTimeout}`, timeout);
  return { signal, timeout };
}
