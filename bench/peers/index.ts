/** Lists the peers of the benchmark. */
import type { Peer } from '../peer.js';
import { axios } from './axios.js';
import { c } from './c.js';
import { globalFetch } from './fetch.js';
import { got } from './got.js';
import { libneon } from './libneon.js';
import { ne } from './ne.js';
import { nePromises } from './ne-promises.js';
import { nodeHttp } from './node-http.js';
import { undici } from './undici.js';

/** All peers, in the order of their turns. */
export const peers: readonly Peer[] = [c, ne, nePromises, libneon, undici, nodeHttp, globalFetch, axios, got];
