/** Starts `rclone serve webdav` over a folder: the WebDAV server of Go's x/net. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { startDavProgram, type DavServer } from './dav-program.js';
import { requireProgram } from './packages.js';

/** Starts rclone with MD5 sums as entity tags, which are strong. */
export function startRclone(): Promise<DavServer> {
  const command = requireProgram('rclone');
  return startDavProgram('rclone', (port, scratch) => {
    const files = path.join(scratch, 'files');
    mkdirSync(files);
    const args = ['--config', path.join(scratch, 'rclone.conf'), 'serve', 'webdav', files];
    return { command, args: [...args, '--addr', `127.0.0.1:${port}`, '--etag-hash', 'MD5'], files };
  });
}
