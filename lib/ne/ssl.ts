/** Certificates, client certificates and TLS contexts: the API of ne_ssl.h. */
import { native } from '../core/native.js';
import type {
  Flag,
  Nothing,
  Out,
  ne_ssl_certificate,
  ne_ssl_client_cert,
  ne_ssl_context,
  ne_ssl_dname,
} from './handles.js';

// --- Certificates -------------------------------------------------------------------------------------------------

/**
 * Reads the first certificate of a PEM file.
 *
 * @returns null when the file has no certificate
 */
export const ne_ssl_cert_read: (filename: string) => ne_ssl_certificate | null = native('ne_ssl_cert_read');

/**
 * Writes a certificate to a file in PEM form, and replaces the content of the file.
 *
 * @returns 0, or non-zero on an error
 */
export const ne_ssl_cert_write: (cert: ne_ssl_certificate, filename: string) => number = native('ne_ssl_cert_write');

/**
 * Creates a certificate from the base64 of its DER form.
 *
 * @returns null when `data` is not a certificate
 */
export const ne_ssl_cert_import: (data: string) => ne_ssl_certificate | null = native('ne_ssl_cert_import');

/** Returns the base64 of a certificate's DER form. The result is the body of a PEM file without line breaks. */
export const ne_ssl_cert_export: (cert: ne_ssl_certificate) => string = native('ne_ssl_cert_export');

/**
 * Returns the identity of a certificate. This is the first host name (or URI) of its subjectAltName, or else its last
 * common name.
 *
 * @returns null when the certificate has no identity
 */
export const ne_ssl_cert_identity: (cert: ne_ssl_certificate) => string | null = native('ne_ssl_cert_identity');

/**
 * Returns the issuer's certificate: the certificate that signed `cert`. It comes from the chain that the server sent.
 * The result belongs to `cert`.
 *
 * @returns null when the issuer's certificate is not known, for example because `cert` was read or imported
 */
export const ne_ssl_cert_signedby: (cert: ne_ssl_certificate) => ne_ssl_certificate | null =
  native('ne_ssl_cert_signedby');

/** Returns the name of the issuer of a certificate. */
export const ne_ssl_cert_issuer: (cert: ne_ssl_certificate) => ne_ssl_dname = native('ne_ssl_cert_issuer');

/** Returns the name of the subject of a certificate. */
export const ne_ssl_cert_subject: (cert: ne_ssl_certificate) => ne_ssl_dname = native('ne_ssl_cert_subject');

/**
 * Computes the SHA-1 fingerprint of a certificate.
 *
 * @param digest `value` is set to the fingerprint, as `"aa:bb:…"`
 * @returns 0, or non-zero on an error
 */
export const ne_ssl_cert_digest: (cert: ne_ssl_certificate, digest: Partial<Out<string>>) => number =
  native('ne_ssl_cert_digest');

/**
 * Returns the fingerprint of a certificate as hexadecimal digits.
 *
 * @param flags a hash algorithm, `NE_HASH_*`. Add `NE_HASH_COLON` or `NE_HASH_SPACE` to separate pairs of digits
 * @returns null if the loaded neon does not have the algorithm
 */
export const ne_ssl_cert_hdigest: (cert: ne_ssl_certificate, flags: number) => string | null =
  native('ne_ssl_cert_hdigest');

/**
 * Formats the start and the end of a certificate's validity, each in the form `"Wed, 25 Nov 2026 08:00:00 GMT"`.
 *
 * Certificates store times from 2050 on as GeneralizedTime. With OpenSSL, versions of neon before 0.37 misread this
 * form and some other times.
 *
 * @param from null, or an object whose `value` is set to the start
 * @param until null, or an object whose `value` is set to the end
 */
export const ne_ssl_cert_validity: (
  cert: ne_ssl_certificate,
  from: Partial<Out<string>> | null,
  until: Partial<Out<string>> | null,
) => void = native('ne_ssl_cert_validity');

/**
 * Determines the start and the end of a certificate's validity, in seconds since 1970. A time that cannot be read
 * becomes -1.
 *
 * Certificates store times from 2050 on as GeneralizedTime. With OpenSSL, versions of neon before 0.37 misread this
 * form and some other times.
 *
 * @param from null, or an object whose `value` is set to the start
 * @param until null, or an object whose `value` is set to the end
 */
export const ne_ssl_cert_validity_time: (
  cert: ne_ssl_certificate,
  from: Partial<Out<number>> | null,
  until: Partial<Out<number>> | null,
) => void = native('ne_ssl_cert_validity_time');

/** Compares two certificates, and returns 0 when they are equal. */
export const ne_ssl_cert_cmp: (c1: ne_ssl_certificate, c2: ne_ssl_certificate) => number = native('ne_ssl_cert_cmp');

/**
 * Frees a certificate. Sessions that trust the certificate continue to trust it, and names from the certificate remain
 * valid.
 *
 * @throws `ERR_NEON_BORROWED` when the certificate belongs to another object, or is the argument of a callback
 */
export const ne_ssl_cert_free: (cert: ne_ssl_certificate) => void = native('ne_ssl_cert_free');

/**
 * Formats a name as one readable line: `"Example Ltd., Norfolk, GB"`. The line omits the common name and the email
 * address, unless the name has no other part.
 */
export const ne_ssl_readable_dname: (dn: ne_ssl_dname) => string = native('ne_ssl_readable_dname');

/** Compares two names, and returns 0 when they are equal. */
export const ne_ssl_dname_cmp: (dn1: ne_ssl_dname, dn2: ne_ssl_dname) => number = native('ne_ssl_dname_cmp');

// --- Client certificates ------------------------------------------------------------------------------------------

/**
 * Reads a client certificate and its key from a PKCS#12 file. The file may be encrypted.
 *
 * @returns null when the file is not a PKCS#12 file
 */
export const ne_ssl_clicert_read: (filename: string) => ne_ssl_client_cert | null = native('ne_ssl_clicert_read');

/**
 * Creates a client certificate and its key from the bytes of a PKCS#12 file. The file may be encrypted.
 *
 * @returns null when the bytes are not a PKCS#12 file
 */
export const ne_ssl_clicert_import: (buffer: string | Uint8Array) => ne_ssl_client_cert | null =
  native('ne_ssl_clicert_import');

/**
 * Creates a client certificate from a URI. Requires neon 0.35 or later, built with OpenSSL.
 *
 * The URI names a PKCS#11 token, or a file (`file:`) with the certificate and the key in PEM form. The client
 * certificate may be encrypted. With GnuTLS the result is null.
 *
 * @param flags 0
 * @returns null when the URI does not name a client certificate
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_ssl_clicert_fromuri: (uri: string, flags: number) => ne_ssl_client_cert | null =
  native('ne_ssl_clicert_fromuri');

/** Returns non-zero while a client certificate is encrypted. */
export const ne_ssl_clicert_encrypted: (ccert: ne_ssl_client_cert) => number = native('ne_ssl_clicert_encrypted');

/**
 * Returns the "friendly name" of a client certificate.
 *
 * @returns null when the certificate has no such name. With GnuTLS the result is null for every file that is encrypted,
 *   even after decryption
 */
export const ne_ssl_clicert_name: (ccert: ne_ssl_client_cert) => string | null = native('ne_ssl_clicert_name');

/**
 * Decrypts a client certificate. The file determines how long decryption takes.
 *
 * @returns 0, or non-zero on an error. After an error the certificate is still encrypted, and another password can be
 *   tried
 * @throws `ERR_NEON_INVALID_STATE` when the certificate is already decrypted
 */
export const ne_ssl_clicert_decrypt: (ccert: ne_ssl_client_cert, password: string) => number =
  native('ne_ssl_clicert_decrypt');

/**
 * Returns the certificate inside a client certificate. The result belongs to the client certificate.
 *
 * @throws `ERR_NEON_INVALID_STATE` while the client certificate is encrypted
 */
export const ne_ssl_clicert_owner: (ccert: ne_ssl_client_cert) => ne_ssl_certificate = native('ne_ssl_clicert_owner');

/**
 * Copies a client certificate. Requires neon 0.37 or later.
 *
 * @throws `ERR_NEON_INVALID_STATE` while the client certificate is encrypted, `ERR_NEON_UNSUPPORTED` when the loaded
 *   neon is older
 */
export const ne_ssl_clicert_copy: (ccert: ne_ssl_client_cert) => ne_ssl_client_cert = native('ne_ssl_clicert_copy');

/** Frees a client certificate. Sessions that already use the client certificate keep it. */
export const ne_ssl_clicert_free: (ccert: ne_ssl_client_cert) => void = native('ne_ssl_clicert_free');

// --- Contexts -----------------------------------------------------------------------------------------------------

/**
 * Creates a TLS context for objects of the type `ne_socket`. At first, a client's context trusts no certificate.
 *
 * @param mode `NE_SSL_CTX_CLIENT` or `NE_SSL_CTX_SERVER`
 * @returns null if the loaded neon does not support this mode
 */
export const ne_ssl_context_create: (mode: number) => ne_ssl_context | null = native('ne_ssl_context_create');

/**
 * Sets or clears a flag of a context.
 *
 * @param flag `NE_SSL_CTX_SSLv2`. The call has no effect if the loaded neon does not know the flag
 */
export const ne_ssl_context_set_flag: (ctx: ne_ssl_context, flag: number, value: Flag) => void =
  native('ne_ssl_context_set_flag');

/** Returns non-zero if a flag of a context is set. */
export const ne_ssl_context_get_flag: (ctx: ne_ssl_context, flag: number) => number = native('ne_ssl_context_get_flag');

/**
 * Sets the certificate and the private key of a server.
 *
 * @param cert a PEM file with the certificate, followed by its chain
 * @param key a PEM file with the private key
 * @returns 0, or -1 when the certificate and the key cannot be used; with GnuTLS always 0
 */
export const ne_ssl_context_keypair: (ctx: ne_ssl_context, cert: string, key: string) => number =
  native('ne_ssl_context_keypair');

/**
 * Makes a server ask clients for a certificate.
 *
 * @param required whether the handshake fails for clients without a certificate
 * @param ca_names a PEM file of the authorities that the server sends to clients, or null
 * @param verify_cas a PEM file of the authorities that the server trusts, or null
 * @returns 0
 */
export const ne_ssl_context_set_verify: (
  ctx: ne_ssl_context,
  required: Flag,
  ca_names: string | null,
  verify_cas: string | null,
) => number = native('ne_ssl_context_set_verify');

/**
 * Limits the versions of TLS for later handshakes. Requires neon 0.34 or later.
 *
 * @param min `NE_SSL_PROTO_*`; `NE_SSL_PROTO_UNSPEC` for no limit
 * @param max `NE_SSL_PROTO_*`; `NE_SSL_PROTO_UNSPEC` for no limit
 * @returns 0, or `NE_SOCK_ERROR` when the TLS library cannot set these limits
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_ssl_context_set_versions: (ctx: ne_ssl_context, min: number, max: number) => number =
  native('ne_ssl_context_set_versions');

/** Makes a client trust a certificate, and every certificate that this certificate signed. */
export const ne_ssl_context_trustcert: (ctx: ne_ssl_context, cert: ne_ssl_certificate) => void =
  native('ne_ssl_context_trustcert');

/**
 * Makes a client trust the default certificate authorities of the TLS library. Requires neon 0.37 or later.
 *
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_ssl_context_trustdefca: (ctx: ne_ssl_context) => void = native('ne_ssl_context_trustdefca');

/**
 * Sets the client certificate of a context. The context presents it when a server requests a certificate. Requires neon
 * 0.37 or later.
 *
 * @throws `ERR_NEON_INVALID_STATE` while the client certificate is encrypted, `ERR_NEON_UNSUPPORTED` when the loaded
 *   neon is older
 */
export const ne_ssl_context_set_clicert: (ctx: ne_ssl_context, cc: ne_ssl_client_cert) => void =
  native('ne_ssl_context_set_clicert');

/**
 * Called when a server requests a client certificate and the context has none. The callback may set a client
 * certificate ({@link ne_ssl_context_set_clicert}). Otherwise the connection continues without a client certificate. On
 * the promise surface the callback may return a promise.
 *
 * @param dnames the names of the authorities that the server accepts, or an empty list when the server sent no names.
 *   The names are destroyed when the callback ends
 */
export type ne_ssl_ccprovide_fn = (dnames: ne_ssl_dname[]) => Nothing;

/**
 * Sets the callback for servers that request a client certificate; null removes the callback. The change affects later
 * handshakes only. Requires neon 0.37 or later.
 *
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_ssl_context_set_ccprovide: (ctx: ne_ssl_context, provider: ne_ssl_ccprovide_fn | null) => void =
  native('ne_ssl_context_set_ccprovide');

/** Frees a context. Sockets that already use the context keep it. */
export const ne_ssl_context_destroy: (ctx: ne_ssl_context) => void = native('ne_ssl_context_destroy');

/**
 * Returns the name of a version of TLS, or null for an unknown version. Requires neon 0.34 or later.
 *
 * @param proto `NE_SSL_PROTO_*`
 * @throws `ERR_NEON_UNSUPPORTED` when the loaded neon is older
 */
export const ne_ssl_proto_name: (proto: number) => string | null = native('ne_ssl_proto_name');
