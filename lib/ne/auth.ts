/** Authentication with servers and proxies: the API of ne_auth.h. */
import { native } from '../core/native.js';
import type { ne_session } from './handles.js';

/** A user name and a password, in UTF-8. Neither may contain a null byte. */
export interface ne_credentials {
  /** The user name. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/**
 * The result of a callback for credentials: the credentials, or a number other than 0 to give up.
 *
 * Any other result makes the running call throw a `TypeError`. If the user name or the password is too long, the
 * running call throws `ERR_OUT_OF_RANGE`.
 */
export type ne_credentials_answer = ne_credentials | number;

/**
 * Called to get the credentials for `realm`. neon calls the callback again until the server accepts the credentials or
 * the callback gives up. `attempt` is 0 on the first call for a request, then 1, and so on.
 *
 * The user name and the password must each be shorter than `NE_ABUFSIZ` (256) bytes. `realm` is the text that the
 * server sent, or null when the protocol has no realms (NTLM). On the promise surface the callback may return a
 * promise.
 *
 * @example To try only once
 * ```ts
 * ne_set_server_auth(sess, (realm, attempt) => attempt || { username, password });
 * ```
 */
export type ne_auth_creds = (
  realm: string | null,
  attempt: number,
) => ne_credentials_answer | Promise<ne_credentials_answer>;

/**
 * Called to get credentials. This callback receives more details than {@link ne_auth_creds}. On the promise surface the
 * callback may return a promise.
 *
 * @param attempt the number of times that neon has already repeated the request in response to a challenge
 * @param protocol the protocol of the challenge (`NE_AUTH_*`), combined with `NE_AUTH_PROXY` when a proxy sent it
 * @param realm the realm that the server sent, or null when the protocol has no realms
 * @param buflen the size of neon's buffers in bytes; the user name and the password must each be shorter
 */
export type ne_auth_provide = (
  attempt: number,
  protocol: number,
  realm: string | null,
  buflen: number,
) => ne_credentials_answer | Promise<ne_credentials_answer>;

/** Adds a callback that provides server credentials for the default protocols. Earlier callbacks remain in place. */
export const ne_set_server_auth: (sess: ne_session, creds: ne_auth_creds) => void = native('ne_set_server_auth');

/** Adds a callback that provides HTTP proxy credentials for the default protocols. Set the proxy first. */
export const ne_set_proxy_auth: (sess: ne_session, creds: ne_auth_creds) => void = native('ne_set_proxy_auth');

/**
 * Adds a callback that provides server credentials for the given protocols.
 *
 * When several callbacks are added, neon calls the first callback that handles the protocol of the challenge. When a
 * response has several challenges, neon answers the strongest challenge.
 *
 * @param protocol `NE_AUTH_*`, combined with `|`
 * @param creds the callback. It may be null if `protocol` is Negotiate only; neon then uses the system's credentials
 */
export const ne_add_server_auth: (sess: ne_session, protocol: number, creds: ne_auth_creds | null) => void =
  native('ne_add_server_auth');

/**
 * Adds a callback that provides HTTP proxy credentials for the given protocols. Set the proxy first. See
 * {@link ne_add_server_auth}.
 *
 * @param protocol `NE_AUTH_*`, combined with `|`
 * @param creds the callback. It may be null if `protocol` is Negotiate only; neon then uses the system's credentials
 */
export const ne_add_proxy_auth: (sess: ne_session, protocol: number, creds: ne_auth_creds | null) => void =
  native('ne_add_proxy_auth');

/**
 * Adds a callback that provides server and HTTP proxy credentials for the given protocols. See
 * {@link ne_add_server_auth}.
 *
 * @param protocol `NE_AUTH_*`, combined with `|`
 * @param creds the callback. It may be null if `protocol` is Negotiate only; neon then uses the system's credentials
 */
export const ne_add_auth: (sess: ne_session, protocol: number, creds: ne_auth_provide | null) => void =
  native('ne_add_auth');

/**
 * Discards the credentials in use. At the next challenge, neon asks for new credentials.
 *
 * @throws `ERR_NEON_REENTRANT` while a callback for credentials runs
 */
export const ne_forget_auth: (sess: ne_session) => void = native('ne_forget_auth');
