/** Descriptions of resources: `list`, `stat`, `exists` and `quota`. */
import { invalidType, NeonError } from '../core/errors.js';
import { isArray } from '../core/objects.js';
import { type Known, requireKnown } from '../core/options.js';
import { type CommonOptions, commonOptions } from './call-options.js';
import { addRequest } from './failure.js';
import type { HrefBase } from './href.js';
import { type Collected, collecting, type PropfindOptions, propfindQuery } from './propfind.js';
import type { Entry, EntryError } from './propfind-batch.js';
import type { Properties, PropertyName } from './properties.js';
import { isBelow, nameOf, samePath } from './resource-path.js';
import type { SessionSource } from './session-source.js';
import { send, type Steps } from './steps.js';
import type { Target } from './target.js';

/** A file or a collection on the server. */
export interface Resource {
  /** The percent-encoded path. It can be used as a target for exactly this resource. */
  readonly path: string;
  /** The last segment of the path, decoded: `'50% #1?.txt'`. The segment is not decoded if it is not UTF-8. */
  readonly name: string;
  /** `'directory'` for a collection, including calendars and address books; `'file'` for any other resource. */
  readonly type: 'file' | 'directory';
  /** The length of the content in bytes (`getcontentlength`); null if the server does not report it. */
  readonly size: number | null;
  /** When the content was last modified (`getlastmodified`); null if the server reports no valid date. */
  readonly modified: Date | null;
  /** When the resource was created (`creationdate`); null if the server reports no valid date. */
  readonly created: Date | null;
  /** The entity tag with its quotes (`getetag`): `'"5a-1"'` or `'W/"5a-1"'`; null if the server reports none. */
  readonly etag: string | null;
  /** The media type (`getcontenttype`); null if the server reports none. */
  readonly contentType: string | null;
  /** All properties that were asked for and that the server reports, by name. */
  readonly props: Properties;
  /** Why the server does not describe this resource: the status in its entry. Undefined otherwise. */
  readonly error?: EntryError | undefined;
}

/** The options of `list` and `stat`. */
export interface ListOptions extends CommonOptions {
  /** Further properties to ask for, by name; see {@link PropfindOptions.props}. Their values are in `props`. */
  props?: readonly PropertyName[] | undefined;
}

/** The storage of a collection (RFC 4331). */
export interface Quota {
  /** How many more bytes may be stored: `quota-available-bytes`; null if the server does not report a number >= 0. */
  readonly available: number | null;
  /** How many bytes are stored: `quota-used-bytes`; null if the server does not report a number >= 0. */
  readonly used: number | null;
}

/** The names of the options of `list` and `stat`. @internal */
export const listOptions: Known<ListOptions> = { ...commonOptions, props: true };

const described = [
  'resourcetype',
  'getcontentlength',
  'getlastmodified',
  'creationdate',
  'getetag',
  'getcontenttype',
] as const;

/** The entries of a listing with depth 1, without the entry of the collection itself. @internal */
export interface Members {
  /** The path of the collection, as the server writes it. */
  readonly self: string;
  readonly entries: readonly Entry[];
  readonly base: HrefBase;
}

/** Lists the members of a collection. @internal */
export function* list(source: SessionSource, target: Target, options: ListOptions = {}): Steps<Resource[]> {
  const { entries, base } = yield* listMembers(source, target, options);
  return entries.map((entry) => resourceOf(entry, base));
}

/** Lists the members of a collection, and finds the path of the collection itself. @internal */
export function* listMembers(source: SessionSource, target: Target, options: ListOptions): Steps<Members> {
  return membersOf(yield* collect(source, target, options, 1));
}

/** Describes a resource. @internal */
export function* stat(source: SessionSource, target: Target, options: ListOptions = {}): Steps<Resource> {
  const { entry, base } = oneOf(yield* collect(source, target, options, 0));
  return resourceOf(entry, base);
}

/** Whether a resource exists. @internal */
export function* exists(source: SessionSource, target: Target, options: CommonOptions = {}): Steps<boolean> {
  requireKnown(options, commonOptions);
  try {
    oneOf(yield* query(source, target, { ...options, depth: 0, props: ['resourcetype'] }));
    return true;
  } catch (error) {
    if (error instanceof NeonError && error.code === 'ERR_NEON_STATUS' && isGone(error.status)) return false;
    throw error;
  }
}

const isGone = (status: number | undefined): boolean => status === 404 || status === 410;

/** Asks for the storage of a collection. @internal */
export function* quota(source: SessionSource, target: Target, options: CommonOptions = {}): Steps<Quota> {
  requireKnown(options, commonOptions);
  const props = ['quota-available-bytes', 'quota-used-bytes'];
  const { entry } = oneOf(yield* query(source, target, { ...options, depth: 0, props }));
  const [available, used] = props.map((name) => bytesOf(entry.props[name]));
  return { available: available ?? null, used: used ?? null };
}

function bytesOf(value: unknown): number | null {
  return typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : null;
}

function* collect(source: SessionSource, target: Target, options: ListOptions, depth: 0 | 1): Steps<Collected> {
  requireKnown(options, listOptions);
  const { props = [] } = options;
  requireArray(props);
  return yield* query(source, target, { ...options, depth, props: [...new Set([...described, ...props])] });
}

/** @internal */
export function requireArray(props: unknown): void {
  if (!isArray(props)) throw invalidType('props', 'an instance of Array', props);
}

function* query(source: SessionSource, target: Target, options: PropfindOptions): Steps<Collected> {
  const found = propfindQuery(source, target, options);
  return yield* send(collecting(found), found.options);
}

/** Returns the entry of the resource itself. Throws the failure that the server reports for it. */
function oneOf({ entries, base }: Collected): { readonly entry: Entry; readonly base: HrefBase } {
  const entry =
    entries.length === 1 ? entries[0] : entries.find(({ href }) => href !== null && samePath(href, base.target));
  if (!entry) throw failure(`the response does not describe the resource, but ${entries.length} others`, base);
  requireSuccess(entry, base);
  return { entry, base };
}

/** Separates the members of a collection from the entry of the collection itself. */
function membersOf({ entries, base }: Collected): Members {
  const own = ownEntry(entries, base);
  if (own) requireSuccess(own, base);
  const members = entries.filter((entry) => entry !== own);
  if (own && members.length === 0 && own.props.resourcetype?.length === 0)
    throw failure('the resource is not a collection', base);
  return { self: own?.href ?? base.target, entries: members, base };
}

/**
 * Finds the entry of the collection itself. If a proxy changes the paths of requests, no entry has the path of the
 * request. The collection is then the entry that contains all others.
 */
function ownEntry(entries: readonly Entry[], base: HrefBase): Entry | undefined {
  const isSelf = ({ href, rawHref }: Entry): boolean =>
    href === null ? rawHref?.trim() === '' : samePath(href, base.target);
  const exact = entries.find(isSelf);
  if (exact) return exact;
  const [first] = entries;
  if (entries.length === 1 && first && first.href !== null && isBelow(first.href, base.target)) return undefined;
  const contains = (folder: Entry): boolean =>
    folder.href !== null &&
    entries.every(({ href }) => href === null || href === folder.href || isBelow(href, folder.href as string));
  return entries.find(contains);
}

function requireSuccess({ error, href, rawHref }: Entry, base: HrefBase): void {
  if (!error) return;
  const { status, reasonPhrase, description } = error;
  const failures = [{ href: href ?? rawHref ?? '', property: null, status, reasonPhrase, description }];
  const text = `${status} ${reasonPhrase}${description === null ? '' : ` (${description})`}`;
  throw addRequest(new NeonError(text, 'ERR_NEON_STATUS', { status, failures }), contextOf(base));
}

/** The error of a response that cannot be used. @internal */
export function failure(text: string, base: HrefBase): NeonError {
  return addRequest(new NeonError(text, 'NE_ERROR'), contextOf(base));
}

const contextOf = ({ origin, target }: HrefBase): { method: string; origin: string; target: string } => ({
  method: 'PROPFIND',
  origin,
  target,
});

/**
 * Makes the description of a resource. @internal
 *
 * @throws `NE_ERROR` for a resource without a readable path
 */
export function resourceOf({ href, rawHref, props, error }: Entry, base: HrefBase): Resource {
  const path = href ?? (rawHref?.trim() === '' ? base.target : undefined);
  if (path === undefined)
    throw failure(`the server lists '${rawHref}', which is no path (propfind() lists it with its rawHref)`, base);
  return {
    path,
    name: nameOf(path),
    type: props.resourcetype?.includes('collection') ? 'directory' : 'file',
    size: props.getcontentlength ?? null,
    modified: props.getlastmodified ?? null,
    created: props.creationdate ?? null,
    etag: props.getetag || null,
    contentType: props.getcontenttype || null,
    props,
    ...(error && { error }),
  };
}
