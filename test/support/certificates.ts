/** Root certificates that are built into Node, and functions that read their fields. */
import { X509Certificate } from 'node:crypto';
import { rootCertificates } from 'node:tls';
import * as ne from 'libneon/ne';

export const root = rootCertificates[0]!;

/** A name in the subject of the root. The issuer has the same name. The roots differ between versions of Node. */
export const nameInRoot = (kind: 'CN' | 'O'): string =>
  new X509Certificate(root).subject
    .split('\n')
    .find((line) => line.startsWith(`${kind}=`))!
    .slice(kind.length + 1)
    .replaceAll('\\', '');

export const derOf = (text: string): Buffer => new X509Certificate(text).raw;

/** The root as `ne_ssl_cert_import` reads it. */
export const rootInBase64 = derOf(root).toString('base64');

export const importDer = (der: Uint8Array): ne.ne_ssl_certificate | null =>
  ne.ne_ssl_cert_import(Buffer.from(der).toString('base64'));

export const fromPem = (text: string): ne.ne_ssl_certificate => importDer(derOf(text))!;

export const subjectOf = (cert: ne.ne_ssl_certificate): string =>
  ne.ne_ssl_readable_dname(ne.ne_ssl_cert_subject(cert));
