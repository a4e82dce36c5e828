import { types } from 'node:util';

import { type Certificate, ClientCertificate, keepCertificate, requireText } from './certificate.js';
import { invalidAnswer, invalidType, invalidValue, NeonError } from '../core/errors.js';
import * as ne from '../ne/index.js';
import { trust, type TrustOptions } from './trust.js';

const failureNames = {
  notYetValid: ne.NE_SSL_NOTYETVALID,
  expired: ne.NE_SSL_EXPIRED,
  idMismatch: ne.NE_SSL_IDMISMATCH,
  untrusted: ne.NE_SSL_UNTRUSTED,
  badChain: ne.NE_SSL_BADCHAIN,
  revoked: ne.NE_SSL_REVOKED,
  /** What this package does not know. */
  other: ~ne.NE_SSL_FAILMASK,
} as const;

/** Why a server's certificate failed verification (`NE_SSL_*`). */
export type CertificateFailure = keyof typeof failureNames;

/**
 * Judges a server's certificate that failed verification: `true` accepts it. Without, none is accepted. A certificate
 * that was accepted is not asked about again in the same session. It may return a promise, but not in blocking
 * requests.
 */
export type CertificateVerifier = (
  certificate: Certificate,
  failures: readonly CertificateFailure[],
) => boolean | Promise<boolean>;

/**
 * Gives the client certificate for a server that asks for one; nothing, or null, goes on without. `authorities` are the
 * names of those from whom the server accepts one, if it says so. It may return a promise, but not in blocking
 * requests.
 */
export type ClientCertificateProvider = (
  authorities: readonly string[],
) => ClientCertificate | null | undefined | void | Promise<ClientCertificate | null | undefined | void>;

const protocolVersions = {
  TLSv1: ne.NE_SSL_PROTO_TLS_1_0,
  'TLSv1.1': ne.NE_SSL_PROTO_TLS_1_1,
  'TLSv1.2': ne.NE_SSL_PROTO_TLS_1_2,
  'TLSv1.3': ne.NE_SSL_PROTO_TLS_1_3,
} as const;

/** A version of TLS. */
export type ProtocolVersion = keyof typeof protocolVersions;

/** How a session speaks TLS. */
export interface TLSOptions extends TrustOptions {
  /** Authenticates the session with this certificate, where the server asks for one. It must be decrypted. */
  clientCert?: ClientCertificate | undefined;
  /** The same, from the bytes of a PKCS#12 file. Decrypted at once: to wait for that elsewhere, use `clientCert`. */
  pfx?: Uint8Array | undefined;
  /** Of `pfx`. */
  passphrase?: string | undefined;
  /** Asked for a client certificate when the server wants one and the session has none. */
  provideClientCert?: ClientCertificateProvider | undefined;
  /** Asked about a certificate that failed verification. */
  verify?: CertificateVerifier | undefined;
  /** The oldest version of TLS that is spoken. Needs neon 0.34. */
  minVersion?: ProtocolVersion | undefined;
  /** The newest. Needs neon 0.34. */
  maxVersion?: ProtocolVersion | undefined;
}

/** Makes a session speak TLS as the options say. */
export function secure(session: ne.ne_session, options: TLSOptions = {}): void {
  trust(session, options);
  const { clientCert, provideClientCert, verify } = withClientCertificate(options);
  if (clientCert !== undefined) ne.ne_ssl_set_clicert(session, clientCert.handle);
  if (provideClientCert !== undefined) ne.ne_ssl_provide_clicert(session, providing(provideClientCert));
  if (verify !== undefined) ne.ne_ssl_set_verify(session, verifying(verify));
  setVersions(session, options);
}

/** The same options, with the certificate of `pfx`: to decrypt takes time, so that many sessions should share it. */
export function withClientCertificate(options: TLSOptions): TLSOptions {
  const { pfx, passphrase, ...others } = options;
  if (others.clientCert !== undefined && !(others.clientCert instanceof ClientCertificate))
    throw invalidType('clientCert', 'an instance of ClientCertificate', others.clientCert);
  if (passphrase !== undefined) requireText('passphrase', passphrase);
  if (pfx === undefined) {
    if (passphrase !== undefined) throw invalidValue('The option "passphrase" is that of "pfx", which is missing');
    return options;
  }
  if (others.clientCert !== undefined) throw invalidValue('The options "clientCert" and "pfx" exclude each other');
  return { ...others, clientCert: ClientCertificate.fromPFX(pfx, passphrase) };
}

function verifying(verify: CertificateVerifier): ne.ne_ssl_verify_fn {
  if (typeof verify !== 'function') throw invalidType('verify', 'of type function', verify);
  return (bits, lent) => {
    const names = Object.keys(failureNames) as CertificateFailure[];
    const failures = names.filter((name) => (bits & failureNames[name]) !== 0);
    const answer = verify(keepCertificate(lent), failures);
    return types.isPromise(answer) ? answer.then(verdict) : verdict(answer);
  };
}

// Nothing but `true` accepts, and what is no boolean is more likely a mistake than a refusal.
function verdict(answer: unknown): number {
  if (typeof answer !== 'boolean') throw invalidAnswer('verify', 'a boolean', answer);
  return answer ? 0 : 1;
}

function providing(provide: ClientCertificateProvider): ne.ne_ssl_provide_fn {
  if (typeof provide !== 'function') throw invalidType('provideClientCert', 'of type function', provide);
  return (session, names) => {
    const use = (answer: unknown): void => {
      if (answer === undefined || answer === null) return;
      if (!(answer instanceof ClientCertificate))
        throw invalidAnswer('provideClientCert', 'an instance of ClientCertificate, or nothing', answer);
      ne.ne_ssl_set_clicert(session, answer.handle);
    };
    const answer = provide(names.map((name) => ne.ne_ssl_readable_dname(name)));
    if (types.isPromise(answer)) return answer.then(use);
    use(answer);
    return undefined;
  };
}

function setVersions(session: ne.ne_session, { minVersion, maxVersion }: TLSOptions): void {
  if (minVersion === undefined && maxVersion === undefined) return;
  const [min, max] = [numberOf('minVersion', minVersion), numberOf('maxVersion', maxVersion)];
  const unlimited = max === ne.NE_SSL_PROTO_UNSPEC;
  if (min > max && !unlimited) throw invalidValue('The option "minVersion" is newer than "maxVersion"');
  let result = ne.ne_ssl_set_protovers(session, min, max);
  // With GnuTLS neon takes no limit for one below all others.
  if (result !== ne.NE_OK && unlimited) result = ne.ne_ssl_set_protovers(session, min, ne.NE_SSL_PROTO_TLS_1_3);
  if (result !== ne.NE_OK) throw new NeonError(ne.ne_get_error(session), 'NE_ERROR');
}

function numberOf(name: string, version: ProtocolVersion | undefined): number {
  if (version === undefined) return ne.NE_SSL_PROTO_UNSPEC;
  if (typeof version !== 'string') throw invalidType(name, 'of type string', version);
  if (!Object.hasOwn(protocolVersions, version))
    throw invalidValue(`There is no version '${version as string}' of TLS here`);
  return protocolVersions[version];
}
