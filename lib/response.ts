import { Readable } from 'node:stream';
import { TextDecoder } from 'node:util';

import { limit } from './abort.js';
import { NeonError, type ErrorContext } from './errors.js';
import type { Live, LiveSet } from './live.js';
import { native } from './native.js';

/** What the addon knows of a response that streams: dropping it gives the rest of the body up. */
declare const streamType: unique symbol;
export interface StreamHandle {
  readonly [streamType]: true;
}

/**
 * A response as it comes from the addon. The head's lines are the version, the reason, and the headers two by two, each
 * with its line feed.
 */
export type RawResponse = [status: number, head: string, body: Buffer | null, stream: StreamHandle | null];

/** Where a response comes from. @internal */
export interface ResponseOrigin {
  readonly context: ErrorContext;
  readonly live: LiveSet;
  readonly description: string;
  /** Goes on to reject the reading of a body that is still arriving. */
  readonly signal?: AbortSignal | undefined;
  /** So does this many milliseconds after the request was dispatched, which was at `since`. */
  readonly timeout?: number | undefined;
  readonly since?: number;
}

const readStream: (stream: StreamHandle) => Buffer | null | Promise<Buffer | null> = native('readStream');
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
  #failure: Error | undefined;

  constructor(stream: StreamHandle, { context, live, description, signal, timeout, since = 0 }: ResponseOrigin) {
    this.#stream = stream;
    this.#context = context;
    const weak = new WeakRef(this); // what waits for this body's end must not keep it alive
    const cancel = (reason: Error): void => weak.deref()?.cancel(reason);
    const item: Live = { description, end: cancel };
    const unlimit = limit({ signal, timeout }, since, (reason) => cancel(reason as Error));
    live.add(item);
    this.#end = () => {
      unlimit();
      live.delete(item);
    };
    dropped.register(this, this.#end, this);
    if (signal?.aborted) this.cancel(signal.reason as Error);
  }

  /** The next block, or null at the end. */
  async read(): Promise<Buffer | null> {
    if (this.#failure) throw this.#failure;
    try {
      const block = await readStream(this.#stream);
      const failure = this.#givenUp();
      if (failure) throw failure;
      if (block === null) this.#over();
      return block;
    } catch (error) {
      this.#over();
      throw this.#givenUp() ?? NeonError.within(error, this.#context);
    }
  }

  /** Gives the rest up: closes the connection; reads fail with `reason`. */
  cancel(reason: Error): void {
    if (this.#failure) return;
    this.#failure = reason;
    this.#over();
    dropStream(this.#stream);
  }

  /** Why the body was given up while it was read. */
  #givenUp(): Error | undefined {
    return this.#failure;
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
  #headers: Record<string, string> | undefined;
  #body: Readable | undefined;
  #used = false;

  /** @internal */
  constructor(raw: RawResponse, origin: ResponseOrigin) {
    const [status, head, body, stream] = raw;
    this.status = status;
    this.#head = head;
    this.#whole = body ?? nothing;
    if (stream) this.#arriving = new ArrivingBody(stream, { ...origin, context: { ...origin.context, status } });
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
    if (this.#headers) return this.#headers;
    const headers = Object.create(null) as Record<string, string>;
    const lines = this.#lines();
    for (let i = 2; i + 1 < lines.length; i += 2) headers[lines[i] as string] = lines[i + 1] as string;
    return (this.#headers = headers);
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

  /** The whole body. */
  async bytes(): Promise<Buffer> {
    this.#take();
    if (!this.#arriving) return this.#whole;
    const blocks: Buffer[] = [this.#whole];
    for (let block; (block = await this.#arriving.read()) !== null;) blocks.push(block);
    return Buffer.concat(blocks);
  }

  /** The whole body, decoded by the charset of its Content-Type (UTF-8 where there is none, or none that is known). */
  async text(): Promise<string> {
    return this.#decode(await this.bytes());
  }

  /** The whole body, parsed as JSON. */
  async json(): Promise<unknown> {
    return JSON.parse(await this.text()) as unknown;
  }

  /**
   * The whole body at once: of a response of `requestSync`, or of one that arrived whole.
   *
   * @throws `ERR_NEON_INVALID_STATE` when it is still arriving
   */
  bytesSync(): Buffer {
    if (this.#arriving) throw new NeonError('The body is still arriving: await bytes()', 'ERR_NEON_INVALID_STATE');
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

  /** Gives up what is left of the body: closes the connection, and ends the request. */
  cancel(): void {
    this.#used = true;
    this.#arriving?.cancel(new NeonError('The response was cancelled', 'ERR_NEON_ABORTED'));
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

  #decode(bytes: Buffer): string {
    const charset = /;\s*charset="?([^";\s]+)/i.exec(this.headers['content-type'] ?? '')?.[1];
    return decoder(charset).decode(bytes);
  }
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
