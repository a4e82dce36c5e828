/** Certificates of servers and authorities, and client certificates. */
import type { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { CallOptions } from '../core/abort.js';
import { crypto } from '../core/builtin.js';
import { invalidType, invalidValue, NeonError } from '../core/errors.js';
import { promised } from '../core/native.js';
import { isInstance } from '../core/objects.js';
import { NE_HASH_COLON, NE_HASH_MD5, NE_HASH_SHA256, NE_HASH_SHA512, NE_HASH_SHA512_256 } from '../ne/constants.js';
import type { ne_ssl_certificate, ne_ssl_client_cert, Out } from '../ne/handles.js';
import {
  ne_ssl_cert_cmp,
  ne_ssl_cert_digest,
  ne_ssl_cert_export,
  ne_ssl_cert_hdigest,
  ne_ssl_cert_identity,
  ne_ssl_cert_import,
  ne_ssl_cert_issuer,
  ne_ssl_cert_signedby,
  ne_ssl_cert_subject,
  ne_ssl_clicert_decrypt,
  ne_ssl_clicert_encrypted,
  ne_ssl_clicert_fromuri,
  ne_ssl_clicert_import,
  ne_ssl_clicert_name,
  ne_ssl_clicert_owner,
  ne_ssl_readable_dname,
} from '../ne/ssl.js';

/** Hash algorithms of fingerprints, by name (`NE_HASH_*`). */
const algorithms = {
  md5: NE_HASH_MD5,
  sha256: NE_HASH_SHA256,
  sha512: NE_HASH_SHA512,
  'sha512-256': NE_HASH_SHA512_256,
} as const;

/** The name of a hash algorithm for the fingerprint of a certificate; see {@link Certificate.digest}. */
export type DigestAlgorithm = 'sha1' | keyof typeof algorithms;

/** The promise forms. Importing `libneon/ne/promises` would load all of `libneon/ne`. */
const certificateFromURI = promised(ne_ssl_clicert_fromuri, 2);
const decryptCertificate = promised(ne_ssl_clicert_decrypt, 2);

const beginning = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;
const end = /-----END (?:TRUSTED |X509 )?CERTIFICATE-----/;

/**
 * An X.509 certificate: `ne_ssl_certificate`. It is independent of any session: a certificate that
 * {@link TLSOptions.verify} received remains usable after the session is destroyed. The certificate is freed when this
 * object is garbage-collected.
 *
 * @example
 * ```ts
 * const ca = Certificate.fromPEM(readFileSync('ca.pem'));
 * console.log(ca.subject, ca.digest('sha256'));
 * const session = Session.open('https://dav.example.com/', { tls: { ca } });
 * ```
 */
export class Certificate {
  /** The `ne_ssl_certificate` of this certificate, for the functions of `libneon/ne`. */
  readonly handle: ne_ssl_certificate;
  readonly #issuer: Certificate | undefined;
  #x509: X509Certificate | undefined;

  /**
   * Wraps a certificate of `libneon/ne`.
   *
   * @param issuerCertificate the certificate that signed this certificate, if it is known
   * @throws `ERR_INVALID_ARG_TYPE` when an argument is not a certificate
   */
  constructor(handle: ne_ssl_certificate, issuerCertificate?: Certificate) {
    requireCertificate(handle);
    if (issuerCertificate !== undefined && !isInstance(issuerCertificate, Certificate))
      throw invalidType('issuerCertificate', 'an instance of Certificate', issuerCertificate);
    this.handle = handle;
    this.#issuer = issuerCertificate;
  }

  /**
   * Returns the first certificate of a PEM text.
   *
   * @throws `ERR_INVALID_ARG_VALUE` when the text contains no certificate, or its first certificate is invalid;
   *   `ERR_INVALID_ARG_TYPE` when `pem` is neither text nor bytes
   */
  static fromPEM(pem: string | Uint8Array): Certificate {
    const [base64] = pemBlocks(textOf('pem', pem));
    if (base64 === undefined) throw invalidValue('The "pem" argument holds no certificate in PEM form');
    return new Certificate(importCertificate(base64));
  }

  /**
   * Returns all certificates of a PEM text, in their order; an empty array for a text without certificates.
   *
   * @throws `ERR_INVALID_ARG_VALUE` when a certificate is invalid; the message says which certificate.
   *   `ERR_INVALID_ARG_TYPE` when `pem` is neither text nor bytes
   */
  static allFromPEM(pem: string | Uint8Array): Certificate[] {
    return Array.from(certificatesOf(textOf('pem', pem)), (handle) => new Certificate(handle));
  }

  /**
   * Creates a certificate from its DER form.
   *
   * @throws `ERR_INVALID_ARG_VALUE` when the bytes are not a certificate, `ERR_INVALID_ARG_TYPE` when `der` is not
   *   bytes
   */
  static fromDER(der: Uint8Array): Certificate {
    if (!isInstance(der, Uint8Array)) throw invalidType('der', 'an instance of Uint8Array', der);
    return new Certificate(importCertificate(Buffer.from(der).toString('base64')));
  }

  /**
   * Converts an `X509Certificate` of Node, including the chain of issuers that Node knows.
   *
   * @throws `ERR_INVALID_ARG_TYPE` when `x509` is not an `X509Certificate` of Node
   */
  static fromX509(x509: X509Certificate): Certificate {
    if (!isInstance(x509, crypto().X509Certificate)) throw invalidType('x509', 'an instance of X509Certificate', x509);
    const issuer = x509.issuerCertificate;
    return new Certificate(
      importCertificate(x509.raw.toString('base64')),
      issuer && !issuer.raw.equals(x509.raw) ? Certificate.fromX509(issuer) : undefined,
    );
  }

  /**
   * The name of the subject in readable form: `'Example Ltd., Norfolk, GB'`. The common name is omitted if there are
   * other attributes. In C: `ne_ssl_readable_dname` of `ne_ssl_cert_subject`.
   */
  get subject(): string {
    return ne_ssl_readable_dname(ne_ssl_cert_subject(this.handle));
  }

  /** The name of the issuer in readable form; see {@link subject}. In C: `ne_ssl_cert_issuer`. */
  get issuer(): string {
    return ne_ssl_readable_dname(ne_ssl_cert_issuer(this.handle));
  }

  /**
   * The certificate of the signer, as sent by the server; undefined if the signer is unknown. In C:
   * `ne_ssl_cert_signedby`.
   */
  get issuerCertificate(): Certificate | undefined {
    if (this.#issuer) return this.#issuer;
    const handle = ne_ssl_cert_signedby(this.handle);
    return handle ? new Certificate(handle) : undefined;
  }

  /** This certificate, followed by the chain of its signers, as far as they are known. */
  get chain(): Certificate[] {
    return [this, ...(this.issuerCertificate?.chain ?? [])];
  }

  /** The host name that the certificate is for; null if the certificate names no host. In C: `ne_ssl_cert_identity`. */
  get identity(): string | null {
    return ne_ssl_cert_identity(this.handle);
  }

  /** The time when the certificate becomes valid. */
  get validFrom(): Date {
    return new Date(this.toX509().validFrom);
  }

  /** The time when the certificate expires. */
  get validUntil(): Date {
    return new Date(this.toX509().validTo);
  }

  /**
   * Returns the fingerprint as hexadecimal bytes: `'aa:bb:…'`. In C: `ne_ssl_cert_digest` for SHA-1,
   * `ne_ssl_cert_hdigest` for the other algorithms.
   *
   * @throws `ERR_NEON_UNSUPPORTED` for an algorithm that this neon does not have, `ERR_INVALID_ARG_VALUE` for an
   *   unknown name
   */
  digest(algorithm: DigestAlgorithm = 'sha256'): string {
    if (algorithm === 'sha1') {
      const digest: Partial<Out<string>> = {};
      ne_ssl_cert_digest(this.handle, digest);
      if (digest.value !== undefined) return digest.value;
    } else {
      if (typeof algorithm !== 'string') throw invalidType('algorithm', 'of type string', algorithm);
      if (!Object.hasOwn(algorithms, algorithm))
        throw invalidValue(`There is no algorithm '${algorithm as string}' here`);
      const digest = ne_ssl_cert_hdigest(this.handle, algorithms[algorithm] | NE_HASH_COLON);
      if (digest !== null) return digest;
    }
    throw new NeonError(`This neon makes no fingerprints with ${algorithm}`, 'ERR_NEON_UNSUPPORTED');
  }

  /**
   * Returns whether this certificate and `other` are equal, byte for byte. In C: `ne_ssl_cert_cmp`.
   *
   * @throws `ERR_INVALID_ARG_TYPE` when `other` is not a {@link Certificate}
   */
  equals(other: Certificate): boolean {
    if (!isInstance(other, Certificate)) throw invalidType('other', 'an instance of Certificate', other);
    return ne_ssl_cert_cmp(this.handle, other.handle) === 0;
  }

  /** Returns the DER form: the bytes of the certificate. */
  toDER(): Buffer {
    return Buffer.from(ne_ssl_cert_export(this.handle), 'base64');
  }

  /** Returns the PEM form, without the certificates that signed it. In C: `ne_ssl_cert_export`. */
  toPEM(): string {
    const lines = ne_ssl_cert_export(this.handle).replaceAll(/.{1,64}/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
  }

  /** Returns the certificate as an object of Node's class, without the certificates that signed it. */
  toX509(): X509Certificate {
    return (this.#x509 ??= new (crypto().X509Certificate)(this.toDER()));
  }

  /** Returns the PEM form; see {@link toPEM}. */
  toString(): string {
    return this.toPEM();
  }
}

/**
 * A certificate with its private key: `ne_ssl_client_cert`. An encrypted client certificate has no {@link certificate},
 * and cannot authenticate a session.
 *
 * @example
 * ```ts
 * const clientCert = ClientCertificate.read('alice.p12');
 * if (clientCert.encrypted) await clientCert.decrypt(passphrase);
 * const session = Session.open('https://dav.example.com/', { tls: { clientCert } });
 * ```
 */
export class ClientCertificate {
  /** The `ne_ssl_client_cert` of this certificate, for the functions of `libneon/ne`. */
  readonly handle: ne_ssl_client_cert;

  /**
   * Wraps a client certificate of `libneon/ne`.
   *
   * @throws `ERR_INVALID_ARG_TYPE` when `handle` is not a client certificate
   */
  constructor(handle: ne_ssl_client_cert) {
    ne_ssl_clicert_encrypted(handle); // throws unless it is a client certificate
    this.handle = handle;
  }

  /**
   * Creates a client certificate from the bytes of a PKCS#12 file: `ne_ssl_clicert_import`.
   *
   * @param passphrase decrypts the certificate on the calling thread. Without a passphrase, the certificate stays
   *   encrypted, unless the file is unprotected
   * @throws `ERR_INVALID_ARG_VALUE` when the bytes are not a PKCS#12 file, `NE_ERROR` when the passphrase is wrong,
   *   `ERR_INVALID_ARG_TYPE` for an argument of another type
   */
  static fromPFX(pfx: Uint8Array, passphrase?: string): ClientCertificate {
    if (!isInstance(pfx, Uint8Array)) throw invalidType('pfx', 'an instance of Uint8Array', typeof pfx);
    const handle = ne_ssl_clicert_import(pfx);
    if (!handle) throw invalidValue('The "pfx" argument is not a client certificate in PKCS#12 form');
    const certificate = new ClientCertificate(handle);
    return passphrase === undefined || !certificate.encrypted ? certificate : certificate.decryptSync(passphrase);
  }

  /**
   * Reads a client certificate from a PKCS#12 file, on the calling thread; see {@link fromPFX}.
   *
   * @throws as {@link fromPFX}, and the system's error when the file cannot be read
   */
  static read(file: string | URL, passphrase?: string): ClientCertificate {
    if (typeof file !== 'string' && !isInstance(file, URL)) throw invalidType('file', 'of type string or URL', file);
    return ClientCertificate.fromPFX(readFileSync(file), passphrase);
  }

  /**
   * Resolves to the client certificate that a URI identifies. The certificate is on a PKCS#11 token. With OpenSSL, it
   * may also be in a PEM file that contains the certificate and its key (`file:`). The certificate may be encrypted. In
   * C: `ne_ssl_clicert_fromuri`, since neon 0.35.
   *
   * Rejects with `ERR_NEON_UNSUPPORTED` if neon is too old, with `NE_ERROR` if there is no client certificate at the
   * URI, and with the signal's reason after an abort.
   */
  static async fromURI(uri: string, options?: CallOptions): Promise<ClientCertificate> {
    const handle = await certificateFromURI(uri, 0, options);
    if (!handle) throw new NeonError('The URI leads to no client certificate', 'NE_ERROR');
    return new ClientCertificate(handle);
  }

  /**
   * Whether the certificate is still encrypted. If so, it must be decrypted before use. In C:
   * `ne_ssl_clicert_encrypted`.
   */
  get encrypted(): boolean {
    return ne_ssl_clicert_encrypted(this.handle) !== 0;
  }

  /**
   * The "friendly name" in the file; null if the file has none. With GnuTLS, it is also null while the certificate is
   * encrypted. In C: `ne_ssl_clicert_name`.
   */
  get name(): string | null {
    return ne_ssl_clicert_name(this.handle);
  }

  /**
   * The certificate without its private key. In C: `ne_ssl_clicert_owner`.
   *
   * @throws `ERR_NEON_INVALID_STATE` while the client certificate is encrypted
   */
  get certificate(): Certificate {
    return new Certificate(ne_ssl_clicert_owner(this.handle));
  }

  /**
   * Decrypts the certificate off the JavaScript thread; resolves to this object. In C: `ne_ssl_clicert_decrypt`.
   *
   * Rejects with `NE_ERROR` when the passphrase is wrong; another passphrase may then be tried. Rejects with
   * `ERR_NEON_INVALID_STATE` when the certificate is decrypted already, and with the signal's reason after an abort.
   */
  async decrypt(passphrase: string, options?: CallOptions): Promise<this> {
    requireText('passphrase', passphrase);
    return this.#decrypted(await decryptCertificate(this.handle, passphrase, options));
  }

  /**
   * Decrypts the certificate on the calling thread; returns this object. The file determines how long the decryption
   * blocks the thread.
   *
   * @throws `NE_ERROR` when the passphrase is wrong, `ERR_NEON_INVALID_STATE` when the certificate is decrypted already
   */
  decryptSync(passphrase: string): this {
    requireText('passphrase', passphrase);
    return this.#decrypted(ne_ssl_clicert_decrypt(this.handle, passphrase));
  }

  #decrypted(result: number): this {
    if (result !== 0)
      throw new NeonError('The client certificate could not be decrypted: the passphrase is wrong', 'NE_ERROR');
    return this;
  }
}

/**
 * Copies a certificate together with the certificates that signed it. The copy is needed because the original is valid
 * only during neon's callback.
 * @internal
 */
export function keepCertificate(lent: ne_ssl_certificate): Certificate {
  const signer = ne_ssl_cert_signedby(lent);
  const handle = importCertificate(ne_ssl_cert_export(lent));
  return new Certificate(handle, signer ? keepCertificate(signer) : undefined);
}

/**
 * The certificates of a PEM text, one after the other. @internal
 *
 * @throws `ERR_INVALID_ARG_VALUE` for an invalid certificate; if the text has several certificates, the message says
 *   which certificate is invalid
 */
export function* certificatesOf(text: string): Generator<ne_ssl_certificate> {
  const blocks = pemBlocks(text);
  for (const [index, base64] of blocks.entries())
    yield importCertificate(base64, blocks.length === 1 ? 'This' : `Certificate ${index + 1} of ${blocks.length}`);
}

/** The base64 text of each certificate in a PEM text; an empty string for a certificate without an end line. */
function pemBlocks(text: string): string[] {
  const begun = text.split(beginning).slice(1);
  return begun.map((rest) => rest.slice(0, Math.max(rest.search(end), 0)).replaceAll(/\s+/g, ''));
}

/** @internal */
export function importCertificate(base64: string, which = 'This'): ne_ssl_certificate {
  const handle = ne_ssl_cert_import(base64);
  if (!handle) throw invalidValue(`${which} is not a certificate, or one that the TLS library cannot read`);
  return handle;
}

/** Returns an argument as a string; the caller may have given a string or bytes. @internal */
export function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (isInstance(value, Uint8Array)) return Buffer.from(value).toString('latin1');
  throw invalidType(name, 'of type string or an instance of Uint8Array', value);
}

/** Errors do not contain the value: it may be a secret. @internal */
export function requireText(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', typeof value);
}

function requireCertificate(handle: ne_ssl_certificate): void {
  ne_ssl_cert_subject(handle); // throws unless it is a certificate
}
