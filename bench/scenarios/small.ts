/** Serves a 12-byte file by nginx, for several scenarios. */
import { smallFile, startNginx } from '../../test/servers/nginx.js';
import type { Served } from '../scenario.js';

/** Starts nginx and returns the small file as the target. */
export async function serveSmallFile(): Promise<Served> {
  const nginx = await startNginx();
  const { port, origin } = nginx;
  const { path, body } = smallFile;
  const target = { scheme: 'http', host: '127.0.0.1', port, origin, path, bodyLength: body.length } as const;
  return { target, stop: () => nginx.stop() };
}
