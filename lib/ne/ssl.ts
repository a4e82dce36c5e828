import { native } from '../native.js';
import type { ne_session, ne_ssl_certificate, ne_ssl_client_cert, ne_ssl_dname, Out } from './handles.js';
import type { Nothing } from './hooks.js';

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

// --- TLS of a session ---------------------------------------------------------------------------------------------

/** Trusts this certificate, and what it signed, as a certificate authority. No effect on a session without TLS. */
export const ne_ssl_trust_cert: (sess: ne_session, cert: ne_ssl_certificate) => void = native('ne_ssl_trust_cert');

/** Trusts the default certificate authorities of the TLS library. */
export const ne_ssl_trust_default_ca: (sess: ne_session) => void = native('ne_ssl_trust_default_ca');

/**
 * Asked about a server's certificate that failed verification: for the reasons `failures`, one or more of `NE_SSL_*`; a bit
 * outside `NE_SSL_FAILMASK` is a failure too. 0 accepts the certificate, any other number refuses it. Anything else (also
 * nothing, and booleans) is a `TypeError` that ends the call, and refuses.
 *
 * The certificate and all that is got from it end when the callback has answered; ne_ssl_cert_export keeps it. A
 * certificate that was accepted is not asked about again in the same session. On the promise surface the callback may
 * return a promise.
 */
export type ne_ssl_verify_fn = (failures: number, cert: ne_ssl_certificate) => number | Promise<number>;

/** Sets who is asked about certificates that failed verification; null is nobody, and none is accepted. */
export const ne_ssl_set_verify: (sess: ne_session, fn: ne_ssl_verify_fn | null) => void = native('ne_ssl_set_verify');

/**
 * Makes a session authenticate with this client certificate where a server asks for one.
 *
 * @throws `ERR_NEON_INVALID_STATE` while it is encrypted
 */
export const ne_ssl_set_clicert: (sess: ne_session, clicert: ne_ssl_client_cert) => void = native('ne_ssl_set_clicert');

/**
 * Called when a server asks for a client certificate and the session has none. It sets one (ne_ssl_set_clicert), or the
 * connection goes on without. `dnames` are the authorities that the server accepts, if it says so; they end with the
 * call.
 */
export type ne_ssl_provide_fn = (sess: ne_session, dnames: ne_ssl_dname[]) => Nothing;

/** Sets who is called when a server asks for a client certificate; null is nobody. */
export const ne_ssl_provide_clicert: (sess: ne_session, fn: ne_ssl_provide_fn | null) => void =
  native('ne_ssl_provide_clicert');

/**
 * Limits the versions of TLS (`NE_SSL_PROTO_*`; `NE_SSL_PROTO_UNSPEC` is no limit). `NE_OK`, or `NE_ERROR` for a version
 * that the TLS library does not have, with GnuTLS for a first one without a last, and on a session without TLS; then there
 * is no limit. Needs neon 0.34.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_set_protovers: (sess: ne_session, min: number, max: number) => number =
  native('ne_ssl_set_protovers');
