/** The options `tls` of sessions: client certificates, verification, versions. */
import { types } from 'node:util';

import { isInstance } from '../core/objects.js';
import { type Certificate, ClientCertificate, keepCertificate, requireText } from './certificate.js';
import { type CertificateFailure, invalidAnswer, invalidType, invalidValue, NeonError } from '../core/errors.js';
import { type Known, requireKnown } from '../core/options.js';
import {
  NE_OK,
  NE_SSL_BADCHAIN,
  NE_SSL_EXPIRED,
  NE_SSL_FAILMASK,
  NE_SSL_IDMISMATCH,
  NE_SSL_NOTYETVALID,
  NE_SSL_PROTO_TLS_1_0,
  NE_SSL_PROTO_TLS_1_1,
  NE_SSL_PROTO_TLS_1_2,
  NE_SSL_PROTO_TLS_1_3,
  NE_SSL_PROTO_UNSPEC,
  NE_SSL_REVOKED,
  NE_SSL_UNTRUSTED,
} from '../ne/constants.js';
import type { ne_session } from '../ne/handles.js';
import {
  ne_get_error,
  ne_ssl_provide_clicert,
  type ne_ssl_provide_fn,
  ne_ssl_set_clicert,
  ne_ssl_set_protovers,
  ne_ssl_set_verify,
  type ne_ssl_verify_fn,
} from '../ne/session.js';
import { ne_ssl_readable_dname } from '../ne/ssl.js';
import { trust, type TrustOptions } from './trust.js';

const failureNames = {
  notYetValid: NE_SSL_NOTYETVALID,
  expired: NE_SSL_EXPIRED,
  idMismatch: NE_SSL_IDMISMATCH,
  untrusted: NE_SSL_UNTRUSTED,
  badChain: NE_SSL_BADCHAIN,
  revoked: NE_SSL_REVOKED,
  /** Failures that this package does not know. */
  other: ~NE_SSL_FAILMASK,
} as const satisfies Record<CertificateFailure, number>;

/**
 * A callback that decides whether to accept a server certificate that failed verification: `true` accepts it. Within a
 * session, the callback is not called again for a certificate that it has accepted. The callback may return a promise,
 * but not in blocking requests. A result that is not a boolean makes the request fail. In C: `ne_ssl_verify_fn`.
 *
 * @example
 * ```ts
 * const verify: CertificateVerifier = (certificate, failures) =>
 *   failures.every((failure) => failure === 'untrusted') && certificate.digest() === pinned;
 * ```
 */
export type CertificateVerifier = (
  certificate: Certificate,
  failures: readonly CertificateFailure[],
) => boolean | Promise<boolean>;

/**
 * A callback that supplies a client certificate when the server asks for one. The certificate must be decrypted. If the
 * callback returns undefined or null, the handshake continues without a certificate. `authorities` contains the
 * readable names of the certificate authorities that the server accepts, if it lists them. The callback may return a
 * promise, but not in blocking requests. In C: `ne_ssl_provide_fn`.
 */
export type ClientCertificateProvider = (
  authorities: readonly string[],
) => ClientCertificate | null | undefined | void | Promise<ClientCertificate | null | undefined | void>;

const protocolVersions = {
  TLSv1: NE_SSL_PROTO_TLS_1_0,
  'TLSv1.1': NE_SSL_PROTO_TLS_1_1,
  'TLSv1.2': NE_SSL_PROTO_TLS_1_2,
  'TLSv1.3': NE_SSL_PROTO_TLS_1_3,
} as const;

/** A version of TLS (`NE_SSL_PROTO_*`). */
export type ProtocolVersion = keyof typeof protocolVersions;

/** The TLS options of a session. */
export interface TLSOptions extends TrustOptions {
  /**
   * The certificate that authenticates the session when the server asks for a certificate. It must be decrypted. In C:
   * `ne_ssl_set_clicert`.
   */
  clientCert?: ClientCertificate | undefined;
  /**
   * The bytes of a PKCS#12 file, in place of `clientCert`. The file is decrypted on the calling thread when the session
   * is created. To decrypt on another thread, use {@link ClientCertificate.decrypt} and `clientCert`.
   */
  pfx?: Uint8Array | undefined;
  /** The passphrase of `pfx`. */
  passphrase?: string | undefined;
  /**
   * Is called when the server asks for a client certificate and the session does not have one. In C:
   * `ne_ssl_provide_clicert`.
   */
  provideClientCert?: ClientCertificateProvider | undefined;
  /**
   * Is called with a certificate that failed verification. Without this callback, the certificate is not accepted, and
   * the request fails with `ERR_NEON_CERTIFICATE`. In C: `ne_ssl_set_verify`.
   */
  verify?: CertificateVerifier | undefined;
  /** The oldest version of TLS to allow. In C: `ne_ssl_set_protovers`, since neon 0.34. */
  minVersion?: ProtocolVersion | undefined;
  /** The newest version of TLS to allow. In C: `ne_ssl_set_protovers`, since neon 0.34. */
  maxVersion?: ProtocolVersion | undefined;
}

const known: Known<TLSOptions> = {
  ca: true,
  trustDefaultCA: true,
  clientCert: true,
  pfx: true,
  passphrase: true,
  provideClientCert: true,
  verify: true,
  minVersion: true,
  maxVersion: true,
};

/**
 * Refuses unknown options. Also called for sessions without TLS, where the known options are ignored. @internal
 *
 * @throws `ERR_INVALID_ARG_TYPE`, `ERR_INVALID_ARG_VALUE`
 */
export function requireKnownTLS(options: TLSOptions): void {
  requireKnown(options, known, 'tls');
}

/**
 * Sets up TLS for a session, according to the options. @internal
 *
 * @throws Node's errors for invalid options, and `ERR_NEON_UNSUPPORTED` if this neon does not support an option
 */
export function secure(session: ne_session, options: TLSOptions = {}): void {
  trust(session, options);
  const { clientCert, provideClientCert, verify } = withClientCertificate(options);
  if (clientCert !== undefined) ne_ssl_set_clicert(session, clientCert.handle);
  if (provideClientCert !== undefined) ne_ssl_provide_clicert(session, provideCallback(provideClientCert));
  if (verify !== undefined) ne_ssl_set_verify(session, verifyCallback(verify));
  setVersions(session, options);
}

/**
 * Decrypts the certificate in the option `pfx`, and returns the options with this certificate as `clientCert`. A pool
 * calls this function once for all its sessions, because decryption takes time. @internal
 */
export function withClientCertificate(options: TLSOptions): TLSOptions {
  const { pfx, passphrase, ...others } = options;
  if (others.clientCert !== undefined && !isInstance(others.clientCert, ClientCertificate))
    throw invalidType('clientCert', 'an instance of ClientCertificate', others.clientCert);
  if (passphrase !== undefined) requireText('passphrase', passphrase);
  if (pfx === undefined) {
    if (passphrase !== undefined) throw invalidValue('The option "passphrase" is that of "pfx", which is missing');
    return options;
  }
  if (others.clientCert !== undefined) throw invalidValue('The options "clientCert" and "pfx" exclude each other');
  return { ...others, clientCert: ClientCertificate.fromPFX(pfx, passphrase) };
}

function verifyCallback(verify: CertificateVerifier): ne_ssl_verify_fn {
  if (typeof verify !== 'function') throw invalidType('verify', 'of type function', verify);
  return (bits, lent) => {
    const names = Object.keys(failureNames) as CertificateFailure[];
    const failures = names.filter((name) => (bits & failureNames[name]) !== 0);
    const answer = verify(keepCertificate(lent), failures);
    return types.isPromise(answer) ? answer.then(verdict) : verdict(answer);
  };
}

// Only `true` accepts. A value that is not a boolean is more likely a mistake than a refusal.
function verdict(answer: unknown): number {
  if (typeof answer !== 'boolean') throw invalidAnswer('verify', 'a boolean', answer);
  return answer ? 0 : 1;
}

function provideCallback(provide: ClientCertificateProvider): ne_ssl_provide_fn {
  if (typeof provide !== 'function') throw invalidType('provideClientCert', 'of type function', provide);
  return (session, names) => {
    const use = (answer: unknown): void => {
      if (answer === undefined || answer === null) return;
      if (!isInstance(answer, ClientCertificate))
        throw invalidAnswer('provideClientCert', 'an instance of ClientCertificate, or nothing', answer);
      ne_ssl_set_clicert(session, answer.handle);
    };
    const answer = provide(names.map((name) => ne_ssl_readable_dname(name)));
    if (types.isPromise(answer)) return answer.then(use);
    use(answer);
    return undefined;
  };
}

function setVersions(session: ne_session, { minVersion, maxVersion }: TLSOptions): void {
  if (minVersion === undefined && maxVersion === undefined) return;
  const [min, max] = [numberOf('minVersion', minVersion), numberOf('maxVersion', maxVersion)];
  const unlimited = max === NE_SSL_PROTO_UNSPEC;
  if (min > max && !unlimited) throw invalidValue('The option "minVersion" is newer than "maxVersion"');
  let result = ne_ssl_set_protovers(session, min, max);
  // With GnuTLS, neon treats "no maximum" as lower than every version, and fails.
  if (result !== NE_OK && unlimited) result = ne_ssl_set_protovers(session, min, NE_SSL_PROTO_TLS_1_3);
  if (result !== NE_OK) throw new NeonError(ne_get_error(session), 'NE_ERROR');
}

function numberOf(name: string, version: ProtocolVersion | undefined): number {
  if (version === undefined) return NE_SSL_PROTO_UNSPEC;
  if (typeof version !== 'string') throw invalidType(name, 'of type string', version);
  if (!Object.hasOwn(protocolVersions, version))
    throw invalidValue(`There is no version '${version as string}' of TLS here`);
  return protocolVersions[version];
}
