import { invalidType } from './errors.js';

/**
 * The values of `ne_set_session_private` and `ne_set_request_private`. They are kept in JavaScript: neon's own store
 * can only hold C pointers, and it never releases a replaced value.
 */
export class PrivateData {
  readonly #values = new WeakMap<object, Map<string, unknown>>();

  set(handle: object, id: string, value: unknown): void {
    requireString(id);
    let values = this.#values.get(handle);
    if (!values) this.#values.set(handle, (values = new Map<string, unknown>()));
    values.set(id, value);
  }

  /** The last value set, or null. */
  get(handle: object, id: string): unknown {
    requireString(id);
    const values = this.#values.get(handle);
    return values?.has(id) ? values.get(id) : null;
  }
}

function requireString(id: unknown): void {
  if (typeof id !== 'string') throw invalidType('id', 'of type string', id);
}
