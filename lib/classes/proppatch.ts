/** Changes to properties (PROPPATCH, RFC 4918 section 9.2), and their conversion to operations for neon. */
import { invalidType, invalidValue } from '../core/errors.js';
import { isArray, isObject } from '../core/objects.js';
import { ne_propremove, ne_propset } from '../ne/constants.js';
import type { ne_propname, ne_proppatch_operation } from '../ne/props.js';
import { type PropertyName, splitName } from './properties.js';
import { escapeText } from './xml.js';

/** The value of a property: text, or XML that is sent as it is. */
export type PropertyValue =
  | string
  | {
      /** XML. The prefix `D` is bound to `DAV:`, and names without a prefix are in the property's namespace. */
      readonly xml: string;
    };

/**
 * Changes to the properties of a resource. First, the properties in `set` are set. Then, those in `remove` are removed.
 */
export interface PropertyChanges {
  /** New values, by the names of the properties: see {@link PropfindOptions.props}. */
  readonly set?: Readonly<Record<string, PropertyValue>> | undefined;
  /** The names of properties to remove. */
  readonly remove?: readonly PropertyName[] | undefined;
}

/**
 * The operations for `ne_proppatch`, in the order of the changes. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for invalid changes
 */
export function operationsOf(changes: PropertyChanges | readonly PropertyChanges[]): ne_proppatch_operation[] {
  const list = isArray(changes) ? changes : [changes];
  const operations = list.flatMap((change) => {
    requireObject('changes', change);
    const { set = {}, remove = [] } = change;
    requireObject('set', set);
    if (!isArray(remove)) throw invalidType('remove', 'an instance of Array', remove);
    return [
      ...Object.entries(set).map(([name, value]) => ({
        name: nameOf(name, 'set'),
        type: ne_propset,
        value: xmlOf(name, value),
      })),
      ...remove.map((name: unknown) => ({ name: nameOf(name, 'remove'), type: ne_propremove })),
    ];
  });
  if (operations.length === 0) throw invalidValue('The "changes" must set or remove a property');
  return operations;
}

function nameOf(given: unknown, argument: string): ne_propname {
  const [nspace, name] = splitName(given, argument);
  return { nspace, name };
}

function xmlOf(name: string, value: unknown): string {
  if (typeof value === 'string') return escapeText(value, `The value of "${name}"`);
  const xml = isObject(value) ? (value as { xml?: unknown }).xml : undefined;
  if (typeof xml !== 'string') throw invalidType(name, 'of type string, or an object with the string "xml"', value);
  return xml;
}

function requireObject(name: string, value: unknown): void {
  if (!isObject(value) || isArray(value)) throw invalidType(name, 'of type object', value);
}
