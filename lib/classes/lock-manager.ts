import { setTimeout as sleep } from 'node:timers/promises';

import type { CallOptions } from '../core/abort.js';
import { invalidType, NeonError, outOfRange, type ErrorContext } from '../core/errors.js';
import type { Entry } from './propfind-batch.js';
import type { Depth } from './propfind.js';
import { addon } from '../core/load.js';
import {
  type DiscoveredLock,
  Lock,
  type LockFields,
  type LockOptions,
  type LockReference,
  type RefreshOptions,
  requireDepth,
  requireReference,
  requireScope,
  requireSeconds,
  type Wanted,
  wanted,
  type WithLockOptions,
} from './locks.js';
import { native } from '../core/native.js';
import * as ne from '../ne/index.js';
import type { CallContext } from './run-call.js';
import { requireObject } from './request.js';

/** The native set of locks that sessions submit; binding/classes/lock_set.h. @internal */
export type LockSet = object;

/** What locks need of their session or pool. @internal */
export interface LockHost {
  readonly origin: string;
  /** The path of a target, with its query if it has one. */
  pathOf(target: string): string;
  /** From now on requests submit the locks of this set. */
  share(set: LockSet): void;
  /** Runs a call on a session; also while that is closing, if it belongs to what is still going on. */
  call<T>(
    context: CallContext,
    start: (session: ne.ne_session) => Promise<T>,
    options: CallOptions,
    whileClosing: boolean,
  ): Promise<T>;
  callSync<T>(context: CallContext, start: (session: ne.ne_session) => T): T;
}

/** The result code and text of a call that failed. */
type LockFailure = readonly [code: number, text: string] | null;
type WithSet<R> = (session: ne.ne_session, lock: ne.ne_lock, set: LockSet) => R;
type WithoutSet<R> = (session: ne.ne_session, lock: ne.ne_lock) => R;

const createLockSet: () => LockSet = native('createLockSet');
const insertLock: (set: LockSet, lock: ne.ne_lock) => void = native('insertLock');
const dropLock: (set: LockSet, token: string) => void = native('dropLock');
const obtainSync: WithSet<LockFailure> = native('obtainLock');
const obtain = addon.async['obtainLock'] as unknown as WithSet<Promise<LockFailure>>;
const releaseSync: WithSet<LockFailure> = native('releaseLock');
const release = addon.async['releaseLock'] as unknown as WithSet<Promise<LockFailure>>;
const refreshSync: WithoutSet<LockFailure> = native('refreshLock');
const refresh = addon.async['refreshLock'] as unknown as WithoutSet<Promise<LockFailure>>;

/** The session that submits the locks of a set. @internal */
export const shareLocks: (set: LockSet, session: ne.ne_session) => void = native('shareLocks');

/** A refresh that may take so many milliseconds. */
interface Renewal {
  readonly deadline?: number;
}

/** The locks of a session or pool, and the calls about them. @internal */
export class LockManager {
  /** By their tokens. */
  readonly locks = new Map<string, Lock>();

  readonly #host: LockHost;
  readonly #set = createLockSet();
  readonly #server: ne.ne_uri;
  #ended: NeonError | undefined;

  constructor(host: LockHost) {
    this.#host = host;
    this.#server = serverOf(host.origin);
    host.share(this.#set);
  }

  async lock(target: string, options: LockOptions = {}): Promise<Lock> {
    const [path, want] = [this.#host.pathOf(target), wanted(options)];
    const lock = this.#lockOn(path, want);
    await this.#call('LOCK', path, (session) => obtain(session, lock, this.#set), { signal: options.signal });
    return this.#granted(lock, want);
  }

  lockSync(target: string, options: LockOptions = {}): Lock {
    const [path, want] = [this.#host.pathOf(target), wanted(options)];
    const lock = this.#lockOn(path, want);
    this.#callSync('LOCK', path, (session) => obtainSync(session, lock, this.#set));
    return this.#granted(lock, want);
  }

  async release(reference: LockReference, options: Pick<LockOptions, 'signal'> = {}): Promise<void> {
    requireObject(options);
    const { own, lock, path } = this.#refer(reference);
    own?.noteEnding(true); // that it cannot be refreshed meanwhile does not mean that it is lost
    try {
      await this.#call('UNLOCK', path, (session) => release(session, lock, this.#set), { signal: options.signal });
    } catch (error) {
      own?.noteEnding(false);
      throw error;
    }
    this.#released(reference, own);
  }

  releaseSync(reference: LockReference): void {
    const { own, lock, path } = this.#refer(reference);
    this.#callSync('UNLOCK', path, (session) => releaseSync(session, lock, this.#set));
    this.#released(reference, own);
  }

  async refresh(reference: LockReference, options: RefreshOptions & Renewal = {}): Promise<number | null> {
    const { own, lock, path, asked } = this.#refer(reference, options);
    const limits = { signal: options.signal, timeout: options.deadline };
    try {
      // Requests that are to end before their session closes may need the lock.
      await this.#call('LOCK', path, (session) => refresh(session, lock), limits, options.deadline !== undefined);
    } catch (error) {
      if (this.#isLost(error)) own?.noteLost(error);
      throw error;
    }
    own?.noteGranted(secondsOf(lock), asked);
    return secondsOf(lock);
  }

  refreshSync(reference: LockReference, options: RefreshOptions = {}): number | null {
    const { own, lock, path, asked } = this.#refer(reference, options);
    try {
      this.#callSync('LOCK', path, (session) => refreshSync(session, lock));
    } catch (error) {
      if (this.#isLost(error)) own?.noteLost(error);
      throw error;
    }
    own?.noteGranted(secondsOf(lock), asked);
    return secondsOf(lock);
  }

  async withLock<T>(target: string, action: (lock: Lock) => T, options: WithLockOptions = {}): Promise<Awaited<T>> {
    requireFunction(action);
    const lock = await this.#lockWhenFree(target, options);
    const { signal } = lock; // it is watched from now on
    let result: Awaited<T>;
    try {
      result = await action(lock);
    } catch (error) {
      // Which is told, whatever becomes of the lock.
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

  withLockSync<T>(target: string, action: (lock: Lock) => T, options: LockOptions = {}): T {
    requireFunction(action);
    const lock = this.lockSync(target, options);
    let result: T;
    try {
      result = action(lock);
    } catch (error) {
      try {
        if (isHeld(lock)) this.releaseSync(lock);
      } catch {
        // The first error is told.
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
    const { token, depth = 0, scope = 'exclusive', owner = null, timeout = null } = given;
    requireDepth(depth);
    requireScope(scope);
    if (owner !== null && typeof owner !== 'string') throw invalidType('lock.owner', 'of type string', owner);
    if (timeout !== null && !(given instanceof Lock)) requireSeconds(timeout);
    const known = this.locks.get(token);
    if (known === given) return known;
    const path = this.#host.pathOf(given.target);
    const asked = given instanceof Lock ? given.asked : (timeout ?? undefined);
    const lock = this.#lockOn(path, { depth, scope, timeout: timeout ?? undefined, owner, renew: false }, token);
    insertLock(this.#set, lock);
    if (known) this.locks.delete(token);
    const made = this.#granted(lock, { timeout: asked, renew: false });
    if (given instanceof Lock) made.noteEnd(given);
    return made;
  }

  /** Takes it out of the store. */
  forget(lock: Lock): void {
    if (this.locks.get(lock.token) !== lock) return;
    this.locks.delete(lock.token);
    dropLock(this.#set, lock.token);
  }

  find(target: string): Lock | undefined {
    const path = withoutSlash(this.#host.pathOf(target));
    return [...this.locks.values()].reverse().find((lock) => withoutSlash(lock.target) === path);
  }

  /** A lock ends with what it is on: a server forgets it when that is deleted or moved. */
  noteResponse(method: string, target: string, status: number): void {
    if ((method !== 'DELETE' && method !== 'MOVE') || status < 200 || status > 299 || status === 207) return;
    const path = withoutSlash(target);
    for (const lock of [...this.locks.values()])
      if (withoutSlash(lock.target) === path || lock.target.startsWith(`${path}/`)) lock.noteReleased();
  }

  /** Nobody is left to refresh them. */
  end(reason: NeonError): void {
    this.#ended = reason;
    for (const lock of this.locks.values()) lock.noteLost(reason);
  }

  /** Whether there is no use in trying to refresh a lock once more. */
  #isLost(error: unknown): boolean {
    if (!(error instanceof NeonError)) return false;
    const { status = 0 } = error;
    return this.#ended !== undefined || (status >= 400 && status < 500 && ![401, 407, 408, 425, 429].includes(status));
  }

  #released({ token }: LockReference, own: Lock | undefined): void {
    own?.noteReleased();
    this.locks.get(token)?.noteReleased(); // one that was added in the place of that
  }

  async #lockWhenFree(target: string, options: WithLockOptions): Promise<Lock> {
    requireObject(options);
    const { wait = 0, ...lockOptions } = options;
    if (typeof wait !== 'number') throw invalidType('wait', 'of type number', wait);
    if (!(wait >= 0)) throw outOfRange('wait', '>= 0', wait);
    const until = performance.now() + wait;
    // With some chance in it, or those who wait would always meet.
    for (let pause = 10; ; pause = Math.min(pause * 2, 1000)) {
      try {
        return await this.lock(target, { ...lockOptions, renew: lockOptions.renew ?? true });
      } catch (error) {
        if (!(error instanceof NeonError && error.status === 423) || performance.now() >= until) throw error;
      }
      await sleep(Math.min(pause * (0.5 + Math.random()), Math.max(until - performance.now(), 0)), undefined, {
        signal: lockOptions.signal,
      }).catch(() => undefined); // that it is aborted, the call says
    }
  }

  async #call(
    method: string,
    target: string,
    start: (session: ne.ne_session) => Promise<LockFailure>,
    options: CallOptions,
    whileClosing = false,
  ): Promise<void> {
    const context = this.#context(method, target);
    requireDone(await this.#host.call(context, start, options, whileClosing), context);
  }

  #callSync(method: string, target: string, start: (session: ne.ne_session) => LockFailure): void {
    const context = this.#context(method, target);
    requireDone(this.#host.callSync(context, start), context);
  }

  #context(method: string, target: string): CallContext {
    return { method, target, origin: this.#host.origin };
  }

  /** What C is to be given of a lock that is held. */
  #refer(
    reference: LockReference,
    options: RefreshOptions = {},
  ): { own: Lock | undefined; lock: ne.ne_lock; path: string; asked: number | undefined } {
    requireReference(reference);
    requireObject(options);
    const { target, token } = reference;
    const own = reference instanceof Lock ? reference : this.locks.get(token);
    if (own?.released)
      throw new NeonError(`The lock on ${target} was given back`, 'ERR_NEON_INVALID_STATE', this.#context('LOCK', target));
    if (options.timeout !== undefined) requireSeconds(options.timeout);
    const asked = options.timeout ?? own?.asked;
    const path = this.#host.pathOf(target);
    const lock = this.#lockOn(path, { depth: 0, scope: 'exclusive', timeout: asked, owner: null, renew: false }, token);
    return { own, lock, path, asked };
  }

  #lockOn(path: string, { depth, scope, timeout, owner }: Wanted, token: string | null = null): ne.ne_lock {
    return {
      uri: { ...this.#server, path },
      depth: depth === 0 ? ne.NE_DEPTH_ZERO : ne.NE_DEPTH_INFINITE,
      type: ne.ne_locktype_write,
      scope: scope === 'exclusive' ? ne.ne_lockscope_exclusive : ne.ne_lockscope_shared,
      token,
      owner,
      timeout: timeout === undefined ? ne.NE_TIMEOUT_INVALID : timeout === Infinity ? ne.NE_TIMEOUT_INFINITE : timeout,
    };
  }

  #granted(lock: ne.ne_lock, { timeout: asked, renew }: Pick<Wanted, 'timeout' | 'renew'>): Lock {
    const target = lock.uri.path as string;
    const token = lock.token as string;
    const made = new Lock(this, {
      target,
      uri: this.#host.origin + target,
      token,
      depth: lock.depth === ne.NE_DEPTH_INFINITE ? 'infinity' : 0,
      scope: lock.scope === ne.ne_lockscope_shared ? 'shared' : 'exclusive',
      owner: lock.owner,
      timeout: secondsOf(lock),
      asked,
      renew,
    });
    this.locks.set(token, made);
    if (this.#ended) made.noteLost(this.#ended);
    return made;
  }
}

/** The locks in what a PROPFIND of `lockdiscovery` found. @internal */
export function discovered(entries: readonly Entry[], origin: string): DiscoveredLock[] {
  return entries.flatMap(({ href: target, props, status }): DiscoveredLock[] => {
    const refused = status['lockdiscovery'];
    if (!refused) return (props.lockdiscovery ?? []).map((lock) => Object.freeze({ ...lock, target }));
    const context = { method: 'PROPFIND', target, origin, status: refused.code };
    return [{ target, error: new NeonError(`${refused.code} ${refused.reasonPhrase}`, 'NE_ERROR', context) }];
  });
}

/** What discoverLocks can be given. */
export interface DiscoverLocksOptions extends CallOptions {
  /** The resource alone (the default), its members too, or all below it. */
  depth?: Depth | undefined;
}

function requireDone(failed: LockFailure, context: ErrorContext): void {
  if (!failed) return;
  const [code, text] = failed;
  // Where there was a response, that is what neon says of it.
  const status = /^(\d{3}) /.exec(text)?.[1];
  throw NeonError.of(code, text, status === undefined ? context : { ...context, status: Number(status) });
}

const isHeld = (lock: Lock): boolean => !lock.released && !lock.lost;

function secondsOf({ timeout }: ne.ne_lock): number | null {
  if (timeout === ne.NE_TIMEOUT_INFINITE) return Infinity;
  return timeout < 0 ? null : timeout;
}

function serverOf(origin: string): ne.ne_uri {
  const uri = {} as ne.ne_uri;
  ne.ne_uri_parse(`${origin}/`, uri);
  if (uri.port === 0 && uri.scheme !== null) uri.port = ne.ne_uri_defaultport(uri.scheme);
  return uri;
}

const withoutSlash = (path: string): string => path.replace(/\/$/, '');

function requireFunction(action: unknown): void {
  if (typeof action !== 'function') throw invalidType('action', 'of type function', action);
}
