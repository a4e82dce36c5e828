import { EventEmitter } from 'node:events';

import type { ErrorContext } from '../core/errors.js';
import type { AclEntry } from './acl.js';
import type { Body } from './body.js';
import { requireObject } from './call-options.js';
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
import { Listing, listSync, type PropfindOptions, propfindQuery, type PropNamesOptions } from './propfind.js';
import type { Entry } from './propfind-batch.js';
import type { PropertyChanges } from './proppatch.js';
import type { RequestOptions } from './request.js';
import { type RequestCall, requestCall } from './request-call.js';
import type { Response } from './response.js';
import type { SessionSource } from './session-source.js';
import type { StatusEvent } from './status.js';

/** The events of sessions and pools. @internal */
export interface SessionEvents {
  status: [event: StatusEvent];
  newListener: [name: string | symbol];
  removeListener: [name: string | symbol];
}

/**
 * The methods of HTTP and WebDAV, of sessions and pools, each with its blocking form next to it. The methods named after
 * those of the protocol reject, or throw, with `NE_ERROR` and the status when that is not 2xx, which `request` does not;
 * otherwise they work like `request`, with the same options.
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

  async request(method: string, target: string, options: RequestOptions = {}): Promise<Response> {
    requireObject(options);
    return this.#source.run(requestCall(method, this.#source.targetOf(target), options), options);
  }

  requestSync(method: string, target: string, options: RequestOptions = {}): Response {
    requireObject(options);
    return this.#source.runSync(requestCall(method, this.#source.targetOf(target), options), options);
  }

  get(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.plain('GET', target, options));
  }

  getSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(methods.plain('GET', target, options));
  }

  head(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.plain('HEAD', target, options));
  }

  headSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(methods.plain('HEAD', target, options));
  }

  put(target: string, body: Body, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.send('PUT', target, body, options));
  }

  putSync(target: string, body: Body, options?: RequestOptions): Response {
    return this.#sendSync(methods.send('PUT', target, body, options));
  }

  post(target: string, body: Body, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.send('POST', target, body, { idempotent: false, ...options }));
  }

  postSync(target: string, body: Body, options?: RequestOptions): Response {
    return this.#sendSync(methods.send('POST', target, body, { idempotent: false, ...options }));
  }

  delete(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.changing('DELETE', target, options));
  }

  deleteSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(methods.changing('DELETE', target, options));
  }

  mkcol(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.mkcol(target, options));
  }

  mkcolSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(methods.mkcol(target, options));
  }

  async copy(source: string, destination: string, options?: methods.CopyOptions): Promise<Response> {
    return this.#send(methods.copyOrMove('COPY', source, this.#source.uriOf(destination), options));
  }

  copySync(source: string, destination: string, options?: methods.CopyOptions): Response {
    return this.#sendSync(methods.copyOrMove('COPY', source, this.#source.uriOf(destination), options));
  }

  async move(source: string, destination: string, options?: Omit<methods.CopyOptions, 'depth'>): Promise<Response> {
    return this.#send(methods.copyOrMove('MOVE', source, this.#source.uriOf(destination), options));
  }

  moveSync(source: string, destination: string, options?: Omit<methods.CopyOptions, 'depth'>): Response {
    return this.#sendSync(methods.copyOrMove('MOVE', source, this.#source.uriOf(destination), options));
  }

  options(target: string, options?: RequestOptions): Promise<methods.Capabilities> {
    return this.#send(methods.options(target, options));
  }

  optionsSync(target: string, options?: RequestOptions): methods.Capabilities {
    return this.#sendSync(methods.options(target, options));
  }

  getModTime(target: string, options?: RequestOptions): Promise<Date | null> {
    return this.#send(methods.getModTime(target, options));
  }

  getModTimeSync(target: string, options?: RequestOptions): Date | null {
    return this.#sendSync(methods.getModTime(target, options));
  }

  async getRange(target: string, range: methods.ByteRange, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.getRange(target, range, options));
  }

  getRangeSync(target: string, range: methods.ByteRange, options?: RequestOptions): Response {
    return this.#sendSync(methods.getRange(target, range, options));
  }

  propfind(target: string, options: PropfindOptions = {}): Listing {
    return new Listing(propfindQuery(this.#source, target, options));
  }

  propfindSync(target: string, options: PropfindOptions = {}): Entry[] {
    return listSync(propfindQuery(this.#source, target, options));
  }

  propNames(target: string, options: PropNamesOptions = {}): Listing {
    return new Listing(propfindQuery(this.#source, target, options, true));
  }

  propNamesSync(target: string, options: PropNamesOptions = {}): Entry[] {
    return listSync(propfindQuery(this.#source, target, options, true));
  }

  async proppatch(
    target: string,
    changes: PropertyChanges | readonly PropertyChanges[],
    options?: RequestOptions,
  ): Promise<Response> {
    return this.#send(methods.proppatch(target, changes, options));
  }

  proppatchSync(
    target: string,
    changes: PropertyChanges | readonly PropertyChanges[],
    options?: RequestOptions,
  ): Response {
    return this.#sendSync(methods.proppatch(target, changes, options));
  }

  async setAcl(target: string, entries: readonly AclEntry[], options?: RequestOptions): Promise<Response> {
    return this.#send(methods.setAcl(target, entries, options));
  }

  setAclSync(target: string, entries: readonly AclEntry[], options?: RequestOptions): Response {
    return this.#sendSync(methods.setAcl(target, entries, options));
  }

  get locks(): LockStore {
    return (this.#store ??= new LockStore(this.#manager()));
  }

  async lock(target: string, options?: LockOptions): Promise<Lock> {
    return this.#manager().lock(target, options);
  }

  lockSync(target: string, options?: LockOptions): Lock {
    return this.#manager().lockSync(target, options);
  }

  async unlock(lock: Lock | LockReference, options?: Pick<LockOptions, 'signal'>): Promise<void> {
    return this.#manager().release(lock, options);
  }

  unlockSync(lock: Lock | LockReference): void {
    this.#manager().releaseSync(lock);
  }

  async refreshLock(lock: Lock | LockReference, options?: RefreshOptions): Promise<number | null> {
    return this.#manager().refresh(lock, options);
  }

  refreshLockSync(lock: Lock | LockReference, options?: RefreshOptions): number | null {
    return this.#manager().refreshSync(lock, options);
  }

  async discoverLocks(target: string, options: DiscoverLocksOptions = {}): Promise<DiscoveredLock[]> {
    return discovered(await this.propfind(target, { depth: 0, ...options, props: lockProps }), this.#source.origin);
  }

  discoverLocksSync(target: string, options: DiscoverLocksOptions = {}): DiscoveredLock[] {
    return discovered(this.propfindSync(target, { depth: 0, ...options, props: lockProps }), this.#source.origin);
  }

  async withLock<T>(target: string, action: (lock: Lock) => T, options?: WithLockOptions): Promise<Awaited<T>> {
    return this.#manager().withLock(target, action, options);
  }

  withLockSync<T>(target: string, action: (lock: Lock) => T, options?: LockOptions): T {
    return this.#manager().withLockSync(target, action, options);
  }

  #manager(): LockManager {
    return (this.#lockManager ??= new LockManager(this.#source));
  }

  async #send<T>(method: methods.Method<T>): Promise<T> {
    const call = methods.callOf(method, this.#source);
    const response = await this.#source.run(call, methods.optionsOf(method));
    const document = await methods.documentOf(method, response);
    return methods.settle(method, response, document, contextOf(call, this.#source));
  }

  #sendSync<T>(method: methods.Method<T>): T {
    const call = methods.callOf(method, this.#source);
    const response = this.#source.runSync(call, methods.optionsOf(method));
    const document = methods.documentOfSync(method, response);
    return methods.settle(method, response, document, contextOf(call, this.#source));
  }
}

/** What `discoverLocks` asks for. */
const lockProps: readonly string[] = ['lockdiscovery'];

function contextOf({ method, target }: RequestCall, { origin }: SessionSource): ErrorContext {
  return { method, target, origin };
}

type BlockingMethod = Extract<keyof WebDAVMethods, `${string}Sync`>;

/** The methods that return promises, which are all that a pool has. */
export type PromiseMethods = EventEmitter<SessionEvents> &
  Omit<WebDAVMethods, BlockingMethod | keyof EventEmitter<SessionEvents>>;

export const PromiseMethods: abstract new (source: SessionSource) => PromiseMethods = WebDAVMethods;
