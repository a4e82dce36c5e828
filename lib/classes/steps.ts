/** Methods that send several requests, one after the other, written once for promises and for blocking calls. */
import type { Call } from './call.js';
import type { CommonOptions } from './call-options.js';
import type { SessionSource } from './session-source.js';

/** A request of a method. */
interface Step {
  readonly call: Call<unknown, unknown>;
  readonly options: CommonOptions;
}

/**
 * A method as a generator. It yields its requests, and receives their results. If a request fails, the generator
 * receives the error as an exception. @internal
 */
export type Steps<T> = Generator<Step, T, unknown>;

/** Sends a request in a generator of steps. @internal */
export function* send<R>(call: Call<unknown, R>, options: CommonOptions): Steps<R> {
  return (yield { call, options }) as R;
}

/** Runs the steps of a method. The timeout of the options covers all requests together. @internal */
export async function runSteps<T>(source: SessionSource, steps: Steps<T>): Promise<T> {
  const since = performance.now();
  let isFirst = true;
  let next = steps.next();
  while (!next.done) {
    const { call, options } = next.value;
    let result: unknown;
    try {
      result = await source.run(call, isFirst ? options : withTimeLeft(options, since));
    } catch (error) {
      next = steps.throw(error);
      continue;
    } finally {
      isFirst = false;
    }
    next = steps.next(result);
  }
  return next.value;
}

/** Runs the steps of a method on the calling thread. @internal */
export function runStepsSync<T>(source: SessionSource, steps: Steps<T>): T {
  let next = steps.next();
  while (!next.done) {
    const { call, options } = next.value;
    let result: unknown;
    try {
      result = source.runSync(call, options);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(result);
  }
  return next.value;
}

/** Reduces the timeout by the time that has passed since `since`, a time of `performance.now()`. @internal */
export function withTimeLeft<Options extends CommonOptions>(options: Options, since: number): Options {
  const { timeout } = options;
  if (typeof timeout !== 'number') return options;
  return { ...options, timeout: Math.max(timeout - (performance.now() - since), 1) };
}
