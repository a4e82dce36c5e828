/** Reads the dates in properties and headers. */

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The offsets of the zones that RFC 822, section 5.1, names: minutes east of Greenwich. */
const zones: Readonly<Record<string, number>> = {
  gmt: 0,
  utc: 0,
  ut: 0,
  z: 0,
  edt: -240,
  est: -300,
  cdt: -300,
  cst: -360,
  mdt: -360,
  mst: -420,
  pdt: -420,
  pst: -480,
};

/**
 * Parses a date in one of the three forms of HTTP (RFC 9110, section 5.6.7), in the form of RFC 3339, or in a similar
 * form that servers write: with another zone, a space instead of the `T`, or fractions of a second. Returns null for
 * any other text, for an unknown month or zone, and for a day that does not exist. A leap second is read as the second
 * that follows. @internal
 */
export function dateOf(text: string): Date | null {
  const trimmed = text.trim();
  return iso(trimmed) ?? imf(trimmed) ?? asctime(trimmed);
}

/** `1994-11-06T08:49:37Z` */
function iso(text: string): Date | null {
  const form = /^(\d{4})-(\d\d)-(\d\d)(?:T|\s+)(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?\s*([a-z]+|[+-]\d\d:?\d\d)$/i;
  const [, year, month, day, hour, minute, second = '0', fraction = '0', zone = ''] = form.exec(text) ?? [];
  return dateAt([year, Number(month) - 1, day, hour, minute, second], zone, Number(`0${fraction}`) * 1000);
}

/** `Sun, 06 Nov 1994 08:49:37 GMT`, or `Sunday, 06-Nov-94 08:49:37 GMT` */
function imf(text: string): Date | null {
  const form =
    /^(?:[a-z]+,\s*)?(\d{1,2})[\s-]+([a-z]{3})[a-z]*[\s-]+(\d{2}|\d{4})\s+(\d{1,2}):(\d\d)(?::(\d\d))?\s+([a-z]+|(?:gmt|utc)?[+-]\d\d:?\d\d)(?:\s*\([^()]*\))?$/i;
  const [, day, month = '', year = '', hour, minute, second = '0', zone = ''] = form.exec(text) ?? [];
  return dateAt([fullYear(year), monthOf(month), day, hour, minute, second], zone.replace(/^(?:gmt|utc)(?=[+-])/i, ''));
}

/** `Sun Nov  6 08:49:37 1994`, which RFC 9110 defines to be UTC */
function asctime(text: string): Date | null {
  const form = /^[a-z]+\s+([a-z]{3})\s+(\d{1,2})\s+(\d{1,2}):(\d\d):(\d\d)\s+(\d{4})$/i;
  const [, month = '', day, hour, minute, second, year] = form.exec(text) ?? [];
  return dateAt([year, monthOf(month), day, hour, minute, second], 'GMT');
}

const monthOf = (name: string): number => months.indexOf(name.toLowerCase());

/**
 * Expands a year of two digits (RFC 9110). The result is in this century. If that would be more than 50 years in the
 * future, the result is in the last century.
 */
function fullYear(digits: string): number {
  if (digits.length !== 2) return Number(digits);
  const now = new Date().getUTCFullYear();
  const year = now - (now % 100) + Number(digits);
  return year > now + 50 ? year - 100 : year;
}

type Fields = readonly [year: Field, month: number, day: Field, hour: Field, minute: Field, second: Field];
type Field = string | number | undefined;

/** The date of these fields; null when a field is out of range. */
function dateAt(fields: Fields, zone: string, milliseconds = 0): Date | null {
  const [year, month, day, hour, minute, second] = fields.map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const offset = offsetOf(zone);
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  const exists = month >= 0 && date.getUTCMonth() === month && date.getUTCDate() === day;
  if (!exists || !(hour <= 23 && minute <= 59 && second <= 60) || offset === null) return null;
  date.setUTCHours(hour, minute - offset, second, Math.trunc(milliseconds));
  return date;
}

/** The offset of a zone in minutes east of Greenwich; null for an unknown zone. */
function offsetOf(zone: string): number | null {
  const [, sign, hours, minutes] = /^([+-])(\d\d):?(\d\d)$/.exec(zone) ?? [];
  if (sign === undefined) return zones[zone.toLowerCase()] ?? null;
  if (Number(hours) > 23 || Number(minutes) > 59) return null;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}
