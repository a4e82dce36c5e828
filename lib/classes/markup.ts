/** Reads the elements in the value of a property, from the text form of the addon. */
import { define } from './define.js';

/** An XML element in the value of a property. Elements are frozen, because several entries may share them. */
export interface XmlElement {
  /** The name of an element of `DAV:`, or `{namespace}name`. */
  readonly name: string;
  /**
   * The attributes by name, or by `{namespace}name` if they have a prefix. Declarations of namespaces are left out. The
   * object is empty if there are none.
   */
  readonly attributes: Readonly<Record<string, string>>;
  /**
   * The text directly in the element, in one piece. If the element has children, and only white space between them, the
   * text is empty.
   */
  readonly text: string;
  /** The elements in the element. */
  readonly children: readonly XmlElement[];
}

/** Converts a namespace and a name to a key: the name alone for `DAV:`, or `{namespace}name`. @internal */
export function propertyKey(nspace: string, name: string): string {
  return nspace === 'DAV:' ? name : `{${nspace}}${name}`;
}

const noAttributes: Readonly<Record<string, string>> = Object.freeze({});

interface OpenElement {
  readonly name: string;
  attributes: Readonly<Record<string, string>>;
  text: string;
  readonly children: XmlElement[];
}

const opened = (name: string, attributes = noAttributes): OpenElement => ({ name, attributes, text: '', children: [] });

function closed({ name, attributes, text, children }: OpenElement): XmlElement {
  const isLayout = children.length > 0 && /^[ \t\r\n]*$/.test(text);
  return Object.freeze({ name, attributes, text: isLayout ? '' : text, children: Object.freeze(children) });
}

// The addon separates the parts by control characters, which XML does not allow.
const parts = /\x01([^\x02]*)\x02([^\x03\x04]*)((?:\x03[^\x04]*)?)\x04|(\x05)|\x06([^\x04]*)\x04|([^\x01\x05\x06]+)/g;
const attribute = /\x03([^\x02]*)\x02([^\x02]*)\x02([^\x03]*)/g;

function attributesOf(text: string): Readonly<Record<string, string>> {
  if (text === '') return noAttributes;
  const attributes: Record<string, string> = {};
  for (const [, nspace = '', name = '', value] of text.matchAll(attribute))
    define(attributes, nspace === '' ? name : `{${nspace}}${name}`, value);
  return Object.freeze(attributes);
}

/**
 * Parses the value of a property into the element of the property; see binding/classes/propfind/parser.h for the form
 * of the text. @internal
 *
 * @param name the name of the property
 */
export function elementOf(name: string, text: string): XmlElement {
  const root = opened(name);
  const open = [root];
  for (const [, nspace, local = '', attributes = '', end, own, between] of text.matchAll(parts)) {
    const current = open.at(-1) as OpenElement;
    if (between !== undefined) current.text += between;
    else if (own !== undefined) root.attributes = attributesOf(own);
    else if (end === undefined) open.push(opened(propertyKey(nspace ?? '', local), attributesOf(attributes)));
    else if (open.length > 1) {
      open.pop();
      (open.at(-1) as OpenElement).children.push(closed(current));
    }
  }
  return closed(root);
}

/** Returns the text of an element and of its children, in one piece. @internal */
export function textOf({ text, children }: XmlElement): string {
  return text + children.map(textOf).join('');
}
