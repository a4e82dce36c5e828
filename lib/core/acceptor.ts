import { invalidType } from './errors.js';
import type { Native } from './load.js';
import { native } from './native.js';

type Accept = (req: never, status: never) => unknown;

/**
 * neon's own acceptance functions. native_acceptor() (binding/ne/request/calls.cc) knows each function by its index in
 * this array.
 */
const neons: readonly Accept[] = ['ne_accept_always', 'ne_accept_2xx', 'ne_accept_207'].map((name) => native(name));

/**
 * An acceptance function as it is passed to the addon. neon's own functions are passed by number, so that C calls them
 * directly.
 */
export type Acceptor<F extends Native = Native> = F | number;

/** Recognises neon's own acceptance functions; `argument` is the name of the argument in errors. */
export function acceptor<F extends Native>(accept: F, argument: string): Acceptor<F> {
  if (typeof accept !== 'function') throw invalidType(argument, 'of type function', accept);
  const number = neons.indexOf(accept);
  return number < 0 ? accept : number;
}
