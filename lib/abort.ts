import { invalidType, NeonError, outOfRange } from './errors.js';
import { addon } from './load.js';

/** What every call that returns a promise can be given. */
export interface CallOptions {
  /**
   * Aborts the call: its promise rejects with the signal's reason at once, and its connection is closed so that the
   * server sees it. The session is busy until its thread has left C.
   */
  signal?: AbortSignal | undefined;
  /** The deadline of the whole call, in milliseconds; past it the promise rejects with `NE_TIMEOUT`. */
  timeout?: number | undefined;
}

const lastOperation = addon.sync['lastOperation'] as () => number;
const abort = addon.sync['abort'] as (operation: number, reason: unknown) => void;
const longest = 2 ** 31 - 1; // of a timer, in milliseconds

/** What ends a call: rejects its promise with the reason. */
export type Stop = (reason: unknown) => void;

/** Starts a call of the addon's that can be ended before it is done. `onStart` is given what ends it. */
export function abortable<T>(
  start: () => Promise<T>,
  options: CallOptions,
  onStart?: (stop: Stop) => void,
): Promise<T> {
  return options.signal === undefined && options.timeout === undefined
    ? started(start, onStart)
    : limited(start, options, onStart);
}

function started<T>(start: () => Promise<T>, onStart?: (stop: Stop) => void): Promise<T> {
  const before = lastOperation();
  const promise = start();
  const operation = lastOperation();
  // The same as before when the call was refused, and nothing queued.
  if (operation !== before) onStart?.((reason) => abort(operation, reason));
  return promise;
}

async function limited<T>(start: () => Promise<T>, options: CallOptions, onStart?: (stop: Stop) => void): Promise<T> {
  validate(options);
  const { signal, timeout } = options;
  signal?.throwIfAborted();
  let stop: Stop = () => undefined;
  const promise = started(start, (given) => {
    stop = given;
    onStart?.(given);
  });
  const unlisten = signal && whenAborted(signal, () => stop(signal.reason));
  const expire = (): void => stop(new NeonError(`Timed out after ${timeout} ms`, 'NE_TIMEOUT'));
  const timer = timeout === undefined ? undefined : setTimeout(expire, timeout);
  try {
    return await promise;
  } finally {
    unlisten?.();
    clearTimeout(timer);
  }
}

/** Who waits for each signal. One listener serves them all: thousands of calls may share one controller. */
const waiting = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `react` when the signal aborts; returns what takes that back. */
export function whenAborted(signal: AbortSignal, react: () => void): () => void {
  let reactions = waiting.get(signal);
  if (!reactions) {
    const all = new Set<() => void>();
    const listener = (): void => {
      waiting.delete(signal);
      for (const reaction of all) reaction();
    };
    signal.addEventListener('abort', listener, { once: true });
    waiting.set(signal, (reactions = all));
  }
  const joined = reactions;
  joined.add(react);
  return () => joined.delete(react);
}

function validate({ signal, timeout }: { signal?: unknown; timeout?: unknown }): void {
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidType('signal', 'an instance of AbortSignal', signal);
  if (timeout === undefined) return;
  if (typeof timeout !== 'number') throw invalidType('timeout', 'of type number', timeout);
  if (!(timeout > 0 && timeout <= longest)) throw outOfRange('timeout', `> 0 and <= ${longest}`, timeout);
}
