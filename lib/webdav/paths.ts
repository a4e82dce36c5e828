/** Paths of files, and the URLs that requests are sent to. */
import { posix } from 'node:path';

import { invalidValue } from '../core/errors.js';

/**
 * Escapes a path. All characters of a name are escaped, except those that `encodeURIComponent` keeps.
 *
 * @throws `ERR_INVALID_ARG_VALUE` for half of a surrogate pair
 */
export function escapePath(path: string): string {
  try {
    return path.split('/').map(encodeURIComponent).join('/');
  } catch (error) {
    throw invalidValue(`Failed encoding path: ${(error as Error).message}`);
  }
}

/**
 * Joins the URL of a client and an escaped path, with one slash between them. Several slashes at the end become one. A
 * path that is only a slash adds nothing, as in npm `webdav`.
 */
export function joinURL(base: string, path: string): string {
  const rest = path.replace(/^\/+/, '').replace(/\/+$/, '/');
  if (rest === '') return path === '' ? base : base.replace(/\/+$/, '');
  return `${base.replace(/\/+$/, '')}/${rest}`;
}

/** Adds a slash at the end, unless there is one. */
export function asCollection(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

/** Adds a slash at the beginning, unless there is one. */
export function absolute(path: string): string {
  return path.startsWith('/') ? path : `/${path}`;
}

/** Adds a slash at the beginning, and removes one at the end. */
export function normalised(path: string): string {
  const whole = absolute(path);
  return whole.length > 1 && whole.endsWith('/') ? whole.slice(0, -1) : whole;
}

/** The path of a URL, normalised; `'/'` if the text is not a URL. */
export function pathOfURL(url: string): string {
  return URL.canParse(url) ? normalised(new URL(url).pathname) : '/';
}

/** A path and its parents, the shortest first: `'/a/b'` → `['/a', '/a/b']`. */
export function ancestry(path: string): string[] {
  const segments = normalised(path).split('/').slice(1);
  return segments
    .map((_, i) => `/${segments.slice(0, i + 1).join('/')}`)
    .filter((one, i) => one !== '/' && segments[i] !== '');
}

/**
 * Unescapes a path as a whole. Escapes that are not UTF-8, and each `%` that does not begin an escape, stay as they
 * are.
 */
export function unescaped(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path.replaceAll(/(?:%[\da-f]{2})+/gi, (escapes) => {
      try {
        return decodeURIComponent(escapes);
      } catch {
        return escapes;
      }
    });
  }
}

/** The last segment of a path; a slash at the end does not count. */
export const basename = (path: string): string => posix.basename(path);

/**
 * Converts an href to the path of a file.
 *
 * @param base the unescaped path that hrefs begin with
 */
export function fileOf(href: string, base: string): string {
  const path = unescaped(href.replace(/^https?:\/\/[^/]+/, ''));
  return normalised(base === '/' ? path : posix.relative(base, path));
}
