/** Tests of TLS in sessions (ne_session.h): verification of servers, and client certificates. */
import { readFileSync } from 'node:fs';
import {
  type Certificate,
  type CertificateFailure,
  type CertificateVerifier,
  ClientCertificate,
  features,
  Session,
  type TLSOptions,
} from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { describeWith } from '../../servers/packages.js';
import { pem, testPki } from '../../servers/pki.js';
import type { RawServer } from '../../servers/raw.js';
import { startTlsServer } from '../../servers/s-server.js';
import { clientCertificate } from '../../support/client-certificate.js';
import { failureOf, neonError, result, wrongType, wrongValue } from '../../support/expect.js';
import { answering, testServers } from '../../support/servers.js';
import { surfaces, type Io } from '../../support/surfaces.js';
import { clientOf } from '../../support/tls-contexts.js';
import { refusal, situations, type Situation } from '../../support/tls-situations.js';

const serve = testServers();
const destroyed = neonError('ERR_NEON_DESTROYED');
const borrowed = neonError('ERR_NEON_BORROWED');
const invalidState = neonError('ERR_NEON_INVALID_STATE');
const names: readonly (readonly [number, CertificateFailure])[] = [
  [ne.NE_SSL_NOTYETVALID, 'notYetValid'],
  [ne.NE_SSL_EXPIRED, 'expired'],
  [ne.NE_SSL_IDMISMATCH, 'idMismatch'],
  [ne.NE_SSL_UNTRUSTED, 'untrusted'],
  [ne.NE_SSL_BADCHAIN, 'badChain'],
];

async function get(io: Io, session: ne.ne_session): Promise<number> {
  const request = await io.ne_request_create(session, 'GET', '/');
  try {
    return await io.ne_request_dispatch(request);
  } finally {
    await io.ne_request_destroy(request);
  }
}

describeWith('openssl', 'TLS in situations', () => {
  const loopback = ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!;

  /** A session in this situation, whose callback returns `verdict`. */
  function sessionIn(port: number, { host, trusts, client }: Situation, verdict?: number) {
    const asked: number[] = [];
    const session = ne.ne_session_create('https', host, port);
    ne.ne_set_addrlist(session, [loopback]);
    for (const file of trusts) ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_read(file)!);
    if (client && 'set' in client) ne.ne_ssl_set_clicert(session, clientOf(client.set));
    if (client && 'provided' in client)
      ne.ne_ssl_provide_clicert(session, (sess) => {
        if (client.provided !== null) ne.ne_ssl_set_clicert(sess, clientOf(client.provided));
      });
    if (verdict !== undefined)
      ne.ne_ssl_set_verify(session, (failures) => {
        asked.push(failures);
        return verdict;
      });
    return { session, asked };
  }

  /** The options of the classes for this situation. */
  function optionsIn({ trusts, client }: Situation, verify?: CertificateVerifier): TLSOptions {
    const set = client && 'set' in client ? { pfx: readFileSync(client.set), passphrase: 'secret' } : {};
    const provided = client && 'provided' in client ? client.provided : undefined;
    return {
      ca: trusts.map((file) => pem(file)),
      trustDefaultCA: false,
      ...set,
      ...(provided !== undefined && {
        provideClientCert: () => (provided === null ? null : ClientCertificate.read(provided, 'secret')),
      }),
      ...(verify && { verify }),
    };
  }

  test.each(situations())('handles $about', async (situation) => {
    const { server, host, error, failures } = situation;
    const running = await startTlsServer(server);
    try {
      for (const { io } of surfaces) {
        for (const verdict of [undefined, 1, 0]) {
          const { session, asked } = sessionIn(running.port, situation, verdict);
          const code = await get(io, session);
          const text = ne.ne_get_error(session);
          const accepted = failures === 0 || verdict === 0;
          expect([verdict, code, text]).toEqual([verdict, accepted && !error ? ne.NE_OK : ne.NE_ERROR, text]);
          if (accepted && error) expect(text).toMatch(error);
          if (!accepted) expect(text).toBe(refusal(failures));
          expect(asked).toEqual(failures === 0 || verdict === undefined ? [] : [failures]);
          ne.ne_session_destroy(session);
        }
      }
      for (const verdict of [undefined, false, true]) {
        const asked: (readonly CertificateFailure[])[] = [];
        const verify = (_: Certificate, why: readonly CertificateFailure[]): boolean => {
          asked.push(why);
          return verdict === true;
        };
        const options = optionsIn(situation, verdict === undefined ? undefined : verify);
        const accepted = failures === 0 || verdict === true;
        for (const send of ['request', 'requestSync'] as const) {
          using session = new Session('https', host, running.port, { tls: options, addresses: ['127.0.0.1'] });
          if (accepted && !error) {
            const response = await session[send]('GET', '/');
            expect([response.status, (await response.text()).length > 0]).toEqual([200, true]);
          } else {
            const failure = await failureOf(() => session[send]('GET', '/'));
            expect(failure).toEqual(neonError(accepted ? 'NE_ERROR' : 'ERR_NEON_CERTIFICATE', ne.NE_ERROR));
            const reasons = names.filter(([bit]) => (failures & bit) !== 0).map(([, name]) => name);
            if (!accepted) expect([...failure.certificateFailures!].sort()).toEqual([...reasons].sort());
            expect(failure.message).toMatch(accepted ? error! : refusal(failures));
          }
        }
        const why = names.filter(([bit]) => (failures & bit) !== 0).map(([, name]) => name);
        const once = failures === 0 || verdict === undefined ? [] : [why];
        expect(asked).toEqual([...once, ...once]);
      }
    } finally {
      await running.stop();
    }
  });
});

describeWith('openssl', 'verification of servers', () => {
  const pki = testPki();
  const tls = { key: pem(pki.chained.key), cert: pem(pki.chained.cert) };
  const secure = (): Promise<RawServer> => serve({ ...answering(), tls });
  const sessionTo = ({ port }: RawServer): ne.ne_session => ne.ne_session_create('https', 'localhost', port);
  const text = (cert: ne.ne_ssl_certificate): string => ne.ne_ssl_cert_export(cert);

  describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
    test('passes a certificate with its signers, which end with the callback', async () => {
      const session = sessionTo(await secure());
      const kept: unknown[] = [];
      ne.ne_ssl_set_verify(session, (_, cert) => {
        const signer = ne.ne_ssl_cert_signedby(cert)!;
        expect(ne.ne_ssl_cert_signedby(cert)).toBe(signer);
        expect(text(cert)).toBe(text(ne.ne_ssl_cert_read(pki.chained.cert)!));
        expect(ne.ne_ssl_dname_cmp(ne.ne_ssl_cert_issuer(cert), ne.ne_ssl_cert_subject(signer))).toBe(0);
        expect(ne.ne_ssl_cert_identity(signer)).toBe('Test Intermediate');
        for (const one of [cert, signer]) expect(() => ne.ne_ssl_cert_free(one)).toThrow(borrowed);
        kept.push(cert, signer, ne.ne_ssl_cert_subject(cert), ne.ne_ssl_cert_issuer(signer));
        return 0;
      });
      expect(await get(io, session)).toBe(ne.NE_OK);
      const [cert, signer, subject, issuer] = kept as [
        ne.ne_ssl_certificate,
        ne.ne_ssl_certificate,
        ne.ne_ssl_dname,
        ne.ne_ssl_dname,
      ];
      for (const one of [cert, signer])
        for (const use of [text, ne.ne_ssl_cert_signedby, ne.ne_ssl_cert_subject, ne.ne_ssl_cert_free])
          expect(() => result(() => use(one))).toThrow(destroyed);
      for (const name of [subject, issuer]) expect(() => ne.ne_ssl_readable_dname(name)).toThrow(destroyed);
      expect(() => ne.ne_ssl_dname_cmp(subject, issuer)).toThrow(destroyed);
      expect(() => ne.ne_ssl_trust_cert(session, cert)).toThrow(destroyed);
    });

    test('asks once for each session', async () => {
      const server = await secure();
      for (let i = 0; i < 2; i++) {
        const session = sessionTo(server);
        let asked = 0;
        ne.ne_ssl_set_verify(session, () => {
          asked++;
          return 0;
        });
        for (let j = 0; j < 3; j++) {
          expect(await get(io, session)).toBe(ne.NE_OK);
          await io.ne_close_connection(session);
        }
        expect(asked).toBe(1);
      }
    });

    test('trusts a certificate from the next connection on that the callback trusted', async () => {
      const server = await secure();
      const session = sessionTo(server);
      ne.ne_ssl_set_verify(session, (_, cert) => {
        ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_signedby(cert)!);
        ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_read(pki.ca.cert)!);
        return 1;
      });
      expect(await get(io, session)).toBe(ne.NE_ERROR);
      ne.ne_ssl_set_verify(session, null);
      expect(await get(io, session)).toBe(ne.NE_OK);
    });

    test.each([
      undefined,
      null,
      true,
      false,
      '0',
      '',
      {},
      [],
      0n,
      NaN,
      0.5,
      2 ** 31,
      -(2 ** 31) - 1,
      Infinity,
      () => 0,
    ])('rejects %p as a verdict', async (answer) => {
      const session = sessionTo(await secure());
      ne.ne_ssl_set_verify(session, () => answer as number);
      expect(await failureOf(() => get(io, session))).toEqual(wrongType);
      if (asynchronous) {
        ne.ne_ssl_set_verify(session, async () => answer as number);
        expect(await failureOf(() => get(io, session))).toEqual(wrongType);
      }
      ne.ne_ssl_set_verify(session, () => 0);
      expect(await get(io, session)).toBe(ne.NE_OK);
    });

    test.each([1, -1, ne.NE_ERROR, 2 ** 31 - 1, -(2 ** 31)])('returns NE_ERROR for the verdict %p', async (verdict) => {
      const session = sessionTo(await secure());
      ne.ne_ssl_set_verify(session, () => verdict);
      expect(await get(io, session)).toBe(ne.NE_ERROR);
      expect(ne.ne_get_error(session)).toContain('issuer is not trusted');
    });

    test('throws the error of the callback to the caller', async () => {
      const session = sessionTo(await secure());
      const reason = new Error('the reason');
      ne.ne_ssl_set_verify(session, () => {
        throw reason;
      });
      expect(await failureOf(() => get(io, session))).toBe(reason);
      ne.ne_ssl_set_verify(session, () => 0);
      expect(await get(io, session)).toBe(ne.NE_OK);
    });

    test('waits for a promise or rejects it', async () => {
      const session = sessionTo(await secure());
      ne.ne_ssl_set_verify(session, async (_, cert) => {
        if (!asynchronous) return 0;
        await new Promise((resolve) => setTimeout(resolve, 20));
        return text(cert) === text(ne.ne_ssl_cert_read(pki.chained.cert)!) ? 0 : 1;
      });
      if (asynchronous) expect(await get(io, session)).toBe(ne.NE_OK);
      else expect(await failureOf(() => get(io, session))).toEqual(wrongType);
    });

    test('refuses calls in the callback', async () => {
      const session = sessionTo(await secure());
      const reentrant = neonError('ERR_NEON_REENTRANT');
      let asked = 0;
      ne.ne_ssl_set_verify(session, () => {
        asked++;
        for (const call of [
          () => ne.ne_ssl_set_verify(session, () => 0),
          () => ne.ne_ssl_set_verify(session, null),
          () => ne.ne_close_connection(session),
          () => ne.ne_session_destroy(session),
        ])
          expect(call).toThrow();
        expect(() => ne.ne_ssl_set_verify(session, null)).toThrow(reentrant);
        return 0;
      });
      expect(await get(io, session)).toBe(ne.NE_OK);
      expect(asked).toBe(1);
    });

    test('ignores earlier errors of OpenSSL', async () => {
      const server = await secure();
      const session = sessionTo(server);
      ne.ne_ssl_set_verify(session, () => 0);
      const readBadly = (): void => {
        const der = Buffer.from(text(ne.ne_ssl_cert_read(pki.server.cert)!), 'base64');
        der[der.indexOf('localhost', der.indexOf('localhost') + 1) - 1]! ^= 0x40; // the length of its first name
        ne.ne_ssl_cert_import(der.toString('base64'));
        ne.ne_ssl_clicert_import(clientCertificate.subarray(0, 100));
        ne.ne_ssl_clicert_decrypt(ne.ne_ssl_clicert_import(clientCertificate)!, 'wrong');
      };
      readBadly();
      expect(await get(io, session)).toBe(ne.NE_OK);
      readBadly();
      expect(await get(io, session)).toBe(ne.NE_OK);
      const other = sessionTo(server);
      expect(await get(io, other)).toBe(ne.NE_ERROR);
      expect(ne.ne_ssl_clicert_import(clientCertificate)).not.toBeNull(); // the file is encrypted, but not broken
    });

    test('does not ask without TLS', async () => {
      const session = ne.ne_session_create('http', '127.0.0.1', (await serve(answering())).port);
      let asked = 0;
      ne.ne_ssl_set_verify(session, () => ++asked);
      ne.ne_ssl_provide_clicert(session, () => {
        asked++;
      });
      const client = ne.ne_ssl_clicert_import(clientCertificate)!;
      ne.ne_ssl_clicert_decrypt(client, 'secret');
      ne.ne_ssl_set_clicert(session, client);
      ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_read(pki.ca.cert)!);
      expect(await get(io, session)).toBe(ne.NE_OK);
      expect(asked).toBe(0);
      ne.ne_session_destroy(session);
    });
  });

  test('rejects with the reason of a rejected promise', async () => {
    const session = sessionTo(await secure());
    const reason = new Error('the reason');
    ne.ne_ssl_set_verify(session, () => Promise.reject(reason));
    const { io } = surfaces[1]!;
    expect(await failureOf(() => get(io, session))).toBe(reason);
    ne.ne_ssl_set_verify(session, () => 0);
    expect(await get(io, session)).toBe(ne.NE_OK);
  });

  test('frees the certificate after an abort during a callback', async () => {
    const server = await secure();
    const session = sessionTo(server);
    const controller = new AbortController();
    const reason = new Error('the reason');
    const lent = await new Promise<ne.ne_ssl_certificate>((resolve) => {
      ne.ne_ssl_set_verify(session, (_, cert) => {
        resolve(cert);
        return new Promise(() => {});
      });
      const request = ne.ne_request_create(session, 'GET', '/');
      promises.ne_request_dispatch(request, { signal: controller.signal }).catch((error: unknown) => {
        expect(error).toBe(reason);
      });
    });
    const subject = ne.ne_ssl_cert_subject(lent);
    expect(text(lent)).not.toBe('');
    controller.abort(reason);
    // After the abort, C frees the certificate while this loop is still reading it. The loop must see only valid data
    // or an error.
    let looks = 0;
    for (const until = Date.now() + 5000; Date.now() < until; looks++)
      try {
        expect(ne.ne_ssl_readable_dname(subject)).toBe('libneon test');
        text(lent);
      } catch (error) {
        expect(error).toEqual(destroyed);
        break;
      }
    expect(() => text(lent)).toThrow(destroyed);
    await server.waitForClosed(1);
  });

  test('ignores the late answer of a callback after an abort', async () => {
    const server = await secure();
    const session = sessionTo(server);
    const controller = new AbortController();
    let answer = (_: number): void => {};
    const asked = new Promise<void>((resolve) => {
      ne.ne_ssl_set_verify(session, () => {
        resolve();
        return new Promise((settle) => (answer = settle));
      });
    });
    const request = ne.ne_request_create(session, 'GET', '/');
    const call = promises.ne_request_dispatch(request, { signal: controller.signal });
    await asked;
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    answer(0);
    await promises.ne_close_connection(session);
    expect((await server.connections()).map(({ received }) => received.length)).toEqual([0]);
    ne.ne_ssl_set_verify(session, () => 0);
    expect(await promises.ne_request_dispatch(request)).toBe(ne.NE_OK);
  });
});

describeWith('openssl', 'client certificates of sessions', () => {
  const pki = testPki();
  const tls = { key: pem(pki.server.key), cert: pem(pki.server.cert), ca: pem(pki.ca.cert), requestCert: true };

  async function asking(options: { maxVersion?: 'TLSv1.2' } = {}) {
    const server = await serve({ ...answering(), tls: { ...tls, ...options } });
    const session = ne.ne_session_create('https', 'localhost', server.port);
    ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_read(pki.ca.cert)!);
    const given = async (): Promise<unknown> =>
      (await server.connections()).map(({ tls: seen }) => seen?.clientCertificate);
    return { server, session, given };
  }

  describe.each(surfaces)('$surface', ({ io, asynchronous }) => {
    test('sends a certificate that was freed after it was set', async () => {
      const { session, given } = await asking();
      const client = clientOf(pki.p12);
      ne.ne_ssl_set_clicert(session, client);
      ne.ne_ssl_clicert_free(client);
      for (let i = 0; i < 100; i++) clientOf(pki.p12NoPassword);
      expect(await get(io, session)).toBe(ne.NE_OK);
      expect(await given()).toEqual(['Test Client']);
    });

    test('passes the names of authorities, which end with the callback', async () => {
      const { session, given } = await asking();
      const seen: unknown[] = [];
      let kept: ne.ne_ssl_dname[] = [];
      ne.ne_ssl_provide_clicert(session, (sess, dnames) => {
        const ca = ne.ne_ssl_cert_subject(ne.ne_ssl_cert_read(pki.ca.cert)!);
        seen.push(
          sess === session,
          dnames.map((name) => ne.ne_ssl_readable_dname(name)),
        );
        seen.push(
          dnames.map((name) => ne.ne_ssl_dname_cmp(name, ca)),
          ne.ne_ssl_dname_cmp(dnames[0]!, dnames[0]!),
        );
        kept = dnames;
        ne.ne_ssl_set_clicert(sess, clientOf(pki.p12));
      });
      expect(await get(io, session)).toBe(ne.NE_OK);
      expect(seen).toEqual([true, ['libneon test'], [0], 0]);
      expect(await given()).toEqual(['Test Client']);
      expect(kept).toHaveLength(1);
      expect(() => ne.ne_ssl_readable_dname(kept[0]!)).toThrow(destroyed);
      expect(() => ne.ne_ssl_dname_cmp(kept[0]!, kept[0]!)).toThrow(destroyed);
    });

    test('sends no certificate after a callback without one or without a callback', async () => {
      const { session, given } = await asking();
      let asked = 0;
      ne.ne_ssl_provide_clicert(session, () => {
        asked++;
      });
      expect(await get(io, session)).toBe(ne.NE_OK);
      expect(asked).toBe(1);
      await io.ne_close_connection(session);
      ne.ne_ssl_provide_clicert(session, null);
      expect(await get(io, session)).toBe(ne.NE_OK);
      expect(asked).toBe(1);
      expect(await given()).toEqual([null, null]);
    });

    test('throws the error of a callback, also for an encrypted certificate', async () => {
      const reason = new Error('the reason');
      for (const [fail, expected] of [
        [
          () => {
            throw reason;
          },
          reason,
        ],
        [(sess: ne.ne_session) => ne.ne_ssl_set_clicert(sess, ne.ne_ssl_clicert_read(pki.p12)!), invalidState],
        [(sess: ne.ne_session) => ne.ne_ssl_provide_clicert(sess, null), neonError('ERR_NEON_REENTRANT')],
      ] as const) {
        const { session } = await asking();
        ne.ne_ssl_provide_clicert(session, fail);
        expect(await failureOf(() => get(io, session))).toEqual(expected);
        ne.ne_ssl_provide_clicert(session, (sess) => ne.ne_ssl_set_clicert(sess, clientOf(pki.p12)));
        expect(await get(io, session)).toBe(ne.NE_OK);
      }
    });

    test('waits for a promise or rejects it', async () => {
      const { session, given } = await asking();
      ne.ne_ssl_provide_clicert(session, async (sess) => {
        const client = ne.ne_ssl_clicert_read(pki.p12)!;
        await promises.ne_ssl_clicert_decrypt(client, 'secret');
        ne.ne_ssl_set_clicert(sess, client);
      });
      if (!asynchronous) return expect(await failureOf(() => get(io, session))).toEqual(wrongType);
      expect(await get(io, session)).toBe(ne.NE_OK);
      expect(await given()).toEqual(['Test Client']);
    });

    test('replaces a certificate repeatedly', async () => {
      const { session } = await asking();
      for (let i = 0; i < 20; i++) ne.ne_ssl_set_clicert(session, clientOf(i % 2 ? pki.p12 : pki.p12WrongClient));
      expect(await get(io, session)).toBe(ne.NE_OK);
    });
  });

  test('frees the names of authorities after an abort during a callback', async () => {
    for (let i = 0; i < 10; i++) {
      const { session } = await asking(i % 2 ? { maxVersion: 'TLSv1.2' } : {});
      const controller = new AbortController();
      const dnames = await new Promise<ne.ne_ssl_dname[]>((resolve) => {
        ne.ne_ssl_provide_clicert(session, (_, names) => {
          resolve(names);
          return new Promise(() => {});
        });
        const request = ne.ne_request_create(session, 'GET', '/');
        promises.ne_request_dispatch(request, { signal: controller.signal }).catch(() => {});
      });
      controller.abort();
      let ended = false;
      for (const until = Date.now() + 5000; !ended && Date.now() < until;)
        try {
          expect(ne.ne_ssl_readable_dname(dnames[0]!)).toBe('libneon test');
        } catch (error) {
          expect(error).toEqual(destroyed);
          ended = true;
        }
      expect(ended).toBe(true);
    }
  });
});

describe('ne_ssl_set_protovers', () => {
  const missing = features.functions['ne_ssl_set_protovers'] === false;

  test('limits the versions if this neon can', () => {
    const session = ne.ne_session_create('https', 'localhost', 1);
    const set = (min: number, max: number): number => ne.ne_ssl_set_protovers(session, min, max);
    if (missing) return expect(() => set(0, 0)).toThrow(neonError('ERR_NEON_UNSUPPORTED'));
    expect(set(ne.NE_SSL_PROTO_TLS_1_2, ne.NE_SSL_PROTO_TLS_1_3)).toBe(ne.NE_OK);
    expect(set(ne.NE_SSL_PROTO_UNSPEC, ne.NE_SSL_PROTO_UNSPEC)).toBe(ne.NE_OK);
    expect(set(99, ne.NE_SSL_PROTO_TLS_1_3)).toBe(ne.NE_ERROR);
    expect(ne.ne_get_error(session)).not.toBe('');
    expect(ne.ne_ssl_set_protovers(ne.ne_session_create('http', 'localhost', 1), 0, 0)).toBe(ne.NE_ERROR);
  });

  test('limits the versions by the options minVersion and maxVersion', () => {
    const make = (tls: TLSOptions): Session => new Session('https', 'localhost', 1, { tls });
    const both = (): Session => make({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.3' });
    if (missing) return expect(both).toThrow(neonError('ERR_NEON_UNSUPPORTED'));
    both().destroy();
    make({ minVersion: 'TLSv1.2' }).destroy();
    make({ maxVersion: 'TLSv1.2' }).destroy();
    expect(() => make({ minVersion: 'TLSv1.3', maxVersion: 'TLSv1.2' })).toThrow(wrongValue);
    expect(() => make({ minVersion: 'TLSv9' as never })).toThrow(wrongValue);
    expect(() => make({ maxVersion: 1 as never })).toThrow(wrongType);
  });
});

test('refuses an encrypted client certificate', () => {
  const session = ne.ne_session_create('https', 'localhost', 1);
  expect(() => ne.ne_ssl_set_clicert(session, ne.ne_ssl_clicert_import(clientCertificate)!)).toThrow(invalidState);
});
