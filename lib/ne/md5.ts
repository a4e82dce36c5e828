import { native } from '../core/native.js';
import type { Out, ne_md5_ctx } from './handles.js';

/** A context for an MD5 sum; null where MD5 is prohibited (FIPS). */
export const ne_md5_create_ctx: () => ne_md5_ctx | null = native('ne_md5_create_ctx');

/**
 * Adds bytes to the sum.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the context is finished and was not reset
 */
export const ne_md5_process_bytes: (buffer: string | Uint8Array, ctx: ne_md5_ctx) => void =
  native('ne_md5_process_bytes');

/**
 * The same, for a multiple of 64 bytes.
 *
 * @throws `ERR_OUT_OF_RANGE` for another number of bytes, `ERR_NEON_INVALID_STATE` when the context is finished
 */
export const ne_md5_process_block: (buffer: string | Uint8Array, ctx: ne_md5_ctx) => void =
  native('ne_md5_process_block');

/**
 * The sum, 16 bytes. The context is finished then: reset or destroy it.
 *
 * @throws `ERR_NEON_INVALID_STATE` when it was finished before
 */
export const ne_md5_finish_ctx: (ctx: ne_md5_ctx) => Buffer = native('ne_md5_finish_ctx');

/**
 * The sum as 32 hexadecimal digits. The context is finished then: reset or destroy it.
 *
 * @throws `ERR_NEON_INVALID_STATE` when it was finished before
 */
export const ne_md5_finish_ascii: (ctx: ne_md5_ctx) => string = native('ne_md5_finish_ascii');

/**
 * The state after the last whole block, 16 bytes; which is no sum. Null where neon cannot tell: with OpenSSL from neon
 * 0.35 on.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the context is finished
 */
export const ne_md5_read_ctx: (ctx: ne_md5_ctx) => Buffer | null = native('ne_md5_read_ctx');

/**
 * A copy that goes on from here on its own; null when there is no memory.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the context is finished
 */
export const ne_md5_dup_ctx: (ctx: ne_md5_ctx) => ne_md5_ctx | null = native('ne_md5_dup_ctx');

/** Begins anew. */
export const ne_md5_reset_ctx: (ctx: ne_md5_ctx) => void = native('ne_md5_reset_ctx');

/** Frees a context. */
export const ne_md5_destroy_ctx: (ctx: ne_md5_ctx) => void = native('ne_md5_destroy_ctx');

/**
 * Reads a descriptor from where it stands to its end, and leaves the sum, 16 bytes, in `resblock.value`. Returns 0, or 1
 * when the descriptor could not be read; then nothing is filled. Blocks.
 */
export const ne_md5_stream: (fd: number, resblock: Partial<Out<Buffer>>) => number = native('ne_md5_stream');

/**
 * 16 bytes as 32 hexadecimal digits.
 *
 * @throws `ERR_OUT_OF_RANGE` for another number of bytes
 */
export const ne_md5_to_ascii: (md5_buf: string | Uint8Array) => string = native('ne_md5_to_ascii');

/**
 * 32 hexadecimal digits as 16 bytes.
 *
 * @throws `ERR_INVALID_ARG_VALUE` for anything else
 */
export const ne_ascii_to_md5: (buffer: string) => Buffer = native('ne_ascii_to_md5');
