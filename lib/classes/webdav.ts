import { EventEmitter } from 'node:events';

import type { AclEntry } from './acl.js';
import type { Body } from './body.js';
import * as methods from './methods.js';
import type { ErrorContext } from '../core/errors.js';
import { type Inquiry, Listing, type PropfindOptions, type PropNamesOptions } from './propfind.js';
import { failuresIn } from './multistatus.js';
import type { PropertyChanges } from './proppatch.js';
import type { RequestOptions } from './request.js';
import type { Response } from './response.js';
import type { StatusEvent } from './status.js';

/** What sessions and pools emit. @internal */
export interface SessionEvents {
  status: [event: StatusEvent];
  newListener: [name: string | symbol];
  removeListener: [name: string | symbol];
}

/**
 * The methods of HTTP and WebDAV as promises, of sessions and pools. They reject with `NE_ERROR` and the status when that
 * is not 2xx, which `request()` does not; else they do what that does, with the same options.
 */
export abstract class WebDAV extends EventEmitter<SessionEvents> {
  abstract request(method: string, target: string, options?: RequestOptions): Promise<Response>;
  /** The URI of a target. @internal */
  protected abstract uriOf(target: string): string;
  /** A PROPFIND to be sent. @internal */
  protected abstract inquire(target: string, options: PropfindOptions, onlyNames?: boolean): Inquiry;

  get(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.plain('GET', target, options));
  }

  head(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.plain('HEAD', target, options));
  }

  put(target: string, body: Body, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.send('PUT', target, body, options));
  }

  /** Not sent again on a connection that turns out to be closed, unless `idempotent` is given. */
  post(target: string, body: Body, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.send('POST', target, body, { idempotent: false, ...options }));
  }

  /** Deletes a resource; a collection with all that is in it. */
  delete(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.changing('DELETE', target, options));
  }

  /** Makes a collection. A slash is added to the target when it has none at its end. */
  mkcol(target: string, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.mkcol(target, options));
  }

  /** Copies a resource to another target on this server. */
  async copy(source: string, destination: string, options?: methods.CopyOptions): Promise<Response> {
    return this.#send(methods.copyOrMove('COPY', source, this.uriOf(destination), options));
  }

  /** Moves a resource to another target on this server. */
  async move(source: string, destination: string, options?: Omit<methods.CopyOptions, 'depth'>): Promise<Response> {
    return this.#send(methods.copyOrMove('MOVE', source, this.uriOf(destination), options));
  }

  /** Asks what the server can do with a resource. */
  options(target: string, options?: RequestOptions): Promise<methods.Capabilities> {
    return this.#send(methods.options(target, options));
  }

  /** When a resource was changed last; null when the server says no date. */
  getModTime(target: string, options?: RequestOptions): Promise<Date | null> {
    return this.#send(methods.getModTime(target, options));
  }

  /** Some bytes of a resource. Rejects with `NE_ERROR` when the server gives others, or all. */
  async getRange(target: string, range: methods.ByteRange, options?: RequestOptions): Promise<Response> {
    return this.#send(methods.getRange(target, range, options));
  }

  /**
   * The properties of a resource and of those below it (PROPFIND, RFC 4918 section 9.1): await it for an array, or
   * iterate it while it arrives; see {@link Listing}. Resources without any property told are left out.
   */
  propfind(target: string, options: PropfindOptions = {}): Listing {
    return new Listing(this.inquire(target, options));
  }

  /** The names alone of the properties of a resource and of those below it: the values are empty. */
  propNames(target: string, options: PropNamesOptions = {}): Listing {
    return new Listing(this.inquire(target, options, true));
  }

  /**
   * Sets and removes properties of a resource, all of them or none (PROPPATCH, RFC 4918 section 9.2), in the order of the
   * changes. `failures` of the error say which the server refuses, and why. In C: `ne_proppatch`.
   *
   * Rejects with `ERR_INVALID_ARG_VALUE` for a name or a value that XML cannot express.
   */
  async proppatch(
    target: string,
    changes: PropertyChanges | readonly PropertyChanges[],
    options?: RequestOptions,
  ): Promise<Response> {
    return this.#send(methods.proppatch(target, changes, options));
  }

  /** Replaces the access control list of a resource (ACL, RFC 3744 section 8.1). In C: `ne_acl3744_set`. */
  async setAcl(target: string, entries: readonly AclEntry[], options?: RequestOptions): Promise<Response> {
    return this.#send(methods.setAcl(target, entries, options));
  }

  /** Which request an error belongs to. @internal */
  protected contextOf({ method, target }: methods.Call<unknown>): ErrorContext {
    const origin = this.uriOf('/').slice(0, -1);
    return { method, target: this.uriOf(target).slice(origin.length), origin };
  }

  async #send<T>(call: methods.Call<T>): Promise<T> {
    const response = await this.request(call.method, call.target, methods.optionsOf(call));
    const document = await methods.documentOf(call, response);
    return methods.settle(call, response, document && failuresIn(document), () => this.contextOf(call));
  }
}
