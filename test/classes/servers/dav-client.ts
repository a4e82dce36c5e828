/** Defines a common interface for the classes and for a client without neon, so that both run the same script. */
import type { LockOptions } from 'libneon';

/** A response with its body. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  bytes(): Promise<Buffer>;
}

/** An entry of a listing. */
export interface Listed {
  readonly href: string | null;
  readonly props: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, { readonly code: number }>>;
  /** Why the server reports no properties. */
  readonly error?: { readonly status: number } | undefined;
}

/** A lock, or a reference to a lock. */
export interface Held {
  readonly target: string;
  readonly token: string;
}

/** A lock that the server reports, or the reason why the lock cannot be read. */
export interface Discovered {
  readonly token?: string | null | undefined;
  readonly error?: unknown;
}

interface RequestOptions {
  readonly headers?: Record<string, string>;
}

interface ListingOptions {
  readonly depth?: 0 | 1 | 'infinity';
  readonly props?: readonly string[];
}

/**
 * A client of one server. Unless the status of the response is 2xx, every call except `request` rejects. The error
 * then has this `status`.
 */
export interface DavClient {
  request(method: string, target: string, options?: RequestOptions & { body?: string }): Promise<Reply>;
  get(target: string, options?: RequestOptions): Promise<Reply>;
  head(target: string, options?: RequestOptions): Promise<Reply>;
  put(target: string, body: string | Buffer, options?: RequestOptions): Promise<Reply>;
  post(target: string, body: string, options?: RequestOptions): Promise<Reply>;
  delete(target: string): Promise<Reply>;
  mkcol(target: string): Promise<Reply>;
  copy(source: string, destination: string, options?: { overwrite?: boolean; depth?: 0 }): Promise<Reply>;
  move(source: string, destination: string, options?: { overwrite?: boolean }): Promise<Reply>;
  options(target: string): Promise<{ readonly dav: readonly string[]; readonly allow: readonly string[] }>;
  getModTime(target: string): Promise<Date | null>;
  getRange(target: string, range: { start: number; end?: number }): Promise<Reply>;
  propfind(target: string, options?: ListingOptions): Promise<readonly Listed[]>;
  propNames(target: string, options?: ListingOptions): Promise<readonly Listed[]>;
  proppatch(target: string, changes: { set?: Record<string, string>; remove?: string[] }): Promise<Reply>;
  setAcl(target: string, entries: readonly []): Promise<Reply>;
  lock(target: string, options?: LockOptions): Promise<Held & { readonly duration: number | null }>;
  unlock(lock: Held): Promise<void>;
  refreshLock(lock: Held, options?: { duration?: number }): Promise<number | null>;
  discoverLocks(target: string): Promise<readonly Discovered[]>;
  withLock(target: string, action: () => unknown, options?: LockOptions): Promise<unknown>;
}
