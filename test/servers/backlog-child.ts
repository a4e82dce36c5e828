/**
 * Implements a server that never answers a connect. It does not accept connections, and its queue is full. A worker
 * thread opens the listener and blocks forever, because Node's event loop would accept the connections.
 */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { serveParent } from './child.js';

/** The time in milliseconds after which a connect on loopback counts as unanswered. */
const UNANSWERED = 150;

if (isMainThread) serveParent<null, { port: number }>(async () => ({ started: { port: await listenAndFill() } }));
else listenAndStop();

async function listenAndFill(): Promise<number> {
  const worker = new Worker(__filename);
  const [port] = (await once(worker, 'message')) as [number];
  while (await isAccepted(connect(port, '127.0.0.1')));
  return port;
}

async function isAccepted(socket: Socket): Promise<boolean> {
  socket.on('error', () => {});
  const accepted = once(socket, 'connect').then(() => true);
  return Promise.race([accepted, sleep(UNANSWERED, false)]);
}

function listenAndStop(): void {
  const server = createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => {
    parentPort?.postMessage((server.address() as AddressInfo).port);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
}
