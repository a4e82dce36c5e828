/** Compares the paths of resources, which servers may escape in different ways. */

/**
 * Returns a form of a path in which equal paths are equal: without query and final slash, and with escapes decoded
 * byte by byte. Only an escaped slash stays escaped. @internal
 */
export function normalPath(path: string): string {
  const [plain = ''] = /^[^?]*/.exec(path) ?? [];
  const decoded = plain.replaceAll(/%([\da-f]{2})/gi, (_escape, hex: string) =>
    hex.toUpperCase() === '2F' ? '%2F' : hex === '25' ? '%25' : String.fromCharCode(parseInt(hex, 16)),
  );
  return decoded.replace(/\/+$/, '');
}

/** @internal */
export function samePath(one: string, other: string): boolean {
  return one === other || normalPath(one) === normalPath(other);
}

/** Whether a path is inside a collection, at any depth. @internal */
export function isBelow(path: string, collection: string): boolean {
  return normalPath(path).startsWith(`${normalPath(collection)}/`);
}

/** Whether a path is a member of a collection, and not in a collection below. @internal */
export function isMember(path: string, collection: string): boolean {
  if (collection.endsWith('/') && path.startsWith(collection)) {
    const slash = path.indexOf('/', collection.length);
    if (path.length > collection.length && (slash < 0 || slash === path.length - 1)) return true;
  }
  const outer = `${normalPath(collection)}/`;
  const inner = normalPath(path);
  return inner.startsWith(outer) && !inner.includes('/', outer.length);
}

/** The last segment of a path, decoded; as it is if it is not UTF-8. @internal */
export function nameOf(path: string): string {
  const query = path.indexOf('?');
  let end = query < 0 ? path.length : query;
  while (end > 0 && path[end - 1] === '/') end--;
  const segment = path.slice(path.lastIndexOf('/', end - 1) + 1, end);
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
