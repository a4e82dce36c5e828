/** Tests of the classes Certificate and ClientCertificate. */
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { pathToFileURL } from 'node:url';
import { Certificate, ClientCertificate, type DigestAlgorithm, features } from 'libneon';
import * as ne from 'libneon/ne';
import { describeWith } from '../../servers/packages.js';
import { pem, testPki } from '../../servers/pki.js';
import { derOf, fromPem, nameInRoot, root, subjectOf } from '../../support/certificates.js';
import { clientCertificate } from '../../support/client-certificate.js';
import { failureOf, neonError, wrongType, wrongValue } from '../../support/expect.js';
import { testFiles } from '../../support/files.js';
import { usesGnuTls } from '../../support/neon.js';

const files = testFiles();
const invalidState = neonError('ERR_NEON_INVALID_STATE');

/** The content of a PEM text without its line ends. */
const packed = (text: string): string => text.replaceAll(/\s/g, '');

describe('Certificate', () => {
  test('converts between PEM, DER and the class of Node', () => {
    const certificate = Certificate.fromPEM(root);
    expect(packed(certificate.toPEM())).toBe(packed(root));
    expect(certificate.toPEM()).toBe(certificate.toX509().toString());
    expect(String(certificate)).toBe(certificate.toPEM());
    expect(certificate.toDER()).toEqual(derOf(root));
    expect(certificate.toX509().fingerprint512).toBe(new X509Certificate(root).fingerprint512);
    for (const other of [
      Certificate.fromPEM(Buffer.from(root)),
      Certificate.fromPEM(root.replaceAll('\n', '\r\n')),
      Certificate.fromDER(derOf(root)),
      Certificate.fromX509(new X509Certificate(root)),
      new Certificate(fromPem(root)),
    ])
      expect(other.equals(certificate)).toBe(true);
    expect(certificate.equals(Certificate.fromPEM(rootCertificates[1]!))).toBe(false);
  });

  test('reads several certificates in one text', () => {
    const three = rootCertificates.slice(0, 3);
    const all = Certificate.allFromPEM(`words\n${three.join('\nwords\n')}`);
    expect(all.map((one) => packed(one.toPEM()))).toEqual(three.map(packed));
    expect(Certificate.fromPEM(three.join('\n')).equals(all[0]!)).toBe(true);
    expect(Certificate.allFromPEM('words')).toEqual([]);
  });

  test('gives the fields of a certificate', () => {
    const [certificate, x509] = [Certificate.fromPEM(root), new X509Certificate(root)];
    expect(certificate.digest()).toBe(x509.fingerprint256.toLowerCase());
    expect(certificate.digest('sha1')).toBe(x509.fingerprint.toLowerCase());
    expect(certificate.validFrom).toEqual(new Date(x509.validFrom));
    expect(certificate.validUntil).toEqual(new Date(x509.validTo));
    expect(certificate.subject).toBe(subjectOf(certificate.handle));
    expect(certificate.issuer).toBe(certificate.subject);
    expect(certificate.identity).toBe(nameInRoot('CN'));
    expect(certificate.issuerCertificate).toBeUndefined();
    expect(certificate.chain).toEqual([certificate]);
    const signed = new Certificate(fromPem(rootCertificates[1]!), certificate);
    expect(signed.chain).toEqual([signed, certificate]);
  });

  test.each([
    ['text without PEM', () => Certificate.fromPEM('words'), wrongValue],
    ['PEM that is not a certificate', () => Certificate.fromPEM(root.replace(/\n.{8}/, '\nAAAAAAAA')), wrongValue],
    ['PEM that is not text', () => Certificate.fromPEM(1 as never), wrongType],
    ['bytes that are not DER', () => Certificate.fromDER(Buffer.from('words')), wrongValue],
    ['DER that is not bytes', () => Certificate.fromDER('words' as never), wrongType],
    ['an object that is not of the class of Node', () => Certificate.fromX509({} as never), wrongType],
    ['an object that is not a handle', () => new Certificate({} as never), wrongType],
    ['an issuer that is not a certificate', () => new Certificate(fromPem(root), {} as never), wrongType],
    ['an unknown algorithm', () => Certificate.fromPEM(root).digest('crc' as DigestAlgorithm), wrongValue],
    [
      'the name of a method as an algorithm',
      () => Certificate.fromPEM(root).digest('toString' as DigestAlgorithm),
      wrongValue,
    ],
    ['a comparison with another object', () => Certificate.fromPEM(root).equals({} as never), wrongType],
  ])('refuses %s', (_, action, error) => {
    expect(action).toThrow(error);
  });
});

describe('ClientCertificate', () => {
  test('decrypts at once, later, or while reading', async () => {
    const file = files.path('client.pfx');
    writeFileSync(file, clientCertificate);
    const certificates = [
      ClientCertificate.fromPFX(clientCertificate, 'secret'),
      ClientCertificate.read(file, 'secret'),
      ClientCertificate.read(pathToFileURL(file)).decryptSync('secret'),
      await ClientCertificate.fromPFX(clientCertificate).decrypt('secret'),
    ];
    for (const client of certificates) {
      expect(client.encrypted).toBe(false);
      if (!usesGnuTls) expect(client.name).toBe('the name');
      expect(client.certificate.identity).toBe('client');
      expect(client.certificate.subject).toBe('libneon');
    }
  });

  test('rejects a wrong passphrase', async () => {
    const client = ClientCertificate.fromPFX(clientCertificate);
    expect(client.encrypted).toBe(true);
    expect(() => client.certificate).toThrow(invalidState);
    const wrong = neonError('NE_ERROR', ne.NE_ERROR);
    expect(() => client.decryptSync('a-wrong-one')).toThrow(wrong);
    expect(await failureOf(() => client.decrypt('a-wrong-one'))).toEqual(wrong);
    expect(() => ClientCertificate.fromPFX(clientCertificate, 'a-wrong-one')).toThrow(wrong);
    const { message } = await failureOf(() => client.decrypt('a-wrong-one'));
    expect(message).not.toContain('a-wrong-one');
    await client.decrypt('secret');
    expect(await failureOf(() => client.decrypt('secret'))).toEqual(invalidState);
  });

  test.each([
    ['bytes that are not PKCS#12', () => ClientCertificate.fromPFX(Buffer.from('words')), wrongValue],
    ['PKCS#12 that is not bytes', () => ClientCertificate.fromPFX('words' as never), wrongType],
    [
      'a passphrase that is not text',
      () => ClientCertificate.fromPFX(clientCertificate).decryptSync(1 as never),
      wrongType,
    ],
    [
      'a missing file',
      () => ClientCertificate.read('/nonexistent'),
      expect.objectContaining({ code: 'ENOENT' }) as Error,
    ],
    ['an object that is not a handle', () => new ClientCertificate({} as never), wrongType],
  ])('refuses %s', (_, action, error) => {
    expect(action).toThrow(error);
  });

  test('rejects a URI of a missing file', async () => {
    const failure = await failureOf(() => ClientCertificate.fromURI('file:/nonexistent'));
    const missing = features.functions['ne_ssl_clicert_fromuri'] === false;
    expect(failure).toEqual(missing ? neonError('ERR_NEON_UNSUPPORTED') : neonError('NE_ERROR', ne.NE_ERROR));
  });
});

describeWith('openssl', 'certificates of openssl', () => {
  const pki = testPki();

  test('gives times beyond 2050', () => {
    const right = Date.UTC(2060, 1, 29, 12) / 1000;
    expect(Certificate.fromPEM(pem(pki.until2060.cert)).validUntil).toEqual(new Date(right * 1000));
  });

  const fromUri = features.functions['ne_ssl_clicert_fromuri'] && !usesGnuTls ? test : test.skip;
  fromUri('reads a client certificate from a URI (skipped if this neon cannot)', async () => {
    const file = files.path('client.pem');
    writeFileSync(file, pem(pki.client.cert) + pem(pki.client.key));
    const made = await ClientCertificate.fromURI(`file:${file}`);
    expect([made.encrypted, made.name, made.certificate.identity]).toEqual([false, `file:${file}`, 'Test Client']);
  });
});
