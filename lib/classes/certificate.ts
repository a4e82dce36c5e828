import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { CallOptions } from '../core/abort.js';
import { invalidType, invalidValue, NeonError } from '../core/errors.js';
import * as ne from '../ne/index.js';
import * as promises from '../ne/promises.js';

/** Hash algorithms of fingerprints, by name. */
const algorithms = {
  md5: ne.NE_HASH_MD5,
  sha256: ne.NE_HASH_SHA256,
  sha512: ne.NE_HASH_SHA512,
  'sha512-256': ne.NE_HASH_SHA512_256,
} as const;

/** The name of a hash algorithm of fingerprints. */
export type DigestAlgorithm = 'sha1' | keyof typeof algorithms;

const beginning = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/;
const end = /-----END (?:TRUSTED |X509 )?CERTIFICATE-----/;

/**
 * An X.509 certificate: `ne_ssl_certificate`.
 *
 * Those of this class are on their own, also in the callback of the `verify` option, and are freed when they are
 * collected.
 */
export class Certificate {
  /** The `ne_ssl_certificate` under it, for the functions of `libneon/ne`. */
  readonly handle: ne.ne_ssl_certificate;
  readonly #issuer: Certificate | undefined;
  #x509: X509Certificate | undefined;

  /** @param issuerCertificate the one that signed it, where that is known */
  constructor(handle: ne.ne_ssl_certificate, issuerCertificate?: Certificate) {
    requireCertificate(handle);
    if (issuerCertificate !== undefined && !(issuerCertificate instanceof Certificate))
      throw invalidType('issuerCertificate', 'an instance of Certificate', issuerCertificate);
    this.handle = handle;
    this.#issuer = issuerCertificate;
  }

  /**
   * The first certificate of a PEM text.
   *
   * @throws `ERR_INVALID_ARG_VALUE` when there is none, or it is none
   */
  static fromPEM(pem: string | Uint8Array): Certificate {
    const [base64] = pemBlocks(textOf('pem', pem));
    if (base64 === undefined) throw invalidValue('The "pem" argument holds no certificate in PEM form');
    return new Certificate(importCertificate(base64));
  }

  /**
   * All certificates of a PEM text, in their order; none is an empty array.
   *
   * @throws `ERR_INVALID_ARG_VALUE` when one of them is none; the message tells which
   */
  static allFromPEM(pem: string | Uint8Array): Certificate[] {
    return Array.from(certificatesOf(textOf('pem', pem)), (handle) => new Certificate(handle));
  }

  /**
   * A certificate from its DER form.
   *
   * @throws `ERR_INVALID_ARG_VALUE` when it is none
   */
  static fromDER(der: Uint8Array): Certificate {
    if (!(der instanceof Uint8Array)) throw invalidType('der', 'an instance of Uint8Array', der);
    return new Certificate(
      importCertificate(Buffer.from(der.buffer, der.byteOffset, der.byteLength).toString('base64')),
    );
  }

  /** A certificate of Node's, with those that signed it where Node knows them. */
  static fromX509(x509: X509Certificate): Certificate {
    if (!(x509 instanceof X509Certificate)) throw invalidType('x509', 'an instance of X509Certificate', x509);
    const issuer = x509.issuerCertificate;
    return new Certificate(
      importCertificate(x509.raw.toString('base64')),
      issuer && !issuer.raw.equals(x509.raw) ? Certificate.fromX509(issuer) : undefined,
    );
  }

  /** For whom it is, for people: `'Example Ltd., Norfolk, GB'`. The common name is left out where there is more. */
  get subject(): string {
    return ne.ne_ssl_readable_dname(ne.ne_ssl_cert_subject(this.handle));
  }

  /** From whom it is, for people. */
  get issuer(): string {
    return ne.ne_ssl_readable_dname(ne.ne_ssl_cert_issuer(this.handle));
  }

  /** The certificate that signed it, as the server sent it; undefined where that is not known. */
  get issuerCertificate(): Certificate | undefined {
    if (this.#issuer) return this.#issuer;
    const handle = ne.ne_ssl_cert_signedby(this.handle);
    return handle ? new Certificate(handle) : undefined;
  }

  /** This certificate, the one that signed it, and so on, as far as they are known. */
  get chain(): Certificate[] {
    return [this, ...(this.issuerCertificate?.chain ?? [])];
  }

  /** The host name that it is for; null where it names none. See {@link ne.ne_ssl_cert_identity}. */
  get identity(): string | null {
    return ne.ne_ssl_cert_identity(this.handle);
  }

  /** From when it is valid. */
  get validFrom(): Date {
    return new Date(this.toX509().validFrom);
  }

  /** Until when it is valid. */
  get validUntil(): Date {
    return new Date(this.toX509().validTo);
  }

  /**
   * Its fingerprint, as `'aa:bb:…'`.
   *
   * @throws `ERR_NEON_UNSUPPORTED` for an algorithm that this neon does not have
   */
  digest(algorithm: DigestAlgorithm = 'sha256'): string {
    if (algorithm === 'sha1') {
      const digest: Partial<ne.Out<string>> = {};
      ne.ne_ssl_cert_digest(this.handle, digest);
      if (digest.value !== undefined) return digest.value;
    } else {
      if (!Object.hasOwn(algorithms, algorithm))
        throw invalidValue(`There is no algorithm '${algorithm as string}' here`);
      const digest = ne.ne_ssl_cert_hdigest(this.handle, algorithms[algorithm] | ne.NE_HASH_COLON);
      if (digest !== null) return digest;
    }
    throw new NeonError(`This neon makes no fingerprints with ${algorithm}`, 'ERR_NEON_UNSUPPORTED');
  }

  /** Whether both are the same certificate, byte for byte. */
  equals(other: Certificate): boolean {
    if (!(other instanceof Certificate)) throw invalidType('other', 'an instance of Certificate', other);
    return ne.ne_ssl_cert_cmp(this.handle, other.handle) === 0;
  }

  /** Its DER form. */
  toDER(): Buffer {
    return Buffer.from(ne.ne_ssl_cert_export(this.handle), 'base64');
  }

  /** Its PEM form, without those that signed it. */
  toPEM(): string {
    const lines = ne.ne_ssl_cert_export(this.handle).replaceAll(/.{1,64}/g, '$&\n');
    return `-----BEGIN CERTIFICATE-----\n${lines}-----END CERTIFICATE-----\n`;
  }

  /** As Node's class, without those that signed it. */
  toX509(): X509Certificate {
    return (this.#x509 ??= new X509Certificate(this.toDER()));
  }

  /** Its PEM form. */
  toString(): string {
    return this.toPEM();
  }
}

/**
 * A certificate with its private key: `ne_ssl_client_cert`. It is encrypted or decrypted; only the latter has a
 * certificate, and authenticates a session.
 */
export class ClientCertificate {
  /** The `ne_ssl_client_cert` under it, for the functions of `libneon/ne`. */
  readonly handle: ne.ne_ssl_client_cert;

  constructor(handle: ne.ne_ssl_client_cert) {
    ne.ne_ssl_clicert_encrypted(handle); // throws on what is none
    this.handle = handle;
  }

  /**
   * From the bytes of a PKCS#12 file.
   *
   * @param passphrase decrypts it, blocking; without, it stays encrypted unless the file is without protection
   * @throws `ERR_INVALID_ARG_VALUE` when it is no such file, `NE_ERROR` when the passphrase is wrong
   */
  static fromPFX(pfx: Uint8Array, passphrase?: string): ClientCertificate {
    if (!(pfx instanceof Uint8Array)) throw invalidType('pfx', 'an instance of Uint8Array', typeof pfx);
    const handle = ne.ne_ssl_clicert_import(pfx);
    if (!handle) throw invalidValue('The "pfx" argument is no client certificate in PKCS#12 form');
    const certificate = new ClientCertificate(handle);
    return passphrase === undefined || !certificate.encrypted ? certificate : certificate.decryptSync(passphrase);
  }

  /** From a PKCS#12 file. @throws also the errors of the system when the file cannot be read */
  static read(file: string | URL, passphrase?: string): ClientCertificate {
    return ClientCertificate.fromPFX(readFileSync(file), passphrase);
  }

  /**
   * From what a URI names: a PKCS#11 token, or, with OpenSSL, a file with both in PEM form (`file:`). Needs neon 0.35.
   * It may be encrypted.
   *
   * Rejects with `ERR_NEON_UNSUPPORTED` with an older neon, and with `NE_ERROR` when the URI leads to none.
   */
  static async fromURI(uri: string, options?: CallOptions): Promise<ClientCertificate> {
    const handle = await promises.ne_ssl_clicert_fromuri(uri, 0, options);
    if (!handle) throw new NeonError('The URI leads to no client certificate', 'NE_ERROR');
    return new ClientCertificate(handle);
  }

  get encrypted(): boolean {
    return ne.ne_ssl_clicert_encrypted(this.handle) !== 0;
  }

  /**
   * The "friendly name" that its file gives it; null where there is none, and with GnuTLS where the file is encrypted.
   */
  get name(): string | null {
    return ne.ne_ssl_clicert_name(this.handle);
  }

  /** The certificate in it. @throws `ERR_NEON_INVALID_STATE` while it is encrypted */
  get certificate(): Certificate {
    return new Certificate(ne.ne_ssl_clicert_owner(this.handle));
  }

  /** Decrypts it. Rejects with `NE_ERROR` when the passphrase is wrong: then another one may be tried. */
  async decrypt(passphrase: string, options?: CallOptions): Promise<this> {
    requireText('passphrase', passphrase);
    return this.#decrypted(await promises.ne_ssl_clicert_decrypt(this.handle, passphrase, options));
  }

  /** The same, blocking. How long it takes is up to whoever made the file. */
  decryptSync(passphrase: string): this {
    requireText('passphrase', passphrase);
    return this.#decrypted(ne.ne_ssl_clicert_decrypt(this.handle, passphrase));
  }

  #decrypted(result: number): this {
    if (result !== 0)
      throw new NeonError('The client certificate could not be decrypted: the passphrase is wrong', 'NE_ERROR');
    return this;
  }
}

/** A copy of a certificate that is lent to a callback, and of those that signed it. @internal */
export function keepCertificate(lent: ne.ne_ssl_certificate): Certificate {
  const signer = ne.ne_ssl_cert_signedby(lent);
  const handle = importCertificate(ne.ne_ssl_cert_export(lent));
  return new Certificate(handle, signer ? keepCertificate(signer) : undefined);
}

/** The certificates of a PEM text, one after the other. Of many, an error tells which one it is about. @internal */
export function* certificatesOf(text: string): Generator<ne.ne_ssl_certificate> {
  const blocks = pemBlocks(text);
  for (const [index, base64] of blocks.entries())
    yield importCertificate(base64, blocks.length === 1 ? 'This' : `Certificate ${index + 1} of ${blocks.length}`);
}

/** The base64 in each certificate of a PEM text; nothing for one that has no end. */
function pemBlocks(text: string): string[] {
  const begun = text.split(beginning).slice(1);
  return begun.map((rest) => rest.slice(0, Math.max(rest.search(end), 0)).replaceAll(/\s+/g, ''));
}

/** @internal */
export function importCertificate(base64: string, which = 'This'): ne.ne_ssl_certificate {
  const handle = ne.ne_ssl_cert_import(base64);
  if (!handle) throw invalidValue(`${which} is no certificate, or one that the TLS library cannot read`);
  return handle;
}

/** Text, or the bytes of one. @internal */
export function textOf(name: string, value: unknown): string {
  if (typeof value === 'string') return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  throw invalidType(name, 'of type string or an instance of Uint8Array', value);
}

/** No error tells the value: it may be a secret. @internal */
export function requireText(name: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalidType(name, 'of type string', typeof value);
}

function requireCertificate(handle: ne.ne_ssl_certificate): void {
  ne.ne_ssl_cert_subject(handle); // throws on what is none
}
