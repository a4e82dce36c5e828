/** The patcher of npm `webdav`, which this package does not have. */
import { unsupported } from './errors.js';
import type { Untyped } from './types.js';

/** A function that replaces another. */
export type PatchFn<T> = (...args: unknown[]) => T;

/** The patcher of npm `webdav`: an object of the package `hot-patcher`. */
export interface HotPatcher {
  /** Replaces a function. */
  patch<T>(key: string, method: PatchFn<T>, options?: { chain?: boolean }): this;
  /** Replaces a function by several in a row. */
  plugin<T>(key: string, ...methods: PatchFn<T>[]): this;
  /** Calls a function. */
  execute<T>(key: string, ...args: Untyped[]): T;
  /** Whether a function was replaced. */
  isPatched(key: string): boolean;
  /** Undoes a replacement. */
  restore(key: string): this;
}

/**
 * Is refused: requests do not go through `fetch`, so there is nothing to patch.
 *
 * @throws {@link WebDAVRefusal}
 */
export function getPatcher(): HotPatcher {
  throw unsupported(
    'getPatcher() is not supported: requests are sent by neon, not by fetch. Use the options "headers" and "pool", or ' +
      'customRequest()',
  );
}
