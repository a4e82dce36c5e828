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

/** The raw bytes of an address, in network order: 4 or 16. */
export const ne_iaddr_raw: (ia: ne_inet_addr) => Buffer = native('ne_iaddr_raw');

/** `ne_iaddr_ipv4` or `ne_iaddr_ipv6`. */
export const ne_iaddr_typeof: (ia: ne_inet_addr) => number = native('ne_iaddr_typeof');

/** 0 when two addresses are the same. */
export const ne_iaddr_cmp: (i1: ne_inet_addr, i2: ne_inet_addr) => number = native('ne_iaddr_cmp');

/** Frees an address. A session that was given it goes on with it. */
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
