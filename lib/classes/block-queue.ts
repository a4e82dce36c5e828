/** A queue that passes the blocks of a body from a JavaScript source to the addon. */
import { types } from 'node:util';

/** Blocks in order, with null after the last block of the body. */
export type Blocks = readonly (Uint8Array | null)[];

/** Returns the next block of a source, or null at its end. */
type Next = () => Uint8Array | null | Promise<Uint8Array | null>;

/**
 * The maximum number of body bytes that the addon keeps in case it has to send them again. A longer body can be sent
 * again only if its source can start again.
 */
const maxKept = 256 * 1024;

/** How long to wait for the end of a body before sending its request, in milliseconds. */
const patience = 50;

/**
 * Collects the blocks of a source, so that the addon can fetch many blocks with one call. The queue also reads ahead:
 * it reads more blocks while the lane sends earlier blocks.
 *
 * The queue requests one block at a time from the source. `#reading` is the promise of the pending block. At most two
 * callers await this promise: the addon's call and `#readAhead`. If the source fails, the queue first hands out the
 * blocks that it read earlier, and then reports the failure. The whole class runs on the JavaScript thread.
 */
export class BlockQueue {
  readonly #next: Next;
  readonly #ahead: number;
  readonly #reuses: boolean;
  #blocks: Uint8Array[] = [];
  #size = 0;
  #reading: Promise<void> | undefined;
  #readsAhead = false;
  #over = false;
  #failure: { readonly reason: unknown } | undefined;

  /**
   * @param ahead how many bytes to read before the addon requests them
   * @param reuses whether the source may overwrite a block when the next block is requested
   */
  constructor(next: Next, { ahead, reuses }: { readonly ahead: number; readonly reuses: boolean }) {
    this.#next = next;
    this.#ahead = ahead;
    this.#reuses = reuses;
  }

  /**
   * Returns the blocks that have been read or are available without waiting, with null after the last block of the
   * body. Waits for the first block if there is no such block. Throws the source's failure.
   */
  take(): Blocks | Promise<Blocks> {
    const reading = this.#fill(Math.max(this.#ahead, 1));
    return reading && this.#size === 0 ? reading.then(() => this.take()) : this.#hand();
  }

  /**
   * Returns the first blocks of the body; called before the request is sent. Waits until the body has ended or exceeds
   * `maxKept`, but only for `patience`. After that time, returns the blocks that have arrived, or an empty array.
   * Throws the source's failure.
   */
  look(): Blocks | Promise<Blocks> {
    const reading = this.#fill(maxKept + 1);
    return reading ? this.#lookOn(reading) : this.#hand();
  }

  /** Stops asking the source for blocks. */
  stop(): void {
    this.#over = true;
  }

  async #lookOn(first: Promise<void>): Promise<Blocks> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => (timer = setTimeout(resolve, patience, 'late')));
    let reading: Promise<void> | undefined = first;
    while (reading && (await Promise.race([reading, late])) !== 'late') reading = this.#fill(maxKept + 1);
    clearTimeout(timer);
    return this.#hand();
  }

  #hand(): Blocks {
    if (this.#failure && this.#blocks.length === 0) throw this.#failure.reason;
    const blocks: (Uint8Array | null)[] = this.#blocks;
    this.#blocks = [];
    this.#size = 0;
    if (this.#over && !this.#failure) blocks.push(null);
    else if (this.#ahead > 0 && !this.#readsAhead) void this.#readAhead();
    return blocks;
  }

  async #readAhead(): Promise<void> {
    this.#readsAhead = true;
    for (let reading; (reading = this.#fill(this.#ahead)) !== undefined;) await reading;
    this.#readsAhead = false;
  }

  /**
   * Reads until `enough` bytes are queued or the source has ended. If the next block has not arrived yet, returns a
   * promise that settles when it arrives.
   */
  #fill(enough: number): Promise<void> | undefined {
    while (!this.#over && this.#size < enough) {
      this.#reading ??= this.#read();
      if (this.#reading) return this.#reading;
    }
    return undefined;
  }

  #read(): Promise<void> | undefined {
    const last = this.#blocks.at(-1);
    if (this.#reuses && last) this.#blocks[this.#blocks.length - 1] = Buffer.from(last);
    try {
      const block = this.#next();
      if (types.isPromise(block)) return block.then(this.#add, this.#fail);
      this.#add(block);
    } catch (reason) {
      this.#fail(reason);
    }
    return undefined;
  }

  readonly #add = (block: Uint8Array | null): void => {
    this.#reading = undefined;
    if (block === null) {
      this.#over = true;
    } else if (block.length > 0) {
      this.#blocks.push(block);
      this.#size += block.length;
    }
  };

  readonly #fail = (reason: unknown): void => {
    this.#reading = undefined;
    this.#over = true;
    this.#failure = { reason };
  };
}
