/** A TCP proxy on loopback with one fault, which can be changed while it runs. */
import path from 'node:path';
import { startChild, type RunningServer } from './start.js';

/** What goes wrong. Byte counts are of one connection, in the direction from the server unless said otherwise. */
export type Fault =
  | 'none'
  /** Accepts and resets at once. */
  | 'refuse'
  /** One byte a write. */
  | 'split'
  /** Each block from the server so many milliseconds later. */
  | { readonly latency: number }
  /** Bytes a second. */
  | { readonly rate: number }
  /** Reset, FIN, or silence with an open connection, after so many bytes. */
  | { readonly rst: number }
  | { readonly fin: number }
  | { readonly silence: number }
  /** The byte with this number (from 0) comes inverted. */
  | { readonly corrupt: number }
  /** After so many bytes from the client nothing more of it is read. */
  | { readonly stallUpload: number };

/** A running proxy. */
export interface FaultProxy extends RunningServer {
  /** For connections accepted from now on. */
  setFault(fault: Fault): Promise<void>;
}

/** What the child gets. */
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
