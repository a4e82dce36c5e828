import { native } from '../native.js';
import type { ne_inet_addr, ne_sock_addr, Out } from './handles.js';

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
