/** Sockets, addresses and name lookups: the API of ne_socket.h. */
import { format } from '../core/format.js';
import { native } from '../core/native.js';
import type { Out, ne_inet_addr, ne_sock_addr, ne_socket, ne_ssl_certificate, ne_ssl_context } from './handles.js';

/**
 * Initialises neon's socket and TLS libraries. The package does this when it is loaded, so a later call only increments
 * a counter.
 *
 * @returns 0
 */
export const ne_sock_init: () => number = native('ne_sock_init');

/** Decrements the counter of {@link ne_sock_init}. The libraries stay initialised. */
export const ne_sock_exit: () => void = native('ne_sock_exit');

/** Creates a socket without a connection. */
export const ne_sock_create: () => ne_socket = native('ne_sock_create');

/**
 * Sets the local address and port from which a socket connects.
 *
 * @param addr the local address for peers of the same address family; null means any address
 * @param port 0 to 65535; 0 means any port
 */
export const ne_sock_prebind: (sock: ne_socket, addr: ne_inet_addr | null, port: number) => void =
  native('ne_sock_prebind');

/**
 * Connects a socket to an address.
 *
 * @param port 0 to 65535
 * @returns 0, `NE_SOCK_TIMEOUT` or `NE_SOCK_ERROR`. After an error another address can be tried
 * @throws `ERR_NEON_INVALID_STATE` when the socket is already connected
 */
export const ne_sock_connect: (sock: ne_socket, addr: ne_inet_addr, port: number) => number = native('ne_sock_connect');

/**
 * Waits for a connection and accepts it. There is no timeout.
 *
 * @param fd a listening descriptor, which may be non-blocking
 * @returns 0, or -1 on an error
 * @throws `ERR_NEON_INVALID_STATE` when the socket is already connected
 */
export const ne_sock_accept: (sock: ne_socket, fd: number) => number = native('ne_sock_accept');

/**
 * Reads the bytes that are available: at least one byte, and at most as many as fit into `buffer`.
 *
 * @returns the number of bytes, or `NE_SOCK_*`, such as `NE_SOCK_CLOSED` at the end
 * @throws `ERR_NEON_INVALID_STATE` when the socket is not connected. All functions that send or receive throw this
 *   error
 */
export const ne_sock_read: (sock: ne_socket, buffer: Uint8Array) => number = native('ne_sock_read');

/**
 * Returns the bytes that are available, at most 4096, without consuming them. The next read returns these bytes again.
 *
 * @returns the number of bytes, or `NE_SOCK_*`, such as `NE_SOCK_CLOSED` at the end
 */
export const ne_sock_peek: (sock: ne_socket, buffer: Uint8Array) => number = native('ne_sock_peek');

/**
 * Waits until data is available.
 *
 * @param n the timeout in seconds, 1 to 2147483. The minimum is 1 because C waits forever for a smaller number
 * @returns 0, `NE_SOCK_TIMEOUT`, or another `NE_SOCK_*`
 */
export const ne_sock_block: (sock: ne_socket, n: number) => number = native('ne_sock_block');

/**
 * Sends all bytes of `data`.
 *
 * @param data the bytes; a string is sent as UTF-8
 * @returns 0 or `NE_SOCK_*`
 */
export const ne_sock_fullwrite: (sock: ne_socket, data: string | Uint8Array) => number = native('ne_sock_fullwrite');

/**
 * Sends all bytes of several blocks.
 *
 * @param vector at least one block, and at most as many as the system accepts in one call (1024)
 * @returns 0 or `NE_SOCK_*`
 */
export const ne_sock_fullwritev: (sock: ne_socket, vector: readonly (string | Uint8Array)[]) => number =
  native('ne_sock_fullwritev');

/**
 * Reads a line, including its LF, into `buffer`, and adds a null byte.
 *
 * @returns the number of bytes without the null byte, or `NE_SOCK_*`, such as `NE_SOCK_ERROR` when the line does not
 *   fit or is longer than 4096 bytes
 */
export const ne_sock_readline: (sock: ne_socket, buffer: Uint8Array) => number = native('ne_sock_readline');

/**
 * Reads until `buffer` is full.
 *
 * @returns 0 or `NE_SOCK_*`. After an error the content of the buffer is undefined
 */
export const ne_sock_fullread: (sock: ne_socket, buffer: Uint8Array) => number = native('ne_sock_fullread');

/**
 * Returns the descriptor of a socket, or -1 if the socket is not connected. The descriptor still belongs to the socket.
 */
export const ne_sock_fd: (sock: ne_socket) => number = native('ne_sock_fd');

/**
 * Returns the address of the peer. Free the address with {@link ne_iaddr_free}.
 *
 * @param port `value` is set to the port of the peer
 * @returns null on an error
 */
export const ne_sock_peer: (sock: ne_socket, port: Partial<Out<number>>) => ne_inet_addr | null =
  native('ne_sock_peer');

/**
 * Ends one direction of a connection, or both. With TLS, the call also sends a closure alert when it ends the sending
 * direction.
 *
 * @param flags `NE_SOCK_RECV`, `NE_SOCK_SEND` or `NE_SOCK_BOTH`
 * @returns 0 or `NE_SOCK_*`, such as `NE_SOCK_RETRY` when the peer has not sent its own closure alert
 */
export const ne_sock_shutdown: (sock: ne_socket, flags: number) => number = native('ne_sock_shutdown');

/**
 * Closes the connection, if there is one, and frees the socket.
 *
 * @returns 0, or non-zero on an error
 */
export const ne_sock_close: (sock: ne_socket) => number = native('ne_sock_close');

/**
 * Returns the text of the last error. While promises of the socket are pending, the text describes the call that
 * settled last.
 */
export const ne_sock_error: (sock: ne_socket) => string = native('ne_sock_error');

const requireSocket: (sock: ne_socket) => void = native('requireSocket');

const setError: (sock: ne_socket, text: string) => void = native('ne_sock_set_error');

/**
 * Sets the text of the last error from a printf-like format. C truncates the text to 191 bytes.
 *
 * @throws `ERR_INVALID_ARG_VALUE` when `template` has an unknown conversion, or does not match the number or the types
 *   of `values`
 */
export const ne_sock_set_error = (sock: ne_socket, template: string, ...values: unknown[]): void => {
  requireSocket(sock);
  setError(sock, format(template, values));
};

/**
 * Sets the timeout for reading.
 *
 * @param timeout seconds, 1 to 2147483; neon's default is 120
 */
export const ne_sock_read_timeout: (sock: ne_socket, timeout: number) => void = native('ne_sock_read_timeout');

/**
 * Sets the timeout for connecting.
 *
 * @param timeout seconds, 1 to 2147483; with 0, the default, neon waits until TCP gives up
 */
export const ne_sock_connect_timeout: (sock: ne_socket, timeout: number) => void = native('ne_sock_connect_timeout');

/**
 * Asks a SOCKS proxy to connect to a server. The socket must already be connected to the proxy.
 *
 * - `NE_SOCK_SOCKSV4` needs `username` and an IPv4 address in `addr`.
 * - `NE_SOCK_SOCKSV4A` needs `username` and `hostname`.
 * - `NE_SOCK_SOCKSV5` needs `addr` or `hostname`. A `username` is optional, and requires a `password`.
 *
 * @param vers the version of SOCKS
 * @param port 0 to 65535
 * @returns 0 or `NE_SOCK_ERROR`. After an error the socket can only be closed
 * @throws `ERR_INVALID_ARG_VALUE` when a required argument is missing; `ERR_OUT_OF_RANGE` for a text over 255 bytes
 */
export const ne_sock_proxy: (
  sock: ne_socket,
  vers: number,
  addr: ne_inet_addr | null,
  hostname: string | null,
  port: number,
  username: string | null,
  password: string | null,
) => number = native('ne_sock_proxy');

/**
 * Performs a TLS handshake as the server.
 *
 * @returns 0 or `NE_SOCK_*`. After an error the socket can only be closed
 * @throws `ERR_INVALID_ARG_VALUE` when the context is for a client; `ERR_NEON_INVALID_STATE` when the socket already
 *   uses TLS
 */
export const ne_sock_accept_ssl: (sock: ne_socket, ctx: ne_ssl_context) => number = native('ne_sock_accept_ssl');

/**
 * Performs a TLS handshake as the client. The handshake fails if the context does not trust the server's certificate.
 * With GnuTLS, versions of neon before 0.37 accept any certificate.
 *
 * The handshake does not compare the certificate with the host name. To check the host, use {@link ne_sock_handshake}
 * and {@link ne_ssl_check_certificate} instead.
 *
 * @returns 0 or `NE_SOCK_*`. After an error the socket can only be closed
 * @throws `ERR_INVALID_ARG_VALUE` when the context is for a server; `ERR_NEON_INVALID_STATE` when the socket already
 *   uses TLS
 */
export const ne_sock_connect_ssl: (sock: ne_socket, ctx: ne_ssl_context) => number = native('ne_sock_connect_ssl');

/**
 * Performs a TLS handshake as the client, and sends the name of the host to the server. Requires neon 0.37 or later.
 *
 * The handshake accepts any certificate. Check the certificate afterwards with {@link ne_ssl_check_certificate}.
 *
 * @param hostname the name that is sent to the server (SNI), or null
 * @param flags 0
 * @returns 0 or `NE_SOCK_*`. After an error the socket can only be closed
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older; `ERR_INVALID_ARG_VALUE` when the context is for a
 *   server; `ERR_NEON_INVALID_STATE` when the socket already uses TLS
 */
export const ne_sock_handshake: (
  sock: ne_socket,
  ctx: ne_ssl_context,
  hostname: string | null,
  flags: number,
) => number = native('ne_sock_handshake');

/**
 * Copies the identifier of the TLS session to `buf`.
 *
 * @param buf the buffer, or null to get only the length
 * @param buflen before the call, `value` is the number of bytes that neon may use (by default the whole buffer). After
 *   success, `value` is the length of the identifier
 * @returns 0 on success. If the socket does not use TLS, or if the identifier does not fit, the result is -1. With
 *   GnuTLS, the result may be a different negative number if the identifier does not fit
 */
export const ne_sock_sessid: (sock: ne_socket, buf: Uint8Array | null, buflen: Partial<Out<number>>) => number =
  native('ne_sock_sessid');

/** Returns a readable name of the cipher in use, or null without TLS. */
export const ne_sock_cipher: (sock: ne_socket) => string | null = native('ne_sock_cipher');

/**
 * Returns the version of TLS in use. Requires neon 0.34 or later.
 *
 * @returns `NE_SSL_PROTO_*`; `NE_SSL_PROTO_UNSPEC` without TLS
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_sock_getproto: (sock: ne_socket) => number = native('ne_sock_getproto');

/**
 * Returns the certificate of the peer, or null when the peer sent no certificate. Free the certificate with
 * {@link ne_ssl_cert_free}. Requires neon 0.37 or later.
 *
 * @throws `ERR_NEON_INVALID_STATE` without TLS; `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_sock_getcert: (sock: ne_socket, ctx: ne_ssl_context) => ne_ssl_certificate | null =
  native('ne_sock_getcert');

/**
 * Checks the certificate of a server after the handshake. The context must trust the certificate, and the certificate
 * must be valid for `hostname` or `address`. Requires neon 0.37 or later.
 *
 * @param hostname the host name to look for in the certificate, or null
 * @param address the address to look for in the certificate, or null
 * @param flags 0
 * @param failures `value` is set to the reasons for a failure (`NE_SSL_*`), if they are known
 * @returns 0 if the certificate is good, otherwise non-zero
 * @throws `ERR_NEON_INVALID_STATE` without TLS; `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_ssl_check_certificate: (
  ctx: ne_ssl_context,
  sock: ne_socket,
  hostname: string | null,
  address: ne_inet_addr | null,
  cert: ne_ssl_certificate,
  flags: number,
  failures: Partial<Out<number>>,
) => number = native('ne_ssl_check_certificate');

/**
 * Creates a network address from its raw bytes.
 *
 * @param type `ne_iaddr_ipv4` or `ne_iaddr_ipv6`
 * @param raw the address in network order: 4 bytes for IPv4, 16 bytes for IPv6
 * @returns null when the loaded neon does not support the type
 */
export const ne_iaddr_make: (type: number, raw: Uint8Array) => ne_inet_addr | null = native('ne_iaddr_make');

/**
 * Parses the text of a network address, such as `'127.0.0.1'` or `'::1'`.
 *
 * @param type `ne_iaddr_ipv4` or `ne_iaddr_ipv6`
 * @returns null when the text is not an address of this type
 */
export const ne_iaddr_parse: (addr: string, type: number) => ne_inet_addr | null = native('ne_iaddr_parse');

/** Returns the text of an address. */
export const ne_iaddr_print: (ia: ne_inet_addr) => string = native('ne_iaddr_print');

/**
 * Replaces the raw bytes of an address. Requires neon 0.37 or later.
 *
 * @param type `ne_iaddr_ipv4` or `ne_iaddr_ipv6`
 * @param raw the address in network order: 4 bytes for IPv4, 16 bytes for IPv6
 * @returns the address, or null when the loaded neon does not support the type
 * @throws `ERR_NEON_BORROWED` when the address belongs to a `ne_sock_addr`; `ERR_NEON_BUSY` while a pending call uses
 *   the address; `ERR_NEON_INVALID_STATE` while a session or socket uses the address; `ERR_NEON_UNSUPPORTED` when the
 *   loaded neon is older
 */
export const ne_iaddr_put: (ia: ne_inet_addr, type: number, raw: Uint8Array) => ne_inet_addr | null =
  native('ne_iaddr_put');

/**
 * Sets the scope of an IPv6 address. Requires neon 0.34 or later.
 *
 * @param scope the name of a network interface
 * @returns 0, or the system's error number
 * @throws the same errors as {@link ne_iaddr_put}
 */
export const ne_iaddr_set_scope: (ia: ne_inet_addr, scope: string) => number = native('ne_iaddr_set_scope');

/**
 * Returns the scope of an IPv6 address, or null. Requires neon 0.34 or later.
 *
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_iaddr_get_scope: (ia: ne_inet_addr) => string | null = native('ne_iaddr_get_scope');

/** Returns the raw bytes of an address in network order: 4 bytes for IPv4, 16 bytes for IPv6. */
export const ne_iaddr_raw: (ia: ne_inet_addr) => Buffer = native('ne_iaddr_raw');

/** Returns the type of an address: `ne_iaddr_ipv4` or `ne_iaddr_ipv6`. */
export const ne_iaddr_typeof: (ia: ne_inet_addr) => number = native('ne_iaddr_typeof');

/** Compares two addresses, and returns 0 when they are equal. */
export const ne_iaddr_cmp: (i1: ne_inet_addr, i2: ne_inet_addr) => number = native('ne_iaddr_cmp');

/**
 * Frees an address. Sessions and sockets that already use the address keep it.
 *
 * @throws `ERR_NEON_BORROWED` when the address belongs to a `ne_sock_addr`
 */
export const ne_iaddr_free: (ia: ne_inet_addr) => void = native('ne_iaddr_free');

/**
 * Looks up a host name. The call itself never fails: {@link ne_addr_result} returns the outcome.
 *
 * @param hostname a name, or an address; an IPv6 address may be in brackets
 * @param flags 0, or `NE_ADDR_CANON` to find the canonical name as well
 * @example
 * ```ts
 * const found = ne_addr_resolve('localhost', 0);
 * if (ne_addr_result(found) === 0) console.log(ne_iaddr_print(ne_addr_first(found)));
 * ```
 */
export const ne_addr_resolve: (hostname: string, flags: number) => ne_sock_addr = native('ne_addr_resolve');

/** Returns 0 when the name was found, otherwise non-zero. */
export const ne_addr_result: (addr: ne_sock_addr) => number = native('ne_addr_result');

/**
 * Returns the first address of a lookup, and restarts the iteration of {@link ne_addr_next}. The address belongs to
 * `addr`, and keeps `addr` alive.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the name was not found
 */
export const ne_addr_first: (addr: ne_sock_addr) => ne_inet_addr = native('ne_addr_first');

/** Returns the next address, or null after the last address. The address belongs to `addr`, and keeps `addr` alive. */
export const ne_addr_next: (addr: ne_sock_addr) => ne_inet_addr | null = native('ne_addr_next');

/** Returns the reason why the lookup failed, as text. */
export const ne_addr_error: (addr: ne_sock_addr) => string = native('ne_addr_error');

/** Returns the canonical name, or null if it was not found. The lookup must have requested it with `NE_ADDR_CANON`. */
export const ne_addr_canonical: (addr: ne_sock_addr) => string | null = native('ne_addr_canonical');

/** Frees the result of a lookup. Addresses from the result stay usable. */
export const ne_addr_destroy: (addr: ne_sock_addr) => void = native('ne_addr_destroy');

/**
 * Looks up the name of an address.
 *
 * @param buf `value` is set to the name. If the address has no name, `value` is set to the address as text. On an error
 *   `value` stays unchanged
 * @returns 0, or non-zero on an error
 */
export const ne_iaddr_reverse: (ia: ne_inet_addr, buf: Partial<Out<string>>) => number = native('ne_iaddr_reverse');
