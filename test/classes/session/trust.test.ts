/** Tests the authorities that TLS sessions trust: given certificates, bundles, and those of environment variables. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Certificate, Session, type TLSOptions } from 'libneon';
import { describeWith } from '../../servers/packages.js';
import { pem, testPki } from '../../servers/pki.js';
import { startTlsServer } from '../../servers/s-server.js';
import type { RunningServer } from '../../servers/start.js';
import { runNode } from '../../support/child.js';
import { makeCertificate, name } from '../../support/der.js';
import { failureOf, neonError, wrongType, wrongValue } from '../../support/expect.js';
import { usesGnuTls } from '../../support/neon.js';
import type { Trusted } from '../../support/trust-child.js';

const script = path.join(__dirname, '../../support/trust-child.js');
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-trust-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeWith('openssl', 'a server of a private authority', () => {
  const pki = testPki();
  const [ca, other] = [pem(pki.ca.cert), pem(pki.otherCa.cert)];
  const broken = other.replace(/\n.{8}/, '\nAAAAAAAA');
  let server: RunningServer;
  beforeAll(async () => {
    server = await startTlsServer({ pair: pki.server });
  });
  afterAll(() => server.stop());

  const fileWith = (text: string, file = 'bundle.pem'): string => {
    writeFileSync(path.join(folder, file), text);
    return path.join(folder, file);
  };

  async function trustedWith(
    env: NodeJS.ProcessEnv,
    options: TLSOptions = {},
    files: readonly string[] = [],
  ): Promise<Trusted> {
    const { NODE_OPTIONS: _1, NODE_EXTRA_CA_CERTS: _2, SSL_CERT_FILE: _3, SSL_CERT_DIR: _4, ...clean } = process.env;
    const args = [script, String(server.port), JSON.stringify(options), ...files];
    const { stdout, stderr, exit } = await runNode(args, folder, { ...clean, ...env });
    // Removes Node's warnings about files that it cannot read.
    expect([
      exit,
      stderr.replaceAll(/^.*Warning: Ignoring extra certs.*\n|^\(Use `node --trace-warnings.*\n/gm, ''),
    ]).toEqual([0, '']);
    return JSON.parse(stdout) as Trusted;
  }

  const distrusted = {
    promise: 'ERR_NEON_CERTIFICATE',
    blocking: 'ERR_NEON_CERTIFICATE',
    functions: expect.stringContaining('issuer is not trusted') as string,
  };
  const trusted = { promise: 200, blocking: 200 };

  describe('NODE_EXTRA_CA_CERTS', () => {
    test.each([
      ['the certificate of the authority', () => ca, true],
      ['a bundle that ends with it', () => `words\n${other}\r\nmore words\n${ca}`, true],
      ['a bundle with CRLF line ends', () => `${other}# remark\n${ca}`.replaceAll('\n', '\r\n'), true],
      ['the certificate before an invalid one', () => ca + broken, true],
      ['the certificate after an invalid one', () => broken + ca, false],
      ['another certificate', () => other, false],
      ['no certificate', () => 'words\n'.repeat(1000), false],
      ['an empty file', () => '', false],
      ['binary data', () => '\0\xff\xfe-----BEGIN CERTIFICATE-----\0', false],
      ['half a certificate', () => ca.slice(0, ca.length / 2), false],
    ])('is read from a file with %s', async (_, text, good) => {
      const found = await trustedWith({ NODE_EXTRA_CA_CERTS: fileWith(text()) });
      // The classes trust the certificates that Node loads from NODE_EXTRA_CA_CERTS. The functions of neon ignore them.
      expect(found).toEqual({ ...distrusted, ...(good && trusted), node: good ? 200 : 'refused' });
    });

    test.each(['/nonexistent/file', '/', '/dev/null', ''])('is ignored when it is %j', async (file) => {
      expect(await trustedWith({ NODE_EXTRA_CA_CERTS: file })).toEqual({ ...distrusted, node: 'refused' });
    });

    test('is relative to the working directory', async () => {
      fileWith(ca, 'relative.pem');
      expect(await trustedWith({ NODE_EXTRA_CA_CERTS: 'relative.pem' })).toMatchObject({ ...trusted, node: 200 });
    });

    test('applies together with the option "ca", but not without "trustDefaultCA"', async () => {
      const env = { NODE_EXTRA_CA_CERTS: fileWith(ca) };
      expect(await trustedWith(env, {}, [pki.otherCa.cert])).toMatchObject(trusted);
      const without = await trustedWith(env, { trustDefaultCA: false }, [pki.otherCa.cert]);
      expect(without).toMatchObject({ promise: 'ERR_NEON_CERTIFICATE', blocking: 'ERR_NEON_CERTIFICATE' });
    });
  });

  describe('the variables of OpenSSL, which GnuTLS does not know', () => {
    const everywhere = usesGnuTls ? distrusted : { ...trusted, functions: 200 };

    test('apply from SSL_CERT_FILE', async () => {
      expect(await trustedWith({ SSL_CERT_FILE: fileWith(other + ca) })).toMatchObject(everywhere);
      const without = await trustedWith({ SSL_CERT_FILE: fileWith(ca) }, { trustDefaultCA: false });
      expect(without).toMatchObject({ promise: 'ERR_NEON_CERTIFICATE', blocking: 'ERR_NEON_CERTIFICATE' });
    });

    test('apply from SSL_CERT_DIR', async () => {
      const certificates = path.join(folder, 'certificates');
      mkdirSync(certificates);
      fileWith(ca, 'certificates/ca.pem');
      execFileSync('openssl', ['rehash', certificates], { stdio: 'ignore' });
      expect(await trustedWith({ SSL_CERT_DIR: certificates, SSL_CERT_FILE: '/nonexistent' })).toMatchObject(
        everywhere,
      );
    });

    test.each(['/nonexistent/file', '/', '/dev/null', ''])('are ignored with %j', async (file) => {
      expect(await trustedWith({ SSL_CERT_FILE: file, SSL_CERT_DIR: file })).toMatchObject(distrusted);
    });

    test('apply together with NODE_EXTRA_CA_CERTS', async () => {
      const env = { SSL_CERT_FILE: fileWith(other, 'other.pem'), NODE_EXTRA_CA_CERTS: fileWith(ca) };
      expect(await trustedWith(env)).toMatchObject(trusted);
    });
  });

  describe('bundles', () => {
    const bundle = Array.from({ length: 199 }, (_, i) =>
      makeCertificate({ subject: name(['O', 'libneon test'], ['CN', `Authority ${i}`]), authority: true }),
    ).map((made) => made.cert);
    const withCa = (index: number): string[] => [...bundle.slice(0, index), ca, ...bundle.slice(index)];

    const request = async (tls: TLSOptions): Promise<number> => {
      await using session = new Session('https', 'localhost', server.port, { tls: { trustDefaultCA: false, ...tls } });
      return (await session.request('GET', '/')).status;
    };

    test.each([
      ['as the first', withCa(0).join('')],
      ['in the middle', withCa(100).join('')],
      ['as the last', withCa(199).join('')],
      ['among comments', withCa(100).join('\n# Authority: Größe\n\n  subject=/CN=x\n')],
      ['with CRLF line ends', withCa(199).join('# remark\n').replaceAll('\n', '\r\n')],
      ['as bytes', Buffer.from(withCa(100).join('\n# Größe\n'))],
      ['in an array', withCa(100)],
      ['in an array of certificates', withCa(100).map((text) => Certificate.fromPEM(text))],
      ['in bundles', [withCa(50).join(''), Buffer.from(bundle.join(''))]],
      ['among other kinds of blocks', withCa(199).join(pem(pki.server.key) + pem(pki.crl))],
      ['without line ends', bundle.join('') + ca.replaceAll(/(?<!-)\n(?!-)/g, '')],
    ])('contain the authority among 200 certificates: %s', async (_, authorities) => {
      expect(await request({ ca: authorities })).toBe(200);
    });

    test('do not help without the authority', async () => {
      expect(await failureOf(() => request({ ca: bundle.join('') }))).toEqual(neonError('ERR_NEON_CERTIFICATE', 1));
      expect(Certificate.allFromPEM(bundle.join('\n')).map((one) => one.identity)).toEqual(
        bundle.map((_one, i) => `Authority ${i}`),
      );
    });

    test.each([
      ['broken', broken],
      ['truncated', `${other.slice(0, 200)}\n`],
      ['without an end', other.replace(/-----END.*/, '')],
      ['empty', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'],
    ])('name an invalid certificate by its number: %s', async (_, bad) => {
      const authorities = [...bundle.slice(0, 100), bad, ...bundle.slice(100), ca].join('');
      for (const take of [() => request({ ca: authorities }), () => Certificate.allFromPEM(authorities)]) {
        const failure = await failureOf(take);
        expect(failure).toEqual(wrongValue);
        expect(failure.message).toMatch(/^Certificate 101 of 201 is not a certificate/);
      }
    });

    test('are rejected quickly with 100,000 beginnings and no end', async () => {
      const text = '-----BEGIN CERTIFICATE-----\nAAAA\n'.repeat(100_000);
      const start = performance.now();
      expect(await failureOf(() => request({ ca: text }))).toEqual(wrongValue);
      expect(performance.now() - start).toBeLessThan(5000);
    });

    test.each([
      ['no certificate', 'words', wrongValue],
      ['an empty string', '', wrongValue],
      ['an array with a number', [ca, 1], wrongType],
      ['an array with a text without certificate', [ca, 'words'], wrongValue],
    ])('are rejected: %s', async (_, authorities, error) => {
      expect(await failureOf(() => request({ ca: authorities as string[] }))).toEqual(error);
    });
  });
});
