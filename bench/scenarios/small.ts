/** Defines the scenarios with small bodies: a growing number of connections, bodies of 64 KiB, and many PUTs. */
import type { Scenario } from '../scenario.js';
import { serveFile, serveSink, serveSmallFile } from './nginx.js';
import { smallBodies } from './reasons.js';

/** GET of 12 bytes on a number of connections. */
export const connections: readonly Scenario[] = [
  onConnections('sequential', 1),
  onConnections('parallel-8', 8),
  onConnections('parallel', 32),
  onConnections('parallel-128', 128),
  onConnections('parallel-512', 512),
];

function onConnections(name: string, count: number): Scenario {
  const how = count === 1 ? 'one connection, one request after the other' : `${count} connections at the same time`;
  return {
    name,
    about: `GET of 12 bytes, ${how}`,
    connections: count,
    operation: 'get',
    family: 'GET of 12 bytes',
    reasons: smallBodies,
    serve: serveSmallFile,
  };
}

/** Bodies that do not fit into one read of the socket. */
export const medium: Scenario = {
  name: 'medium',
  about: 'GET of 64 KiB, one connection, one request after the other',
  connections: 1,
  operation: 'get',
  reasons: smallBodies,
  serve: () => serveFile(64 * 1024),
};

/** Some uploads at once. */
export const fewPuts: Scenario = {
  name: 'puts-200',
  about: '200 PUTs of 4 KiB, started at once',
  connections: 8,
  operation: 'put',
  batch: 200,
  reasons: smallBodies,
  serve: () => serveSink(4 * 1024),
};

/** Many uploads through a pool. */
export const puts: Scenario = {
  name: 'puts',
  about: '1,000 PUTs of 4 KiB, started at once, through a pool of 8 connections',
  connections: 8,
  operation: 'put',
  batch: 1000,
  reasons: smallBodies,
  serve: () => serveSink(4 * 1024),
};
