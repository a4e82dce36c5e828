import { format } from '../core/format.js';
import { native } from '../core/native.js';
import type { Out, ne_inet_addr, ne_sock_addr, ne_socket, ne_ssl_certificate, ne_ssl_context } from './handles.js';

/** Initialises neon's socket and TLS libraries: 0. It was done when the module loaded; this counts a use. */
export const ne_sock_init: () => number = native('ne_sock_init');

/** Undoes one ne_sock_init of the caller's; never the module's own. */
export const ne_sock_exit: () => void = native('ne_sock_exit');

/** A socket without a connection. */
export const ne_sock_create: () => ne_socket = native('ne_sock_create');

/**
 * Connects from this local address, where it is of the peer's family, and this port. Null is any address, 0 any port.
 *
 * @param port 0 to 65535
 */
export const ne_sock_prebind: (sock: ne_socket, addr: ne_inet_addr | null, port: number) => void =
  native('ne_sock_prebind');

/**
 * Connects. Returns 0, `NE_SOCK_TIMEOUT` or `NE_SOCK_ERROR`; after those another address can be tried.
 *
 * @param port 0 to 65535
 * @throws `ERR_NEON_INVALID_STATE` when the socket is connected
 */
export const ne_sock_connect: (sock: ne_socket, addr: ne_inet_addr, port: number) => number = native('ne_sock_connect');

/**
 * Accepts a connection: waits for one on the listening descriptor `fd`, also on a non-blocking one, without limit. Returns
 * 0, or -1 on an error.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the socket is connected
 */
export const ne_sock_accept: (sock: ne_socket, fd: number) => number = native('ne_sock_accept');

/**
 * Reads what there is, at least a byte and at most what fits into `buffer`. Returns how many bytes, or `NE_SOCK_*`:
 * `NE_SOCK_CLOSED` at the end.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the socket is not connected; so do all functions that send or receive
 */
export const ne_sock_read: (sock: ne_socket, buffer: Uint8Array) => number = native('ne_sock_read');

/** The same, and leaves the bytes for the next read. Gives at most 4096 bytes. */
export const ne_sock_peek: (sock: ne_socket, buffer: Uint8Array) => number = native('ne_sock_peek');

/**
 * Waits until there is something to read, at most `n` seconds. Returns 0, `NE_SOCK_TIMEOUT`, or another `NE_SOCK_*`.
 *
 * @param n 1 to 2147483; C would wait for ever for less
 */
export const ne_sock_block: (sock: ne_socket, n: number) => number = native('ne_sock_block');

/** Sends all of the bytes (of the string's UTF-8). Returns 0 or `NE_SOCK_*`. */
export const ne_sock_fullwrite: (sock: ne_socket, data: string | Uint8Array) => number = native('ne_sock_fullwrite');

/** Sends all of the blocks, at least one and as many as the system takes at a time (1024). Returns 0 or `NE_SOCK_*`. */
export const ne_sock_fullwritev: (sock: ne_socket, vector: readonly (string | Uint8Array)[]) => number =
  native('ne_sock_fullwritev');

/**
 * Reads a line, with its LF, into `buffer`, and a NUL after it. Returns how many bytes without the NUL, or `NE_SOCK_*`:
 * `NE_SOCK_ERROR` when it does not fit, or is longer than 4096 bytes.
 */
export const ne_sock_readline: (sock: ne_socket, buffer: Uint8Array) => number = native('ne_sock_readline');

/** Fills all of `buffer`. Returns 0 or `NE_SOCK_*`; then what is in the buffer means nothing. */
export const ne_sock_fullread: (sock: ne_socket, buffer: Uint8Array) => number = native('ne_sock_fullread');

/** The descriptor, which stays the socket's; -1 without a connection. */
export const ne_sock_fd: (sock: ne_socket) => number = native('ne_sock_fd');

/** The address of the peer, and its port in `port.value`; null on an error. Free it with ne_iaddr_free. */
export const ne_sock_peer: (sock: ne_socket, port: Partial<Out<number>>) => ne_inet_addr | null =
  native('ne_sock_peer');

/**
 * Ends one direction or both: `NE_SOCK_RECV`, `NE_SOCK_SEND`, `NE_SOCK_BOTH`. Returns 0 or `NE_SOCK_*`. With TLS sending
 * ends with a closure alert; `NE_SOCK_RETRY` is that the peer has not sent its own.
 */
export const ne_sock_shutdown: (sock: ne_socket, flags: number) => number = native('ne_sock_shutdown');

/** Closes the connection, if there is one, and frees the socket. Returns 0, or non-zero on an error. */
export const ne_sock_close: (sock: ne_socket) => number = native('ne_sock_close');

/** The text of the last error. While promises of the socket are pending, that of the call which settled last. */
export const ne_sock_error: (sock: ne_socket) => string = native('ne_sock_error');

const requireSocket: (sock: ne_socket) => void = native('requireSocket');

const setError: (sock: ne_socket, text: string) => void = native('ne_sock_set_error');

/**
 * Sets the text of the last error from a printf-like format. C keeps the first 191 bytes.
 *
 * @throws `ERR_INVALID_ARG_VALUE` on a wrong conversion or number of arguments
 */
export const ne_sock_set_error = (sock: ne_socket, template: string, ...values: unknown[]): void => {
  requireSocket(sock);
  setError(sock, format(template, values));
};

/** How long a read may take, in seconds (1 to 2147483; neon's default is 120). */
export const ne_sock_read_timeout: (sock: ne_socket, timeout: number) => void = native('ne_sock_read_timeout');

/** How long connecting may take, in seconds (1 to 2147483); 0, the default, is as long as TCP tries. */
export const ne_sock_connect_timeout: (sock: ne_socket, timeout: number) => void = native('ne_sock_connect_timeout');

/**
 * Asks the SOCKS proxy that the socket is connected to for a connection. Returns 0 or `NE_SOCK_ERROR`, after which the
 * socket can only be closed.
 *
 * - `NE_SOCK_SOCKSV4` needs `addr`, an IPv4 address, and `username`.
 * - `NE_SOCK_SOCKSV4A` needs `hostname` and `username`.
 * - `NE_SOCK_SOCKSV5` needs `addr` or `hostname`, and `password` with `username`.
 *
 * @param port 0 to 65535
 * @throws `ERR_INVALID_ARG_VALUE` when something of that is missing; `ERR_OUT_OF_RANGE` on a text over 255 bytes
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
 * TLS handshake as the server. Returns 0 or `NE_SOCK_*`, after which the socket can only be closed.
 *
 * @throws `ERR_INVALID_ARG_VALUE` with a client's context; `ERR_NEON_INVALID_STATE` when the socket speaks TLS
 */
export const ne_sock_accept_ssl: (sock: ne_socket, ctx: ne_ssl_context) => number = native('ne_sock_accept_ssl');

/**
 * TLS handshake as the client. Returns 0 or `NE_SOCK_*`, after which the socket can only be closed. Fails unless the
 * server's certificate is one that the context trusts (with GnuTLS: since neon 0.37), whatever host it is for; to
 * have that checked too, use {@link ne_sock_handshake} and {@link ne_ssl_check_certificate}.
 *
 * @throws `ERR_INVALID_ARG_VALUE` with a server's context; `ERR_NEON_INVALID_STATE` when the socket speaks TLS
 */
export const ne_sock_connect_ssl: (sock: ne_socket, ctx: ne_ssl_context) => number = native('ne_sock_connect_ssl');

/**
 * TLS handshake as the client, which tells the server for which host. Whatever the certificate, it succeeds: have it
 * checked with {@link ne_ssl_check_certificate}. Returns 0 or `NE_SOCK_*`, after which the socket can only be closed.
 * Needs neon 0.37.
 *
 * @param flags 0
 * @throws `ERR_NEON_UNSUPPORTED` with an older one; the same as {@link ne_sock_connect_ssl}
 */
export const ne_sock_handshake: (
  sock: ne_socket,
  ctx: ne_ssl_context,
  hostname: string | null,
  flags: number,
) => number = native('ne_sock_handshake');

/**
 * The identity of the TLS session: into `buf`, of which `buflen.value` bytes may be used (all of them unless given), and
 * are afterwards; with null only its length into `buflen.value`. Returns 0, or non-zero without TLS or when it does not
 * fit.
 */
export const ne_sock_sessid: (sock: ne_socket, buf: Uint8Array | null, buflen: Partial<Out<number>>) => number =
  native('ne_sock_sessid');

/** The name of the cipher in use, for people; null without TLS. */
export const ne_sock_cipher: (sock: ne_socket) => string | null = native('ne_sock_cipher');

/**
 * The version of TLS in use (`NE_SSL_PROTO_*`); `NE_SSL_PROTO_UNSPEC` without TLS. Needs neon 0.34.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_sock_getproto: (sock: ne_socket) => number = native('ne_sock_getproto');

/**
 * The peer's certificate, or null when it sent none. Free it with ne_ssl_cert_free. Needs neon 0.37.
 *
 * @throws `ERR_NEON_INVALID_STATE` without TLS; `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_sock_getcert: (sock: ne_socket, ctx: ne_ssl_context) => ne_ssl_certificate | null =
  native('ne_sock_getcert');

/**
 * Checks a server's certificate, after the handshake: whether it can be trusted, and is for `hostname` or `address`,
 * whichever was connected to. Returns 0 if so, else non-zero; then `failures.value` is why (`NE_SSL_*`), if it can be
 * told. Needs neon 0.37.
 *
 * @param flags 0
 * @throws `ERR_NEON_INVALID_STATE` without TLS; `ERR_NEON_UNSUPPORTED` with an older neon
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
 * A network address from its raw bytes in network order: 4 for `ne_iaddr_ipv4`, 16 for `ne_iaddr_ipv6`. Null when this
 * neon does not support the type.
 */
export const ne_iaddr_make: (type: number, raw: Uint8Array) => ne_inet_addr | null = native('ne_iaddr_make');

/** A network address from its text (`'127.0.0.1'`, `'::1'`), or null when that is none of this type. */
export const ne_iaddr_parse: (addr: string, type: number) => ne_inet_addr | null = native('ne_iaddr_parse');

/** The text of an address. */
export const ne_iaddr_print: (ia: ne_inet_addr) => string = native('ne_iaddr_print');

/**
 * Makes an address another one. Returns it, or null when this neon does not support the type. Needs neon 0.37.
 *
 * @throws `ERR_NEON_BORROWED` when it belongs to a `ne_sock_addr`; `ERR_NEON_BUSY` while a pending call uses it;
 *   `ERR_NEON_INVALID_STATE` while a session or socket was given it; `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_iaddr_put: (ia: ne_inet_addr, type: number, raw: Uint8Array) => ne_inet_addr | null =
  native('ne_iaddr_put');

/**
 * Sets the scope of an IPv6 address: the name of a network interface. Returns 0 or the system's error number. Needs neon
 * 0.34.
 *
 * @throws the same as {@link ne_iaddr_put}
 */
export const ne_iaddr_set_scope: (ia: ne_inet_addr, scope: string) => number = native('ne_iaddr_set_scope');

/** The scope of an IPv6 address, or null. Needs neon 0.34. */
export const ne_iaddr_get_scope: (ia: ne_inet_addr) => string | null = native('ne_iaddr_get_scope');

/** The raw bytes of an address, in network order: 4 or 16. */
export const ne_iaddr_raw: (ia: ne_inet_addr) => Buffer = native('ne_iaddr_raw');

/** `ne_iaddr_ipv4` or `ne_iaddr_ipv6`. */
export const ne_iaddr_typeof: (ia: ne_inet_addr) => number = native('ne_iaddr_typeof');

/** 0 when two addresses are the same. */
export const ne_iaddr_cmp: (i1: ne_inet_addr, i2: ne_inet_addr) => number = native('ne_iaddr_cmp');

/**
 * Frees an address. A session or socket that was given it goes on with it.
 *
 * @throws `ERR_NEON_BORROWED` when it belongs to a `ne_sock_addr`
 */
export const ne_iaddr_free: (ia: ne_inet_addr) => void = native('ne_iaddr_free');

/**
 * Looks a host name up. An IPv6 address may stand in brackets. Never fails itself: ne_addr_result tells.
 *
 * @param flags 0 or `NE_ADDR_CANON`
 */
export const ne_addr_resolve: (hostname: string, flags: number) => ne_sock_addr = native('ne_addr_resolve');

/** 0 when the name was found. */
export const ne_addr_result: (addr: ne_sock_addr) => number = native('ne_addr_result');

/**
 * The first address, where ne_addr_next starts from. It belongs to `addr`, and keeps it alive.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the name was not found
 */
export const ne_addr_first: (addr: ne_sock_addr) => ne_inet_addr = native('ne_addr_first');

/** The next address, or null after the last. It belongs to `addr`, and keeps it alive. */
export const ne_addr_next: (addr: ne_sock_addr) => ne_inet_addr | null = native('ne_addr_next');

/** Why the name was not found. */
export const ne_addr_error: (addr: ne_sock_addr) => string = native('ne_addr_error');

/** The canonical name, if it was found and asked for with `NE_ADDR_CANON`; else null. */
export const ne_addr_canonical: (addr: ne_sock_addr) => string | null = native('ne_addr_canonical');

/** Frees the answer. Its addresses go on. */
export const ne_addr_destroy: (addr: ne_sock_addr) => void = native('ne_addr_destroy');

/**
 * Looks the name of an address up: into `buf.value`, which an error leaves alone. Returns 0, or non-zero on an error. An
 * address without a name gives its text.
 */
export const ne_iaddr_reverse: (ia: ne_inet_addr, buf: Partial<Out<string>>) => number = native('ne_iaddr_reverse');
