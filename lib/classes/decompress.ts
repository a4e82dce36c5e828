import { invalidType, outOfRange } from '../core/errors.js';

/** What is done with bodies that come as gzip. */
export interface DecompressOptions {
  /**
   * Whether gzip is asked for (`Accept-Encoding`), and inflated. Default true, up to 1 GiB; `maxBytes` is another
   * bound: a body that gets longer than that is given up with `NE_ERROR`. A request with a header `Accept-Encoding` or
   * `Range` of its own gets what comes.
   */
  decompress?: boolean | { readonly maxBytes: number } | undefined;
}

const defaultLimit = 2 ** 30;

/** How many bytes a body may become at most; 0 leaves it as it comes. */
export function inflationLimit({ decompress = true }: DecompressOptions): number {
  if (typeof decompress === 'boolean') return decompress ? defaultLimit : 0;
  if (typeof decompress !== 'object' || (decompress as unknown) === null)
    throw invalidType('decompress', 'of type boolean or object', decompress);
  const { maxBytes } = decompress;
  if (typeof maxBytes !== 'number') throw invalidType('maxBytes', 'of type number', maxBytes);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) throw outOfRange('maxBytes', '>= 1', maxBytes);
  return maxBytes;
}
