import { native } from '../core/native.js';
import type { ne_session } from './handles.js';

/** A user name and a password, each in UTF-8 and without null bytes. */
export interface ne_credentials {
  readonly username: string;
  readonly password: string;
}

/**
 * What a callback for credentials returns: them, or a number other than 0 to give up. Anything else is a `TypeError` that
 * ends the call; a user name or password that is too long is `ERR_OUT_OF_RANGE`.
 */
export type ne_credentials_answer = ne_credentials | number;

/**
 * Asked for credentials: of `realm`, for the `attempt`th time (from 0) since the request was created. Called again and again
 * until the server is content or the callback gives up. Each is to be shorter than `NE_ABUFSIZ` (256) bytes. `realm` comes
 * from the server, and is null where the protocol has none (NTLM).
 *
 * To try only once: `(realm, attempt) => attempt || { username, password }`. On the promise surface it may return a promise.
 */
export type ne_auth_creds = (
  realm: string | null,
  attempt: number,
) => ne_credentials_answer | Promise<ne_credentials_answer>;

/**
 * The same, told more: `attempt` counts how often the request was sent again with an answer to a challenge, `protocol` is the
 * `NE_AUTH_*` of the challenge, with `NE_AUTH_PROXY` if a proxy asks, and each is to be shorter than `buflen` bytes.
 */
export type ne_auth_provide = (
  attempt: number,
  protocol: number,
  realm: string | null,
  buflen: number,
) => ne_credentials_answer | Promise<ne_credentials_answer>;

/** Sets who is asked for credentials of the server, by the default protocols; beside whom was set before. */
export const ne_set_server_auth: (sess: ne_session, creds: ne_auth_creds) => void = native('ne_set_server_auth');

/** The same for those of an HTTP proxy, which is to be set before. */
export const ne_set_proxy_auth: (sess: ne_session, creds: ne_auth_creds) => void = native('ne_set_proxy_auth');

/**
 * Sets who is asked for credentials of the server by these protocols (`NE_AUTH_*`, combined). May be called more than once: of
 * those that take the protocol of a challenge the first is asked. Of several challenges neon answers the strongest.
 *
 * @param creds may be null for Negotiate alone, which takes credentials from the system
 */
export const ne_add_server_auth: (sess: ne_session, protocol: number, creds: ne_auth_creds | null) => void =
  native('ne_add_server_auth');

/** The same for those of an HTTP proxy, which is to be set before. */
export const ne_add_proxy_auth: (sess: ne_session, protocol: number, creds: ne_auth_creds | null) => void =
  native('ne_add_proxy_auth');

/** The same for those of the server and of a proxy. */
export const ne_add_auth: (sess: ne_session, protocol: number, creds: ne_auth_provide | null) => void =
  native('ne_add_auth');

/**
 * Makes neon forget the credentials that it uses; the next challenge asks for them anew.
 *
 * @throws `ERR_NEON_REENTRANT` while a callback for credentials runs
 */
export const ne_forget_auth: (sess: ne_session) => void = native('ne_forget_auth');
