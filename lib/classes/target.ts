/** The targets of requests: the forms that callers may use, and the escaping of names. */
import { invalidChar, invalidType, invalidValue } from '../core/errors.js';
import { isArray, isInstance } from '../core/objects.js';

/**
 * The target of a request: an absolute path with an optional query, URI-escaped; a path relative to the URL of
 * {@link Session.open} or of the pool; or the whole URL of a resource on the server, as text or as a `URL`.
 *
 * Characters that would change the target are refused with `ERR_INVALID_CHAR`: `#`, a `?` with an empty query,
 * backslashes, spaces and control characters. Escape names with {@link escapePath} or {@link path}.
 */
export type Target = string | URL;

/**
 * Escapes a path for use as a target. ASCII letters and digits, `-`, `.`, `_`, `~` and `/` stay unchanged. All other
 * characters are encoded as UTF-8, and each byte becomes `%XX`. The result is a target for exactly this path, whether
 * relative or absolute.
 *
 * @param name a name, or names with `/` between them, unescaped: `'50% #1?.txt'`
 * @throws `ERR_INVALID_ARG_TYPE`, and `ERR_INVALID_ARG_VALUE` for a path that no target can express: an empty path, or
 *   a path with a segment `.` or `..`, or with half of a surrogate pair
 * @example
 * ```ts
 * await session.put(escapePath('notes/draft #2.txt'), 'text'); // PUT notes/draft%20%232.txt
 * ```
 */
export function escapePath(name: string): string {
  return requireText(name).split('/').map(escapeSegment).join('/');
}

/**
 * A template tag that makes a target from names: each value is escaped as one segment, including any `/` in it. The
 * text between the values stays as it is.
 *
 * @throws as {@link escapePath}
 * @example
 * ```ts
 * const name = 'what? 50% #1/2.txt';
 * await session.delete(path`folder/${name}`); // DELETE folder/what%3F%2050%25%20%231%2F2.txt
 * ```
 */
export function path(texts: TemplateStringsArray, ...names: readonly (string | number | bigint)[]): string {
  if (!isArray(texts) || texts.length !== names.length + 1)
    throw invalidType('texts', 'the array of a template literal: path`folder/${name}`', texts);
  return names.reduce<string>((made, name, i) => {
    const text = typeof name === 'number' || typeof name === 'bigint' ? String(name) : name;
    return made + escapeSegment(requireText(text)) + (texts[i + 1] as string);
  }, texts[0] as string);
}

function requireText(name: unknown): string {
  if (typeof name !== 'string') throw invalidType('name', 'of type string', name);
  if (name === '') throw invalidValue('The "name" is empty: the target would be the collection itself');
  return name;
}

function escapeSegment(name: string): string {
  // These names cannot be escaped: in a URL, an escaped dot counts as a dot.
  if (name === '.' || name === '..')
    throw invalidValue(`A segment '${name}' of a path stands for another path, and cannot be a name`);
  if (/\p{Surrogate}/u.test(name))
    throw invalidValue(`The "name" has half of a surrogate pair: ${JSON.stringify(name)}`);
  return encodeURIComponent(name).replaceAll(/[!'()*]/g, percent);
}

const percent = (character: string): string =>
  `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;

/** An absolute path with an optional query, whose characters all stay as they are. */
const plain = /^\/[!$-;=@-[\]-~]*(\?[!$-;=?-[\]-~]+)?$/;

const cure = 'escape names with escapePath(name)';

/**
 * Converts a target given by the caller to a request target. @internal
 *
 * @param base the URL that targets may be relative to
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_CHAR`, and `ERR_INVALID_ARG_VALUE` for a target of another server
 */
export function resolveTarget(target: Target, origin: string, base: URL | undefined): string {
  if (typeof target !== 'string' && !isInstance(target, URL))
    throw invalidType('target', 'of type string or URL', target);
  if (typeof target === 'string' && plain.test(target)) return target;
  const text = String(target);
  requirePlain(text);
  if (text === '*') return text;
  if (text.startsWith('/')) {
    if (!/^[\x21-\x7e]+$/.test(text)) throw invalidChar('target', cure);
    return text.replaceAll(/["<>]/g, percent); // these characters would be syntax in headers
  }
  const scheme = /^([a-z][a-z\d+.-]*):(\/\/)?/i.exec(text);
  if (scheme && !scheme[2])
    throw invalidValue(`The target '${text}' begins with a scheme: ${cure}, or put './' in front`);
  if (!scheme && !base)
    throw invalidValue(`The target must begin with '/' (relative ones need Session.open): '${text}'`);
  const url = URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
  if (url && (url.username || url.password))
    throw invalidValue('A target must not hold a user name or password: use the option "auth"');
  if (url?.origin !== (base?.origin ?? new URL(origin).origin))
    throw invalidValue(`The target is not one of this session's server, ${origin}: '${text}'`);
  return (url.pathname + url.search).replaceAll(/["<>]/g, percent);
}

/** Refuses characters that `URL` would omit, trim or reinterpret. The target would then be a different one. */
function requirePlain(text: string): void {
  if (text.includes('#')) throw invalidChar('target', `a '#' would end the path: ${cure}`);
  if (/^[^?]*\?$/.test(text)) throw invalidChar('target', `a '?' without a query would be omitted: ${cure}`);
  if (text.includes('\\')) throw invalidChar('target', `a backslash would become '/': ${cure}`);
  if (/[\0-\x20\x7f-\x9f]/.test(text))
    throw invalidChar('target', `a space or control character would be lost: ${cure}`);
}
