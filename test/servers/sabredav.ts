/** Starts SabreDAV under PHP's own server. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startDavProgram, type DavServer } from './dav-program.js';
import { requireProgram } from './packages.js';

/** The library that is needed in addition to PHP. */
export const sabreDav = '/usr/share/php/Sabre/DAV/Server.php';

/**
 * Serves a folder with locks and partial updates (PATCH). Disables PHP's warnings, because SabreDAV 1.8 is older than
 * the installed PHP.
 */
const script = `<?php
error_reporting(E_ALL & ~E_DEPRECATED & ~E_WARNING & ~E_NOTICE & ~E_STRICT);
ini_set('display_errors', '0');
date_default_timezone_set('UTC');
require_once '/usr/share/php/Sabre/autoload.php';
$folder = getenv('SABRE_FOLDER');
$server = new Sabre\\DAV\\Server(new Sabre\\DAV\\FSExt\\Directory("$folder/files"));
$server->setBaseUri('/');
$server->addPlugin(new Sabre\\DAV\\Locks\\Plugin(new Sabre\\DAV\\Locks\\Backend\\File("$folder/locks")));
$server->addPlugin(new Sabre\\DAV\\PartialUpdate\\Plugin());
$server->exec();
`;

/** Starts SabreDAV with several PHP workers. One worker handles only one connection at a time. */
export function startSabreDav(): Promise<DavServer> {
  const command = requireProgram('php');
  requireProgram(sabreDav);
  return startDavProgram('sabredav', (port, scratch) => {
    const files = path.join(scratch, 'files');
    mkdirSync(files);
    const file = path.join(scratch, 'server.php');
    writeFileSync(file, script);
    const limits = ['upload_max_filesize=0', 'post_max_size=0', 'memory_limit=512M'].flatMap((limit) => ['-d', limit]);
    const env = { SABRE_FOLDER: scratch, PHP_CLI_SERVER_WORKERS: '4' };
    return { command, args: [...limits, '-S', `127.0.0.1:${port}`, file], env, files };
  });
}
