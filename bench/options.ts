/** The options of the benchmarks' command lines, by commander: numbers and names are checked, and `--help` is made. */
import { InvalidArgumentError, Option } from 'commander';

/** An option whose value is a number above 0. */
export function numberOption(flags: string, description: string, fallback: number): Option {
  return new Option(flags, description).default(fallback).argParser(positive);
}

/** An option that may be repeated, whose values are names of this list; all of them by default. */
export function namesOption(flags: string, description: string, names: readonly string[]): Option {
  return new Option(flags, description).choices(names).default(names, 'all');
}

/** An option that may be repeated, whose values are numbers above 0. */
export function numbersOption(flags: string, description: string, fallback: readonly number[]): Option {
  return new Option(flags, description)
    .default(fallback)
    .argParser((text, earlier: readonly number[]) => [...(earlier === fallback ? [] : earlier), positive(text)]);
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0)) throw new InvalidArgumentError('It must be a number above 0.');
  return number;
}
