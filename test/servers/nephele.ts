/** Exports the embedded WebDAV server that the tour also uses. */
export { startNephele, type Nephele, type NepheleOptions } from '../../examples/server.js';
