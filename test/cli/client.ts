/** Runs the client as a user would: in a pipe, and at a pseudo-terminal. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { projectRoot } from '../servers/start.js';
import type { Ended } from '../support/child.js';

const script = path.join(projectRoot, 'dist', 'lib', 'cli', 'index.js');

/** The time in milliseconds after which a program counts as hanging. */
const LIMIT = 30_000;

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A folder for the files of a suite, and the client with a home folder in it. */
export class Client {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'libneon-cli-'));
  readonly home = path.join(this.folder, 'home');
  /** The working folder. */
  readonly work = path.join(this.folder, 'work');
  /** Variables of the environment for every run. */
  env: Record<string, string> = {};

  constructor() {
    for (const folder of [this.home, this.work]) mkdirSync(folder);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** Starts the client in a pipe. */
  spawn(args: readonly string[], { cwd = this.work, env = {} }: RunOptions = {}): ChildProcessWithoutNullStreams {
    return spawn(process.execPath, [script, ...args], {
      cwd,
      env: this.#environment(env),
      timeout: LIMIT,
      killSignal: 'SIGKILL',
    });
  }

  /** Runs the client in a pipe. */
  async run(args: readonly string[], options: RunOptions = {}): Promise<Ended> {
    const child = this.spawn(args, options);
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    const [stdout, stderr, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ]);
    return { stdout, stderr, exit: (code ?? signal) as number | string | null };
  }

  /** Starts the client at a pseudo-terminal of 100 columns. */
  terminal(args: readonly string[], { cwd = this.work, env = {} }: RunOptions = {}): Terminal {
    const words = [process.execPath, script, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
    const command = `stty cols 100 rows 30; exec ${words.join(' ')}`;
    const child = spawn('script', ['-qefc', command, '/dev/null'], {
      cwd,
      env: { ...this.#environment(env), TERM: 'xterm', SHELL: '/bin/sh' },
      timeout: LIMIT,
      killSignal: 'SIGKILL',
    });
    return new Terminal(child);
  }

  #environment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(LIBNEON_|NETRC$|XDG_|\w+_proxy$)/i.test(name));
    return { ...Object.fromEntries(inherited), HOME: this.home, ...this.env, ...env };
  }
}

/** The client at a pseudo-terminal. */
export class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<unknown[]>;
  #raw = '';
  #seen = 0;
  #wake: () => void = () => undefined;

  constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdin.on('error', () => undefined);
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      this.#raw += piece;
      this.#wake();
    });
    this.#ended = once(child, 'close').finally(() => this.#wake());
  }

  /** What the terminal has got, with its control sequences. */
  get raw(): string {
    return this.#raw;
  }

  /** What the terminal has got, without control sequences; `\r` stays. */
  get text(): string {
    return plain(this.#raw);
  }

  /** Each text that the terminal showed on a line. */
  get frames(): string[] {
    return this.#raw.split(/\x1b\[1?G|[\r\n]/).map(plain);
  }

  type(keys: string): void {
    this.#child.stdin.write(keys);
  }

  /**
   * Waits until new output matches, and returns the output up to its end.
   *
   * @param isLook whether the output stays new
   */
  async until(pattern: RegExp, isLook = false): Promise<string> {
    for (;;) {
      const fresh = plain(this.#raw.slice(this.#seen));
      if (pattern.test(fresh)) {
        if (!isLook) this.#seen = this.#raw.length;
        return fresh;
      }
      if (this.#child.exitCode !== null || this.#child.signalCode !== null)
        throw new Error(`the program ended without ${pattern}: ${JSON.stringify(fresh)}`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Waits for the end. The output has `\n` in place of `\r\n`. */
  async end(): Promise<{ readonly text: string; readonly exit: number | string | null }> {
    const [code, signal] = await this.#ended;
    return { text: this.text.replaceAll('\r\n', '\n'), exit: (code ?? signal) as number | string | null };
  }
}

function plain(raw: string): string {
  return raw.replaceAll(/\x1b(?:\[[0-?]*[ -/]*[@-~]|[78])/g, '');
}
