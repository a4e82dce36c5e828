/** MD5 sums (RFC 1321): the API of ne_md5.h. */
import { native } from '../core/native.js';
import type { Out, ne_md5_ctx } from './handles.js';

/**
 * Creates a context for an MD5 sum.
 *
 * @returns null on a system that prohibits MD5 (FIPS)
 */
export const ne_md5_create_ctx: () => ne_md5_ctx | null = native('ne_md5_create_ctx');

/**
 * Adds bytes to the sum.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the context is finished and has not been reset
 */
export const ne_md5_process_bytes: (buffer: string | Uint8Array, ctx: ne_md5_ctx) => void =
  native('ne_md5_process_bytes');

/**
 * Adds a multiple of 64 bytes to the sum.
 *
 * @throws `ERR_OUT_OF_RANGE` when the number of bytes is not a multiple of 64, `ERR_NEON_INVALID_STATE` when the
 *   context is finished
 */
export const ne_md5_process_block: (buffer: string | Uint8Array, ctx: ne_md5_ctx) => void =
  native('ne_md5_process_block');

/**
 * Returns the 16 bytes of the sum, and finishes the context. A finished context can only be reset or destroyed.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the context is already finished
 */
export const ne_md5_finish_ctx: (ctx: ne_md5_ctx) => Buffer = native('ne_md5_finish_ctx');

/**
 * Returns the sum as 32 hexadecimal digits, and finishes the context. A finished context can only be reset or
 * destroyed.
 *
 * @throws `ERR_NEON_INVALID_STATE` when the context is already finished
 */
export const ne_md5_finish_ascii: (ctx: ne_md5_ctx) => string = native('ne_md5_finish_ascii');

/**
 * Returns the 16 bytes of the internal state after the last whole block. This state is not an MD5 sum.
 *
 * @returns null when neon cannot read the state. This is always the case for neon 0.35 or later with OpenSSL
 * @throws `ERR_NEON_INVALID_STATE` when the context is finished
 */
export const ne_md5_read_ctx: (ctx: ne_md5_ctx) => Buffer | null = native('ne_md5_read_ctx');

/**
 * Copies a context; the copy is independent.
 *
 * @returns null when memory runs out
 * @throws `ERR_NEON_INVALID_STATE` when the context is finished
 */
export const ne_md5_dup_ctx: (ctx: ne_md5_ctx) => ne_md5_ctx | null = native('ne_md5_dup_ctx');

/** Resets a context, so that a new sum begins. */
export const ne_md5_reset_ctx: (ctx: ne_md5_ctx) => void = native('ne_md5_reset_ctx');

/** Frees a context; null is allowed, as in C. */
export const ne_md5_destroy_ctx: (ctx: ne_md5_ctx | null) => void = native('ne_md5_destroy_ctx');

/**
 * Computes the MD5 sum of the bytes from a descriptor's current position to the end. The call blocks.
 *
 * @param resblock `value` is set to the sum, 16 bytes; on an error `value` stays unchanged
 * @returns 0, or 1 when the descriptor could not be read
 */
export const ne_md5_stream: (fd: number, resblock: Partial<Out<Buffer>>) => number = native('ne_md5_stream');

/**
 * Converts 16 bytes to 32 hexadecimal digits.
 *
 * @throws `ERR_OUT_OF_RANGE` when the number of bytes is not 16
 */
export const ne_md5_to_ascii: (md5_buf: string | Uint8Array) => string = native('ne_md5_to_ascii');

/**
 * Converts 32 hexadecimal digits to 16 bytes.
 *
 * @throws `ERR_INVALID_ARG_VALUE` when the text is not 32 hexadecimal digits
 */
export const ne_ascii_to_md5: (buffer: string) => Buffer = native('ne_ascii_to_md5');
