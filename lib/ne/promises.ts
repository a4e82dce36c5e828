/**
 * `libneon/ne/promises`: the functions of `libneon/ne` that block, returning promises. They take the same arguments,
 * then optionally `{ signal, timeout }`, and resolve to what C returns; out-parameters are filled before. Calls on one
 * session run in the order in which they were made, on a thread of the session's own. Bad arguments reject.
 *
 * @module
 */
import { liveRequests, refuseWhileLive } from '../live.js';
import { promised, type Promised } from '../native.js';
import { type Acceptor, acceptor } from './accept.js';
import type * as ne from './index.js';

export type { CallOptions } from '../abort.js';

const destroySession = promised<typeof ne.ne_session_destroy>('ne_session_destroy', 1);

/**
 * Closes the connection and frees the session, after the calls that were made before. The handle is destroyed at once.
 *
 * Rejects with `ERR_NEON_LIVE_REQUESTS` while requests of it are not destroyed.
 */
export const ne_session_destroy: Promised<typeof ne.ne_session_destroy> = async (sess, options) => {
  refuseWhileLive(liveRequests(sess));
  return destroySession(sess, options);
};

export const ne_close_connection = promised<typeof ne.ne_close_connection>('ne_close_connection', 1);
export const ne_request_create = promised<typeof ne.ne_request_create>('ne_request_create', 3);
export const ne_request_destroy = promised<typeof ne.ne_request_destroy>('ne_request_destroy', 1);
export const ne_request_dispatch = promised<typeof ne.ne_request_dispatch>('ne_request_dispatch', 1);
export const ne_begin_request = promised<typeof ne.ne_begin_request>('ne_begin_request', 1);
export const ne_read_response_block = promised<typeof ne.ne_read_response_block>('ne_read_response_block', 2);
export const ne_read_response_to_fd = promised<typeof ne.ne_read_response_to_fd>('ne_read_response_to_fd', 2);
export const ne_read_response_to_buffer = promised<typeof ne.ne_read_response_to_buffer>(
  'ne_read_response_to_buffer',
  3,
);
export const ne_discard_response = promised<typeof ne.ne_discard_response>('ne_discard_response', 1);
export const ne_end_request = promised<typeof ne.ne_end_request>('ne_end_request', 1);
export const ne_xml_parse_response = promised<typeof ne.ne_xml_parse_response>('ne_xml_parse_response', 2);
export const ne_xml_dispatch_request = promised<typeof ne.ne_xml_dispatch_request>('ne_xml_dispatch_request', 2);

const dispatchIf = promised<(req: ne.ne_request, parser: ne.ne_xml_parser, acpt: Acceptor) => number>(
  'ne_xml_dispatchif_request',
  3,
);

export const ne_xml_dispatchif_request: Promised<typeof ne.ne_xml_dispatchif_request> = async (
  req,
  parser,
  acpt,
  options,
) => dispatchIf(req, parser, acceptor(acpt, 'acpt'), options);

export const ne_simple_request = promised<typeof ne.ne_simple_request>('ne_simple_request', 2);
