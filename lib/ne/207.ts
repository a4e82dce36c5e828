import { native } from '../core/native.js';
import type { Nothing, ne_207_parser, ne_request, ne_session, ne_xml_parser } from './handles.js';
import type { ne_uri } from './uri.js';
import type { ne_status } from './utils.js';


/** Called at the start of a response, once its `href` is known. What it returns is given to the other callbacks. */
export type ne_207_start_response = (uri: ne_uri) => unknown;

/**
 * Called at the end of a response, with what its start returned, and with the status and the description that stand in
 * the response itself, or null.
 */
export type ne_207_end_response = (response: unknown, status: ne_status | null, description: string | null) => Nothing;

/**
 * Called at the start of a propstat. What it returns is given to the end; null aborts the parse (set the parser's error
 * text, too).
 */
export type ne_207_start_propstat = (response: unknown) => unknown;

/** Called at the end of a propstat, with what its start returned. */
export type ne_207_end_propstat = (propstat: unknown, status: ne_status | null, description: string | null) => Nothing;

/**
 * Pushes a reader of multi-status documents on the stack of an XML parser. The references in `href` elements are
 * resolved against `base`, which needs a path. Elements inside `prop` are offered to the handlers pushed after it, with
 * `NE_207_STATE_PROP` as the state of their parent.
 */
export const ne_207_create: (parser: ne_xml_parser, base: Partial<ne_uri>) => ne_207_parser = native('ne_207_create');

/** Sets flags: `NE_207_MSSP_ESCAPING`, or 0. */
export const ne_207_set_flags: (p: ne_207_parser, flags: number) => void = native('ne_207_set_flags');

/** Sets who is told of responses. Without a start nothing is told at all. */
export const ne_207_set_response_handlers: (
  p: ne_207_parser,
  start: ne_207_start_response | null,
  end: ne_207_end_response | null,
) => void = native('ne_207_set_response_handlers');

/** Sets who is told of propstats. */
export const ne_207_set_propstat_handlers: (
  p: ne_207_parser,
  start: ne_207_start_propstat | null,
  end: ne_207_end_propstat | null,
) => void = native('ne_207_set_propstat_handlers');

/** What the start callback returned for the response that is being parsed, or null. */
export const ne_207_get_current_response: (p: ne_207_parser) => unknown = native('ne_207_get_current_response');

/** What the start callback returned for the propstat that is being parsed, or null. */
export const ne_207_get_current_propstat: (p: ne_207_parser) => unknown = native('ne_207_get_current_propstat');

/**
 * Frees a 207 parser, before or after its XML parser; that cannot parse any more (`ERR_NEON_DESTROYED`).
 *
 * @throws `ERR_NEON_REENTRANT` while the XML parser is parsing, `ERR_NEON_BUSY` while a promise uses it
 */
export const ne_207_destroy: (p: ne_207_parser) => void = native('ne_207_destroy');

/**
 * Sends the request, and destroys it. Returns `NE_OK` when the status is 2xx and, if it is 207, all statuses inside are
 * too; else `NE_ERROR`, and the session's error text tells what is wrong with which resource.
 */
export const ne_simple_request: (sess: ne_session, req: ne_request) => number = native('ne_simple_request');

/** An acceptance function which accepts 207 responses only. */
export const ne_accept_207: (req: ne_request, st: ne_status) => number = native('ne_accept_207');
