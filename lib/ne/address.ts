import { native } from '../native.js';
import type { ne_inet_addr, ne_session } from './handles.js';

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
