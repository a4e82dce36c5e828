/** Parsers of the values of options. */
import { InvalidArgumentError } from 'commander';

/** Collects the values of an option that may be repeated. */
export function collect(value: string, previous: readonly string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

/** Parses an integer > 0. */
export function positiveInteger(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number) || number === 0)
    throw new InvalidArgumentError('It must be an integer above 0.');
  return number;
}

/** Parses a number of seconds above 0. */
export function seconds(text: string): number {
  const number = Number(text);
  if (!/^\d*\.?\d+$/.test(text) || number <= 0 || number > 2_147_483)
    throw new InvalidArgumentError('It must be a number of seconds above 0, and at most 2147483.');
  return number;
}

/** Parses `Name: value`, and adds the header to the previous ones. */
export function header(
  text: string,
  previous: readonly (readonly [string, string])[] | undefined,
): (readonly [string, string])[] {
  const [, name, value = ''] = /^([^\s:]+):[ \t]*(.*)$/.exec(text) ?? [];
  if (name === undefined) throw new InvalidArgumentError("It must have the form 'Name: value'.");
  return [...(previous ?? []), [name, value]];
}
