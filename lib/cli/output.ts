/** What the client prints: lines for people, JSON for programs, and failures on standard error. */
import { printable, withoutCredentials } from './format.js';
import { type FailureReport, reportOf } from './failure.js';

/** The streams of the client. */
export interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/** How a command prints. */
export interface OutputOptions {
  /** Whether to print one JSON document. */
  readonly json?: boolean | undefined;
  /** Whether to print failures only, and what a command was asked for. */
  readonly quiet?: boolean | undefined;
}

/** The output of a command. */
export class Output {
  readonly streams: Streams;
  readonly isJson: boolean;
  readonly #isQuiet: boolean;
  readonly #name: string;
  #records: unknown = [];
  /** The lines that wait until a progress display has ended; undefined if there is none. */
  #held: string[] | undefined;

  /** @param name the name of the program and the command, for messages */
  constructor(streams: Streams, name: string, { json = false, quiet = false }: OutputOptions) {
    this.streams = streams;
    this.#name = name;
    this.isJson = json;
    this.#isQuiet = quiet;
  }

  /** Prints what the command was asked for: a record for programs, and lines for people. */
  item(record: unknown, ...lines: readonly string[]): void {
    if (this.isJson) (this.#records as unknown[]).push(record);
    else for (const line of lines) this.#line(line);
  }

  /** Prints that something was done, unless the output is quiet. */
  done(record: unknown, line: string): void {
    this.item(record, ...(this.#isQuiet ? [] : [line]));
  }

  /** Makes the JSON document a single value in place of a list. */
  document(record: unknown): void {
    this.#records = record;
  }

  /** Prints a line for people that says what happens, unless the output is quiet or JSON. */
  note(line: string): void {
    if (!this.isJson && !this.#isQuiet) this.#line(line);
  }

  /** Prints a line for people on standard error, unless the output is quiet or JSON. */
  remark(line: string): void {
    if (!this.isJson && !this.#isQuiet) this.streams.stderr.write(`${printable(line)}\n`);
  }

  /** Prints a warning on standard error. */
  warning(text: string): void {
    this.streams.stderr.write(`${this.#name}: warning: ${printable(text)}\n`);
  }

  /** Prints a failure on standard error: its code, cause and cure. */
  failure(error: unknown, name?: string): FailureReport {
    const report = reportOf(error);
    const { kind, code, cause, cure, status } = report;
    // Arguments may have a password.
    const message = withoutCredentials(report.message);
    const path = name === undefined ? undefined : withoutCredentials(name);
    if (this.isJson) {
      const json = JSON.stringify({ error: { kind, code, message, path, status, cause, cure } });
      this.streams.stderr.write(`${json}\n`);
      return report;
    }
    const where = path === undefined || message.includes(path) ? '' : `${path}: `;
    const lines = [`${this.#name}: ${printable(`${where}${message}`)} (${code})`];
    if (cause !== undefined && !message.includes(cause)) lines.push(`  cause: ${printable(cause)}`);
    if (cure !== undefined) lines.push(`  cure: ${cure}`);
    if (kind === 'other' && process.env['NODE_DEBUG'] && error instanceof Error) lines.push(error.stack ?? '');
    this.streams.stderr.write(`${lines.join('\n')}\n`);
    return report;
  }

  /** Holds lines for the terminal back while a progress display has its last line. */
  hold(): void {
    if (this.streams.stdout.isTTY) this.#held ??= [];
  }

  /** Prints the lines that were held back. */
  release(): void {
    const lines = this.#held ?? [];
    this.#held = undefined;
    for (const line of lines) this.#line(line);
  }

  /** Prints the JSON document, when the command has ended. */
  end(): void {
    this.release();
    if (this.isJson) this.streams.stdout.write(`${JSON.stringify(this.#records, null, 2)}\n`);
  }

  #line(line: string): void {
    if (this.#held) this.#held.push(line);
    else this.streams.stdout.write(`${printable(withoutCredentials(line))}\n`);
  }
}
