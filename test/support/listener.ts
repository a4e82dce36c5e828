/**
 * Opens listeners from which only neon accepts connections. A worker thread opens each listener and then blocks.
 * Otherwise its event loop would accept the connections itself.
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

/**
 * Reports the descriptor of a server. The script uses the internal `_handle`, because Node has no public function for
 * this.
 */
const script = `
  const { parentPort, workerData } = require('node:worker_threads');
  const server = require('node:net').createServer().listen(workerData, () => {
    parentPort.postMessage({ fd: server._handle.fd, port: server.address().port ?? 0 });
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0));
  });
  server.on('error', (error) => { throw error; });
`;

/** Listens with the given options of net.Server. By default, uses a free port on 127.0.0.1. */
export async function listen(options: { host?: string; path?: string } = {}): Promise<Listener> {
  const where = options.path === undefined ? { host: options.host ?? '127.0.0.1', port: 0 } : options;
  const worker = new Worker(script, { eval: true, workerData: where });
  const [{ fd, port }] = (await once(worker, 'message')) as [{ fd: number; port: number }];
  const close = async (): Promise<void> => {
    await worker.terminate();
  };
  return { fd, port, close };
}

/** Returns a function like {@link listen}. It closes the listeners after the running test. */
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
