/** One new handle of each kind, made without a server. */
import * as ne from 'libneon/ne';
import { rootInBase64 } from './certificates.js';
import { clientCertificate } from './client-certificate.js';

export const newSession = (): ne.ne_session => ne.ne_session_create('http', 'nosuchhost.invalid', 80);
export const newRequest = (): ne.ne_request => ne.ne_request_create(newSession(), 'PUT', '/');
export const newCertificate = (): ne.ne_ssl_certificate => ne.ne_ssl_cert_import(rootInBase64)!;
export const newClientCertificate = (): ne.ne_ssl_client_cert => ne.ne_ssl_clicert_import(clientCertificate)!;

export const newAddress = (): ne.ne_inet_addr => ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!;

/** For each kind of handle, a function that makes a new handle. */
export const handles = {
  ne_session: newSession,
  ne_request: newRequest,
  ne_ssl_certificate: newCertificate,
  ne_ssl_dname: () => ne.ne_ssl_cert_subject(newCertificate()),
  ne_ssl_client_cert: newClientCertificate,
  ne_inet_addr: newAddress,
  ne_buffer: ne.ne_buffer_create,
  ne_md5_ctx: () => ne.ne_md5_create_ctx()!,
  ne_sock_addr: () => ne.ne_addr_resolve('127.0.0.1', 0),
  ne_ssl_context: () => ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT)!,
  ne_socket: ne.ne_sock_create,
  ne_xml_parser: ne.ne_xml_create,
  ne_207_parser: () => ne.ne_207_create(ne.ne_xml_create(), { path: '/' }),
  ne_decompress: () => ne.ne_decompress_reader(newRequest(), ne.ne_accept_2xx, () => 0),
  ne_propfind_handler: () => ne.ne_propfind_create(newSession(), '/', 0),
  ne_lock_store: ne.ne_lockstore_create,
};
