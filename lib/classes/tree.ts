/** What `putTree` and `getTree` have in common: their options, their result, and the transfer of many files. */
import { setImmediate as turn } from 'node:timers/promises';

import { validated } from '../core/abort.js';
import { invalidType, NeonError } from '../core/errors.js';
import { type Known, requireKnown } from '../core/options.js';
import { type CommonOptions, commonOptions, progressListener } from './call-options.js';
import { requireFunction, requirePositive } from './walk.js';
import { withTimeLeft } from './steps.js';

/**
 * The options of `putTree` and `getTree`. `timeout` and `signal` are for the whole call, `headers` for each request.
 */
export interface TreeOptions extends Omit<CommonOptions, 'onProgress'> {
  /** How many files are transferred at the same time: an integer > 0. A session transfers one at a time. Default 8. */
  concurrency?: number | undefined;
  /**
   * Whether to delete what is at the destination and not at the source. This also lets a file replace a folder of that
   * name, and a folder replace a file. Default false.
   */
  delete?: boolean | undefined;
  /** Whether to change nothing, and only report what would be done. Default false. */
  dryRun?: boolean | undefined;
  /**
   * Whether to keep a state file in the local folder. It tells next time which files have not changed. Default true.
   */
  state?: boolean | undefined;
  /**
   * Returns whether a file or folder belongs to the tree. If it returns false, the file, or the folder with everything
   * in it, is neither transferred nor deleted. `path` is relative, with `/` between names.
   */
  filter?: ((path: string, type: 'file' | 'directory') => boolean) | undefined;
  /** Called when a file or folder is done, and while files are transferred. */
  onProgress?: ((event: TreeProgress) => void) | undefined;
}

/** What became of a file or folder, or how far a file has come. */
export interface TreeProgress {
  /** `'transferring'` while a file is under way; otherwise what became of the file or folder. */
  readonly type: 'transferring' | 'created' | 'updated' | 'skipped' | 'deleted' | 'failed';
  /** The path relative to the tree, with `/` between names, and at the end of a folder. */
  readonly path: string;
  /** The error, for `'failed'`. */
  readonly error?: unknown;
  /** The bytes of this file that were transferred. */
  readonly fileBytes: number;
  /** The size of this file in bytes; null if it is unknown, and for folders. */
  readonly fileSize: number | null;
  /** How many files and folders are done, those that were skipped or failed included. */
  readonly done: number;
  /** How many files and folders there are to do or to skip. */
  readonly total: number;
  /** The bytes of all files that were transferred so far. */
  readonly bytes: number;
  /** The bytes of all files to transfer, as far as their sizes are known. */
  readonly totalBytes: number;
}

/** A file or folder that could not be transferred or deleted. */
export interface TreeFailure {
  /** As in {@link TreeProgress}. */
  readonly path: string;
  /** Why it failed: an error of the server, of the file system or of this library. */
  readonly error: unknown;
}

/** What `putTree` or `getTree` did. Paths are relative, with `/` between names, and at the end of a folder. */
export interface TreeResult {
  /** The files and folders that are new at the destination. */
  readonly created: readonly string[];
  /** The files that were replaced. */
  readonly updated: readonly string[];
  /** The files that have not changed. */
  readonly skipped: readonly string[];
  /** What was deleted at the destination. A folder stands for everything in it. */
  readonly deleted: readonly string[];
  /** What is no file and no folder, and was left alone, such as a symbolic link. */
  readonly ignored: readonly string[];
  /** What failed. If this list is not empty, the call rejects with a {@link TreeError}. */
  readonly failed: readonly TreeFailure[];
  /** The bytes of all files that were transferred. */
  readonly bytes: number;
}

/** Some files or folders of a tree failed. The others were transferred. */
export class TreeError extends AggregateError {
  /** `'ERR_NEON_TREE'` */
  readonly code = 'ERR_NEON_TREE' as const;
  /** What was done, and what failed. */
  readonly result: TreeResult;

  /** @internal */
  constructor(result: TreeResult) {
    const [first] = result.failed;
    const count = result.failed.length;
    const reason = first?.error instanceof Error ? first.error.message : String(first?.error);
    super(
      result.failed.map(({ error }) => error),
      `${count} of the files and folders failed; the first is "${first?.path}": ${reason}`,
    );
    this.result = result;
  }

  /** `'TreeError'`. */
  override get name(): string {
    return 'TreeError';
  }
}

/** @internal */
export const treeOptions: Known<TreeOptions> = {
  ...commonOptions,
  concurrency: true,
  delete: true,
  dryRun: true,
  state: true,
  filter: true,
};

/** The options after the checks, with defaults filled in. @internal */
export interface TreeSettings {
  readonly concurrency: number;
  readonly deletes: boolean;
  readonly dryRun: boolean;
  readonly state: boolean;
  readonly filter: (path: string, type: 'file' | 'directory') => boolean;
  readonly onProgress: ((event: TreeProgress) => void) | undefined;
  /** The options of each request, with what is left of the timeout. */
  readonly request: () => CommonOptions;
}

/**
 * Checks the options. @internal
 *
 * @throws Node's errors for invalid options
 */
export function treeSettings(options: TreeOptions, known: Readonly<Record<string, true>>): TreeSettings {
  requireKnown(options, known);
  const { concurrency = 8, delete: deletes = false, dryRun = false, state = true, filter, onProgress } = options;
  requirePositive('concurrency', concurrency);
  requireBoolean('delete', deletes);
  requireBoolean('dryRun', dryRun);
  requireBoolean('state', state);
  requireFunction('filter', filter);
  progressListener(onProgress);
  validated(options);
  const { headers, redirect, maxRedirects, decompress, signal, timeout } = options;
  const request: CommonOptions = { headers, redirect, maxRedirects, decompress, signal, timeout };
  const since = performance.now();
  return {
    concurrency,
    deletes,
    dryRun,
    state,
    filter: (path, type) => {
      const belongs: unknown = filter ? filter(path, type) : true;
      if (typeof belongs !== 'boolean') throw invalidType('result of filter', 'of type boolean', belongs);
      return belongs;
    },
    onProgress,
    request: () => withTimeLeft(request, since),
  };
}

/** @internal */
export function requireBoolean(name: string, value: unknown): void {
  if (typeof value !== 'boolean') throw invalidType(name, 'of type boolean', value);
}

/** The reasons of failures after which no other request can succeed. */
const fatal: ReadonlySet<unknown> = new Set([
  'NE_CONNECT',
  'NE_LOOKUP',
  'NE_AUTH',
  'NE_PROXYAUTH',
  'ERR_NEON_CERTIFICATE',
  'ERR_NEON_DESTROYED',
]);

/** The transfer, creation or deletion of a file or folder. @internal */
export interface Job {
  readonly path: string;
  readonly type: 'created' | 'updated' | 'deleted';
  /** The size of the file, as in {@link TreeProgress}. */
  readonly size: number | null;
  /** Does the work; calls `onBytes` with the bytes so far. Resolves to the bytes that were transferred. */
  run(onBytes: (bytes: number) => void): Promise<number>;
}

/** Runs the jobs of a tree, several at the same time, and records what became of them. @internal */
export class TreeRun {
  readonly #settings: TreeSettings;
  readonly #result = {
    created: [] as string[],
    updated: [] as string[],
    skipped: [] as string[],
    deleted: [] as string[],
    ignored: [] as string[],
    failed: [] as TreeFailure[],
    bytes: 0,
  };
  readonly #under = new Map<string, number>();
  #total = 0;
  #totalBytes = 0;
  #done = 0;
  #fatal: NeonError | undefined;
  /** Why no other job may begin: an abort, the timeout, or the exception of a listener. */
  #stopped: { readonly reason: unknown } | undefined;

  constructor(settings: TreeSettings) {
    this.#settings = settings;
  }

  /** Announces jobs, so that progress reports know the totals. */
  announce(jobs: readonly Job[]): void {
    this.#total += jobs.length;
    for (const { size } of jobs) this.#totalBytes += size ?? 0;
  }

  skip(paths: readonly string[]): void {
    this.#total += paths.length;
    for (const path of paths) {
      this.#result.skipped.push(path);
      this.#report('skipped', path, null, 0, true);
    }
  }

  ignore(path: string): void {
    this.#result.ignored.push(path);
  }

  /** Records a failure before the jobs. */
  fail(path: string, error: unknown): void {
    this.#total++;
    this.#failed(path, null, error);
  }

  get hasFailed(): boolean {
    return this.#result.failed.length > 0;
  }

  /** Runs announced jobs, in their order. Rejects only after an abort or timeout, or if a listener throws. */
  async run(jobs: readonly Job[]): Promise<void> {
    const queue = jobs[Symbol.iterator]();
    const work = async (): Promise<void> => {
      for (const job of queue) await this.#one(job);
    };
    const workers = Array.from({ length: Math.min(this.#settings.concurrency, jobs.length) }, work);
    const outcomes = await Promise.allSettled(workers);
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  /** @throws a {@link TreeError} if something failed */
  finish(): TreeResult {
    if (this.hasFailed) throw new TreeError(this.#result);
    return this.#result;
  }

  async #one(job: Job): Promise<void> {
    const { path, type, size } = job;
    this.#requireRunning();
    if (this.#settings.dryRun) {
      this.#result[type].push(path);
      this.#report(type, path, size, 0, true);
      await turnSometimes();
      return;
    }
    try {
      if (this.#fatal) throw this.#fatal;
      this.#settings.request().signal?.throwIfAborted();
      const bytes = await job.run((sofar) => {
        this.#under.set(path, sofar);
        this.#report('transferring', path, size, sofar);
      });
      this.#under.delete(path);
      this.#result.bytes += bytes;
      this.#result[type].push(path);
      this.#report(type, path, size, bytes, true);
    } catch (error) {
      this.#under.delete(path);
      const { signal } = this.#settings.request();
      this.#requireRunning();
      if (signal?.aborted || (error instanceof NeonError && error.code === 'NE_TIMEOUT' && this.#isLate())) {
        this.#stopped = { reason: signal?.aborted ? signal.reason : error };
        this.#requireRunning();
      }
      if (error instanceof NeonError && fatal.has(error.code)) this.#fatal ??= error;
      this.#failed(path, size, error);
    }
  }

  #requireRunning(): void {
    if (this.#stopped) throw this.#stopped.reason;
  }

  /** Whether the timeout of the whole call has passed. */
  #isLate(): boolean {
    return (this.#settings.request().timeout ?? Infinity) <= 1;
  }

  #failed(path: string, size: number | null, error: unknown): void {
    this.#result.failed.push({ path, error });
    this.#report('failed', path, size, 0, true, error);
  }

  #report(
    type: TreeProgress['type'],
    path: string,
    fileSize: number | null,
    fileBytes: number,
    isDone = false,
    error?: unknown,
  ): void {
    if (isDone) this.#done++;
    const { onProgress } = this.#settings;
    if (!onProgress || this.#stopped) return;
    let bytes = this.#result.bytes;
    for (const one of this.#under.values()) bytes += one;
    try {
      onProgress({
        type,
        path,
        ...(error !== undefined && { error }),
        fileBytes,
        fileSize,
        done: this.#done,
        total: this.#total,
        bytes,
        totalBytes: this.#totalBytes,
      });
    } catch (reason) {
      this.#stopped = { reason };
      throw reason;
    }
  }
}

let turns = 0;

/** Gives other work of the event loop a turn now and then. @internal */
export async function turnSometimes(): Promise<void> {
  if (++turns % 256 === 0) await turn();
}
