/** Functions and constants of the addon, by their C names. */
import { type CallOptions, limited } from './abort.js';
import { invalidValue } from './errors.js';
import { addon, type Native } from './load.js';
import { omitted } from './omitted.js';

/**
 * Checks the arguments of a call, and returns the arguments for the addon. If the check throws, the blocking form
 * throws the same exception, and the promise form rejects with it.
 */
export type Prepare<F extends Native> = (...values: Parameters<F>) => readonly unknown[];

const preparations = new WeakMap<Native, Prepare<Native>>();

/**
 * Wrappers of addon functions that refuse surplus arguments. Each function has only one wrapper, so that callers can
 * compare functions by identity.
 */
const guarded = new Map<string, Native>();

/** The blocking function with this C name. {@link promised} applies `prepare` to the promise form, too. */
export function native<F extends Native>(name: string, prepare?: Prepare<F>): F {
  const call = addon.sync[name] as F;
  if (prepare === undefined) {
    if (omitted[name] === undefined) return call;
    const form = guarded.get(name) ?? withoutSurplus(name, call);
    guarded.set(name, form);
    return form as F;
  }
  const prepared = (...values: Parameters<F>): unknown => call(...(prepare(...values) as never[]));
  Object.defineProperties(prepared, { name: { value: name }, length: { value: prepare.length } });
  const form = withoutSurplus(name, prepared as unknown as F);
  preparations.set(form, prepare);
  return form;
}

/**
 * Makes a function refuse surplus arguments if it has fewer parameters in JavaScript than in C. Otherwise a caller that
 * passes all C arguments would pass some of them in the wrong position.
 */
export function withoutSurplus<F extends Native>(name: string, call: F): F {
  const { arity } = omitted[name] ?? {};
  if (arity === undefined) return call;
  const form = (...values: Parameters<F>): unknown => {
    if (values.length > arity) throw surplus(name);
    return call(...values);
  };
  Object.defineProperties(form, { name: { value: name }, length: { value: arity } });
  return form as F;
}

/** The error of a call with more arguments than the function accepts. */
export function surplus(name: string): TypeError {
  const { arity = 0, parameters = [] } = omitted[name] ?? {};
  const list = parameters.map((parameter) => `"${parameter}"`).join(' and ');
  return invalidValue(
    `${name} takes at most ${arity} argument${arity === 1 ? '' : 's'}: JavaScript leaves out ${list} of the C function`,
  );
}

/** A constant, by its C name. */
export function constant(name: string): number {
  return addon.sync[name] as number;
}

/** The promise form of a blocking function: it accepts the same arguments, then optionally {@link CallOptions}. */
export type Promised<F> = F extends (...values: infer A) => infer R
  ? (...values: [...A, options?: CallOptions]) => Promise<R>
  : never;

/** The promise form of a function that {@link native} returned; `arity` is the number of its arguments. */
export function promised<F extends Native>(blocking: F, arity: number): Promised<F> {
  const start = addon.async[blocking.name] as (...values: unknown[]) => Promise<unknown>;
  const call = (...values: unknown[]): Promise<unknown> => {
    if (values.length > arity + 1 && omitted[blocking.name]) return Promise.reject(surplus(blocking.name));
    const options = values[arity] as CallOptions | undefined;
    return options === undefined ? start(...values) : limited(() => start(...values.slice(0, arity)), options);
  };
  const prepare = preparations.get(blocking) as ((...values: unknown[]) => readonly unknown[]) | undefined;
  const form =
    prepare === undefined
      ? call
      : async (...values: unknown[]): Promise<unknown> =>
          call(...prepare(...values.slice(0, arity)), ...values.slice(arity));
  Object.defineProperty(form, 'name', { value: blocking.name });
  return form as Promised<F>;
}
