/** Creates collections with their parents. */
import { invalidType, NeonError } from '../core/errors.js';
import { type Known, requireKnown } from '../core/options.js';
import { asCollection, callOf, mkcol, optionsOf } from './methods.js';
import { requestOptions, type RequestOptions } from './request.js';
import { stat } from './resource.js';
import type { Response } from './response.js';
import type { SessionSource } from './session-source.js';
import { send, type Steps } from './steps.js';
import type { Target } from './target.js';

/** The options of `mkcol`. */
export interface MkcolOptions extends RequestOptions {
  /**
   * Whether to create missing parents, too. A collection that exists already is then no failure. Default false. The
   * `body` is sent only for the collection itself, and the other options for all requests.
   */
  recursive?: boolean | undefined;
}

const mkcolOptions: Known<MkcolOptions> = { ...requestOptions, recursive: true };

/** Creates a collection. The result is undefined if the collection existed already. @internal */
export function* createCollection(
  source: SessionSource,
  target: Target,
  given: MkcolOptions = {},
): Steps<Response | undefined> {
  requireKnown(given, mkcolOptions);
  const { recursive = false, ...options } = given;
  if (typeof recursive !== 'boolean') throw invalidType('recursive', 'of type boolean', recursive);
  if (!recursive) return yield* create(source, target, options);
  return yield* createWithParents(source, asCollection(source.targetOf(target)), options);
}

function* create(source: SessionSource, target: Target, options: RequestOptions): Steps<Response> {
  const method = mkcol(target, options);
  return yield* send(callOf(method, source), optionsOf(method));
}

function* createWithParents(source: SessionSource, path: string, options: RequestOptions): Steps<Response | undefined> {
  let failure: unknown;
  try {
    return yield* create(source, path, options);
  } catch (error) {
    if (!isStatus(error)) throw error;
    failure = error;
  }
  const parent = parentOf(path);
  // The status should be 409 if the parent is missing, but some servers send 404.
  if (isStatus(failure, 409, 404) && parent !== undefined) {
    const { body: _body, ...rest } = options;
    yield* createWithParents(source, parent, rest);
    try {
      return yield* create(source, path, options);
    } catch (error) {
      if (!isStatus(error)) throw error;
      failure = error;
    }
  }
  // The status should be 405 if the collection exists, but some servers send another one.
  if (yield* isCollection(source, path, options)) return undefined;
  throw failure;
}

function isStatus(error: unknown, ...statuses: number[]): error is NeonError {
  if (!(error instanceof NeonError) || error.code !== 'ERR_NEON_STATUS') return false;
  return statuses.length === 0 || statuses.includes(error.status ?? 0);
}

/** The collection that contains a path; undefined for the root. */
function parentOf(path: string): string | undefined {
  const [, parent] = /^(\/(?:[^?]*\/)?)[^/?]+\/*(?:\?.*)?$/s.exec(path) ?? [];
  return parent === '/' ? undefined : parent;
}

function* isCollection(source: SessionSource, path: string, options: RequestOptions): Steps<boolean> {
  const { body: _body, expect100: _expect100, idempotent: _idempotent, ...common } = options;
  try {
    return (yield* stat(source, path, common)).type === 'directory';
  } catch (error) {
    if (!isStatus(error)) throw error;
    return false;
  }
}
