/** Access control lists (RFC 3744): the API of ne_acl3744.h. */
import { native } from '../core/native.js';
import type { ne_session } from './handles.js';

/** An entry of an access control list: `ne_acl_entry` of ne_acl3744.h. A missing field is null or 0. */
export interface ne_acl_entry {
  /**
   * The kind of principal: `ne_acl_href`, `ne_acl_property`, `ne_acl_all`, `ne_acl_authenticated`,
   * `ne_acl_unauthenticated` or `ne_acl_self`.
   */
  readonly target?: number;
  /** `ne_acl_grant` or `ne_acl_deny`. */
  readonly type?: number;
  /**
   * With `ne_acl_href`, the URL of the principal; with `ne_acl_property`, the name of a property. The name of a
   * property outside the namespace `DAV:` needs a namespace declaration (`"x:author xmlns:x='urn:x'"`). neon writes
   * `tname` into the request's XML without escaping it.
   */
  readonly tname?: string | null;
  /** `NE_ACL_*`, combined with `|`. */
  readonly privileges?: number;
}

/**
 * Sets the access control list of a resource (RFC 3744, section 8.1).
 *
 * @param path the path of the resource, URI-escaped
 * @returns `NE_OK` when the server responds with any status except 207, even when it refuses the change. The session's
 *   error text then contains the status. Otherwise another `NE_*` code
 * @throws `ERR_INVALID_ARG_VALUE` when a `tname` would make the request's XML malformed
 */
export const ne_acl3744_set: (sess: ne_session, path: string, entries: readonly ne_acl_entry[]) => number =
  native('ne_acl3744_set');
