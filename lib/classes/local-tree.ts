/** The local folder of `putTree` and `getTree`. */
import type { Dirent, Stats } from 'node:fs';
import { lstat, mkdir, readdir, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';

import { invalidType, invalidValue } from '../core/errors.js';
import { isOwnName } from './tree-state.js';

/** A file, folder or something else in a local folder. @internal */
export interface LocalEntry {
  readonly type: 'file' | 'directory' | 'other';
  /** The path for the file system. */
  readonly file: string;
  readonly size: number;
  readonly mtimeMs: number;
}

/** How a local folder is read. @internal */
export interface ScanOptions {
  readonly filter: (path: string, type: 'file' | 'directory') => boolean;
  /** Whether a symbolic link counts as what it points to. Otherwise it is something else. */
  readonly followsLinks: boolean;
  readonly onError: (path: string, error: unknown) => void;
  /** Called with the leftovers of downloads that were interrupted. */
  readonly onPart?: (file: string) => void;
}

/** The path of a local folder, as given by a caller. @internal */
export function requireFolder(folder: unknown): string {
  if (typeof folder !== 'string') throw invalidType('localFolder', 'of type string', folder);
  if (folder === '' || folder.includes('\0'))
    throw invalidValue(`The "localFolder" must be a path: ${JSON.stringify(folder)}`);
  return path.resolve(folder);
}

/**
 * Reads a local folder with everything in it. The keys are relative paths with `/` between names. Each folder comes
 * before what is in it. @internal
 */
export async function scan(root: string, options: ScanOptions): Promise<Map<string, LocalEntry>> {
  const entries = new Map<string, LocalEntry>();
  const real = await realpath(root);
  const open = new Set([real]);
  const read = async (folder: string, prefix: string): Promise<void> => {
    let found: Dirent[];
    try {
      found = await readdir(folder, { withFileTypes: true });
    } catch (error) {
      if (prefix === '') throw error;
      options.onError(prefix, error);
      return;
    }
    found.sort((one, other) => (one.name < other.name ? -1 : 1));
    for (const { name } of found) {
      const [relative, file] = [prefix + name, path.join(folder, name)];
      if (isOwnName(name)) {
        if (name.startsWith('.libneon-part-')) options.onPart?.(file);
        continue;
      }
      try {
        await add(relative, file, await lstat(file));
      } catch (error) {
        options.onError(relative, error);
      }
    }
  };
  const add = async (relative: string, file: string, found: Stats): Promise<void> => {
    const isLink = found.isSymbolicLink();
    const status = isLink && options.followsLinks ? await stat(file) : found;
    const type = status.isDirectory() ? 'directory' : status.isFile() ? 'file' : 'other';
    if (!options.filter(relative, type === 'directory' ? 'directory' : 'file')) return;
    const { size, mtimeMs } = status;
    if (type !== 'directory') {
      if (isLink && type === 'file') requireInside(real, await realpath(file), relative);
      entries.set(relative, { type, file, size, mtimeMs });
      return;
    }
    const target = isLink ? await realpath(file) : undefined;
    if (target !== undefined) {
      requireInside(real, target, relative);
      if (open.has(target) || isInside(target, await realpath(path.dirname(file))))
        throw invalidValue(`The symbolic link "${relative}" leads back to a folder that contains it`);
      open.add(target);
    }
    entries.set(relative, { type, file, size, mtimeMs });
    await read(file, `${relative}/`);
    if (target !== undefined) open.delete(target);
  };
  await read(root, '');
  return entries;
}

function isInside(folder: string, file: string): boolean {
  return file === folder || file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
}

function requireInside(root: string, target: string, relative: string): void {
  if (!isInside(root, target)) throw invalidValue(`The symbolic link "${relative}" points out of the folder`);
}

/**
 * Refuses a name from a server that cannot be the name of a local file. @internal
 *
 * @throws `ERR_INVALID_ARG_VALUE`
 */
export function requireLocalName(name: string): void {
  const isOdd = name === '' || name === '.' || name === '..' || /[/\0]/.test(name);
  // On Windows, a backslash separates folders, and a colon names a drive or a stream.
  const isOddHere = path.sep === '\\' && /[\\:<>"|?*\x01-\x1f]|[. ]$/.test(name);
  if (isOdd || isOddHere) throw invalidValue(`The name ${JSON.stringify(name)} cannot be the name of a local file`);
  if (isOwnName(name)) throw invalidValue(`The name "${name}" is reserved for the files of this library`);
}

/** Creates the folders of a tree, and makes sure that they are inside the root. @internal */
export class LocalFolders {
  readonly #root: string;
  readonly #made = new Map<string, Promise<void>>();
  #real: Promise<string> | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** The path of a file or folder for the file system. */
  fileOf(relative: string): string {
    return path.join(this.#root, ...relative.split('/'));
  }

  /**
   * Creates a folder and those above it, unless they exist.
   *
   * @param relative the path of the folder; `''` for the root
   */
  ensure(relative: string): Promise<void> {
    let made = this.#made.get(relative);
    if (!made) this.#made.set(relative, (made = this.#create(relative)));
    return made;
  }

  async #create(relative: string): Promise<void> {
    if (relative === '') {
      await mkdir(this.#root, { recursive: true });
      return;
    }
    await this.ensure(relative.slice(0, Math.max(relative.lastIndexOf('/'), 0)));
    const file = this.fileOf(relative);
    try {
      await mkdir(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const found = await lstat(file);
      if (found.isSymbolicLink()) {
        const target = await realpath(file);
        requireInside(await (this.#real ??= realpath(this.#root)), target, relative);
        if ((await stat(target)).isDirectory()) return;
      }
      if (!found.isDirectory()) throw inTheWay(relative, 'file');
    }
  }
}

/** The error of a name that something of another type has at the destination. @internal */
export function inTheWay(relative: string, type: 'file' | 'folder'): TypeError {
  return invalidValue(`A ${type} of the name "${relative}" is in the way (the option "delete" lets it be replaced)`);
}

/** Deletes a local file, link or folder with everything in it. Links are not followed. @internal */
export function remove(file: string): Promise<void> {
  return rm(file, { recursive: true, force: true });
}
