/** Access control lists (RFC 3744): the API of ne_acl3744.h. */
import { native } from '../core/native.js';
import type { ne_session } from './handles.js';

/** An entry of an access control list: `ne_acl_entry` of ne_acl3744.h. A missing field counts as null or 0. */
export interface ne_acl_entry {
  /**
   * The kind of principal: `ne_acl_href`, `ne_acl_property`, `ne_acl_all`, `ne_acl_authenticated`,
   * `ne_acl_unauthenticated` or `ne_acl_self`.
   */
  readonly target?: number;
  /** `ne_acl_grant` or `ne_acl_deny`. */
  readonly type?: number;
  /**
   * The URL of the principal if `target` is `ne_acl_href`; the name of a property if `target` is `ne_acl_property`.
   * neon writes `tname` into the request's XML without escaping it. A property name outside the namespace `DAV:`
   * therefore needs a namespace declaration: `"x:author xmlns:x='urn:x'"`.
   */
  readonly tname?: string | null;
  /** `NE_ACL_*`, combined with `|`. */
  readonly privileges?: number;
}

/**
 * Sets the access control list of a resource (RFC 3744, section 8.1).
 *
 * `NE_OK` does not mean that the server made the change. To find out, read the status in the session's error text.
 *
 * @param path the path of the resource, URI-escaped
 * @returns `NE_OK` for a response with any status except 207, including 4xx and 5xx; otherwise another `NE_*` code
 * @throws `ERR_INVALID_ARG_VALUE` when a `tname` would make the request's XML malformed
 */
export const ne_acl3744_set: (sess: ne_session, path: string, entries: readonly ne_acl_entry[]) => number =
  native('ne_acl3744_set');
