/** What is measured. */
import type { Operation, Target } from './peer.js';

/** A server, and how peers use it. */
export interface Scenario {
  readonly name: string;
  /** One line for the report. */
  readonly about: string;
  /** How many connections work at the same time; each does one operation after the other. */
  readonly connections: number;
  /** Which operation of the peers is counted. */
  readonly operation: Operation;
  /** How much one operation transfers: then the report counts in MiB, not in operations. */
  readonly mebibytes?: number;
  /** Starts the server. */
  serve(): Promise<Served>;
}

/** A running server of a scenario. */
export interface Served {
  readonly target: Target;
  stop(): Promise<void>;
}
