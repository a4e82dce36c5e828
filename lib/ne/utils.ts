import { format } from '../core/format.js';
import { native } from '../core/native.js';

/** The version and the build options of the loaded neon, for people: `"neon 0.32.5: Library build, …"`. */
export const ne_version_string: () => string = native('ne_version_string');

/**
 * The version of the loaded neon: `"0.37.1"`. Needs neon 0.37.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_version_library: () => string = native('ne_version_library');

/** 0 if the loaded neon is compatible with the interface of version `major.minor`. */
export const ne_version_match: (major: number, minor: number) => number = native('ne_version_match');

/** Non-zero if the loaded neon was built with the feature (`NE_FEATURE_*`). */
export const ne_has_support: (feature: number) => number = native('ne_has_support');

/**
 * Takes the status line of a response apart. On success all fields of `s` are set; on failure none.
 *
 * @returns 0, or -1 when it is no status line
 */
export const ne_parse_statusline: (status_line: string, s: Partial<ne_status>) => number =
  native('ne_parse_statusline');

/**
 * Sends neon's debugging output of the channels in `mask` to a file descriptor; of all sessions in the process. neon
 * writes to a duplicate of it, so it may be closed. null ends that, whatever the mask.
 *
 * @param mask `NE_DBG_*`, joined by `|`
 * @throws `ERR_NEON_BUSY` while promises, or blocking calls in workers, are under way anywhere in the process; the
 *   system's code (`EBADF`) when the descriptor is not open for writing
 */
export const ne_debug_init: (stream: number | null, mask: number) => void = native('ne_debug_init');

const debug: (ch: number, text: string) => void = native('ne_debug');

/**
 * Writes to the debugging output, if one of the channels `ch` is on, from a printf-like format.
 *
 * @param ch `NE_DBG_*`, joined by `|`
 * @throws `ERR_INVALID_ARG_VALUE` on a wrong conversion or number of arguments
 */
export const ne_debug = (ch: number, template: string, ...values: unknown[]): void =>
  debug(ch, format(template, values));

/** The status of a response: the fields of `ne_status` (ne_utils.h). */
export interface ne_status {
  major_version: number;
  minor_version: number;
  /** The status code; 0 before a response came. */
  code: number;
  /** Its class: 1 to 5. */
  klass: number;
  reason_phrase: string | null;
}
