import { isInstance } from './objects.js';

/**
 * Constructors require this token, which only the addon and this library have. Other code therefore cannot make handles
 * or this library's objects.
 */
export const token: object = Object.freeze({});

/** Refuses to construct an object that only this library makes. */
export function requireToken(given: unknown): void {
  if (given !== token) throw Object.assign(new TypeError('Illegal constructor'), { code: 'ERR_ILLEGAL_CONSTRUCTOR' });
}

/**
 * The JavaScript object for a C object. Users can neither see nor change anything in a handle. The addon attaches the C
 * side to the handle. Private fields hold the values that a handle keeps alive, so that the garbage collector can
 * collect cycles through callbacks.
 */
abstract class Handle {
  #kept: unknown[] | undefined;
  #free: number[] | undefined;

  /** `owner`: a handle that this handle keeps alive. */
  constructor(given: unknown, owner?: object) {
    requireToken(given);
    if (owner) this.#kept = [owner];
  }

  /**
   * Whether the value itself is a handle. A proxy of a handle is not a handle, and neither is an object derived from
   * one.
   */
  static is(value: object): boolean {
    return #kept in value;
  }

  /** Keeps a value alive as long as the handle exists, or until forget(); returns the number of the value. */
  static keep(handle: Handle, value: unknown): number {
    const kept = (handle.#kept ??= []);
    const free = handle.#free?.pop();
    if (free === undefined) return kept.push(value) - 1;
    kept[free] = value;
    return free;
  }

  static forget(handle: Handle, index: number): void {
    if (!handle.#kept) return;
    handle.#kept[index] = undefined;
    (handle.#free ??= []).push(index);
  }

  /** The value to which keep() gave this number. */
  static kept(handle: Handle, index: number): unknown {
    return handle.#kept?.[index];
  }
}

export const keep = (handle: Handle, value: unknown): number => Handle.keep(handle, value);
export const forget = (handle: Handle, index: number): void => Handle.forget(handle, index);
export const kept = (handle: Handle, index: number): unknown => Handle.kept(handle, index);

/** Whether a value is a handle of this class, destroyed or not. */
export const isHandle = (value: unknown, handleClass: abstract new (...values: never[]) => object): boolean =>
  isInstance(value, handleClass) && Handle.is(value);

/** The classes of the handles, by their C names. */
export const handleClasses: Readonly<Record<string, new (given: unknown, owner?: object) => object>> = {
  ne_session: class ne_session extends Handle {},
  ne_request: class ne_request extends Handle {},
  ne_header_cursor: class ne_header_cursor extends Handle {},
  ne_ssl_certificate: class ne_ssl_certificate extends Handle {},
  neon_exchange: class neon_exchange extends Handle {},
  ne_buffer: class ne_buffer extends Handle {},
  ne_inet_addr: class ne_inet_addr extends Handle {},
  ne_md5_ctx: class ne_md5_ctx extends Handle {},
  ne_sock_addr: class ne_sock_addr extends Handle {},
  ne_ssl_context: class ne_ssl_context extends Handle {},
  ne_socket: class ne_socket extends Handle {},
  ne_ssl_dname: class ne_ssl_dname extends Handle {},
  ne_ssl_client_cert: class ne_ssl_client_cert extends Handle {},
  ne_xml_parser: class ne_xml_parser extends Handle {},
  ne_207_parser: class ne_207_parser extends Handle {},
  ne_ssl_pkcs11_provider: class ne_ssl_pkcs11_provider extends Handle {},
  ne_decompress: class ne_decompress extends Handle {},
  ne_propfind_handler: class ne_propfind_handler extends Handle {},
  ne_prop_result_set: class ne_prop_result_set extends Handle {},
  ne_lock_store: class ne_lock_store extends Handle {},
  neon_lock_set: class neon_lock_set extends Handle {},
};
