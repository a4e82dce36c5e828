/** The state file of `putTree` and `getTree`: what was equal on both sides when a file was transferred last. */
import { appendFile, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { crypto } from '../core/builtin.js';
import type { Resource } from './resource.js';

/** A file of the local folder. @internal */
export interface LocalFile {
  /** In bytes. */
  readonly size: number;
  /** When the content was last modified, in milliseconds since 1970, with fractions. */
  readonly mtimeMs: number;
}

/** The file on both sides when it was transferred last. @internal */
export interface FileState extends LocalFile {
  /** The entity tag on the server; null if it is unknown. */
  readonly etag: string | null;
  /** The modification date on the server, in milliseconds; null if it is unknown. */
  readonly modified: number | null;
  /** The date of the server after the upload, in milliseconds; null after a download, or if it is unknown. */
  readonly date: number | null;
}

type Line = [path: string, ...state: (number | string | null)[]];

/** Whether a name in a local folder is that of a file that `putTree` or `getTree` make for themselves. @internal */
export const isOwnName = (name: string): boolean => /^\.libneon-(state|part)-/.test(name);

/** @internal */
export const partName = (): string => `.libneon-part-${crypto().randomBytes(6).toString('hex')}`;

/**
 * The state file: a line of JSON for the URL of the tree, and then a line for each file. A line is added when the
 * transfer of a file begins, and when it has ended; the last line of a file counts. So the process may be killed at
 * any moment. At the beginning and at the end, the file is written anew, beside its name, and renamed. @internal
 */
export class TreeState {
  readonly #file: string | undefined;
  readonly #url: string;
  /** Null for a file whose transfer began and did not end. */
  readonly #states = new Map<string, FileState | null>();

  private constructor(file: string | undefined, url: string) {
    this.#file = file;
    this.#url = url;
  }

  /**
   * Reads the state of a tree. A missing file, and lines that cannot be read, count as unknown.
   *
   * @param isKept whether there is a state file; if not, nothing is known, and nothing is written
   */
  static async read(folder: string, url: string, isKept: boolean): Promise<TreeState> {
    const digest = crypto().createHash('sha256').update(url).digest('hex').slice(0, 12);
    const state = new TreeState(isKept ? path.join(folder, `.libneon-state-${digest}.jsonl`) : undefined, url);
    const text = state.#file === undefined ? '' : await readIfExists(state.#file);
    const [head = '', ...lines] = text.split('\n');
    if (parsed(head)?.[0] !== url) return state;
    for (const text of lines) {
      const line = parsed(text);
      if (line) state.#states.set(line[0], stateOf(line));
    }
    return state;
  }

  /** The state of a file: undefined if it is unknown, null if its last transfer did not end. */
  get(file: string): FileState | null | undefined {
    return this.#states.get(file);
  }

  /** Writes the whole state. */
  async write(): Promise<void> {
    if (this.#file === undefined) return;
    const part = path.join(path.dirname(this.#file), partName());
    const lines = [...this.#states].map(([file, state]) => lineOf(file, state));
    await writeFile(part, [JSON.stringify([this.#url]), ...lines, ''].join('\n'), { flag: 'wx' });
    await rename(part, this.#file);
  }

  begin(file: string): Promise<void> {
    return this.#set(file, null);
  }

  end(file: string, state: FileState): Promise<void> {
    return this.#set(file, state);
  }

  /** Notes a state without writing it at once. */
  note(file: string, state: FileState): void {
    this.#states.set(file, state);
  }

  /** Forgets the files that no longer exist. */
  keepOnly(exists: (file: string) => boolean): void {
    for (const file of this.#states.keys()) if (!exists(file)) this.#states.delete(file);
  }

  async #set(file: string, state: FileState | null): Promise<void> {
    this.#states.set(file, state);
    if (this.#file !== undefined) await appendFile(this.#file, `${lineOf(file, state)}\n`);
  }
}

async function readIfExists(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

function lineOf(file: string, state: FileState | null): string {
  const line: Line = state ? [file, state.size, state.mtimeMs, state.etag, state.modified, state.date] : [file];
  return JSON.stringify(line);
}

function parsed(text: string): Line | undefined {
  try {
    const line: unknown = JSON.parse(text);
    return Array.isArray(line) && typeof line[0] === 'string' ? (line as Line) : undefined;
  } catch {
    return undefined;
  }
}

function stateOf([, size, mtimeMs, etag, modified, date]: Line): FileState | null {
  if (typeof size !== 'number' || typeof mtimeMs !== 'number') return null;
  return {
    size,
    mtimeMs,
    etag: typeof etag === 'string' ? etag : null,
    modified: typeof modified === 'number' ? modified : null,
    date: typeof date === 'number' ? date : null,
  };
}

/** The state of a file that is equal on both sides. @internal */
export function equalState({ size, mtimeMs }: LocalFile, { etag, modified }: Resource): FileState {
  return { size, mtimeMs, etag, modified: modified?.getTime() ?? null, date: null };
}

/** Whether a file has changed on neither side since its last transfer. @internal */
export function isUnchanged(state: FileState, local: LocalFile, remote: Resource): boolean {
  if (local.size !== state.size || local.mtimeMs !== state.mtimeMs) return false;
  if (remote.size !== null && remote.size !== state.size) return false;
  if (state.etag !== null && remote.etag !== null) return sameTag(state.etag, remote.etag);
  const modified = remote.modified?.getTime();
  if (modified === undefined) return false;
  if (state.modified !== null) return modified === state.modified;
  // After an upload, only the date of the response may be known. HTTP dates have no fractions of a second.
  return state.date !== null && remote.size === state.size && modified <= state.date;
}

/**
 * Whether two entity tags are equal by the weak comparison (RFC 9110, section 8.8.3.2). Some servers omit the quotes in
 * listings. @internal
 */
export function sameTag(one: string, other: string): boolean {
  const opaque = (tag: string): string => tag.replace(/^(W\/)?"(.*)"$/s, '$2');
  return opaque(one) === opaque(other);
}
