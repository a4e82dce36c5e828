/** neon's older API for access control lists: ne_acl.h. */
import { native } from '../core/native.js';
import type { ne_session } from './handles.js';

/**
 * An entry of an access control list for {@link ne_acl_set}: `ne_acl_entry` of ne_acl.h. The privilege fields work in
 * reverse: 0 **or a missing field** includes the privilege, and any other number omits it. An entry without privilege
 * fields therefore includes all five privileges.
 */
export interface ne_acl_entry_old {
  /** The kind of principal: `ne_acl_href`, `ne_acl_property` or `ne_acl_all`. */
  readonly apply?: number;
  /** `ne_acl_grant` or `ne_acl_deny`. */
  readonly type?: number;
  /** The URL of the principal or the name of a property, depending on `apply`. See `tname` of {@link ne_acl_entry}. */
  readonly principal?: string | null;
  /** 0 includes the privilege `read`. */
  readonly read?: number;
  /** 0 includes the privilege `read-acl`. */
  readonly read_acl?: number;
  /** 0 includes the privilege `write`. */
  readonly write?: number;
  /** 0 includes the privilege `write-acl`. */
  readonly write_acl?: number;
  /** 0 includes the privilege `read-cuprivset`. */
  readonly read_cuprivset?: number;
}

/**
 * Sets the access control list of a resource through neon's older API. New code should call {@link ne_acl3744_set}.
 *
 * @param uri the path of the resource, URI-escaped
 * @returns an `NE_*` code, as {@link ne_acl3744_set} does
 * @throws `ERR_INVALID_ARG_VALUE` when a `principal` would make the request's XML malformed
 */
export const ne_acl_set: (sess: ne_session, uri: string, entries: readonly ne_acl_entry_old[]) => number =
  native('ne_acl_set');
