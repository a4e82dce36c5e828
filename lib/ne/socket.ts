import { native } from '../native.js';

/** Initialises neon's socket and TLS libraries: 0. It was done when the module loaded; this counts a use. */
export const ne_sock_init: () => number = native('ne_sock_init');

/** Undoes one ne_sock_init of the caller's; never the module's own. */
export const ne_sock_exit: () => void = native('ne_sock_exit');
