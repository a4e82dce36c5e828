/** The methods of sessions and pools. */
import { EventEmitter } from 'node:events';

import { token } from '../core/handle.js';
import { type Known, requireKnown } from '../core/options.js';
import type { AclEntry } from './acl.js';
import type { Body } from './body.js';
import { type BlockingOptions, type CommonOptions, commonOptions } from './call-options.js';
import { discovered, type DiscoverLocksOptions, LockManager } from './lock-manager.js';
import {
  type DiscoveredLock,
  type Lock,
  type LockOptions,
  type LockReference,
  LockStore,
  type RefreshOptions,
  type WithLockOptions,
} from './locks.js';
import * as methods from './methods.js';
import {
  baseOf,
  type Entries,
  Listing,
  listSync,
  type PropfindOptions,
  propfindQuery,
  type PropNamesOptions,
} from './propfind.js';
import type { PropertyChanges } from './proppatch.js';
import { type MethodName, type RequestOptions, requestOptions } from './request.js';
import { requestCall } from './request-call.js';
import type { Response } from './response.js';
import { noOptions, type SessionSource } from './session-source.js';
import type { StatusEvent } from './status.js';
import type { Target } from './target.js';

/** The events of sessions and pools. */
export interface SessionEvents {
  status: [event: StatusEvent];
  newListener: [name: string | symbol];
  removeListener: [name: string | symbol];
}

/**
 * The methods of sessions and pools. Each method is followed by its blocking form. All methods except `request` fail
 * with `ERR_NEON_STATUS` when the status is not 2xx: they reject or, in the blocking form, throw. Otherwise they work
 * like `request`, with the same options.
 */
export abstract class WebDAVMethods extends EventEmitter<SessionEvents> {
  readonly #source: SessionSource;
  #lockManager: LockManager | undefined;
  #store: LockStore | undefined;

  /** @internal */
  constructor(source: SessionSource) {
    super();
    this.#source = source;
    const emit = (event: StatusEvent): void => void this.emit('status', event);
    this.on('newListener', (name) => {
      if (name === 'status') source.listen(emit);
    });
    this.on('removeListener', (name) => {
      if (name === 'status' && this.listenerCount('status') === 0) source.listen(undefined);
    });
  }

  /**
   * Sends a request of any method. A session sends its requests in the order in which they were made. A pool uses the
   * session that became idle last, or a new session. If all its sessions are in use, the request waits in a queue. The
   * request occupies its session until the response is read to its end, cancelled or dropped. If other requests are
   * waiting, the response is received into memory instead, and the session becomes free.
   *
   * Resolves with the response, whatever its status. By then, a response of up to 64 KiB has arrived completely, unless
   * the server paused for half a second. Of any other response, the head and a part of the body have arrived. Rejects
   * with a {@link NeonError} when there is no response. The code of the error is neon's code (`NE_LOOKUP`,
   * `NE_CONNECT`, `NE_TIMEOUT`, `NE_AUTH`, …), or `NE_REDIRECT` for a redirect that the option `redirect` does not
   * allow. The code is `ERR_NEON_DESTROYED` when the session or pool is destroyed or closing, and
   * `ERR_NEON_UNREAD_BODY` when unread bodies occupy the session, or all sessions of the pool. Rejects with the
   * signal's reason after an abort, and with Node's errors for invalid arguments. Time in the queue counts towards
   * `timeout`.
   *
   * @param method a token: `'GET'`
   * @param target an absolute path with an optional query, or a target relative to the URL of the pool or of
   *   {@link Session.open}; see {@link Target}. Escape names with {@link escapePath}
   * @example
   * ```ts
   * const response = await session.request('REPORT', '/calendar/', { headers: { Depth: '1' }, body: query });
   * console.log(response.status, await response.text());
   * ```
   */
  request(method: MethodName, target: Target, options: RequestOptions = noOptions): Promise<Response> {
    // An async function would also turn exceptions into rejections, but with more promises.
    try {
      if (options !== noOptions) requireKnown(options, requestOptions);
      return this.#source.run(requestCall(method, this.#source.targetOf(target), options), options);
    } catch (error) {
      return rejection(error);
    }
  }

  /**
   * Sends a request of any method on the calling thread, and returns its response when the whole body has arrived. The
   * call blocks the event loop.
   *
   * @throws the {@link NeonError} that {@link request} rejects with, and `ERR_NEON_BUSY` while promises of the session
   *   are pending
   */
  requestSync(method: MethodName, target: Target, options: BlockingOptions<RequestOptions> = {}): Response {
    requireKnown(options, requestOptions);
    return this.#source.runSync(requestCall(method, this.#source.targetOf(target), options), options);
  }

  /**
   * Gets a resource (GET, RFC 9110 section 9.3.1). Rejects like {@link request}, and with `ERR_NEON_STATUS` when the
   * status is not 2xx. In C: `ne_get`.
   *
   * @example
   * ```ts
   * const text = await (await session.get('/hello.txt')).text();
   * ```
   */
  get(target: Target, options?: RequestOptions): Promise<Response> {
    return this.#send(() => methods.plain('GET', target, options));
  }

  /**
   * Gets a resource on the calling thread, with its whole body.
   *
   * @throws as {@link requestSync}, and `ERR_NEON_STATUS` unless the status is 2xx
   */
  getSync(target: Target, options?: BlockingOptions<RequestOptions>): Response {
    return this.#sendSync(methods.plain('GET', target, options));
  }

  /** Gets the headers of a resource (HEAD, RFC 9110 section 9.3.2). Rejects like {@link get}. */
  head(target: Target, options?: RequestOptions): Promise<Response> {
    return this.#send(() => methods.plain('HEAD', target, options));
  }

  /**
   * Gets the headers of a resource on the calling thread.
   *
   * @throws as {@link getSync}
   */
  headSync(target: Target, options?: BlockingOptions<RequestOptions>): Response {
    return this.#sendSync(methods.plain('HEAD', target, options));
  }

  /**
   * Stores a body as a resource (PUT, RFC 9110 section 9.3.4). Rejects like {@link get}. A 207 response also counts as
   * a failure. In C: `ne_put`.
   *
   * @example
   * ```ts
   * await session.put('/photo.jpg', { file: 'photo.jpg' }, { headers: { 'Content-Type': 'image/jpeg' } });
   * ```
   */
  put(target: Target, body: Body, options?: RequestOptions): Promise<Response> {
    return this.#send(() => methods.send('PUT', target, body, options));
  }

  /**
   * Stores a body as a resource on the calling thread.
   *
   * @param body text, bytes, a file, a descriptor, or a provider that returns no promise
   * @throws as {@link getSync}
   */
  putSync(target: Target, body: Body, options?: BlockingOptions<RequestOptions>): Response {
    return this.#sendSync(methods.send('PUT', target, body, options));
  }

  /**
   * Posts a body to a resource (POST, RFC 9110 section 9.3.3). Rejects like {@link get}. Unless `idempotent` is true,
   * the request is not sent again when a kept connection turns out to be closed. In C: `ne_post`.
   */
  post(target: Target, body: Body, options?: RequestOptions): Promise<Response> {
    return this.#send(() => methods.send('POST', target, body, options));
  }

  /**
   * Posts a body to a resource on the calling thread; see {@link post}.
   *
   * @param body text, bytes, a file, a descriptor, or a provider that returns no promise
   * @throws as {@link getSync}
   */
  postSync(target: Target, body: Body, options?: BlockingOptions<RequestOptions>): Response {
    return this.#sendSync(methods.send('POST', target, body, options));
  }

  /**
   * Deletes a resource, or a collection with all its members (DELETE, RFC 4918 section 9.6). Rejects like {@link get}.
   * If the server reports which members it could not delete, `failures` of the error lists them. In C: `ne_delete`.
   */
  delete(target: Target, options?: RequestOptions): Promise<Response> {
    return this.#send(() => methods.changing('DELETE', target, options));
  }

  /**
   * Deletes a resource on the calling thread; see {@link delete}.
   *
   * @throws as {@link getSync}, with `failures`
   */
  deleteSync(target: Target, options?: BlockingOptions<RequestOptions>): Response {
    return this.#sendSync(methods.changing('DELETE', target, options));
  }

  /**
   * Copies a resource to another target on this server (COPY, RFC 4918 section 9.8). Rejects like {@link get}; the
   * error has `failures` if the server lists them. The status is 412 if the destination exists and `overwrite` is
   * false. In C: `ne_copy`.
   */
  copy(source: Target, destination: Target, options?: methods.CopyOptions): Promise<Response> {
    return this.#send(() => methods.copyOrMove('COPY', source, this.#source.uriOf(destination), options));
  }

  /**
   * Copies a resource on the calling thread; see {@link copy}.
   *
   * @throws as {@link getSync}, with `failures`
   */
  copySync(source: Target, destination: Target, options?: BlockingOptions<methods.CopyOptions>): Response {
    return this.#sendSync(methods.copyOrMove('COPY', source, this.#source.uriOf(destination), options));
  }

  /**
   * Moves a resource to another target on this server (MOVE, RFC 4918 section 9.9). Rejects like {@link copy}. In C:
   * `ne_move`.
   */
  move(source: Target, destination: Target, options?: Omit<methods.CopyOptions, 'depth'>): Promise<Response> {
    return this.#send(() => methods.copyOrMove('MOVE', source, this.#source.uriOf(destination), options));
  }

  /**
   * Moves a resource on the calling thread; see {@link move}.
   *
   * @throws as {@link getSync}, with `failures`
   */
  moveSync(
    source: Target,
    destination: Target,
    options?: BlockingOptions<Omit<methods.CopyOptions, 'depth'>>,
  ): Response {
    return this.#sendSync(methods.copyOrMove('MOVE', source, this.#source.uriOf(destination), options));
  }

  /**
   * Asks what the server supports for a resource (OPTIONS, RFC 9110 section 9.3.7). Rejects like {@link get}. In C:
   * `ne_options2`.
   */
  options(target: Target, options?: RequestOptions): Promise<methods.Capabilities> {
    return this.#send(() => methods.options(target, options));
  }

  /**
   * Asks what the server supports for a resource in a request on the calling thread.
   *
   * @throws as {@link getSync}
   */
  optionsSync(target: Target, options?: BlockingOptions<RequestOptions>): methods.Capabilities {
    return this.#sendSync(methods.options(target, options));
  }

  /**
   * Sends a HEAD request, and resolves to the time when the resource was last modified. Resolves to null if the server
   * sends no valid `Last-Modified` header. Rejects like {@link get}. In C: `ne_getmodtime`.
   */
  getModTime(target: Target, options?: RequestOptions): Promise<Date | null> {
    return this.#send(() => methods.getModTime(target, options));
  }

  /**
   * Returns the time when a resource was last modified. Sends the request on the calling thread. Returns null if there
   * is no valid date.
   *
   * @throws as {@link getSync}
   */
  getModTimeSync(target: Target, options?: BlockingOptions<RequestOptions>): Date | null {
    return this.#sendSync(methods.getModTime(target, options));
  }

  /**
   * Gets some bytes of a resource (a GET with a `Range` header, RFC 9110 section 14.2). Rejects like {@link get}, and
   * with `NE_ERROR` when the server sends another range, or the whole resource. In C: `ne_get_range`.
   *
   * @example
   * ```ts
   * const first = await (await session.getRange('/log.txt', { start: 0, end: 99 })).bytes(); // 100 bytes
   * ```
   */
  getRange(target: Target, range: methods.ByteRange, options?: RequestOptions): Promise<Response> {
    return this.#send(() => methods.getRange(target, range, options));
  }

  /**
   * Gets some bytes of a resource on the calling thread; see {@link getRange}.
   *
   * @throws as {@link getSync}, and `NE_ERROR` for another range
   */
  getRangeSync(target: Target, range: methods.ByteRange, options?: BlockingOptions<RequestOptions>): Response {
    return this.#sendSync(methods.getRange(target, range, options));
  }

  /**
   * Lists the properties of a resource and of the resources below it (PROPFIND, RFC 4918 section 9.1). Await the
   * listing to get an array, or iterate it while it arrives; see {@link Listing}. Resources without properties are
   * listed as well. In C: `ne_simple_propfind`.
   *
   * @throws `ERR_NEON_DESTROYED` when the session or pool is destroyed or closing, and Node's errors for invalid
   *   arguments
   * @example
   * ```ts
   * for (const { href, props } of await session.propfind('/folder/', { props: ['getcontentlength'] }))
   *   console.log(href, props.getcontentlength);
   * ```
   */
  propfind(target: Target, options: PropfindOptions = {}): Listing {
    return new Listing(token, propfindQuery(this.#source, target, options));
  }

  /**
   * Lists properties on the calling thread; see {@link propfind}. Returns the same array as an awaited listing.
   *
   * @throws the errors that {@link propfind} throws and {@link Listing} rejects with, and `ERR_NEON_BUSY`
   */
  propfindSync(target: Target, options: BlockingOptions<PropfindOptions> = {}): Entries {
    return listSync(propfindQuery(this.#source, target, options));
  }

  /**
   * Lists the names of the properties of a resource and of the resources below it (PROPFIND with `propname`). The
   * entries have empty values. Otherwise, this method works like {@link propfind}. In C: `ne_propnames`.
   */
  propNames(target: Target, options: PropNamesOptions = {}): Listing {
    return new Listing(token, propfindQuery(this.#source, target, options, true));
  }

  /**
   * Lists the names of properties on the calling thread; see {@link propNames}. Returns the same array as an awaited
   * listing.
   *
   * @throws as {@link propfindSync}
   */
  propNamesSync(target: Target, options: BlockingOptions<PropNamesOptions> = {}): Entries {
    return listSync(propfindQuery(this.#source, target, options, true));
  }

  /**
   * Sets and removes properties of a resource, in the order of the changes (PROPPATCH, RFC 4918 section 9.2). The
   * server makes all of the changes or none. Rejects like {@link get}: the `failures` property of the error lists
   * the properties that the server refuses, and why. Rejects with `ERR_INVALID_ARG_VALUE` for a name or a value that
   * XML cannot express. In C: `ne_proppatch`.
   *
   * @example
   * ```ts
   * await session.proppatch('/a.txt', { set: { '{urn:example}color': 'red' }, remove: ['{urn:example}size'] });
   * ```
   */
  proppatch(
    target: Target,
    changes: PropertyChanges | readonly PropertyChanges[],
    options?: RequestOptions,
  ): Promise<Response> {
    return this.#send(() => methods.proppatch(target, changes, options));
  }

  /**
   * Sets and removes properties of a resource on the calling thread; see {@link proppatch}.
   *
   * @throws as {@link getSync}, with `failures`, and `ERR_INVALID_ARG_VALUE`
   */
  proppatchSync(
    target: Target,
    changes: PropertyChanges | readonly PropertyChanges[],
    options?: BlockingOptions<RequestOptions>,
  ): Response {
    return this.#sendSync(methods.proppatch(target, changes, options));
  }

  /**
   * Replaces the access control list of a resource (ACL, RFC 3744 section 8.1). Rejects like {@link get}. In C:
   * `ne_acl3744_set`.
   *
   * @example
   * ```ts
   * await session.setAcl('/a.txt', [{ principal: 'authenticated', grant: ['read'] }]);
   * ```
   */
  setAcl(target: Target, entries: readonly AclEntry[], options?: RequestOptions): Promise<Response> {
    return this.#send(() => methods.setAcl(target, entries, options));
  }

  /**
   * Replaces the access control list of a resource on the calling thread; see {@link setAcl}.
   *
   * @throws as {@link getSync}
   */
  setAclSync(target: Target, entries: readonly AclEntry[], options?: BlockingOptions<RequestOptions>): Response {
    return this.#sendSync(methods.setAcl(target, entries, options));
  }

  /**
   * The locks that requests submit automatically: the locks that {@link lock} obtained, and the locks that
   * `locks.add()` added.
   *
   * @throws `ERR_NEON_INVALID_STATE` if a lock store was registered with the handle through `libneon/ne`
   */
  get locks(): LockStore {
    return (this.#store ??= new LockStore(token, this.#manager()));
  }

  /**
   * Locks a resource (LOCK, RFC 4918 section 9.10). If the resource does not exist, most servers create an empty
   * resource. Rejects with `ERR_NEON_STATUS` if the server refuses the lock; the status is 423 if another client holds
   * a lock. Also rejects like {@link request}. In C: `ne_lock`.
   */
  async lock(target: Target, options?: LockOptions): Promise<Lock> {
    return this.#manager().lock(target, options);
  }

  /**
   * Locks a resource on the calling thread; see {@link lock}. Locks are not renewed during a blocking call.
   *
   * @throws the errors that {@link lock} rejects with, and `ERR_NEON_BUSY`
   */
  lockSync(target: Target, options?: BlockingOptions<LockOptions>): Lock {
    return this.#manager().lockSync(target, options);
  }

  /**
   * Gives a lock back, and takes it out of the store (UNLOCK, RFC 4918 section 9.11). Rejects with `ERR_NEON_STATUS`
   * when the server refuses; the lock then stays in the store. In C: `ne_unlock`.
   */
  async unlock(lock: Lock | LockReference, options?: CommonOptions): Promise<void> {
    return this.#manager().release(lock, options);
  }

  /**
   * Gives a lock back on the calling thread; see {@link unlock}.
   *
   * @throws the errors that {@link unlock} rejects with, and `ERR_NEON_BUSY`
   */
  unlockSync(lock: Lock | LockReference, options?: BlockingOptions<CommonOptions>): void {
    this.#manager().releaseSync(lock, options);
  }

  /**
   * Extends a lock (LOCK with an `If` header, RFC 4918 section 9.10.2). Resolves to the duration that the server
   * grants, in milliseconds; see {@link Lock.duration}. Rejects with `ERR_NEON_STATUS` when the server refuses. In C:
   * `ne_lock_refresh`.
   */
  async refreshLock(lock: Lock | LockReference, options?: RefreshOptions): Promise<number | null> {
    return this.#manager().refresh(lock, options);
  }

  /**
   * Extends a lock on the calling thread; see {@link refreshLock}.
   *
   * @returns the duration that the server grants, in milliseconds; see {@link Lock.duration}
   * @throws the errors that {@link refreshLock} rejects with, and `ERR_NEON_BUSY`
   */
  refreshLockSync(lock: Lock | LockReference, options?: BlockingOptions<RefreshOptions>): number | null {
    return this.#manager().refreshSync(lock, options);
  }

  /**
   * Lists the locks of a resource, including those of other clients. Sends a PROPFIND for `lockdiscovery` (RFC 4918
   * section 15.8). Rejects like {@link Listing}, and with `NE_ERROR` when the response lists no resource. In C:
   * `ne_lock_discover`.
   */
  async discoverLocks(target: Target, options: DiscoverLocksOptions = {}): Promise<DiscoveredLock[]> {
    const query = propfindQuery(this.#source, target, discovery(options));
    return discovered(await new Listing(token, query), baseOf(query));
  }

  /**
   * Lists the locks of a resource on the calling thread; see {@link discoverLocks}.
   *
   * @throws as {@link propfindSync}
   */
  discoverLocksSync(target: Target, options: BlockingOptions<DiscoverLocksOptions> = {}): DiscoveredLock[] {
    const query = propfindQuery(this.#source, target, discovery(options));
    return discovered(listSync(query), baseOf(query));
  }

  /**
   * Locks a resource, runs a function, and gives the lock back, even if the function throws. The lock is renewed while
   * the function runs. Resolves to the function's result.
   *
   * If the lock is lost, `lock.signal` aborts, and the function should stop. `withLock` then rejects with the signal's
   * reason. If the function throws, `withLock` rejects with its exception. Other rejections are those of {@link lock}
   * and {@link unlock}.
   *
   * @example
   * ```ts
   * await session.withLock('/counter.txt', async () => {
   *   const count = Number(await (await session.get('/counter.txt')).text());
   *   await session.put('/counter.txt', String(count + 1));
   * });
   * ```
   */
  async withLock<T>(target: Target, action: (lock: Lock) => T, options?: WithLockOptions): Promise<Awaited<T>> {
    return this.#manager().withLock(target, action, options);
  }

  /**
   * Locks a resource, runs a function, and gives the lock back, all on the calling thread. Returns the function's
   * result. The lock is not renewed while the function runs.
   *
   * @throws the function's exception, and as {@link lockSync} and {@link unlockSync}
   */
  withLockSync<T>(target: Target, action: (lock: Lock) => T, options?: BlockingOptions<LockOptions>): T {
    return this.#manager().withLockSync(target, action, options);
  }

  #manager(): LockManager {
    return (this.#lockManager ??= new LockManager(this.#source));
  }

  #send<T>(describe: () => methods.Method<T>): Promise<T> {
    try {
      const method = describe();
      return this.#source.run(methods.callOf(method, this.#source), methods.optionsOf(method));
    } catch (error) {
      return rejection(error);
    }
  }

  #sendSync<T>(method: methods.Method<T>): T {
    return this.#source.runSync(methods.callOf(method, this.#source), methods.optionsOf(method));
  }
}

function rejection(error: unknown): Promise<never> {
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a getter may throw anything
  return Promise.reject(error);
}

const discoveryOptions: Known<DiscoverLocksOptions> = { ...commonOptions, depth: true };

/** The options of the PROPFIND of `discoverLocks`. */
function discovery(options: DiscoverLocksOptions): PropfindOptions {
  requireKnown(options, discoveryOptions);
  return { depth: 0, ...options, props: ['lockdiscovery'] };
}
