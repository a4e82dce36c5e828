/**
 * TLS connections in which the certificates and settings of both sides are right or wrong. Each has its expected
 * outcome.
 */
import * as ne from 'libneon/ne';
import { testPki, type KeyPair, type Pki } from '../servers/pki.js';
import type { TlsServerOptions } from '../servers/s-server.js';
import { neonSince, tlsErrorPrefix, usesGnuTls } from './neon.js';

/** One server, one client, and the outcome. */
export interface Situation {
  readonly about: string;
  readonly server: TlsServerOptions;
  /** The host name by which the client knows the server; all servers are at 127.0.0.1. */
  readonly host: string;
  /** Files of the certificates that the client trusts. */
  readonly trusts: readonly string[];
  /**
   * The client's PKCS#12 file. The session gets it directly or from a callback; with null, the callback returns no
   * certificate.
   */
  readonly client?: { readonly set: string } | { readonly provided: string | null };
  /** The `NE_SSL_*` bits for the verify callback; 0 if the callback is not called. */
  readonly failures: number;
  /** The error of a request that fails even though the server's certificate is valid or accepted. */
  readonly error?: RegExp;
}

const { NE_SSL_NOTYETVALID, NE_SSL_EXPIRED, NE_SSL_IDMISMATCH, NE_SSL_UNTRUSTED, NE_SSL_BADCHAIN } = ne;

/** neon's texts for the failures, in the order in which neon lists them. */
const words: readonly (readonly [number, string])[] = [
  [NE_SSL_NOTYETVALID, 'certificate is not yet valid'],
  [NE_SSL_EXPIRED, 'certificate has expired'],
  [NE_SSL_IDMISMATCH, 'certificate issued for a different hostname'],
  [NE_SSL_UNTRUSTED, 'issuer is not trusted'],
  [NE_SSL_BADCHAIN, 'bad certificate chain'],
];

/** The error text of a session that does not accept these failures. */
export function refusal(failures: number): string {
  const texts = words.filter(([bit]) => (failures & bit) !== 0).map(([, text]) => text);
  return `${tlsErrorPrefix}Server certificate verification failed: ${texts.join(', ')}`;
}

/** All situations. */
export function situations(pki: Pki = testPki()): Situation[] {
  const ca = [pki.ca.cert];
  const at = (host: string, pair: KeyPair, about: string, failures = 0, trusts = ca): Situation => ({
    about,
    server: { pair },
    host,
    trusts,
    failures,
  });
  const here = (pair: KeyPair, about: string, failures = 0, trusts = ca): Situation =>
    at('localhost', pair, about, failures, trusts);
  return [
    here(pki.server, 'a good certificate'),
    at('127.0.0.1', pki.server, 'a good certificate, for an address'),
    here(pki.revoked, 'a certificate that is revoked, which neon does not check'),
    ...chains(pki),
    ...names(pki, at),

    here(pki.expired, 'a certificate that has expired', NE_SSL_EXPIRED),
    here(pki.notYet, 'a certificate that is not yet valid', NE_SSL_NOTYETVALID),
    here(pki.until2060, 'a certificate that is valid beyond 2050'),
    here(pki.selfSigned, 'a self-signed certificate', NE_SSL_UNTRUSTED),
    here(pki.selfSigned, 'a self-signed certificate that is trusted', 0, [pki.selfSigned.cert]),
    here(pki.server, 'a client that trusts no authority', NE_SSL_UNTRUSTED, []),
    here(pki.server, 'a client that trusts another authority', NE_SSL_UNTRUSTED, [pki.otherCa.cert]),
    here(pki.server, 'a client that trusts several authorities', 0, [pki.otherCa.cert, pki.ca.cert]),
    at(
      'other.test.invalid',
      pki.expired,
      'a certificate that is expired, for another host and untrusted',
      NE_SSL_EXPIRED | NE_SSL_IDMISMATCH | NE_SSL_UNTRUSTED,
      [],
    ),

    { ...here(pki.server, 'TLS 1.2 alone'), server: { pair: pki.server, options: ['-tls1_2'] } },
    { ...here(pki.server, 'TLS 1.3 alone'), server: { pair: pki.server, options: ['-tls1_3'] } },
    {
      ...here(pki.server, 'no cipher in common'),
      server: { pair: pki.server, options: ['-tls1_2', '-cipher', 'ECDHE-ECDSA-AES256-CCM8:@SECLEVEL=0'] },
      error: /SSL handshake failed/,
    },
    ...versions(pki),
    {
      ...here(pki.weak, 'a weak key'),
      server: { pair: pki.weak, options: ['-tls1_2', '-cipher', 'ALL:@SECLEVEL=0'] },
      error: /\S/,
    },
    ...clients(pki),
  ];
}

/**
 * Servers that offer only an old version of TLS. GnuTLS accepts them. OpenSSL rejects them with a text that depends on
 * its build.
 */
function versions(pki: Pki): Situation[] {
  return ['-tls1', '-tls1_1'].map((version) => ({
    about: `an old version of TLS (${version})`,
    server: { pair: pki.server, options: [version, '-cipher', 'ALL:@SECLEVEL=0'] },
    host: 'localhost',
    trusts: [pki.ca.cert],
    failures: 0,
    ...(!usesGnuTls && { error: /\S/ }),
  }));
}

function chains(pki: Pki): Situation[] {
  const common = { host: 'localhost', trusts: [pki.ca.cert] };
  return [
    {
      ...common,
      about: 'an intermediate certificate that is sent',
      server: { pair: pki.chained, chain: pki.chained.cert },
      failures: 0,
    },
    {
      ...common,
      about: 'an intermediate certificate that is missing',
      server: { pair: pki.chained },
      failures: NE_SSL_UNTRUSTED,
    },
    {
      ...common,
      about: 'an intermediate certificate that has expired',
      server: { pair: pki.badChain, chain: pki.badChain.cert },
      failures: NE_SSL_BADCHAIN,
    },
  ];
}

function names(
  pki: Pki,
  at: (host: string, pair: KeyPair, about: string, failures?: number, trusts?: string[]) => Situation,
): Situation[] {
  return [
    at('localhost', pki.wrongHost, 'a certificate for another host', NE_SSL_IDMISMATCH),
    at('a.test.invalid', pki.wildcard, 'a wildcard'),
    at('test.invalid', pki.wildcard, 'a wildcard that does not match its own domain', NE_SSL_IDMISMATCH),
    at('a.b.test.invalid', pki.wildcard, 'a wildcard that does not match two labels', NE_SSL_IDMISMATCH),
    at('A.TEST.Invalid', pki.wildcard, 'a name in another case'),
    at('first.test.invalid', pki.severalNames, 'the first of several names'),
    at('localhost', pki.severalNames, 'another of several names'),
    at('b.test.invalid', pki.severalNames, 'a wildcard among several names'),
    at('other.test.invalid', pki.nameOnly, 'a name that is not among several', NE_SSL_IDMISMATCH),
    at('127.0.0.1', pki.nameOnly, 'an address, of a certificate for a name', NE_SSL_IDMISMATCH),
    at('127.0.0.1', pki.addressOnly, 'an address'),
    at('localhost', pki.addressOnly, 'a name, of a certificate for an address', NE_SSL_IDMISMATCH),
    at('localhost', pki.commonName, 'a common name without other names'),
    at('localhost', pki.nullInName, 'a null byte in the name', NE_SSL_IDMISMATCH),
    {
      ...at('localhost', pki.noName, 'a certificate without a name', 0, [pki.noName.cert]),
      error: /Server certificate was missing commonName attribute in subject name/,
    },
  ];
}

function clients(pki: Pki): Situation[] {
  type Wants = NonNullable<TlsServerOptions['clients']>;
  const require: Wants = { ca: pki.ca.cert, require: true };
  const ask: Wants = { ca: pki.ca.cert, require: false };
  const both = (
    about: string,
    wants: Wants,
    client: Situation['client'],
    errors?: readonly [RegExp, RegExp],
  ): Situation[] =>
    ['-tls1_2', '-tls1_3'].map((version, index) => ({
      about: `${about} (${version})`,
      server: { pair: pki.server, clients: wants, options: [version] },
      host: 'localhost',
      trusts: [pki.ca.cert],
      failures: 0,
      ...(client && { client }),
      ...(errors && { error: errors[index] as RegExp }),
    }));
  const missing =
    usesGnuTls || neonSince(37) ? /SSL handshake failed/ : /SSL handshake failed, client certificate was requested/;
  return [
    ...both('the right client certificate', require, { set: pki.p12 }),
    ...both('no client certificate', require, undefined, [missing, /./]),
    ...both('a client certificate of another authority', require, { set: pki.p12WrongClient }, [
      /SSL handshake failed/,
      /./,
    ]),
    ...both(
      'a client certificate that is revoked, which the server checks',
      { ...require, revoked: pki.crl },
      { set: pki.p12RevokedClient },
      [/SSL handshake failed/, /./],
    ),
    ...both('a client certificate that is revoked, which the server does not check', require, {
      set: pki.p12RevokedClient,
    }),
    ...both('no client certificate for a server that does not require it', ask, undefined),
    ...both('a client certificate that a callback provides', require, { provided: pki.p12 }),
    ...both('a callback that provides nothing', require, { provided: null }, [missing, /./]),
    ...both('a callback that provides nothing to a server that does not require it', ask, { provided: null }),
  ];
}
