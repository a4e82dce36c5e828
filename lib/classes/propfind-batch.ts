/** Unpacks the entries of a PROPFIND from the batches of the addon. */
import { type HrefBase, placeOf } from './href.js';
import { ne_uri_defaultport } from '../ne/uri.js';
import { define } from './define.js';
import { elementOf, propertyKey } from './markup.js';
import { type Properties, propertyReader, type PropertyReader } from './properties.js';

/** A resource that a PROPFIND found. */
export interface Entry {
  /**
   * The percent-encoded path of the resource, as sent by the server. Characters that a path does not allow are escaped.
   * The path can be used as a target for exactly this resource. Null if the server sent no readable href; see
   * `rawHref`.
   */
  href: string | null;
  /** The whole URI of the resource: `scheme://host[:port]` and the path; null if `href` is null. */
  uri: string | null;
  /** The properties that the server reports, by name. */
  props: Properties;
  /**
   * Contains a status for each requested property that the server does not report, under the name of the property. A
   * status of 404 means that the resource does not have the property. If the server reports all requested properties,
   * the object is empty and frozen.
   */
  status: Record<string, PropertyStatus>;
  /** The failure that the server reports for the resource itself. Undefined if it reports no failure. */
  error?: EntryError | undefined;
  /** The href as the server sent it, if `href` is null; otherwise undefined. */
  rawHref?: string | undefined;
}

/** The failure of a resource. */
export interface EntryError {
  /** The status code, such as 404; it is 507 for a listing that the server truncated. */
  status: number;
  /** The reason phrase: `'Not Found'`. */
  reasonPhrase: string;
  /** The explanation that the server sends, for people to read; null if it sends no explanation. */
  description: string | null;
}

/** The status of a property that the server does not report. */
export interface PropertyStatus {
  /** The status code, such as 404. */
  code: number;
  /** The reason phrase: `'Not Found'`. */
  reasonPhrase: string;
}

/** Some resources, packed; see binding/classes/propfind/batch.h for the layout. @internal */
export type PropfindBatch = readonly [
  text: string,
  numbers: Uint32Array,
  names: readonly string[],
  statuses: readonly string[],
  origins: readonly string[],
];

/** A column of a batch: a property, its reader, and its last value. */
interface Column {
  readonly key: string;
  readonly reader: PropertyReader<unknown> | undefined;
  last: unknown;
}

const noStatus: Record<string, PropertyStatus> = Object.freeze({});

/**
 * Adds the resources of a batch to the entries. @internal
 *
 * @param base the request that the batch answers
 */
export function unpack(batch: PropfindBatch, base: HrefBase, entries: Entry[]): void {
  const [text, numbers, names, statuses, origins] = batch;
  const columns = columnsOf(names);
  const prefixes = prefixesOf(origins);
  let at = 0;
  for (let next = 0; next < numbers.length;) {
    const origin = numbers[next] as number;
    const length = numbers[next + 1] as number;
    const failure = numbers[next + 2] as number;
    const isLate = origin === lateOrigin;
    const given = isLate ? '' : text.slice(at, (at += length));
    const props: Properties = {};
    let status = noStatus;
    let count = numbers[next + 3] as number;
    for (next += 4; count > 0; count--) {
      const column = columns[numbers[next] as number] as Column;
      const kind = numbers[next + 1] as number;
      next += 2;
      if (kind === 0) {
        if (status === noStatus) status = {};
        define(status, column.key, statusOf(statuses, numbers[next++] as number));
        continue;
      }
      const { key, reader } = column;
      if (kind === 1) {
        if (reader?.copy) column.last = reader.copy(column.last);
      } else if (kind === 2) {
        const number = numberOf(numbers[next] as number, numbers[next + 1] as number);
        next += 2;
        column.last = reader?.from ? reader.from(number) : number;
      } else {
        const hasMarkup = kind >= markupBit;
        const value = text.slice(at, (at += (hasMarkup ? kind - markupBit : kind) - 3));
        column.last = reader ? reader.read(value) : hasMarkup ? elementOf(key, value) : value;
      }
      define(props, key, column.last);
    }
    const entry: Entry =
      origin >= firstOrigin
        ? { href: given, uri: (prefixes[origin - firstOrigin] as string) + given, props, status }
        : located(isLate ? text.slice(at, (at += length)) : given, base, props, status);
    if (failure > 0) entry.error = errorOf(statuses, failure - 1);
    // Avoids push(). V8 assumes that an empty array will hold small integers, and would first compile push() for small
    // integers, in vain.
    entries[entries.length] = entry;
  }
}

/**
 * An origin of 0 or 1 means that the addon did not parse the href. If the origin is 1, the href comes after the values.
 */
const lateOrigin = 1;
const firstOrigin = 2;

/** An entry whose href was not parsed by the addon. */
function located(raw: string, base: HrefBase, props: Properties, status: Record<string, PropertyStatus>): Entry {
  const place = placeOf(raw, base);
  return place ? { ...place, props, status } : { href: null, uri: null, props, status, rawHref: raw };
}

const statusFields = 3;
/** Added to the length of a value with markup. */
const markupBit = 2 ** 31;

/** Returns the failure at this index in the list of codes, reasons and descriptions. */
function errorOf(statuses: readonly string[], index: number): EntryError {
  const { code, reasonPhrase } = statusOf(statuses, index);
  return { status: code, reasonPhrase, description: statuses[index * statusFields + 2] || null };
}

/** Returns the status at this index in the list of codes, reasons and descriptions. */
function statusOf(statuses: readonly string[], index: number): PropertyStatus {
  const at = index * statusFields;
  return { code: Number(statuses[at]), reasonPhrase: statuses[at + 1] as string };
}

/**
 * Combines the two halves of a 64-bit integer into a number. A small number is returned without arithmetic, so that V8
 * keeps it as a small integer.
 */
function numberOf(upper: number, lower: number): number {
  return upper === 0 ? lower : (upper | 0) * 2 ** 32 + lower;
}

function columnsOf(names: readonly string[]): readonly Column[] {
  const columns: Column[] = [];
  for (let i = 0; i < names.length; i += 2) {
    const [nspace, name] = names.slice(i, i + 2) as [string, string];
    const reader = nspace === 'DAV:' ? propertyReader(name) : undefined;
    columns.push({ key: propertyKey(nspace, name), reader, last: undefined });
  }
  return columns;
}

function prefixesOf(origins: readonly string[]): readonly string[] {
  const prefixes: string[] = [];
  for (let i = 0; i < origins.length; i += 4) {
    const [scheme = '', host = '', userinfo, port] = origins.slice(i, i + 4);
    const isDefault = port === '0' || Number(port) === ne_uri_defaultport(scheme);
    const authority = host && `//${userinfo ? `${userinfo}@` : ''}${host}${isDefault ? '' : `:${port}`}`;
    prefixes.push(`${scheme}:${authority}`);
  }
  return prefixes;
}
