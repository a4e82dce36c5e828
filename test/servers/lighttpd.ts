/** Starts lighttpd with mod_webdav. Like Apache, it is a reliable WebDAV server to test against. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startDavProgram, type DavServer } from './dav-program.js';
import { requireProgram } from './packages.js';

/** The module that WebDAV needs in addition to the program. */
export const lighttpdWebdav = '/usr/lib/lighttpd/mod_webdav.so';

/** Starts lighttpd with WebDAV on every path. It stores properties and locks in a new database. */
export function startLighttpd(): Promise<DavServer> {
  const command = requireProgram('lighttpd');
  requireProgram(lighttpdWebdav);
  return startDavProgram('lighttpd', (port, scratch) => {
    const config = path.join(scratch, 'lighttpd.conf');
    const files = path.join(scratch, 'files');
    mkdirSync(files);
    writeFileSync(config, configuration(scratch, port));
    return { command, args: ['-D', '-f', config], logs: [path.join(scratch, 'error.log')], files };
  });
}

/** The configuration. Every file gets a type, because lighttpd sends entity tags only for files with a type. */
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
