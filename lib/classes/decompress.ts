/** The option `decompress` of sessions and requests. */
import { invalidType, outOfRange } from '../core/errors.js';
import { isObject } from '../core/objects.js';

/** How compressed response bodies are handled. */
export interface DecompressOptions {
  /**
   * Whether the request asks for gzip (`Accept-Encoding`) and the response body is inflated. Default true, with a limit
   * of 1 GiB; `maxBytes` sets another limit. A body whose inflated length exceeds the limit fails with `NE_ERROR`. The
   * body is left as it arrives if the request or its session has an `Accept-Encoding` or `Range` header. PROPPATCH and
   * ACL ignore the option, since neon itself reads their responses. In C: `ne_decompress_reader`.
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
 * Returns the maximum number of bytes of an inflated body; 0 leaves bodies as they arrive. @internal
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
