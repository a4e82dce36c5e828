/** Starts Xandikos, a server of calendars and address books that are Git repositories. */
import path from 'node:path';
import { startDavProgram, type DavServer } from './dav-program.js';
import { requireProgram } from './packages.js';

/** Starts Xandikos; its root is the home of the principal `/alice/`. */
export function startXandikos(): Promise<DavServer> {
  const command = requireProgram('xandikos');
  return startDavProgram('xandikos', (port, scratch) => {
    const address = ['-l', '127.0.0.1', '-p', String(port)];
    const args = ['-d', path.join(scratch, 'store'), ...address, '--current-user-principal', '/alice/', '--defaults'];
    return { command, args, root: '/alice/' };
  });
}
