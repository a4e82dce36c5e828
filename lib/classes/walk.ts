/** Walks through the tree of a collection, by listings of its collections. */
import { setImmediate as turn } from 'node:timers/promises';

import { validated } from '../core/abort.js';
import { invalidType, invalidValue, outOfRange } from '../core/errors.js';
import { type Known, requireKnown } from '../core/options.js';
import {
  failure,
  listMembers,
  listOptions,
  type ListOptions,
  type Members,
  requireArray,
  type Resource,
  resourceOf,
} from './resource.js';
import { isBelow, isMember, normalPath } from './resource-path.js';
import type { SessionSource } from './session-source.js';
import { runSteps, withTimeLeft } from './steps.js';
import type { Target } from './target.js';

/** The options of `walk`. `timeout` and `signal` are for the whole walk. */
export interface WalkOptions extends ListOptions {
  /**
   * How far down the walk goes: an integer > 0, or Infinity. 1 means the members of the collection. Default: Infinity.
   */
  depth?: number | undefined;
  /**
   * How many collections are listed at the same time: an integer > 0. A session has one connection, and therefore lists
   * one collection at a time. Default 8.
   */
  concurrency?: number | undefined;
  /**
   * Returns whether a resource belongs to the walk. If it returns false, the walk omits the resource and everything
   * below it. It is called once for each resource, in the order of the walk within each collection.
   */
  filter?: ((resource: Resource) => boolean) | undefined;
  /**
   * Called if a collection below the target cannot be listed. The walk then continues without what is in the
   * collection. Default: the walk rejects with the error.
   */
  onError?: ((error: unknown, collection: Resource) => void) | undefined;
}

/** @internal */
export const walkOptions: Known<WalkOptions> = {
  ...listOptions,
  depth: true,
  concurrency: true,
  filter: true,
  onError: true,
};

/** A walk without a limit of its depth fails at this depth: a server could make up collections without end. */
const maxDepth = 1000;
/** How long entries are converted before other work of the event loop gets a turn, in milliseconds. */
const maxBlocking = 4;

/** The outcome of a listing that was begun in advance. It never rejects, because nothing may be waiting for it. */
type Outcome = { readonly members: readonly Resource[] } | { readonly error: unknown };

/** A collection that is still to be entered. */
interface Folder {
  readonly resource: Resource;
  outcome?: Promise<Outcome>;
}

/** The members of a collection that the walk has entered. */
interface Frame {
  readonly depth: number;
  /** The names of the collections that the walk is in, each followed by a slash. */
  readonly names: string;
  readonly members: readonly Resource[];
  next: number;
  /** The collections among the members, and the index of the first one that was not entered yet. */
  readonly folders: readonly Folder[];
  nextFolder: number;
}

/** @internal */
export interface WalkLimits {
  readonly depth: number;
  readonly concurrency: number;
}

/**
 * Walks through a tree; see `walk` of the classes. @internal
 *
 * @throws Node's errors for invalid arguments
 */
export function walk(
  source: SessionSource,
  target: Target,
  options: WalkOptions = {},
): AsyncGenerator<Resource, void, undefined> {
  source.requireOpen();
  const path = source.targetOf(target);
  requireKnown(options, walkOptions);
  const { depth = Infinity, concurrency = 8, filter, onError, ...listing } = options;
  requirePositive('depth', depth, depth === Infinity);
  requirePositive('concurrency', concurrency);
  requireFunction('filter', filter);
  requireFunction('onError', onError);
  validated(options);
  requireArray(listing.props ?? []);
  return new Walk(source, listing, { depth, concurrency }, { filter, onError, item: (resource) => resource }).items(
    path,
  );
}

/**
 * What a walk does with the resources. `parent` is where a resource is: the names above it, as in `'a/b/'`. @internal
 */
export interface WalkHooks<T> {
  /** As in {@link WalkOptions}. */
  readonly filter?: ((resource: Resource, parent: string) => boolean) | undefined;
  /** Whether the walk enters a collection. Default: it does. */
  readonly enters?: (collection: Resource, parent: string) => boolean;
  /** As in {@link WalkOptions}. */
  readonly onError?: ((error: unknown, collection: Resource, parent: string) => void) | undefined;
  /** Makes what the walk yields. */
  readonly item: (resource: Resource, parent: string) => T;
}

/** @internal */
export function requirePositive(name: string, value: unknown, isAllowed = false): void {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!isAllowed && !(Number.isSafeInteger(value) && value > 0)) throw outOfRange(name, 'an integer > 0', value);
}

/** @internal */
export function requireFunction(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'function') throw invalidType(name, 'of type function', value);
}

/**
 * A walk. The resources have the order of a depth-first walk. To list several collections side by side, the walk looks
 * at the collections that it will enter next, and begins to list the first of them in advance. @internal
 */
export class Walk<T> {
  readonly #source: SessionSource;
  readonly #options: ListOptions;
  readonly #limits: WalkLimits;
  readonly #hooks: WalkHooks<T>;
  /** Ends the listings under way. */
  readonly #end = new AbortController();
  readonly #signal: AbortSignal;
  readonly #since = performance.now();
  /** The collections that the walk is in; the innermost is the last. */
  readonly #frames: Frame[] = [];
  #running = 0;

  constructor(source: SessionSource, options: ListOptions, limits: WalkLimits, hooks: WalkHooks<T>) {
    this.#source = source;
    this.#options = options;
    this.#limits = limits;
    this.#hooks = hooks;
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#end.signal]) : this.#end.signal;
  }

  async *items(path: string): AsyncGenerator<T, void, undefined> {
    try {
      this.#enter(await this.#list(path), 1, '');
      let since = performance.now();
      for (let frame = this.#frames.at(-1); frame; frame = this.#frames.at(-1)) {
        const resource = frame.members[frame.next++];
        if (!resource) {
          this.#frames.pop();
          continue;
        }
        yield this.#hooks.item(resource, frame.names);
        if (frame.folders[frame.nextFolder]?.resource === resource) await this.#descend(frame);
        if (performance.now() - since < maxBlocking) continue;
        await turn(); // otherwise the members that have already arrived would run as one chain of microtasks
        since = performance.now();
      }
    } finally {
      this.#end.abort();
    }
  }

  /** Enters the next collection of a frame. */
  async #descend(frame: Frame): Promise<void> {
    const folder = frame.folders[frame.nextFolder++] as Folder;
    const outcome = await (folder.outcome ?? this.#begin(folder));
    if ('members' in outcome) {
      this.#enter(outcome.members, frame.depth + 1, `${frame.names}${folder.resource.name}/`);
      return;
    }
    this.#options.signal?.throwIfAborted();
    if (!this.#hooks.onError) throw outcome.error;
    this.#hooks.onError(outcome.error, folder.resource, frame.names);
  }

  #enter(listed: readonly Resource[], depth: number, names: string): void {
    const { filter, enters = () => true } = this.#hooks;
    const members = filter
      ? listed.filter((resource) => {
          const belongs: unknown = filter(resource, names);
          if (typeof belongs !== 'boolean') throw invalidType('result of filter', 'of type boolean', belongs);
          return belongs;
        })
      : listed;
    const isEntered = (resource: Resource): boolean =>
      resource.type === 'directory' && !resource.error && enters(resource, names);
    const folders = depth < this.#limits.depth ? members.filter(isEntered) : [];
    if (folders.length > 0 && depth === maxDepth)
      throw invalidValue(`The tree has more than ${maxDepth} levels: limit the walk by the option "depth"`);
    this.#frames.push({
      depth,
      names,
      members,
      next: 0,
      folders: folders.map((resource) => ({ resource })),
      nextFolder: 0,
    });
    this.#lookAhead();
  }

  /** Begins to list the first of the collections that the walk will enter next. */
  #lookAhead(): void {
    let left = this.#limits.concurrency;
    for (let i = this.#frames.length - 1; i >= 0 && left > 0; i--) {
      const { folders, nextFolder } = this.#frames[i] as Frame;
      for (let j = nextFolder; j < folders.length && left > 0; j++, left--) {
        if (this.#running >= this.#limits.concurrency) return;
        const folder = folders[j] as Folder;
        folder.outcome ??= this.#begin(folder);
      }
    }
  }

  #begin({ resource }: Folder): Promise<Outcome> {
    this.#running++;
    return this.#list(resource.path).then(
      (members) => this.#done({ members }),
      (error: unknown) => this.#done({ error }),
    );
  }

  #done(outcome: Outcome): Outcome {
    this.#running--;
    if (!this.#end.signal.aborted) this.#lookAhead();
    return outcome;
  }

  async #list(path: string): Promise<readonly Resource[]> {
    const options = { ...withTimeLeft(this.#options, this.#since), signal: this.#signal };
    return membersOf(await runSteps(this.#source, listMembers(this.#source, path, options)));
  }
}

/** Converts the entries of a listing, in slices that do not block the event loop for long. */
async function membersOf({ self, entries, base }: Members): Promise<readonly Resource[]> {
  const members: Resource[] = [];
  const seen = new Set<string>([normalPath(self)]);
  let since = performance.now();
  for (const entry of entries) {
    const resource = resourceOf(entry, base);
    if (!isMember(resource.path, self)) {
      // Some servers list what is below the members, too. The walk finds it when it lists the members.
      if (isBelow(resource.path, self) || normalPath(resource.path) === normalPath(self)) continue;
      throw failure(`the server lists ${resource.path}, which is not in the collection ${self}`, base);
    }
    const path = normalPath(resource.path);
    if (seen.has(path)) continue;
    seen.add(path);
    members.push(resource);
    if (performance.now() - since < maxBlocking) continue;
    await turn();
    since = performance.now();
  }
  return members;
}
