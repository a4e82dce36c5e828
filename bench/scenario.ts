/** Defines the scenarios of the benchmark. */
import type { Operation, Target } from './peer.js';

/** A server, and the use that peers make of it. */
export interface Scenario {
  readonly name: string;
  /** One line for the report. */
  readonly about: string;
  /** The number of connections that work at the same time; each connection runs one operation after the other. */
  readonly connections: number;
  /** The operation that the peers repeat and that is counted. */
  readonly operation: Operation;
  /** The size that one operation transfers, if the report is to count in MiB rather than operations. */
  readonly mebibytes?: number;
  /** Starts the server. */
  serve(): Promise<Served>;
}

/** A running server of a scenario. */
export interface Served {
  readonly target: Target;
  stop(): Promise<void>;
}
