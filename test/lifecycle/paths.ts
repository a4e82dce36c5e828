/** Starts the server of children/paths-server.ts. */
import path from 'node:path';
import { pem, testPki } from '../servers/pki.js';
import { startChild, type ServerChild } from '../servers/start.js';
import type { PathsOptions, PathsStarted } from './children/paths-server.js';

/**
 * Starts a server that chooses its response by the path. It listens on one port without TLS and on another with a
 * certificate of the test CA.
 */
export function startPaths(): Promise<ServerChild<PathsStarted>> {
  const { server } = testPki();
  const options: PathsOptions = { key: pem(server.key), cert: pem(server.cert) };
  return startChild<PathsStarted>(path.join(__dirname, 'children', 'paths-server.js'), options);
}
