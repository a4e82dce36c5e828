/** Uploads local folders: `putTree`. */
import { stat } from 'node:fs/promises';

import { NeonError } from '../core/errors.js';
import type { Known } from '../core/options.js';
import { createCollection } from './collections.js';
import { dateOf } from './dates.js';
import { inTheWay, type LocalEntry, requireFolder, scan } from './local-tree.js';
import { asCollection, changing, mkcol, send } from './methods.js';
import { outermost, run, scanRemote } from './remote-tree.js';
import { exists, type Resource } from './resource.js';
import type { Response } from './response.js';
import type { SessionSource } from './session-source.js';
import { runSteps } from './steps.js';
import { escapePath, type Target } from './target.js';
import {
  type Job,
  requireBoolean,
  treeOptions,
  type TreeOptions,
  type TreeResult,
  TreeRun,
  treeSettings,
  type TreeSettings,
} from './tree.js';
import { equalState, type FileState, isUnchanged, type LocalFile, TreeState } from './tree-state.js';

/** The options of `putTree`. */
export interface PutTreeOptions extends TreeOptions {
  /**
   * Whether a symbolic link counts as the file or folder that it points to. A link that points out of the local folder,
   * or to a folder that contains it, then fails. By default, links are left alone, and are listed in `ignored`.
   */
  followSymlinks?: boolean | undefined;
}

const putTreeOptions: Known<PutTreeOptions> = { ...treeOptions, followSymlinks: true };

/** Uploads a local folder; see `putTree` of the classes. @internal */
export async function putTree(
  source: SessionSource,
  localFolder: string,
  target: Target,
  options: PutTreeOptions = {},
): Promise<TreeResult> {
  source.requireOpen();
  const root = requireFolder(localFolder);
  const base = asCollection(source.targetOf(target));
  const settings = treeSettings(options, putTreeOptions);
  const { followSymlinks = false } = options;
  requireBoolean('followSymlinks', followSymlinks);
  return await new PutTree(source, root, base, settings).run(followSymlinks);
}

class PutTree {
  readonly #source: SessionSource;
  readonly #root: string;
  readonly #base: string;
  readonly #settings: TreeSettings;
  readonly #run: TreeRun;
  #local: ReadonlyMap<string, LocalEntry> = new Map();
  #remote: ReadonlyMap<string, Resource> = new Map();

  constructor(source: SessionSource, root: string, base: string, settings: TreeSettings) {
    this.#source = source;
    this.#root = root;
    this.#base = base;
    this.#settings = settings;
    this.#run = new TreeRun(settings);
  }

  async run(followsLinks: boolean): Promise<TreeResult> {
    const { dryRun, filter, deletes } = this.#settings;
    const unread: string[] = [];
    const onError = (path: string, error: unknown): void => {
      unread.push(path);
      this.#run.fail(path, error);
    };
    this.#local = await scan(this.#root, { filter, followsLinks, onError });
    const state = await TreeState.read(this.#root, this.#source.uriOf(this.#base), this.#settings.state);
    await this.#readRemote(onError);
    const isUnread = (path: string): boolean => unread.some((one) => path === one || path.startsWith(one));

    const [folders, files, skipped] = this.#plan(state);
    const surplus = deletes ? this.#surplus(isUnread).map((path) => this.#deletion(path)) : [];
    for (const jobs of [...folders, files, surplus]) this.#run.announce(jobs);
    this.#run.skip(skipped);
    if (!dryRun) await state.write();
    try {
      for (const jobs of [...folders, files, surplus]) await this.#run.run(jobs);
    } finally {
      if (!dryRun) {
        state.keepOnly((path) => this.#local.get(path)?.type === 'file' || isUnread(path));
        await state.write();
      }
    }
    return this.#run.finish();
  }

  /** Lists what is on the server. Creates the collection if it does not exist. */
  async #readRemote(onError: (path: string, error: unknown) => void): Promise<void> {
    const { filter, dryRun, request } = this.#settings;
    const isThere = await runSteps(this.#source, exists(this.#source, this.#base, request()));
    if (!isThere) {
      const creation = createCollection(this.#source, this.#base, { ...request(), recursive: true });
      if (!dryRun) await runSteps(this.#source, creation);
      return;
    }
    this.#remote = await scanRemote(this.#source, this.#base, this.#settings, {
      filter: ({ name, type }, parent) => filter(parent + name, type),
      enters: (_, path) => this.#local.get(path)?.type === 'directory',
      onError,
    });
  }

  /** Decides what to do. Folders come in levels, because a folder must exist before what is in it. */
  #plan(state: TreeState): [folders: Job[][], files: Job[], skipped: string[]] {
    const [folders, files, skipped]: [Job[][], Job[], string[]] = [[], [], []];
    for (const [path, entry] of this.#local) {
      const there = this.#remote.get(path);
      if (entry.type === 'other') this.#run.ignore(path);
      else if (there && there.type !== entry.type && !this.#settings.deletes)
        this.#run.fail(path, inTheWay(path, there.type === 'file' ? 'file' : 'folder'));
      else if (entry.type === 'directory') {
        if (there?.type === 'directory') continue;
        const level = path.split('/').length - 1;
        while (folders.length <= level) folders.push([]);
        folders[level]?.push(this.#creation(path, there));
      } else if (there?.type === 'file' && this.#isDone(path, entry, there, state)) skipped.push(path);
      else files.push(this.#upload(path, entry, there, state));
    }
    return [folders, files, skipped];
  }

  /** Whether a file need not be uploaded. */
  #isDone(path: string, local: LocalFile, remote: Resource, state: TreeState): boolean {
    const known = state.get(path);
    // Without a state, a file is taken for unchanged if it has not been modified since it was stored on the server.
    const isDone =
      known === undefined
        ? remote.size === local.size && remote.modified !== null && local.mtimeMs < remote.modified.getTime() + 1000
        : known !== null && isUnchanged(known, local, remote);
    if (isDone) state.note(path, equalState(local, remote));
    return isDone;
  }

  #surplus(isUnread: (path: string) => boolean): string[] {
    const paths: string[] = [];
    for (const [path, { type }] of this.#remote) {
      const key = type === 'directory' ? `${path}/` : path;
      if (!this.#local.has(path) && !isUnread(key) && !isUnread(path)) paths.push(key);
    }
    return outermost(paths);
  }

  #targetOf(path: string): string {
    return this.#remote.get(path)?.path ?? this.#base + escapePath(path);
  }

  #creation(path: string, there: Resource | undefined): Job {
    return {
      path: `${path}/`,
      type: 'created',
      size: null,
      run: async () => {
        if (there) await run(this.#source, changing('DELETE', there.path, this.#settings.request()));
        await run(this.#source, mkcol(this.#base + escapePath(path), this.#settings.request()));
        return 0;
      },
    };
  }

  #deletion(path: string): Job {
    const { path: target } = this.#remote.get(path.replace(/\/$/, '')) as Resource;
    return {
      path,
      type: 'deleted',
      size: null,
      run: async () => {
        await run(this.#source, changing('DELETE', target, this.#settings.request()));
        return 0;
      },
    };
  }

  #upload(path: string, local: LocalEntry, there: Resource | undefined, state: TreeState): Job {
    const isInTheWay = there?.type === 'directory';
    const target = isInTheWay ? this.#base + escapePath(path) : this.#targetOf(path);
    return {
      path,
      type: there && !isInTheWay ? 'updated' : 'created',
      size: local.size,
      run: async (onBytes) => {
        if (isInTheWay) await run(this.#source, changing('DELETE', there.path, this.#settings.request()));
        await state.begin(path);
        const before = await stat(local.file);
        const since = performance.now();
        const response = await run(
          this.#source,
          send(
            'PUT',
            target,
            { file: local.file },
            {
              ...this.#settings.request(),
              onProgress: ({ type, progress }) => {
                if (type === 'sending') onBytes(progress);
              },
            },
          ),
        );
        const after = await stat(local.file);
        if (after.size !== before.size || after.mtimeMs !== before.mtimeMs)
          throw new NeonError(`The file "${path}" was modified while it was sent`, 'NE_ERROR');
        await state.end(path, stateAfter(response, after, performance.now() - since));
        return after.size;
      },
    };
  }
}

/** The state after an upload. The date of a response may be the time at which the request began. */
function stateAfter({ headers }: Response, { size, mtimeMs }: LocalFile, duration: number): FileState {
  const date = dateOf(headers.date ?? '')?.getTime();
  return {
    size,
    mtimeMs,
    etag: headers.etag || null,
    modified: null,
    date: date === undefined ? null : date + Math.ceil(duration) + 1000,
  };
}
