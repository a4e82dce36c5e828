import { invalidType } from './errors.js';

/**
 * Joins the strings for a variadic C function. The result is the same, because C would only concatenate them.
 *
 * @throws `ERR_INVALID_ARG_TYPE` when an argument is not a string
 */
export function joined(strings: readonly string[]): string {
  for (const string of strings) if (typeof string !== 'string') throw invalidType('str', 'of type string', string);
  return strings.join('');
}
