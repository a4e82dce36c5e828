/** Defines the scenario of many concurrent connections. */
import type { Scenario } from '../scenario.js';
import { serveSmallFile } from './small.js';

/** Many connections at once. */
export const parallel: Scenario = {
  name: 'parallel',
  about: 'GET of 12 bytes, 32 connections at the same time',
  connections: 32,
  operation: 'get',
  serve: serveSmallFile,
};
