/** What a command of the client is, and what it works with. */
import type { Option } from 'commander';

import { NeonError } from '../index.js';
import type { Connection, ConnectionOptions } from './connection.js';
import { ClientError, exitCodes, type FailureKind, reportOf } from './failure.js';
import type { Interruption } from './interruption.js';
import type { Output, OutputOptions } from './output.js';
import type { Progress } from './progress.js';

/** The options of every command. */
export interface CommonCommandOptions extends ConnectionOptions, OutputOptions {
  readonly progress?: boolean;
}

/** What a command works with. */
export interface Client {
  readonly output: Output;
  /** Aborts when the user interrupts the command. */
  readonly signal: AbortSignal;
  readonly interruption: Interruption;
  /**
   * Connects to the server.
   *
   * @param args the arguments that name resources
   */
  connect(args: readonly string[]): Connection;
  /** The display of the progress of transfers. */
  progress(): Progress;
}

/** What the arguments of a command name, for the completion in the shell. */
export type Completion = 'remote' | 'local';

/** A command. */
export interface Command<Options extends object = object> {
  readonly name: string;
  /** Its arguments, as the parser writes them: `'<remote...>'`. */
  readonly arguments: string;
  readonly summary: string;
  /** What its help says after the summary. */
  readonly details?: string;
  /** Lines of its help that show how it is used. */
  readonly examples: readonly string[];
  readonly options?: readonly Option[];
  /** Whether it uses a server. */
  readonly isLocal?: true;
  /** What its arguments name: the last entry is for all further arguments. */
  readonly completes?: readonly (readonly Completion[])[];
  run(client: Client, args: readonly string[], options: Options & CommonCommandOptions): Promise<void>;
}

/** A command whose options have any type, for lists of commands. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- the parser makes the options of each command
export type AnyCommand = Command<any>;

/** The end of a command whose failures were reported already. */
export class Reported extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind) {
    super(`exit code ${exitCodes[kind]}`);
    this.kind = kind;
  }
}

/** Runs an action for each of several items, and keeps going after a failure that concerns one item only. */
export class Tally {
  readonly #client: Client;
  #succeeded = 0;
  #failure: FailureKind | undefined;

  constructor(client: Client) {
    this.#client = client;
  }

  async each<T>(items: Iterable<T>, nameOf: (item: T) => string, action: (item: T) => Promise<void>): Promise<void> {
    for (const item of items) {
      try {
        await action(item);
        this.#succeeded++;
      } catch (error) {
        if (this.#client.signal.aborted || error instanceof Reported) throw error;
        this.fail(error, nameOf(item));
      }
    }
  }

  /** Finds what several arguments name. An argument that names nothing counts as a failure, any other one not yet. */
  async gather<T>(args: readonly string[], find: (arg: string) => Promise<readonly T[]>): Promise<T[]> {
    const found: T[] = [];
    await this.each(
      args,
      (arg) => arg,
      async (arg) => {
        found.push(...(await find(arg)));
        this.#succeeded--;
      },
    );
    return found;
  }

  /** Counts what succeeded elsewhere. */
  succeed(count: number): void {
    this.#succeeded += count;
  }

  /** Reports a failure. A failure that all items would share ends the command. */
  fail(error: unknown, name?: string): void {
    const { kind } = this.#client.output.failure(error, name);
    this.#failure ??= kind;
    if (isFatal(error)) this.finish();
  }

  /** @throws the end of the command, if something failed: in part, or altogether */
  finish(): void {
    if (this.#failure) throw new Reported(this.#succeeded > 0 ? 'partial' : this.#failure);
  }
}

/** Whether no other request can succeed after a failure. */
function isFatal(error: unknown): boolean {
  if (error instanceof ClientError) return error.kind === 'interrupted';
  const { kind } = reportOf(error);
  return (
    error instanceof NeonError && (kind === 'authentication' || /^NE_(CONNECT|LOOKUP)$|CERTIFICATE/.test(error.code))
  );
}
