/** Defines the scenarios of the benchmark. */
import type { Figure } from './figures.js';
import type { Operation, Target } from './peer.js';

/** A server, and the use that peers make of it. */
export interface Scenario {
  readonly name: string;
  /** One line for the report. */
  readonly about: string;
  /** The number of connections that work at the same time. Without `batch`, each runs one operation after the other. */
  readonly connections: number;
  /** The operation that the peers repeat and that is counted. */
  readonly operation: Operation;
  /** The number of operations that a script starts at once, before it waits for all of them. */
  readonly batch?: number;
  /** The size that one operation transfers, if the report is to count in MiB rather than operations. */
  readonly mebibytes?: number;
  /** Scenarios of one family differ only in the number of connections, and share a chart. */
  readonly family?: string;
  /** The reasons why peers can be ahead of this package. The report shows a reason only if its peer is ahead. */
  readonly reasons: readonly Reason[];
  /** Starts the server. */
  serve(): Promise<Served>;
}

/** The reason why peers can be ahead in some figures. */
export interface Reason {
  /** The names of the peers; all peers by default. */
  readonly peers?: readonly string[];
  readonly figures: readonly Figure[];
  /** A full sentence. */
  readonly because: string;
}

/** A running server of a scenario. */
export interface Served {
  readonly target: Target;
  stop(): Promise<void>;
}
