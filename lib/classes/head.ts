/** The head of a response: its version, its reason phrase and its headers. */
import type { ResponseHeaders } from '../core/errors.js';
import { native } from '../core/native.js';

/**
 * A response in the form that the addon returns. Each line of `head` ends with a line feed. The lines are the version,
 * the reason phrase, and two lines for each header: its name and its value. `trailers` has the same two lines for each
 * trailer. @internal
 */
export type RawResponse = [
  status: number,
  head: string,
  body: Buffer | null,
  stream: StreamHandle | null,
  trailers: string,
];

declare const streamType: unique symbol;
/**
 * The addon's handle of an arriving body. If the handle is garbage-collected, the rest of the body is cancelled.
 * @internal
 */
export interface StreamHandle {
  readonly [streamType]: true;
}

/** Drops the rest of a body, and closes its connection. @internal */
export const dropStream: (stream: StreamHandle) => void = native('dropStream');

/** The prototype of objects with headers. It has the iterator and no other property. */
const iterable = Object.create(null, {
  [Symbol.iterator]: {
    *value(this: Readonly<Record<string, string | readonly string[]>>): Generator<[string, string]> {
      for (const [name, value] of Object.entries(this))
        for (const one of typeof value === 'string' ? [value] : value) yield [name, one];
    },
  },
}) as object;

/** Creates the headers object from the lines of a response head. @internal */
export function headersOf(lines: readonly string[]): ResponseHeaders {
  return fieldsOf(lines, 2, Object.create(iterable) as Record<string, string | string[]>) as ResponseHeaders;
}

/** Makes the object of trailers from their lines. @internal */
export function trailersOf(lines: readonly string[]): ResponseHeaders {
  return fieldsOf(lines, 0, Object.create(iterable) as Record<string, string | string[]>) as ResponseHeaders;
}

function fieldsOf(
  lines: readonly string[],
  start: number,
  fields: Record<string, string | string[]>,
): Record<string, string | string[]> {
  for (let i = start; i + 1 < lines.length; i += 2) {
    const [name, value] = [lines[i] as string, lines[i + 1] as string];
    fields[name] = name === 'set-cookie' ? cookiesOf(value) : value;
  }
  return fields;
}

/**
 * Splits the cookies that neon has joined with commas. A comma separates two cookies only if a name and `=` follow it.
 * A comma inside a date is never followed by a name and `=`.
 */
function cookiesOf(joined: string): string[] {
  return joined.split(/,\s*(?=[^;,=\s]+=)/);
}
