/** Response bodies that are still arriving. */
import { limit } from '../core/abort.js';
import { NeonError } from '../core/errors.js';
import { native } from '../core/native.js';
import type { CallContext, CallRun } from './call.js';
import { addRequest } from './failure.js';
import { dropStream, type StreamHandle } from './head.js';
import type { Hold } from './hold.js';
import { handleBatches, type XmlEventBatch, type XmlHandlers } from './xml-events.js';

const readStream: (stream: StreamHandle) => Buffer | null | Promise<Buffer | null> = native('readStream');
const readStreamToEnd: (stream: StreamHandle, maxBytes: number) => Buffer | Promise<Buffer> = native('readStreamToEnd');
const writeStreamToFd: (stream: StreamHandle, fd: number) => Buffer | Promise<Buffer | number> =
  native('writeStreamToFd');
const takeBuffered: (stream: StreamHandle) => Buffer = native('takeBuffered');
const parseStream: (stream: StreamHandle, events: number, charset: string) => void = native('parseStream');
const readBatch: (stream: StreamHandle) => XmlEventBatch | null | Promise<XmlEventBatch | null> = native('readStream');
const readStreamAhead: (stream: StreamHandle, bytes: number) => boolean | Promise<boolean> = native('readStreamAhead');
const stopReadingAhead: (stream: StreamHandle) => void = native('stopReadingAhead');
const streamTrailers: (stream: StreamHandle) => string = native('streamTrailers');

const empty = Buffer.alloc(0);

/** Ends the request of a body that is garbage-collected before the caller has finished with it. */
const dropped = new FinalizationRegistry<() => void>((end) => end());

/**
 * Represents an arriving body to its session or pool. It refers to the body weakly: when the caller drops the body, the
 * body can be garbage-collected, and the session becomes free.
 */
class BodyHold implements Hold {
  readonly description: string;
  readonly status: number;
  readonly run: CallRun;
  isUnread = true;
  isOver = false;
  reads = 0;
  #full = false;
  /** How many calls of the caller are reading now. */
  #reading = 0;
  readonly #body: WeakRef<ArrivingBody>;
  /** Identifies the pending call of the body's `readAhead`; undefined while no call is pending. */
  #asked: object | undefined;
  /** The arguments of the last `readAhead`; undefined while the body does not read ahead. */
  #ahead: { readonly bytes: number; readonly onChange: (hold: Hold) => void } | undefined;

  constructor(body: ArrivingBody, status: number, run: CallRun) {
    this.description = run.description;
    this.status = status;
    this.run = run;
    this.#body = new WeakRef(body);
  }

  readAhead(bytes: number, onChange: (hold: Hold) => void): void {
    this.#ahead = { bytes, onChange };
    if (this.#asked || this.isOver) return;
    const outcome = this.#body.deref()?.readAhead(bytes);
    if (outcome === undefined) return; // the body was garbage-collected, so its session becomes free
    const asked = (this.#asked = {});
    const { reads } = this;
    const settle = (isOver: boolean): void => {
      if (this.#asked !== asked) return;
      this.#asked = undefined;
      if (this.isOver) return; // the body was read to its end, or cancelled
      this.isOver = isOver;
      if (!isOver && this.reads !== reads) {
        this.#readOn(); // the caller has read in the meantime, so the thread may have resumed
        return;
      }
      this.#full = !isOver;
      onChange(this);
    };
    // The caller who receives the response in this turn of the event loop may begin to read before the body counts as
    // unread.
    if (outcome === false) {
      setImmediate(settle, outcome);
      return;
    }
    this.#full = false; // the thread is receiving
    void Promise.resolve(outcome).then(settle);
  }

  stopReadingAhead(): void {
    if (!this.#ahead) return;
    this.#asked = undefined;
    this.#ahead = undefined;
    this.#full = false;
    this.#body.deref()?.stopReadingAhead();
  }

  /** False while the caller has a pending read, because the thread resumes when it notices the read. */
  get isFull(): boolean {
    return this.#full && this.#reading === 0;
  }

  /** Called when the caller begins to read. */
  beginReading(): void {
    this.isUnread = false;
    this.#reading++;
    this.touch();
  }

  /** Called when the caller has received what it asked for, or has failed. */
  endReading(): void {
    this.#reading--;
    this.touch();
  }

  /** Called when the caller reads. Reading makes room, so the thread may receive the rest of the body. */
  touch(): void {
    this.#full = false;
    this.reads++;
    if (this.#ahead && !this.#asked) queueMicrotask(() => this.#readOn());
  }

  #readOn(): void {
    if (this.#ahead) this.readAhead(this.#ahead.bytes, this.#ahead.onChange);
  }

  end(reason: NeonError): void {
    this.#body.deref()?.cancel(reason);
  }
}

/**
 * A response body that is still arriving. Its request is live until the body is read to its end, cancelled or dropped.
 * The body occupies the session until the whole of it has been received. If other calls are waiting for the session,
 * the body is received into memory, even if the caller does not read it.
 * @internal
 */
export class ArrivingBody {
  readonly #stream: StreamHandle;
  readonly #context: CallContext;
  readonly #status: number;
  readonly #hold: BodyHold;
  readonly #end: () => void;
  #failure: { readonly reason: unknown } | undefined;

  constructor(stream: StreamHandle, status: number, run: CallRun) {
    const { context, signal, timeout, since } = run;
    const unwatch = run.keepWatching();
    this.#stream = stream;
    this.#context = context;
    this.#status = status;
    const weak = new WeakRef(this); // signals and timers must not keep the body alive
    const hold = new BodyHold(this, status, run);
    const unlimit = limit({ signal, timeout }, since, (reason) => weak.deref()?.cancel(reason));
    this.#hold = hold;
    let ended = false;
    this.#end = () => {
      if (ended) return;
      ended = true;
      unlimit();
      unwatch?.();
      run.release(hold);
    };
    run.keep(hold);
    dropped.register(this, this.#end, this);
    if (signal?.aborted) this.cancel(signal.reason);
  }

  /** Called when the caller is about to read the body, so that the body no longer counts as unread. */
  take(): void {
    this.#hold.isUnread = false;
  }

  /**
   * Receives into memory up to `bytes` bytes that the caller has not read yet, because other calls are waiting for the
   * session. Returns true when the session's thread has finished with the response. Returns false when the thread has
   * stopped at the limit, or when no other call is waiting any longer.
   */
  readAhead(bytes: number): boolean | Promise<boolean> {
    return readStreamAhead(this.#stream, bytes);
  }

  stopReadingAhead(): void {
    stopReadingAhead(this.#stream);
  }

  /** The next block, or null at the end. */
  async read(): Promise<Buffer | null> {
    const block = await this.#take(readStream);
    if (block === null) this.#over();
    return block;
  }

  /** The rest of the body. */
  async readAll(maxBytes: number): Promise<Buffer> {
    const bytes = await this.#take((stream) => readStreamToEnd(stream, maxBytes));
    this.#over();
    return bytes;
  }

  /**
   * Writes the rest of the body to a descriptor. Resolves to the number of bytes written, or to a Buffer with the rest
   * of the body. The caller must write such a Buffer itself.
   */
  async writeToFd(fd: number): Promise<number | Buffer> {
    const written = await this.#take((stream) => writeStreamToFd(stream, fd));
    this.#over();
    return written;
  }

  /** The bytes that had arrived but had not been read when the body failed. Empty after a cancellation. */
  rest(): Buffer {
    return this.#failure ? empty : takeBuffered(this.#stream);
  }

  /**
   * The first block of the body, which arrived together with the head: at least 64 KiB, or what came before a pause.
   * Empty if the body was read or has failed.
   */
  beginning(): Buffer {
    try {
      const block = readStream(this.#stream);
      return Buffer.isBuffer(block) ? block : empty;
    } catch {
      return empty;
    }
  }

  /**
   * Parses the body as XML while it arrives.
   *
   * @param hint text that is added to the message of a failure
   */
  async parse(handlers: XmlHandlers, events: number, charset: string, hint: string): Promise<void> {
    await this.#take(async (stream) => {
      parseStream(stream, events, charset);
      const thrown = await handleBatches(
        () => {
          this.#hold.touch();
          return readBatch(stream);
        },
        handlers,
        () => this.#failure !== undefined,
      );
      if (thrown) this.cancel(thrown.reason);
    }, hint);
    this.#over();
  }

  /** The trailers; empty until the body has been read to its end. */
  get trailers(): string {
    return streamTrailers(this.#stream);
  }

  async #take<T>(take: (stream: StreamHandle) => T | Promise<T>, hint = ''): Promise<T> {
    this.#requireGoing();
    this.#hold.beginReading();
    try {
      const taken = await take(this.#stream);
      this.#requireGoing();
      return taken;
    } catch (error) {
      this.#over();
      this.#requireGoing();
      if (error instanceof NeonError) error.message += hint;
      throw addRequest(error, this.#context, this.#status);
    } finally {
      this.#hold.endReading();
    }
  }

  /** Cancels the rest of the body and closes its connection. Pending and later reads fail with `reason`. */
  cancel(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#over();
    dropStream(this.#stream);
  }

  /** Throws the reason when the body was cancelled. */
  #requireGoing(): void {
    if (this.#failure) throw this.#failure.reason;
  }

  #over(): void {
    dropped.unregister(this);
    this.#end();
    this.#hold.isOver = true;
  }
}
