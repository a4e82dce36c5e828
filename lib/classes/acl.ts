/** Access control lists (RFC 3744), and their conversion to the entries that neon accepts. */
import { invalidType, invalidValue } from '../core/errors.js';
import { isArray, isObject } from '../core/objects.js';
import type { ne_acl_entry } from '../ne/acl3744.js';
import {
  ne_acl_all,
  NE_ACL_ALL,
  ne_acl_authenticated,
  NE_ACL_BIND,
  ne_acl_deny,
  ne_acl_grant,
  ne_acl_href,
  ne_acl_property,
  NE_ACL_READ,
  NE_ACL_READ_ACL,
  ne_acl_self,
  ne_acl_unauthenticated,
  NE_ACL_UNBIND,
  NE_ACL_UNLOCK,
  NE_ACL_WRITE,
  NE_ACL_WRITE_ACL,
  NE_ACL_WRITE_CONTENT,
  NE_ACL_WRITE_PROPERTIES,
} from '../ne/constants.js';
import { splitName } from './properties.js';
import { escapeText } from './xml.js';

/** The privileges of RFC 3744, section 3, that neon can express, each with neon's constant. */
export const privileges = {
  all: NE_ACL_ALL,
  read: NE_ACL_READ,
  write: NE_ACL_WRITE,
  'write-properties': NE_ACL_WRITE_PROPERTIES,
  'write-content': NE_ACL_WRITE_CONTENT,
  unlock: NE_ACL_UNLOCK,
  'read-acl': NE_ACL_READ_ACL,
  'write-acl': NE_ACL_WRITE_ACL,
  bind: NE_ACL_BIND,
  unbind: NE_ACL_UNBIND,
} as const;

/** The name of a privilege (RFC 3744, section 3). */
export type Privilege = keyof typeof privileges;

const principals = {
  all: ne_acl_all,
  authenticated: ne_acl_authenticated,
  unauthenticated: ne_acl_unauthenticated,
  self: ne_acl_self,
} as const;

/**
 * The principal of an entry (RFC 3744, section 5.5.1). A keyword selects all users (`'all'`), the authenticated users,
 * the unauthenticated users, or the principal that is the resource itself (`'self'`). An object identifies a principal
 * by its URL, or by a property of the resource, such as its owner.
 */
export type Principal =
  | keyof typeof principals
  | {
      /** The URL of the principal. */
      readonly href: string;
    }
  | {
      /** The property, named as for {@link PropfindOptions.props}: `'owner'`. */
      readonly property: string;
    };

/**
 * An entry of an access control list (RFC 3744, section 5.5): it either grants or denies privileges.
 *
 * @example
 * ```ts
 * const entries: AclEntry[] = [
 *   { principal: { href: '/users/alice' }, grant: ['read', 'write'] },
 *   { principal: 'unauthenticated', deny: ['all'] },
 * ];
 * ```
 */
export type AclEntry =
  | {
      /** The principal that gets the privileges. */
      readonly principal: Principal;
      /** The privileges: at least one. */
      readonly grant: readonly Privilege[];
      /** Not allowed together with `grant`. */
      readonly deny?: undefined;
    }
  | {
      /** The principal that is denied the privileges. */
      readonly principal: Principal;
      /** The privileges: at least one. */
      readonly deny: readonly Privilege[];
      /** Not allowed together with `deny`. */
      readonly grant?: undefined;
    };

/**
 * Returns the entries in the form that `ne_acl3744_set` accepts. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE` or `ERR_INVALID_ARG_VALUE` for an invalid entry
 */
export function entriesOf(entries: readonly AclEntry[]): ne_acl_entry[] {
  if (!isArray(entries)) throw invalidType('entries', 'an instance of Array', entries);
  return entries.map(entryOf);
}

function entryOf(entry: AclEntry): ne_acl_entry {
  if (!isObject(entry)) throw invalidType('entries', 'an array of objects', entry);
  const { principal, grant, deny } = entry;
  if ((grant === undefined) === (deny === undefined))
    throw invalidValue('An entry of an access control list must have either "grant" or "deny"');
  return {
    ...targetOf(principal),
    type: grant === undefined ? ne_acl_deny : ne_acl_grant,
    privileges: grant === undefined ? combined('deny', deny) : combined('grant', grant),
  };
}

function targetOf(principal: unknown): Pick<ne_acl_entry, 'target' | 'tname'> {
  if (typeof principal === 'string') {
    if (Object.hasOwn(principals, principal)) return { target: principals[principal as keyof typeof principals] };
    throw invalidValue(
      `The "principal" must be one of ${Object.keys(principals).join(', ')}, or an object. Received '${principal}'`,
    );
  }
  const { href, property } = (isObject(principal) ? principal : {}) as { href?: unknown; property?: unknown };
  if (typeof href === 'string' && property === undefined)
    return { target: ne_acl_href, tname: escapeText(href, 'The "href" of a principal') };
  if (property === undefined || href !== undefined)
    throw invalidType('principal', 'of type string, or an object with either "href" or "property"', principal);
  const [nspace, name] = splitName(property, 'property');
  // neon writes <NAME/> inside an element whose default namespace is "DAV:".
  return { target: ne_acl_property, tname: nspace === 'DAV:' ? name : `${name} xmlns="${nspace}"` };
}

function combined(argument: string, names: unknown): number {
  if (!isArray(names)) throw invalidType(argument, 'an instance of Array', names);
  if (names.length === 0) throw invalidValue(`The "${argument}" of an entry must have a privilege`);
  return names.reduce<number>((sum, name) => {
    if (typeof name !== 'string') throw invalidType(argument, 'an array of strings', name);
    if (!Object.hasOwn(privileges, name))
      throw invalidValue(`A privilege must be one of ${Object.keys(privileges).join(', ')}. Received '${name}'`);
    return sum | privileges[name as Privilege];
  }, 0);
}
