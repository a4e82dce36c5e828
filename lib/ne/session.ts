import { format } from '../core/format.js';
import { liveRequests, refuseWhileLive } from '../core/live.js';
import { native } from '../core/native.js';
import { PrivateData } from '../core/private.js';
import type {
  Flag,
  Nothing,
  ne_inet_addr,
  ne_session,
  ne_ssl_certificate,
  ne_ssl_client_cert,
  ne_ssl_dname,
} from './handles.js';
import type { ne_uri } from './uri.js';

/**
 * Creates a session to the server `hostname`; TLS is used when `scheme` is `'https'`. Nothing is sent, and no name
 * is looked up, before the first dispatch.
 *
 * @param port 0 to 65535
 */
export const ne_session_create: (scheme: string, hostname: string, port: number) => ne_session =
  native('ne_session_create');

/**
 * Closes the connection and frees the session.
 *
 * @throws `ERR_NEON_LIVE_REQUESTS` while requests of it are not destroyed (in C they would use freed memory)
 */
export const ne_session_destroy: (sess: ne_session) => void = native('ne_session_destroy', (sess) => {
  refuseWhileLive(liveRequests(sess));
  return [sess];
});

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

/**
 * Connects to these addresses, in their order, instead of looking the server's name up.
 *
 * @throws `ERR_NEON_INVALID_STATE` once a request of the session was created
 */
export const ne_set_addrlist: (sess: ne_session, addrs: readonly ne_inet_addr[]) => void = native('ne_set_addrlist');

/**
 * The same, and to another port than the session's.
 *
 * @param port 0 to 65535
 */
export const ne_set_addrlist2: (sess: ne_session, port: number, addrs: readonly ne_inet_addr[]) => void =
  native('ne_set_addrlist2');

/** Connects from this local address, where it is of the server's family; null is any. */
export const ne_set_localaddr: (sess: ne_session, addr: ne_inet_addr | null) => void = native('ne_set_localaddr');

// --- TLS of a session ---------------------------------------------------------------------------------------------

/** Trusts this certificate, and what it signed, as a certificate authority. No effect on a session without TLS. */
export const ne_ssl_trust_cert: (sess: ne_session, cert: ne_ssl_certificate) => void = native('ne_ssl_trust_cert');

/** Trusts the default certificate authorities of the TLS library. */
export const ne_ssl_trust_default_ca: (sess: ne_session) => void = native('ne_ssl_trust_default_ca');

/**
 * Asked about a server's certificate that failed verification: for the reasons `failures`, one or more of `NE_SSL_*`; a bit
 * outside `NE_SSL_FAILMASK` is a failure too. 0 accepts the certificate, any other number refuses it. Anything else (also
 * nothing, and booleans) is a `TypeError` that ends the call, and refuses.
 *
 * The certificate and all that is got from it end when the callback has answered; ne_ssl_cert_export keeps it. A
 * certificate that was accepted is not asked about again in the same session. On the promise surface the callback may
 * return a promise.
 */
export type ne_ssl_verify_fn = (failures: number, cert: ne_ssl_certificate) => number | Promise<number>;

/** Sets who is asked about certificates that failed verification; null is nobody, and none is accepted. */
export const ne_ssl_set_verify: (sess: ne_session, fn: ne_ssl_verify_fn | null) => void = native('ne_ssl_set_verify');

/**
 * Makes a session authenticate with this client certificate where a server asks for one.
 *
 * @throws `ERR_NEON_INVALID_STATE` while it is encrypted
 */
export const ne_ssl_set_clicert: (sess: ne_session, clicert: ne_ssl_client_cert) => void = native('ne_ssl_set_clicert');

/**
 * Called when a server asks for a client certificate and the session has none. It sets one (ne_ssl_set_clicert), or the
 * connection goes on without. `dnames` are the authorities that the server accepts, if it says so; they end with the
 * call.
 */
export type ne_ssl_provide_fn = (sess: ne_session, dnames: ne_ssl_dname[]) => Nothing;

/** Sets who is called when a server asks for a client certificate; null is nobody. */
export const ne_ssl_provide_clicert: (sess: ne_session, fn: ne_ssl_provide_fn | null) => void =
  native('ne_ssl_provide_clicert');

/**
 * Limits the versions of TLS (`NE_SSL_PROTO_*`; `NE_SSL_PROTO_UNSPEC` is no limit). `NE_OK`, or `NE_ERROR` for a version
 * that the TLS library does not have, with GnuTLS for a first one without a last, and on a session without TLS; then there
 * is no limit. Needs neon 0.34.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_set_protovers: (sess: ne_session, min: number, max: number) => number =
  native('ne_ssl_set_protovers');

/** What goes with an event: one of these, by its C name; empty for an event that is not known. */
export interface ne_session_status_info {
  /** `ne_status_lookup` */
  lu?: { hostname: string };
  /** `ne_status_connecting`; the address is a copy of its own */
  ci?: { hostname: string | null; address: ne_inet_addr | null };
  /** `ne_status_connected`, `ne_status_disconnected` */
  cd?: { hostname: string | null };
  /** `ne_status_sending`, `ne_status_recving`: bytes so far, and in all, or -1 when that is not known */
  sr?: { progress: number; total: number };
  /** `ne_status_handshake` */
  hs?: { protocol: number; ciphersuite: string | null };
}

/** Told of each event of a session: `ne_status_*`. More may come with newer versions: ignore what is not known. */
export type ne_notify_status = (status: number, info: ne_session_status_info) => Nothing;

/** Told of progress, of requests and responses alike: bytes so far, and in all, or -1 when that is not known. */
export type ne_progress = (progress: number, total: number) => Nothing;

/** Sets who is told of the session's events, instead of whoever was (by ne_set_progress, too); null is nobody. */
export const ne_set_notifier: (sess: ne_session, status: ne_notify_status | null) => void = native('ne_set_notifier');

/** Sets who is told of progress, instead of any notifier; null is nobody. Deprecated by neon. */
export const ne_set_progress: (sess: ne_session, progress: ne_progress | null) => void = native('ne_set_progress');

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
