/** Text for people: sizes, durations, dates, tables, and names without control characters. */

/** Leaves the user and the password out of URLs in a text. */
export const withoutCredentials = (text: string): string =>
  text.replaceAll(/([a-z][a-z\d+.-]*:\/\/)[^\s/?#]*@/gi, '$1');

/** Replaces control characters, with which a name of the server could write to other places of the terminal. */
export function printable(text: string): string {
  return text.replaceAll(
    /\p{Cc}|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u{${character.charCodeAt(0).toString(16)}}`,
  );
}

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];

/** A size with three digits: `'999 B'`, `'1.00 KiB'`, `'12.3 MiB'`. */
export function sizeText(bytes: number): string {
  let [size, unit] = [bytes, 0];
  while (size >= 999.5 && unit < units.length - 1) [size, unit] = [size / 1024, unit + 1];
  const digits = unit === 0 || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return `${size.toFixed(digits)} ${units[unit]}`;
}

/** A duration in seconds: `'0:07'`, `'12:30'`, `'1:02:03'`. */
export function durationText(seconds: number): string {
  if (!Number.isFinite(seconds)) return '-:--';
  const whole = Math.round(seconds);
  const two = (number: number): string => String(number).padStart(2, '0');
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** `'2024-05-01 12:30:00Z'` */
export const dateText = (date: Date | null): string => date?.toISOString().replace(/T(.*)\.\d+Z/, ' $1Z') ?? '-';

/** The decoded form of a percent-encoded path, for people to read. */
export function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // it is not UTF-8
  }
}

/** Lines with aligned columns. A column whose alignment is `'>'` is aligned at its right. */
export function tableOf(rows: readonly (readonly string[])[], alignment: string): string[] {
  const widths = rows.reduce<number[]>(
    (widths, row) => row.map((cell, i) => Math.max(cell.length, widths[i] ?? 0)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, i) => (alignment[i] === '>' ? cell.padStart(widths[i] as number) : cell.padEnd(widths[i] as number)))
      .join('  ')
      .trimEnd(),
  );
}
