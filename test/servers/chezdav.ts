/** Starts chezdav, GNOME's WebDAV server (phodav, on libsoup). */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { startDavProgram, type DavServer } from './dav-program.js';
import { requireProgram } from './packages.js';

/** Starts chezdav on loopback. The server does not announce itself on the network. */
export function startChezdav(): Promise<DavServer> {
  const command = requireProgram('chezdav');
  return startDavProgram('chezdav', (port, scratch) => {
    const files = path.join(scratch, 'files');
    mkdirSync(files);
    return { command, args: ['--no-mdns', '--local', '--path', files, '--port', String(port)], files };
  });
}
