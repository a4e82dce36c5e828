/** Numbers of neon flags, by name. */
import { invalidType, invalidValue, outOfRange } from '../core/errors.js';

/**
 * Returns the number of a flag; the caller may give its name or its number. @internal
 *
 * @throws `ERR_INVALID_ARG_VALUE` for an unknown name, `ERR_OUT_OF_RANGE` for a number that cannot be a flag
 */
export function flagNumber<Name extends string>(flags: Readonly<Record<Name, number>>, flag: Name | number): number {
  if (typeof flag === 'number') {
    if (!Number.isInteger(flag) || flag < 0 || flag > 2 ** 31 - 1) throw outOfRange('flag', 'an integer >= 0', flag);
    return flag;
  }
  if (typeof flag !== 'string') throw invalidType('flag', 'of type string or number', flag);
  if (!Object.hasOwn(flags, flag)) throw invalidValue(`There is no flag '${flag as string}'`);
  return flags[flag];
}
