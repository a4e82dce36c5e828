/** Request bodies: their types, and how the addon takes them. */
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

import { invalidType, invalidValue, outOfRange } from '../core/errors.js';
import { isInstance, isObject } from '../core/objects.js';

/** An open file or pipe as a body. A pipe without a `length` is sent in chunks. */
export interface DescriptorBody {
  /** The file descriptor. It stays open, and its position in a file does not change. */
  readonly fd: number;
  /** Where the body begins in the file, in bytes. Default 0. */
  readonly offset?: number | undefined;
  /** The length of the body, in bytes. Default: up to the end. */
  readonly length?: number | undefined;
}

/** A file as a body, or a part of it. */
export interface FileBody extends Omit<DescriptorBody, 'fd'> {
  /** The path of the file, or its `file:` URL. It is opened when the request is sent: by promises off this thread. */
  readonly file: string | URL;
}

/**
 * A callback that returns the next block of a body: at most `size` bytes, or null at the end. neon calls it with 0 when
 * the body must start again from its beginning; return false if that is not possible. The callback may return a
 * promise, but not in blocking requests. In C: `ne_provide_body`.
 *
 * @example
 * ```ts
 * let count = 0;
 * const provide: BodyProvider = (size) => {
 *   if (size === 0) return (count = 0) === 0; // from the beginning
 *   return count++ < 3 ? Buffer.from('block') : null;
 * };
 * ```
 */
export type BodyProvider = (
  size: number,
) => Uint8Array | null | boolean | undefined | Promise<Uint8Array | null | boolean | undefined>;

/**
 * The body of a request: text (sent as UTF-8), bytes, a file, a descriptor, a provider, or a source of blocks: a Blob,
 * a Readable, a web stream, any other async iterable. A body of unknown length is sent in chunks, unless there is a
 * Content-Length header. Streams and iterables can be sent once: a request that must be sent again after more than 256
 * KiB of such a body fails. Blocking requests take text, bytes, files, descriptors and providers.
 */
export type Body =
  | string
  | Uint8Array
  | Blob
  | FileBody
  | DescriptorBody
  | BodyProvider
  | ReadableStream<Uint8Array | string>
  | AsyncIterable<Uint8Array | string>;

/** The addon calls it for the next block; with true, to start again from the beginning. */
type Pull = (again: boolean) => Block | Promise<Block>;
type Block = Uint8Array | null | boolean;

/** A body as the addon takes it. @internal */
export interface PreparedBody {
  /** Lengths are in bytes; -1 where they are unknown or not announced. */
  readonly body:
    | string
    | Uint8Array
    | readonly [file: string | number, offset: number, length: number, announced: number]
    | readonly [pull: Pull, length: number];
  /** Frees the source of the blocks when the request is over. */
  readonly release?: (() => void) | undefined;
}

const blockSize = 64 * 1024;

/** Whether the addon takes the body as it is. @internal */
export function isSimple(body: unknown): body is string | Uint8Array {
  return typeof body === 'string' || types.isUint8Array(body);
}

/**
 * Prepares a body for the addon, which opens files itself: on the lane, so that this thread does not wait. @internal
 *
 * @param announced the length in the Content-Length header, if there is one
 * @param blocking refuses bodies that need the event loop
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid body
 */
export function prepareBody(body: Body, announced: number | undefined, blocking: boolean): PreparedBody {
  if (isSimple(body)) return { body };
  if (typeof body !== 'function' && !isObject(body)) throw wrongBody(body);
  if (isFile(body)) return ofFile(isInstance(body.file, URL) ? fileURLToPath(body.file) : body.file, body, announced);
  if (isDescriptor(body)) return ofFile(validFd(body.fd), body, announced);
  if (typeof body === 'function') return { body: [pullFrom(body), announced ?? -1] };
  if (blocking)
    throw invalidType(
      'body',
      'of type string or function, an instance of Uint8Array, a file or a descriptor in a blocking request',
      body,
    );
  if (isInstance(body, Blob)) {
    requireLength(announced, body.size);
    return ofIterable(() => blocksOf(body.stream()), body.size, true);
  }
  if (isAsyncIterable(body)) return ofIterable(() => body, announced ?? -1, false);
  if (isInstance(body, ReadableStream)) return ofIterable(() => blocksOf(body), announced ?? -1, false);
  throw wrongBody(body);
}

function ofFile(
  file: string | number,
  { offset = 0, length }: Omit<DescriptorBody, 'fd'>,
  announced: number | undefined,
): PreparedBody {
  requireSafe('offset', offset);
  if (length !== undefined) requireSafe('length', length);
  if (file === '' || (typeof file === 'string' && file.includes('\0')))
    throw invalidValue(`The "file" of a body must be a path: '${file}'`);
  if (length !== undefined) requireLength(announced, length);
  return { body: [file, offset, length ?? -1, announced ?? -1] };
}

/**
 * Refuses an announced length that is not that of the body. @internal
 *
 * @throws `ERR_INVALID_ARG_VALUE`
 */
export function requireLength(announced: number | undefined, length: number): void {
  if (announced !== undefined && announced !== length)
    throw invalidValue(
      `The header Content-Length announces ${announced} bytes, but the body has ${length}: omit the header`,
    );
}

function pullFrom(provider: BodyProvider): Pull {
  const answer = (block: Awaited<ReturnType<BodyProvider>>, again: boolean): Block =>
    again ? block !== false : types.isUint8Array(block) && block.length === 0 ? null : (block ?? null);
  return (again) => {
    const given = provider(again ? 0 : blockSize);
    return types.isPromise(given) ? given.then((block) => answer(block, again)) : answer(given, again);
  };
}

/** Iterates a source when the addon asks for blocks; again from the beginning if it is repeatable. */
function ofIterable(
  source: () => AsyncIterable<Uint8Array | string>,
  length: number,
  repeatable: boolean,
): PreparedBody {
  let iterator: AsyncIterator<Uint8Array | string> | undefined;
  let ended = false;
  const release = (): void => {
    if (ended) return;
    ended = true;
    iterator ??= repeatable ? undefined : source()[Symbol.asyncIterator]();
    iterator?.return?.().then(undefined, () => undefined);
  };
  const pull = async (again: boolean): Promise<Block> => {
    if (again) {
      if (repeatable) {
        release();
        [iterator, ended] = [undefined, false];
      }
      return repeatable;
    }
    iterator ??= source()[Symbol.asyncIterator]();
    for (;;) {
      const { done, value } = (await iterator.next()) as IteratorResult<unknown, unknown>;
      if (done) {
        ended = true;
        return null;
      }
      const block = typeof value === 'string' ? Buffer.from(value) : value;
      if (!types.isUint8Array(block)) throw invalidType('body', 'made of strings or Uint8Arrays', value);
      if (block.length > 0) return block;
    }
  };
  return { body: [pull, length], release };
}

async function* blocksOf(stream: ReadableStream<Uint8Array | string>): AsyncGenerator<Uint8Array | string> {
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        ended = true;
        return;
      }
      yield value;
    }
  } finally {
    if (!ended) await reader.cancel();
  }
}

function isFile(body: unknown): body is FileBody {
  const file = (body as { file?: unknown }).file;
  return typeof file === 'string' || isInstance(file, URL);
}

function isDescriptor(body: unknown): body is DescriptorBody {
  return typeof (body as { fd?: unknown }).fd === 'number' && !isAsyncIterable(body);
}

function isAsyncIterable(body: unknown): body is AsyncIterable<Uint8Array | string> {
  return typeof (body as { [Symbol.asyncIterator]?: unknown })[Symbol.asyncIterator] === 'function';
}

function wrongBody(body: unknown): TypeError {
  return invalidType(
    'body',
    'of type string or function, or an instance of Uint8Array, Blob, Readable or ReadableStream, an async iterable, a file or a descriptor',
    body,
  );
}

function validFd(fd: number): number {
  if (!Number.isInteger(fd) || fd < 0 || fd > 2 ** 31 - 1) throw outOfRange('fd', '>= 0 and <= 2147483647', fd);
  return fd;
}

function requireSafe(name: string, value: unknown): void {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(name, '>= 0 and <= 9007199254740991', value);
}
