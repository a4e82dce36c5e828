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

/** Reads a certificate from a PEM file (the first in it), or null when there is none. */
export const ne_ssl_cert_read: (filename: string) => ne_ssl_certificate | null = native('ne_ssl_cert_read');

/** Writes a certificate to a file in PEM form, in place of what was in it. 0, or non-zero when that failed. */
export const ne_ssl_cert_write: (cert: ne_ssl_certificate, filename: string) => number = native('ne_ssl_cert_write');

/** A certificate from the base64 of its DER form, or null when that is not one. */
export const ne_ssl_cert_import: (data: string) => ne_ssl_certificate | null = native('ne_ssl_cert_import');

/** The base64 of a certificate's DER form: PEM without its first and last line, and without line ends. */
export const ne_ssl_cert_export: (cert: ne_ssl_certificate) => string = native('ne_ssl_cert_export');

/**
 * For whom the certificate is: the first host name (or URI) of its subjectAltName; where that has none, its last
 * common name; null where it has neither.
 */
export const ne_ssl_cert_identity: (cert: ne_ssl_certificate) => string | null = native('ne_ssl_cert_identity');

/**
 * The certificate that signed this one, as the server sent it; null when that is not known: so it is for one that was
 * read or imported. It belongs to this one.
 */
export const ne_ssl_cert_signedby: (cert: ne_ssl_certificate) => ne_ssl_certificate | null =
  native('ne_ssl_cert_signedby');

/** The name of whom signed the certificate. */
export const ne_ssl_cert_issuer: (cert: ne_ssl_certificate) => ne_ssl_dname = native('ne_ssl_cert_issuer');

/** The name of whom the certificate is for. */
export const ne_ssl_cert_subject: (cert: ne_ssl_certificate) => ne_ssl_dname = native('ne_ssl_cert_subject');

/** Sets `digest.value` to the SHA-1 fingerprint, as `"aa:bb:…"`. 0, or non-zero when it could not be made. */
export const ne_ssl_cert_digest: (cert: ne_ssl_certificate, digest: Partial<Out<string>>) => number =
  native('ne_ssl_cert_digest');

/**
 * The fingerprint as hexadecimal digits.
 *
 * @param flags `NE_HASH_*`: a hash algorithm, and how the digits are parted
 * @returns null for an algorithm that this neon does not have
 */
export const ne_ssl_cert_hdigest: (cert: ne_ssl_certificate, flags: number) => string | null =
  native('ne_ssl_cert_hdigest');

/**
 * Sets `from.value` and `until.value` to the time from which, and until when, the certificate is valid, as in
 * `"Wed, 25 Nov 2026 08:00:00 GMT"`. Each may be null. With OpenSSL, neon before 0.37 misreads times
 * in their longer form, which those from 2050 on have, and a few others.
 */
export const ne_ssl_cert_validity: (
  cert: ne_ssl_certificate,
  from: Partial<Out<string>> | null,
  until: Partial<Out<string>> | null,
) => void = native('ne_ssl_cert_validity');

/** The same in seconds since 1970; -1 for a time that cannot be told. */
export const ne_ssl_cert_validity_time: (
  cert: ne_ssl_certificate,
  from: Partial<Out<number>> | null,
  until: Partial<Out<number>> | null,
) => void = native('ne_ssl_cert_validity_time');

/** 0 when two certificates are the same. */
export const ne_ssl_cert_cmp: (c1: ne_ssl_certificate, c2: ne_ssl_certificate) => number = native('ne_ssl_cert_cmp');

/**
 * Frees a certificate. Sessions that trust it, and names taken from it, go on with it.
 *
 * @throws `ERR_NEON_BORROWED` when it belongs to another object, or was lent to a callback
 */
export const ne_ssl_cert_free: (cert: ne_ssl_certificate) => void = native('ne_ssl_cert_free');

/** A name for people, in one line: `"Example Ltd., Norfolk, GB"`. The common name is left out where there is more. */
export const ne_ssl_readable_dname: (dn: ne_ssl_dname) => string = native('ne_ssl_readable_dname');

/** 0 when two names are the same. */
export const ne_ssl_dname_cmp: (dn1: ne_ssl_dname, dn2: ne_ssl_dname) => number = native('ne_ssl_dname_cmp');

// --- Client certificates ------------------------------------------------------------------------------------------

/** Reads a client certificate and its key from a PKCS#12 file; null when that is not one. It may be encrypted. */
export const ne_ssl_clicert_read: (filename: string) => ne_ssl_client_cert | null = native('ne_ssl_clicert_read');

/** A client certificate and its key from the bytes of a PKCS#12 file; null when that is not one. It may be encrypted. */
export const ne_ssl_clicert_import: (buffer: string | Uint8Array) => ne_ssl_client_cert | null =
  native('ne_ssl_clicert_import');

/**
 * A client certificate from what a URI names: a PKCS#11 token, or, with OpenSSL, also a file with both in PEM form
 * (`file:`). Null when there is none. It may be encrypted. Needs neon 0.35.
 *
 * @param flags 0
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_clicert_fromuri: (uri: string, flags: number) => ne_ssl_client_cert | null =
  native('ne_ssl_clicert_fromuri');

/** Non-zero while it is encrypted. */
export const ne_ssl_clicert_encrypted: (ccert: ne_ssl_client_cert) => number = native('ne_ssl_clicert_encrypted');

/** Its "friendly name"; null when it has none, and with GnuTLS also when its file is (or was) encrypted. */
export const ne_ssl_clicert_name: (ccert: ne_ssl_client_cert) => string | null = native('ne_ssl_clicert_name');

/**
 * Decrypts it. 0, or non-zero when that failed: then it is still encrypted, and another password may be tried. How long
 * that takes is up to whoever made the file.
 *
 * @throws `ERR_NEON_INVALID_STATE` when it is decrypted
 */
export const ne_ssl_clicert_decrypt: (ccert: ne_ssl_client_cert, password: string) => number =
  native('ne_ssl_clicert_decrypt');

/**
 * The certificate in it, which belongs to it.
 *
 * @throws `ERR_NEON_INVALID_STATE` while it is encrypted
 */
export const ne_ssl_clicert_owner: (ccert: ne_ssl_client_cert) => ne_ssl_certificate = native('ne_ssl_clicert_owner');

/**
 * A copy. Needs neon 0.37.
 *
 * @throws `ERR_NEON_INVALID_STATE` while it is encrypted, `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_ssl_clicert_copy: (ccert: ne_ssl_client_cert) => ne_ssl_client_cert = native('ne_ssl_clicert_copy');

/** Frees a client certificate. Sessions that were given it go on with it. */
export const ne_ssl_clicert_free: (ccert: ne_ssl_client_cert) => void = native('ne_ssl_clicert_free');

/**
 * A context for TLS on a `ne_socket`: `NE_SSL_CTX_CLIENT` or `NE_SSL_CTX_SERVER`. Null when this neon makes none of that
 * mode. A client trusts nobody until it is told.
 */
export const ne_ssl_context_create: (mode: number) => ne_ssl_context | null = native('ne_ssl_context_create');

/** Sets a flag (`NE_SSL_CTX_SSLv2`). Those that this neon does not know are ignored. */
export const ne_ssl_context_set_flag: (ctx: ne_ssl_context, flag: number, value: Flag) => void =
  native('ne_ssl_context_set_flag');

/** Non-zero if the flag is set. */
export const ne_ssl_context_get_flag: (ctx: ne_ssl_context, flag: number) => number = native('ne_ssl_context_get_flag');

/**
 * The server's certificate (a PEM file, its chain after it) and private key (a PEM file). Returns 0, or -1 when they
 * cannot be used (with GnuTLS 0 all the same).
 */
export const ne_ssl_context_keypair: (ctx: ne_ssl_context, cert: string, key: string) => number =
  native('ne_ssl_context_keypair');

/**
 * Asks clients for a certificate: `required` fails the handshake of those that have none. `ca_names`: a PEM file of the
 * authorities that the server names; `verify_cas`: a PEM file of those that it trusts; null is none. Returns 0.
 */
export const ne_ssl_context_set_verify: (
  ctx: ne_ssl_context,
  required: Flag,
  ca_names: string | null,
  verify_cas: string | null,
) => number = native('ne_ssl_context_set_verify');

/**
 * The oldest and the newest version of TLS (`NE_SSL_PROTO_*`; `NE_SSL_PROTO_UNSPEC` is no limit) of handshakes to come.
 * Returns 0, or `NE_SOCK_ERROR` when the TLS library cannot do that. Needs neon 0.34.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_context_set_versions: (ctx: ne_ssl_context, min: number, max: number) => number =
  native('ne_ssl_context_set_versions');

/** A client trusts this certificate, and what it signed. */
export const ne_ssl_context_trustcert: (ctx: ne_ssl_context, cert: ne_ssl_certificate) => void =
  native('ne_ssl_context_trustcert');

/**
 * A client trusts the default certificate authorities of the TLS library. Needs neon 0.37.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_context_trustdefca: (ctx: ne_ssl_context) => void = native('ne_ssl_context_trustdefca');

/**
 * A client authenticates with this certificate where servers ask for one. Needs neon 0.37.
 *
 * @throws `ERR_NEON_INVALID_STATE` while it is encrypted, `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_ssl_context_set_clicert: (ctx: ne_ssl_context, cc: ne_ssl_client_cert) => void =
  native('ne_ssl_context_set_clicert');

/**
 * Called when a server asks for a client certificate and the context has none. It sets one
 * (ne_ssl_context_set_clicert), or the connection goes on without. `dnames` are the authorities that the server
 * accepts, if it says so; they end with the call. On the promise surface it may return a promise.
 */
export type ne_ssl_ccprovide_fn = (dnames: ne_ssl_dname[]) => Nothing;

/**
 * Sets who is called when a server asks for a client certificate, of handshakes to come; null is nobody. Needs neon 0.37.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_context_set_ccprovide: (ctx: ne_ssl_context, provider: ne_ssl_ccprovide_fn | null) => void =
  native('ne_ssl_context_set_ccprovide');

/** Frees a context. Sockets that use it go on with it. */
export const ne_ssl_context_destroy: (ctx: ne_ssl_context) => void = native('ne_ssl_context_destroy');

/**
 * The name of a version of TLS (`NE_SSL_PROTO_*`), or null. Needs neon 0.34.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_proto_name: (proto: number) => string | null = native('ne_ssl_proto_name');
