/** Listings: PROPFIND, REPORT and SEARCH requests, awaited or iterated. */
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
import { type PropertyName, splitName } from './properties.js';
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
  props?: readonly PropertyName[] | undefined;
}

type OnBatch = (...batch: PropfindBatch) => boolean | void;
type Room = () => Promise<void> | undefined;
/** The synchronization token of the document, or how the request failed. */
type PropfindOutcome = RawFailure | string;
type Propfind<R> = (
  session: ne_session,
  method: string,
  path: string,
  depth: number,
  content: readonly string[] | string | null,
  onBatch: OnBatch,
  room: Room,
  options: string,
) => R;
const propfindSync: Propfind<PropfindOutcome> = native('propfind');
const propfind = addon.async['propfind'] as unknown as Propfind<void>;

const namesOptions: Known<PropNamesOptions> = { ...commonOptions, depth: true };
const propfindOptions: Known<PropfindOptions> = { ...namesOptions, props: true };

const depths: Readonly<Record<Depth, number>> = { 0: 0, 1: 1, infinity: 2 };
const noDepth = -1;

type PropfindValues = Parameters<Propfind<unknown>> extends [ne_session, ...infer Values] ? Values : never;
type OnEntries = (batch: PropfindBatch, base: HrefBase) => boolean | void;
type Finish<Result> = (syncToken: string | null, base: HrefBase) => Result;

/** The entries of a listing, in an array that also has the synchronization token of the listing. */
export type Entries = Entry[] & {
  /** The token of a `sync-collection` report (RFC 6578, section 6.2); null if the server sends none. Not enumerable. */
  readonly syncToken: string | null;
};

/** A PROPFIND, REPORT or SEARCH that is ready to be sent. @internal */
export interface PropfindQuery {
  readonly source: SessionSource;
  readonly method: string;
  readonly target: string;
  /** The value of the Depth header; -1 for a request without this header. */
  readonly depth: number;
  /**
   * The document to send, or a flat list of the namespaces and names of properties; null for a listing of property
   * names.
   */
  readonly content: readonly string[] | string | null;
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
  if (!isArray(props)) throw invalidType('props', 'an instance of Array', props);
  const content = onlyNames ? null : (props as readonly unknown[]).flatMap((name) => splitName(name, 'props'));
  const caller = {};
  Error.captureStackTrace(caller, propfindQuery);
  return { source, method: 'PROPFIND', target: path, depth: depthOf(depth), content, options, caller };
}

function depthOf(depth: Depth): number {
  if (depth !== 0 && depth !== 1 && (depth as unknown) !== 'infinity')
    throw invalidValue(`The "depth" must be 0, 1 or 'infinity'. Received ${shown(depth)}`);
  return depths[depth];
}

/**
 * Checks the arguments of a report or a search; nothing is sent. @internal
 *
 * @throws as {@link propfindQuery}
 */
export function documentQuery(
  method: 'REPORT' | 'SEARCH',
  source: SessionSource,
  target: Target,
  xml: string,
  options: PropNamesOptions,
): PropfindQuery {
  source.requireOpen();
  const path = source.targetOf(target);
  const isReport = method === 'REPORT';
  requireKnown(options, isReport ? namesOptions : commonOptions);
  if (typeof xml !== 'string') throw invalidType('xml', 'of type string', xml);
  if (xml === '') throw invalidValue(`The "xml" of a ${method} is empty: it must be the document to send`);
  const depth = isReport ? depthOf(options.depth ?? 0) : noDepth;
  const caller = {};
  Error.captureStackTrace(caller, documentQuery);
  return { source, method, target: path, depth, content: xml, options, caller };
}

/** @internal */
export const baseOf = ({ source, target }: PropfindQuery): HrefBase => ({ origin: source.origin, target });

/** A PROPFIND, REPORT or SEARCH, whose resources arrive in batches. Its result is the synchronization token. */
class PropfindCall<Result> implements Call<PropfindOutcome, Result> {
  readonly repeatable = true;
  readonly becomesGet = false;
  readonly #query: PropfindQuery;
  readonly reader: ResultReader | undefined;
  readonly #onBatch: OnEntries;
  readonly #room: Room;
  readonly #finish: Finish<Result>;

  /**
   * @param finish makes the result from the synchronization token, which is null if there is none
   * @param onBatch receives each batch, and the base for its hrefs; returns true if C must wait before the next batch
   * @param room returns a promise that resolves when C may continue, or undefined if C may continue at once
   * @param reader as in {@link Call}; needed if `onBatch` can make C wait
   */
  constructor(
    query: PropfindQuery,
    finish: Finish<Result>,
    onBatch: OnEntries,
    room: Room = noRoomNeeded,
    reader?: ResultReader,
  ) {
    this.#query = query;
    this.reader = reader;
    this.#finish = finish;
    this.#onBatch = onBatch;
    this.#room = room;
  }

  get method(): string {
    return this.#query.method;
  }

  get target(): string {
    return this.#query.target;
  }

  send(session: ne_session, settings: CallSettings): void {
    propfind(session, ...this.#values(settings));
  }

  sendSync(session: ne_session, settings: CallSettings): PropfindOutcome {
    return propfindSync(session, ...this.#values(settings));
  }

  settle(outcome: PropfindOutcome, run: CallRun): Result {
    if (typeof outcome !== 'string') throw errorOf(outcome, run);
    return this.#finish(outcome === '' ? null : outcome, baseOf(this.#query));
  }

  responseOf(outcome: PropfindOutcome): RawResponse | null {
    return typeof outcome === 'string' ? null : outcome[2];
  }

  redirected({ target }: Redirection): PropfindCall<Result> {
    return new PropfindCall({ ...this.#query, target }, this.#finish, this.#onBatch, this.#room, this.reader);
  }

  #values(settings: CallSettings): PropfindValues {
    const { method, target, depth, content } = this.#query;
    const base = baseOf(this.#query);
    const onBatch: OnBatch = (...batch) => this.#onBatch(batch, base);
    return [method, target, depth, content, onBatch, this.#room, composedOptions(settings)];
  }
}

const noRoomNeeded = (): undefined => undefined;

/** The result of a call that collects all entries. @internal */
export interface Collected {
  readonly entries: Entries;
  /** The request that the entries answer. If there was a redirect, it is the request that was redirected to. */
  readonly base: HrefBase;
}

/** A call that collects all entries of a query. @internal */
export function collecting(query: PropfindQuery): Call<unknown, Collected> {
  const entries: Entry[] = [];
  const finish: Finish<Collected> = (syncToken, base) => ({
    entries: Object.defineProperty(entries, 'syncToken', { value: syncToken }) as Entries,
    base,
  });
  return new PropfindCall(query, finish, (batch, base) => unpack(batch, base, entries));
}

/** Sends a request. If it fails, the stack of the error shows where the listing was created. */
async function send<R>(call: Call<unknown, R>, query: PropfindQuery, terms?: RunTerms): Promise<R> {
  const { source, options, caller } = query;
  try {
    return await source.run(call, options, terms);
  } catch (error) {
    throw calledFrom(error, caller);
  }
}

/**
 * The resources that a PROPFIND (RFC 4918, section 9.1), a REPORT (RFC 3253, section 3.6) or a SEARCH (RFC 5323) finds.
 * The request is sent once, when the listing is first awaited or iterated. Awaiting the listing produces an array of
 * all resources. Iterating it with `for await` produces
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
export class Listing implements PromiseLike<Entries>, AsyncIterable<Entry> {
  /**
   * The synchronization token of a `sync-collection` report (RFC 6578, section 6.2). Null until the listing has ended,
   * and if the server sends no token. The awaited array has it, too.
   */
  get syncToken(): string | null {
    return this.#syncToken;
  }

  readonly #query: PropfindQuery;
  #syncToken: string | null = null;
  #entries: Promise<Entries> | undefined;
  #begun = false;

  /** @internal */
  constructor(given: unknown, query: PropfindQuery) {
    requireToken(given);
    this.#query = query;
  }

  /**
   * Sends the request unless it was already sent, and passes all entries to the callback. `await` calls this method.
   */
  then<R = Entries, E = never>(
    onFulfilled?: ((entries: Entries) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.#all().then(onFulfilled, onRejected);
  }

  /** Works like `catch` on a promise for all entries. Sends the request in the same way as {@link then}. */
  catch<E = never>(onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null): Promise<Entries | E> {
    return this.#all().catch(onRejected);
  }

  /** Works like `finally` on a promise for all entries. Sends the request in the same way as {@link then}. */
  finally(onFinally?: (() => void) | null): Promise<Entries> {
    return this.#all().finally(onFinally);
  }

  /** Iterates the entries as they arrive; the request is sent by the first `next()`. */
  [Symbol.asyncIterator](): AsyncGenerator<Entry, void, undefined> {
    const arrivals = new Arrivals(this.#query, (token) => (this.#syncToken = token));
    const iterator = new EntryIterator(arrivals, () => this.#first(arrivals));
    dropped.register(iterator, arrivals, arrivals);
    return iterator;
  }

  #all(): Promise<Entries> {
    return (this.#entries ??= this.#collect());
  }

  async #collect(): Promise<Entries> {
    this.#begin();
    const { entries } = await send(collecting(this.#query), this.#query);
    this.#syncToken = entries.syncToken;
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
  readonly #onToken: (syncToken: string | null) => void;
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

  constructor(query: PropfindQuery, onToken: (syncToken: string | null) => void) {
    this.#query = query;
    this.#onToken = onToken;
    this.#base = baseOf(query);
  }

  send(): void {
    const call = new PropfindCall(
      this.#query,
      (syncToken) => this.#onToken(syncToken),
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
    this.#running = send(call as Call<unknown, void>, this.#query, { onStart: (stop) => (this.#stop = stop) }).finally(
      () => {
        this.#over = true;
        this.#wake();
      },
    );
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

/** Sends a request on the calling thread, and returns the entries. @internal */
export function listSync(query: PropfindQuery): Entries {
  return query.source.runSync(collecting(query), query.options).entries;
}
