/** Starts `rclone serve webdav` for a folder. rclone uses the WebDAV server of Go's x/net. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { startDavProgram, type DavServer } from './dav-program.js';
import { requireProgram } from './packages.js';

/** Starts rclone. Its entity tags are MD5 sums, so they are strong. */
export function startRclone(): Promise<DavServer> {
  const command = requireProgram('rclone');
  return startDavProgram('rclone', (port, scratch) => {
    const files = path.join(scratch, 'files');
    mkdirSync(files);
    const args = ['--config', path.join(scratch, 'rclone.conf'), 'serve', 'webdav', files];
    return { command, args: [...args, '--addr', `127.0.0.1:${port}`, '--etag-hash', 'MD5'], files };
  });
}
