/**
 * Listening descriptors from which only neon accepts connections. Each descriptor is opened by a worker thread whose
 * event loop is then blocked, since Node accepts every connection that its event loop sees.
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

/** Reports the descriptor of a server from the internal `_handle`, since Node has no public way to get it. */
const script = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer().listen(workerData, () => {
    parentPort.postMessage({ fd: server._handle.fd, port: server.address().port ?? 0 });
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
  server.on('error', (error) => { throw error; });
`;

/** Listens as net.Server does with these options. By default, listens on a free port of 127.0.0.1. */
export async function listen(options: { host?: string; path?: string } = {}): Promise<Listener> {
  const where = options.path === undefined ? { host: options.host ?? '127.0.0.1', port: 0 } : options;
  const worker = new Worker(script, { eval: true, workerData: where });
  const [{ fd, port }] = (await once(worker, 'message')) as [{ fd: number; port: number }];
  const close = async (): Promise<void> => {
    await worker.terminate();
  };
  return { fd, port, close };
}

/** Returns a function like {@link listen} whose listeners are closed after the running test. */
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
