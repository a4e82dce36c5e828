/** Starts a TCP proxy on loopback with one fault, which can be changed while it runs. */
import path from 'node:path';
import { startChild, type RunningServer } from './start.js';

/**
 * The fault. A byte count applies to one connection, and to data from the server unless `of` is `'request'`: it then
 * applies to data from the client.
 */
export type Fault =
  | 'none'
  /** Accepts and resets at once. */
  | 'refuse'
  /** Writes one byte at a time. */
  | 'split'
  /** Delays each block from the server by this number of milliseconds. */
  | { readonly latency: number }
  /** Limits the rate to this number of bytes a second. */
  | { readonly rate: number }
  /**
   * After this number of bytes: resets the connection, sends a FIN, or sends nothing more but keeps the connection
   * open.
   */
  | { readonly rst: number; readonly of?: 'request' }
  | { readonly fin: number; readonly of?: 'request' }
  | { readonly silence: number; readonly of?: 'request' }
  /** Inverts the byte with this number (from 0). */
  | { readonly corrupt: number; readonly of?: 'request' }
  /** Stops reading from the client after this number of bytes. */
  | { readonly stallUpload: number };

/** A running proxy. */
export interface FaultProxy extends RunningServer {
  /** Sets the fault, and optionally the target, of connections accepted from now on. */
  setFault(fault: Fault, target?: number): Promise<void>;
}

/** The options of the child. */
export interface FaultProxyOptions {
  readonly target: number;
  readonly fault: Fault;
}

/** Starts a proxy to a loopback port. */
export async function faultProxy(target: number, fault: Fault = 'none'): Promise<FaultProxy> {
  const script = path.join(__dirname, 'faultproxy-child.js');
  const options: FaultProxyOptions = { target, fault };
  const child = await startChild<{ port: number }, FaultProxyOptions, null>(script, options);
  return {
    port: child.started.port,
    pid: child.pid,
    stop: () => child.stop(),
    setFault: async (next, to = target) => {
      target = to;
      await child.ask({ fault: next, target });
    },
  };
}
