/** The option `decompress` of sessions and requests. */
import { invalidType, outOfRange } from '../core/errors.js';
import { isObject } from '../core/objects.js';

/** How compressed response bodies are handled. */
export interface DecompressOptions {
  /**
   * Whether to request gzip (`Accept-Encoding`) and to inflate the response body. Default true. An inflated body is
   * limited to `maxBytes`, or to 1 GiB by default. A longer body fails with `NE_ERROR`. The body is not inflated if the
   * request or its session has an `Accept-Encoding` or `Range` header. PROPPATCH and ACL ignore the option, because
   * neon reads their responses itself. In C: `ne_decompress_reader`.
   */
  decompress?:
    | boolean
    | {
        /** The maximum number of bytes of an inflated body: an integer >= 1. */
        readonly maxBytes: number;
      }
    | undefined;
}

const defaultLimit = 2 ** 30;

/**
 * Returns the maximum number of bytes of an inflated body; 0 means that bodies are not inflated. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE` or `ERR_OUT_OF_RANGE` for an invalid option
 */
export function inflationLimit({ decompress = true }: DecompressOptions): number {
  if (typeof decompress === 'boolean') return decompress ? defaultLimit : 0;
  if (!isObject(decompress)) throw invalidType('decompress', 'of type boolean or object', decompress);
  const { maxBytes } = decompress;
  if (typeof maxBytes !== 'number') throw invalidType('maxBytes', 'of type number', maxBytes);
  if (!Number.isSafeInteger(maxBytes) || maxBytes < 1) throw outOfRange('maxBytes', '>= 1', maxBytes);
  return maxBytes;
}
