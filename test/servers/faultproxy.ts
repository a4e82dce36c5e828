/** Starts a TCP proxy on loopback with one fault, which can be changed while it runs. */
import path from 'node:path';
import { startChild, type RunningServer } from './start.js';

/** The fault. Byte counts are per connection, in the direction from the server unless stated otherwise. */
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
  /** Resets, sends FIN, or falls silent with an open connection, after this number of bytes. */
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
