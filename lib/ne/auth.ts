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
 * The result of a callback for credentials: the credentials, or a number other than 0 to give up. Any other result is a
 * `TypeError` that ends the call. A user name or password that is too long ends it with `ERR_OUT_OF_RANGE`.
 */
export type ne_credentials_answer = ne_credentials | number;

/**
 * Called for the credentials of `realm`, with the number of the attempt (from 0) since the request was created. neon
 * calls it again until the server accepts the credentials or the callback gives up.
 *
 * User name and password must each be shorter than `NE_ABUFSIZ` (256) bytes. `realm` comes from the server; it is null
 * where the protocol has no realms (NTLM). On the promise surface the callback may return a promise.
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
 * Called for credentials, with more details than {@link ne_auth_creds} gets. On the promise surface the callback may
 * return a promise.
 *
 * @param attempt how often the request was sent again in response to a challenge
 * @param protocol the protocol of the challenge (`NE_AUTH_*`), combined with `NE_AUTH_PROXY` when a proxy sent it
 * @param realm the realm from the server, or null where the protocol has no realms
 * @param buflen the size of neon's buffers in bytes; user name and password must each be shorter
 */
export type ne_auth_provide = (
  attempt: number,
  protocol: number,
  realm: string | null,
  buflen: number,
) => ne_credentials_answer | Promise<ne_credentials_answer>;

/** Adds a callback for credentials of the server, for the default protocols. Callbacks that were added earlier stay. */
export const ne_set_server_auth: (sess: ne_session, creds: ne_auth_creds) => void = native('ne_set_server_auth');

/** Adds a callback for credentials of an HTTP proxy, for the default protocols. Set the proxy first. */
export const ne_set_proxy_auth: (sess: ne_session, creds: ne_auth_creds) => void = native('ne_set_proxy_auth');

/**
 * Adds a callback for credentials of the server, for some protocols.
 *
 * Several callbacks can be added: neon asks the first one that handles the protocol of a challenge. Of several
 * challenges neon responds to the strongest.
 *
 * @param protocol `NE_AUTH_*`, combined with `|`
 * @param creds may be null for Negotiate alone, which uses credentials of the system
 */
export const ne_add_server_auth: (sess: ne_session, protocol: number, creds: ne_auth_creds | null) => void =
  native('ne_add_server_auth');

/**
 * Adds a callback for credentials of an HTTP proxy, for some protocols. Set the proxy first. See
 * {@link ne_add_server_auth}.
 *
 * @param protocol `NE_AUTH_*`, combined with `|`
 * @param creds may be null for Negotiate alone, which uses credentials of the system
 */
export const ne_add_proxy_auth: (sess: ne_session, protocol: number, creds: ne_auth_creds | null) => void =
  native('ne_add_proxy_auth');

/**
 * Adds a callback for credentials of the server and of an HTTP proxy, for some protocols. See
 * {@link ne_add_server_auth}.
 *
 * @param protocol `NE_AUTH_*`, combined with `|`
 * @param creds may be null for Negotiate alone, which uses credentials of the system
 */
export const ne_add_auth: (sess: ne_session, protocol: number, creds: ne_auth_provide | null) => void =
  native('ne_add_auth');

/**
 * Makes neon forget the credentials in use, and ask for new ones at the next challenge.
 *
 * @throws `ERR_NEON_REENTRANT` while a callback for credentials runs
 */
export const ne_forget_auth: (sess: ne_session) => void = native('ne_forget_auth');
