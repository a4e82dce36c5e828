/**
 * Listening descriptors from which only neon accepts. Each lives in a worker thread whose event loop is blocked: Node
 * would accept every connection that its loop sees.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** A listening descriptor of this process. */
export interface Listener {
  readonly fd: number;
  /** 0 for a path. */
  readonly port: number;
  close(): Promise<void>;
}

/** Node has no public way to the descriptor of a server. */
const script = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer().listen(workerData, () => {
    parentPort.postMessage({ fd: server._handle.fd, port: server.address().port ?? 0 });
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
  server.on('error', (error) => { throw error; });
`;

/** Listens as net.Server does with these options; on a free port of 127.0.0.1 by default. */
export async function listen(options: { host?: string; path?: string } = {}): Promise<Listener> {
  const where = options.path === undefined ? { host: options.host ?? '127.0.0.1', port: 0 } : options;
  const worker = new Worker(script, { eval: true, workerData: where });
  const [{ fd, port }] = (await once(worker, 'message')) as [{ fd: number; port: number }];
  const close = async (): Promise<void> => {
    await worker.terminate();
  };
  return { fd, port, close };
}

/** Gives a function that listens for the running test. */
export function testListeners(): typeof listen {
  const open: Listener[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((listener) => listener.close()));
  });
  return async (options) => {
    const listener = await listen(options);
    open.push(listener);
    return listener;
  };
}
