/** Runs npm webdav-server for a parent process. */
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { v2 as dav } from 'webdav-server';
import { serveParent } from './child.js';
import { scratchDirectory } from './start.js';

serveParent<object, { port: number; files: string }>(async (_, atEnd) => {
  const scratch = scratchDirectory('webdav-server');
  atEnd(() => rmSync(scratch, { recursive: true, force: true }));
  const files = path.join(scratch, 'files');
  mkdirSync(files);
  // By default, the server refuses depth infinity.
  const options = { port: 0, hostname: '127.0.0.1', maxRequestDepth: Infinity };
  const server = new dav.WebDAVServer(Object.assign(new dav.WebDAVServerOptions(), options));
  await server.setFileSystemAsync('/', new dav.PhysicalFileSystem(files));
  const listener = await server.startAsync(0);
  atEnd(() => server.stopAsync());
  if (!listener.listening) await once(listener, 'listening');
  return { started: { port: (listener.address() as AddressInfo).port, files } };
});
