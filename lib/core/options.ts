/** Checks that every option of a call or an object is known. */
import { invalidType, invalidValue } from './errors.js';
import { isObject } from './objects.js';

/** The names of the options of a type, which the compiler compares with that type. */
export type Known<Options> = Readonly<Record<keyof Options, true>>;

/** The option names of other clients, in lower case. Each value says what to do in this library instead. */
const cures: Readonly<Record<string, string>> = {
  json: 'send JSON.stringify(value) as the body',
  data: 'the name is "body"',
  query: 'append it to the target',
  params: 'append them to the target',
  searchparams: 'append them to the target',
  method: 'give it as the first argument of request()',
  rejectunauthorized: 'the name is "verify", a function in "tls"',
  timeout: 'give it to each call; "readTimeout" limits each read',
  username: 'give it in "auth"',
  password: 'give it in "auth"',
  user: 'the name is "username"',
  pass: 'the name is "password"',
};

/**
 * Refuses an option that is not known, unless its value is undefined.
 *
 * @param name the name of the options in messages
 * @throws `ERR_INVALID_ARG_TYPE` when the options are not an object, `ERR_INVALID_ARG_VALUE` for an unknown option
 */
export function requireKnown(options: unknown, known: Readonly<Record<string, true>>, name = 'options'): void {
  if (!isObject(options)) throw invalidType(name, 'of type object', options);
  for (const option of Object.keys(options)) {
    if (Object.hasOwn(known, option) || (options as Record<string, unknown>)[option] === undefined) continue;
    const where = name === 'options' ? '' : ` in "${name}"`;
    throw invalidValue(`Unknown option "${option}"${where}: ${cureOf(option, Object.keys(known))}`);
  }
}

function cureOf(option: string, known: readonly string[]): string {
  const lower = option.toLowerCase();
  const distances = known.map((name) => distance(lower, name.toLowerCase()));
  const least = Math.min(...distances);
  const cure = cures[lower];
  if (least > 0 && cure !== undefined) return cure;
  return least <= Math.max(2, option.length / 3)
    ? `did you mean "${known[distances.indexOf(least)] as string}"?`
    : `the options are ${known.map((name) => `"${name}"`).join(', ')}`;
}

/** The number of letters to insert, omit or replace to turn one word into the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] as number) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row.at(-1) as number;
}
