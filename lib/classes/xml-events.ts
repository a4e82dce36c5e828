/** The events of an XML document, and the handlers that receive them. */
import { setImmediate as turn } from 'node:timers/promises';

import { invalidType } from '../core/errors.js';
import { isObject } from '../core/objects.js';
import { define } from './define.js';
import { native } from '../core/native.js';
import { propertyKey } from './markup.js';

/**
 * Callbacks for the contents of an XML document, in document order; each is optional. They are called as methods of
 * this object. Their results are ignored: a promise is not awaited. An exception in a callback ends the parsing.
 *
 * @example
 * ```ts
 * const hrefs: string[] = [];
 * let inside = false;
 * await response.xml({
 *   start: (name) => (inside = name === 'href'),
 *   text: (text) => inside && hrefs.push(text),
 *   end: () => (inside = false),
 * });
 * ```
 */
export interface XmlHandlers {
  /**
   * An element starts. `name` is the local name for elements in `DAV:`, and `{namespace}name` for all others; `{}name`
   * means no namespace. `attributes` contains the attributes by name, or by `{namespace}name` if they have a prefix. It
   * also contains the namespace declarations, as they are written in the document.
   */
  start?: ((name: string, attributes: Readonly<Record<string, string>>) => unknown) | undefined;
  /**
   * Text inside an element. It may arrive in several pieces, but a character is never split. References and CDATA are
   * resolved.
   */
  text?: ((text: string) => unknown) | undefined;
  /** An element ends. `name` is as in `start`. */
  end?: ((name: string) => unknown) | undefined;
}

/** Some events; see binding/classes/xml_events.h for the layout. @internal */
export type XmlEventBatch = [text: string, numbers: Uint32Array, elements: string[], attributes: string[]];

const parseDocument: (
  body: Uint8Array,
  events: number,
  charset: string,
  onBatch: (batch: XmlEventBatch) => boolean,
) => string | null = native('parseDocument');

/** How long handlers may run before other work of the event loop gets a turn, in milliseconds. */
const maxBlocking = 4;

const noAttributes: Readonly<Record<string, string>> = Object.freeze({});

/**
 * The events that have a handler, as bits for the addon. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE` for a handler that is not a function
 */
export function eventMask(handlers: XmlHandlers): number {
  if (!isObject(handlers)) throw invalidType('handlers', 'of type object', handlers);
  let events = 0;
  for (const [index, name] of (['start', 'text', 'end'] as const).entries()) {
    const handler: unknown = handlers[name];
    if (handler === undefined) continue;
    if (typeof handler !== 'function') throw invalidType(`handlers.${name}`, 'of type function', handler);
    events |= 1 << index;
  }
  return events;
}

/** The exception of a handler: any value. */
interface Thrown {
  readonly reason: unknown;
}

/**
 * Parses a complete document, and passes its events to handlers until `isOver` returns true. @internal
 *
 * @returns why the document is not well-formed; null when it is
 * @throws the exception of a handler
 */
export function parseBytes(
  body: Uint8Array,
  events: number,
  charset: string,
  handlers: XmlHandlers,
  isOver: () => boolean,
): string | null {
  let thrown: Thrown | undefined;
  const failure = parseDocument(body, events, charset, (batch) => {
    thrown = handleBatch(batch, handlers, isOver);
    return !thrown && !isOver();
  });
  if (thrown) throw thrown.reason;
  return failure;
}

/**
 * Passes the events of a document to handlers, batch by batch. Stops when the document ends, when `isOver` returns
 * true, or when a handler throws. In the last case, resolves to an object with the exception. @internal
 */
export async function handleBatches(
  next: () => XmlEventBatch | null | Promise<XmlEventBatch | null>,
  handlers: XmlHandlers,
  isOver: () => boolean,
): Promise<Thrown | undefined> {
  for (let since = performance.now(); ;) {
    const batch = await next();
    if (!batch) return undefined;
    const thrown = handleBatch(batch, handlers, isOver);
    if (thrown || isOver()) return thrown;
    if (performance.now() - since < maxBlocking) continue;
    await turn(); // otherwise the batches that have already arrived would run as one chain of microtasks
    since = performance.now();
  }
}

function handleBatch(batch: XmlEventBatch, handlers: XmlHandlers, isOver: () => boolean): Thrown | undefined {
  const [text, numbers, elements, attributes] = batch;
  const names = keysOf(elements, propertyKey);
  const attributeNames = keysOf(attributes, (nspace, name) => (nspace ? `{${nspace}}${name}` : name));
  let at = 0;
  const cut = (length: number): string => text.slice(at, (at += length));
  try {
    for (let i = 0; i < numbers.length && !isOver();) {
      const kind = numbers[i++] as number;
      const value = numbers[i++] as number;
      if (kind === 0) handlers.text?.(cut(value));
      else if (kind === 2) handlers.end?.(names[value] as string);
      else {
        const found: Record<string, string> = {};
        const count = numbers[i++] as number;
        for (const end = i + 2 * count; i < end; i += 2)
          define(found, attributeNames[numbers[i] as number] as string, cut(numbers[i + 1] as number));
        handlers.start?.(names[value] as string, count ? found : noAttributes);
      }
    }
    return undefined;
  } catch (reason) {
    return { reason };
  }
}

function keysOf(fields: readonly string[], key: (nspace: string, name: string) => string): readonly string[] {
  const keys: string[] = [];
  for (let i = 0; i < fields.length; i += 2) keys.push(key(fields[i] as string, fields[i + 1] as string));
  return keys;
}
