/**
 * Errors that tests expect. Jest runs tests in a separate realm, so tests identify errors by name and code instead of
 * class.
 */
import type { NeonError } from 'libneon';

/** Any error with this code (and this name). */
export function coded(code: string, name?: string): Error {
  return expect.objectContaining(name === undefined ? { code } : { code, name }) as Error;
}

/** A NeonError with this code: one of `ERR_NEON_*`, or the name of one of neon's results (`NE_*`). */
export function neonError(code: string, result?: number): Error {
  return expect.objectContaining({ name: 'NeonError', code, result }) as Error;
}

export const wrongType: Error = coded('ERR_INVALID_ARG_TYPE', 'TypeError');
export const wrongValue: Error = coded('ERR_INVALID_ARG_VALUE', 'TypeError');
export const wrongChar: Error = coded('ERR_INVALID_CHAR', 'TypeError');
export const outOfRange: Error = coded('ERR_OUT_OF_RANGE', 'RangeError');

/** Returns the text of an error message after the method and URL of the failed request. */
export function textOf({ message }: Error): string {
  return message.replace(/^[A-Z]+ https?:\/\/\S+: /, '');
}

/** A message that has this text after the name of the failed request. */
export function saying(text: string): string {
  return expect.stringMatching(`^([A-Z]+ https?://\\S+: )?${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`) as string;
}

/** An error. A NeonError also has the other fields. */
export type Failure = Error & { code?: unknown } & Partial<Omit<NeonError, keyof Error | 'code'>>;

/** The error that an action throws, or that its promise rejects with. Fails if there is no error. */
export async function failureOf(action: () => unknown): Promise<Failure> {
  try {
    await action();
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected a failure');
}

/** Runs a call and returns its result. The type `unknown` allows tests to check a result that is declared as void. */
export function result(call: () => unknown): unknown {
  return call();
}
