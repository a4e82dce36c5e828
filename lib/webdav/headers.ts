/** Headers that several sources give. */
import type { Headers } from './types.js';

/**
 * Merges headers; the case of names does not matter. A later header replaces an earlier one, but the name stays as it
 * was written first.
 */
export function merged(...sources: readonly Headers[]): Headers {
  const names = new Map<string, string>();
  const headers: Headers = {};
  for (const source of sources) {
    for (const [name, value] of Object.entries(source)) {
      const lower = name.toLowerCase();
      const known = names.get(lower) ?? name;
      names.set(lower, known);
      headers[known] = value;
    }
  }
  return headers;
}

/** Whether there is a header of this name, which is in lower case. */
export function hasHeader(headers: Headers, lower: string): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === lower);
}

/** Returns the headers without those of these names, which are in lower case. */
export function without(headers: Headers, ...lower: readonly string[]): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !lower.includes(name.toLowerCase())));
}
