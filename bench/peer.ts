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
  /** Processor time, user and system, of all threads of the peer's process and of the processes that it started. */
  readonly cpuSeconds: number;
  /** Processor time of the JavaScript thread; undefined in C, and where the system does not report it. */
  readonly jsSeconds?: number;
  /** The longest time for which the event loop was blocked, in milliseconds; undefined in C. */
  readonly stall?: number;
  /** The resident size of the process after the operations, in MiB. */
  readonly memory: number;
}

/** The operation that a turn repeats. */
export type Operation =
  /** One GET whose body is consumed. */
  | 'get'
  /** One GET that blocks the calling thread until the body has been received. */
  | 'blocking'
  /** One GET on a new connection, which is closed afterwards. */
  | 'connect'
  /** One GET whose body is read into one new piece of memory. */
  | 'downloadBytes'
  /** One GET whose body is consumed block by block as it arrives. */
  | 'downloadStream'
  /** One GET whose body is written to the target's file. */
  | 'downloadFile'
  /** One PUT of a body in memory, through the peer's pool of connections. */
  | 'put'
  /** One PUT of the target's file, with its length announced. */
  | 'uploadFile'
  /** One PUT of the target's file, which passes through a stream that the peer provides. */
  | 'uploadStream'
  /** One new Node process, which runs the script that the peer's calls contain. */
  | 'start';

/** The reason why a peer does not support an operation, or cannot run at all. */
export interface Without {
  readonly without: string;
}

/** The description that all kinds of peers have. */
interface Description {
  readonly name: string;
  /**
   * The calls of each operation, or the reason why the peer does not support the operation. An operation that is not
   * mentioned has no meaning for the peer: the report omits the peer without a reason.
   */
  readonly calls: Readonly<Partial<Record<Operation, string | Without>>>;
  /** The maximum number of concurrent operations; unlimited by default. */
  readonly atOnce?: number;
  /** Returns the version that runs here, or the reason why the peer cannot run here. */
  version(): string | Without;
}

/**
 * A peer that runs in its own Node process. Libraries are loaded in `open`, so that other peers do not pay for them.
 */
export interface ScriptPeer extends Description {
  open(target: Target, connections: number): Promise<Client>;
}

/** The operations of an opened peer: the operations whose calls the peer describes, except `start`. */
export interface Client extends Partial<Record<Exclude<Operation, 'start'>, Operate>> {
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
