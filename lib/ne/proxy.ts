import { native } from '../native.js';
import type { ne_session } from './handles.js';

/**
 * Uses an HTTP proxy, in the place of any proxy or addresses that were set before. An https session goes through it by
 * CONNECT.
 *
 * @param port 0 to 65535
 * @throws `ERR_NEON_INVALID_STATE` once a request was created (C would use freed memory)
 */
export const ne_session_proxy: (sess: ne_session, hostname: string, port: number) => void = native('ne_session_proxy');

/**
 * Uses a SOCKS proxy, in the place of any proxy or addresses that were set before.
 *
 * @param vers `NE_SOCK_SOCKSV4`, `NE_SOCK_SOCKSV4A` or `NE_SOCK_SOCKSV5`
 * @param username null for none, with version 5 only
 * @param password needed with a user name, also where the version has none
 * @throws `ERR_NEON_INVALID_STATE` once a request was created; `ERR_OUT_OF_RANGE` when the user name, the password or, but for
 * version 4, the session's host name has more than 255 bytes; `ERR_INVALID_ARG_VALUE` for a missing user name or password
 */
export const ne_session_socks_proxy: (
  sess: ne_session,
  vers: number,
  hostname: string,
  port: number,
  username: string | null,
  password: string | null,
) => void = native('ne_session_socks_proxy');

/**
 * Uses the proxies that the system names for the server, by libproxy, in the place of any proxy or addresses that were set
 * before. Does nothing where neon was built without libproxy (`NE_FEATURE_LIBPXY`, which neon tells from 0.34 on).
 *
 * @param flags 0
 * @throws `ERR_NEON_INVALID_STATE` once a request was created; `ERR_OUT_OF_RANGE` when the session's host name has more than 255
 * bytes, since the system may name a SOCKS proxy
 */
export const ne_session_system_proxy: (sess: ne_session, flags: number) => void = native('ne_session_system_proxy');
