/** Functions and constants of the addon, by their C names. */
import { type CallOptions, limited } from './abort.js';
import { addon, type Native } from './load.js';

/**
 * Checks the arguments of a call before the addon sees them, and returns those that the addon takes. What it throws is
 * thrown by the blocking form, and rejects the promise of the other one.
 */
export type Prepare<F extends Native> = (...values: Parameters<F>) => readonly unknown[];

const preparations = new WeakMap<Native, Prepare<Native>>();

/** A function of the blocking surface, by its C name. {@link promised} applies `prepare` to the promise form, too. */
export function native<F extends Native>(name: string, prepare?: Prepare<F>): F {
  const call = addon.sync[name] as F;
  if (prepare === undefined) return call;
  const prepared = (...values: Parameters<F>): unknown => call(...(prepare(...values) as never[]));
  Object.defineProperties(prepared, { name: { value: name }, length: { value: prepare.length } });
  preparations.set(prepared, prepare);
  return prepared as unknown as F;
}

/** A constant, by its C name. */
export function constant(name: string): number {
  return addon.sync[name] as number;
}

/** The promise form of a blocking function: the arguments of that, then optionally {@link CallOptions}. */
export type Promised<F> = F extends (...values: infer A) => infer R
  ? (...values: [...A, options?: CallOptions]) => Promise<R>
  : never;

/** The promise form of a function that {@link native} returned; `arity` is the number of its arguments. */
export function promised<F extends Native>(blocking: F, arity: number): Promised<F> {
  const start = addon.async[blocking.name] as (...values: unknown[]) => Promise<unknown>;
  const call = (...values: unknown[]): Promise<unknown> => {
    const options = values[arity] as CallOptions | undefined;
    return options === undefined ? start(...values) : limited(() => start(...values.slice(0, arity)), options);
  };
  const prepare = preparations.get(blocking) as ((...values: unknown[]) => readonly unknown[]) | undefined;
  const form =
    prepare === undefined
      ? call
      : async (...values: unknown[]): Promise<unknown> => call(...prepare(...values.slice(0, arity)), values[arity]);
  Object.defineProperty(form, 'name', { value: blocking.name });
  return form as Promised<F>;
}
