import type { AclEntry } from './acl.js';
import type { Body } from './body.js';
import * as methods from './methods.js';
import { Locking } from './locking.js';
import { failuresIn } from './multistatus.js';
import type { PropertyChanges } from './proppatch.js';
import type { RequestOptions } from './request.js';
import type { Response } from './response.js';

/** The methods of HTTP and WebDAV in both forms: each has a blocking twin. */
export abstract class BlockingWebDAV extends Locking {
  abstract requestSync(method: string, target: string, options?: RequestOptions): Response;

  getSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(methods.plain('GET', target, options));
  }

  headSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(methods.plain('HEAD', target, options));
  }

  putSync(target: string, body: Body, options?: RequestOptions): Response {
    return this.#sendSync(methods.send('PUT', target, body, options));
  }

  postSync(target: string, body: Body, options?: RequestOptions): Response {
    return this.#sendSync(methods.send('POST', target, body, { idempotent: false, ...options }));
  }

  deleteSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(methods.changing('DELETE', target, options));
  }

  mkcolSync(target: string, options?: RequestOptions): Response {
    return this.#sendSync(methods.mkcol(target, options));
  }

  copySync(source: string, destination: string, options?: methods.CopyOptions): Response {
    return this.#sendSync(methods.copyOrMove('COPY', source, this.uriOf(destination), options));
  }

  moveSync(source: string, destination: string, options?: Omit<methods.CopyOptions, 'depth'>): Response {
    return this.#sendSync(methods.copyOrMove('MOVE', source, this.uriOf(destination), options));
  }

  optionsSync(target: string, options?: RequestOptions): methods.Capabilities {
    return this.#sendSync(methods.options(target, options));
  }

  getModTimeSync(target: string, options?: RequestOptions): Date | null {
    return this.#sendSync(methods.getModTime(target, options));
  }

  getRangeSync(target: string, range: methods.ByteRange, options?: RequestOptions): Response {
    return this.#sendSync(methods.getRange(target, range, options));
  }

  proppatchSync(
    target: string,
    changes: PropertyChanges | readonly PropertyChanges[],
    options?: RequestOptions,
  ): Response {
    return this.#sendSync(methods.proppatch(target, changes, options));
  }

  setAclSync(target: string, entries: readonly AclEntry[], options?: RequestOptions): Response {
    return this.#sendSync(methods.setAcl(target, entries, options));
  }

  #sendSync<T>(call: methods.Call<T>): T {
    const response = this.requestSync(call.method, call.target, methods.optionsOf(call));
    const document = methods.documentOfSync(call, response);
    return methods.settle(call, response, document && failuresIn(document), () => this.contextOf(call));
  }
}
