/** Starts npm webdav-server over a folder, in a child process. */
import path from 'node:path';
import type { DavServer } from './dav-program.js';
import { startChild } from './start.js';

/** Starts npm webdav-server, which is a dev dependency of this package. */
export async function startWebdavServer(): Promise<DavServer> {
  const script = path.join(__dirname, 'webdav-server-child.js');
  const child = await startChild<{ port: number; files: string }>(script, {});
  const { port, files } = child.started;
  return { port, files, origin: `http://127.0.0.1:${port}`, root: '/', pid: child.pid, stop: () => child.stop() };
}
