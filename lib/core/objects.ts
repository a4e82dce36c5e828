/**
 * Type checks that never throw. JavaScript's own operators throw for a revoked proxy. These checks treat a revoked
 * proxy as neither an object, nor an array, nor an instance.
 */

/** Whether the value is an object whose properties can be read. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && isAlive(value);
}

/** Whether the value is an array. */
export function isArray(value: unknown): value is readonly unknown[] {
  return isObject(value) && Array.isArray(value);
}

/** Whether the value is an instance of a class. */
export function isInstance<T>(value: unknown, type: abstract new (...values: never[]) => T): value is T {
  return isObject(value) && value instanceof type;
}

function isAlive(value: object): boolean {
  try {
    Array.isArray(value); // the cheapest operation that throws for a revoked proxy
    return true;
  } catch {
    return false;
  }
}
