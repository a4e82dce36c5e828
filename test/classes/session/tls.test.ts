/** Tests the option `tls` of the classes (authorities, verification, client certificates) and requests over TLS. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import {
  Certificate,
  type CertificateFailure,
  ClientCertificate,
  Session,
  SessionPool,
  type TLSOptions,
} from 'libneon';
import * as ne from 'libneon/ne';
import { startApache, type Apache } from '../../servers/apache.js';
import { describeWith } from '../../servers/packages.js';
import { pem, testPki } from '../../servers/pki.js';
import type { RawServer } from '../../servers/raw.js';
import { bodyOf, withBody } from '../../support/bodies.js';
import { clientCertificate } from '../../support/client-certificate.js';
import { failureOf, neonError, textOf, wrongType, wrongValue } from '../../support/expect.js';
import { requestForms } from '../../support/methods.js';
import { tlsErrorPrefix, usesGnuTls } from '../../support/neon.js';
import { answering, keepAlive, stalling, testServers } from '../../support/servers.js';

const serve = testServers();

describeWith('openssl', 'TLS', () => {
  const pki = testPki();
  const tls = { key: pem(pki.server.key), cert: pem(pki.server.cert) };
  const ca = pem(pki.ca.cert);
  const other = pem(pki.otherCa.cert);
  const secure = (options: object = {}): Promise<RawServer> => serve({ ...answering(), tls, ...options });

  test.each([
    ['a string', ca],
    ['bytes', Buffer.from(ca)],
    ['a list', [other, ca]],
    ['several in one string', `some words\n${other}\n${ca}`],
    ['a list of bytes', [Buffer.from(ca)]],
  ] as [string, string | Uint8Array | string[]][])('accepts %s as ca', async (_, given) => {
    const server = await secure();
    for (const [, send] of requestForms) {
      using session = new Session('https', 'localhost', server.port, {
        tls: { ca: given, trustDefaultCA: false },
      });
      expect((await send(session, 'GET', '/')).textSync()).toBe('hello');
    }
  });

  test.each([
    ['no authorities', { trustDefaultCA: false }],
    ['another authority', { ca: other, trustDefaultCA: false }],
    ['the default authorities', undefined],
  ])('rejects a server with %s', async (_, options) => {
    const server = await secure();
    for (const [, send] of requestForms) {
      using session = new Session('https', 'localhost', server.port, { tls: options });
      const error = await failureOf(() => send(session, 'GET', '/'));
      expect(error).toEqual(neonError('ERR_NEON_CERTIFICATE', ne.NE_ERROR));
      expect(
        textOf(error).startsWith(`${tlsErrorPrefix}Server certificate verification failed: issuer is not trusted`),
      ).toBe(true);
    }
  });

  test.each([
    [{ ca: '' }, wrongValue],
    [{ ca: 'no certificate' }, wrongValue],
    [{ ca: [ca, ''] }, wrongValue],
    [{ ca: 1 }, wrongType],
    [{ ca: [1] }, wrongType],
    [{ ca: null }, wrongType],
    [{ ca: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' }, wrongValue],
  ])('rejects %j', (options, error) => {
    expect(
      () => new Session('https', 'localhost', 443, { tls: { trustDefaultCA: false, ...(options as object) } }),
    ).toThrow(error);
  });

  test('carries large bodies and aborts', async () => {
    const server = await serve({ connections: [keepAlive(withBody(1_000_000)), stalling()], tls });
    const session = new Session('https', 'localhost', server.port, { tls: { ca, trustDefaultCA: false } });
    expect((await (await session.request('GET', '/')).bytes()).equals(bodyOf(1_000_000))).toBe(true);
    expect(session.requestSync('GET', '/').bytesSync().length).toBe(1_000_000);
    session.closeConnection();
    const controller = new AbortController();
    const call = session.request('GET', '/', { signal: controller.signal });
    await server.waitForRequests(3);
    const reason = new Error('the reason');
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    await server.waitForClosed(2);
    await session.close();
  });
});

describeWith('openssl', 'verify', () => {
  const pki = testPki();
  const secure = (): Promise<RawServer> =>
    serve({ ...answering(), tls: { key: pem(pki.chained.key), cert: pem(pki.chained.cert) } });
  const sessionTo = ({ port }: RawServer, tls: TLSOptions): Session =>
    new Session('https', 'localhost', port, { tls: { trustDefaultCA: false, ...tls } });

  test('receives a certificate that can be kept, with its issuers', async () => {
    let kept: Certificate | undefined;
    const failures: CertificateFailure[] = [];
    {
      await using session = sessionTo(await secure(), {
        verify: async (certificate, why) => {
          await new Promise((resolve) => setTimeout(resolve, 10));
          kept = certificate;
          failures.push(...why);
          return certificate.issuerCertificate?.identity === 'Test Intermediate';
        },
      });
      expect(await (await session.request('GET', '/')).text()).toBe('hello');
    }
    expect(failures).toEqual(['untrusted']);
    const [leaf, intermediate] = Certificate.allFromPEM(pem(pki.chained.cert));
    expect(kept!.chain.map((one) => one.toPEM())).toEqual([leaf!.toPEM(), intermediate!.toPEM()]);
    expect(kept!.equals(leaf!)).toBe(true);
    expect(kept!.issuerCertificate!.subject).toBe('libneon test');
    expect(kept!.toX509().subjectAltName).toBe(new X509Certificate(pem(pki.chained.cert)).subjectAltName);
  });

  test.each([undefined, null, 0, 1, 'true', {}])('rejects the result %p', async (answer) => {
    const server = await secure();
    for (const verify of [() => answer as never, async () => answer as never]) {
      using session = sessionTo(server, { verify });
      const failure = await failureOf(() => session.request('GET', '/'));
      expect(failure).toEqual(wrongType);
      expect(failure.message).toContain('"verify"');
    }
  });

  test('makes the request reject with the error it throws or rejects with', async () => {
    const server = await secure();
    const reason = new Error('the reason');
    const failing = [
      () => {
        throw reason;
      },
      () => Promise.reject(reason),
    ];
    for (const verify of failing) {
      using session = sessionTo(server, { verify });
      expect(await failureOf(() => session.request('GET', '/'))).toBe(reason);
    }
    using session = sessionTo(server, { verify: failing[0]! });
    expect(await failureOf(() => session.requestSync('GET', '/'))).toBe(reason);
  });

  test('cannot return a promise to a blocking request', async () => {
    using session = sessionTo(await secure(), { verify: async () => true });
    expect(await failureOf(() => session.requestSync('GET', '/'))).toEqual(wrongType);
  });

  test('pins a certificate by its fingerprint', async () => {
    const server = await secure();
    const pinned = Certificate.fromPEM(pem(pki.chained.cert)).digest();
    for (const [digest, good] of [
      [pinned, true],
      [pinned.replace(/^../, '00'), false],
    ] as const) {
      await using session = sessionTo(server, { verify: (certificate) => certificate.digest() === digest });
      if (good) expect((await session.request('GET', '/')).status).toBe(200);
      else expect(await failureOf(() => session.request('GET', '/'))).toEqual(neonError('ERR_NEON_CERTIFICATE', 1));
    }
  });

  test('is called for each session of a pool', async () => {
    let asked = 0;
    await using pool = new SessionPool(`https://localhost:${(await secure()).port}/`, {
      connections: 3,
      tls: {
        trustDefaultCA: false,
        verify: () => {
          asked++;
          return true;
        },
      },
    });
    await Promise.all(Array.from({ length: 9 }, async () => (await pool.request('GET', '/')).text()));
    expect(asked).toBe(pool.size);
  });

  test('accepts certificates as authorities', async () => {
    const server = await secure();
    const ca = Certificate.fromPEM(pem(pki.ca.cert));
    for (const trusted of [ca, [ca], [Certificate.fromPEM(pem(pki.otherCa.cert)), pem(pki.ca.cert)]]) {
      await using session = sessionTo(server, { ca: trusted });
      expect((await session.request('GET', '/')).status).toBe(200);
    }
  });
});

describeWith('openssl', 'invalid options', () => {
  const decrypted = ClientCertificate.fromPFX(clientCertificate, 'secret');
  test.each([
    ['an object that is not a certificate', { clientCert: {} }, wrongType],
    [
      'an encrypted certificate',
      { clientCert: ClientCertificate.fromPFX(clientCertificate) },
      neonError('ERR_NEON_INVALID_STATE'),
    ],
    ['invalid bytes', { pfx: Buffer.from('words') }, wrongValue],
    ['a string as pfx', { pfx: 'words' }, wrongType],
    ['a missing passphrase', { pfx: clientCertificate }, neonError('ERR_NEON_INVALID_STATE')],
    ['a wrong passphrase', { pfx: clientCertificate, passphrase: 'the-wrong-one' }, neonError('NE_ERROR', ne.NE_ERROR)],
    ['a number as passphrase', { pfx: clientCertificate, passphrase: 1 }, wrongType],
    ['a passphrase without pfx', { passphrase: 'secret' }, wrongValue],
    ['two certificates', { pfx: clientCertificate, passphrase: 'secret', clientCert: decrypted }, wrongValue],
    ['verify that is not a function', { verify: true }, wrongType],
    ['provideClientCert that is not a function', { provideClientCert: decrypted }, wrongType],
  ])('are rejected: %s', (_, options, error) => {
    const tls = options as unknown as TLSOptions;
    for (const make of [
      () => new Session('https', 'localhost', 443, { tls }),
      () => new SessionPool('https://localhost/', { tls }),
    ])
      expect(make).toThrow(error);
  });
});

describeWith(['apache2', 'openssl'], 'client certificates of Apache', () => {
  const pki = testPki();
  let apache: Apache;
  beforeAll(async () => {
    apache = await startApache();
    apache.write('dav', 'a.txt', 'for clients');
    apache.write('documents', 'b.txt', 'for clients, too');
  });
  afterAll(() => apache.stop());

  const pfx = readFileSync(pki.p12);
  const good: [string, TLSOptions][] = [
    ['pfx', { pfx, passphrase: 'secret' }],
    ['clientCert', { clientCert: ClientCertificate.fromPFX(pfx, 'secret') }],
    ['provideClientCert', { provideClientCert: () => ClientCertificate.fromPFX(pfx, 'secret') }],
    ['provideClientCert with a promise', { provideClientCert: () => ClientCertificate.fromPFX(pfx).decrypt('secret') }],
  ];
  const trusting = (tls: TLSOptions): { tls: TLSOptions } => ({
    tls: { ca: pem(pki.ca.cert), trustDefaultCA: false, ...tls },
  });

  test.each(good)('are sent in the handshake: %s', async (_, tls) => {
    await using session = new Session('https', '127.0.0.1', apache.clientCertificatePort, trusting(tls));
    for (let i = 0; i < 3; i++) {
      expect(await (await session.request('GET', '/b.txt')).text()).toBe('for clients, too');
      session.closeConnection();
    }
  });

  // GnuTLS does not support a certificate request after the handshake.
  (usesGnuTls ? test.skip : test).each(good)(
    'are sent after the handshake: %s (skipped with GnuTLS)',
    async (_, tls) => {
      await using session = new Session('https', '127.0.0.1', apache.tlsPort, trusting(tls));
      expect(await (await session.request('GET', '/mtls/a.txt')).text()).toBe('for clients');
    },
  );

  test('are requested with the names of the authorities', async () => {
    const named: string[][] = [];
    await using session = new Session(
      'https',
      '127.0.0.1',
      apache.clientCertificatePort,
      trusting({
        provideClientCert: (authorities) => {
          named.push([...authorities]);
          return ClientCertificate.fromPFX(pfx, 'secret');
        },
      }),
    );
    expect((await session.request('GET', '/b.txt')).status).toBe(200);
    expect(named).toEqual([['libneon test']]);
  });

  test.each([
    ['no certificate', {}],
    ["another authority's certificate", { pfx: readFileSync(pki.p12WrongClient), passphrase: 'secret' }],
    ['undefined from a callback', { provideClientCert: () => undefined }],
  ] as [string, TLSOptions][])('are required: %s', async (_, tls) => {
    await using session = new Session('https', '127.0.0.1', apache.clientCertificatePort, trusting(tls));
    expect(await failureOf(() => session.request('GET', '/b.txt'))).toEqual(neonError('NE_ERROR', ne.NE_ERROR));
  });

  test('are checked when a callback returns them', async () => {
    for (const answer of [true, 'pfx', pfx, {}, ClientCertificate.fromPFX(pfx).handle])
      for (const provide of [() => answer as never, async () => answer as never]) {
        await using session = new Session(
          'https',
          '127.0.0.1',
          apache.clientCertificatePort,
          trusting({ provideClientCert: provide }),
        );
        const failure = await failureOf(() => session.request('GET', '/b.txt'));
        expect(failure).toEqual(wrongType);
        expect(failure.message).toContain('"provideClientCert"');
      }
  });

  test('are decrypted once for all sessions of a pool', async () => {
    const pool = new SessionPool(`https://127.0.0.1:${apache.clientCertificatePort}/`, {
      connections: 4,
      ...trusting({ pfx, passphrase: 'secret' }),
    });
    const bodies = Array.from({ length: 12 }, async () => (await pool.request('GET', '/b.txt')).text());
    expect(new Set(await Promise.all(bodies))).toEqual(new Set(['for clients, too']));
    await pool.close();
  });
});

test.each([
  ['request', (session: Session) => session.request('GET', '/')],
  ['requestSync', async (session: Session) => session.requestSync('GET', '/')],
  ['propfind', async (session: Session) => session.propfind('/')],
  ['lock', (session: Session) => session.lock('/')],
] as const)('%s names the reasons why a certificate is refused', async (_, call) => {
  const { chained } = testPki();
  const server = await serve({ ...answering(), tls: { cert: pem(chained.cert), key: pem(chained.key) } });
  await using session = new Session('https', '127.0.0.1', server.port);
  const failure = await failureOf(() => call(session));
  expect(failure).toEqual(neonError('ERR_NEON_CERTIFICATE', 1));
  expect(failure.certificateFailures).toEqual(expect.arrayContaining(['untrusted']));
  expect(failure.message).toContain('"tls.ca"');
});
