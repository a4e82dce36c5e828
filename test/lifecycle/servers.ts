/** Starts the servers that the scripts of the life-cycle tests use. */
import { rmSync } from 'node:fs';
import { fixedServer, fullBacklogServer, rawServer, response, silentServer, type RawServer } from '../servers/raw.js';
import { pem, testPki } from '../servers/pki.js';
import type { RunningServer } from '../servers/start.js';
import type { Ports } from './children/blocked.js';
import type { PathsStarted } from './children/paths-server.js';
import { startPaths } from './paths.js';

const running: { stop(): Promise<void> }[] = [];
const folders: string[] = [];

/**
 * Starts the servers for calls that wait. Returns their ports as JSON, which is passed to the script as an argument.
 */
export async function blockedPorts(): Promise<string> {
  const start = {
    silent: silentServer,
    backlog: fullBacklogServer,
    endless: endlessServer,
    good: fixedServer,
    once: onceServer,
  } satisfies Record<keyof Ports, () => Promise<RunningServer>>;
  const ports = Object.entries(start).map(async ([name, server]) => {
    const started = await server();
    running.push(started);
    return [name, started.port] as const;
  });
  return JSON.stringify(Object.fromEntries(await Promise.all(ports)));
}

/** Starts a server that responds to the first request of each connection, and to no other. */
function onceServer(): Promise<RawServer> {
  const script = [{ read: 'request' }, { send: response('hello') }, { hang: 'reading' }] as const;
  return rawServer({ connections: [script], rest: 'repeat-last' });
}

/** Starts a server that sends an endless body. With `tls`, the server has a certificate of the test CA. */
export function endlessServer(tls = false): Promise<RawServer> {
  const { server } = tls ? testPki() : { server: null };
  return rawServer({
    connections: [
      [{ read: 'request' }, { send: 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n' }, { streamForever: 65_536 }],
    ],
    rest: 'repeat-last',
    ...(server && { tls: { key: pem(server.key), cert: pem(server.cert) } }),
  });
}

/** Starts the server of {@link startPaths}, and stops it after all tests of this file. */
export async function pathsServer(): Promise<PathsStarted> {
  return untilTheEnd(await startPaths()).started;
}

/** Registers a server to be stopped after all tests of this file. */
export function untilTheEnd<S extends { stop(): Promise<void> }>(server: S): S {
  running.push(server);
  return server;
}

/** Registers a folder to be removed after all tests of this file. */
export function removeAtTheEnd(folder: string): string {
  folders.push(folder);
  return folder;
}

afterAll(async () => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  await Promise.all(running.splice(0).map((server) => server.stop()));
});
