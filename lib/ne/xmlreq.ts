import { acceptor } from '../core/acceptor.js';
import { native } from '../core/native.js';
import type { ne_request, ne_xml_parser } from './handles.js';
import type { ne_accept_response } from './request.js';

/**
 * Reads the rest of the response body and parses it; returns an `NE_*` code. After a syntax error the session's error
 * text has the parser's, and the connection is closed.
 *
 * @throws what a callback of the parser threw; `ERR_NEON_INVALID_STATE` when the request was not begun, or its body was
 * read to the end
 */
export const ne_xml_parse_response: (req: ne_request, parser: ne_xml_parser) => number =
  native('ne_xml_parse_response');

/**
 * Sends the request and parses the response body, when its status is 2xx and its media type is one of XML; else the body
 * is discarded. Returns an `NE_*` code, as {@link ne_xml_parse_response} does.
 */
export const ne_xml_dispatch_request: (req: ne_request, parser: ne_xml_parser) => number =
  native('ne_xml_dispatch_request');

/**
 * The same, for the responses that `acpt` accepts. Needs neon 0.36.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_xml_dispatchif_request: (req: ne_request, parser: ne_xml_parser, acpt: ne_accept_response) => number =
  native('ne_xml_dispatchif_request', (req, parser, acpt) => [req, parser, acceptor(acpt, 'acpt')]);
