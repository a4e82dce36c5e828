/** Listings: PROPFIND requests, awaited or iterated. */
import type { Stop } from '../core/abort.js';
import { invalidType, invalidValue, NeonError, shown } from '../core/errors.js';
import { requireToken } from '../core/handle.js';
import { addon } from '../core/load.js';
import { native } from '../core/native.js';
import { isArray } from '../core/objects.js';
import type { ne_session } from '../ne/handles.js';
import type { Call, CallRun, ResultReader } from './call.js';
import { type Known, requireKnown } from '../core/options.js';
import { type CallSettings, type CommonOptions, commonOptions, composedOptions } from './call-options.js';
import { calledFrom, errorOf, type RawFailure } from './failure.js';
import type { RawResponse } from './head.js';
import type { HrefBase } from './href.js';
import { type Entry, type PropfindBatch, unpack } from './propfind-batch.js';
import { splitName } from './properties.js';
import type { Redirection } from './redirect.js';
import type { RunTerms, SessionSource } from './session-source.js';
import type { Target } from './target.js';

/** How far a listing goes: the resource alone (0), also its members (1), or everything below it (`'infinity'`). */
export type Depth = 0 | 1 | 'infinity';

/** The options of a listing of property names. */
export interface PropNamesOptions extends CommonOptions {
  /**
   * The resource alone (0), also its members (1, the default), or everything below it (`'infinity'`). Many servers
   * refuse `'infinity'`.
   */
  depth?: Depth | undefined;
}

/** The options of a listing. */
export interface PropfindOptions extends PropNamesOptions {
  /**
   * The properties to ask for: `name` for a `DAV:` property, `{namespace}name` for any other property. Default: all
   * properties that the server returns (`allprop`).
   */
  props?: readonly string[] | undefined;
}

type OnBatch = (...batch: PropfindBatch) => boolean | void;
type Room = () => Promise<void> | undefined;
type PropfindFailure = RawFailure | null;
type Propfind<R> = (
  session: ne_session,
  path: string,
  depth: number,
  names: readonly string[] | null,
  onBatch: OnBatch,
  room: Room,
  options: string,
) => R;
const propfindSync: Propfind<PropfindFailure> = native('propfind');
const propfind = addon.async['propfind'] as unknown as Propfind<void>;

const namesOptions: Known<PropNamesOptions> = { ...commonOptions, depth: true };
const propfindOptions: Known<PropfindOptions> = { ...namesOptions, props: true };

const depths: Readonly<Record<Depth, number>> = { 0: 0, 1: 1, infinity: 2 };

type PropfindValues = Parameters<Propfind<unknown>> extends [ne_session, ...infer Values] ? Values : never;
type OnEntries = (batch: PropfindBatch, base: HrefBase) => boolean | void;

/** A PROPFIND that is ready to be sent. @internal */
export interface PropfindQuery {
  readonly source: SessionSource;
  readonly target: string;
  readonly depth: number;
  /** A flat list of namespaces and names; null for a listing of property names. */
  readonly names: readonly string[] | null;
  readonly options: CommonOptions;
  /** Holds the stack at the call of the method: an error in an awaited listing would not show the caller. */
  readonly caller: { readonly stack?: string };
}

/**
 * Checks the arguments of a listing; nothing is sent. @internal
 *
 * @throws `ERR_NEON_DESTROYED`, and Node's errors for invalid arguments
 */
export function propfindQuery(
  source: SessionSource,
  target: Target,
  options: PropfindOptions,
  onlyNames = false,
): PropfindQuery {
  source.requireOpen();
  const path = source.targetOf(target);
  requireKnown(options, onlyNames ? namesOptions : propfindOptions);
  const { depth = 1, props = [] } = options;
  if (depth !== 0 && depth !== 1 && (depth as unknown) !== 'infinity')
    throw invalidValue(`The "depth" must be 0, 1 or 'infinity'. Received ${shown(depth)}`);
  if (!isArray(props)) throw invalidType('props', 'an instance of Array', props);
  const names = onlyNames ? null : (props as readonly unknown[]).flatMap((name) => splitName(name, 'props'));
  const caller = {};
  Error.captureStackTrace(caller, propfindQuery);
  return { source, target: path, depth: depths[depth], names, options, caller };
}

/** @internal */
export const baseOf = ({ source, target }: PropfindQuery): HrefBase => ({ origin: source.origin, target });

/** A PROPFIND, whose resources arrive in batches. */
class PropfindCall implements Call<PropfindFailure, void> {
  readonly method = 'PROPFIND';
  readonly repeatable = true;
  readonly becomesGet = false;
  readonly #query: PropfindQuery;
  readonly reader: ResultReader | undefined;
  readonly #onBatch: OnEntries;
  readonly #room: Room;

  /**
   * @param onBatch receives each batch, and the base for its hrefs; returns true if C must wait before the next batch
   * @param room returns a promise that resolves when C may continue, or undefined if C may continue at once
   * @param reader as in {@link Call}; needed if `onBatch` can make C wait
   */
  constructor(query: PropfindQuery, onBatch: OnEntries, room: Room = noRoomNeeded, reader?: ResultReader) {
    this.#query = query;
    this.reader = reader;
    this.#onBatch = onBatch;
    this.#room = room;
  }

  get target(): string {
    return this.#query.target;
  }

  send(session: ne_session, settings: CallSettings): void {
    propfind(session, ...this.#values(settings));
  }

  sendSync(session: ne_session, settings: CallSettings): PropfindFailure {
    return propfindSync(session, ...this.#values(settings));
  }

  settle(failure: PropfindFailure, run: CallRun): void {
    if (failure) throw errorOf(failure, run);
  }

  responseOf(failure: PropfindFailure): RawResponse | null {
    return failure && failure[2];
  }

  redirected({ target }: Redirection): PropfindCall {
    return new PropfindCall({ ...this.#query, target }, this.#onBatch, this.#room, this.reader);
  }

  #values(settings: CallSettings): PropfindValues {
    const { target, depth, names } = this.#query;
    const base = baseOf(this.#query);
    const onBatch: OnBatch = (...batch) => this.#onBatch(batch, base);
    return [target, depth, names, onBatch, this.#room, composedOptions(settings)];
  }
}

const noRoomNeeded = (): undefined => undefined;

/** Sends a PROPFIND. If it fails, the stack of the error shows where the listing was created. */
async function send(call: PropfindCall, { source, options, caller }: PropfindQuery, terms?: RunTerms): Promise<void> {
  try {
    await source.run(call, options, terms);
  } catch (error) {
    throw calledFrom(error, caller);
  }
}

/**
 * The resources that a PROPFIND finds (RFC 4918, section 9.1). The PROPFIND is sent once, when the listing is first
 * awaited or iterated. Awaiting the listing produces an array of all resources. Iterating it with `for await` produces
 * each resource as soon as it has arrived. The iterator buffers at most a few thousand resources. If other calls are
 * waiting for the session, it may buffer more; see {@link SessionOptions.maxUnreadBytes}. Leaving the loop early, or
 * dropping the iterator, closes the connection.
 *
 * Rejects with a {@link NeonError}: with `ERR_NEON_STATUS` when the status is not 2xx, with `NE_ERROR` when the
 * response is not a multi-status document, and otherwise with the code of the failure. Rejects with the signal's reason
 * after an abort, and with `ERR_NEON_INVALID_STATE` when the listing is read again after an iteration.
 *
 * @example
 * ```ts
 * const entries = await session.propfind('/folder/', { props: ['getetag'] });
 * for await (const { href, props } of session.propfind('/folder/')) console.log(href, props.getlastmodified);
 * ```
 */
export class Listing implements PromiseLike<Entry[]>, AsyncIterable<Entry> {
  readonly #query: PropfindQuery;
  #entries: Promise<Entry[]> | undefined;
  #begun = false;

  /** @internal */
  constructor(given: unknown, query: PropfindQuery) {
    requireToken(given);
    this.#query = query;
  }

  /**
   * Sends the PROPFIND unless it was already sent, and passes all entries to the callback. `await` calls this method.
   */
  then<R = Entry[], E = never>(
    onFulfilled?: ((entries: Entry[]) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.#all().then(onFulfilled, onRejected);
  }

  /** Works like `catch` on a promise for all entries. Sends the PROPFIND in the same way as {@link then}. */
  catch<E = never>(onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null): Promise<Entry[] | E> {
    return this.#all().catch(onRejected);
  }

  /** Works like `finally` on a promise for all entries. Sends the PROPFIND in the same way as {@link then}. */
  finally(onFinally?: (() => void) | null): Promise<Entry[]> {
    return this.#all().finally(onFinally);
  }

  /** Iterates the entries as they arrive; the PROPFIND is sent by the first `next()`. */
  [Symbol.asyncIterator](): AsyncGenerator<Entry, void, undefined> {
    const arrivals = new Arrivals(this.#query);
    const iterator = new EntryIterator(arrivals, () => this.#first(arrivals));
    dropped.register(iterator, arrivals, arrivals);
    return iterator;
  }

  #all(): Promise<Entry[]> {
    return (this.#entries ??= this.#collect());
  }

  async #collect(): Promise<Entry[]> {
    this.#begin();
    const entries: Entry[] = [];
    await send(new PropfindCall(this.#query, (batch, base) => unpack(batch, base, entries)), this.#query);
    return entries;
  }

  /** Returns the first batch for an iterator, or every entry if the listing was already awaited. */
  async #first(arrivals: Arrivals): Promise<readonly Entry[] | undefined> {
    if (this.#entries) return this.#entries;
    this.#begin();
    arrivals.send();
    return arrivals.next();
  }

  #begin(): void {
    if (this.#begun) throw new NeonError('A listing can be read only once', 'ERR_NEON_INVALID_STATE');
    this.#begun = true;
  }
}

/** How many batches of at most 128 resources each may be queued for an iterator before C must wait. */
const maxWaiting = 2;

const bytesOf = ([text, numbers]: PropfindBatch): number => 2 * text.length + numbers.byteLength;

/** Ends the PROPFIND of an iterator that was dropped before the end of the listing. */
const dropped = new FinalizationRegistry<Arrivals>((arrivals) => arrivals.cancel());

/**
 * Queues the batches of a PROPFIND that is on its way. C waits while too many batches are queued. No field refers to
 * the iterator, which can therefore be garbage-collected while C waits.
 */
class Arrivals implements ResultReader {
  /** Whether C waits until batches are taken. */
  isFull = false;
  /** How many entries the iterator has returned. */
  reads = 0;
  readonly #query: PropfindQuery;
  readonly #batches: PropfindBatch[] = [];
  #base: HrefBase;
  /** The approximate number of bytes in `#batches`. */
  #bytes = 0;
  /** How many bytes `#batches` may hold while other calls wait for the session; undefined if no call is waiting. */
  #maxBytes: number | undefined;
  #running: Promise<void> | undefined;
  #over = false;
  #wake = (): void => undefined;
  #makeRoom = (): void => undefined;
  #stop: Stop = () => undefined;

  constructor(query: PropfindQuery) {
    this.#query = query;
    this.#base = baseOf(query);
  }

  send(): void {
    const call = new PropfindCall(
      this.#query,
      (batch, base) => {
        this.#base = base;
        this.#batches.push(batch);
        this.#bytes += bytesOf(batch);
        this.#wake();
        return this.#batches.length > maxWaiting && !this.#mayReadAhead;
      },
      () => this.#room(),
      this,
    );
    this.#running = send(call, this.#query, { onStart: (stop) => (this.#stop = stop) }).finally(() => {
      this.#over = true;
      this.#wake();
    });
    this.#running.catch(() => undefined); // next() awaits this promise, unless the PROPFIND is cancelled
  }

  /** The entries of the next batch, or undefined after the last batch; rejects when the PROPFIND failed. */
  async next(): Promise<readonly Entry[] | undefined> {
    while (this.#running) {
      const batch = this.#batches.shift();
      if (batch) {
        this.#bytes -= bytesOf(batch);
        if (this.#batches.length === 0) this.#makeRoom();
        const entries: Entry[] = [];
        unpack(batch, this.#base, entries);
        return entries;
      }
      if (this.#over) {
        await this.#running;
        break;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return undefined;
  }

  readAhead(bytes: number | undefined): void {
    this.#maxBytes = bytes;
    if (this.#mayReadAhead) this.#makeRoom();
  }

  /**
   * Called by C some time after `onBatch` has returned true. If there is room by then, C need not wait: the batches may
   * have been taken, or other calls may be waiting.
   */
  #room(): Promise<void> | undefined {
    if (this.#batches.length === 0 || this.#mayReadAhead) return undefined;
    this.isFull = true;
    return new Promise((resolve) => {
      this.#makeRoom = () => {
        this.isFull = false;
        resolve();
      };
    });
  }

  get #mayReadAhead(): boolean {
    return this.#maxBytes !== undefined && this.#bytes <= this.#maxBytes;
  }

  /** Ends the PROPFIND, if it is not over. */
  cancel(): void {
    this.#stop(new NeonError('The listing was cancelled before its end', 'ERR_NEON_ABORTED'));
  }
}

/**
 * Yields the entries one by one. Like an async generator, it allows `next()` to be called before the previous promise
 * has settled. It is three times as fast, because an entry that has already arrived needs only one promise.
 */
class EntryIterator implements AsyncGenerator<Entry, void, undefined> {
  readonly #arrivals: Arrivals;
  #refill: () => Promise<readonly Entry[] | undefined>;
  #entries: readonly Entry[] = [];
  #at = 0;
  /** How many calls are running or waiting. A new call waits for `#last`, the previous call. */
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(arrivals: Arrivals, first: () => Promise<readonly Entry[] | undefined>) {
    this.#arrivals = arrivals;
    this.#refill = () => {
      this.#refill = () => arrivals.next();
      return first();
    };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<Entry, void>> {
    const entry = this.#waiting === 0 ? this.#entries[this.#at] : undefined;
    if (!entry) return this.#inTurn(() => this.#next());
    this.#at++;
    this.#arrivals.reads++;
    return Promise.resolve({ done: false, value: entry });
  }

  return(value?: void | PromiseLike<void>): Promise<IteratorResult<Entry, void>> {
    return this.#inTurn(async () => {
      this.#finish();
      return { done: true, value: await value };
    });
  }

  throw(reason: unknown): Promise<IteratorResult<Entry, void>> {
    const fail = (): never => {
      this.#finish();
      throw reason;
    };
    return this.#inTurn(() => new Promise(fail));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    // If no other call is pending, the work starts at once. Later calls of the session are then sent after this one.
    const begun = this.#waiting++ === 0 ? work() : this.#last.then(work);
    const turn = begun.finally(() => this.#waiting--);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #next(): Promise<IteratorResult<Entry, void>> {
    try {
      for (;;) {
        const entry = this.#entries[this.#at++];
        this.#arrivals.reads++;
        if (entry) return { done: false, value: entry };
        const entries = await this.#refill();
        if (!entries) break;
        this.#entries = entries;
        this.#at = 0;
      }
    } catch (error) {
      this.#finish();
      throw error;
    }
    this.#finish();
    return { done: true, value: undefined };
  }

  #finish(): void {
    this.#entries = [];
    this.#refill = () => Promise.resolve(undefined);
    dropped.unregister(this.#arrivals);
    this.#arrivals.cancel();
  }
}

/** Sends a PROPFIND on the calling thread, and returns the entries. @internal */
export function listSync(query: PropfindQuery): Entry[] {
  const entries: Entry[] = [];
  query.source.runSync(new PropfindCall(query, (batch, base) => unpack(batch, base, entries)), query.options);
  return entries;
}
