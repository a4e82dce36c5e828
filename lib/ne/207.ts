/** Multi-status documents: the API of ne_207.h. */
import { native } from '../core/native.js';
import type { Nothing, ne_207_parser, ne_request, ne_session, ne_xml_parser } from './handles.js';
import type { ne_uri } from './uri.js';
import type { ne_status } from './utils.js';

/**
 * Called when the `href` of a response has been read. neon passes the callback's result to the other callbacks for this
 * response.
 */
export type ne_207_start_response = (uri: ne_uri) => unknown;

/**
 * Called at the end of a response. `response` is the value that the start callback returned. `status` and `description`
 * apply to the whole response, not to a propstat. Each is null if the response does not contain it.
 */
export type ne_207_end_response = (response: unknown, status: ne_status | null, description: string | null) => Nothing;

/**
 * Called at the start of a propstat. neon passes the callback's result to the end callback. To abort the parse, the
 * callback sets the parser's error text and returns null.
 */
export type ne_207_start_propstat = (response: unknown) => unknown;

/** Called at the end of a propstat. `propstat` is the value that the start callback returned. */
export type ne_207_end_propstat = (propstat: unknown, status: ne_status | null, description: string | null) => Nothing;

/**
 * Pushes a handler for multi-status documents (RFC 4918, section 13) on the stack of an XML parser.
 *
 * To read the elements inside `prop`, push further handlers after this call. The parent state of these elements is
 * `NE_207_STATE_PROP`.
 *
 * @param base the base URI, used to resolve the references in `href` elements; `base` must have a path
 */
export const ne_207_create: (parser: ne_xml_parser, base: Partial<ne_uri>) => ne_207_parser = native('ne_207_create');

/**
 * Sets flags of a 207 parser.
 *
 * @param flags `NE_207_MSSP_ESCAPING`, or 0
 */
export const ne_207_set_flags: (p: ne_207_parser, flags: number) => void = native('ne_207_set_flags');

/** Sets the callbacks for responses. If `start` is null, neon calls no callback for responses or propstats. */
export const ne_207_set_response_handlers: (
  p: ne_207_parser,
  start: ne_207_start_response | null,
  end: ne_207_end_response | null,
) => void = native('ne_207_set_response_handlers');

/** Sets the callbacks for propstats. */
export const ne_207_set_propstat_handlers: (
  p: ne_207_parser,
  start: ne_207_start_propstat | null,
  end: ne_207_end_propstat | null,
) => void = native('ne_207_set_propstat_handlers');

/** Returns the value that the start callback returned for the current response, or null. */
export const ne_207_get_current_response: (p: ne_207_parser) => unknown = native('ne_207_get_current_response');

/** Returns the value that the start callback returned for the current propstat, or null. */
export const ne_207_get_current_propstat: (p: ne_207_parser) => unknown = native('ne_207_get_current_propstat');

/**
 * Frees a 207 parser. The 207 parser and its XML parser may be freed in either order. Once the 207 parser has been
 * freed, a call that parses throws `ERR_NEON_DESTROYED`.
 *
 * @throws `ERR_NEON_REENTRANT` while the XML parser is parsing, `ERR_NEON_BUSY` while a promise uses the XML parser
 */
export const ne_207_destroy: (p: ne_207_parser) => void = native('ne_207_destroy');

/**
 * Sends a request, interprets a 207 response, and destroys the request.
 *
 * @returns `NE_OK` if the status is 2xx. For a 207 response, every status in the body must also be 2xx or 424. For any
 *   other status or body the result is `NE_ERROR`. After a 207 response with a failure, the session's error text lists
 *   the failed resources and the reasons. If the request itself fails, the result is another `NE_*` code
 */
export const ne_simple_request: (sess: ne_session, req: ne_request) => number = native('ne_simple_request');

/** Accepts only 207 responses. Pass this function to a function that adds a body reader. */
export const ne_accept_207: (req: ne_request, st: ne_status) => number = native('ne_accept_207');
