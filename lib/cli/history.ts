/** The history of the shell of the client: a file that only its user can read. */
import { appendFileSync, chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';

const maxLines = 1000;

/** The lines that were typed, the last one at the end. */
export class History {
  readonly #file: string | undefined;
  readonly #onError: (error: Error) => void;
  #lines: string[] = [];

  /** @param onError called when the file cannot be read or written; the history then goes on in memory */
  constructor(file: string, onError: (error: Error) => void) {
    this.#onError = onError;
    this.#file = file;
    this.#try(() => {
      mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      this.#lines = readLines(file).slice(-maxLines);
      writeFileSync(file, this.#lines.map((line) => `${line}\n`).join(''), { mode: 0o600 });
      chmodSync(file, 0o600);
    });
  }

  /** The lines for `node:readline`, the last one first. */
  get newestFirst(): string[] {
    return this.#lines.toReversed();
  }

  /** Adds a line. A line that begins with a space is left out, as is one that repeats the line before. */
  add(line: string): void {
    if (line.trim() === '' || line.startsWith(' ') || line === this.#lines.at(-1)) return;
    this.#lines.push(line);
    const file = this.#file;
    if (file !== undefined) this.#try(() => appendFileSync(file, `${line}\n`, { mode: 0o600 }));
  }

  #try(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#onError(error as Error);
    }
  }
}

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** The path of the history. */
export function historyFile(): string {
  const { LIBNEON_HISTORY, XDG_STATE_HOME } = process.env;
  return LIBNEON_HISTORY || path.join(XDG_STATE_HOME || path.join(homedir(), '.local', 'state'), 'libneon', 'history');
}
