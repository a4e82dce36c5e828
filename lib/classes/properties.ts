/** The properties of WebDAV: their names, and their values as JavaScript types. */
import { invalidType, invalidValue } from '../core/errors.js';
import { dateOf } from './dates.js';
import type { AnyText } from '../core/text.js';
import { elementOf, textOf as allTextOf, type XmlElement } from './markup.js';
import { escapeText } from './xml.js';

/** A lock that a server reports for a resource (`activelock`, RFC 4918 section 14.1). */
export interface ActiveLock {
  /** Whether others may hold shared locks, too. */
  readonly scope: 'exclusive' | 'shared';
  /** `'write'`: RFC 4918 defines no other type. */
  readonly type: string;
  /** How far down the lock goes. */
  readonly depth: 0 | 1 | 'infinity';
  /** The owner, as specified by the holder, without markup; null if the holder specified none. */
  readonly owner: string | null;
  /**
   * The remaining time in milliseconds; Infinity for a lock without end, null if the server does not report the time.
   */
  readonly duration: number | null;
  /** The lock token; null if the server does not report it. */
  readonly token: string | null;
  /** The URL of the resource that was locked; null if the server does not report it. */
  readonly root: string | null;
}

/** A kind of lock that a resource may get (`lockentry`, RFC 4918 section 14.10). */
export interface LockEntry {
  /** Whether others may hold shared locks, too. */
  readonly scope: 'exclusive' | 'shared';
  /** `'write'`: RFC 4918 defines no other type. */
  readonly type: string;
}

/**
 * The properties that RFC 4918 defines (section 15), with their JavaScript types. The value of any other property is
 * text, or an {@link XmlElement} if it contains XML elements.
 */
export interface LiveProperties {
  /** When the resource was created (section 15.1); null if the text is not a date. */
  creationdate: Date | null;
  /** A name to show to people (section 15.2). */
  displayname: string;
  /** The `Content-Language` header of a GET (section 15.3). */
  getcontentlanguage: string;
  /** The length of the content in bytes (section 15.4); null if the text is not a number. */
  getcontentlength: number | null;
  /** The `Content-Type` header of a GET (section 15.5). */
  getcontenttype: string;
  /** The `ETag` header of a GET (section 15.6). */
  getetag: string;
  /** When the content was last modified (section 15.7); null if the text is not a date. */
  getlastmodified: Date | null;
  /** The locks on the resource (section 15.8). */
  lockdiscovery: readonly ActiveLock[];
  /**
   * The types of the resource (section 15.9): `'collection'` for a collection, `{namespace}name` for a type outside the
   * namespace `DAV:`. Empty for an ordinary resource.
   */
  resourcetype: readonly string[];
  /** The kinds of locks that the resource may get (section 15.10). */
  supportedlock: readonly LockEntry[];
}

/** The name of a property outside the namespace `DAV:`, with its namespace in braces: `'{urn:example}color'`. */
export type QualifiedName = `{${string}}${string}`;

/**
 * The name of a property: `name` for a `DAV:` property, `{namespace}name` for any other property. Editors complete the
 * names of RFC 4918; any other name is allowed, too.
 */
export type PropertyName = keyof LiveProperties | QualifiedName | AnyText;

/**
 * The values of properties, by name: the name alone for `DAV:` properties, `{namespace}name` for other properties. The
 * value of a `DAV:` property that RFC 4918 does not define is text or an {@link XmlElement}, too.
 */
export type Properties = Partial<LiveProperties> &
  Record<QualifiedName, string | XmlElement | undefined> &
  Record<string, unknown>;

/**
 * Splits a property's name, `name` or `{namespace}name`, into the parts that neon writes into XML. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for an invalid name
 */
export function splitName(given: unknown, argument: string): [nspace: string, name: string] {
  if (typeof given !== 'string') throw invalidType(argument, 'of type string, or made of strings', given);
  const [, nspace = 'DAV:', name] = /^(?:\{([^{}]*)\})?([^\s{}<>&"'/=]+)$/.exec(given) ?? [];
  if (name === undefined)
    throw invalidValue(`This is not the name of a property (name or {namespace}name): '${given}'`);
  return [escapeText(nspace, 'A namespace'), name];
}

/**
 * Converts a property to its value. `read` receives the text of the property. If the addon has already converted the
 * text to a number, `from` receives this number instead. Resources with the same text share one value, unless the
 * reader has a `copy` function.
 * @internal
 */
export interface PropertyReader<T> {
  read(text: string): T;
  from?(number: number): T;
  copy?(value: T): T;
}

/** Converts dates. In most cases, the addon has already converted the text to a number (binding/ne/dates.h). */
const date: PropertyReader<Date | null> = {
  read: dateOf,
  from: (milliseconds) => new Date(milliseconds),
  copy: (value) => value && new Date(value.getTime()),
};

/** Text whose value loses its markup, if there is any. */
const onlyText: PropertyReader<string> = {
  read: (text) => (hasMarkup(text) ? allTextOf(elementOf('', text)) : text),
};

/** The addon marks elements with this character. */
const hasMarkup = (text: string): boolean => /\x01/.test(text);

const readers: { readonly [name in keyof LiveProperties]?: PropertyReader<LiveProperties[name]> } = {
  creationdate: date,
  getcontentlength: { read: (text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : null) },
  getlastmodified: date,
  displayname: onlyText,
  getcontentlanguage: onlyText,
  getcontenttype: onlyText,
  getetag: onlyText,
  lockdiscovery: { read: (text) => frozen(elements(text).filter(named('activelock')).map(activeLock)) },
  resourcetype: { read: (text) => frozen(elements(text).map(nameOf)) },
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

/** The reader of a `DAV:` property; undefined for properties whose value is text or an element. @internal */
export function propertyReader(name: string): PropertyReader<unknown> | undefined {
  return Object.hasOwn(readers, name) ? readers[name as keyof LiveProperties] : undefined;
}

const elements = (text: string): readonly XmlElement[] => elementOf('', text).children;

/** The name of an element. Some servers forget the namespace of elements that belong to `DAV:`. */
const nameOf = ({ name }: XmlElement): string => name.replace(/^\{\}/, '');

const named =
  (name: string) =>
  (element: XmlElement): boolean =>
    nameOf(element) === name;
const child = (element: XmlElement, name: string): XmlElement | undefined => element.children.find(named(name));

/**
 * Returns the text of an element. If the element has no text, returns the text of the first child that has text, or
 * else null.
 */
function textOf(element: XmlElement | undefined): string | null {
  if (!element) return null;
  return element.text.trim() || element.children.map(textOf).find((text) => text !== null) || null;
}

const scopeOf = (element: XmlElement): 'exclusive' | 'shared' =>
  child(element, 'lockscope')?.children.some(named('shared')) ? 'shared' : 'exclusive';
const typeOf = (element: XmlElement): string => child(element, 'locktype')?.children.map(nameOf)[0] ?? 'write';

function activeLock(element: XmlElement): ActiveLock {
  const text = (name: string): string | null => textOf(child(element, name));
  const depth = text('depth');
  return Object.freeze({
    scope: scopeOf(element),
    type: typeOf(element),
    depth: depth === '0' ? 0 : depth === '1' ? 1 : 'infinity',
    owner: text('owner'),
    duration: durationOf(text('timeout')),
    token: text('locktoken'),
    root: text('lockroot'),
  });
}

/** The largest number of seconds that the protocol allows (RFC 4918, section 10.7). */
const maxSeconds = 2 ** 32 - 1;

/**
 * Parses a timeout, with the same result as lock_timeout() of the addon. Returns null for 0 and for negative numbers,
 * with which some servers mean "unlimited".
 */
function durationOf(text: string | null): number | null {
  const [first = ''] = (text ?? '').split(',');
  const [, seconds = '0'] = /^\s*Second-(\d+)/i.exec(first) ?? [];
  if (/^\s*infinite\s*$/i.test(first)) return Infinity;
  return Math.min(Number(seconds), maxSeconds) * 1000 || null;
}
