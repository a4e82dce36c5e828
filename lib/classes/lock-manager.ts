/**
 * Manages the locks of a session or pool, and sends the requests for them: LOCK, UNLOCK, and PROPFIND for
 * `lockdiscovery`.
 */
import { setTimeout as sleep } from 'node:timers/promises';

import { invalidType, NeonError, outOfRange } from '../core/errors.js';
import { token } from '../core/handle.js';
import { addon } from '../core/load.js';
import { native } from '../core/native.js';
import {
  NE_DEPTH_INFINITE,
  NE_DEPTH_ZERO,
  ne_lockscope_exclusive,
  ne_lockscope_shared,
  ne_locktype_write,
  NE_TIMEOUT_INFINITE,
  NE_TIMEOUT_INVALID,
} from '../ne/constants.js';
import type { ne_session } from '../ne/handles.js';
import type { ne_lock } from '../ne/locks.js';
import { ne_uri_defaultport, ne_uri_parse, type ne_uri } from '../ne/uri.js';
import type { Call, CallRun } from './call.js';
import { type Known, requireKnown } from '../core/options.js';
import {
  type BlockingOptions,
  type CallSettings,
  type CommonOptions,
  commonOptions,
  composedOptions,
  requireObject,
} from './call-options.js';
import { addRequest, errorOf, type RawFailure } from './failure.js';
import type { RawResponse } from './head.js';
import { createLockSet, dropLock, insertLock, type LockSet } from './lock-set.js';
import {
  type CheckedLockOptions,
  checkLockOptions,
  type DiscoveredLock,
  Lock,
  type LockFields,
  type LockRegistry,
  type LockOptions,
  type LockReference,
  type RefreshOptions,
  requireDepth,
  requireReference,
  requireScope,
  requireDuration,
  type WithLockOptions,
} from './locks.js';
import type { HrefBase } from './href.js';
import type { Entry } from './propfind-batch.js';
import type { Depth } from './propfind.js';
import type { Redirection } from './redirect.js';
import type { RunTerms, SessionSource, SharedLocks } from './session-source.js';
import type { Target } from './target.js';

/** The failure of a call, or null if the call succeeded; see binding/classes/lock_set.cc. */
type LockFailure = readonly [...RawFailure, token: string | null] | null;
type LockFunction<R> = (session: ne_session, lock: ne_lock, set: LockSet, options: string) => R;

/** A function of the addon in its blocking and its async form. */
interface LockFunctions {
  readonly blocking: LockFunction<LockFailure>;
  readonly async: LockFunction<void>;
}

function lockFunctions(name: string): LockFunctions {
  return { blocking: native(name), async: addon.async[name] as unknown as LockFunction<void> };
}

const obtain = lockFunctions('obtainLock');
const release = lockFunctions('releaseLock');
const refresh = lockFunctions('refreshLock');

const refreshOptions: Known<RefreshOptions> = { ...commonOptions, duration: true };

/** A LOCK or UNLOCK request. When a lock is granted, its fields in the `ne_lock` are updated. */
class LockCall implements Call<LockFailure, void> {
  readonly repeatable = true;
  readonly becomesGet = false;
  /** The token of a lock that the server granted although the call failed. */
  stranded: string | undefined;

  constructor(
    readonly method: 'LOCK' | 'UNLOCK',
    private readonly functions: LockFunctions,
    private readonly lock: ne_lock,
    private readonly set: LockSet,
  ) {}

  get target(): string {
    return this.lock.uri.path as string;
  }

  send(session: ne_session, settings: CallSettings): void {
    this.functions.async(session, this.lock, this.set, composedOptions(settings));
  }

  sendSync(session: ne_session, settings: CallSettings): LockFailure {
    return this.functions.blocking(session, this.lock, this.set, composedOptions(settings));
  }

  settle(failure: LockFailure, run: CallRun): void {
    if (!failure) return;
    const [, , , token] = failure;
    this.stranded = token ?? undefined;
    throw errorOf(failure, run);
  }

  responseOf(failure: LockFailure): RawResponse | null {
    return failure && failure[2];
  }

  redirected({ target }: Redirection): this {
    this.lock.uri.path = target;
    return this;
  }
}

/** Manages the locks of a session or pool, and sends the requests for them. @internal */
export class LockManager implements LockRegistry, SharedLocks {
  readonly locks = new Map<string, Lock>();
  readonly set = createLockSet();

  readonly #source: SessionSource;
  readonly #server: ne_uri;
  #ended: NeonError | undefined;

  constructor(source: SessionSource) {
    this.#source = source;
    this.#server = serverOf(source.origin);
    source.share(this);
  }

  async lock(target: Target, options: LockOptions = {}): Promise<Lock> {
    const [path, checked] = [this.#source.targetOf(target), checkLockOptions(options)];
    const lock = this.#lockOn(path, checked);
    const call = this.#call('LOCK', lock, obtain);
    try {
      await this.#source.run(call, options);
    } catch (error) {
      const unlock = this.#unlockOf(call);
      // The first error is thrown, even if giving the lock back fails.
      if (unlock) await this.#source.run(unlock, options, { whileClosing: true }).catch(() => undefined);
      throw error;
    }
    return this.#granted(lock, checked);
  }

  lockSync(target: Target, options: BlockingOptions<LockOptions> = {}): Lock {
    const [path, checked] = [this.#source.targetOf(target), checkLockOptions(options)];
    const lock = this.#lockOn(path, checked);
    const call = this.#call('LOCK', lock, obtain);
    try {
      this.#source.runSync(call, options);
    } catch (error) {
      const unlock = this.#unlockOf(call);
      try {
        if (unlock) this.#source.runSync(unlock, options);
      } catch {
        // The first error is thrown.
      }
      throw error;
    }
    return this.#granted(lock, checked);
  }

  async release(reference: LockReference, options: CommonOptions = {}): Promise<void> {
    requireKnown(options, commonOptions);
    const { own, lock } = this.#refer(reference);
    own?.noteEnding(true); // during the UNLOCK, a refresh that fails does not mean that the lock is lost
    try {
      await this.#source.run(this.#call('UNLOCK', lock, release), options);
    } catch (error) {
      own?.noteEnding(false);
      throw error;
    }
    this.#released(reference, own);
  }

  releaseSync(reference: LockReference, options: BlockingOptions<CommonOptions> = {}): void {
    requireKnown(options, commonOptions);
    const { own, lock } = this.#refer(reference);
    this.#source.runSync(this.#call('UNLOCK', lock, release), options);
    this.#released(reference, own);
  }

  async refresh(reference: LockReference, options: RefreshOptions = {}, terms?: RunTerms): Promise<number | null> {
    const { own, lock, asked } = this.#refer(reference, options);
    try {
      await this.#source.run(this.#call('LOCK', lock, refresh), options, terms);
    } catch (error) {
      if (this.#isLost(error)) own?.noteLost(error);
      throw error;
    }
    own?.noteGranted(durationOf(lock), asked);
    return durationOf(lock);
  }

  renew(lock: Lock, timeout: number): Promise<number | null> {
    // The lock is renewed even while the session is closing, because live requests may still need it.
    return this.refresh(lock, { timeout }, { whileClosing: true });
  }

  refreshSync(reference: LockReference, options: BlockingOptions<RefreshOptions> = {}): number | null {
    const { own, lock, asked } = this.#refer(reference, options);
    try {
      this.#source.runSync(this.#call('LOCK', lock, refresh), options);
    } catch (error) {
      if (this.#isLost(error)) own?.noteLost(error);
      throw error;
    }
    own?.noteGranted(durationOf(lock), asked);
    return durationOf(lock);
  }

  async withLock<T>(target: Target, action: (lock: Lock) => T, options: WithLockOptions = {}): Promise<Awaited<T>> {
    requireFunction(action);
    const lock = await this.#lockWhenFree(target, options);
    const { signal } = lock; // the lock is watched from now on
    let result: Awaited<T>;
    try {
      result = await action(lock);
    } catch (error) {
      // The error of the action is thrown, even if giving the lock back fails.
      if (isHeld(lock)) await this.release(lock).catch(() => undefined);
      lock.noteReleased();
      throw error;
    }
    try {
      signal.throwIfAborted();
      if (!lock.released) await this.release(lock);
    } finally {
      lock.noteReleased();
    }
    return result;
  }

  withLockSync<T>(target: Target, action: (lock: Lock) => T, options: BlockingOptions<LockOptions> = {}): T {
    requireFunction(action);
    const lock = this.lockSync(target, options);
    let result: T;
    try {
      result = action(lock);
    } catch (error) {
      try {
        if (isHeld(lock)) this.releaseSync(lock);
      } catch {
        // The first error is thrown.
      }
      lock.noteReleased();
      throw error;
    }
    try {
      lock.signal.throwIfAborted();
      if (!lock.released) this.releaseSync(lock);
    } finally {
      lock.noteReleased();
    }
    return result;
  }

  adopt(given: Lock | LockFields): Lock {
    requireReference(given);
    const { token, depth = 0, scope = 'exclusive', owner = null, duration = null } = given;
    requireDepth(depth);
    requireScope(scope);
    if (owner !== null && typeof owner !== 'string') throw invalidType('lock.owner', 'of type string', owner);
    if (duration !== null && !(given instanceof Lock)) requireDuration(duration);
    const known = this.locks.get(token);
    if (known === given) return known;
    const path = this.#source.targetOf(given.target);
    const asked = given instanceof Lock ? given.asked : (duration ?? undefined);
    const lock = this.#lockOn(path, { depth, scope, duration: duration ?? undefined, owner, renew: false }, token);
    insertLock(this.set, lock);
    if (known) this.locks.delete(token);
    const made = this.#granted(lock, { duration: asked, renew: false });
    if (given instanceof Lock) made.noteEnd(given);
    return made;
  }

  forget(lock: Lock): void {
    if (this.locks.get(lock.token) !== lock) return;
    this.locks.delete(lock.token);
    dropLock(this.set, lock.token);
  }

  find(target: Target): Lock | undefined {
    const path = withoutSlash(this.#source.targetOf(target));
    return [...this.locks.values()].reverse().find((lock) => withoutSlash(lock.target) === path);
  }

  /** Marks the locks of a deleted or moved resource as released, because the server forgets them. */
  noteResponse(method: string, target: string, status: number): void {
    if ((method !== 'DELETE' && method !== 'MOVE') || status < 200 || status > 299 || status === 207) return;
    const path = withoutSlash(target);
    for (const lock of [...this.locks.values()])
      if (withoutSlash(lock.target) === path || lock.target.startsWith(`${path}/`)) lock.noteReleased();
  }

  end(reason: NeonError): void {
    this.#ended = reason;
    for (const lock of this.locks.values()) lock.noteLost(reason);
  }

  /** Whether this error means that the lock is lost. Another refresh would then be useless. */
  #isLost(error: unknown): boolean {
    if (!(error instanceof NeonError)) return false;
    const { status = 0 } = error;
    return this.#ended !== undefined || (status >= 400 && status < 500 && ![401, 407, 408, 425, 429].includes(status));
  }

  #released({ token }: LockReference, own: Lock | undefined): void {
    own?.noteReleased();
    this.locks.get(token)?.noteReleased(); // a lock with the same token that was added in place of `own`
  }

  async #lockWhenFree(target: Target, options: WithLockOptions): Promise<Lock> {
    requireObject(options);
    const { wait = 0, ...lockOptions } = options;
    if (typeof wait !== 'number') throw invalidType('wait', 'of type number', wait);
    if (!(wait >= 0)) throw outOfRange('wait', '>= 0', wait);
    const until = performance.now() + wait;
    // The pauses are random, so that competing clients do not retry at the same time.
    for (let pause = 10; ; pause = Math.min(pause * 2, 1000)) {
      try {
        return await this.lock(target, { ...lockOptions, renew: lockOptions.renew ?? true });
      } catch (error) {
        if (!(error instanceof NeonError && error.status === 423) || performance.now() >= until) throw error;
      }
      await sleep(Math.min(pause * (0.5 + Math.random()), Math.max(until - performance.now(), 0)), undefined, {
        signal: lockOptions.signal ?? undefined,
      }).catch(() => undefined); // after an abort, the next call of lock() rejects
    }
  }

  #call(method: 'LOCK' | 'UNLOCK', lock: ne_lock, functions: LockFunctions): LockCall {
    return new LockCall(method, functions, lock, this.set);
  }

  /** Returns the UNLOCK for a lock that the server granted although the call failed; undefined without such a lock. */
  #unlockOf({ target, stranded }: LockCall): LockCall | undefined {
    if (stranded === undefined) return undefined;
    const fields: CheckedLockOptions = { depth: 0, scope: 'exclusive', duration: undefined, owner: null, renew: false };
    return this.#call('UNLOCK', this.#lockOn(target, fields, stranded), release);
  }

  /** Returns the `ne_lock` of a held lock, and its {@link Lock} object if there is one. */
  #refer(
    reference: LockReference,
    options: RefreshOptions = {},
  ): { own: Lock | undefined; lock: ne_lock; asked: number | undefined } {
    requireReference(reference);
    requireKnown(options, refreshOptions);
    const { target, token } = reference;
    const { origin } = this.#source;
    const own = reference instanceof Lock ? reference : this.locks.get(token);
    if (own?.released)
      throw new NeonError(`The lock on ${target} was given back`, 'ERR_NEON_INVALID_STATE', {
        method: 'LOCK',
        target,
        origin,
      });
    if (options.duration !== undefined) requireDuration(options.duration);
    const asked = options.duration ?? own?.asked;
    const fields: CheckedLockOptions = { depth: 0, scope: 'exclusive', duration: asked, owner: null, renew: false };
    return { own, lock: this.#lockOn(this.#source.targetOf(target), fields, token), asked };
  }

  #lockOn(path: string, { depth, scope, duration, owner }: CheckedLockOptions, token: string | null = null): ne_lock {
    return {
      uri: { ...this.#server, path },
      depth: depth === 0 ? NE_DEPTH_ZERO : NE_DEPTH_INFINITE,
      type: ne_locktype_write,
      scope: scope === 'exclusive' ? ne_lockscope_exclusive : ne_lockscope_shared,
      token,
      owner,
      timeout:
        duration === undefined
          ? NE_TIMEOUT_INVALID
          : duration === Infinity
            ? NE_TIMEOUT_INFINITE
            : Math.ceil(duration / 1000),
    };
  }

  #granted(lock: ne_lock, { duration: asked, renew }: Pick<CheckedLockOptions, 'duration' | 'renew'>): Lock {
    const target = lock.uri.path as string;
    const made = new Lock(token, this, {
      target,
      uri: this.#source.origin + target,
      token: lock.token as string,
      depth: lock.depth === NE_DEPTH_INFINITE ? 'infinity' : 0,
      scope: lock.scope === ne_lockscope_shared ? 'shared' : 'exclusive',
      owner: lock.owner,
      duration: durationOf(lock),
      asked,
      renew,
    });
    this.locks.set(made.token, made);
    if (this.#ended) made.noteLost(this.#ended);
    return made;
  }
}

/**
 * Returns the locks that a PROPFIND for `lockdiscovery` found. @internal
 *
 * @throws `NE_ERROR` when the response lists no resource, so that it is unknown whether there are locks
 */
export function discovered(entries: readonly Entry[], { origin, target }: HrefBase): DiscoveredLock[] {
  const context = { method: 'PROPFIND', target, origin };
  if (entries.length === 0)
    throw addRequest(new NeonError('The response lists no resource, and so no locks', 'NE_ERROR'), context);
  return entries.flatMap(({ href, rawHref = '', props, status, error }): DiscoveredLock[] => {
    const target = href ?? rawHref;
    if (props.lockdiscovery && !error) return props.lockdiscovery.map((lock) => Object.freeze({ ...lock, target }));
    const refused = status['lockdiscovery'];
    const code = error?.status ?? refused?.code;
    const text =
      code === undefined
        ? 'The server does not report the locks'
        : `${code} ${error?.reasonPhrase ?? refused?.reasonPhrase ?? ''}`;
    const failure =
      code === undefined ? new NeonError(text, 'NE_ERROR') : new NeonError(text, 'ERR_NEON_STATUS', { status: code });
    return [{ target, error: addRequest(failure, { ...context, target }) }];
  });
}

/** The options of `discoverLocks`. */
export interface DiscoverLocksOptions extends CommonOptions {
  /** The resource alone (0, the default), also its members (1), or everything below it (`'infinity'`). */
  depth?: Depth | undefined;
}

const isHeld = (lock: Lock): boolean => !lock.released && !lock.lost;

function durationOf({ timeout }: ne_lock): number | null {
  if (timeout === NE_TIMEOUT_INFINITE) return Infinity;
  return timeout < 0 ? null : timeout * 1000;
}

function serverOf(origin: string): ne_uri {
  const uri = {} as ne_uri;
  ne_uri_parse(`${origin}/`, uri);
  if (uri.port === 0 && uri.scheme !== null) uri.port = ne_uri_defaultport(uri.scheme);
  return uri;
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');

function requireFunction(action: unknown): void {
  if (typeof action !== 'function') throw invalidType('action', 'of type function', action);
}
