/**
 * Makes the ordinary certificates of the test PKI, with their keys, in the folder of the first argument. A process of
 * its own, because WebCrypto works with promises only, and the tests need the files at once.
 */
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { webcrypto } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';

const DAY = 86_400_000;
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const { KeyUsageFlags } = x509;
const [, , directory = '.'] = process.argv;

/** Who may sign: a certificate and its key. */
interface Signer {
  readonly subject: string;
  readonly key: webcrypto.CryptoKey;
}

interface Recipe {
  readonly subject: string;
  readonly extensions: readonly x509.Extension[];
  /** The certificate is self-signed without a signer. */
  readonly signer?: Signer;
  readonly from?: Date;
  readonly to?: Date;
}

async function make(name: string, { subject, extensions, signer, from, to }: Recipe): Promise<Signer> {
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject,
    issuer: signer?.subject ?? subject,
    notBefore: from ?? new Date(),
    notAfter: to ?? new Date(Date.now() + 30 * DAY),
    publicKey,
    signingKey: signer?.key ?? privateKey,
    signingAlgorithm: algorithm,
    extensions: [...extensions],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', privateKey), 'PRIVATE KEY');
  writeFileSync(path.join(directory, `${name}.crt`), `${certificate.toString('pem')}\n`);
  writeFileSync(path.join(directory, `${name}.key`), `${key}\n`, { mode: 0o644 });
  return { subject, key: privateKey };
}

const named = (commonName: string): string => `O=libneon test,CN=${commonName}`;

const authority = (publicKeys?: number): x509.Extension[] => [
  new x509.BasicConstraintsExtension(true, publicKeys, true),
  new x509.KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
];

const server = (...names: x509.JsonGeneralName[]): x509.Extension[] => [
  new x509.BasicConstraintsExtension(false),
  new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment, true),
  new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
  new x509.SubjectAlternativeNameExtension(names),
];

const client: readonly x509.Extension[] = [
  new x509.BasicConstraintsExtension(false),
  new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
  new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth]),
];

const dns = (value: string): x509.JsonGeneralName => ({ type: 'dns', value });
const ip = (value: string): x509.JsonGeneralName => ({ type: 'ip', value });
const localhost = server(dns('localhost'), ip('127.0.0.1'), ip('::1'));

async function main(): Promise<void> {
  x509.cryptoProvider.set(webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0]);
  const ca = await make('ca', { subject: named('Test Root'), extensions: authority() });
  const otherCa = await make('otherCa', { subject: named('Other Root'), extensions: authority() });
  const signer = await make('intermediate', {
    subject: named('Test Intermediate'),
    extensions: authority(0),
    signer: ca,
  });
  await make('selfSigned', { subject: 'CN=localhost', extensions: localhost });
  await make('chained', { subject: named('localhost'), extensions: localhost, signer });
  await make('wrongClient', { subject: named('Wrong Client'), extensions: client, signer: otherCa });
  const bySubject = (name: string, commonName: string, extensions: readonly x509.Extension[], dates = {}) =>
    make(name, { subject: named(commonName), extensions, signer: ca, ...dates });
  await bySubject('client', 'Test Client', client);
  await bySubject('server', 'localhost', localhost);
  await bySubject('wildcard', '*.test.invalid', server(dns('*.test.invalid')));
  await bySubject('wrongHost', 'wrong.test.invalid', server(dns('wrong.test.invalid')));
  const several = ['first.test.invalid', 'localhost', '*.test.invalid'].map(dns);
  await bySubject('severalNames', 'other.test.invalid', server(...several));
  await bySubject('addressOnly', 'address only', server(ip('127.0.0.1')));
  await bySubject('nameOnly', '127.0.0.1', server(dns('localhost')));
  await bySubject('expired', 'localhost', localhost, { from: new Date('2020-01-01'), to: new Date('2021-01-01') });
  await bySubject('notYet', 'localhost', localhost, { from: new Date('2040-01-01'), to: new Date('2041-01-01') });
}

void main();
