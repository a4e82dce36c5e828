/** Defines the scenario of sequential requests. */
import type { Scenario } from '../scenario.js';
import { serveSmallFile } from './small.js';

/** One request after the other. */
export const sequential: Scenario = {
  name: 'sequential',
  about: 'GET of 12 bytes, one connection, one request after the other',
  connections: 1,
  operation: 'get',
  serve: serveSmallFile,
};
