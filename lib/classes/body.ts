import { fileURLToPath } from 'node:url';
import { types } from 'node:util';

import { invalidType, invalidValue, outOfRange } from '../core/errors.js';

/** A part of a file, or what a pipe gives: without a length it goes to the end, and a pipe is sent in chunks. */
export interface DescriptorBody {
  /** It stays open, and where it stands in a file stays the same. */
  readonly fd: number;
  /** In bytes; 0 by default. */
  readonly offset?: number | undefined;
  /** In bytes; up to the end by default. */
  readonly length?: number | undefined;
}

/** A file by its path, or a part of it. */
export interface FileBody extends Omit<DescriptorBody, 'fd'> {
  readonly file: string | URL;
}

/**
 * Gives the next block of at most `size` bytes, nothing (null) at the end. Called with 0 when the body is to start
 * again from its beginning: return false if it cannot.
 */
export type BodyProvider = (
  size: number,
) => Uint8Array | null | boolean | undefined | Promise<Uint8Array | null | boolean | undefined>;

/**
 * What a request can send: text (as UTF-8), bytes, a file, a descriptor, or what gives blocks: a Blob, a Readable, a
 * web stream, anything else that can be iterated asynchronously, a provider. What is of unknown length is sent in
 * chunks, unless there is a Content-Length header. Streams and iterables can be sent once: when the request must be
 * sent again after more than 256 KiB of it, it fails.
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

/** What the addon asks for blocks: whether it wants to start again. */
type Pull = (again: boolean) => Block | Promise<Block>;
type Block = Uint8Array | null | boolean;

/** A body as the addon takes it, and what to do when the request is over. */
export interface PreparedBody {
  readonly body: string | Uint8Array | readonly [file: string | number, offset: number, length: number] | Pull;
  /** Of the blocks of a function; -1 is unknown. */
  readonly length: number;
  /** Lets go of what was not read. */
  readonly release?: (() => void) | undefined;
}

const blockSize = 64 * 1024;

/** What needs no preparation. */
export function isSimple(body: unknown): body is string | Uint8Array {
  return typeof body === 'string' || types.isUint8Array(body);
}

/**
 * Prepares a body; `announced` is its Content-Length header, if there is one. Files are opened by the addon, where that
 * blocks nobody.
 *
 * @param blocking refuses what needs the event loop
 */
export function prepareBody(body: Body, announced: number | undefined, blocking: boolean): PreparedBody {
  if (isSimple(body)) return { body, length: -1 };
  if (typeof body !== 'function' && (typeof body !== 'object' || (body as object | null) === null))
    throw wrongBody(body);
  if (isFile(body)) return ofFile(body.file instanceof URL ? fileURLToPath(body.file) : body.file, body);
  if (isDescriptor(body)) return ofFile(validFd(body.fd), body);
  if (typeof body === 'function') return { body: pullFrom(body), length: announced ?? -1 };
  if (blocking)
    throw invalidType(
      'body',
      'of type string or function, an instance of Uint8Array, a file or a descriptor in a blocking request',
      body,
    );
  if (body instanceof Blob) return ofIterable(() => blocksOf(body.stream()), body.size, true);
  if (isAsyncIterable(body)) return ofIterable(() => body, announced ?? -1, false);
  if ((body as unknown) instanceof ReadableStream) return ofIterable(() => blocksOf(body), announced ?? -1, false);
  throw wrongBody(body);
}

function ofFile(file: string | number, { offset = 0, length }: Omit<DescriptorBody, 'fd'>): PreparedBody {
  requireSafe('offset', offset);
  if (length !== undefined) requireSafe('length', length);
  if (file === '' || (typeof file === 'string' && file.includes('\0')))
    throw invalidValue(`The "file" of a body must be a path: '${file}'`);
  return { body: [file, offset, length ?? -1], length: -1 };
}

function pullFrom(provider: BodyProvider): Pull {
  const answer = (block: Awaited<ReturnType<BodyProvider>>, again: boolean): Block =>
    again ? block !== false : types.isUint8Array(block) && block.length === 0 ? null : (block ?? null);
  return (again) => {
    const given = provider(again ? 0 : blockSize);
    return types.isPromise(given) ? given.then((block) => answer(block, again)) : answer(given, again);
  };
}

/** Iterates lazily, anew when it must and can. */
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
  return { body: pull, length, release };
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
  return typeof file === 'string' || file instanceof URL;
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
