/** The embedded WebDAV server; the tour uses the same one. */
export { startNephele, type Nephele, type NepheleOptions } from '../../examples/server.js';
