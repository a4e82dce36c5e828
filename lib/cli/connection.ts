/** The connection of a command: the server that its URLs name, and the resources that its arguments name. */
import { readFileSync } from 'node:fs';

import { expand, hasMagic, matcherOf } from '../core/glob.js';
import { escapePath, NeonError, type Resource, SessionPool, versions } from '../index.js';
import { credentialsOf, proxyCredentials } from './credentials.js';
import { ClientError, usageError } from './failure.js';
import { withoutCredentials } from './format.js';
import type { Output } from './output.js';

/** The options of every command that uses a server. */
export interface ConnectionOptions {
  readonly url?: string;
  readonly user?: string;
  readonly netrc?: boolean;
  readonly netrcFile?: string;
  readonly insecure?: boolean;
  readonly cacert?: string;
  readonly proxy?: string | false;
  readonly timeout?: number;
  readonly header?: readonly (readonly [name: string, value: string])[];
  readonly lockToken?: string;
  readonly connections?: number;
}

/** A resource that an argument names. */
export interface Remote {
  /** The target for requests: an absolute path, percent-encoded. */
  readonly target: string;
  /** What the server says about the resource, if a pattern found it. */
  readonly resource?: Resource | undefined;
}

/** Whether an argument is a URL. Any other argument is a path. */
export const isUrl = (text: string): boolean => /^[a-z][a-z\d+.-]*:\/\//i.test(text);

/** The connections to a server, and the collection to which paths are relative. */
export class Connection {
  readonly pool: SessionPool;
  readonly origin: string;
  /** The path of the collection to which paths are relative; percent-encoded, with a slash at the end. */
  base: string | undefined;

  constructor(pool: SessionPool, base: string | undefined) {
    this.pool = pool;
    this.origin = pool.origin;
    this.base = base;
  }

  /**
   * Connects to the server that the options and arguments name. Nothing is sent yet.
   *
   * @param args the arguments of the command that name resources
   */
  static open(args: readonly string[], options: ConnectionOptions, output: Output): Connection {
    const given = options.url ?? (process.env['LIBNEON_URL'] || undefined);
    const first = args.find(isUrl);
    if (given === undefined && first === undefined)
      throw usageError(
        'there is no URL of a server',
        'write resources as URLs, or give the URL of a collection with --url or LIBNEON_URL',
      );
    const server = urlOf(first ?? (given as string));
    const base = given === undefined ? undefined : urlOf(given);
    if (base && (base.search || base.hash))
      throw usageError('the URL of a collection has no "?" and no "#"', 'write them as %3F and %23');
    const pool = new SessionPool(server.origin, poolOptions(withUser(server, base), options, output));
    const isBase = base?.origin === server.origin;
    return new Connection(pool, isBase ? `${base.pathname.replace(/\/$/, '')}/` : undefined);
  }

  /** The URL of a target, for messages and JSON. */
  urlOf(target: string): string {
    return this.origin + target;
  }

  /**
   * The one resource that an argument names. In a URL, names are percent-encoded. In a path they are not, and the path
   * is relative to the base.
   *
   * @throws a failure for a pattern
   */
  resolve(arg: string): string {
    const { target, names } = this.#parse(arg);
    if (target !== undefined) return target;
    if (isMagic(names))
      throw usageError(
        `${arg} is a pattern, and may not be one here`,
        'put a backslash before *, ?, [ and {; in a URL, write %2A, %5B and %7B',
      );
    return escaped(names.map(literal));
  }

  /** Whether an argument is a pattern. */
  isPattern(arg: string): boolean {
    return isMagic(this.#parse(arg).names);
  }

  /**
   * The resources that an argument names: one, or those that match a pattern.
   *
   * @throws a failure if nothing matches a pattern
   */
  async find(arg: string, signal: AbortSignal): Promise<Remote[]> {
    const { target, names } = this.#parse(arg);
    if (target !== undefined) return [{ target }];
    if (!isMagic(names)) return [{ target: escaped(names.map(literal)) }];
    const found = new Map<string, Remote>();
    for (const choice of expand(names.join('/')))
      for (const remote of await this.#matches('/', undefined, choice.split('/').slice(1), signal))
        found.set(remote.target, remote);
    if (found.size === 0)
      throw new ClientError('status', 'NO_MATCH', `nothing matches ${arg}`, 'libneon ls shows what there is');
    return [...found.values()];
  }

  /** The members of collections whose names match the names of a pattern. */
  async #matches(
    collection: string,
    resource: Resource | undefined,
    names: readonly string[],
    signal: AbortSignal,
  ): Promise<Remote[]> {
    const [name, ...rest] = names;
    // A slash at the end of a pattern stands for collections only.
    if (name === undefined || (name === '' && rest.length === 0)) return [{ target: collection, resource }];
    if (name === '**') return await this.#matchesBelow(collection, rest, signal);
    if (!hasMagic(name)) {
      const literalTarget = collection + escapePath(literal(name));
      if (rest.length > 0) return await this.#matches(`${literalTarget}/`, undefined, rest, signal);
      return await this.#existing(literalTarget, signal);
    }
    const matches = matcherOf(name.replace(/^[!#]/, String.raw`\$&`));
    const found: Remote[] = [];
    for (const member of await this.#membersOf(collection, signal)) {
      if (!matches(member.name)) continue;
      if (rest.length === 0) found.push({ target: member.path, resource: member });
      else if (member.type === 'directory')
        found.push(...(await this.#matches(asFolder(member.path), member, rest, signal)));
    }
    return found;
  }

  /** The resources below a collection that match the rest of a pattern after `**`. */
  async #matchesBelow(collection: string, rest: readonly string[], signal: AbortSignal): Promise<Remote[]> {
    const isForFolders = rest.at(-1) === '';
    const names = isForFolders ? rest.slice(0, -1) : rest;
    const matches = matcherOf(['**', ...(names.length > 0 ? names : ['*'])].join('/'));
    const depthOf = (path: string): number => path.split('/').length;
    const found: Remote[] = [];
    for await (const resource of this.pool.walk(collection, { signal })) {
      if (isForFolders && resource.type !== 'directory') continue;
      const path = resource.path.replace(/\/$/, '');
      const below = path.split('/').slice(depthOf(collection) - 1);
      if (matches(below.map(decoded).join('/'))) found.push({ target: resource.path, resource });
    }
    return found;
  }

  async #membersOf(collection: string, signal: AbortSignal): Promise<Resource[]> {
    try {
      return await this.pool.list(collection, { signal });
    } catch (error) {
      if (error instanceof NeonError && error.status === 404) return [];
      throw error;
    }
  }

  async #existing(target: string, signal: AbortSignal): Promise<Remote[]> {
    try {
      return [{ target, resource: await this.pool.stat(target, { signal }) }];
    } catch (error) {
      if (error instanceof NeonError && error.status === 404) return [];
      throw error;
    }
  }

  /** The names of a path as patterns, from the root on; or the target itself, if it cannot be a pattern. */
  #parse(arg: string): { readonly target?: string; readonly names: readonly string[] } {
    if (!isUrl(arg)) return { names: this.#namesOf(arg) };
    requireSameServer(urlOf(arg), new URL(this.origin));
    const { path, query } = partsOf(arg);
    // With a query, or without the characters of a pattern, the path is sent as it is.
    const names = query === '' && /[*[{]/.test(path) ? path.split('/').map(patternOf) : [];
    return isMagic(names) ? { names } : { target: path + query, names: [] };
  }

  #namesOf(path: string): readonly string[] {
    if (path === '') throw usageError('an argument is empty', 'write . for the collection itself');
    if (this.base === undefined)
      throw usageError(
        `"${path}" is no URL`,
        'write a URL, or give the URL of the collection to which paths are relative with --url or LIBNEON_URL',
      );
    const start = path.startsWith('/') ? [''] : this.base.split('/').slice(0, -1).map(patternOf);
    const names: string[] = [];
    for (const name of [...start, ...path.split('/')].slice(1)) {
      if (name === '..') names.pop();
      else if (name !== '.' && name !== '') names.push(name);
    }
    const isFolder = /(^|\/)\.{0,2}$/.test(path);
    return ['', ...names, ...(isFolder || names.length === 0 ? [''] : [])];
  }
}

const isMagic = (names: readonly string[]): boolean => names.some(hasMagic) || expand(names.join('/')).length > 1;

/** The name that a pattern without magic stands for. */
const literal = (name: string): string => name.replaceAll(/\\([^])/g, '$1');

const escaped = (names: readonly string[]): string =>
  names.map((name) => (name === '' ? '' : escapePath(name))).join('/');

/** Makes the path of a collection end with a slash. */
export const asFolder = (target: string): string => (target.endsWith('/') ? target : `${target}/`);

/** A percent-encoded segment of a path, decoded. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The last name of a target, decoded. */
export function nameOf(target: string): string {
  const [path = ''] = target.split('?');
  return decoded(path.replace(/\/+$/, '').split('/').at(-1) ?? '');
}

/**
 * The pattern of a percent-encoded segment of a URL. Encoded characters stand for themselves; `*`, `[…]` and `{…}` are
 * those of a pattern.
 */
function patternOf(segment: string): string {
  return segment.replaceAll(/[\\?()|]|(?:%[\da-f]{2})+/gi, (encoded) => {
    const text = decoded(encoded);
    if (text.includes('/') || (text === encoded && text.startsWith('%')))
      throw usageError(`no path can be relative to a URL with "${encoded}"`, 'write whole URLs, without a pattern');
    return text.replaceAll(/[\\*?[\]{}()!#+@|]/g, String.raw`\$&`);
  });
}

function partsOf(url: string): { readonly path: string; readonly query: string } {
  const [, path = '', query = '', hash] = /^[^:]+:\/\/[^/?#]*([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  if (hash !== undefined)
    throw usageError(`a "#" in a URL is no part of a path: ${withoutCredentials(url)}`, 'write it as %23');
  return { path: path === '' ? '/' : path, query };
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw usageError(
      `${withoutCredentials(text)} is no URL of http or https`,
      'a URL is like https://dav.example.com/files/',
    );
  return url;
}

function requireSameServer(url: URL, server: URL): void {
  if (url.origin !== server.origin)
    throw usageError(
      `${url.origin} and ${server.origin} are two servers`,
      'a command works with one server: download from the one, and upload to the other',
    );
}

/** A URL with the credentials of the first URL that has some. */
function withUser(server: URL, base: URL | undefined): URL {
  return !server.username && base?.origin === server.origin ? base : server;
}

function poolOptions(
  server: URL,
  options: ConnectionOptions,
  output: Output,
): ConstructorParameters<typeof SessionPool>[1] {
  const {
    user,
    netrc = true,
    netrcFile,
    insecure,
    cacert,
    proxy,
    timeout,
    header = [],
    lockToken,
    connections,
  } = options;
  if (server.password)
    output.warning('a password in a URL can be seen by other users of this machine: use LIBNEON_PASSWORD or ~/.netrc');
  const name = decoded(server.username);
  if (user !== undefined && name !== '' && user !== name)
    throw usageError('the URL and --user name two users', 'name one user');
  const sources = {
    server,
    user: user ?? (name || undefined),
    password: server.password ? decoded(server.password) : undefined,
    netrc: netrc ? netrcFile : (false as const),
  };
  const proxyAuth = proxyCredentials();
  const lock = lockToken === undefined ? [] : [['If', `(<${lockToken}>)`] as const];
  return {
    userAgent: `libneon-cli/${versions.libneon}`,
    redirect: 'follow',
    auth: credentialsOf(sources),
    headers: [...lock, ...header],
    ...(proxy !== false && { proxy: proxy ?? 'env' }),
    ...(proxyAuth && proxy !== false && { proxyAuth }),
    ...(timeout !== undefined && { readTimeout: timeout * 1000, connectTimeout: timeout * 1000 }),
    ...(connections !== undefined && { connections }),
    tls: {
      ...(cacert !== undefined && { ca: readFileSync(cacert) }),
      ...(insecure && { verify: () => true }),
    },
  };
}
