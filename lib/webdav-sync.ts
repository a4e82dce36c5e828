import type { AclEntry } from './acl.js';
import type { Body } from './body.js';
import * as calls from './calls.js';
import { Locking } from './locking.js';
import { failuresIn } from './multistatus.js';
import type { PropertyChanges } from './proppatch.js';
import type { RequestOptions } from './request.js';
import type { Response } from './response.js';

/** The methods of HTTP and WebDAV in both forms: each has a blocking twin. */
export abstract class BlockingWebDAV extends Locking {
  abstract requestSync(method: string, target: string, options?: RequestOptions): Response;

  getSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(calls.plain('GET', target, options));
  }

  headSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(calls.plain('HEAD', target, options));
  }

  putSync(target: string, body: Body, options?: RequestOptions): Response {
    return this.#sendSync(calls.sending('PUT', target, body, options));
  }

  postSync(target: string, body: Body, options?: RequestOptions): Response {
    return this.#sendSync(calls.sending('POST', target, body, { idempotent: false, ...options }));
  }

  deleteSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(calls.changing('DELETE', target, options));
  }

  mkcolSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(calls.making(target, options));
  }

  copySync(source: string, destination: string, options?: calls.CopyOptions): Response {
    return this.#sendSync(calls.transferring('COPY', source, this.uriOf(destination), options));
  }

  moveSync(source: string, destination: string, options?: Omit<calls.CopyOptions, 'depth'>): Response {
    return this.#sendSync(calls.transferring('MOVE', source, this.uriOf(destination), options));
  }

  optionsSync(target: string, options?: RequestOptions): calls.Capabilities {
    return this.#sendSync(calls.asking(target, options));
  }

  getModTimeSync(target: string, options?: RequestOptions): Date | null {
    return this.#sendSync(calls.dating(target, options));
  }

  getRangeSync(target: string, range: calls.ByteRange, options?: RequestOptions): Response {
    return this.#sendSync(calls.ranged(target, range, options));
  }

  proppatchSync(
    target: string,
    changes: PropertyChanges | readonly PropertyChanges[],
    options?: RequestOptions,
  ): Response {
    return this.#sendSync(calls.patching(target, changes, options));
  }

  setAclSync(target: string, entries: readonly AclEntry[], options?: RequestOptions): Response {
    return this.#sendSync(calls.controlling(target, entries, options));
  }

  #sendSync<T>(call: calls.Call<T>): T {
    const response = this.requestSync(call.method, call.target, calls.optionsOf(call));
    const document = calls.documentOfSync(call, response);
    return calls.settle(call, response, document && failuresIn(document), () => this.contextOf(call));
  }
}
