import { native } from '../core/native.js';
import type { ne_session } from './handles.js';

/** An entry of an access control list (`ne_acl_entry` of ne_acl3744.h). What is missing is null or 0. */
export interface ne_acl_entry {
  /** Whom it is about: `ne_acl_href`, `ne_acl_property`, `ne_acl_all`, `ne_acl_authenticated`, `ne_acl_unauthenticated`, `ne_acl_self`. */
  readonly target?: number;
  /** `ne_acl_grant` or `ne_acl_deny`. */
  readonly type?: number;
  /**
   * With `ne_acl_href` the URL of the principal, with `ne_acl_property` the name of a property, with an XML namespace
   * declaration if it is not in `DAV:` (`"x:author xmlns:x='urn:x'"`). Goes into XML as it is.
   */
  readonly tname?: string | null;
  /** `NE_ACL_*`, combined. */
  readonly privileges?: number;
}

/**
 * Sets the access control list of a resource (RFC 3744). `NE_OK` says that the server answered, with whatever status but
 * 207: what it answered is in the session's error text.
 *
 * @throws `ERR_INVALID_ARG_VALUE` when a `tname` is not well-formed where it goes
 */
export const ne_acl3744_set: (sess: ne_session, path: string, entries: readonly ne_acl_entry[]) => number =
  native('ne_acl3744_set');
