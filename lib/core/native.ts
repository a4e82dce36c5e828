import { type CallOptions, limited } from './abort.js';
import { addon, type Native } from './load.js';

/** A function of the blocking surface, by its C name. */
export function native<F extends Native>(name: string): F {
  return addon.sync[name] as F;
}

/** A constant, by its C name. */
export function constant(name: string): number {
  return addon.sync[name] as number;
}

/** The promise form of a blocking function: the same arguments, then optionally {@link CallOptions}. */
export type Promised<F> = F extends (...values: infer A) => infer R
  ? (...values: [...A, options?: CallOptions]) => Promise<R>
  : never;

/** A function of the promise surface, by its C name; `arity` is the number of C arguments it takes here. */
export function promised<F extends Native>(name: string, arity: number): Promised<F> {
  const start = addon.async[name] as (...values: unknown[]) => Promise<unknown>;
  const call = (...values: unknown[]): Promise<unknown> => {
    const options = values[arity] as CallOptions | undefined;
    return options === undefined ? start(...values) : limited(() => start(...values.slice(0, arity)), options);
  };
  Object.defineProperty(call, 'name', { value: name });
  return call as Promised<F>;
}
