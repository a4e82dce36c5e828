/** What is compared: each peer is an HTTP client behind the same few operations. */

/** Where requests go. */
export interface Target {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8080` */
  readonly origin: string;
  readonly path: string;
  /** How long the body is that a GET brings; peers that see the body check it. */
  readonly bodyLength: number;
  /** The CA certificate to trust, as a PEM file. */
  readonly ca?: string;
}

/** How long one turn of a peer takes, in seconds. */
export interface Times {
  readonly warmup: number;
  readonly seconds: number;
}

/** What one turn measured. */
export interface Measurement {
  /** Operations, and the seconds that they took. */
  readonly count: number;
  readonly seconds: number;
  /** Processor time of the peer's process, all threads, user and system. */
  readonly cpuSeconds: number;
}

/** A peer that runs inside a Node process of its own. Libraries are loaded in `open`, so that others don't pay. */
export interface ScriptPeer {
  readonly name: string;
  /** Which calls one operation is. */
  readonly calls: string;
  /** At most so many operations at a time; no limit unless given. */
  readonly atOnce?: number;
  open(target: Target, connections: number): Promise<Client>;
}

/** The operations of an opened peer. `connection` says which of the connections asks, from 0. */
export interface Client {
  /** One GET, its body consumed. A promise only where the library is asynchronous. */
  get(connection: number): undefined | Promise<void>;
  close(): void | Promise<void>;
}

/** A peer that is a program, which prints a {@link Measurement} as JSON. */
export interface ProgramPeer {
  readonly name: string;
  readonly calls: string;
  readonly atOnce?: number;
  command(target: Target, connections: number, times: Times): { command: string; args: string[] };
}

export type Peer = ScriptPeer | ProgramPeer;

/** Throws unless a response is what the target gives; a peer that doesn't see the body leaves its length out. */
export function check(target: Target, status: number, length: number = target.bodyLength): void {
  if (status !== 200 || length !== target.bodyLength) throw new Error(`status ${status}, ${length} bytes`);
}
