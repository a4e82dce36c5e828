/** Starts a small WebDAV server in another process. A synchronous request would block a server in this process. */
import path from 'node:path';
import { startChild, type RunningServer } from '../test/servers/start.js';

/** The folder and the port of the server. */
export interface NepheleOptions {
  /** An existing folder; by default, a temporary folder that is removed with the server. */
  readonly root?: string;
  /** A free port by default. */
  readonly port?: number;
}

/** A running server. */
export interface Nephele extends RunningServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly root: string;
}

/** Starts the server on loopback, without authentication. */
export async function startNephele(options: NepheleOptions = {}): Promise<Nephele> {
  const script = path.join(__dirname, 'server-child.mjs');
  const child = await startChild<{ port: number; root: string }>(script, options);
  const { port, root } = child.started;
  return { port, root, origin: `http://127.0.0.1:${port}`, pid: child.pid, stop: () => child.stop() };
}
