import { invalidType, invalidValue, NeonError, outOfRange } from './errors.js';
import { abortOperation, startOperation } from './operation.js';
import { isInstance, isObject } from './objects.js';

/** The options of every call that returns a promise. */
export interface CallOptions {
  /**
   * Aborts the call: the promise rejects with the signal's reason at once, and the connection is closed, so that the
   * server notices the abort. The session stays busy until its thread has left C.
   */
  signal?: AbortSignal | null | undefined;
  /**
   * The time limit of the whole call, in milliseconds. After that time the promise rejects with `NE_TIMEOUT`. If the
   * body of the response is still arriving then, reading the body rejects with `NE_TIMEOUT`, too.
   */
  timeout?: number | undefined;
}

const maxTimeout = 2 ** 31 - 1; // of a timer, in milliseconds

/** Ends a call: rejects its promise with the reason. */
export type Stop = (reason: unknown) => void;

/** Queues an operation of the addon under the options of a call; rejects when the options are invalid. */
export async function limited<T>(start: () => Promise<T>, options: CallOptions): Promise<T> {
  const limits = validated(options);
  const unknown = Object.keys(options).find((name) => name !== 'signal' && name !== 'timeout');
  if (unknown !== undefined)
    throw invalidValue(`Unknown option "${unknown}": a call takes "signal" and "timeout" after its arguments`);
  limits.signal?.throwIfAborted();
  const since = performance.now();
  const [promise, operation] = startOperation(start, timeLimit(limits, since));
  const unlimit = limit(limits, since, (reason) => abortOperation(operation, reason));
  try {
    return await promise;
  } finally {
    unlimit();
  }
}

/** The time limit of an operation whose timeout began at `since`, a time of `performance.now()`; 0 means no limit. */
export function timeLimit({ timeout }: CallOptions, since: number): number {
  return timeout === undefined ? 0 : Math.max(Math.ceil(timeLeft(timeout, since)), 1);
}

/**
 * Calls `stop` when the signal aborts, and when the timeout that began at `since` expires. The returned function
 * cancels both.
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

/** The error of a call whose deadline has passed. */
function timedOut(timeout: number): NeonError {
  return new NeonError(`Timed out after ${timeout} ms`, 'NE_TIMEOUT');
}

interface Waiting {
  readonly reactions: Set<() => void>;
  readonly unlisten: () => void;
}

/**
 * The reactions to each signal. One listener serves all reactions to a signal, because thousands of calls may share one
 * signal.
 */
const waiting = new WeakMap<AbortSignal, Waiting>();

/** Calls `react` when the signal aborts; returns a function that removes this reaction. */
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
    // Runs the newest reaction first. If the running call ended first, the next call would begin before its own
    // reaction ran.
    for (const react of [...reactions].reverse()) react();
  };
  signal.addEventListener('abort', listener);
  const group = { reactions, unlisten };
  waiting.set(signal, group);
  return group;
}

/** The options of a call; throws Node's errors for invalid options. */
export function validated(options: unknown): CallOptions {
  if (!isObject(options)) throw invalidType('options', 'of type object', options);
  const { signal, timeout } = options as { signal?: unknown; timeout?: unknown };
  if (signal !== undefined && signal !== null && !isInstance(signal, AbortSignal))
    throw invalidType('signal', 'an instance of AbortSignal', signal);
  if (timeout === undefined) return { signal };
  if (typeof timeout !== 'number') throw invalidType('timeout', 'of type number', timeout);
  if (!(timeout > 0 && timeout <= maxTimeout)) throw outOfRange('timeout', `> 0 and <= ${maxTimeout}`, timeout);
  return { signal, timeout };
}
