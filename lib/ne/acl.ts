import { native } from '../core/native.js';
import type { ne_session } from './handles.js';

/**
 * An entry of an access control list of the older kind (`ne_acl_entry` of ne_acl.h). Of its privileges those are in it
 * that are 0, so all five are needed.
 */
export interface ne_acl_entry_old {
  /** Whom it is about: `ne_acl_href`, `ne_acl_property`, `ne_acl_all`. */
  readonly apply?: number;
  /** `ne_acl_grant` or `ne_acl_deny`. */
  readonly type?: number;
  /** The URL of the principal, or the name of a property; see `tname` of {@link ne_acl_entry}. */
  readonly principal?: string | null;
  readonly read: number;
  readonly read_acl: number;
  readonly write: number;
  readonly write_acl: number;
  readonly read_cuprivset: number;
}

/**
 * Sets the access control list of a resource by the interface that {@link ne_acl3744_set} replaced; the same otherwise.
 *
 * @throws `ERR_INVALID_ARG_VALUE` when a `principal` is not well-formed where it goes
 */
export const ne_acl_set: (sess: ne_session, uri: string, entries: readonly ne_acl_entry_old[]) => number =
  native('ne_acl_set');
