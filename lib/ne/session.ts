import { liveRequests, refuseWhileLive } from '../live.js';
import { native } from '../native.js';
import { format } from './format.js';
import type { Flag, ne_session } from './handles.js';
import { PrivateData } from './private.js';
import type { ne_uri } from './uri.js';

/**
 * Creates a session to the server `hostname`; TLS is used when `scheme` is `'https'`. Nothing is sent, and no name
 * is looked up, before the first dispatch.
 *
 * @param port 0 to 65535
 */
export const ne_session_create: (scheme: string, hostname: string, port: number) => ne_session =
  native('ne_session_create');

const destroy: (sess: ne_session) => void = native('ne_session_destroy');

/**
 * Closes the connection and frees the session.
 *
 * @throws `ERR_NEON_LIVE_REQUESTS` while requests of it are not destroyed (in C they would use freed memory)
 */
export const ne_session_destroy = (sess: ne_session): void => {
  refuseWhileLive(liveRequests(sess));
  destroy(sess);
};

/**
 * Closes the connection, if one is open.
 *
 * @throws `ERR_NEON_ACTIVE_REQUEST` while a request is between ne_begin_request and ne_end_request
 */
export const ne_close_connection: (sess: ne_session) => void = native('ne_close_connection');

/** Sets a session flag (`NE_SESSFLAG_*`). Flags that this neon does not know are ignored. */
export const ne_set_session_flag: (sess: ne_session, flag: number, value: Flag) => void = native('ne_set_session_flag');

/** 0 if the flag is not set, more than 0 if it is, -1 if this neon does not know it. */
export const ne_get_session_flag: (sess: ne_session, flag: number) => number = native('ne_get_session_flag');

/** Sets how long a read from the server may take, in seconds (1 to 2147483; neon's default is 120). */
export const ne_set_read_timeout: (sess: ne_session, timeout: number) => void = native('ne_set_read_timeout');

/** Sets how long making a connection may take, in seconds (1 to 2147483; by default as long as TCP tries). */
export const ne_set_connect_timeout: (sess: ne_session, timeout: number) => void = native('ne_set_connect_timeout');

/** Sets the product of the header `User-Agent: product neon/VERSION`; without this call none is sent. */
export const ne_set_useragent: (sess: ne_session, product: string) => void = native('ne_set_useragent');

/** Non-zero if the server does not claim HTTP/1.1 or later; meaningful after a response. */
export const ne_version_pre_http11: (sess: ne_session) => number = native('ne_version_pre_http11');

/** The "host[:port]" of the server, as in the Host header. */
export const ne_get_server_hostport: (sess: ne_session) => string = native('ne_get_server_hostport');

/** `'http'` or `'https'`. */
export const ne_get_scheme: (sess: ne_session) => string = native('ne_get_scheme');

/** Sets `scheme`, `host` and `port` of `uri` to the session's server; its other fields stay. */
export const ne_fill_server_uri: (sess: ne_session, uri: Partial<ne_uri>) => void = native('ne_fill_server_uri');

/** Sets `host` and `port` of `uri` to the HTTP proxy that is in use, if one is; its other fields stay. */
export const ne_fill_proxy_uri: (sess: ne_session, uri: Partial<ne_uri>) => void = native('ne_fill_proxy_uri');

const requireSession: (sess: ne_session) => void = native('requireSession');
const setError: (sess: ne_session, text: string) => void = native('ne_set_error');

/**
 * Sets the session's error text from a printf-like format. C keeps the first 511 bytes.
 *
 * @throws `ERR_INVALID_ARG_VALUE` on a wrong conversion or number of arguments
 */
export const ne_set_error = (sess: ne_session, template: string, ...values: unknown[]): void => {
  requireSession(sess);
  setError(sess, format(template, values));
};

/** The session's error text. While promises of the session are pending, that of the call which settled last. */
export const ne_get_error: (sess: ne_session) => string = native('ne_get_error');

const privateData = new PrivateData();

/** Stores any value under `id`; a later value under the same id replaces it. */
export const ne_set_session_private = (sess: ne_session, id: string, value: unknown): void => {
  requireSession(sess);
  privateData.set(sess, id, value);
};

/** The value stored under `id`, or null. */
export const ne_get_session_private = (sess: ne_session, id: string): unknown => {
  requireSession(sess);
  return privateData.get(sess, id);
};
