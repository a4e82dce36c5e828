/** Versions, features, status lines and the debugging log: the API of ne_utils.h. */
import { format } from '../core/format.js';
import { native } from '../core/native.js';

/** Returns the version and the build options of the loaded neon as readable text: `"neon 0.32.5: Library build, …"`. */
export const ne_version_string: () => string = native('ne_version_string');

/**
 * Returns the version of the loaded neon, such as `"0.37.1"`. Requires neon 0.37 or later.
 *
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_version_library: () => string = native('ne_version_library');

/** Returns 0 if the loaded neon is compatible with the interface of version `major.minor`. */
export const ne_version_match: (major: number, minor: number) => number = native('ne_version_match');

/**
 * Returns non-zero if the loaded neon was built with a feature.
 *
 * @param feature `NE_FEATURE_*`
 */
export const ne_has_support: (feature: number) => number = native('ne_has_support');

/**
 * Parses the status line of a response.
 *
 * @param s on success, the call sets all fields of this object. On failure, the object stays unchanged
 * @returns 0, or -1 when `status_line` is not a status line
 */
export const ne_parse_statusline: (status_line: string, s: Partial<ne_status>) => number =
  native('ne_parse_statusline');

/**
 * Sends neon's debugging output to a file descriptor, for all sessions in the process. neon writes to a duplicate of
 * the descriptor, so the caller may close the descriptor.
 *
 * @param stream the descriptor. If it is null, the output ends, and `mask` has no effect
 * @param mask the channels: `NE_DBG_*`, combined with `|`
 * @throws `ERR_NEON_BUSY` while any promise of the process is pending, or a blocking call runs in a worker; the
 *   system's code (`EBADF`) when the descriptor is not open for writing
 */
export const ne_debug_init: (stream: number | null, mask: number) => void = native('ne_debug_init');

const debug: (ch: number, text: string) => void = native('ne_debug');

/**
 * Writes text from a printf-like format to the debugging output, if one of the channels in `ch` is enabled.
 *
 * @param ch `NE_DBG_*`, combined with `|`
 * @throws `ERR_INVALID_ARG_VALUE` when `template` has an unknown conversion, or does not match the number or the types
 *   of `values`
 */
export const ne_debug = (ch: number, template: string, ...values: unknown[]): void =>
  debug(ch, format(template, values));

/** The status of a response: `ne_status` of ne_utils.h. */
export interface ne_status {
  /** The number before the dot in `HTTP/1.1`. */
  major_version: number;
  /** The number after the dot in `HTTP/1.1`. */
  minor_version: number;
  /** The status code; 0 until a response has been received. */
  code: number;
  /** The class of the status code, 1 to 5. */
  klass: number;
  /** The text after the status code, or null. */
  reason_phrase: string | null;
}
