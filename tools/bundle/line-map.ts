/** Shortens a source map: it keeps where each line comes from, and leaves out the columns. */

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Returns the mappings of a source map (ECMA-426) with only the first segment of each line. A stack trace names a
 * function, a file and a line, for which one segment is enough. All segments together are as long as the code.
 */
export function firstOfEachLine(mappings: string): string {
  const before = [0, 0, 0]; // source, line and column of the segment before, in the given map
  const written = [0, 0, 0]; // and in the new map
  return mappings
    .split(';')
    .map((line) => {
      let first: string | undefined;
      for (const segment of line === '' ? [] : line.split(',')) {
        const [start = 0, ...origin] = decode(segment);
        if (origin.length < 3) continue;
        for (const index of [0, 1, 2]) before[index] = (before[index] ?? 0) + (origin[index] ?? 0);
        if (first !== undefined) continue;
        first = encode([start, ...before.map((value, index) => value - (written[index] ?? 0))]);
        before.forEach((value, index) => (written[index] = value));
      }
      return first ?? '';
    })
    .join(';');
}

/** The numbers of a segment: base 64 digits of five bits, the lowest first; the lowest bit of a number is its sign. */
function decode(segment: string): number[] {
  const numbers: number[] = [];
  let value = 0;
  let shift = 0;
  for (const character of segment) {
    const digit = digits.indexOf(character);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit & 32) continue;
    numbers.push(value & 1 ? -(value >> 1) : value >> 1);
    value = shift = 0;
  }
  return numbers;
}

function encode(numbers: readonly number[]): string {
  return numbers
    .map((number) => {
      let text = '';
      let rest = number < 0 ? (-number << 1) | 1 : number << 1;
      do {
        text += digits.charAt((rest & 31) | (rest > 31 ? 32 : 0));
        rest >>= 5;
      } while (rest > 0);
      return text;
    })
    .join('');
}
