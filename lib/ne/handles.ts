/**
 * Handles for C objects, and small types that several headers share.
 *
 * Only the functions of `libneon/ne` create and accept handles. A handle has no public constructor. `ne_buffer` is the
 * only handle with properties.
 */

declare const type: unique symbol;

/** A handle for a C object of the type `Name`. */
interface Handle<Name extends string> {
  /** Distinguishes the types of handles. */
  readonly [type]: Name;
}

/** An HTTP session: `ne_session *` of ne_session.h. */
export type ne_session = Handle<'ne_session'>;

/** A single HTTP request: `ne_request *` of ne_request.h. */
export type ne_request = Handle<'ne_request'>;

/**
 * A position in the headers or the trailer of a response. To continue the iteration, pass the cursor to the function
 * that returned it.
 */
export type ne_header_cursor = Handle<'ne_header_cursor'>;

/** An X.509 certificate: `ne_ssl_certificate *` of ne_ssl.h. */
export type ne_ssl_certificate = Handle<'ne_ssl_certificate'>;

/** The name of a certificate's subject or issuer: `ne_ssl_dname *` of ne_ssl.h. */
export type ne_ssl_dname = Handle<'ne_ssl_dname'>;

/** A client certificate with its private key: `ne_ssl_client_cert *` of ne_ssl.h. */
export type ne_ssl_client_cert = Handle<'ne_ssl_client_cert'>;

/** A provider of client certificates on tokens: `ne_ssl_pkcs11_provider *` of ne_pkcs11.h. */
export type ne_ssl_pkcs11_provider = Handle<'ne_ssl_pkcs11_provider'>;

/** A network address: `ne_inet_addr *` of ne_socket.h. */
export type ne_inet_addr = Handle<'ne_inet_addr'>;

/** An MD5 computation in progress: `ne_md5_ctx *` of ne_md5.h. */
export type ne_md5_ctx = Handle<'ne_md5_ctx'>;

/** The result of a name lookup: `ne_sock_addr *` of ne_socket.h. */
export type ne_sock_addr = Handle<'ne_sock_addr'>;

/** A TCP or TLS socket: `ne_socket *` of ne_socket.h. */
export type ne_socket = Handle<'ne_socket'>;

/** The TLS settings of sockets: `ne_ssl_context *` of ne_ssl.h. */
export type ne_ssl_context = Handle<'ne_ssl_context'>;

/** An XML parser: `ne_xml_parser *` of ne_xml.h. */
export type ne_xml_parser = Handle<'ne_xml_parser'>;

/** A reader of multi-status documents: `ne_207_parser *` of ne_207.h. */
export type ne_207_parser = Handle<'ne_207_parser'>;

/** A reader that inflates bodies compressed with gzip: `ne_decompress *` of ne_compress.h. */
export type ne_decompress = Handle<'ne_decompress'>;

/** A PROPFIND request with the callbacks for its results: `ne_propfind_handler *` of ne_props.h. */
export type ne_propfind_handler = Handle<'ne_propfind_handler'>;

/**
 * The properties of one resource: `const ne_prop_result_set *` of ne_props.h. A result set is destroyed when the
 * callback that receives it ends.
 */
export type ne_prop_result_set = Handle<'ne_prop_result_set'>;

/** A set of locks: `ne_lock_store *` of ne_locks.h. */
export type ne_lock_store = Handle<'ne_lock_store'>;

/** A string that grows: `ne_buffer *` of ne_string.h. */
export interface ne_buffer extends Handle<'ne_buffer'> {
  /** The string. */
  readonly data: string;
  /** The number of bytes of the string, plus one for the null byte at the end. */
  readonly used: number;
  /** The number of bytes that fit before the buffer must grow. */
  readonly length: number;
}

/** An output parameter. C has a pointer here and writes through it; JavaScript passes an object instead. */
export interface Out<T> {
  /**
   * The function stores its result here. If C also reads through the pointer, the function first reads this property.
   */
  value: T;
}

/** A flag. 0 or false clears it; any other value sets it. C uses an int. */
export type Flag = number | boolean;

/**
 * The result type of a callback that returns `void` in C. On the promise surface the callback may return a promise, and
 * neon waits until the promise settles.
 */
export type Nothing = void | Promise<void>;
