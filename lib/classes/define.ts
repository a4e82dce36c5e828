/** Sets fields whose names come from a server. */

/** Sets a field whose name the server chose; even `__proto__` becomes an ordinary field. @internal */
export function define(object: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__')
    Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
  else object[key] = value;
}
