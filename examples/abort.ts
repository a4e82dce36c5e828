/** Shows three ways to end a call that takes too long: a signal, a timeout, and neon's own read timeout. */
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Session } from 'libneon';
import { startNephele } from './server.js';

async function failure(work: Promise<unknown>): Promise<string> {
  const start = performance.now();
  const error = await work.then(
    () => new Error('it came in time'),
    (reason: unknown) => reason as Error,
  );
  return `${error.name} after ${(performance.now() - start).toFixed()} ms: ${error.message}`;
}

async function main(): Promise<void> {
  const session = Session.open(process.argv[2] ?? (await startNephele()).origin);
  const controller = new AbortController();
  const aborted = failure(session.request('GET', '', { signal: controller.signal }));
  controller.abort();
  console.log(`signal:       ${await aborted}`);
  console.log(`the session:  continues, ${(await session.request('OPTIONS', '')).status}`);
  await session.close();

  // A server that accepts connections and never responds.
  const server = createServer((socket) => socket.on('error', () => {}).resume()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const silent = new Session('http', '127.0.0.1', (server.address() as AddressInfo).port, { readTimeout: 1000 });
  console.log(`timeout:      ${await failure(silent.request('GET', '/', { timeout: 100 }))}`);
  console.log(`read timeout: ${await failure(silent.request('GET', '/'))}`);
  await silent.close();
  server.close();
}

void main();
