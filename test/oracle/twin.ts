/** What JavaScript twins share: they print the same lines as the C twins do with twin.h. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';

/** The calls that block: to be awaited, which on the synchronous surface waits for nothing. */
export type Io = typeof ne | typeof promises;

/** A twin gets its blocking calls, the server's port, and the arguments of the scenario. */
export type Play = (io: Io, port: number, args: readonly string[]) => Promise<void>;

/** Plays the twin that this process was started for: `node FILE SURFACE PORT ARGUMENT…`. */
export function playTwin(play: Play): void {
  const [, , surface, port, ...args] = process.argv;
  play(surface === 'promises' ? promises : ne, Number(port), args).catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
}

/** Prints a number. */
export function sayNumber(key: string, value: number): void {
  console.log(`${key}=${value}`);
}

/** Prints a text: printable ASCII stays, a backslash and all other bytes become \xNN, and null is (null). */
export function sayText(key: string, value: string | null): void {
  const escape = (byte: string): string => `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`;
  const bytes = Buffer.from(value ?? '', 'utf8').toString('latin1');
  console.log(`${key}=${value === null ? '(null)' : bytes.replaceAll(/[^\x20-\x5b\x5d-\x7e]/g, escape)}`);
}

/** Prints what neon knows of a response's status line. */
export function sayStatus(request: ne.ne_request): void {
  const { major_version, minor_version, code, klass, reason_phrase } = ne.ne_get_status(request);
  console.log(`status=${major_version}.${minor_version} ${code} ${klass}`);
  sayText('reason', reason_phrase);
}

/** Prints all that neon says about a certificate, and about those that signed it. */
export function sayCertificate(certificate: ne.ne_ssl_certificate | null): void {
  for (let cert = certificate; cert; cert = ne.ne_ssl_cert_signedby(cert)) {
    const [digest, from, until] = [{ value: '' }, { value: '' }, { value: '' }];
    const [fromTime, untilTime] = [{ value: 0 }, { value: 0 }];
    sayText('subject', ne.ne_ssl_readable_dname(ne.ne_ssl_cert_subject(cert)));
    sayText('issuer', ne.ne_ssl_readable_dname(ne.ne_ssl_cert_issuer(cert)));
    const difference = ne.ne_ssl_dname_cmp(ne.ne_ssl_cert_subject(cert), ne.ne_ssl_cert_issuer(cert));
    sayNumber('self-issued', difference === 0 ? 1 : 0);
    sayText('identity', ne.ne_ssl_cert_identity(cert));
    sayNumber('digest', ne.ne_ssl_cert_digest(cert, digest));
    sayText('sha1', digest.value);
    sayText('sha256', ne.ne_ssl_cert_hdigest(cert, ne.NE_HASH_SHA256 | ne.NE_HASH_SPACE));
    ne.ne_ssl_cert_validity(cert, from, until);
    sayText('from', from.value);
    sayText('until', until.value);
    ne.ne_ssl_cert_validity_time(cert, fromTime, untilTime);
    sayNumber('from', fromTime.value);
    sayNumber('until', untilTime.value);
    sayText('base64', ne.ne_ssl_cert_export(cert));
  }
}

/** FNV-1a of 32 bits. */
export const hashStart = 2166136261;

/** Goes on with a hash. */
export function hashMore(hash: number, bytes: Uint8Array): number {
  return bytes.reduce((sum, byte) => Math.imul(sum ^ byte, 16777619), hash) >>> 0;
}
