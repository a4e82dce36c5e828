/** Starts a TCP proxy on loopback with one fault, which can be changed while it runs. */
import path from 'node:path';
import { startChild, type RunningServer } from './start.js';

/** The fault. Unless stated otherwise, a byte count applies to one connection and to data from the server. */
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
  | { readonly rst: number }
  | { readonly fin: number }
  | { readonly silence: number }
  /** Inverts the byte with this number (from 0). */
  | { readonly corrupt: number }
  /** Stops reading from the client after this number of bytes. */
  | { readonly stallUpload: number };

/** A running proxy. */
export interface FaultProxy extends RunningServer {
  /** Sets the fault of connections accepted from now on. */
  setFault(fault: Fault): Promise<void>;
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
  const child = await startChild<{ port: number }, Fault, null>(script, options);
  return {
    port: child.started.port,
    pid: child.pid,
    stop: () => child.stop(),
    setFault: async (next) => {
      await child.ask(next);
    },
  };
}
