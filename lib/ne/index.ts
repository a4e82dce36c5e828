/**
 * `libneon/ne`: neon's C API with the names and behaviour of C. Its calls block, as they do in C. neon's own manual
 * applies.
 *
 * A wrong argument throws a `TypeError` or `RangeError` with one of Node's codes. A use that has undefined behaviour in
 * C throws a `NeonError` instead: `ERR_NEON_DESTROYED` for a destroyed handle, `ERR_NEON_BUSY` while a promise uses the
 * handle, `ERR_NEON_REENTRANT` inside a callback of a running call. A protocol failure does not throw. As in C, the
 * function returns a result code.
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
