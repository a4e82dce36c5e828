import { addon, lastOperation } from './load.js';
import { receive, type Receiver } from './receivers.js';

const setTimeLimit = addon.sync['setTimeLimit'] as (timeout: number) => void;
const abort = addon.sync['abort'] as (operation: number, reason: unknown) => void;

/**
 * Queues an operation by calling an async function of the addon. Only this function knows how the addon receives the
 * operation's time limit, and how it reports the operation's identity.
 *
 * @param call must call one async function of the addon synchronously, and may throw before it does so
 * @param timeLimit in milliseconds; 0 means no limit. The limit also applies while a connection is made, which nothing
 *   else can interrupt
 * @returns the promise of the operation, and its identity for {@link abortOperation}. The identity is 0 when the addon
 *   refused the call and queued nothing
 */
export function startOperation<T>(
  call: () => Promise<T>,
  timeLimit: number,
): readonly [promise: Promise<T>, operation: number] {
  const before = lastOperation[0];
  const promise = timeLimit > 0 ? within(timeLimit, call) : call();
  const operation = lastOperation[0] as number;
  return [promise, operation === before ? 0 : operation];
}

function within<T>(timeLimit: number, call: () => Promise<T>): Promise<T> {
  setTimeLimit(timeLimit);
  try {
    return call();
  } finally {
    setTimeLimit(0); // a call that the addon refused leaves the limit set
  }
}

/**
 * Sets the time limit of the operation that is queued next, as {@link startOperation} does; 0 means no limit. A call
 * that the addon refuses leaves the limit set.
 */
export function limitNextOperation(timeLimit: number): void {
  setTimeLimit(timeLimit);
}

/**
 * Makes a receiver receive the outcome of the operation that was queued just now. Called after an async function of the
 * addon that returns no promise.
 *
 * @returns the identity of the operation
 */
export function receiveLastOperation(receiver: Receiver): number {
  const operation = lastOperation[0] as number;
  receive(operation, receiver);
  return operation;
}

/**
 * Ends an operation: its promise rejects with `reason`, or its receiver fails with it. Ignores an operation that is
 * over.
 */
export function abortOperation(operation: number, reason: unknown): void {
  if (operation > 0) abort(operation, reason);
}
