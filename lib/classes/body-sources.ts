/** Sources of request bodies: streams and iterables, which can be read once. */
import { finished, Readable } from 'node:stream';
import { types } from 'node:util';

import { invalidType } from '../core/errors.js';
import { isObject } from '../core/objects.js';

/** A source of blocks that can be read once. @internal */
export interface Source {
  /** The next block. A source whose next block has arrived already need not return a promise. Throws its failure. */
  next(): IteratorResult<unknown, unknown> | Promise<IteratorResult<unknown, unknown>>;
  /** Frees the source before its end. */
  cancel(): void;
  /** Whether the source may overwrite a block when the next block is requested. */
  readonly reuses: boolean;
}

type Reading = Pick<Source, 'next' | 'cancel'>;

const ignore = (): void => undefined;

/** @internal */
export function sourceOfWebStream(stream: ReadableStream<Uint8Array | string>): Source {
  let reader: ReadableStreamDefaultReader<unknown> | undefined;
  const getReader = (): ReadableStreamDefaultReader<unknown> => (reader ??= stream.getReader());
  return {
    next: () => getReader().read(),
    cancel: () => {
      if (reader || !stream.locked) getReader().cancel().catch(ignore);
    },
    reuses: false,
  };
}

/** @internal */
export function sourceOfIterable(iterable: AsyncIterable<Uint8Array | string>): Source {
  if (iterable instanceof Readable) return sourceOfReadable(iterable);
  return { ...iterationOf(iterable), reuses: true };
}

function sourceOfReadable(stream: Readable): Source {
  // If the stream fails before it is read, the first read reports the failure.
  stream.on('error', ignore);
  let reading: Reading | undefined;
  return {
    next: () => (reading ??= canFlow(stream) ? new Flow(stream) : iterationOf(stream)).next(),
    cancel: () => {
      reading?.cancel();
      // A cancelled iteration waits for the pending block, which may never arrive. Destroying the stream ends the
      // pending read.
      stream.destroy();
    },
    reuses: false,
  };
}

/** Whether the stream can be read by its `'data'` events. */
function canFlow(stream: Readable): boolean {
  return (
    stream.listenerCount('readable') === 0 && // such a listener would stop the 'data' events
    stream[Symbol.asyncIterator] === Readable.prototype[Symbol.asyncIterator]
  );
}

/** How many bytes to take from a stream before they are requested. */
const ahead = 256 * 1024;

/**
 * Reads a stream by its `'data'` events, and pauses it while `ahead` bytes wait to be requested. Iterating the stream
 * would be slower: it needs a promise for each block, and copies blocks that wait in the stream to new memory.
 */
class Flow implements Reading {
  readonly #stream: Readable;
  readonly #blocks: unknown[] = [];
  #size = 0;
  #isPaused = false;
  #end: { readonly error: unknown } | undefined;
  /** Wakes the pending `next`. */
  #wake = ignore;

  constructor(stream: Readable) {
    this.#stream = stream;
    stream.on('data', this.#add);
    finished(stream, { writable: false }, (error) => {
      this.#end = { error };
      this.#wake();
    });
    stream.resume(); // the user may have paused the stream
  }

  next(): IteratorResult<unknown, unknown> | Promise<IteratorResult<unknown, unknown>> {
    if (this.#blocks.length > 0) return { value: this.#take() };
    if (this.#end?.error) throw this.#end.error as Error;
    if (this.#end) return { done: true, value: undefined };
    return new Promise<void>((resolve) => (this.#wake = resolve)).then(() => this.next());
  }

  cancel(): void {
    this.#stream.off('data', this.#add);
    this.#blocks.length = 0;
  }

  readonly #add = (block: unknown): void => {
    this.#blocks.push(block);
    this.#size += sizeOf(block);
    if (this.#size >= ahead) {
      this.#isPaused = true;
      this.#stream.pause();
    }
    this.#wake();
  };

  #take(): unknown {
    const block = this.#blocks.shift();
    this.#size -= sizeOf(block);
    if (this.#isPaused && this.#size < ahead) {
      this.#isPaused = false;
      this.#stream.resume();
    }
    return block;
  }
}

/** The size of a block, as far as it matters here. A block that is no string or Uint8Array is refused later. */
function sizeOf(block: unknown): number {
  return typeof block === 'string' || types.isUint8Array(block) ? Buffer.byteLength(block) : 0;
}

function iterationOf(iterable: AsyncIterable<unknown>): Reading {
  let iterator: AsyncIterator<unknown> | undefined;
  const getIterator = (): AsyncIterator<unknown> => {
    iterator ??= iterable[Symbol.asyncIterator]();
    if (!isObject(iterator)) throw invalidType('body', 'an async iterable with an iterator', iterable);
    return iterator;
  };
  return {
    next: async () => getIterator().next(), // which may return any thenable
    cancel: () => void leave(iterator),
  };
}

/** Ends an iteration early. Ignores failures: the request is over, so no promise is left to reject. */
async function leave(iterator: AsyncIterator<unknown> | undefined): Promise<void> {
  try {
    await iterator?.return?.();
  } catch {
    // see above
  }
}
