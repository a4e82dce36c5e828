/** Responses, whose bodies have arrived completely or are still arriving. */
import { constants } from 'node:buffer';
import { close, open, write } from 'node:fs';
import { Readable } from 'node:stream';
import { promisify, TextDecoder } from 'node:util';

import { type FailedResponse, invalidType, NeonError, requireCount, type ResponseHeaders } from '../core/errors.js';
import { requireToken } from '../core/handle.js';
import { charsetOf } from '../core/media-type.js';
import { isInstance } from '../core/objects.js';
import { type Known, requireKnown } from '../core/options.js';
import { ArrivingBody } from './arriving-body.js';
import type { CallContext, CallRun } from './call.js';
import { addRequest, codingHint, maxReported } from './failure.js';
import { headersOf, type RawResponse, trailersOf } from './head.js';
import { eventMask, parseBytes, type XmlHandlers } from './xml-events.js';

/** The options of the methods that read a whole body into memory. */
export interface BodyOptions {
  /**
   * The maximum number of bytes: an integer >= 0. A longer body is cancelled, and the method rejects with
   * `ERR_OUT_OF_RANGE`. Default: as many as a Buffer can hold.
   */
  maxBytes?: number | undefined;
}

const bodyOptions: Known<BodyOptions> = { maxBytes: true };
const empty = Buffer.alloc(0);

/**
 * The response to a request. A response of up to 64 KiB has arrived completely, unless the server paused for half a
 * second. The body of any other response is still arriving. Its request stays live until the body is read to its end,
 * cancelled or dropped. The body can be read only once, by one of the methods or as a stream.
 *
 * The methods that read the body reject with `ERR_NEON_INVALID_STATE` when the body was taken or cancelled already, and
 * with a {@link NeonError} when the rest of the body does not arrive. They reject with `ERR_NEON_ABORTED` when the body
 * is cancelled during the read, and with the reason of the request's signal after an abort.
 *
 * @example
 * ```ts
 * const response = await session.request('GET', '/data.json');
 * if (response.ok) console.log(response.headers['content-type'], await response.json());
 * else response.cancel();
 * ```
 */
export class Response {
  /** The status code. */
  readonly status: number;

  readonly #head: string;
  readonly #arriving: ArrivingBody | undefined;
  readonly #whole: Buffer;
  readonly #trailers: string;
  readonly #context: CallContext;
  readonly #inflates: boolean;
  #headers: ResponseHeaders | undefined;
  #body: Readable | undefined;
  #used = false;
  #cancelled: NeonError | undefined;

  /** @internal */
  constructor(raw: RawResponse, run: CallRun, given: unknown) {
    requireToken(given);
    const [status, head, body, stream, trailers] = raw;
    this.status = status;
    this.#trailers = trailers;
    this.#head = head;
    this.#whole = body ?? empty;
    this.#context = run.context;
    this.#inflates = run.inflates;
    if (stream) this.#arriving = new ArrivingBody(stream, status, run);
  }

  /** The reason phrase: `'Not Found'`. */
  get reasonPhrase(): string {
    return this.#lines()[1] as string;
  }

  /** The version of HTTP: `'1.1'`. */
  get httpVersion(): string {
    return this.#lines()[0] as string;
  }

  /** Whether the status is 2xx. */
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /**
   * The headers by lower-case name. Fields of the same name are joined by `', '`; the fields of `set-cookie` are an
   * array. Iterating yields `[name, value]` pairs. The object inherits no property of `Object`.
   */
  get headers(): ResponseHeaders {
    return (this.#headers ??= headersOf(this.#lines()));
  }

  /** Whether the body has arrived completely. @internal */
  get isWhole(): boolean {
    return this.#arriving === undefined;
  }

  /** Whether the body was cancelled, or was read by one of the methods or as {@link body}. */
  get bodyUsed(): boolean {
    return this.#used;
  }

  /**
   * The body as a stream, with back-pressure. Destroying the stream cancels the rest and closes the connection.
   *
   * @throws `ERR_NEON_INVALID_STATE` when the body was cancelled, or was already taken by a method
   */
  get body(): Readable {
    if (this.#body) return this.#body;
    this.#take();
    return (this.#body = this.#arriving
      ? streamOf(this.#arriving)
      : Readable.from(this.#whole.length ? [this.#whole] : [], { objectMode: false }));
  }

  /**
   * The body as a web stream. Cancelling the stream cancels the rest and closes the connection.
   *
   * @throws `ERR_NEON_INVALID_STATE` when the body was taken already
   */
  toWeb(): ReadableStream<Uint8Array> {
    return Readable.toWeb(this.body) as ReadableStream<Uint8Array>;
  }

  /**
   * Resolves to the whole body, received into one piece of memory.
   *
   * Rejects with `ERR_OUT_OF_RANGE` when the body is longer than `maxBytes`; if the body is still arriving, the
   * connection is then closed. Also rejects as {@link Response} describes.
   */
  bytes(options?: BodyOptions): Promise<Buffer> {
    // The way of a small response: no check, and no async function.
    if (options !== undefined || this.#used || this.#arriving) return this.#bytes(options);
    this.#used = true;
    return Promise.resolve(this.#whole);
  }

  async #bytes(options: BodyOptions = {}): Promise<Buffer> {
    requireKnown(options, bodyOptions);
    const { maxBytes = constants.MAX_LENGTH } = options;
    requireCount('maxBytes', maxBytes);
    this.#take();
    if (this.#whole.length > maxBytes) throw tooLong(maxBytes);
    if (!this.#arriving) return this.#whole;
    if (Number(this.headers['content-length']) > maxBytes) {
      this.cancel();
      throw tooLong(maxBytes);
    }
    return this.#arriving.readAll(maxBytes);
  }

  /**
   * Resolves to the whole body as text, decoded with the charset of its Content-Type, or as UTF-8 if the charset is
   * missing or unknown. Rejects like {@link bytes}.
   */
  async text(options?: BodyOptions): Promise<string> {
    return this.#decode(await this.bytes(options));
  }

  /**
   * Resolves to the whole body, parsed as JSON. Rejects like {@link bytes}, and with a `SyntaxError` for text that is
   * not JSON.
   */
  async json(options?: BodyOptions): Promise<unknown> {
    return JSON.parse(await this.text(options)) as unknown;
  }

  /**
   * Parses the body as XML while it arrives, off this thread, and calls the handlers with its contents; resolves at the
   * end of the document. In C: `ne_xml_parse`.
   *
   * Rejects with the exception of a handler. Rejects with `NE_ERROR` and the parser's text when the document is cut off
   * or not well-formed, after calling the handlers for the part before the error. Both failures close the connection if
   * the body is still arriving. Rejects with `ERR_INVALID_ARG_TYPE` for invalid handlers. Also rejects as
   * {@link Response} describes.
   */
  async xml(handlers: XmlHandlers): Promise<void> {
    const events = eventMask(handlers);
    this.#take();
    if (this.#arriving) await this.#arriving.parse(handlers, events, this.#charset() ?? '', this.#codingHint());
    else this.#parse(handlers, events);
  }

  /**
   * Writes the body to a file or to a descriptor; resolves to the number of bytes. A file is created or truncated
   * first; a descriptor stays open. The bytes do not pass through JavaScript.
   *
   * Rejects with the system's error when the file cannot be opened or written. Also rejects as {@link Response}
   * describes. After a failure, the file contains the bytes that had arrived.
   *
   * @example
   * ```ts
   * await (await session.get('/photo.jpg')).toFile('photo.jpg');
   * ```
   */
  async toFile(file: string | URL | number): Promise<number> {
    requireFile(file);
    this.#take();
    let fd: number | undefined;
    try {
      fd = typeof file === 'number' ? file : await promisify(open)(file, 'w');
      if (!this.#arriving) return await writeAll(fd, this.#whole);
      const written = await this.#arriving.writeToFd(fd);
      return typeof written === 'number' ? written : await writeAll(fd, written);
    } catch (error) {
      // A failure to write the bytes that had arrived is ignored: it would hide the first error.
      if (fd !== undefined && this.#arriving) await writeAll(fd, this.#arriving.rest()).catch(() => undefined);
      this.cancel();
      throw error;
    } finally {
      if (fd !== undefined && fd !== file) await promisify(close)(fd);
    }
  }

  /** The trailer fields of a chunked response, in the form of {@link headers}; empty until the body has been read. */
  get trailers(): ResponseHeaders {
    return trailersOf((this.#arriving?.trailers ?? this.#trailers).split('\n'));
  }

  /**
   * Returns the whole body, provided that it has arrived completely, as after a blocking request.
   *
   * @throws `ERR_NEON_INVALID_STATE` when the body is still arriving, or was taken already
   */
  bytesSync(): Buffer {
    this.#requireWhole('bytes');
    this.#take();
    return this.#whole;
  }

  /**
   * The whole body as text, decoded as by {@link text}.
   *
   * @throws as {@link bytesSync}
   */
  textSync(): string {
    return this.#decode(this.bytesSync());
  }

  /**
   * The whole body, parsed as JSON.
   *
   * @throws as {@link bytesSync}, and a `SyntaxError` for text that is not JSON
   */
  jsonSync(): unknown {
    return JSON.parse(this.textSync()) as unknown;
  }

  /**
   * Parses the whole body as XML, and calls the handlers with its contents.
   *
   * @throws the errors of {@link bytesSync}, the exception of a handler, `NE_ERROR` when the document is not
   *   well-formed, and `ERR_INVALID_ARG_TYPE` for invalid handlers
   */
  xmlSync(handlers: XmlHandlers): void {
    const events = eventMask(handlers);
    this.#requireWhole('xml');
    this.#take();
    this.#parse(handlers, events);
  }

  /**
   * Cancels the rest of the body: closes the connection, and ends the request. A read that is in progress rejects with
   * `ERR_NEON_ABORTED`. If the body has arrived completely, the connection stays open.
   */
  cancel(): void {
    this.#used = true;
    this.#cancelled ??= new NeonError('The response was cancelled', 'ERR_NEON_ABORTED');
    this.#arriving?.cancel(this.#cancelled);
  }

  /** Cancels the rest of the body; see {@link cancel}. */
  [Symbol.dispose](): void {
    this.cancel();
  }

  /**
   * Returns the response in the form for an error object, with the beginning of the body. Cancels the rest of the body.
   * @internal
   *
   * @param taken the body, if it was taken already
   */
  failed(taken?: Uint8Array): FailedResponse {
    const body = taken ? Buffer.from(taken) : this.#used ? empty : (this.#arriving?.beginning() ?? this.#whole);
    this.cancel();
    const { status, reasonPhrase, headers } = this;
    return { status, reasonPhrase, headers, body: body.subarray(0, maxReported) };
  }

  #lines(): string[] {
    return this.#head.split('\n');
  }

  #take(): void {
    if (this.#used) throw new NeonError('The body of this response was taken already', 'ERR_NEON_INVALID_STATE');
    this.#used = true;
    this.#arriving?.take();
  }

  #requireWhole(method: string): void {
    if (this.#arriving) throw new NeonError(`The body is still arriving: await ${method}()`, 'ERR_NEON_INVALID_STATE');
  }

  #parse(handlers: XmlHandlers, events: number): void {
    const isOver = (): boolean => this.#cancelled !== undefined;
    const failure = parseBytes(this.#whole, events, this.#charset() ?? '', handlers, isOver);
    if (this.#cancelled) throw this.#cancelled;
    if (failure !== null)
      throw addRequest(new NeonError(failure + this.#codingHint(), 'NE_ERROR'), this.#context, this.status);
  }

  #decode(bytes: Buffer): string {
    return decoder(this.#charset()).decode(bytes);
  }

  #codingHint(): string {
    return codingHint(this.headers, this.#inflates);
  }

  /** The charset of the Content-Type. */
  #charset(): string | undefined {
    return charsetOf(this.headers['content-type']);
  }
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

/** Refuses a value that is not a name, a URL or a descriptor. */
function requireFile(file: unknown): void {
  if (typeof file !== 'string' && typeof file !== 'number' && !isInstance(file, URL))
    throw invalidType('file', 'of type string, number or URL', file);
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
