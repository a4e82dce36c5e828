/** The convenient methods of sessions and pools, each of which needs a request or more of WebDAV. */
import type { EventEmitter } from 'node:events';

import { token } from '../core/handle.js';
import type { Body } from './body.js';
import type { BlockingOptions, CommonOptions } from './call-options.js';
import { createCollection, type MkcolOptions } from './collections.js';
import { getTree } from './get-tree.js';
import type { LockStore } from './locks.js';
import type { ByteRange } from './methods.js';
import { documentQuery, type Entries, Listing, listSync, type PropNamesOptions } from './propfind.js';
import { patchRange, type PatchRangeOptions } from './patch-range.js';
import { putTree, type PutTreeOptions } from './put-tree.js';
import type { RequestOptions } from './request.js';
import { exists, list, type ListOptions, quota, type Quota, type Resource, stat } from './resource.js';
import type { Response } from './response.js';
import type { SessionSource } from './session-source.js';
import { runSteps, runStepsSync } from './steps.js';
import type { Target } from './target.js';
import type { TreeOptions, TreeResult } from './tree.js';
import { walk, type WalkOptions } from './walk.js';
import { type SessionEvents, WebDAVMethods } from './webdav.js';

/**
 * The convenient methods of sessions and pools. Most of them send several requests. Their `timeout` and `signal` cover
 * all of these requests together.
 */
export abstract class ConvenienceMethods extends WebDAVMethods {
  readonly #source: SessionSource;

  /** @internal */
  constructor(source: SessionSource) {
    super(source);
    this.#source = source;
  }

  /**
   * Lists the members of a collection, without the collection itself and without what is below the members. Sends one
   * PROPFIND with depth 1. The members have the order in which the server sends them.
   *
   * Rejects like {@link Listing}, and with `NE_ERROR` when the resource is not a collection, or when a member has no
   * readable path.
   *
   * @example
   * ```ts
   * for (const { name, type, size } of await session.list('/folder/')) console.log(name, type, size);
   * ```
   */
  async list(target: Target, options?: ListOptions): Promise<Resource[]> {
    return runSteps(this.#source, list(this.#source, target, options));
  }

  /**
   * Lists the members of a collection on the calling thread; see {@link list}.
   *
   * @throws the errors that {@link list} rejects with, and `ERR_NEON_BUSY`
   */
  listSync(target: Target, options?: BlockingOptions<ListOptions>): Resource[] {
    return runStepsSync(this.#source, list(this.#source, target, options));
  }

  /**
   * Walks through everything in a collection, without the collection itself. Lists one collection after the other with
   * depth 1. A pool lists several collections side by side; see {@link WalkOptions.concurrency}.
   *
   * Resources come in the order of a depth-first walk: a collection comes directly before what is in it. Within a
   * collection, the order is that of the server. A resource that a server lists twice, or below another collection than
   * its own, comes once. Leaving the loop early ends the requests under way.
   *
   * The iterator rejects as {@link list} does, with `NE_ERROR` when the server lists a resource outside the collection,
   * and with `ERR_INVALID_ARG_VALUE` when a tree has more than 1,000 levels and the walk no `depth`.
   *
   * @throws as {@link propfind}
   * @example
   * ```ts
   * for await (const { path, size } of pool.walk('/folder/')) console.log(path, size);
   * ```
   */
  walk(target: Target, options?: WalkOptions): AsyncGenerator<Resource, void, undefined> {
    return walk(this.#source, target, options);
  }

  /**
   * Uploads a local folder with everything in it. Creates the collection `target` and its parents, unless they exist.
   * Transfers several files side by side, and leaves out files that have not changed; see docs/classes/trees.md for how
   * it decides. The local side wins: changes on the server are overwritten.
   *
   * Resolves to what was done. If files or folders fail, the others are transferred all the same; then rejects with a
   * {@link TreeError}, which has the result. Rejects at once with Node's errors for invalid arguments, with the errors
   * of {@link list} if the target cannot be listed, with the error of the file system if the folder cannot be read, and
   * with the signal's reason after an abort. A later call continues with what is left.
   *
   * @param localFolder the path of the folder
   * @example
   * ```ts
   * const { created, updated, skipped } = await pool.putTree('photos', '/photos/', { concurrency: 4 });
   * ```
   */
  putTree(localFolder: string, target: Target, options?: PutTreeOptions): Promise<TreeResult> {
    return putTree(this.#source, localFolder, target, options);
  }

  /**
   * Downloads a collection with everything in it to a local folder. Creates the folder unless it exists. A file is
   * written beside its name, and renamed when it is whole. It then has the modification date of the resource. Nothing
   * is ever written outside the folder. The server wins: local changes are overwritten. Otherwise works like {@link
   * putTree}.
   *
   * @param localFolder the path of the folder
   * @example
   * ```ts
   * const { created, failed } = await pool.getTree('/photos/', 'photos');
   * ```
   */
  getTree(target: Target, localFolder: string, options?: TreeOptions): Promise<TreeResult> {
    return getTree(this.#source, target, localFolder, options);
  }

  /**
   * Describes one resource: a PROPFIND with depth 0. Rejects like {@link Listing}; with `ERR_NEON_STATUS` and the
   * status 404 when there is no such resource.
   */
  async stat(target: Target, options?: ListOptions): Promise<Resource> {
    return runSteps(this.#source, stat(this.#source, target, options));
  }

  /**
   * Describes one resource on the calling thread; see {@link stat}.
   *
   * @throws the errors that {@link stat} rejects with, and `ERR_NEON_BUSY`
   */
  statSync(target: Target, options?: BlockingOptions<ListOptions>): Resource {
    return runStepsSync(this.#source, stat(this.#source, target, options));
  }

  /**
   * Resolves to whether a resource exists. Sends a PROPFIND with depth 0, because some servers refuse a HEAD of a
   * collection. Resolves to false for the statuses 404 and 410 only. Rejects like {@link Listing} for any other
   * failure.
   */
  async exists(target: Target, options?: CommonOptions): Promise<boolean> {
    return runSteps(this.#source, exists(this.#source, target, options));
  }

  /**
   * Returns whether a resource exists, in a request on the calling thread; see {@link exists}.
   *
   * @throws the errors that {@link exists} rejects with, and `ERR_NEON_BUSY`
   */
  existsSync(target: Target, options?: BlockingOptions<CommonOptions>): boolean {
    return runStepsSync(this.#source, exists(this.#source, target, options));
  }

  /**
   * Asks how much a collection stores, and how much more it may store (RFC 4331). Rejects like {@link Listing}. A
   * server that does not support quotas reports neither number.
   */
  async quota(target: Target, options?: CommonOptions): Promise<Quota> {
    return runSteps(this.#source, quota(this.#source, target, options));
  }

  /**
   * Asks for the quota of a collection in a request on the calling thread; see {@link quota}.
   *
   * @throws the errors that {@link quota} rejects with, and `ERR_NEON_BUSY`
   */
  quotaSync(target: Target, options?: BlockingOptions<CommonOptions>): Quota {
    return runStepsSync(this.#source, quota(this.#source, target, options));
  }

  /**
   * Creates a collection (MKCOL, RFC 4918 section 9.3). A slash is added to a target that does not end in a slash. With
   * `recursive: true`, creates missing parents first, and resolves to undefined if the collection exists already.
   *
   * Rejects like {@link get}. Without `recursive`, the status of the error is 405 if the resource exists already, and
   * 409 if the parent is missing. In C: `ne_mkcol`.
   */
  mkcol(target: Target, options: MkcolOptions & { recursive: true }): Promise<Response | undefined>;
  mkcol(target: Target, options?: RequestOptions): Promise<Response>;
  async mkcol(target: Target, options?: MkcolOptions): Promise<Response | undefined> {
    return runSteps(this.#source, createCollection(this.#source, target, options));
  }

  /**
   * Creates a collection on the calling thread; see {@link mkcol}.
   *
   * @throws as {@link getSync}
   */
  mkcolSync(target: Target, options: BlockingOptions<MkcolOptions> & { recursive: true }): Response | undefined;
  mkcolSync(target: Target, options?: BlockingOptions<RequestOptions>): Response;
  mkcolSync(target: Target, options?: BlockingOptions<MkcolOptions>): Response | undefined {
    return runStepsSync(this.#source, createCollection(this.#source, target, options));
  }

  /**
   * Changes some bytes of a resource, and leaves the others as they are. HTTP has no method for this that all servers
   * know. SabreDAV and servers built on it take a PATCH with `X-Update-Range`; Apache's mod_dav takes a PUT with
   * `Content-Range`. An OPTIONS request asks which of the two the server supports; see
   * {@link PatchRangeOptions.partialUpdate}.
   *
   * Rejects like {@link put}, and with `ERR_NEON_UNSUPPORTED` when the server names neither way. Nothing is then
   * changed. Rejects with `ERR_INVALID_ARG_VALUE` when the body is not as long as the range.
   *
   * @param range the bytes to replace. `end` may be left out if the body is text, bytes or a Blob. A range behind the
   *   end of the resource makes it longer
   * @example
   * ```ts
   * await session.patchRange('/log.txt', { start: 10 }, 'replaced');
   * ```
   */
  async patchRange(target: Target, range: ByteRange, body: Body, options?: PatchRangeOptions): Promise<Response> {
    return runSteps(this.#source, patchRange(this.#source, target, range, body, options));
  }

  /**
   * Changes some bytes of a resource on the calling thread; see {@link patchRange}.
   *
   * @param body text, bytes, a file, a descriptor, or a provider that returns no promise
   * @throws the errors that {@link patchRange} rejects with, and `ERR_NEON_BUSY`
   */
  patchRangeSync(target: Target, range: ByteRange, body: Body, options?: BlockingOptions<PatchRangeOptions>): Response {
    return runStepsSync(this.#source, patchRange(this.#source, target, range, body, options));
  }

  /**
   * Asks for a report whose response is a multi-status document (REPORT, RFC 3253 section 3.6): `sync-collection`,
   * `calendar-query`, `addressbook-multiget` and others. Await the listing, or iterate it; see {@link Listing}. A
   * member that the server describes by a status only, such as a member that was removed, has the status in `error`.
   * Use {@link request} for reports with another kind of response, such as `free-busy-query`.
   *
   * @param xml the document to send
   * @param options `depth` is 0 by default (RFC 3253, section 3.6). RFC 6578 requires 0 for `sync-collection`;
   *   `calendar-query` and `addressbook-query` need 1
   * @throws as {@link propfind}
   * @example
   * ```ts
   * const changes = await session.report('/calendar/', query);
   * for (const { href, error } of changes) console.log(href, error ? 'removed' : 'changed');
   * console.log(changes.syncToken);
   * ```
   */
  report(target: Target, xml: string, options: PropNamesOptions = {}): Listing {
    return new Listing(token, documentQuery('REPORT', this.#source, target, xml, options));
  }

  /**
   * Asks for a report on the calling thread; see {@link report}. Returns the same array as an awaited listing.
   *
   * @throws as {@link propfindSync}
   */
  reportSync(target: Target, xml: string, options: BlockingOptions<PropNamesOptions> = {}): Entries {
    return listSync(documentQuery('REPORT', this.#source, target, xml, options));
  }

  /**
   * Searches for resources (SEARCH, RFC 5323). Await the listing, or iterate it; see {@link Listing}.
   *
   * @param xml the document to send, which also names the scope of the search
   * @throws as {@link propfind}
   */
  search(target: Target, xml: string, options: CommonOptions = {}): Listing {
    return new Listing(token, documentQuery('SEARCH', this.#source, target, xml, options));
  }

  /**
   * Searches for resources on the calling thread; see {@link search}. Returns the same array as an awaited listing.
   *
   * @throws as {@link propfindSync}
   */
  searchSync(target: Target, xml: string, options: BlockingOptions<CommonOptions> = {}): Entries {
    return listSync(documentQuery('SEARCH', this.#source, target, xml, options));
  }
}

type BlockingMethod = Extract<keyof ConvenienceMethods, `${string}Sync`>;

/** The methods of a pool: the methods that return promises. */
export type PromiseMethods = EventEmitter<SessionEvents> &
  Omit<ConvenienceMethods, BlockingMethod | 'locks' | keyof EventEmitter<SessionEvents>> & {
    /**
     * The locks that requests submit automatically: the locks that `lock` obtained, and the locks that `locks.add()`
     * added.
     */
    readonly locks: LockStore;
  };

/** {@link ConvenienceMethods} for a pool, which has no blocking form of its calls. */
export const PromiseMethods: abstract new (
  ...source: ConstructorParameters<typeof ConvenienceMethods>
) => PromiseMethods = ConvenienceMethods;
