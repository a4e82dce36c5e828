/** Defines the peers of the comparison: HTTP clients behind a few common operations. */

/** The server and resource of the requests. */
export interface Target {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:8080` */
  readonly origin: string;
  readonly path: string;
  /** The length of the body that a request downloads or uploads; peers that see the body check its length. */
  readonly bodyLength: number;
  /** The bytes with which a long body begins and ends; they are checked too. */
  readonly edge?: string;
  /** A local file: the source of uploads and the destination of downloads. */
  readonly file?: string;
  /** The CA certificate to trust, as a PEM file. */
  readonly ca?: string;
}

/** The durations of one turn of a peer, in seconds. */
export interface Times {
  readonly warmup: number;
  readonly seconds: number;
}

/** The result of one turn. */
export interface Measurement {
  /** The number of operations, and the seconds they took. */
  readonly count: number;
  readonly seconds: number;
  /** Processor time of the peer's process, with all threads, user and system. */
  readonly cpuSeconds: number;
}

/** The operation that a turn repeats. */
export type Operation =
  /** One GET whose body is consumed. */
  | 'get'
  /** One GET on a new connection, which is closed afterwards. */
  | 'connect'
  /** One GET whose body is read into one new piece of memory. */
  | 'downloadBytes'
  /** One GET whose body is consumed block by block as it arrives. */
  | 'downloadStream'
  /** One GET whose body is written to the target's file. */
  | 'downloadFile'
  /** One PUT of the target's file, with its length announced. */
  | 'uploadFile';

/** The reason why a peer does not support an operation. */
export interface Without {
  readonly without: string;
}

/** The description that all kinds of peers have. */
interface Description {
  readonly name: string;
  /** The calls of each operation, or the reason why the peer does not support the operation. */
  readonly calls: Readonly<Record<Operation, string | Without>>;
  /** The maximum number of concurrent operations; unlimited by default. */
  readonly atOnce?: number;
}

/**
 * A peer that runs in its own Node process. Libraries are loaded in `open`, so that other peers do not pay for them.
 */
export interface ScriptPeer extends Description {
  open(target: Target, connections: number): Promise<Client>;
}

/** The operations of an opened peer: the operations whose calls the peer describes. */
export interface Client extends Partial<Record<Operation, Operate>> {
  close(): void | Promise<void>;
}

/**
 * Runs an operation once, on the connection that has this number, counted from 0. Returns a promise only if the library
 * is asynchronous.
 */
export type Operate = (connection: number) => undefined | Promise<void>;

/** A peer that is a program, which prints a {@link Measurement} as JSON. */
export interface ProgramPeer extends Description {
  command(operation: Operation, target: Target, connections: number, times: Times): { command: string; args: string[] };
}

export type Peer = ScriptPeer | ProgramPeer;
