/**
 * `libneon/webdav`: the interface of version 5 of the npm package `webdav`, on session pools of this package.
 *
 * @module
 */
export { createClient } from './client.js';
export { calculateDataLength } from './data.js';
export { WebDAVRefusal, WebDAVRequestError } from './errors.js';
export { parseXML } from './multistatus.js';
export { getPatcher, type HotPatcher, type PatchFn } from './patcher.js';
export { processResponsePayload } from './response.js';
export { parseStat, prepareFileFromProps, translateDiskSpace } from './stats.js';
export * from './types.js';
