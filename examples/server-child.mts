/** Implements the process behind `startNephele`: nephele on a folder, without users. */
import FileSystemAdapter from '@nephele/adapter-file-system';
import InsecureAuthenticator from '@nephele/authenticator-none';
import nepheleServer from 'nephele';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from '../test/servers/child.js';
import { scratchDirectory } from '../test/servers/start.js';
import type { NepheleOptions } from './server.js';

serveParent<NepheleOptions, { port: number; root: string }>(async (options, atEnd) => {
  const root = options.root ?? scratchDirectory('dav');
  if (options.root === undefined) atEnd(() => rmSync(root, { recursive: true, force: true }));

  const adapter = new FileSystemAdapter({ root });
  const handler = nepheleServer({ adapter, authenticator: new InsecureAuthenticator() }) as RequestListener;
  const server = createServer(handler).listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  return { started: { port: (server.address() as AddressInfo).port, root } };
});
