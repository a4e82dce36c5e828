/** Starts lighttpd with mod_webdav, a second reliable WebDAV server next to Apache. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { requireProgram } from './packages.js';
import { scratchDirectory, startProgram, withFreePorts, type RunningServer } from './start.js';

/** The module that WebDAV needs in addition to the program. */
export const lighttpdWebdav = '/usr/lib/lighttpd/mod_webdav.so';

/** A running lighttpd. */
export interface Lighttpd extends RunningServer {
  /** `http://127.0.0.1:PORT`; every path is WebDAV. */
  readonly origin: string;
}

/** Starts lighttpd; properties and locks are in a new database. */
export function startLighttpd(): Promise<Lighttpd> {
  const command = requireProgram('lighttpd');
  requireProgram(lighttpdWebdav);
  return withFreePorts(1, async ([port]) => {
    const scratch = scratchDirectory('lighttpd');
    const config = path.join(scratch, 'lighttpd.conf');
    const log = path.join(scratch, 'error.log');
    mkdirSync(path.join(scratch, 'files'));
    writeFileSync(config, configuration(scratch, port!));
    const child = await startProgram({ command, args: ['-D', '-f', config], ports: [port!], log, scratch });
    return { port: port!, origin: `http://127.0.0.1:${port}`, pid: child.pid, stop: () => child.stop() };
  });
}

/** The configuration. Files without a type would have no entity tags. */
function configuration(scratch: string, port: number): string {
  return `
server.modules = ("mod_webdav")
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${scratch}/files"
server.upload-dirs = ("${scratch}")
server.errorlog = "${scratch}/error.log"
mimetype.assign = ("" => "application/octet-stream")
webdav.activate = "enable"
webdav.sqlite-db-name = "${scratch}/webdav.db"
`;
}
