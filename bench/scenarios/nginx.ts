/** Serves what the scenarios need by nginx. */
import { pattern, smallFile, startNginx, type NginxOptions } from '../../test/servers/nginx.js';
import type { Target } from '../peer.js';
import type { Served } from '../scenario.js';

/** Starts nginx; `resource` is the path and the body of the target. */
export async function serveWith(
  options: NginxOptions,
  resource: Pick<Target, 'path' | 'bodyLength' | 'edge' | 'file'>,
): Promise<Served> {
  const nginx = await startNginx(options);
  const { port, origin } = nginx;
  return { target: { scheme: 'http', host: '127.0.0.1', port, origin, ...resource }, stop: () => nginx.stop() };
}

/** Serves the file of 12 bytes. */
export function serveSmallFile(): Promise<Served> {
  return serveWith({}, { path: smallFile.path, bodyLength: smallFile.body.length });
}

/** Serves a file of this size. */
export function serveFile(bodyLength: number): Promise<Served> {
  return serveWith({ files: { '/file': bodyLength } }, { path: '/file', bodyLength, edge: pattern });
}

/** Accepts bodies of this size. */
export function serveSink(bodyLength: number): Promise<Served> {
  return serveWith({ sink: '/sink' }, { path: '/sink', bodyLength, edge: pattern });
}
