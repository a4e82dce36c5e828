/** Tests of certificates and client certificates (ne_ssl.h), without a server. */
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { rootCertificates } from 'node:tls';
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { describeWith } from '../../servers/packages.js';
import { pem, testPki } from '../../servers/pki.js';
import { derOf, fromPem, importDer, nameInRoot, root, subjectOf } from '../../support/certificates.js';
import { clientCertificate } from '../../support/client-certificate.js';
import { failureOf, neonError, result, wrongType } from '../../support/expect.js';
import { neonSince, usesGnuTls } from '../../support/neon.js';
import { surfaces } from '../../support/surfaces.js';

const invalidState = neonError('ERR_NEON_INVALID_STATE');
const destroyed = neonError('ERR_NEON_DESTROYED');
const readsLongTimes = usesGnuTls || neonSince(37);
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(realpathSync(tmpdir()), 'libneon-certificates-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const fileWith = (content: string | Uint8Array, name = 'file'): string => {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
};

/** Calls every function that reads a certificate. */
function look(cert: ne.ne_ssl_certificate): unknown[] {
  const [digest, from, until] = [{}, {}, {}];
  ne.ne_ssl_cert_validity(cert, from, until);
  ne.ne_ssl_cert_validity_time(cert, from, until);
  return [
    subjectOf(cert),
    ne.ne_ssl_readable_dname(ne.ne_ssl_cert_issuer(cert)),
    ne.ne_ssl_cert_identity(cert),
    ne.ne_ssl_cert_signedby(cert),
    ne.ne_ssl_cert_digest(cert, digest),
    ne.ne_ssl_cert_hdigest(cert, ne.NE_HASH_SHA256),
    ne.ne_ssl_cert_export(cert),
    digest,
    from,
    until,
  ];
}

describe('certificates of servers', () => {
  test('converts to files and text and back', () => {
    const cert = ne.ne_ssl_cert_read(fileWith(`some words\n${root}\nmore words`))!;
    expect(ne.ne_ssl_cert_export(cert)).toBe(derOf(root).toString('base64'));
    const copy = ne.ne_ssl_cert_import(ne.ne_ssl_cert_export(cert))!;
    expect(copy).not.toBe(cert);
    expect(ne.ne_ssl_cert_cmp(copy, cert)).toBe(0);
    const written = path.join(folder, 'written');
    expect(ne.ne_ssl_cert_write(copy, written)).toBe(0);
    expect(derOf(readFileSync(written, 'utf8'))).toEqual(derOf(root));
    expect(ne.ne_ssl_cert_write(copy, written)).toBe(0);
    expect(ne.ne_ssl_cert_cmp(ne.ne_ssl_cert_read(written)!, cert)).toBe(0);
  });

  test.each(['/nonexistent/file', '/', '', '/proc/self/mem/x'])('fails to write to %j', (file) => {
    expect(ne.ne_ssl_cert_write(fromPem(root), file)).not.toBe(0);
  });

  test('gives the digests and names that Node gives', () => {
    for (const text of rootCertificates) {
      const [cert, x509] = [fromPem(text), new X509Certificate(text)];
      const digest = { value: '' };
      expect(ne.ne_ssl_cert_digest(cert, digest)).toBe(0);
      expect(digest.value).toBe(x509.fingerprint.toLowerCase());
      expect(ne.ne_ssl_cert_hdigest(cert, ne.NE_HASH_SHA256 | ne.NE_HASH_COLON)).toBe(
        x509.fingerprint256.toLowerCase(),
      );
      expect(ne.ne_ssl_dname_cmp(ne.ne_ssl_cert_subject(cert), ne.ne_ssl_cert_issuer(cert)) === 0).toBe(
        x509.subject === x509.issuer,
      );
    }
  });

  // Most older versions of neon misread times whose year has four digits (GeneralizedTime).
  const longTime = Buffer.from([0x18, 0x0f]);
  const legible = rootCertificates.filter((text) => readsLongTimes || !derOf(text).includes(longTime));

  test('gives the times that Node gives', () => {
    expect(legible.length).toBeGreaterThan(20);
    for (const text of legible) {
      const [cert, x509] = [fromPem(text), new X509Certificate(text)];
      const [from, until] = [{ value: 0 }, { value: 0 }];
      ne.ne_ssl_cert_validity_time(cert, from, until);
      expect(from.value * 1000).toBe(Date.parse(x509.validFrom));
      expect(until.value * 1000).toBe(Date.parse(x509.validTo));
      const texts = [{ value: '' }, { value: '' }] as const;
      ne.ne_ssl_cert_validity(cert, ...texts);
      expect(texts.map(({ value }) => Date.parse(value))).toEqual([from.value * 1000, until.value * 1000]);
    }
  });

  test.each([
    ['', null],
    ['not base64', null],
    ['AAAA', null],
    [root, null],
    ['\n', null],
    [Buffer.alloc(100_000).toString('base64'), null],
  ])('returns null for %j', (text, expected) => {
    expect(ne.ne_ssl_cert_import(text)).toBe(expected);
  });

  test.each([
    ['no content', ''],
    ['words', 'words'],
    ['half a certificate', root.slice(0, root.length / 2)],
    ['another kind of block', root.replaceAll('CERTIFICATE', 'PRIVATE KEY')],
    ['invalid base64', '-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n'],
    ['a begin without an end', '-----BEGIN CERTIFICATE-----\n'.repeat(1000)],
    ['null bytes', '\0'.repeat(100_000)],
    ['long lines', `-----BEGIN CERTIFICATE-----\n${'A'.repeat(1_000_000)}\n-----END CERTIFICATE-----\n`],
  ])('returns null for a file with %s', (_, content) => {
    expect(ne.ne_ssl_cert_read(fileWith(content))).toBeNull();
  });

  test.each(['/nonexistent', '/', '/dev/null', ''])('returns null for the file %j', (file) => {
    expect(ne.ne_ssl_cert_read(file)).toBeNull();
    expect(ne.ne_ssl_clicert_read(file)).toBeNull();
  });

  test('accepts missing out-parameters and leaves other fields unchanged', () => {
    const cert = fromPem(root);
    const out = { value: 'before', other: 1 };
    ne.ne_ssl_cert_validity(cert, null, null);
    ne.ne_ssl_cert_validity_time(cert, null, null);
    ne.ne_ssl_cert_validity(cert, null, out);
    expect(out).toEqual({ value: expect.stringMatching(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/), other: 1 });
  });

  test('returns one handle for one C object', () => {
    const cert = fromPem(root);
    expect(ne.ne_ssl_cert_subject(cert)).toBe(ne.ne_ssl_cert_subject(cert));
    expect(ne.ne_ssl_cert_issuer(cert)).toBe(ne.ne_ssl_cert_issuer(cert));
    expect(ne.ne_ssl_cert_subject(cert)).not.toBe(ne.ne_ssl_cert_issuer(cert));
  });

  test('keeps names longer than their certificate', () => {
    const cert = fromPem(root);
    const [subject, expected] = [ne.ne_ssl_cert_subject(cert), subjectOf(cert)];
    ne.ne_ssl_cert_free(cert);
    for (const use of [ne.ne_ssl_cert_subject, ne.ne_ssl_cert_export, ne.ne_ssl_cert_free])
      expect(() => use(cert)).toThrow(destroyed);
    for (let i = 0; i < 1000; i++) fromPem(root);
    expect(ne.ne_ssl_readable_dname(subject)).toBe(expected);
    expect(ne.ne_ssl_dname_cmp(subject, ne.ne_ssl_cert_subject(fromPem(root)))).toBe(0);
  });

  test('compares certificates and names', () => {
    const [first, second] = [fromPem(root), fromPem(rootCertificates[1]!)];
    expect(ne.ne_ssl_cert_cmp(first, second)).not.toBe(0);
    expect(ne.ne_ssl_dname_cmp(ne.ne_ssl_cert_subject(first), ne.ne_ssl_cert_subject(second))).not.toBe(0);
    expect(ne.ne_ssl_cert_cmp(first, first)).toBe(0);
  });

  test('rejects a comparison with another kind', () => {
    const cert = fromPem(root);
    const others = [ne.ne_ssl_cert_subject(cert), ne.ne_ssl_clicert_import(clientCertificate)];
    for (const other of others as unknown as ne.ne_ssl_certificate[]) {
      expect(() => ne.ne_ssl_cert_cmp(cert, other)).toThrow(wrongType);
      expect(() => ne.ne_ssl_cert_cmp(other, cert)).toThrow(wrongType);
    }
    expect(() => ne.ne_ssl_dname_cmp(ne.ne_ssl_cert_subject(cert), cert as unknown as ne.ne_ssl_dname)).toThrow(
      wrongType,
    );
  });

  test.each([0, 6, 15, 0x8000, ne.NE_HASH_COLON, 2 ** 32 - 1])('returns null for the hash algorithm %d', (flags) => {
    expect(ne.ne_ssl_cert_hdigest(fromPem(root), flags)).toBeNull();
  });

  test('computes hashes of all kinds in all forms', () => {
    const cert = fromPem(root);
    const names = [
      [ne.NE_HASH_MD5, 'md5'],
      [ne.NE_HASH_SHA256, 'sha256'],
      [ne.NE_HASH_SHA512, 'sha512'],
      [ne.NE_HASH_SHA512_256, 'sha512-256'],
      [ne.NE_HASH_SHA1, 'sha1'],
    ] as const;
    let known = 0;
    for (const [flag, name] of names) {
      const digits = ne.ne_ssl_cert_hdigest(cert, flag);
      if (digits === null) continue;
      known++;
      expect(digits).toBe(createHash(name).update(derOf(root)).digest('hex'));
      expect(ne.ne_ssl_cert_hdigest(cert, flag | ne.NE_HASH_SPACE)).toBe(digits.replaceAll(/..(?!$)/g, '$& '));
    }
    expect(known).toBeGreaterThanOrEqual(2);
  });
});

describe('hostile certificates', () => {
  const der = derOf(root);

  test('returns null for a truncated certificate', () => {
    for (let length = 0; length < der.length; length++) expect(importDer(der.subarray(0, length))).toBeNull();
  });

  test('ignores or rejects trailing bytes', () => {
    const followed = importDer(Buffer.concat([der, Buffer.alloc(1000, 0xff)]));
    if (usesGnuTls) expect(followed).toBeNull();
    else expect(subjectOf(followed!)).toBe(subjectOf(fromPem(root)));
  });

  test.each([0x00, 0x80, 0xff, 0x30])('survives any byte set to 0x%x', (value) => {
    for (let i = 0; i < der.length; i++) {
      const changed = Buffer.from(der);
      changed[i] = value;
      const cert = importDer(changed);
      if (cert) expect(look(cert)).toHaveLength(10);
    }
  });

  test('does not truncate a common name at a null byte', () => {
    const name = nameInRoot('CN');
    const [issuer, subject] = [der.indexOf(name), der.lastIndexOf(name)];
    const changed = Buffer.from(der);
    changed[subject + 7] = 0;
    expect([issuer > 0, subject > issuer]).toEqual([true, true]);
    expect(ne.ne_ssl_cert_identity(importDer(changed)!)).not.toBe(name.slice(0, 7));
  });

  test('converts names in Latin-1 to UTF-8', () => {
    const name = nameInRoot('O');
    const length = String.fromCharCode(name.length);
    const latin1 = [length, '\xe9', name.slice(1)].join('');
    const changed = der
      .toString('latin1')
      .replaceAll(`\x13${length}${name}`, `\x14${latin1}`)
      .replaceAll(`\x0c${length}${name}`, `\x14${latin1}`);
    expect(changed).not.toBe(der.toString('latin1'));
    expect(subjectOf(importDer(Buffer.from(changed, 'latin1'))!)).toContain(`\u00e9${name.slice(1)}`);
  });
});

describe.each(surfaces)('client certificates on $surface', ({ io }) => {
  const encrypted = (): ne.ne_ssl_client_cert => ne.ne_ssl_clicert_import(clientCertificate)!;

  test('fails with a wrong password and then decrypts with the right one', async () => {
    const client = encrypted();
    expect(ne.ne_ssl_clicert_encrypted(client)).not.toBe(0);
    if (!usesGnuTls) expect(ne.ne_ssl_clicert_name(client)).toBe('the name');
    expect(() => ne.ne_ssl_clicert_owner(client)).toThrow(invalidState);
    for (const password of ['', 'wrong', 'Secret', 'secret ', '\u00e9\u4e2d', 'x'.repeat(100_000)])
      expect([password.length, (await io.ne_ssl_clicert_decrypt(client, password)) !== 0]).toEqual([
        password.length,
        true,
      ]);
    expect(ne.ne_ssl_clicert_encrypted(client)).not.toBe(0);
    expect(await io.ne_ssl_clicert_decrypt(client, 'secret')).toBe(0);
    expect(ne.ne_ssl_clicert_encrypted(client)).toBe(0);
    const owner = ne.ne_ssl_clicert_owner(client);
    expect(subjectOf(owner)).toBe('libneon');
    expect(ne.ne_ssl_cert_identity(owner)).toBe('client');
    expect(ne.ne_ssl_clicert_owner(client)).toBe(owner);
  });

  test('decrypts only once', async () => {
    const client = encrypted();
    expect(await io.ne_ssl_clicert_decrypt(client, 'secret')).toBe(0);
    for (const password of ['secret', 'wrong', ''])
      expect(await failureOf(() => io.ne_ssl_clicert_decrypt(client, password))).toEqual(invalidState);
    expect(subjectOf(ne.ne_ssl_clicert_owner(client))).toBe('libneon');
  });

  test('owns its certificate, which outlives it', async () => {
    const client = encrypted();
    await io.ne_ssl_clicert_decrypt(client, 'secret');
    const owner = ne.ne_ssl_clicert_owner(client);
    expect(() => ne.ne_ssl_cert_free(owner)).toThrow(neonError('ERR_NEON_BORROWED'));
    ne.ne_ssl_clicert_free(client);
    for (const use of [
      ne.ne_ssl_clicert_owner,
      ne.ne_ssl_clicert_name,
      ne.ne_ssl_clicert_encrypted,
      ne.ne_ssl_clicert_free,
    ])
      expect(() => result(() => use(client))).toThrow(destroyed);
    expect(await failureOf(() => io.ne_ssl_clicert_decrypt(client, 'secret'))).toEqual(destroyed);
    for (let i = 0; i < 100; i++) encrypted();
    expect(look(owner)).toHaveLength(10);
    expect(() => ne.ne_ssl_cert_free(owner)).toThrow(neonError('ERR_NEON_BORROWED'));
  });

  test('copies a decrypted certificate', async () => {
    const client = encrypted();
    const copy = (): ne.ne_ssl_client_cert => ne.ne_ssl_clicert_copy(client);
    const missing = features.functions['ne_ssl_clicert_copy'] === false;
    expect(copy).toThrow(missing ? neonError('ERR_NEON_UNSUPPORTED') : invalidState);
    await io.ne_ssl_clicert_decrypt(client, 'secret');
    if (missing) return expect(copy).toThrow(neonError('ERR_NEON_UNSUPPORTED'));
    const copied = copy();
    ne.ne_ssl_clicert_free(client);
    const name = usesGnuTls ? null : 'the name'; // GnuTLS does not read the name of an encrypted file
    expect([ne.ne_ssl_clicert_encrypted(copied), ne.ne_ssl_clicert_name(copied)]).toEqual([0, name]);
    expect(subjectOf(ne.ne_ssl_clicert_owner(copied))).toBe('libneon');
  });
});

describe('hostile PKCS#12 files', () => {
  const open = (bytes: Uint8Array): void => {
    const client = ne.ne_ssl_clicert_import(bytes);
    if (!client) return;
    expect(typeof ne.ne_ssl_clicert_name(client)).toMatch(/string|object/);
    if (ne.ne_ssl_clicert_encrypted(client) && ne.ne_ssl_clicert_decrypt(client, 'secret') !== 0) return;
    expect(look(ne.ne_ssl_clicert_owner(client))).toHaveLength(10);
  };

  test('survives truncation', () => {
    for (let length = 0; length < clientCertificate.length; length++) {
      const cut = clientCertificate.subarray(0, length);
      if (usesGnuTls) open(cut);
      else expect(ne.ne_ssl_clicert_import(cut)).toBeNull();
    }
  });

  test('survives changed bytes', () => {
    for (let i = 0; i < clientCertificate.length; i++) {
      const changed = Buffer.from(clientCertificate);
      changed[i]! ^= i % 2 ? 0x01 : 0x80;
      // Skips the iteration counts, because a large count would take minutes.
      if (i < clientCertificate.length - 4 && !isCount(i)) open(changed);
    }
  });

  /** Whether this byte belongs to an iteration count. Every count in the file is 2048. */
  function isCount(index: number): boolean {
    const count = Buffer.from([0x02, 0x02, 0x08, 0x00]);
    for (let at = clientCertificate.indexOf(count); at >= 0; at = clientCertificate.indexOf(count, at + 1))
      if (index >= at && index < at + count.length) return true;
    return false;
  }

  test('returns null for other data', () => {
    for (const bytes of ['', 'words', Buffer.alloc(10_000), derOf(root), Buffer.from(root)])
      expect(ne.ne_ssl_clicert_import(bytes)).toBeNull();
    expect(ne.ne_ssl_clicert_read(fileWith(root))).toBeNull();
    expect(ne.ne_ssl_clicert_read(fileWith(clientCertificate))).not.toBeNull();
  });
});

describe('client certificates with promises', () => {
  test('makes a certificate busy while it is decrypted', async () => {
    const client = ne.ne_ssl_clicert_import(clientCertificate)!;
    const calls = ['wrong', 'secret', 'secret'].map((word) => promises.ne_ssl_clicert_decrypt(client, word));
    const session = ne.ne_session_create('https', 'localhost', 1);
    const busy = neonError('ERR_NEON_BUSY');
    for (const use of [
      () => ne.ne_ssl_clicert_encrypted(client),
      () => ne.ne_ssl_clicert_name(client),
      () => ne.ne_ssl_clicert_owner(client),
      () => ne.ne_ssl_clicert_decrypt(client, 'secret'),
      () => ne.ne_ssl_set_clicert(session, client),
      () => ne.ne_ssl_clicert_free(client),
    ])
      expect(use).toThrow(busy);
    expect((await failureOf(() => ne.ne_ssl_clicert_name(client))).message).toContain('client certificate');
    const [first, second, third] = await Promise.allSettled(calls);
    expect(first).toMatchObject({ status: 'fulfilled' });
    expect(second).toEqual({ status: 'fulfilled', value: 0 });
    expect(third).toEqual({ status: 'rejected', reason: invalidState });
    ne.ne_ssl_clicert_free(client);
  });

  test('rejects on abort', async () => {
    const client = ne.ne_ssl_clicert_import(clientCertificate)!;
    const reason = new Error('the reason');
    await expect(promises.ne_ssl_clicert_decrypt(client, 'secret', { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    const call = promises.ne_ssl_clicert_decrypt(client, 'wrong', { signal: controller.signal });
    controller.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(await promises.ne_ssl_clicert_decrypt(client, 'secret')).toBe(0);
  });
});

describeWith('openssl', 'files of openssl', () => {
  const pki = testPki();
  const read = (file: string): ne.ne_ssl_certificate => ne.ne_ssl_cert_read(file)!;

  test('gives names', () => {
    const [server, ca] = [read(pki.server.cert), read(pki.ca.cert)];
    expect(ne.ne_ssl_dname_cmp(ne.ne_ssl_cert_issuer(server), ne.ne_ssl_cert_subject(ca))).toBe(0);
    expect(ne.ne_ssl_dname_cmp(ne.ne_ssl_cert_subject(server), ne.ne_ssl_cert_subject(ca))).not.toBe(0);
    expect(subjectOf(server)).toBe('libneon test');
    expect(ne.ne_ssl_cert_signedby(server)).toBeNull();
    expect(ne.ne_ssl_cert_signedby(read(pki.chained.cert))).toBeNull(); // C does not read the file's second certificate
    const identities = [pki.severalNames, pki.commonName, pki.noName, pki.wildcard].map(({ cert }) =>
      ne.ne_ssl_cert_identity(read(cert)),
    );
    expect(identities).toEqual(['first.test.invalid', 'localhost', null, '*.test.invalid']);
    expect(ne.ne_ssl_cert_identity(read(pki.nullInName.cert))).not.toBe(usesGnuTls ? '' : 'localhost');
  });

  test('gives times beyond 2050 where this neon can', () => {
    const until = { value: 0 };
    ne.ne_ssl_cert_validity_time(read(pki.until2060.cert), null, until);
    const right = Date.UTC(2060, 1, 29, 12) / 1000;
    if (readsLongTimes) expect(until.value).toBe(right);
    else expect(until.value).not.toBe(right); // as documented
  });

  test.each([
    ['p12', 'secret', 'Test Client'],
    ['p12NoName', 'secret', null],
    ['p12WrongClient', 'secret', 'Wrong Client'],
    ['p12NoPassword', '', 'Test Client'],
  ] as const)('decrypts %s', (name, password, friendly) => {
    const client = ne.ne_ssl_clicert_read(pki[name])!;
    if (password === '') expect(ne.ne_ssl_clicert_encrypted(client)).toBe(0);
    else expect(ne.ne_ssl_clicert_decrypt(client, password)).toBe(0);
    if (!usesGnuTls) expect(ne.ne_ssl_clicert_name(client)).toBe(friendly);
    expect(subjectOf(ne.ne_ssl_clicert_owner(client))).toBe('libneon test');
  });

  test.each(['p12NoKey', 'p12NoCertificate'] as const)('fails to decrypt %s', (name) => {
    const client = ne.ne_ssl_clicert_read(pki[name]);
    if (client) {
      for (const password of ['secret', 'wrong', 'secret'])
        expect(ne.ne_ssl_clicert_decrypt(client, password)).not.toBe(0);
      expect(() => ne.ne_ssl_clicert_owner(client)).toThrow(invalidState);
      ne.ne_ssl_clicert_free(client);
    }
  });

  const { functions } = features;
  const fromUri = functions['ne_ssl_clicert_fromuri'] && !usesGnuTls ? test : test.skip;
  fromUri('reads a client certificate from a URI (skipped if this neon cannot)', async () => {
    const file = fileWith(pem(pki.client.cert) + pem(pki.client.key), 'client.pem');
    const client = ne.ne_ssl_clicert_fromuri(`file:${file}`, 0)!;
    expect(ne.ne_ssl_clicert_encrypted(client)).toBe(0);
    expect(subjectOf(ne.ne_ssl_clicert_owner(client))).toBe('libneon test');
    expect(await promises.ne_ssl_clicert_fromuri('file:/nonexistent', 0)).toBeNull();
  });

  fromUri('fails to decrypt a file that was removed (skipped if this neon cannot)', async () => {
    const key = fileWith('', 'key.pem');
    execFileSync('openssl', ['pkey', '-in', pki.client.key, '-aes256', '-passout', 'pass:secret', '-out', key]);
    const file = fileWith(pem(pki.client.cert) + readFileSync(key, 'utf8'), 'both.pem');
    const client = ne.ne_ssl_clicert_fromuri(`file:${file}`, 0)!;
    expect(ne.ne_ssl_clicert_encrypted(client)).not.toBe(0);
    expect(ne.ne_ssl_clicert_decrypt(client, 'wrong')).not.toBe(0);
    const content = readFileSync(file);
    rmSync(file);
    for (let i = 0; i < 3; i++) expect(ne.ne_ssl_clicert_decrypt(client, 'secret')).not.toBe(0);
    writeFileSync(file, pem(pki.ca.cert));
    expect(ne.ne_ssl_clicert_decrypt(client, 'secret')).not.toBe(0);
    writeFileSync(file, content);
    expect(await promises.ne_ssl_clicert_decrypt(client, 'secret')).toBe(0);
    expect(subjectOf(ne.ne_ssl_clicert_owner(client))).toBe('libneon test');
    ne.ne_ssl_clicert_free(client);
  });
});
