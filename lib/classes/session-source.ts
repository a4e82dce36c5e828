/** Sources lend sessions to calls. Every call is run by a source. */
import { limit, type Stop, timeLimit, validated } from '../core/abort.js';
import { CallerContext } from '../core/caller-context.js';
import { invalidType, NeonError } from '../core/errors.js';
import { abortOperation, limitNextOperation, receiveLastOperation } from '../core/operation.js';
import { type Known, requireKnown } from '../core/options.js';
import type { Receiver } from '../core/receivers.js';
import type { ne_session } from '../ne/handles.js';
import type { Call, CallContext, CallRun } from './call.js';
import { type CallDefaults, type CallSettings, type CommonOptions, settingsOf } from './call-options.js';
import { addRequest } from './failure.js';
import type { Hold, ReadingLimits } from './hold.js';
import { LiveSet } from './live-set.js';
import type { LockSet } from './lock-set.js';
import type { Redirection } from './redirect.js';
import type { ProgressEvent, ProgressWatch, StatusEvent } from './status.js';
import { resolveTarget, type Target } from './target.js';

/** A session that is lent to a call. @internal */
export interface LentSession {
  readonly handle: ne_session;
  /** Reports the progress of the next operation that is started. */
  watch(onProgress: (event: ProgressEvent) => void): ProgressWatch;
  /**
   * Obtains the session for a call before the call starts. Returns false if the call has to wait. In this case, calls
   * `run.resume()` as soon as the session is available.
   */
  obtain(run: Run): boolean;
  /**
   * Called when a call or its response body starts to occupy the session while the caller reads. It then counts as
   * live.
   */
  keep(hold: Hold): void;
  /** Called when the call or body no longer counts as live. */
  release(hold: Hold): void;
  /** Called when the call has succeeded or failed. It no longer counts as live. */
  done(run: Run): void;
  /** Called when the native function has finished and the call has succeeded, before `done`. */
  succeeded?(): void;
}

/** The options of closing a session or pool. */
export interface CloseOptions {
  /**
   * How long to wait, in milliseconds: > 0 and <= 2147483647. After this time, everything that is still live is
   * aborted, as `destroy({ force: true })` does. Default: no limit.
   */
  timeout?: number | undefined;
}

/** The options of destroying a session or pool. */
export interface DestroyOptions {
  /** Whether to abort live requests first. If false (the default), `destroy` refuses while requests are live. */
  force?: boolean | undefined;
}

/** The options of calls without options. @internal */
export const noOptions: CommonOptions = Object.freeze({});
const noTerms: RunTerms = Object.freeze({});
const ignore = (): void => undefined;

const closeOptions: Known<CloseOptions> = { timeout: true };
const destroyOptions: Known<DestroyOptions> = { force: true };

/**
 * Reads the options of destroying a session or pool. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function isForced(options: DestroyOptions): boolean {
  requireKnown(options, destroyOptions);
  const { force = false } = options;
  if (typeof force !== 'boolean') throw invalidType('force', 'of type boolean', force);
  return force;
}

/** How a call is run, apart from its options. @internal */
export interface RunTerms {
  /**
   * Runs the call even while the session or pool is closing. This is for calls that earlier calls or locks depend on.
   */
  readonly whileClosing?: boolean;
  /** Does not count the call as live, because its {@link Request} is already counted. */
  readonly uncounted?: boolean;
  /** Is called synchronously with a function that ends the call at any time, even while the call is waiting. */
  readonly onStart?: (stop: Stop) => void;
}

/** The locks that the sessions of a source submit. @internal */
export interface SharedLocks {
  readonly set: LockSet;
  /** Called when a response to a request with this method and target has arrived. */
  noteResponse(method: string, target: string, status: number): void;
  /** Called when the session or pool is destroyed. Its locks are then lost. */
  end(reason: NeonError): void;
}

/**
 * Lends sessions to calls. This class is the only way to run a call: `request`, the HTTP methods, `propfind`, `lock`
 * and all other calls to the server use `run` or `runSync` of a session (`SingleSession`) or of a pool
 * (`PoolSource`). Each call takes these steps, in this order:
 *
 * 1. Refuse when the session or pool is destroyed or closing.
 * 2. Read and check the options, with the defaults of the session or pool.
 * 3. Count the call as live.
 * 4. Borrow a session: a `Session` lends itself at once; a pool lends a session as soon as one is free.
 * 5. Start the native function. The signal, the timeout and `destroy({ force: true })` abort its operation.
 * 6. Settle: create the caller's result, or add the request to the error.
 * 7. Stop counting the call as live. A pool then takes the session back, unless the body of the response is still
 *    arriving.
 * 8. Follow a redirect: repeat from step 3, with the redirected call.
 *
 * All of this code runs on the JavaScript thread. Ownership, waits and wake-ups:
 *
 * - Each source has a live set. The live set of a pool contains leases, and each lease has its own live set. From step
 *   3 to step 7, a call is in the live set of its session or lease. A body that is still arriving enters the same live
 *   set before step 7. The body is live, and occupies the session, until it is read, cancelled or dropped. In a pool,
 *   the body may be received completely before it is read. The pool then takes the session back, and the body moves to
 *   the live set of the pool.
 * - A call can wait in two places. In step 4, it waits in the queue of a pool until a session is given back. The pool
 *   then calls `begin` on the first lease in the queue. In step 5, the call waits for the outcome of its operation. The
 *   operation runs on the session's lane, after all earlier operations. When it has finished, the addon calls `succeed`
 *   or `fail` of the run.
 * - An abort ends the wait at once, in both places. `Run.end` takes the lease out of the queue, or makes the addon call
 *   `fail` and interrupt the operation's connection. The lane may still be inside C. Until it has left C, the addon
 *   refuses other uses of the session, and a pool does not lend the session again.
 * - A body that arrives slowly, or is not read, must not make other calls wait for ever. The source knows the waiting
 *   calls: in a session, the calls without a result; in a pool, the calls in the queue. It also knows the holds
 *   ({@link Hold}), which occupy a session while a caller reads: arriving bodies, and listings that are being iterated.
 *   Whenever a call begins to wait or a hold begins, the source makes the holds read ahead, up to `maxUnreadBytes`.
 *   When the session's thread has finished with a hold, the next call runs. If the thread has stopped at the limit and
 *   the caller does not read ({@link Holds}), the source ends the waiting calls with `ERR_NEON_UNREAD_BODY`. A pool
 *   does this only if such holds occupy all of its sessions. When no more calls are waiting, the holds stop reading
 *   ahead.
 * - A hold refers to its body weakly. When a body is garbage-collected, its finalizer ends the request, and the session
 *   runs the next call.
 * - `close()` waits until only untouched bodies are live. It then waits for one more turn of the event loop: during
 *   this turn, a redirected request may become live again, or a caller may touch the body of a response. Finally,
 *   `close()` ends the bodies that are still untouched. `destroy({ force: true })` ends everything in the live set, the
 *   newest first, so that no waiting call begins.
 *
 * @internal
 */
export abstract class SessionSource {
  /** `'scheme://host[:port]'` */
  readonly origin: string;
  /** The name of the source in messages. */
  abstract readonly noun: 'session' | 'pool';
  readonly live = new LiveSet();

  readonly limits: ReadingLimits;
  readonly #base: URL | undefined;
  readonly #defaults: CallDefaults;
  /** The settings of calls without options. */
  readonly #plain: CallSettings;
  #locks: SharedLocks | undefined;
  #state: 'open' | 'closing' | 'destroyed' = 'open';

  /** @param base the URL that targets may be relative to */
  constructor(origin: string, base: URL | undefined, defaults: CallDefaults) {
    this.origin = origin;
    this.#base = base;
    this.#defaults = defaults;
    this.#plain = settingsOf(noOptions, defaults);
    this.limits = defaults.limits;
  }

  /** Lends a session to a call. If the call is `counted`, it is added to the live set. */
  abstract lend(run: Run, counted: boolean): LentSession;

  get destroyed(): boolean {
    return this.#state === 'destroyed';
  }

  /**
   * Runs a call on a session, after the session's earlier calls.
   *
   * Rejects with the reason of an abort, with `NE_TIMEOUT` after the timeout, and otherwise with a {@link NeonError}
   * that names the request.
   *
   * @throws `ERR_NEON_DESTROYED`, and Node's errors for invalid options
   */
  run<Raw, Result>(call: Call<Raw, Result>, options = noOptions, terms = noTerms): Promise<Result> {
    this.requireOpen(terms.whileClosing);
    const settings = options === noOptions ? this.#plain : settingsOf(options, this.#defaults);
    let settle: Settle = ignore;
    const promise = new Promise<Result>((resolve) => (settle = resolve as Settle));
    // A run passes the call's raw result only to the call itself, and the call's result only to the caller.
    new Run(this, call, settings, terms, settle).start();
    return promise;
  }

  /**
   * Runs a call on the calling thread.
   *
   * @throws the errors that `run` rejects with; for a pool always `ERR_NEON_INVALID_STATE`, since all its sessions may
   *   be in use
   */
  runSync<Raw, Result>(call: Call<Raw, Result>, options = noOptions, terms = noTerms): Result {
    this.requireOpen();
    let run = new Run(this, call, settingsOf(options, this.#defaults, true), terms);
    for (;;) {
      const result = run.runSync();
      if (!(result instanceof Run)) return result as Result;
      this.requireOpen();
      run = result;
    }
  }

  /** Updates the locks according to a response. If the response is a redirect, returns where it leads. */
  note(
    call: Call<unknown, unknown>,
    raw: unknown,
    { redirects }: CallSettings,
    count: number,
  ): Redirection | undefined {
    const response = call.responseOf(raw);
    if (!response) return undefined;
    this.#locks?.noteResponse(call.method, call.target, response[0]);
    return redirects?.next(call, response, this.origin, count);
  }

  /**
   * Converts a target given by the caller to a request target. The given target may be relative to the URL of the
   * session or pool.
   */
  targetOf(target: Target): string {
    return resolveTarget(target, this.origin, this.#base);
  }

  /** The URI of a target of the caller. */
  uriOf(target: Target): string {
    return this.origin + this.targetOf(target);
  }

  /** Makes the sessions submit these locks with their requests from now on. */
  share(locks: SharedLocks): void {
    this.shareSet(locks.set);
    this.#locks = locks;
  }

  protected abstract shareSet(set: LockSet): void;

  /** Passes all further events of the sessions to `emit`. If `emit` is undefined, events are no longer passed on. */
  abstract listen(emit: ((event: StatusEvent) => void) | undefined): void;

  /**
   * Throws `ERR_NEON_DESTROYED` if the session or pool is destroyed. Also throws if it is closing, unless
   * `whileClosing` is true.
   */
  requireOpen(whileClosing = false): void {
    if (this.#state === 'open' || (this.#state === 'closing' && whileClosing)) return;
    const state = this.#state === 'closing' ? 'closing' : 'destroyed';
    throw new NeonError(`The ${this.noun} is ${state}`, 'ERR_NEON_DESTROYED', { origin: this.origin });
  }

  /**
   * Refuses new calls. Resolves to true when nothing is live any more, or to false if the timeout passes first. Rejects
   * with Node's errors for invalid options.
   */
  async drain(options: CloseOptions): Promise<boolean> {
    requireKnown(options, closeOptions);
    const { timeout } = validated(options);
    if (this.#state === 'open') this.#state = 'closing';
    const drained = this.#drained();
    if (timeout === undefined) return drained;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<false>((resolve) => (timer = setTimeout(resolve, timeout, false)));
    return Promise.race([drained, late]).finally(() => clearTimeout(timer));
  }

  #isClosing(): boolean {
    return this.#state === 'closing';
  }

  async #drained(): Promise<true> {
    while (this.#isClosing() && this.live.size > 0) {
      await this.live.unread();
      await new Promise(setImmediate); // a redirected request is sent again, or a caller begins to read a response
      if (!this.#isClosing() || !this.live.isUnread) continue;
      const text = `The ${this.noun} was closed, and the body of this response was unread`;
      this.live.end(new NeonError(text, 'ERR_NEON_DESTROYED', { origin: this.origin }));
    }
    return true;
  }

  /** Accepts new calls again after closing. */
  reopen(): void {
    if (this.#state === 'closing') this.#state = 'open';
  }

  /** Refuses all further calls, ends everything that is live, and marks the locks as lost. */
  end(): void {
    this.#state = 'destroyed';
    const reason = new NeonError(`The ${this.noun} was destroyed`, 'ERR_NEON_DESTROYED', { origin: this.origin });
    this.live.end(reason);
    this.#locks?.end(reason);
  }
}

/** The settings without the headers about a body. */
function withoutContent(settings: CallSettings): CallSettings {
  return { ...settings, headers: settings.headers.filter(([name]) => !/^(content-|transfer-encoding$)/i.test(name)) };
}

type Settle = (result: unknown) => void;

/**
 * A call that waits or runs, as an item of a live set. It takes the steps that {@link SessionSource} describes.
 *
 * A run *waits* until its session is available, which `resume` reports. It is *starting* while its native function
 * reads the arguments, which may call getters of the user. It then *runs* until the addon reports the outcome of the
 * operation, with `succeed` or `fail`. Then it is *over*. `end` ends a run at once, except while the run is starting:
 * it then ends right afterwards. A redirect ends a run too, and starts another run, which settles the same promise.
 *
 * A run that continues later, when another call has given back its session or after a redirect, continues in the
 * asynchronous context of its caller. The addon captures this context for the callbacks of the call. @internal
 */
export class Run implements Hold, CallRun, Receiver {
  readonly context: CallContext;
  readonly run = this;
  readonly isUnread = false;
  readonly isOver = false;
  /** The session that was lent to the call; for a pool, the lease. */
  lent: LentSession | undefined;
  readonly #source: SessionSource;
  readonly #call: Call<unknown, unknown>;
  readonly #settings: CallSettings;
  readonly #terms: RunTerms;
  /** The number of redirects before this run. */
  readonly #count: number;
  /** Settles the promise of the caller. After that it is dropped, because the promise refers to the response. */
  #resolve: Settle;
  #state: 'waiting' | 'starting' | 'running' | 'over' = 'waiting';
  /** Why the run was ended while it was starting. */
  #ended: { readonly reason: unknown } | undefined;
  /** The asynchronous context of the caller. Undefined if the run never continues later. */
  #caller: CallerContext | undefined;
  /** The identity of the call's operation; 0 until the operation is started. */
  #operation = 0;
  /** Stopped when the run is over, unless the body of the response continues to report progress. */
  #watch: ProgressWatch | undefined;
  #unlimit: (() => void) | undefined;

  /**
   * @param resolve settles the promise of the caller; a blocking call has none
   * @param count the number of redirects before this run
   * @param caller the context of the caller, if the run follows a redirect
   */
  constructor(
    source: SessionSource,
    call: Call<unknown, unknown>,
    settings: CallSettings,
    terms: RunTerms,
    resolve: Settle = ignore,
    count = 0,
    caller?: CallerContext,
  ) {
    this.context = { method: call.method, target: call.target, origin: source.origin };
    this.#source = source;
    this.#call = call;
    this.#settings = settings;
    this.#terms = terms;
    this.#resolve = resolve;
    this.#count = count;
    this.#caller = caller;
  }

  /** Waits for a session, and then runs. */
  start(): void {
    const { signal, timeout, since } = this.#settings;
    try {
      signal?.throwIfAborted();
      const lent = (this.lent = this.#source.lend(this, !this.#terms.uncounted));
      this.#terms.onStart?.((reason) => this.end(reason));
      if (signal !== undefined || timeout !== undefined)
        this.#unlimit = limit(this.#settings, since, (reason) => this.end(reason));
      if (this.#settings.redirects) this.#caller ??= new CallerContext();
      if (lent.obtain(this)) {
        this.#begin();
        return;
      }
      this.#caller ??= new CallerContext();
      this.#call.hold?.();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Called when the session for which the run waited is available. */
  resume(): void {
    this.#continue(() => this.#begin());
  }

  #begin(): void {
    const { onProgress, timeout, since } = this.#settings;
    const lent = this.#lent();
    this.#state = 'starting';
    try {
      this.#watch = onProgress && lent.watch(onProgress);
      if (timeout !== undefined) limitNextOperation(timeLimit(this.#settings, since));
      this.#call.send(lent.handle, this.#settings);
      this.#operation = receiveLastOperation(this);
      this.#state = 'running';
      if (this.#call.reader) lent.keep(this);
      this.#watch?.started(this.#operation);
    } catch (error) {
      if (timeout !== undefined) limitNextOperation(0);
      this.fail(this.#ended ? this.#ended.reason : error);
      return;
    }
    if (this.#ended) abortOperation(this.#operation, this.#ended.reason);
  }

  succeed(raw: unknown): void {
    if (this.#state === 'over') return;
    let next: Redirection | undefined;
    let result: unknown;
    try {
      next = this.#source.note(this.#call, raw, this.#settings, this.#count);
      if (!next) result = this.#call.settle(raw, this);
      this.lent?.succeeded?.();
    } catch (error) {
      this.fail(error);
      return;
    }
    const thrown = this.#finish();
    if (thrown) this.#reject(thrown.error);
    else if (next) this.#follow(next);
    // Calls settle in the order of their outcomes, so a result does not overtake a rejection.
    else this.#settle(rejecting > 0 ? afterTwoMicrotasks().then(() => result) : result);
  }

  fail(reason: unknown): void {
    if (this.#state === 'over') return;
    const thrown = this.#finish();
    this.#reject(thrown ? thrown.error : reason);
  }

  end(reason: unknown): void {
    if (this.#state === 'waiting') this.fail(reason);
    else if (this.#state === 'starting') this.#ended ??= { reason };
    else if (this.#state === 'running') abortOperation(this.#operation, reason);
  }

  /** Runs the call on the calling thread. Returns its result or, if the response is a redirect, the next run. */
  runSync(): unknown {
    this.#state = 'starting';
    const lent = (this.lent = this.#source.lend(this, !this.#terms.uncounted));
    try {
      const raw = this.#call.sendSync(lent.handle, this.#settings);
      const next = this.#source.note(this.#call, raw, this.#settings, this.#count);
      return next ? this.#redirected(next) : this.#call.settle(raw, this);
    } catch (error) {
      throw addRequest(error, this.context);
    } finally {
      this.#finish();
    }
  }

  /** Frees what the run holds. Returns the exception of a body that was released, because it is code of the user. */
  #finish(): { readonly error: unknown } | undefined {
    this.#state = 'over';
    this.#watch?.stop();
    this.#unlimit?.();
    this.lent?.done(this);
    try {
      this.#call.release?.();
      return undefined;
    } catch (error) {
      return { error };
    }
  }

  #follow(to: Redirection): void {
    try {
      this.#source.requireOpen(true);
    } catch (error) {
      this.#reject(error);
      return;
    }
    const next = this.#redirected(to);
    this.#continue(() => next.start());
  }

  #continue(job: () => void): void {
    if (this.#caller) this.#caller.runInAsyncScope(job);
    else job();
  }

  #redirected(to: Redirection): Run {
    const settings = to.asGet ? withoutContent(this.#settings) : this.#settings;
    const call = this.#call.redirected(to);
    return new Run(this.#source, call, settings, this.#terms, this.#resolve, this.#count + 1, this.#caller);
  }

  /** Rejects the promise of the caller. The error gets the request and the stack of the caller. */
  #reject(error: unknown): void {
    const { signal } = this.#settings;
    const isReason = signal?.aborted === true && error === signal.reason;
    this.#settle(rejectLater(() => (isReason ? error : addRequest(error, this.context))));
  }

  #settle(result: unknown): void {
    const resolve = this.#resolve;
    this.#resolve = ignore;
    resolve(result);
  }

  #lent(): LentSession {
    if (!this.lent) throw new Error('A run has a session while it runs');
    return this.lent;
  }

  get description(): string {
    return `${this.context.method} ${this.context.target}`;
  }

  get signal(): AbortSignal | undefined {
    return this.#settings.signal;
  }

  get timeout(): number | undefined {
    return this.#settings.timeout;
  }

  get since(): number {
    return this.#settings.since;
  }

  get inflates(): boolean {
    return this.#settings.inflate > 0;
  }

  keepWatching(): (() => void) | undefined {
    const watch = this.#watch;
    this.#watch = undefined;
    return watch?.stop;
  }

  keep(body: Hold): void {
    this.lent?.keep(body);
  }

  release(body: Hold): void {
    this.lent?.release(body);
  }

  get isFull(): boolean {
    return this.#call.reader?.isFull ?? false;
  }

  get reads(): number {
    return this.#call.reader?.reads ?? 0;
  }

  readAhead(bytes: number): void {
    this.#call.reader?.readAhead(bytes);
  }

  stopReadingAhead(): void {
    this.#call.reader?.readAhead(undefined);
  }
}

/** The number of promises of `rejectLater` that have not been rejected yet. */
let rejecting = 0;

const afterTwoMicrotasks = (): Promise<void> => Promise.resolve().then(ignore);

/**
 * Returns a promise that rejects after two microtasks. By then, the caller's promise has been resolved with it. V8 then
 * knows which async functions wait for it, so that an error captured in `errorOf` has the stack of the caller.
 */
function rejectLater(errorOf: () => unknown): Promise<never> {
  rejecting++;
  return afterTwoMicrotasks().then(() => {
    rejecting--;
    throw errorOf();
  });
}
