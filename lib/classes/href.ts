/** Parses the hrefs in multi-status documents, including hrefs that are not URIs. */
import { type ne_uri, ne_uri_parse, ne_uri_resolve, ne_uri_unparse } from '../ne/uri.js';

/** The request whose response contains the hrefs. @internal */
export interface HrefBase {
  /** `'scheme://host[:port]'` */
  readonly origin: string;
  /** The request target. */
  readonly target: string;
}

/** Where a resource is. @internal */
export interface Place {
  /** The path, percent-encoded: a request target. */
  readonly href: string;
  readonly uri: string;
}

/**
 * Parses an href leniently, since some servers do not escape the names of their resources. Characters that a URI does
 * not allow are escaped, and so are `#` and `?`, which would end the path. There is one exception:
 * if the request target has a query, and its path equals the href up to the `?`, the `?` begins a query.
 *
 * Returns undefined if the href does not clearly name a resource: an empty href, an href with a scheme other than
 * `http` and `https`, or an href whose authority is invalid. @internal
 */
export function placeOf(raw: string, base: HrefBase): Place | undefined {
  const text = trimmed(raw);
  const [, scheme = '', authority, rest = ''] = /^([a-z][a-z\d+.-]*:)(?:\/\/([^/?#]*))?(.*)$/is.exec(text) ?? [];
  if (text === '' || (scheme && authority === undefined)) return undefined;
  if (scheme) {
    if (!/^https?:$/i.test(scheme) || authority === '' || !/^(\/|$)/.test(rest)) return undefined;
    return resolved(`${scheme}//${authority}${escaped(rest || '/', base)}`, base);
  }
  if (!text.startsWith('//')) return resolved(escaped(text, base), base);
  const own = base.origin.replace(/^\w+:/, '');
  // RFC 4918, section 8.3, does not allow an authority without a scheme. An href that begins with `//` is therefore
  // read as a path with an empty first segment, unless the authority is that of this server.
  if (text === own || text.startsWith(`${own}/`))
    return resolved(own + escaped(text.slice(own.length) || '/', base), base);
  const href = escaped(text, base);
  return { href, uri: base.origin + href };
}

/**
 * Removes the white space that indents an href. Spaces at the end may belong to the name: they are kept if the href has
 * no other white space around it.
 */
function trimmed(raw: string): string {
  return /^[ \t\r\n]|[\t\r\n][ \t\r\n]*$/.test(raw) ? raw.replaceAll(/^[ \t\r\n]+|[ \t\r\n]+$/g, '') : raw;
}

function escaped(path: string, { target }: HrefBase): string {
  const query = target.indexOf('?');
  if (query >= 0 && path.startsWith(target.slice(0, query + 1)))
    return escapedPath(path.slice(0, query)) + path.slice(query).replaceAll(/[^\w.~!$&'()*+,;=:@/?%-]+/g, percent);
  return escapedPath(path);
}

/** Escapes the characters that the path of a URI does not allow, and each `%` that does not begin an escape. */
function escapedPath(path: string): string {
  return path.replaceAll(/[^\w.~!$&'()*+,;=:@/%-]+|%(?![\da-f]{2})/gi, percent);
}

const percent = (text: string): string => encodeURIComponent(text);

function resolved(reference: string, { origin, target }: HrefBase): Place | undefined {
  const [base, parsed, found] = [{}, {}, {}] as [ne_uri, ne_uri, ne_uri];
  const [path = '/'] = /^\/[^?]*/.exec(target) ?? [];
  if (ne_uri_parse(origin + escapedPath(path), base) !== 0) return undefined;
  if (ne_uri_parse(reference, parsed) !== 0) return undefined;
  ne_uri_resolve(base, parsed, found);
  if (!found.path?.startsWith('/') || found.host === null) return undefined;
  const href = found.query === null ? found.path : `${found.path}?${found.query}`;
  return { href, uri: ne_uri_unparse(found) };
}
