import { setImmediate as turn } from 'node:timers/promises';

import { invalidType } from '../core/errors.js';
import { define } from './propfind-batch.js';
import { native } from '../core/native.js';
import { propertyKey } from './properties.js';

/**
 * Told what stands in a document, in its order. Each is optional, called as a method, and what it returns is ignored:
 * nobody waits for a promise. What it throws ends the parsing.
 */
export interface XmlHandlers {
  /**
   * An element starts. Its name is that of `DAV:` alone, others are `{namespace}name`, and `{}name` where there is no
   * namespace. Attributes are called by their name, those with a prefix `{namespace}name`; declarations of namespaces
   * are among them, as they are written.
   */
  start?: ((name: string, attributes: Readonly<Record<string, string>>) => unknown) | undefined;
  /** Text inside an element, in pieces of any size that cut no character. References and CDATA are resolved. */
  text?: ((text: string) => unknown) | undefined;
  /** An element ends. */
  end?: ((name: string) => unknown) | undefined;
}

/** Some events; their layout is told in binding/classes/xml_events.h. @internal */
export type XmlEventBatch = [text: string, numbers: Uint32Array, elements: string[], attributes: string[]];

const parseDocument: (
  body: Uint8Array,
  wanted: number,
  charset: string,
  onBatch: (batch: XmlEventBatch) => boolean,
) => string | null = native('parseDocument');

/** After so many milliseconds of handlers other work gets its turn. */
const maxBlocking = 4;

const noAttributes: Readonly<Record<string, string>> = Object.freeze({});

/** Which events are wanted, as the addon is told. @internal */
export function wantedBy(handlers: XmlHandlers): number {
  if (typeof handlers !== 'object' || (handlers as unknown) === null)
    throw invalidType('handlers', 'of type object', handlers);
  let wanted = 0;
  for (const [index, name] of (['start', 'text', 'end'] as const).entries()) {
    const handler: unknown = handlers[name];
    if (handler === undefined) continue;
    if (typeof handler !== 'function') throw invalidType(`handlers.${name}`, 'of type function', handler);
    wanted |= 1 << index;
  }
  return wanted;
}

/** What a handler threw, which may be anything. */
interface Thrown {
  readonly reason: unknown;
}

/**
 * Tells a document that has arrived, until `isOver`. Throws what a handler threw; returns why the document is not
 * well-formed. @internal
 */
export function tellWhole(
  body: Uint8Array,
  wanted: number,
  charset: string,
  handlers: XmlHandlers,
  isOver: () => boolean,
): string | null {
  let thrown: Thrown | undefined;
  const failure = parseDocument(body, wanted, charset, (batch) => {
    thrown = tell(batch, handlers, isOver);
    return !thrown && !isOver();
  });
  if (thrown) throw thrown.reason;
  return failure;
}

/**
 * Tells a document batch by batch, until the last one, or `isOver`, or a handler throws: then returns that. @internal
 */
export async function tellBatches(
  next: () => XmlEventBatch | null | Promise<XmlEventBatch | null>,
  handlers: XmlHandlers,
  isOver: () => boolean,
): Promise<Thrown | undefined> {
  for (let since = performance.now(); ;) {
    const batch = await next();
    if (!batch) return undefined;
    const thrown = tell(batch, handlers, isOver);
    if (thrown || isOver()) return thrown;
    if (performance.now() - since < maxBlocking) continue;
    await turn(); // batches that are there already are a chain of microtasks
    since = performance.now();
  }
}

function tell(batch: XmlEventBatch, handlers: XmlHandlers, isOver: () => boolean): Thrown | undefined {
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
