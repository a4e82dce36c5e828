import { invalidType, invalidValue } from '../core/errors.js';
import * as ne from '../ne/index.js';
import { escapeText } from './xml.js';

/** The lock of a resource, as its server tells (RFC 4918, section 14.1). */
export interface ActiveLock {
  readonly scope: 'exclusive' | 'shared';
  /** `'write'`: RFC 4918 knows no other. */
  readonly type: string;
  readonly depth: 0 | 1 | 'infinity';
  /** What the owner was said to be, without markup; null where nothing was. */
  readonly owner: string | null;
  /** How many seconds are left, Infinity for ever; null where the server does not tell. */
  readonly timeout: number | null;
  /** The lock token, where the server tells. */
  readonly token: string | null;
  /** The URL on which it was taken, where the server tells. */
  readonly root: string | null;
}

/** A kind of lock that a resource may get (RFC 4918, section 14.17). */
export interface LockEntry {
  readonly scope: 'exclusive' | 'shared';
  readonly type: string;
}

/** The properties that RFC 4918 defines, section 15, with their types here. All others are text. */
export interface LiveProperties {
  /** Null where the text is no date; so are the others that are not what RFC 4918 wants. */
  creationdate: Date | null;
  displayname: string;
  getcontentlanguage: string;
  /** Bytes. */
  getcontentlength: number | null;
  getcontenttype: string;
  getetag: string;
  getlastmodified: Date | null;
  lockdiscovery: readonly ActiveLock[];
  /** `'collection'`, or none for an ordinary resource; types of others with the namespace before the name. */
  resourcetype: readonly string[];
  supportedlock: readonly LockEntry[];
}

/** The values of properties, by name: that of a DAV: property alone, others as `{namespace}name`. */
export type Properties = Partial<LiveProperties> & Record<string, unknown>;

/** What a property is called. */
export function propertyKey(nspace: string, name: string): string {
  return nspace === 'DAV:' ? name : `{${nspace}}${name}`;
}

/** `name` or `{namespace}name`, as neon wants it: it puts both into XML as they are. */
export function splitName(given: unknown, argument: string): [nspace: string, name: string] {
  if (typeof given !== 'string') throw invalidType(argument, 'of type string, or made of strings', given);
  const [, nspace = 'DAV:', name] = /^(?:\{([^{}]*)\})?([^\s{}<>&"'/=]+)$/.exec(given) ?? [];
  if (name === undefined) throw invalidValue(`This is no name of a property (name or {namespace}name): '${given}'`);
  return [escapeText(nspace, 'A namespace'), name];
}

/**
 * How text becomes a value, or the number that the usual forms of it were made of. What it reads may be the value of
 * several resources, unless it is copied for each.
 */
export interface PropertyReader<T> {
  read(text: string): T;
  from?(number: number): T;
  copy?(value: T): T;
}

const date = (parse: (text: string) => number): PropertyReader<Date | null> => ({
  read: (text) => dateOf(text, parse),
  from: (milliseconds) => new Date(milliseconds),
  copy: (value) => value && new Date(value.getTime()),
});

const readers: { readonly [name in keyof LiveProperties]?: PropertyReader<LiveProperties[name]> } = {
  creationdate: date(ne.ne_iso8601_parse),
  getcontentlength: { read: (text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : null) },
  getlastmodified: date(ne.ne_httpdate_parse),
  lockdiscovery: { read: (text) => frozen(elements(text).filter(named('activelock')).map(activeLock)) },
  resourcetype: { read: (text) => frozen(elements(text).map(({ name }) => name)) },
  supportedlock: {
    read: (text) =>
      frozen(
        elements(text)
          .filter(named('lockentry'))
          .map((entry) => Object.freeze({ scope: scopeOf(entry), type: typeOf(entry) })),
      ),
  },
};

const frozen = <T>(list: T[]): readonly T[] => Object.freeze(list);

/** How the value of a DAV: property is read; undefined for those that are text. */
export function propertyReader(name: string): PropertyReader<unknown> | undefined {
  return Object.hasOwn(readers, name) ? readers[name as keyof LiveProperties] : undefined;
}

/**
 * Most dates are numbers when they come here (binding/ne/dates.h). Of the others V8 reads the usual forms, either one
 * in either property, with fractions and offsets, much quicker than the C library, which neon asks; it knows no leap
 * seconds.
 */
function dateOf(text: string, parse: (text: string) => number): Date | null {
  const usual =
    /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)|\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:[0-5]\d GMT)$/;
  if (usual.test(text)) return dateAt(Date.parse(text));
  const seconds = parse(text);
  return dateAt(seconds === -1 ? NaN : seconds * 1000);
}

const dateAt = (milliseconds: number): Date | null => (Number.isNaN(milliseconds) ? null : new Date(milliseconds));

/** An element in the text that neon makes of XML inside a property. */
interface Element {
  /** Without the namespace, where that is `DAV:`. */
  readonly name: string;
  readonly children: Element[];
  text: string;
}

/**
 * The elements of such a text. neon writes `<NAMESPACEname>` and escapes nothing, so text that looks like markup is
 * taken for it; what does not fit is left out.
 */
function elements(text: string): readonly Element[] {
  const root: Element = { name: '', children: [], text: '' };
  const open = [root];
  for (const [, end, name = '', between] of text.matchAll(/<(\/?)([^\s<>]+)[^<>]*>|([^<]+)/g)) {
    const parent = open.at(-1) ?? root;
    if (between !== undefined) parent.text += between;
    else if (end) {
      if (open.length > 1 && parent.name === local(name)) open.pop();
    } else {
      const element = { name: local(name), children: [], text: '' };
      parent.children.push(element);
      open.push(element);
    }
  }
  return root.children;
}

const local = (name: string): string => (name.startsWith('DAV:') ? name.slice('DAV:'.length) : name);
const named =
  (name: string) =>
  (element: Element): boolean =>
    element.name === name;
const child = (element: Element, name: string): Element | undefined => element.children.find(named(name));

/** All text in an element, or null when there is none. */
function textOf(element: Element | undefined): string | null {
  if (!element) return null;
  return element.text.trim() || element.children.map(textOf).find((text) => text !== null) || null;
}

const scopeOf = (element: Element): 'exclusive' | 'shared' =>
  child(element, 'lockscope')?.children.some(named('shared')) ? 'shared' : 'exclusive';
const typeOf = (element: Element): string => child(element, 'locktype')?.children[0]?.name ?? 'write';

function activeLock(element: Element): ActiveLock {
  const text = (name: string): string | null => textOf(child(element, name));
  const depth = text('depth');
  return Object.freeze({
    scope: scopeOf(element),
    type: typeOf(element),
    depth: depth === '0' ? 0 : depth === '1' ? 1 : 'infinity',
    owner: text('owner'),
    timeout: timeoutOf(text('timeout')),
    token: text('locktoken'),
    root: text('lockroot'),
  });
}

function timeoutOf(text: string | null): number | null {
  const [, seconds] = /^Second-(\d+)$/i.exec(text ?? '') ?? [];
  if (seconds !== undefined) return Number(seconds);
  return /^infinite$/i.test(text ?? '') ? Infinity : null;
}
