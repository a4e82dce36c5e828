/** Sessions with their TLS settings, proxies and events: the API of ne_session.h. */
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
 * Creates a session with a server. neon looks up the server's name and connects only when the first request is sent.
 *
 * @param scheme `'http'`, or `'https'` for TLS
 * @param hostname a host name or an address; write an IPv6 address in brackets
 * @param port 0 to 65535
 * @example
 * ```ts
 * const sess = ne_session_create('https', 'dav.example.com', 443);
 * ne_ssl_trust_default_ca(sess);
 * ```
 */
export const ne_session_create: (scheme: string, hostname: string, port: number) => ne_session =
  native('ne_session_create');

/**
 * Closes the connection and frees the session.
 *
 * The promise form destroys the handle at once. It waits for earlier calls of the session before it closes the
 * connection and frees the session.
 *
 * @throws `ERR_NEON_LIVE_REQUESTS` while a request of the session has not been destroyed (in C, the request would use
 *   freed memory)
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

/**
 * Sets or clears a session flag.
 *
 * @param flag `NE_SESSFLAG_*`. The call has no effect if the loaded neon does not know the flag
 */
export const ne_set_session_flag: (sess: ne_session, flag: number, value: Flag) => void = native('ne_set_session_flag');

/**
 * Returns the state of a session flag.
 *
 * @returns 0 if the flag is not set, more than 0 if it is set, -1 if the loaded neon does not know the flag
 */
export const ne_get_session_flag: (sess: ne_session, flag: number) => number = native('ne_get_session_flag');

/**
 * Sets the timeout for reading from the server.
 *
 * @param timeout seconds, 1 to 2147483; neon's default is 120
 */
export const ne_set_read_timeout: (sess: ne_session, timeout: number) => void = native('ne_set_read_timeout');

/**
 * Sets the timeout for connecting.
 *
 * @param timeout seconds, 1 to 2147483; by default neon waits until TCP gives up
 */
export const ne_set_connect_timeout: (sess: ne_session, timeout: number) => void = native('ne_set_connect_timeout');

/** Sets the header `User-Agent: product neon/VERSION`. Without this call neon sends no User-Agent header. */
export const ne_set_useragent: (sess: ne_session, product: string) => void = native('ne_set_useragent');

/**
 * Returns 0 if the version in the server's last response is HTTP/1.1 or later, otherwise non-zero. Call this function
 * after a response.
 */
export const ne_version_pre_http11: (sess: ne_session) => number = native('ne_version_pre_http11');

/** Returns the `host[:port]` of the server, as in the Host header. */
export const ne_get_server_hostport: (sess: ne_session) => string = native('ne_get_server_hostport');

/** Returns the scheme of the session: `'http'` or `'https'`. */
export const ne_get_scheme: (sess: ne_session) => string = native('ne_get_scheme');

/** Sets `scheme`, `host` and `port` of `uri` to those of the server. The other fields of `uri` stay unchanged. */
export const ne_fill_server_uri: (sess: ne_session, uri: Partial<ne_uri>) => void = native('ne_fill_server_uri');

/**
 * Sets `host` and `port` of `uri` to those of the HTTP proxy in use, if there is one. The other fields of `uri` stay
 * unchanged.
 */
export const ne_fill_proxy_uri: (sess: ne_session, uri: Partial<ne_uri>) => void = native('ne_fill_proxy_uri');

const requireSession: (sess: ne_session) => void = native('requireSession');

const setError: (sess: ne_session, text: string) => void = native('ne_set_error');

/**
 * Sets the session's error text from a printf-like format. C truncates the text to 511 bytes.
 *
 * @throws `ERR_INVALID_ARG_VALUE` when `template` has an unknown conversion, or does not match the number or the types
 *   of `values`
 */
export const ne_set_error = (sess: ne_session, template: string, ...values: unknown[]): void => {
  requireSession(sess);
  setError(sess, format(template, values));
};

/**
 * Returns the session's error text. While promises of the session are pending, the text describes the call that settled
 * last.
 */
export const ne_get_error: (sess: ne_session) => string = native('ne_get_error');

const privateData = new PrivateData();

/** Stores a value of any type under `id`, and replaces any earlier value. */
export const ne_set_session_private = (sess: ne_session, id: string, value: unknown): void => {
  requireSession(sess);
  privateData.set(sess, id, value);
};

/** Returns the value that was stored under `id`, or null. */
export const ne_get_session_private = (sess: ne_session, id: string): unknown => {
  requireSession(sess);
  return privateData.get(sess, id);
};

/**
 * Sets the addresses of the server. neon tries these addresses in order, and does not look up the server's name.
 *
 * @param addrs the addresses. If the list is empty, neon looks up the server's name again, and no longer uses a proxy
 *   that was set earlier
 * @throws `ERR_NEON_INVALID_STATE` once a request of the session has been created
 */
export const ne_set_addrlist: (sess: ne_session, addrs: readonly ne_inet_addr[]) => void = native('ne_set_addrlist');

/**
 * Sets the addresses of the server as {@link ne_set_addrlist} does, and also the port.
 *
 * @param port 0 to 65535
 * @throws `ERR_NEON_INVALID_STATE` once a request of the session has been created
 */
export const ne_set_addrlist2: (sess: ne_session, port: number, addrs: readonly ne_inet_addr[]) => void =
  native('ne_set_addrlist2');

/** Sets the local address from which neon connects to servers of the same address family. null means any address. */
export const ne_set_localaddr: (sess: ne_session, addr: ne_inet_addr | null) => void = native('ne_set_localaddr');

// --- TLS ----------------------------------------------------------------------------------------------------------

/**
 * Trusts a certificate as a certificate authority. The session then also trusts every certificate that this authority
 * signed. The call has no effect on a session without TLS.
 */
export const ne_ssl_trust_cert: (sess: ne_session, cert: ne_ssl_certificate) => void = native('ne_ssl_trust_cert');

/** Trusts the default certificate authorities of the TLS library. */
export const ne_ssl_trust_default_ca: (sess: ne_session) => void = native('ne_ssl_trust_default_ca');

/**
 * Called when the verification of a server's certificate failed. The result 0 accepts the certificate. Any other
 * integer rejects it. A result that is not an integer (such as a boolean, or nothing) rejects the certificate and makes
 * the running call throw a `TypeError`.
 *
 * The certificate and all objects obtained from it are destroyed when the callback ends. Use {@link ne_ssl_cert_export}
 * to keep a copy. Once a session has accepted a certificate, neon does not call the callback for it again. On the
 * promise surface the callback may return a promise.
 *
 * @param failures the reasons: one or more of `NE_SSL_*`; a bit outside `NE_SSL_FAILMASK` is a failure, too
 * @param cert the certificate of the server
 */
export type ne_ssl_verify_fn = (failures: number, cert: ne_ssl_certificate) => number | Promise<number>;

/** Sets the callback for certificates that failed verification. If `fn` is null, neon rejects these certificates. */
export const ne_ssl_set_verify: (sess: ne_session, fn: ne_ssl_verify_fn | null) => void = native('ne_ssl_set_verify');

/**
 * Sets the client certificate of a session. The session presents it when the server requests a certificate.
 *
 * @throws `ERR_NEON_INVALID_STATE` while the client certificate is encrypted
 */
export const ne_ssl_set_clicert: (sess: ne_session, clicert: ne_ssl_client_cert) => void = native('ne_ssl_set_clicert');

/**
 * Called when a server requests a client certificate and the session has none. The callback may set a client
 * certificate ({@link ne_ssl_set_clicert}). Otherwise the connection continues without a client certificate.
 *
 * @param dnames the names of the authorities that the server accepts, or an empty list when the server sent no names.
 *   The names are destroyed when the callback ends
 */
export type ne_ssl_provide_fn = (sess: ne_session, dnames: ne_ssl_dname[]) => Nothing;

/** Sets the callback for servers that request a client certificate; null removes the callback. */
export const ne_ssl_provide_clicert: (sess: ne_session, fn: ne_ssl_provide_fn | null) => void =
  native('ne_ssl_provide_clicert');

/**
 * Limits the versions of TLS. Requires neon 0.34 or later.
 *
 * The call fails if the session does not use TLS, or if the TLS library does not have a given version. GnuTLS also
 * rejects a minimum without a maximum.
 *
 * @param min `NE_SSL_PROTO_*`; `NE_SSL_PROTO_UNSPEC` for no limit
 * @param max `NE_SSL_PROTO_*`; `NE_SSL_PROTO_UNSPEC` for no limit
 * @returns `NE_OK`, or `NE_ERROR` when the call fails and sets no limit
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_ssl_set_protovers: (sess: ne_session, min: number, max: number) => number =
  native('ne_ssl_set_protovers');

// --- Events -------------------------------------------------------------------------------------------------------

/**
 * The details of an event. The object has a single field with the same name as in C. For an unknown event it has no
 * field.
 */
export interface ne_session_status_info {
  /** The details of `ne_status_lookup`. */
  lu?: {
    /** The name that is looked up. */
    hostname: string;
  };
  /** The details of `ne_status_connecting`. */
  ci?: {
    /** The name of the server. */
    hostname: string | null;
    /** A copy of the address. */
    address: ne_inet_addr | null;
  };
  /** The details of `ne_status_connected` and `ne_status_disconnected`. */
  cd?: {
    /** The name of the server. */
    hostname: string | null;
  };
  /** The details of `ne_status_sending` and `ne_status_recving`. */
  sr?: {
    /** The number of bytes so far. */
    progress: number;
    /** The number of bytes in total, or -1 when the total is not known. */
    total: number;
  };
  /** The details of `ne_status_handshake`. */
  hs?: {
    /** The version of TLS: `NE_SSL_PROTO_*`. */
    protocol: number;
    /** The name of the cipher suite. */
    ciphersuite: string | null;
  };
}

/**
 * Called for each event of a session.
 *
 * @param status `ne_status_*`. Ignore values that you do not know, because newer versions of neon may add events
 */
export type ne_notify_status = (status: number, info: ne_session_status_info) => Nothing;

/**
 * Called while neon sends a request body or receives a response body.
 *
 * @param progress the number of bytes so far
 * @param total the number of bytes in total, or -1 when the total is not known
 */
export type ne_progress = (progress: number, total: number) => Nothing;

/**
 * Sets the callback for events of a session; null removes the callback. A session has only one such callback: the new
 * one replaces an earlier notifier or progress callback ({@link ne_set_progress}).
 */
export const ne_set_notifier: (sess: ne_session, status: ne_notify_status | null) => void = native('ne_set_notifier');

/**
 * Sets the callback for progress; null removes the callback. The new callback replaces an earlier notifier or progress
 * callback. neon deprecates this function.
 */
export const ne_set_progress: (sess: ne_session, progress: ne_progress | null) => void = native('ne_set_progress');

// --- Proxies ------------------------------------------------------------------------------------------------------

/**
 * Sets an HTTP proxy, which replaces any proxy or addresses that were set earlier. With TLS, neon sends CONNECT to the
 * proxy to open a tunnel.
 *
 * @param port 0 to 65535
 * @throws `ERR_NEON_INVALID_STATE` once a request of the session has been created (C would use freed memory)
 */
export const ne_session_proxy: (sess: ne_session, hostname: string, port: number) => void = native('ne_session_proxy');

/**
 * Sets a SOCKS proxy, which replaces any proxy or addresses that were set earlier.
 *
 * @param vers `NE_SOCK_SOCKSV4`, `NE_SOCK_SOCKSV4A` or `NE_SOCK_SOCKSV5`
 * @param port 0 to 65535
 * @param username required for SOCKS 4 and 4A; may be null for SOCKS 5
 * @param password required with a user name. SOCKS 4 and 4A ignore it
 * @throws `ERR_NEON_INVALID_STATE` once a request of the session has been created; `ERR_INVALID_ARG_VALUE` for a
 *   missing user name or password; `ERR_OUT_OF_RANGE` for a user name or password of more than 255 bytes. Except with
 *   SOCKS 4, this limit also applies to the session's host name
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
 * Sets the proxies that the system's settings define for the server. These proxies replace any proxy or addresses that
 * were set earlier.
 *
 * neon finds the proxies through libproxy. The call does nothing if neon was built without libproxy. Since neon 0.34,
 * `NE_FEATURE_LIBPXY` tells whether libproxy is available.
 *
 * @param flags 0
 * @throws `ERR_NEON_INVALID_STATE` once a request of the session has been created; `ERR_OUT_OF_RANGE` when the
 *   session's host name has more than 255 bytes. A SOCKS proxy from the system's settings could not handle such a name
 */
export const ne_session_system_proxy: (sess: ne_session, flags: number) => void = native('ne_session_system_proxy');
