import { constants } from 'node:buffer';
import { close, open, write } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify, TextDecoder } from 'node:util';

import { limit } from '../core/abort.js';
import { invalidType, NeonError, outOfRange, type ErrorContext } from '../core/errors.js';
import type { CallRun } from './call.js';
import type { Live } from './live-set.js';
import { native } from '../core/native.js';
import { type XmlEventBatch, tellBatches, tellWhole, wantedBy, type XmlHandlers } from './xml-events.js';

/** What the addon knows of a response that streams: dropping it gives the rest of the body up. */
declare const streamType: unique symbol;
export interface StreamHandle {
  readonly [streamType]: true;
}

/**
 * A response as it comes from the addon. The head's lines are the version, the reason, and the headers two by two, each
 * with its line feed; so are the trailers'.
 */
export type RawResponse = [
  status: number,
  head: string,
  body: Buffer | null,
  stream: StreamHandle | null,
  trailers: string,
];

/** How much of a body is taken into memory. */
export interface BodyOptions {
  /** In bytes; a longer body is given up with `ERR_OUT_OF_RANGE`. By default as much as a Buffer can hold. */
  maxBytes?: number | undefined;
}

const readStream: (stream: StreamHandle) => Buffer | null | Promise<Buffer | null> = native('readStream');
const readStreamToEnd: (stream: StreamHandle, maxBytes: number) => Buffer | Promise<Buffer> = native('readStreamToEnd');
const writeStreamToFd: (stream: StreamHandle, fd: number) => Buffer | Promise<Buffer | number> = native('writeStreamToFd');
const parseStream: (stream: StreamHandle, wanted: number, charset: string) => void = native('parseStream');
const readBatch: (stream: StreamHandle) => XmlEventBatch | null | Promise<XmlEventBatch | null> = native('readStream');
const streamTrailers: (stream: StreamHandle) => string = native('streamTrailers');
const dropStream: (stream: StreamHandle) => void = native('dropStream');

const nothing = Buffer.alloc(0);

/** Ends the request of a body that was dropped unread. */
const dropped = new FinalizationRegistry<() => void>((end) => end());

/**
 * A body that is still arriving. While it is not read to its end, cancelled or dropped, its request is live: the
 * session's next request waits for it.
 */
class ArrivingBody {
  readonly #stream: StreamHandle;
  readonly #context: ErrorContext;
  readonly #end: () => void;
  #failure: { readonly reason: unknown } | undefined;

  constructor(stream: StreamHandle, status: number, run: CallRun) {
    const { context, live, description, signal, timeout, since, unwatch } = run;
    this.#stream = stream;
    this.#context = { ...context, status };
    const weak = new WeakRef(this); // what waits for this body's end must not keep it alive
    const cancel = (reason: unknown): void => weak.deref()?.cancel(reason);
    const item: Live = { description, end: cancel };
    const unlimit = limit({ signal, timeout }, since, cancel);
    live.add(item);
    this.#end = () => {
      unlimit();
      unwatch?.();
      live.delete(item);
    };
    dropped.register(this, this.#end, this);
    if (signal?.aborted) this.cancel(signal.reason);
  }

  /** The next block, or null at the end. */
  async read(): Promise<Buffer | null> {
    const block = await this.#take(readStream);
    if (block === null) this.#over();
    return block;
  }

  /** All that is still to come. */
  async gather(maxBytes: number): Promise<Buffer> {
    const bytes = await this.#take((stream) => readStreamToEnd(stream, maxBytes));
    this.#over();
    return bytes;
  }

  /**
   * Writes all that is still to come to a descriptor; returns how many bytes that were, or the last of it unwritten.
   */
  async divert(fd: number): Promise<number | Buffer> {
    const written = await this.#take((stream) => writeStreamToFd(stream, fd));
    this.#over();
    return written;
  }

  /** Tells handlers what stands in it, while it arrives. */
  async parse(handlers: XmlHandlers, wanted: number, charset: string): Promise<void> {
    await this.#take(async (stream) => {
      parseStream(stream, wanted, charset);
      const thrown = await tellBatches(
        () => readBatch(stream),
        handlers,
        () => this.#failure !== undefined,
      );
      if (thrown) this.cancel(thrown.reason);
    });
    this.#over();
  }

  /** What came behind the body, once that was read. */
  get trailers(): string {
    return streamTrailers(this.#stream);
  }

  async #take<T>(take: (stream: StreamHandle) => T | Promise<T>): Promise<T> {
    this.#requireGoing();
    try {
      const taken = await take(this.#stream);
      this.#requireGoing();
      return taken;
    } catch (error) {
      this.#over();
      this.#requireGoing();
      throw NeonError.within(error, this.#context);
    }
  }

  /** Gives the rest up: closes the connection; reads fail with `reason`. */
  cancel(reason: unknown): void {
    if (this.#failure) return;
    this.#failure = { reason };
    this.#over();
    dropStream(this.#stream);
  }

  /** Throws why the body was given up. */
  #requireGoing(): void {
    if (this.#failure) throw this.#failure.reason;
  }

  #over(): void {
    dropped.unregister(this);
    this.#end();
  }
}

/**
 * The response to a request of the classes. A small one (up to 64 KiB) arrived whole; the body of a longer one is
 * still arriving, and its request is live until the body is read to its end, cancelled, or dropped.
 */
export class Response {
  /** The status code. */
  readonly status: number;

  readonly #head: string;
  readonly #arriving: ArrivingBody | undefined;
  readonly #whole: Buffer;
  readonly #trailers: string;
  readonly #context: ErrorContext;
  #headers: Record<string, string> | undefined;
  #body: Readable | undefined;
  #used = false;
  #cancelled: NeonError | undefined;

  /** @internal */
  constructor(raw: RawResponse, run: CallRun) {
    const [status, head, body, stream, trailers] = raw;
    this.status = status;
    this.#trailers = trailers;
    this.#head = head;
    this.#whole = body ?? nothing;
    this.#context = run.context;
    if (!stream) run.unwatch?.();
    else this.#arriving = new ArrivingBody(stream, status, run);
  }

  get reasonPhrase(): string {
    return this.#lines()[1] as string;
  }

  /** `'1.1'` */
  get httpVersion(): string {
    return this.#lines()[0] as string;
  }

  /** Whether the status is one of 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** The headers by their names in lower case; fields of the same name are joined by ", ". No prototype. */
  get headers(): Readonly<Record<string, string>> {
    return (this.#headers ??= fieldsOf(this.#lines().slice(2)));
  }

  /** Whether the body was taken, by one of the methods below or as `body`. */
  get bodyUsed(): boolean {
    return this.#used;
  }

  /** The body as a stream, with back-pressure. Destroying it gives the rest up and closes the connection. */
  get body(): Readable {
    if (this.#body) return this.#body;
    this.#take();
    return (this.#body = this.#arriving
      ? streamOf(this.#arriving)
      : Readable.from(this.#whole.length ? [this.#whole] : [], { objectMode: false }));
  }

  /** The body as a web stream. Cancelling it gives the rest up and closes the connection. */
  toWeb(): ReadableStream<Uint8Array> {
    return Readable.toWeb(this.body) as ReadableStream<Uint8Array>;
  }

  /**
   * The whole body, received into one piece of memory.
   *
   * @throws `ERR_OUT_OF_RANGE` when it is longer than `maxBytes`; the connection is closed then
   */
  async bytes({ maxBytes = constants.MAX_LENGTH }: BodyOptions = {}): Promise<Buffer> {
    requireCount('maxBytes', maxBytes);
    this.#take();
    if (this.#whole.length > maxBytes) throw tooLong(maxBytes);
    if (!this.#arriving) return this.#whole;
    if (Number(this.headers['content-length']) > maxBytes) {
      this.cancel();
      throw tooLong(maxBytes);
    }
    return this.#arriving.gather(maxBytes);
  }

  /** The whole body, decoded by the charset of its Content-Type (UTF-8 where there is none, or none that is known). */
  async text(options?: BodyOptions): Promise<string> {
    return this.#decode(await this.bytes(options));
  }

  /** The whole body, parsed as JSON. */
  async json(options?: BodyOptions): Promise<unknown> {
    return JSON.parse(await this.text(options)) as unknown;
  }

  /**
   * Parses the body as XML while it arrives, off this thread, and tells the handlers what stands in it; resolves at the
   * end of the document. Of what is not well-formed, or cut, they are told the part before. neon's `ne_xml_parse`.
   *
   * @throws what a handler threw, as it is; `NE_ERROR` with the parser's text when the document is not well-formed. The
   * connection is closed then, if the body was still arriving
   */
  async xml(handlers: XmlHandlers): Promise<void> {
    const wanted = wantedBy(handlers);
    this.#take();
    if (this.#arriving) await this.#arriving.parse(handlers, wanted, this.#charset() ?? '');
    else this.#parse(handlers, wanted);
  }

  /**
   * Writes the body to a file, made or emptied first, or to a descriptor, which stays open; returns how many bytes that
   * were. The bytes never pass through JavaScript. When it fails, the file holds what had come till then.
   */
  async toFile(file: string | URL | number): Promise<number> {
    this.#take();
    let fd: number | undefined;
    try {
      fd = typeof file === 'number' ? file : await promisify(open)(file, 'w');
      if (!this.#arriving) return await writeAll(fd, this.#whole);
      const written = await this.#arriving.divert(fd);
      return typeof written === 'number' ? written : await writeAll(fd, written);
    } catch (error) {
      this.cancel();
      throw error;
    } finally {
      if (fd !== undefined && fd !== file) await promisify(close)(fd);
    }
  }

  /** The fields of the trailer of a chunked response, by their names in lower case: empty until the body was read. */
  get trailers(): Readonly<Record<string, string>> {
    return fieldsOf((this.#arriving?.trailers ?? this.#trailers).split('\n'));
  }

  /**
   * The whole body at once: of a response of `requestSync`, or of one that arrived whole.
   *
   * @throws `ERR_NEON_INVALID_STATE` when it is still arriving
   */
  bytesSync(): Buffer {
    this.#requireWhole('bytes');
    this.#take();
    return this.#whole;
  }

  /** Like {@link Response.text}; throws like {@link Response.bytesSync}. */
  textSync(): string {
    return this.#decode(this.bytesSync());
  }

  /** Like {@link Response.json}; throws like {@link Response.bytesSync}. */
  jsonSync(): unknown {
    return JSON.parse(this.textSync()) as unknown;
  }

  /** Like {@link Response.xml}; throws like {@link Response.bytesSync}. */
  xmlSync(handlers: XmlHandlers): void {
    const wanted = wantedBy(handlers);
    this.#requireWhole('xml');
    this.#take();
    this.#parse(handlers, wanted);
  }

  /** Gives up what is left of the body: closes the connection, and ends the request. */
  cancel(): void {
    this.#used = true;
    this.#cancelled ??= new NeonError('The response was cancelled', 'ERR_NEON_ABORTED');
    this.#arriving?.cancel(this.#cancelled);
  }

  [Symbol.dispose](): void {
    this.cancel();
  }

  #lines(): string[] {
    return this.#head.split('\n');
  }

  #take(): void {
    if (this.#used) throw new NeonError('The body of this response was taken already', 'ERR_NEON_INVALID_STATE');
    this.#used = true;
  }

  #requireWhole(method: string): void {
    if (this.#arriving)
      throw new NeonError(`The body is still arriving: await ${method}()`, 'ERR_NEON_INVALID_STATE');
  }

  #parse(handlers: XmlHandlers, wanted: number): void {
    const isOver = (): boolean => this.#cancelled !== undefined;
    const failure = tellWhole(this.#whole, wanted, this.#charset() ?? '', handlers, isOver);
    if (this.#cancelled) throw this.#cancelled;
    if (failure !== null) throw new NeonError(failure, 'NE_ERROR', { ...this.#context, status: this.status });
  }

  #decode(bytes: Buffer): string {
    return decoder(this.#charset()).decode(bytes);
  }

  /** That of the Content-Type. */
  #charset(): string | undefined {
    return /;\s*charset="?([^";\s]+)/i.exec(this.headers['content-type'] ?? '')?.[1];
  }
}

/** Names and values, two by two. No prototype. */
function fieldsOf(lines: readonly string[]): Record<string, string> {
  const fields = Object.create(null) as Record<string, string>;
  for (let i = 0; i + 1 < lines.length; i += 2) fields[lines[i] as string] = lines[i + 1] as string;
  return fields;
}

async function writeAll(fd: number, bytes: Buffer): Promise<number> {
  let written = 0;
  while (written < bytes.length) written += (await promisify(write)(fd, bytes, written)).bytesWritten;
  return written;
}

function tooLong(maxBytes: number): RangeError {
  return Object.assign(new RangeError(`The response body is longer than ${maxBytes} bytes`), {
    code: 'ERR_OUT_OF_RANGE',
  });
}

function requireCount(name: string, value: unknown): void {
  if (typeof value !== 'number') throw invalidType(name, 'of type number', value);
  if (!Number.isSafeInteger(value) || value < 0) throw outOfRange(name, '>= 0', value);
}

function decoder(charset = 'utf-8'): TextDecoder {
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
}

function streamOf(body: ArrivingBody): Readable {
  return new Readable({
    highWaterMark: 64 * 1024,
    read() {
      body.read().then(
        (block) => this.push(block),
        (error: unknown) => this.destroy(error as Error),
      );
    },
    destroy(error, callback) {
      body.cancel(error ?? new NeonError('The response was cancelled', 'ERR_NEON_ABORTED'));
      callback(error);
    },
  });
}
