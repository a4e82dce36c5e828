// The opaque handles of neon's C types. They have no public constructor and no properties: only the functions of
// `libneon/ne` make and take them.

declare const type: unique symbol;

/** A handle that stands for a C object of this type. */
interface Handle<Name extends string> {
  readonly [type]: Name;
}

/** An HTTP session: `ne_session *` (ne_session.h). */
export type ne_session = Handle<'ne_session'>;

/** A single HTTP request: `ne_request *` (ne_request.h). */
export type ne_request = Handle<'ne_request'>;

/** A position among the headers of a response: what ne_response_header_iterate returns. */
export type ne_header_cursor = Handle<'ne_header_cursor'>;

/** An X.509 certificate: `ne_ssl_certificate *` (ne_ssl.h). */
export type ne_ssl_certificate = Handle<'ne_ssl_certificate'>;

/** The name of whom a certificate is for, or is from: `ne_ssl_dname *` (ne_ssl.h). */
export type ne_ssl_dname = Handle<'ne_ssl_dname'>;

/** A certificate with its private key: `ne_ssl_client_cert *` (ne_ssl.h). */
export type ne_ssl_client_cert = Handle<'ne_ssl_client_cert'>;

/** A token with certificates and keys: `ne_ssl_pkcs11_provider *` (ne_pkcs11.h). */
export type ne_ssl_pkcs11_provider = Handle<'ne_ssl_pkcs11_provider'>;

/** A network address: `ne_inet_addr *` (ne_socket.h). */
export type ne_inet_addr = Handle<'ne_inet_addr'>;

/** The state of an MD5 sum: `ne_md5_ctx *` (ne_md5.h). */
export type ne_md5_ctx = Handle<'ne_md5_ctx'>;

/** What a name resolved to: `ne_sock_addr *` (ne_socket.h). */
export type ne_sock_addr = Handle<'ne_sock_addr'>;

/** A TCP or TLS socket: `ne_socket *` (ne_socket.h). */
export type ne_socket = Handle<'ne_socket'>;

/** How a socket speaks TLS: `ne_ssl_context *` (ne_ssl.h). */
export type ne_ssl_context = Handle<'ne_ssl_context'>;

/** An XML parser: `ne_xml_parser *` (ne_xml.h). */
export type ne_xml_parser = Handle<'ne_xml_parser'>;

/** A reader of multi-status documents: `ne_207_parser *` (ne_207.h). */
export type ne_207_parser = Handle<'ne_207_parser'>;

/** A reader of bodies that come as gzip: `ne_decompress *` (ne_compress.h). */
export type ne_decompress = Handle<'ne_decompress'>;

/** A PROPFIND request, and who is told of its results: `ne_propfind_handler *` (ne_props.h). */
export type ne_propfind_handler = Handle<'ne_propfind_handler'>;

/** The properties of one resource: `const ne_prop_result_set *` (ne_props.h). Lent to a callback. */
export type ne_prop_result_set = Handle<'ne_prop_result_set'>;

/** A set of locks: `ne_lock_store *` (ne_locks.h). */
export type ne_lock_store = Handle<'ne_lock_store'>;

/** A string that grows: `ne_buffer *` (ne_string.h). */
export interface ne_buffer extends Handle<'ne_buffer'> {
  /** The string. */
  readonly data: string;
  /** Its bytes and one more. */
  readonly used: number;
  /** How many bytes it holds without growing. */
  readonly length: number;
}

/** Where a C function would write through a pointer. */
export interface Out<T> {
  value: T;
}

/** An int flag that goes in. */
export type Flag = number | boolean;

/** What a callback may return where C's returns nothing. On the promise surface it is waited for. */
export type Nothing = void | Promise<void>;
