/** Provides what JavaScript twins share. They print the same lines as the C twins (twin.h). */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';

/** The neon functions of one surface. Twins await every result; the await does nothing on the synchronous surface. */
export type Io = typeof ne | typeof promises;

/** A twin's main function. It receives the functions of a surface, the server's port, and the scenario's arguments. */
export type TwinMain = (io: Io, port: number, args: readonly string[]) => Promise<void>;

/** Runs the twin that this process was started for: `node FILE SURFACE PORT ARGUMENT…`. */
export function runMain(main: TwinMain): void {
  const [, , surface, port, ...args] = process.argv;
  main(surface === 'promises' ? promises : ne, Number(port), args).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}

/** Prints a number. */
export function printNumber(key: string, value: number): void {
  console.log(`${key}=${value}`);
}

/** Prints a text. Backslashes and bytes outside printable ASCII become \xNN, and null becomes (null). */
export function printText(key: string, value: string | null): void {
  const escape = (byte: string): string => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  const bytes = Buffer.from(value ?? '', 'utf8').toString('latin1');
  console.log(`${key}=${value === null ? '(null)' : bytes.replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, escape)}`);
}

/** Prints the status line of a response. */
export function printStatus(request: ne.ne_request): void {
  const { major_version, minor_version, code, klass, reason_phrase } = ne.ne_get_status(request);
  console.log(`status=${major_version}.${minor_version} ${code} ${klass}`);
  printText('reason', reason_phrase);
}

/** Prints every property of a certificate and of its issuers. */
export function printCertificate(certificate: ne.ne_ssl_certificate | null): void {
  for (let cert = certificate; cert; cert = ne.ne_ssl_cert_signedby(cert)) {
    const [digest, from, until] = [{ value: '' }, { value: '' }, { value: '' }];
    const [fromTime, untilTime] = [{ value: 0 }, { value: 0 }];
    printText('subject', ne.ne_ssl_readable_dname(ne.ne_ssl_cert_subject(cert)));
    printText('issuer', ne.ne_ssl_readable_dname(ne.ne_ssl_cert_issuer(cert)));
    const difference = ne.ne_ssl_dname_cmp(ne.ne_ssl_cert_subject(cert), ne.ne_ssl_cert_issuer(cert));
    printNumber('self-issued', difference === 0 ? 1 : 0);
    printText('identity', ne.ne_ssl_cert_identity(cert));
    printNumber('digest', ne.ne_ssl_cert_digest(cert, digest));
    printText('sha1', digest.value);
    printText('sha256', ne.ne_ssl_cert_hdigest(cert, ne.NE_HASH_SHA256 | ne.NE_HASH_SPACE));
    ne.ne_ssl_cert_validity(cert, from, until);
    printText('from', from.value);
    printText('until', until.value);
    ne.ne_ssl_cert_validity_time(cert, fromTime, untilTime);
    printNumber('from', fromTime.value);
    printNumber('until', untilTime.value);
    printText('base64', ne.ne_ssl_cert_export(cert));
  }
}

/** FNV-1a of 32 bits. */
export const hashStart = 2166136261;

/** Continues a hash. */
export function hashMore(hash: number, bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 16777619), hash) >>> 0;
}
