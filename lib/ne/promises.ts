/**
 * `libneon/ne/promises`: the functions of `libneon/ne` that block, returning promises. They take the same arguments,
 * then optionally `{ signal, timeout }`, and resolve to what C returns; out-parameters are filled before. Calls on one
 * session or socket run in the order in which they were made, on a thread of its own; a lookup has a thread of its own. Bad
 * arguments reject.
 *
 * @module
 */
import { liveRequests, refuseWhileLive } from '../core/live.js';
import { promised, type Promised } from '../core/native.js';
import { type Acceptor, acceptor } from '../core/acceptor.js';
import type * as ne from './index.js';
import { requireFree, requireLive } from '../core/lock-state.js';

export type { CallOptions } from '../core/abort.js';

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
export const ne_session_system_proxy = promised<typeof ne.ne_session_system_proxy>('ne_session_system_proxy', 2);
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
export const ne_md5_stream = promised<typeof ne.ne_md5_stream>('ne_md5_stream', 2);
export const ne_addr_resolve = promised<typeof ne.ne_addr_resolve>('ne_addr_resolve', 2);
export const ne_iaddr_reverse = promised<typeof ne.ne_iaddr_reverse>('ne_iaddr_reverse', 2);
export const ne_sock_connect = promised<typeof ne.ne_sock_connect>('ne_sock_connect', 3);
export const ne_sock_accept = promised<typeof ne.ne_sock_accept>('ne_sock_accept', 2);
export const ne_sock_read = promised<typeof ne.ne_sock_read>('ne_sock_read', 2);
export const ne_sock_peek = promised<typeof ne.ne_sock_peek>('ne_sock_peek', 2);
export const ne_sock_block = promised<typeof ne.ne_sock_block>('ne_sock_block', 2);
export const ne_sock_fullwrite = promised<typeof ne.ne_sock_fullwrite>('ne_sock_fullwrite', 2);
export const ne_sock_fullwritev = promised<typeof ne.ne_sock_fullwritev>('ne_sock_fullwritev', 2);
export const ne_sock_readline = promised<typeof ne.ne_sock_readline>('ne_sock_readline', 2);
export const ne_sock_fullread = promised<typeof ne.ne_sock_fullread>('ne_sock_fullread', 2);
export const ne_sock_shutdown = promised<typeof ne.ne_sock_shutdown>('ne_sock_shutdown', 2);
export const ne_sock_close = promised<typeof ne.ne_sock_close>('ne_sock_close', 1);
export const ne_sock_proxy = promised<typeof ne.ne_sock_proxy>('ne_sock_proxy', 7);
export const ne_sock_accept_ssl = promised<typeof ne.ne_sock_accept_ssl>('ne_sock_accept_ssl', 2);
export const ne_sock_connect_ssl = promised<typeof ne.ne_sock_connect_ssl>('ne_sock_connect_ssl', 2);
export const ne_sock_handshake = promised<typeof ne.ne_sock_handshake>('ne_sock_handshake', 4);
export const ne_ssl_clicert_fromuri = promised<typeof ne.ne_ssl_clicert_fromuri>('ne_ssl_clicert_fromuri', 2);
export const ne_ssl_pkcs11_provider_init = promised<typeof ne.ne_ssl_pkcs11_provider_init>(
  'ne_ssl_pkcs11_provider_init',
  2,
);
export const ne_ssl_pkcs11_nss_provider_init = promised<typeof ne.ne_ssl_pkcs11_nss_provider_init>(
  'ne_ssl_pkcs11_nss_provider_init',
  6,
);
export const ne_ssl_clicert_decrypt = promised<typeof ne.ne_ssl_clicert_decrypt>('ne_ssl_clicert_decrypt', 2);
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

export const ne_simple_propfind = promised<typeof ne.ne_simple_propfind>('ne_simple_propfind', 5);
export const ne_propnames = promised<typeof ne.ne_propnames>('ne_propnames', 4);
export const ne_proppatch = promised<typeof ne.ne_proppatch>('ne_proppatch', 3);
export const ne_propfind_create = promised<typeof ne.ne_propfind_create>('ne_propfind_create', 3);
export const ne_propfind_allprop = promised<typeof ne.ne_propfind_allprop>('ne_propfind_allprop', 2);
export const ne_propfind_named = promised<typeof ne.ne_propfind_named>('ne_propfind_named', 3);
export const ne_propfind_destroy = promised<typeof ne.ne_propfind_destroy>('ne_propfind_destroy', 1);

const obtainLock = promised<typeof ne.ne_lock>('ne_lock', 2);
const releaseLock = promised<typeof ne.ne_unlock>('ne_unlock', 2);
const refreshLock = promised<typeof ne.ne_lock_refresh>('ne_lock_refresh', 2);

export const ne_lock: Promised<typeof ne.ne_lock> = async (sess, lock, options) => {
  requireFree(lock);
  return obtainLock(sess, lock, options);
};

export const ne_unlock: Promised<typeof ne.ne_unlock> = async (sess, lock, options) => {
  requireLive(lock);
  return releaseLock(sess, lock, options);
};

export const ne_lock_refresh: Promised<typeof ne.ne_lock_refresh> = async (sess, lock, options) => {
  requireLive(lock);
  return refreshLock(sess, lock, options);
};

export const ne_lock_discover = promised<typeof ne.ne_lock_discover>('ne_lock_discover', 3);
export const ne_acl_set = promised<typeof ne.ne_acl_set>('ne_acl_set', 3);
export const ne_acl3744_set = promised<typeof ne.ne_acl3744_set>('ne_acl3744_set', 3);
export const ne_simple_request = promised<typeof ne.ne_simple_request>('ne_simple_request', 2);
export const ne_get = promised<typeof ne.ne_get>('ne_get', 3);
export const ne_getbuf = promised<typeof ne.ne_getbuf>('ne_getbuf', 4);
export const ne_put = promised<typeof ne.ne_put>('ne_put', 3);
export const ne_putbuf = promised<typeof ne.ne_putbuf>('ne_putbuf', 3);
export const ne_post = promised<typeof ne.ne_post>('ne_post', 4);
export const ne_get_range = promised<typeof ne.ne_get_range>('ne_get_range', 4);
export const ne_getmodtime = promised<typeof ne.ne_getmodtime>('ne_getmodtime', 3);
export const ne_options = promised<typeof ne.ne_options>('ne_options', 3);
export const ne_options2 = promised<typeof ne.ne_options2>('ne_options2', 3);
export const ne_copy = promised<typeof ne.ne_copy>('ne_copy', 5);
export const ne_move = promised<typeof ne.ne_move>('ne_move', 4);
export const ne_delete = promised<typeof ne.ne_delete>('ne_delete', 2);
export const ne_mkcol = promised<typeof ne.ne_mkcol>('ne_mkcol', 2);
