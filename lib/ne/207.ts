/** Multi-status documents: the API of ne_207.h. */
import { native } from '../core/native.js';
import type { Nothing, ne_207_parser, ne_request, ne_session, ne_xml_parser } from './handles.js';
import type { ne_uri } from './uri.js';
import type { ne_status } from './utils.js';

/**
 * Called at the start of a response, once its `href` is known. neon passes the returned value to the other callbacks.
 */
export type ne_207_start_response = (uri: ne_uri) => unknown;

/**
 * Called at the end of a response. `response` is the value that the start callback returned. `status` and `description`
 * are those of the response itself (not of a propstat), or null.
 */
export type ne_207_end_response = (response: unknown, status: ne_status | null, description: string | null) => Nothing;

/**
 * Called at the start of a propstat. neon passes the returned value to the end callback. A null result aborts the
 * parse. The callback should set the parser's error text before it returns null.
 */
export type ne_207_start_propstat = (response: unknown) => unknown;

/** Called at the end of a propstat. `propstat` is the value that the start callback returned. */
export type ne_207_end_propstat = (propstat: unknown, status: ne_status | null, description: string | null) => Nothing;

/**
 * Pushes a reader of multi-status documents (RFC 4918, section 13) on the stack of an XML parser.
 *
 * neon offers the elements inside `prop` to the handlers that are pushed after this reader. The parent state of these
 * elements is `NE_207_STATE_PROP`.
 *
 * @param base the URI against which neon resolves the references in `href` elements; the URI needs a path
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
 * Frees a 207 parser. The 207 parser and its XML parser may be freed in either order. When only the 207 parser is
 * freed, parsing with the XML parser throws `ERR_NEON_DESTROYED`.
 *
 * @throws `ERR_NEON_REENTRANT` while the XML parser is parsing, `ERR_NEON_BUSY` while a promise uses the XML parser
 */
export const ne_207_destroy: (p: ne_207_parser) => void = native('ne_207_destroy');

/**
 * Sends a request, interprets a 207 response, and destroys the request.
 *
 * @returns `NE_OK` when the status is 2xx and, in a 207 response, every status in the body is 2xx or 424. `NE_ERROR`
 *   for any other status or body; for a 207 response, the session's error text then says which resources failed and
 *   why. Another `NE_*` code when the request itself fails
 */
export const ne_simple_request: (sess: ne_session, req: ne_request) => number = native('ne_simple_request');

/** Accepts 207 responses only: an acceptance function for the functions that add a body reader. */
export const ne_accept_207: (req: ne_request, st: ne_status) => number = native('ne_accept_207');
