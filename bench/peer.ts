/** What is compared: each peer is an HTTP client behind the same few operations. */

/** Where requests go. */
export interface Target {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8080` */
  readonly origin: string;
  readonly path: string;
  /** How long the body is that a request brings, or sends; peers that see the body check it. */
  readonly bodyLength: number;
  /** What a long body begins and ends with, to be checked too. */
  readonly edge?: string;
  /** A file on this machine: what uploads send, and where downloads go. */
  readonly file?: string;
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

/** What a turn does again and again. */
export type Operation =
  /** One GET, its body consumed. */
  | 'get'
  /** The same on a connection of its own, which is closed then. */
  | 'connect'
  /** One GET, its body in one piece of memory that was allocated for it. */
  | 'downloadBytes'
  /** One GET, its body consumed block by block as it comes. */
  | 'downloadStream'
  /** One GET, its body written to the target's file. */
  | 'downloadFile'
  /** One PUT of the target's file, with its length announced. */
  | 'uploadFile';

/** Why a peer has no part in an operation. */
export interface Without {
  readonly without: string;
}

/** What all kinds of peers tell of themselves. */
interface Description {
  readonly name: string;
  /** Which calls an operation is, or why it isn't there. */
  readonly calls: Readonly<Record<Operation, string | Without>>;
  /** At most so many operations at a time; no limit unless given. */
  readonly atOnce?: number;
}

/** A peer that runs inside a Node process of its own. Libraries are loaded in `open`, so that others don't pay. */
export interface ScriptPeer extends Description {
  open(target: Target, connections: number): Promise<Client>;
}

/** The operations of an opened peer: those whose calls it names. */
export interface Client extends Partial<Record<Operation, Operate>> {
  close(): void | Promise<void>;
}

/** Does an operation once, on one of the connections, from 0. A promise only where the library is asynchronous. */
export type Operate = (connection: number) => undefined | Promise<void>;

/** A peer that is a program, which prints a {@link Measurement} as JSON. */
export interface ProgramPeer extends Description {
  command(operation: Operation, target: Target, connections: number, times: Times): { command: string; args: string[] };
}

export type Peer = ScriptPeer | ProgramPeer;
