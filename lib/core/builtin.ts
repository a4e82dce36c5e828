/** Modules of Node that are loaded when they are first used. Loading them with the package would delay its start. */

/** `node:crypto`. */
export const crypto = () => process.getBuiltinModule('node:crypto');

/** `node:net`. */
export const net = () => process.getBuiltinModule('node:net');
