import { invalidType } from './errors.js';

/**
 * Strings for a variadic function of C's, as one: C puts them together anyway.
 *
 * @throws `ERR_INVALID_ARG_TYPE` when one is no string
 */
export function joined(strings: readonly string[]): string {
  for (const string of strings) if (typeof string !== 'string') throw invalidType('str', 'of type string', string);
  return strings.join('');
}
