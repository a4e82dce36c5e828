/** Builds the object of an XML document from its events, in the form of npm `webdav`. */
import { define } from '../classes/define.js';
import type { XmlHandlers } from '../classes/xml-events.js';
import type { WebDAVParsingContext, WebDAVTagParser } from './types.js';
import { valueOf } from './values.js';

/** An object that represents an element with children or attributes. */
export type Tree = Record<string, unknown>;

/** An element that has started and not ended. */
interface Open {
  readonly name: string;
  /** The text since the last child. */
  pending: string;
  /** The converted text before the last child; undefined if there is none. */
  text: unknown;
  children: Tree | undefined;
  attributes: Tree | undefined;
}

/** The names of an element and its attributes as the document writes them, with prefixes. */
export interface QualifiedNames {
  readonly name: string;
  readonly attributes: readonly string[];
}

/** The text of an element and of its children have this key, if the element is an object. */
const textKey = 'text';

/** Names that objects inherit. A program that calls such a method must not find a property instead. */
const inherited: ReadonlySet<string> = new Set([
  'hasOwnProperty',
  'toString',
  'valueOf',
  '__defineGetter__',
  '__defineSetter__',
  '__lookupGetter__',
  '__lookupSetter__',
]);

/** The elements that {@link DAVResult} names. They never have a prefix. */
const structural: ReadonlySet<string> = new Set([
  'multistatus',
  'response',
  'propstat',
  'prop',
  'status',
  'href',
  'responsedescription',
]);

/** Keeps the text of `displayname`: a name such as `2024.10` is not a number. */
export const keepDisplayName: WebDAVTagParser = (path, value) =>
  path.endsWith('propstat.prop.displayname') ? undefined : value;

/** The part of a name after its namespace in braces. */
export function localName(name: string): string {
  return name.startsWith('{') ? name.slice(name.lastIndexOf('}') + 1) : name;
}

/**
 * Builds the object of one document. An element with only text becomes a value, an empty element becomes `''`, and any
 * other element becomes an object. Elements of the same name become an array.
 */
export class DocumentBuilder implements XmlHandlers {
  /** The local name of the root element; undefined before it starts. */
  root: string | undefined;

  readonly #context: WebDAVParsingContext;
  readonly #prefix: string;
  readonly #qualified: Iterator<QualifiedNames> | undefined;
  readonly #onlyDisplayNames: boolean;
  readonly #open: Open[] = [{ name: '', pending: '', text: undefined, children: undefined, attributes: undefined }];
  readonly #locals = new Map<string, string>();
  /** The depth of the `prop` element that is open; 0 if none is. */
  #propDepth = 0;

  /** @param qualified the names of all elements in document order, if keys must have namespaces or prefixes */
  constructor(context: WebDAVParsingContext, qualified?: Iterator<QualifiedNames>) {
    this.#context = context;
    this.#prefix = context.attributeNamePrefix ?? '@';
    this.#qualified = qualified;
    const { tagParsers } = context;
    this.#onlyDisplayNames = tagParsers.length === 1 && tagParsers[0] === keepDisplayName;
  }

  /** The object of the document. */
  get result(): Tree {
    return this.#open[0]?.children ?? {};
  }

  start(name: string, attributes: Readonly<Record<string, string>>): void {
    const local = this.#local(name);
    this.root ??= local;
    const parent = this.#open.at(-1) as Open;
    if (parent.pending !== '') this.#flush(parent);
    const names = this.#qualified?.next().value as QualifiedNames | undefined;
    const key = names ? this.#keyOf(name, local, names.name) : local;
    this.#open.push({ name: key, pending: '', text: undefined, children: undefined, attributes: undefined });
    if (local === 'prop' && this.#propDepth === 0) this.#propDepth = this.#open.length - 1;
    const entries = Object.entries(attributes);
    if (entries.length > 0) this.#addAttributes(entries, names);
  }

  text(text: string): void {
    const open = this.#open.at(-1) as Open;
    open.pending = open.pending === '' ? text : open.pending + text;
  }

  end(): void {
    const open = this.#open.at(-1) as Open;
    if (open.pending !== '') this.#flush(open);
    this.#open.pop();
    if (this.#propDepth === this.#open.length) this.#propDepth = 0;
    const parent = this.#open.at(-1) as Open;
    const children = (parent.children ??= {});
    const { name } = open;
    const key = inherited.has(name) ? `__${name}` : name;
    const value = valueOfElement(open);
    if (key === '__proto__' || Object.hasOwn(children, key)) addAgain(children, key, value);
    else children[key] = value;
  }

  #local(name: string): string {
    let local = this.#locals.get(name);
    if (local === undefined) this.#locals.set(name, (local = localName(name)));
    return local;
  }

  #keyOf(name: string, local: string, qualified: string): string {
    const depth = this.#open.length - 1; // of the parent
    if (this.#propDepth === 0) return structural.has(local) ? local : qualified;
    if (depth > this.#propDepth) return qualified;
    if (!name.startsWith('{')) return `{DAV:}${name}`;
    return name.startsWith('{}') ? local : name;
  }

  #addAttributes(attributes: readonly (readonly [string, string])[], names: QualifiedNames | undefined): void {
    const open = this.#open.at(-1) as Open;
    for (const [i, [name, value]] of attributes.entries()) {
      if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
      const key = this.#prefix + (names?.attributes[i] ?? localName(name));
      define((open.attributes ??= {}), key, this.#converted(value.trim(), this.#context.attributeParsers, false));
    }
  }

  /** Converts the text since the last child, and adds it to the text before. */
  #flush(open: Open): void {
    const text = open.pending.trim();
    open.pending = '';
    if (text === '') return;
    const value = this.#textValue(open, text);
    // Text around children is joined; the number 1 and the number 2 become the text '12'.
    open.text = open.text === undefined ? value : `${open.text as string}${value as string}`;
  }

  #textValue(open: Open, text: string): unknown {
    if (!this.#onlyDisplayNames) return this.#converted(text, this.#context.tagParsers, true);
    if (open.name === 'displayname' && this.#path().endsWith('propstat.prop.displayname')) return text;
    return valueOf(text);
  }

  #converted(
    text: string,
    parsers: readonly ((path: string, value: string) => unknown)[],
    hasDefault: boolean,
  ): unknown {
    if (parsers.length > 0) {
      const path = this.#path();
      for (const parser of parsers) {
        let value: unknown;
        try {
          value = parser(path, text);
        } catch {
          continue; // a parser that throws is skipped, as in npm webdav
        }
        if (value !== text) return value ?? text;
      }
    }
    return hasDefault ? valueOf(text) : text;
  }

  /** The local names of the open elements: `'multistatus.response.propstat.prop.displayname'`. */
  #path(): string {
    return this.#open
      .slice(1)
      .map(({ name }) => (this.#qualified ? localName(name).replace(/^.*:/, '') : name))
      .join('.');
  }
}

function valueOfElement({ children, text, attributes }: Open): unknown {
  if (!children && !attributes) return text ?? '';
  const value = children ?? {};
  if (text !== undefined && text !== '') value[textKey] = text;
  return attributes ? Object.assign(value, attributes) : value;
}

function addAgain(children: Tree, key: string, value: unknown): void {
  if (!Object.hasOwn(children, key)) {
    define(children, key, value);
    return;
  }
  const first = children[key];
  if (Array.isArray(first)) first.push(value);
  else children[key] = [first, value];
}
