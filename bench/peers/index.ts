/** Lists the peers of the benchmark. */
import type { Peer } from '../peer.js';
import { axios } from './axios.js';
import { c } from './c.js';
import { curl } from './curl.js';
import { globalFetch } from './fetch.js';
import { got } from './got.js';
import { libneon } from './libneon.js';
import { ne } from './ne.js';
import { nePromises } from './ne-promises.js';
import { nodeHttp } from './node-http.js';
import { nodeLibcurl } from './node-libcurl.js';
import { node } from './node.js';
import { synckit } from './synckit.js';
import { undici, undici8 } from './undici.js';
import { libneonWebdav, webdav } from './webdav.js';

/** All peers, in the order of their turns. */
export const peers: readonly Peer[] = [
  c,
  ...[ne, nePromises, libneon],
  ...[undici, undici8, nodeHttp, globalFetch, axios, got, nodeLibcurl],
  ...[webdav, libneonWebdav],
  ...[synckit, curl, node],
];
