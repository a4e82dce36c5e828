/** The entries of a PROPFIND, as the addon packs them into batches. */
import { ne_uri_defaultport } from '../ne/uri.js';
import { type Properties, propertyKey, propertyReader, type PropertyReader } from './properties.js';

/** A resource that a PROPFIND found. */
export interface Entry {
  /** The path of the resource, percent-encoded, as the server writes it. */
  href: string;
  /** The whole URI of the resource: `scheme://host[:port]` and the path. */
  uri: string;
  /** The properties that the server reports, by name. */
  props: Properties;
  /**
   * The statuses of the requested properties that the server does not report, by name: 404 where the resource does not
   * have the property. A frozen, empty object when the server reports all of them.
   */
  status: Record<string, PropertyStatus>;
}

/** The status of a property that the server does not report. */
export interface PropertyStatus {
  /** The status code: 404. */
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

/** A column of a batch: a property by its name, and its last value. */
interface Column {
  readonly key: string;
  readonly reader: PropertyReader<unknown> | undefined;
  last: unknown;
}

const noStatus: Record<string, PropertyStatus> = Object.freeze({});

/** Adds the resources of a batch to the entries. @internal */
export function unpack([text, numbers, names, statuses, origins]: PropfindBatch, entries: Entry[]): void {
  const columns = columnsOf(names);
  const prefixes = prefixesOf(origins);
  let at = 0;
  for (let next = 0; next < numbers.length;) {
    const prefix = prefixes[numbers[next] as number] as string;
    const href = text.slice(at, (at += numbers[next + 1] as number));
    let uri = prefix + href;
    const tail = numbers[next + 2] as number;
    if (tail > 0) uri += text.slice(at, (at += tail));
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
        const value = text.slice(at, (at += kind - 3));
        column.last = reader ? reader.read(value) : value;
      }
      define(props, key, column.last);
    }
    // Not push(): V8 assumes small integers in an empty array, and would compile for them in vain.
    entries[entries.length] = { href, uri, props, status };
  }
}

/** The status with this index in the list of codes and reasons. */
function statusOf(statuses: readonly string[], index: number): PropertyStatus {
  return { code: Number(statuses[index * 2]), reasonPhrase: statuses[index * 2 + 1] as string };
}

/** The number of two halves of 64 bits. V8 keeps a small integer as such only when it is not computed. */
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

/** Sets a field whose name the server chose: `__proto__`, too, is an ordinary one. @internal */
export function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}
