/**
 * Implements a listener that never accepts and whose queue is full, so that a connect gets no response. The listener
 * lives in a worker thread that blocks forever, because Node accepts every connection that its loop sees.
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
