import { invalidType } from '../errors.js';
import { native } from '../native.js';
import type { ne_request } from './handles.js';
import type { ne_accept_response, ne_status } from './request.js';

/** An acceptance function which accepts 2xx responses only. */
export const ne_accept_2xx: (req: ne_request, st: ne_status) => number = native('ne_accept_2xx');

/** An acceptance function which accepts all responses. */
export const ne_accept_always: (req: ne_request, st: ne_status) => number = native('ne_accept_always');

/** An acceptance function which accepts 207 responses only. */
export const ne_accept_207: (req: ne_request, st: ne_status) => number = native('ne_accept_207');

/** An acceptance function as the addon takes it: neon's own by number, so that it stays in C. */
export type Acceptor = ne_accept_response | number;

// Their places are their numbers in native_acceptor() (binding/request_calls.cc).
const neons: readonly ne_accept_response[] = [ne_accept_always, ne_accept_2xx, ne_accept_207];

/** Recognises neon's own acceptance functions; `argument` is what it is called in errors. */
export function acceptor(accept: ne_accept_response, argument: string): Acceptor {
  if (typeof accept !== 'function') throw invalidType(argument, 'of type function', accept);
  const number = neons.indexOf(accept);
  return number < 0 ? accept : number;
}
