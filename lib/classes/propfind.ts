import { abortable, type CallOptions, type Stop } from '../core/abort.js';
import { type PropfindBatch, type Entry, unpack } from './propfind-batch.js';
import { type ErrorContext, invalidType, invalidValue, NeonError } from '../core/errors.js';
import type { Live } from './live-set.js';
import { addon } from '../core/load.js';
import { native } from '../core/native.js';
import type { ne_session } from '../ne/handles.js';
import { splitName } from './properties.js';
import { requireObject, type RequestOwner } from './request.js';

/** How far below a resource to go. */
export type Depth = 0 | 1 | 'infinity';

/** What can be asked for. */
export interface PropNamesOptions extends CallOptions {
  /** The resource alone, its members too (the default), or all below it, which many servers refuse. */
  depth?: Depth | undefined;
}

/** Which properties to ask for. */
export interface PropfindOptions extends PropNamesOptions {
  /** Names of DAV: properties, and others as `{namespace}name`. Default: all that the server gives (`allprop`). */
  props?: readonly string[] | undefined;
}

type OnBatch = (...batch: PropfindBatch) => boolean | void;
type PropfindFailure = readonly [code: number, text: string, status: number] | null;
type Propfind<R> = (
  session: ne_session,
  path: string,
  depth: number,
  names: readonly string[] | null,
  onBatch: OnBatch,
  room: () => Promise<void> | undefined,
) => R;
const propfindSync: Propfind<PropfindFailure> = native('propfind');
const propfind = addon.async['propfind'] as unknown as Propfind<Promise<PropfindFailure>>;

const depths: Readonly<Record<Depth, number>> = { 0: 0, 1: 1, infinity: 2 };

/** Runs a PROPFIND with a session, whose timeout began at `since`, which is now unless given. @internal */
export type Work = (owner: RequestOwner, since?: number) => Promise<void>;

/** Where a PROPFIND is sent. @internal */
export interface Place {
  readonly origin: string;
  /** Does the work with a session. If that has to be waited for, `onWait` is given what ends the waiting. */
  lend(work: Work, inquiry: Inquiry, onWait: (stop: Stop) => void): Promise<void>;
}

/** A PROPFIND that is ready to be sent. @internal */
export interface Inquiry {
  readonly place: Place;
  readonly target: string;
  readonly depth: number;
  /** A flat list; null for the names alone. */
  readonly names: readonly string[] | null;
  readonly options: CallOptions;
}

/** Checks what is asked for; nothing is sent. @internal */
export function inquire(place: Place, target: string, options: PropfindOptions, onlyNames = false): Inquiry {
  requireObject(options);
  const { depth = 1, props = [] } = options;
  if (!Object.hasOwn(depths, depth)) throw invalidValue(`The "depth" must be 0, 1 or 'infinity'. Received '${depth}'`);
  if (!Array.isArray(props)) throw invalidType('props', 'an instance of Array', props);
  const names = onlyNames ? null : (props as readonly unknown[]).flatMap((name) => splitName(name, 'props'));
  return { place, target, depth: depths[depth], names, options };
}

/**
 * The resources that a PROPFIND finds. Nothing is sent before it is awaited, which gives an array of all of them, or
 * iterated with `for await`, which gives each as soon as it has arrived: then at most some thousands wait in memory, and
 * who leaves the loop early, or drops the iterator, closes the connection. It is sent once.
 *
 * Fails with a {@link NeonError} unless the server answers with 207.
 */
export class Listing implements PromiseLike<Entry[]>, AsyncIterable<Entry> {
  readonly #inquiry: Inquiry;
  #entries: Promise<Entry[]> | undefined;
  #iterated = false;

  /** @internal */
  constructor(inquiry: Inquiry) {
    this.#inquiry = inquiry;
  }

  then<R = Entry[], E = never>(
    onFulfilled?: ((entries: Entry[]) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.#all().then(onFulfilled, onRejected);
  }

  catch<E = never>(onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null): Promise<Entry[] | E> {
    return this.#all().catch(onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<Entry[]> {
    return this.#all().finally(onFinally);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Entry, void, undefined> {
    const arrivals = new Arrivals(this.#inquiry);
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
    await run(this.#inquiry, (batch) => unpack(batch, entries));
    return entries;
  }

  /** The first entries for who iterates: all of them when there are all already. */
  async #first(arrivals: Arrivals): Promise<readonly Entry[] | undefined> {
    if (this.#entries) return this.#entries;
    this.#begin();
    arrivals.send();
    return arrivals.next();
  }

  #begin(): void {
    if (this.#iterated) throw new NeonError('A listing can be read only once', 'ERR_NEON_INVALID_STATE');
    this.#iterated = true;
  }
}

/** So many batches, of at most 128 resources each, may wait for who iterates before C is told to wait. */
const maxWaiting = 2;

/** Ends the PROPFIND of an iterator that was dropped before its end. */
const dropped = new FinalizationRegistry<Arrivals>((arrivals) => arrivals.giveUp());

/**
 * The batches of a PROPFIND while it is on its way. The one that waits to be taken makes C wait. Nothing here knows the
 * iterator that takes them, so that this can be dropped.
 */
class Arrivals {
  readonly #inquiry: Inquiry;
  readonly #batches: PropfindBatch[] = [];
  #running: Promise<void> | undefined;
  #over = false;
  #wake = (): void => undefined;
  #makeRoom = (): void => undefined;
  #stop: Stop = () => undefined;

  constructor(inquiry: Inquiry) {
    this.#inquiry = inquiry;
  }

  send(): void {
    this.#running = run(
      this.#inquiry,
      (batch) => {
        this.#batches.push(batch);
        this.#wake();
        return this.#batches.length > maxWaiting;
      },
      () => (this.#batches.length > 0 ? new Promise((resolve) => (this.#makeRoom = resolve)) : undefined),
      (stop) => (this.#stop = stop),
    ).finally(() => {
      this.#over = true;
      this.#wake();
    });
    this.#running.catch(() => undefined); // it is awaited below, unless it is given up
  }

  /** The entries of the next batch, or nothing after the last one; rejects when the PROPFIND failed. */
  async next(): Promise<readonly Entry[] | undefined> {
    while (this.#running) {
      const batch = this.#batches.shift();
      if (batch) {
        if (this.#batches.length === 0) this.#makeRoom();
        const entries: Entry[] = [];
        unpack(batch, entries);
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

  /** Ends it, if it is not over. */
  giveUp(): void {
    this.#stop(new NeonError('The listing was given up before its end', 'ERR_NEON_ABORTED'));
  }
}

/**
 * Gives the entries one by one. It does what an async generator would, calls that did not wait for each other included,
 * in a third of the time: an entry that is there already costs one promise.
 */
class EntryIterator implements AsyncGenerator<Entry, void, undefined> {
  readonly #arrivals: Arrivals;
  #refill: () => Promise<readonly Entry[] | undefined>;
  #entries: readonly Entry[] = [];
  #at = 0;
  /** Calls that wait for `#last`, the one before them. */
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
    // At once where nothing is waited for: what is asked of the session after it comes after it.
    const begun = this.#waiting++ === 0 ? work() : this.#last.then(work);
    const turn = begun.finally(() => this.#waiting--);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #next(): Promise<IteratorResult<Entry, void>> {
    try {
      for (;;) {
        const entry = this.#entries[this.#at++];
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
    this.#arrivals.giveUp();
  }
}

/** The same as awaiting a {@link Listing}, blocking. @internal */
export function listSync(owner: RequestOwner, { target, depth, names }: Inquiry): Entry[] {
  owner.requireOpen();
  const entries: Entry[] = [];
  const context = { method: 'PROPFIND', target, origin: owner.origin };
  try {
    requireDone(
      propfindSync(owner.handle, target, depth, names, (...batch) => unpack(batch, entries), noRoomNeeded),
      context,
    );
  } catch (error) {
    throw NeonError.within(error, context);
  }
  return entries;
}

const noRoomNeeded = (): undefined => undefined;

/** Sends it, after what the session was given before. */
function run(
  inquiry: Inquiry,
  onBatch: (batch: PropfindBatch) => boolean | void,
  room: () => Promise<void> | undefined = noRoomNeeded,
  onStop?: (stop: Stop) => void,
): Promise<void> {
  const { place, target, depth, names, options } = inquiry;
  const context = { method: 'PROPFIND', target, origin: place.origin };
  let stop: Stop = () => undefined;
  let given: { reason: unknown } | undefined;
  const end: Stop = (reason) => {
    given = { reason };
    stop(reason);
  };
  const begin = (next: Stop): void => {
    stop = next;
  };
  const work: Work = async (owner, since) => {
    owner.requireOpen();
    if (given) throw given.reason;
    const item: Live = { description: `PROPFIND ${target}`, end };
    owner.live.add(item);
    try {
      const send = (): Promise<PropfindFailure> =>
        propfind(owner.handle, target, depth, names, (...batch) => onBatch(batch), room);
      requireDone(await abortable(send, options, begin, since), context);
    } catch (error) {
      throw NeonError.within(error, context);
    } finally {
      owner.live.delete(item);
    }
  };
  onStop?.(end);
  return place.lend(work, inquiry, begin);
}

function requireDone(failed: PropfindFailure, context: ErrorContext): void {
  if (failed) throw NeonError.of(failed[0], failed[1], failed[2] ? { ...context, status: failed[2] } : context);
}
