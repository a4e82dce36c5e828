/** The completion of the shell: commands, options, and names on both sides. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';

import type { AnyCommand } from './command.js';
import type { Connection } from './connection.js';
import { outputOptions } from './options.js';
import { escapeSpaces, escapePattern, wordsOf } from './words.js';

/** What may stand in place of the end of a line, and that end. */
export type Completed = [candidates: string[], end: string];

interface Name {
  readonly name: string;
  readonly isFolder: boolean;
}

/** How long the names of a collection are remembered, and how long a completion may take, in milliseconds. */
const memory = 5000;

/** Completes lines. */
export class Completer {
  readonly #commands: readonly AnyCommand[];
  readonly #connection: Connection;
  readonly #remembered = new Map<string, { readonly since: number; readonly names: Promise<Name[]> }>();

  constructor(commands: readonly AnyCommand[], connection: Connection) {
    this.#commands = commands;
    this.#connection = connection;
  }

  /** Forgets the names of collections, because a command may change them. */
  forget(): void {
    this.#remembered.clear();
  }

  /** Completes the last word of a line. Names that cannot be listed are no candidates. */
  async complete(line: string): Promise<Completed> {
    const words = wordsOf(line, true);
    const { text, start, quote } = words.at(-1) ?? { text: '', start: 0, quote: '' };
    const end = line.slice(start);
    const [first] = words;
    if (words.length <= 1 || !first) {
      const names = this.#commands.map(({ name }) => `${name} `);
      return [names.filter((name) => name.startsWith(text)).sort(), end];
    }
    const command = this.#commands.find(({ name }) => name === first.text);
    if (!command) return [[], end];
    if (text.startsWith('-')) {
      const flags = [...(command.options ?? []), ...outputOptions].map(({ long }) => `${long ?? ''} `);
      return [flags.filter((flag) => flag.startsWith(text)).sort(), end];
    }
    const index = words.slice(1, -1).filter((word) => !word.text.startsWith('-')).length;
    const { completes = [] } = command;
    const kinds = completes[Math.min(index, completes.length - 1)] ?? [];
    const slash = text.lastIndexOf('/') + 1;
    const [folder, begin] = [text.slice(0, slash), text.slice(slash).replaceAll(/\\([^])/g, '$1')];
    const lists = await Promise.all(kinds.map((kind) => this.#names(kind, folder).catch(() => [])));
    const found = new Map(lists.flat().map((name) => [name.name, name]));
    const matching = [...found.values()].filter(
      ({ name }) => name.startsWith(begin) && (begin !== '' || !name.startsWith('.')),
    );
    const before = quote + (quote === '' ? escapeSpaces(folder) : folder);
    const candidates = matching.map(
      ({ name, isFolder }) =>
        before +
        (quote === '' ? escapeSpaces(escapePattern(name)) : escapePattern(name)) +
        (isFolder ? '/' : `${quote} `),
    );
    return [candidates.sort(), end];
  }

  async #names(kind: 'remote' | 'local', folder: string): Promise<Name[]> {
    if (kind === 'remote') return await this.#remoteNames(this.#connection.resolve(folder || '.'));
    const entries = await readdir(path.resolve(folder.replaceAll(/\\([^])/g, '$1')), { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  }

  #remoteNames(target: string): Promise<Name[]> {
    const remembered = this.#remembered.get(target);
    if (remembered && performance.now() - remembered.since < memory) return remembered.names;
    const names = this.#connection.pool
      .list(target, { timeout: memory })
      .then((members) => members.map(({ name, type }) => ({ name, isFolder: type === 'directory' })));
    this.#remembered.set(target, { since: performance.now(), names });
    return names;
  }
}
