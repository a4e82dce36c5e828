/**
 * `libneon/ne`: neon's C API, name for name, blocking as in C. Names and behaviour are the same as in C, so neon's
 * manual applies.
 *
 * For wrong arguments, every function throws a `TypeError` or `RangeError` with one of Node's codes. For a use whose
 * result is undefined in C, the function throws a `NeonError`: `ERR_NEON_DESTROYED` for a handle that is destroyed,
 * `ERR_NEON_BUSY` while a promise uses the handle, `ERR_NEON_REENTRANT` inside a callback of a running call. A failure
 * of the protocol does not throw: it is a result, as in C.
 *
 * @module
 */
export * from './207.js';
export * from './acl.js';
export * from './acl3744.js';
export * from './auth.js';
export * from './basic.js';
export * from './compress.js';
export * from './constants.js';
export * from './dates.js';
export * from './i18n.js';
export * from './locks.js';
export * from './md5.js';
export * from './pkcs11.js';
export * from './props.js';
export * from './redirect.js';
export * from './request.js';
export * from './session.js';
export * from './socket.js';
export * from './ssl.js';
export * from './string.js';
export * from './uri.js';
export * from './utils.js';
export * from './xml.js';
export * from './xmlreq.js';
export type * from './handles.js';
