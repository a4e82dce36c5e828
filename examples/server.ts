/** Starts a small WebDAV server in a process of its own, since a synchronous request would block one in this process. */
import path from 'node:path';
import { startChild, type RunningServer } from '../test/servers/start.js';

/** Where the server keeps its files, and where it listens. */
export interface NepheleOptions {
  /** An existing folder; a temporary one that disappears with the server unless given. */
  readonly root?: string;
  /** A free port unless given. */
  readonly port?: number;
}

/** A running server. */
export interface Nephele extends RunningServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly root: string;
}

/** Starts the server on loopback; no user name is asked for. */
export async function startNephele(options: NepheleOptions = {}): Promise<Nephele> {
  const script = path.join(__dirname, 'server-child.mjs');
  const child = await startChild<{ port: number; root: string }>(script, options);
  const { port, root } = child.started;
  return { port, root, origin: `http://127.0.0.1:${port}`, pid: child.pid, stop: () => child.stop() };
}
