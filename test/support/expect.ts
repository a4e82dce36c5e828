/** Errors that tests expect. Jest runs tests in a realm of their own, so errors are identified by name and code. */
import type { NeonError } from 'libneon';

/** Any error with this code (and this name). */
export function coded(code: string, name?: string): Error {
  return expect.objectContaining(name === undefined ? { code } : { code, name }) as Error;
}

/** A NeonError whose code is one of `ERR_NEON_*`, or the name of a result of neon (`NE_*`). */
export function neonError(code: string, result?: number): Error {
  return expect.objectContaining({ name: 'NeonError', code, result }) as Error;
}

export const wrongType: Error = coded('ERR_INVALID_ARG_TYPE', 'TypeError');
export const wrongValue: Error = coded('ERR_INVALID_ARG_VALUE', 'TypeError');
export const wrongChar: Error = coded('ERR_INVALID_CHAR', 'TypeError');
export const outOfRange: Error = coded('ERR_OUT_OF_RANGE', 'RangeError');

/** The part of an error's message that follows the name of the failed request. */
export function textOf({ message }: Error): string {
  return message.replace(/^[A-Z]+ https?:\/\/\S+: /, '');
}

/** A message that has this text after the name of the failed request. */
export function saying(text: string): string {
  return expect.stringMatching(`^([A-Z]+ https?://\\S+: )?${text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')}$`) as string;
}

/** An error, with the fields of a NeonError if it is one. */
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

/** The result of a call, even if its type is void. */
export function result(call: () => unknown): unknown {
  return call();
}
