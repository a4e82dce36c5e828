import { abortable, type CallOptions, type Stop } from './abort.js';
import { type ErrorContext, invalidType, invalidValue, NeonError } from './errors.js';
import type { Live } from './live.js';
import { addon } from './load.js';
import { native } from './native.js';
import type { ne_session } from './ne/handles.js';
import { ne_uri_defaultport } from './ne/uri.js';
import { type Properties, propertyKey, propertyReader, type PropertyReader, splitName } from './properties.js';
import { requireObject, type RequestOwner } from './request.js';

/** A resource that a PROPFIND found. */
export interface Entry {
  /** Its path, percent-encoded, as the server writes it. */
  href: string;
  /** Its whole URI: `scheme://host[:port]` and the path. */
  uri: string;
  /** The properties that it has. */
  props: Properties;
  /** Why it has not the others that were asked for: the status of each, by the same name. Frozen when there is none. */
  status: Record<string, PropertyStatus>;
}

/** What became of one property. */
export interface PropertyStatus {
  code: number;
  reasonPhrase: string;
}

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

type OnBatch = (
  text: string,
  numbers: Uint32Array,
  names: readonly string[],
  statuses: readonly string[],
  origins: readonly string[],
) => boolean | void;
type Batch = Parameters<OnBatch>;
type Failed = readonly [code: number, text: string, status: number] | null;
type Propfind<R> = (
  session: ne_session,
  path: string,
  depth: number,
  names: readonly string[] | null,
  onBatch: OnBatch,
  room: () => Promise<void> | undefined,
) => R;
const propfindSync: Propfind<Failed> = native('propfind');
const propfind = addon.async['propfind'] as unknown as Propfind<Promise<Failed>>;

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
export function inquire(
  place: Place,
  target: string,
  options: PropfindOptions,
  onlyNames = false,
): Inquiry {
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
    const iterator = this.#iterate(arrivals);
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

  async *#iterate(arrivals: Arrivals): AsyncGenerator<Entry, void, undefined> {
    if (this.#entries) yield* await this.#entries;
    else {
      this.#begin();
      try {
        for (let batch = await arrivals.first(); batch; batch = await arrivals.next()) {
          const entries: Entry[] = [];
          unpack(batch, entries);
          yield* entries;
        }
      } finally {
        dropped.unregister(arrivals);
        arrivals.giveUp();
      }
    }
  }

  #begin(): void {
    if (this.#iterated) throw new NeonError('A listing can be read only once', 'ERR_NEON_INVALID_STATE');
    this.#iterated = true;
  }
}

/** So many batches, of at most 128 resources each, may wait for who iterates before C is told to wait. */
const mostWaiting = 2;

/** Ends the PROPFIND of an iterator that was dropped before its end. */
const dropped = new FinalizationRegistry<Arrivals>((arrivals) => arrivals.giveUp());

/**
 * The batches of a PROPFIND while it is on its way. The one that waits to be taken makes C wait. Nothing here knows the
 * iterator that takes them, so that this can be dropped.
 */
class Arrivals {
  readonly #inquiry: Inquiry;
  readonly #batches: Batch[] = [];
  #running: Promise<void> | undefined;
  #over = false;
  #wake = (): void => undefined;
  #makeRoom = (): void => undefined;
  #stop: Stop = () => undefined;

  constructor(inquiry: Inquiry) {
    this.#inquiry = inquiry;
  }

  /** Sends it; the first batch, or nothing when there is none. */
  first(): Promise<Batch | undefined> {
    this.#running = run(
      this.#inquiry,
      (batch) => {
        this.#batches.push(batch);
        this.#wake();
        return this.#batches.length > mostWaiting;
      },
      () => (this.#batches.length > 0 ? new Promise((resolve) => (this.#makeRoom = resolve)) : undefined),
      (stop) => (this.#stop = stop),
    ).finally(() => {
      this.#over = true;
      this.#wake();
    });
    this.#running.catch(() => undefined); // it is awaited below, unless it is given up
    return this.next();
  }

  /** The next batch, or nothing after the last one; rejects when the PROPFIND failed. */
  async next(): Promise<Batch | undefined> {
    for (;;) {
      const batch = this.#batches.shift();
      if (batch) {
        if (this.#batches.length === 0) this.#makeRoom();
        return batch;
      }
      if (this.#over) {
        await this.#running;
        return undefined;
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Ends it, if it is not over. */
  giveUp(): void {
    this.#stop(new NeonError('The listing was given up before its end', 'ERR_NEON_ABORTED'));
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
  onBatch: (batch: Batch) => boolean | void,
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
      const send = (): Promise<Failed> =>
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

function requireDone(failed: Failed, context: ErrorContext): void {
  if (failed) throw NeonError.of(failed[0], failed[1], failed[2] ? { ...context, status: failed[2] } : context);
}

/** A column of a batch: a property by its name, and what was read of its last value. */
interface Column {
  readonly key: string;
  readonly reader: PropertyReader<unknown> | undefined;
  last: unknown;
}

const noStatus: Record<string, PropertyStatus> = Object.freeze({});

/** Adds the resources of a batch; its layout is told in binding/listing.h. */
function unpack([text, numbers, names, statuses, origins]: Batch, entries: Entry[]): void {
  const columns = columnsOf(names);
  const prefixes = prefixesOf(origins);
  // The same names come in the same order nearly always: copying an object of that shape costs less than growing one.
  let shape: Properties = {};
  let at = 0;
  for (let next = 0; next < numbers.length;) {
    const prefix = prefixes[numbers[next] as number] as string;
    const href = text.slice(at, (at += (numbers[next + 1] as number)));
    let uri = prefix + href;
    const query = (numbers[next + 2] as number);
    if (query > 0) uri += `?${text.slice(at, (at += query - 1))}`;
    const fragment = (numbers[next + 3] as number);
    if (fragment > 0) uri += `#${text.slice(at, (at += fragment - 1))}`;
    let count = (numbers[next + 4] as number);
    next += 5;
    const fits = count === columns.length;
    const props: Properties = fits ? { ...shape } : {};
    let status = noStatus;
    for (; count > 0; count--) {
      const column = columns[numbers[next] as number] as Column;
      const length = (numbers[next + 1] as number);
      next += 2;
      if (length === 0) {
        const index = (numbers[next++] as number) * 2;
        if (status === noStatus) status = {};
        define(status, column.key, { code: Number(statuses[index]), reasonPhrase: statuses[index + 1] as string });
        continue;
      }
      const { key, reader } = column;
      if (length > 1) {
        const value = text.slice(at, (at += length - 2));
        column.last = reader ? reader.read(value) : value;
      }
      define(props, key, reader?.copy ? reader.copy(column.last) : column.last);
    }
    if (fits && status === noStatus) shape = props;
    entries.push({ href, uri, props, status });
  }
}

function columnsOf(names: readonly string[]): readonly Column[] {
  const columns: Column[] = [];
  for (let i = 0; i < names.length; i += 2) {
    const [nspace, name] = names.slice(i, i + 2) as [string, string];
    const reader = nspace === 'DAV:' ? propertyReader(name) : undefined;
    columns.push({ key: propertyKey(nspace, name), reader, last: undefined });
  }
  return columns;
}

function prefixesOf(origins: readonly string[]): readonly string[] {
  const prefixes: string[] = [];
  for (let i = 0; i < origins.length; i += 4) {
    const [scheme = '', host = '', userinfo, port] = origins.slice(i, i + 4);
    const isDefault = port === '0' || Number(port) === ne_uri_defaultport(scheme);
    prefixes.push(`${scheme}://${userinfo ? `${userinfo}@` : ''}${host}${isDefault ? '' : `:${port}`}`);
  }
  return prefixes;
}

/** Sets a field of a name that the server chose. @internal */
export function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}
