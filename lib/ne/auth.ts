/** Authentication with servers and proxies: the API of ne_auth.h. */
import { native } from '../core/native.js';
import type { ne_session } from './handles.js';

/** A user name and a password, each in UTF-8 and without null bytes. */
export interface ne_credentials {
  /** The user name. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/**
 * The result of a callback for credentials: the credentials, or a number other than 0 to give up. Any other result ends
 * the call with a `TypeError`. A user name or password that is too long ends the call with `ERR_OUT_OF_RANGE`.
 */
export type ne_credentials_answer = ne_credentials | number;

/**
 * Called to get the credentials for `realm`. `attempt` counts the attempts since the request was created, from 0. neon
 * calls the callback again until the server accepts the credentials or the callback gives up.
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
 * Called to get credentials, with more details than {@link ne_auth_creds} receives. On the promise surface the callback
 * may return a promise.
 *
 * @param attempt how often neon has sent the request again in response to a challenge
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

/** Adds a callback for server credentials, used with the default protocols. Callbacks that were added earlier stay. */
export const ne_set_server_auth: (sess: ne_session, creds: ne_auth_creds) => void = native('ne_set_server_auth');

/** Adds a callback for HTTP proxy credentials, used with the default protocols. Set the proxy first. */
export const ne_set_proxy_auth: (sess: ne_session, creds: ne_auth_creds) => void = native('ne_set_proxy_auth');

/**
 * Adds a callback for server credentials, used with the given protocols.
 *
 * When several callbacks are added, neon calls the first callback that handles the protocol of the challenge. When a
 * response has several challenges, neon answers the strongest challenge.
 *
 * @param protocol `NE_AUTH_*`, combined with `|`
 * @param creds the callback; null is allowed for Negotiate alone, which uses the system's credentials
 */
export const ne_add_server_auth: (sess: ne_session, protocol: number, creds: ne_auth_creds | null) => void =
  native('ne_add_server_auth');

/**
 * Adds a callback for HTTP proxy credentials, used with the given protocols. Set the proxy first. See
 * {@link ne_add_server_auth}.
 *
 * @param protocol `NE_AUTH_*`, combined with `|`
 * @param creds the callback; null is allowed for Negotiate alone, which uses the system's credentials
 */
export const ne_add_proxy_auth: (sess: ne_session, protocol: number, creds: ne_auth_creds | null) => void =
  native('ne_add_proxy_auth');

/**
 * Adds a callback for server and HTTP proxy credentials, used with the given protocols. See {@link ne_add_server_auth}.
 *
 * @param protocol `NE_AUTH_*`, combined with `|`
 * @param creds the callback; null is allowed for Negotiate alone, which uses the system's credentials
 */
export const ne_add_auth: (sess: ne_session, protocol: number, creds: ne_auth_provide | null) => void =
  native('ne_add_auth');

/**
 * Makes neon forget the credentials in use, and ask for new credentials at the next challenge.
 *
 * @throws `ERR_NEON_REENTRANT` while a callback for credentials runs
 */
export const ne_forget_auth: (sess: ne_session) => void = native('ne_forget_auth');
