/** The collection of `putTree` and `getTree` on the server. */
import { methodCall, type Method } from './methods.js';
import type { Resource } from './resource.js';
import type { SessionSource } from './session-source.js';
import type { TreeSettings } from './tree.js';
import { Walk } from './walk.js';

/** How a collection is read. @internal */
export interface RemoteScan {
  /** Whether a resource belongs to the tree. */
  readonly filter: (resource: Resource, parent: string) => boolean;
  readonly enters: (collection: Resource, relative: string) => boolean;
  readonly onError: (relative: string, error: unknown) => void;
}

/** Lists a collection with everything in it. The keys are relative paths with `/` between names. @internal */
export async function scanRemote(
  source: SessionSource,
  target: string,
  { concurrency, request }: TreeSettings,
  { filter, enters, onError }: RemoteScan,
): Promise<Map<string, Resource>> {
  const found = new Map<string, Resource>();
  const walk = new Walk(
    source,
    request(),
    { depth: Infinity, concurrency },
    {
      filter,
      enters: (resource, parent) => enters(resource, parent + resource.name),
      onError: (error, resource, parent) => onError(`${parent}${resource.name}/`, error),
      item: (resource, parent) => [parent + resource.name, resource] as const,
    },
  );
  for await (const [relative, resource] of walk.items(target)) found.set(relative, resource);
  return found;
}

/** Runs a method. @internal */
export function run<T>(source: SessionSource, method: Method<T>): Promise<T> {
  const [call, options] = methodCall(method, source);
  return source.run(call, options);
}

/** The paths of a list that are not inside another one of the list. Folders end with a slash. @internal */
export function outermost(paths: readonly string[]): string[] {
  const kept: string[] = [];
  for (const path of [...paths].sort()) {
    const last = kept.at(-1);
    if (last === undefined || !last.endsWith('/') || !path.startsWith(last)) kept.push(path);
  }
  return kept;
}
