import { native } from '../native.js';
import type { ne_session, ne_ssl_certificate } from './handles.js';

/** Reads a certificate from a PEM file, or null when there is none in it. */
export const ne_ssl_cert_read: (filename: string) => ne_ssl_certificate | null = native('ne_ssl_cert_read');

/** A certificate from the base64 of its DER form, or null when that is not one. */
export const ne_ssl_cert_import: (data: string) => ne_ssl_certificate | null = native('ne_ssl_cert_import');

/** Frees a certificate. */
export const ne_ssl_cert_free: (cert: ne_ssl_certificate) => void = native('ne_ssl_cert_free');

/** Trusts this certificate, and what it signed, as a certificate authority. No effect on a session without TLS. */
export const ne_ssl_trust_cert: (sess: ne_session, cert: ne_ssl_certificate) => void = native('ne_ssl_trust_cert');

/** Trusts the default certificate authorities of the TLS library. */
export const ne_ssl_trust_default_ca: (sess: ne_session) => void = native('ne_ssl_trust_default_ca');
