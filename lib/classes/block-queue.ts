/** Queues the blocks of a body between a source in JavaScript and the addon. */
import { types } from 'node:util';

/** Blocks in order, with null after the last block of the body. */
export type Blocks = readonly (Uint8Array | null)[];

/** Returns the next block of a source, or null at its end. */
type Next = () => Uint8Array | null | Promise<Uint8Array | null>;

/**
 * The maximum number of bytes of a body that the addon keeps, to send them again if necessary. A longer body can be
 * sent again only if its source can start again.
 */
const maxKept = 256 * 1024;

/** How long a request waits for a short body to end before the request is sent, in milliseconds. */
const patience = 50;

/**
 * Gathers the blocks of a source, so that the addon obtains many blocks with one call. The queue also reads ahead of
 * the addon: it reads the next blocks while the lane sends earlier blocks.
 *
 * The source is asked for one block at a time: `#reading` is the promise of that block. At most two callers wait for
 * the promise: the addon's call and the reading ahead. A failure of the source is kept until the blocks before the
 * failure are taken. The whole class runs on the JavaScript thread.
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
   * @param ahead how many bytes to read ahead of the addon
   * @param reuses whether the source may change a block when the next block is requested
   */
  constructor(next: Next, { ahead, reuses }: { readonly ahead: number; readonly reuses: boolean }) {
    this.#next = next;
    this.#ahead = ahead;
    this.#reuses = reuses;
  }

  /**
   * Returns the blocks that have been read, with null after the last block of the body. Waits for the first block if no
   * block has been read yet. Throws the failure of the source.
   */
  take(): Blocks | Promise<Blocks> {
    const reading = this.#fill(1);
    return reading ? reading.then(() => this.take()) : this.#hand();
  }

  /**
   * Returns the first blocks, before the request is sent. Waits until a short body has ended, or until there are more
   * bytes than the addon keeps. After `patience`, returns the blocks that have arrived by then, if any. Throws the
   * failure of the source.
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
   * Reads until `enough` bytes are queued, or the source is over. If it has to wait for a block, it returns the promise
   * of that block.
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
