/** Request bodies: their types, and their preparation for the addon. */
import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

import { invalidType, invalidValue, outOfRange } from '../core/errors.js';
import { isInstance, isObject } from '../core/objects.js';
import { BlockQueue, type Blocks } from './block-queue.js';
import { type Source, sourceOfIterable, sourceOfWebStream } from './body-sources.js';

/** An open file or pipe as a body. A pipe without a `length` is sent in chunks. */
export interface DescriptorBody {
  /** The file descriptor. The descriptor stays open, and its file position does not change. */
  readonly fd: number;
  /** Where the body begins in the file, in bytes. Default 0. */
  readonly offset?: number | undefined;
  /** The length of the body, in bytes. Default: up to the end. */
  readonly length?: number | undefined;
}

/** A file, or a part of a file, as a body. */
export interface FileBody extends Omit<DescriptorBody, 'fd'> {
  /**
   * The path of the file, or its `file:` URL. The file is opened when the request is sent. Calls that return a promise
   * open the file off the JavaScript thread.
   */
  readonly file: string | URL;
}

/**
 * A callback that returns the next block of a body: at most `size` bytes, or null at the end. neon calls it with a
 * `size` of 0 when the body must start again from its beginning. The callback then returns false if the body cannot
 * start again. The callback may return a promise, but not in blocking requests. In C: `ne_provide_body`.
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
 * The body of a request: text (sent as UTF-8), bytes, a file, a descriptor, a provider, or a source of blocks (a Blob,
 * a Readable, a web stream, or any other async iterable). A body of unknown length is sent in chunks, unless there is a
 * Content-Length header.
 *
 * Streams and iterables can be read only once. If more than 256 KiB have been read, the request cannot be sent again,
 * and fails if it has to be. For this reason, a request with a stream or iterable uses a new connection, unless the
 * body turns out to be short.
 *
 * Blocking requests accept only text, bytes, files, descriptors and providers.
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

/**
 * Called by the addon with an {@link Ask}. 0 requests the next blocks; the answer has at least one block, unless the
 * body has ended. `askFirst` requests the first blocks, before the request is sent. `askAgain` tells the body to start
 * again; the answer is false if the body cannot.
 */
type Pull = (ask: Ask) => Answer | Promise<Answer>;
type Answer = Blocks | boolean;
type Ask = 0 | 1 | 2;
const askAgain = 1 satisfies Ask;
const askFirst = 2 satisfies Ask;

/** A body in the form that the addon accepts. @internal */
export interface PreparedBody {
  /**
   * All lengths are in bytes. A `length` of -1 is unknown. An `announced` of -1 means that there is no Content-Length
   * header.
   */
  readonly body:
    | string
    | Uint8Array
    | readonly [file: string | number, offset: number, length: number, announced: number]
    | readonly [pull: Pull, length: number, repeatable: boolean];
  /** Frees the source of the blocks when the request is over. */
  readonly release?: (() => void) | undefined;
}

const blockSize = 64 * 1024;
/** How many bytes of a Blob are read at once. Smaller parts would need more turns of the event loop. */
const sliceSize = 1024 * 1024;
/**
 * How many bytes to read before the addon requests them. Each request of the addon costs a turn of the event loop, so
 * fewer bytes would make a fast upload slower.
 */
const ahead = 1024 * 1024;

/** Whether the addon accepts the body unchanged. @internal */
export function isSimple(body: unknown): body is string | Uint8Array {
  return typeof body === 'string' || types.isUint8Array(body);
}

/**
 * Prepares a body for the addon. The addon opens files itself, on the lane, so that the JavaScript thread does not
 * wait. @internal
 *
 * @param announced the length in the Content-Length header, if there is one
 * @param blocking whether to refuse bodies that need the event loop
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE` or `ERR_OUT_OF_RANGE` for an invalid body
 */
export function prepareBody(body: Body, announced: number | undefined, blocking: boolean): PreparedBody {
  if (isSimple(body)) return { body };
  if (typeof body !== 'function' && !isObject(body)) throw wrongBody(body);
  if (isFile(body)) return ofFile(isInstance(body.file, URL) ? fileURLToPath(body.file) : body.file, body, announced);
  if (isDescriptor(body)) return ofFile(validFd(body.fd), body, announced);
  if (typeof body === 'function') return { body: [pullFrom(body), announced ?? -1, false] };
  if (blocking)
    throw invalidType(
      'body',
      'of type string or function, an instance of Uint8Array, a file or a descriptor in a blocking request',
      body,
    );
  if (isInstance(body, Blob)) {
    requireLength(announced, body.size);
    return ofBlob(body);
  }
  if (isInstance(body, ReadableStream)) return ofSource(sourceOfWebStream(body), announced);
  if (isAsyncIterable(body)) return ofSource(sourceOfIterable(body), announced);
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
 * Refuses an announced length that differs from the length of the body. @internal
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
  const blockOf = (given: Awaited<ReturnType<BodyProvider>>): Uint8Array | null => {
    if (given === null || given === undefined) return null;
    if (!types.isUint8Array(given)) throw invalidType('block of the body', 'null or an instance of Uint8Array', given);
    return given.length > 0 ? given : null;
  };
  const next = (): Uint8Array | null | Promise<Uint8Array | null> => {
    const given = provider(blockSize);
    return types.isPromise(given) ? given.then(blockOf) : blockOf(given);
  };
  const start = (): BlockQueue => new BlockQueue(next, { ahead: 0, reuses: true });
  let queue = start();
  return (ask) => {
    if (ask !== askAgain) return ask === askFirst ? queue.look() : queue.take();
    queue = start();
    const given = provider(0);
    return types.isPromise(given) ? given.then((block) => block !== false) : given !== false;
  };
}

function ofBlob(blob: Blob): PreparedBody {
  const start = (): BlockQueue => {
    let at = 0;
    let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
    // A stream of the whole Blob would return a large part of the Blob as one block.
    const nextSlice = (): ReadableStreamDefaultReader<Uint8Array> | undefined =>
      at < blob.size
        ? blob
            .slice(at, (at += sliceSize))
            .stream()
            .getReader()
        : undefined;
    const next = async (): Promise<Uint8Array | null> => {
      while ((reader ??= nextSlice())) {
        const { value } = await reader.read();
        if (value) return value;
        reader = undefined;
      }
      return null;
    };
    return new BlockQueue(next, { ahead, reuses: false });
  };
  let queue = start();
  const pull: Pull = (ask) => {
    if (ask !== askAgain) return queue.take();
    queue.stop();
    queue = start();
    return true;
  };
  return { body: [pull, blob.size, true], release: () => queue.stop() };
}

/**
 * Prepares a body that is read from a source. The queue reads the source on the addon's request, and also in advance.
 */
function ofSource(source: Source, announced: number | undefined): PreparedBody {
  let ended = false;
  const blockOf = ({ done, value }: IteratorResult<unknown, unknown>): Uint8Array | null => {
    if (done) {
      ended = true;
      return null;
    }
    if (typeof value === 'string') return Buffer.from(value);
    if (!types.isUint8Array(value)) throw invalidType('body', 'made of strings or Uint8Arrays', value);
    return source.reuses ? Buffer.from(value) : value;
  };
  const next = (): Uint8Array | null | Promise<Uint8Array | null> => {
    const given = source.next();
    return types.isPromise(given) ? given.then(blockOf) : blockOf(given);
  };
  const queue = new BlockQueue(next, { ahead, reuses: false });
  const pull: Pull = (ask) => {
    if (ask === askAgain) return false;
    return ask === askFirst ? queue.look() : queue.take();
  };
  const release = (): void => {
    queue.stop();
    if (!ended) source.cancel();
    ended = true;
  };
  return { body: [pull, announced ?? -1, false], release };
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
