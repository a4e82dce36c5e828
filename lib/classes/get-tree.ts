/** Downloads collections into local folders: `getTree`. */
import { constants } from 'node:fs';
import { lstat, open, rename, rm, utimes } from 'node:fs/promises';
import path from 'node:path';

import { invalidValue, NeonError } from '../core/errors.js';
import { dateOf } from './dates.js';
import {
  inTheWay,
  type LocalEntry,
  LocalFolders,
  remove,
  requireFolder,
  requireLocalName,
  scan,
} from './local-tree.js';
import { asCollection, plain } from './methods.js';
import { outermost, run, scanRemote } from './remote-tree.js';
import type { Resource } from './resource.js';
import type { SessionSource } from './session-source.js';
import type { Target } from './target.js';
import {
  type Job,
  type TreeOptions,
  treeOptions,
  type TreeResult,
  TreeRun,
  treeSettings,
  type TreeSettings,
} from './tree.js';
import { equalState, isUnchanged, type LocalFile, partName, sameTag, TreeState } from './tree-state.js';

/** Downloads a collection; see `getTree` of the classes. @internal */
export async function getTree(
  source: SessionSource,
  target: Target,
  localFolder: string,
  options: TreeOptions = {},
): Promise<TreeResult> {
  source.requireOpen();
  const base = asCollection(source.targetOf(target));
  const root = requireFolder(localFolder);
  return await new GetTree(source, base, root, treeSettings(options, treeOptions)).run();
}

class GetTree {
  readonly #source: SessionSource;
  readonly #base: string;
  readonly #root: string;
  readonly #settings: TreeSettings;
  readonly #run: TreeRun;
  readonly #folders: LocalFolders;
  #local: ReadonlyMap<string, LocalEntry> = new Map();
  #remote: ReadonlyMap<string, Resource> = new Map();

  constructor(source: SessionSource, base: string, root: string, settings: TreeSettings) {
    this.#source = source;
    this.#base = base;
    this.#root = root;
    this.#settings = settings;
    this.#run = new TreeRun(settings);
    this.#folders = new LocalFolders(root);
  }

  async run(): Promise<TreeResult> {
    const { dryRun, deletes } = this.#settings;
    const unread: string[] = [];
    const onError = (relative: string, error: unknown): void => {
      unread.push(relative);
      this.#run.fail(relative, error);
    };
    const parts: string[] = [];
    this.#remote = await this.#readRemote(onError);
    this.#local = await this.#readLocal(parts);
    const state = await TreeState.read(this.#root, this.#source.uriOf(this.#base), this.#settings.state);
    const isUnread = (relative: string): boolean => unread.some((one) => relative === one || relative.startsWith(one));

    const [folders, files, skipped] = this.#plan(state);
    const surplus = deletes ? this.#surplus(isUnread).map((relative) => this.#deletion(relative)) : [];
    for (const jobs of [folders, files, surplus]) this.#run.announce(jobs);
    this.#run.skip(skipped);
    if (!dryRun) {
      for (const part of parts) await rm(part, { force: true });
      await this.#folders.ensure('');
      await state.write();
    }
    try {
      for (const jobs of [folders, files, surplus]) await this.#run.run(jobs);
    } finally {
      if (!dryRun) {
        state.keepOnly((relative) => this.#remote.get(relative)?.type === 'file' || isUnread(relative));
        await state.write();
      }
    }
    return this.#run.finish();
  }

  /** Lists what is on the server. Names that cannot be local names fail, with everything below them. */
  async #readRemote(onError: (relative: string, error: unknown) => void): Promise<Map<string, Resource>> {
    const { filter } = this.#settings;
    const names = new Map<string, string>();
    return await scanRemote(this.#source, this.#base, this.#settings, {
      filter: ({ name, type, path: target, error }, parent) => {
        const relative = parent + name;
        try {
          requireLocalName(name);
          const other = names.get(relative);
          if (other !== undefined)
            throw invalidValue(`The resources ${other} and ${target} would be one local file, "${relative}"`);
          names.set(relative, target);
        } catch (refusal) {
          onError(relative, refusal);
          return false;
        }
        if (!filter(relative, type)) return false;
        if (!error) return true;
        const { status, reasonPhrase } = error;
        onError(relative, new NeonError(`${status} ${reasonPhrase}`, 'ERR_NEON_STATUS', { status, target }));
        return false;
      },
      enters: () => true,
      onError,
    });
  }

  /** Lists what is in the local folder, which need not exist. */
  async #readLocal(parts: string[]): Promise<Map<string, LocalEntry>> {
    const { filter } = this.#settings;
    const onError = (relative: string, error: unknown): void => this.#run.fail(relative, error);
    try {
      return await scan(this.#root, { filter, followsLinks: false, onError, onPart: (file) => parts.push(file) });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      return new Map();
    }
  }

  #plan(state: TreeState): [folders: Job[], files: Job[], skipped: string[]] {
    const [folders, files, skipped]: [Job[], Job[], string[]] = [[], [], []];
    for (const [relative, resource] of this.#remote) {
      const here = this.#local.get(relative);
      if (resource.type === 'directory') {
        if (here?.type !== 'directory') folders.push(this.#creation(relative, here));
      } else if (here?.type === 'file' && this.#isDone(relative, here, resource, state)) skipped.push(relative);
      else files.push(this.#download(relative, resource, here, state));
    }
    return [folders, files, skipped];
  }

  /** Whether a file need not be downloaded. */
  #isDone(relative: string, local: LocalFile, remote: Resource, state: TreeState): boolean {
    const known = state.get(relative);
    // A local file is always whole. Its date is that of the resource, unless it was changed since.
    const isDone = known
      ? isUnchanged(known, local, remote)
      : remote.size === local.size && remote.modified?.getTime() === Math.trunc(local.mtimeMs);
    if (isDone) state.note(relative, equalState(local, remote));
    return isDone;
  }

  #surplus(isUnread: (relative: string) => boolean): string[] {
    const paths: string[] = [];
    let replaced: string | undefined;
    for (const [relative, { type }] of this.#local) {
      const key = type === 'directory' ? `${relative}/` : relative;
      if (replaced !== undefined && relative.startsWith(replaced)) continue; // it goes with the folder
      if (type === 'directory' && this.#remote.get(relative)?.type === 'file') replaced = key;
      if (!this.#remote.has(relative) && !isUnread(relative) && !isUnread(key)) paths.push(key);
    }
    return outermost(paths);
  }

  /** Deletes what is at the place of a file or folder of another type, if that is allowed. */
  async #makeWay(relative: string, here: LocalEntry | undefined): Promise<void> {
    if (!here) return;
    if (!this.#settings.deletes) throw inTheWay(relative, here.type === 'directory' ? 'folder' : 'file');
    await remove(here.file);
  }

  #creation(relative: string, here: LocalEntry | undefined): Job {
    return {
      path: `${relative}/`,
      type: 'created',
      size: null,
      run: async () => {
        // A symbolic link to a folder stays, if it points to a folder in the tree.
        if (here?.type === 'file') await this.#makeWay(relative, here);
        await this.#folders.ensure(relative);
        return 0;
      },
    };
  }

  #deletion(relative: string): Job {
    return {
      path: relative,
      type: 'deleted',
      size: null,
      run: async () => {
        await remove(this.#folders.fileOf(relative.replace(/\/$/, '')));
        return 0;
      },
    };
  }

  #download(relative: string, resource: Resource, here: LocalEntry | undefined, state: TreeState): Job {
    return {
      path: relative,
      type: here?.type === 'file' ? 'updated' : 'created',
      size: resource.size,
      run: async (onBytes) => {
        await this.#folders.ensure(relative.slice(0, Math.max(relative.lastIndexOf('/'), 0)));
        if (here?.type !== 'file') await this.#makeWay(relative, here);
        const file = this.#folders.fileOf(relative);
        const part = path.join(path.dirname(file), partName());
        try {
          const received = await this.#fetch(resource, part, onBytes);
          if (received.modified) await utimes(part, received.modified, received.modified);
          const local = await lstat(part);
          await rename(part, file);
          await state.end(relative, equalState(local, received));
          const { size } = local;
          return size;
        } catch (error) {
          await rm(part, { force: true });
          throw error;
        }
      },
    };
  }

  /**
   * Downloads a resource to a new file. Resolves to the description of what arrived, which differs from the listed one
   * if the resource has changed in between.
   */
  async #fetch(resource: Resource, part: string, onBytes: (bytes: number) => void): Promise<Resource> {
    const { etag, modified, size, path: target } = resource;
    const response = await run(
      this.#source,
      plain('GET', target, {
        ...this.#settings.request(),
        decompress: false,
        onProgress: ({ type, progress }) => {
          if (type === 'receiving') onBytes(progress);
        },
      }),
    );
    // The file must not exist: a symbolic link of that name could lead out of the folder.
    const file = await open(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL).catch((error: unknown) => {
      response.cancel();
      throw error;
    });
    try {
      const bytes = await response.toFile(file.fd);
      const sent = response.headers.etag || null;
      const date = dateOf(response.headers['last-modified'] ?? '');
      const hasOtherTag = sent !== null && etag !== null && !sameTag(sent, etag);
      const hasOtherDate = date !== null && modified !== null && date.getTime() !== modified.getTime();
      if (hasOtherTag || hasOtherDate) {
        // The tag of some servers differs between responses and listings.
        if (bytes !== size || hasOtherDate) return { ...resource, etag: sent, modified: date };
      } else if (size !== null && bytes !== size)
        throw new NeonError(`GET ${target}: ${bytes} bytes arrived, and the server had listed ${size}`, 'NE_ERROR');
      return resource;
    } finally {
      await file.close();
    }
  }
}
