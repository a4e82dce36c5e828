/** Response bodies that are parsed as XML: the API of ne_xmlreq.h. */
import { acceptor } from '../core/acceptor.js';
import { native } from '../core/native.js';
import type { ne_request, ne_xml_parser } from './handles.js';
import type { ne_accept_response } from './request.js';

/**
 * Reads the rest of the response body and parses it as XML.
 *
 * After a syntax error, neon copies the parser's error text to the session and closes the connection.
 *
 * @returns an `NE_*` code
 * @throws any exception that a callback of the parser throws; `ERR_NEON_INVALID_STATE` when the request has not begun,
 *   or when its body was already read to the end
 */
export const ne_xml_parse_response: (req: ne_request, parser: ne_xml_parser) => number =
  native('ne_xml_parse_response');

/**
 * Sends the request, and parses the response body as XML if the status is 2xx and the media type is an XML type. Any
 * other body is discarded.
 *
 * @returns an `NE_*` code, as {@link ne_xml_parse_response} does
 */
export const ne_xml_dispatch_request: (req: ne_request, parser: ne_xml_parser) => number =
  native('ne_xml_dispatch_request');

/**
 * Sends the request, and parses the response body as XML if `acpt` accepts the response. Any other body is discarded.
 * Requires neon 0.36 or later.
 *
 * @returns an `NE_*` code, as {@link ne_xml_parse_response} does
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_xml_dispatchif_request: (req: ne_request, parser: ne_xml_parser, acpt: ne_accept_response) => number =
  native('ne_xml_dispatchif_request', (req, parser, acpt) => [req, parser, acceptor(acpt, 'acpt')]);
