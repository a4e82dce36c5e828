/** Tests of TLS contexts (ne_ssl.h). */
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { describeWith } from '../../servers/packages.js';
import { testPki } from '../../servers/pki.js';
import { failureOf, neonError } from '../../support/expect.js';
import { usesGnuTls } from '../../support/neon.js';
import { restOf, testPairs, type Pair } from '../../support/sockets.js';
import { surfaces } from '../../support/surfaces.js';
import { clientContext, clientOf, serverContext, shaken, verifies } from '../../support/tls-contexts.js';

const pair = testPairs();
const invalidState = neonError('ERR_NEON_INVALID_STATE');

describeWith('openssl', 'TLS contexts', () => {
  const pki = testPki();

  describe.each(surfaces)('$surface', ({ io }) => {
    const connect = (ends: Pair, server: ne.ne_ssl_context, client: ne.ne_ssl_context) =>
      shaken(ends, server, () => io.ne_sock_connect_ssl(ends.client, client));
    const success = { server: 0, client: 0 };

    test.each(['otherCa', 'nothing'] as const)(
      'fails to connect to a server for a client that trusts %s',
      async (which) => {
        const ends = await pair();
        const client = which === 'nothing' ? clientContext() : clientContext(pki[which]);
        const outcome = await connect(ends, serverContext(), client);
        if (!verifies) return expect(outcome).toEqual(success);
        expect(outcome.client).toBeLessThan(0);
        expect(() => ne.ne_sock_fd(ends.client)).toThrow(neonError('ERR_NEON_DESTROYED'));
      },
    );

    test.each(['expired', 'notYet', 'selfSigned'] as const)(
      'fails to connect to a server whose certificate is %s',
      async (which) => {
        const ends = await pair();
        const { client } = await connect(ends, serverContext(pki[which]), clientContext(pki.ca));
        if (verifies) expect(client).toBeLessThan(0);
        else expect(client).toBe(0);
      },
    );

    test('fails to accept a client without a required certificate', async () => {
      const ends = await pair();
      const context = serverContext();
      expect(ne.ne_ssl_context_set_verify(context, true, pki.ca.cert, pki.ca.cert)).toBe(0);
      const accepting = promises.ne_sock_accept_ssl(ends.server, context);
      const connecting = await io.ne_sock_connect_ssl(ends.client, clientContext(pki.ca));
      expect(await accepting).toBeLessThan(0);
      ne.ne_sock_close(ends.server);
      // In TLS 1.3 the client completes its handshake before the server refuses.
      if (connecting === 0) expect(await io.ne_sock_read(ends.client, Buffer.alloc(1))).toBeLessThan(0);
    });

    const asksForCertificate = (): ne.ne_ssl_context => {
      const server = serverContext();
      expect(ne.ne_ssl_context_set_verify(server, true, pki.ca.cert, pki.ca.cert)).toBe(0);
      return server;
    };
    const provides = features.functions['ne_ssl_context_set_ccprovide'] === true;
    const ifItProvides = provides ? test : test.skip;
    const why = provides ? '' : ' (skipped: this neon has no ne_ssl_context_set_ccprovide)';
    /**
     * Whether the server accepts the client. With TLS 1.3, the client learns this only from the server's first byte.
     */
    const outcome = async (client: ne.ne_ssl_context, server = asksForCertificate()): Promise<boolean> => {
      const ends = await pair();
      const { server: accepted } = await connect(ends, server, client);
      return accepted === 0 && ne.ne_sock_close(ends.client) === 0;
    };

    ifItProvides(`sends the client certificate of a context${why}`, async () => {
      const client = clientContext(pki.ca);
      const certificate = clientOf(pki.p12);
      ne.ne_ssl_context_set_clicert(client, certificate);
      ne.ne_ssl_clicert_free(certificate);
      for (let i = 0; i < 3; i++) expect(await outcome(client)).toBe(true);
      const wrong = clientContext(pki.ca);
      ne.ne_ssl_context_set_clicert(wrong, clientOf(pki.p12WrongClient));
      expect(await outcome(wrong)).toBe(false);
      expect(() => ne.ne_ssl_context_set_clicert(wrong, ne.ne_ssl_clicert_read(pki.p12)!)).toThrow(invalidState);
    });

    ifItProvides(`sends the client certificate that a callback provides${why}`, async () => {
      const client = clientContext(pki.ca);
      const asked: string[][] = [];
      let names: ne.ne_ssl_dname[] = [];
      ne.ne_ssl_context_set_ccprovide(client, (dnames) => {
        names = dnames;
        asked.push(dnames.map((name) => ne.ne_ssl_readable_dname(name)));
        ne.ne_ssl_context_set_clicert(client, clientOf(pki.p12));
      });
      expect(await outcome(client)).toBe(true);
      expect(asked).toEqual([['libneon test']]);
      expect(() => ne.ne_ssl_readable_dname(names[0]!)).toThrow(neonError('ERR_NEON_DESTROYED'));
      expect(await outcome(client)).toBe(true);
      expect(asked).toHaveLength(1); // the context has a certificate now
    });

    ifItProvides(
      `fails without a client certificate after a callback without one, an error, or no callback${why}`,
      async () => {
        const client = clientContext(pki.ca);
        let asked = 0;
        ne.ne_ssl_context_set_ccprovide(client, () => {
          asked++;
        });
        expect(await outcome(client)).toBe(false);
        expect(asked).toBe(1);
        const reason = new Error('the reason');
        ne.ne_ssl_context_set_ccprovide(client, () => {
          throw reason;
        });
        const ends = await pair();
        const accepting = promises.ne_sock_accept_ssl(ends.server, asksForCertificate());
        expect(await failureOf(() => io.ne_sock_connect_ssl(ends.client, client))).toBe(reason);
        ne.ne_sock_close(ends.client);
        expect(await accepting).not.toBe(0);
        ne.ne_ssl_context_set_ccprovide(client, null);
        expect(await outcome(client)).toBe(false);
        expect(asked).toBe(1);
      },
    );

    ifItProvides(`lets the callback destroy its context, which was dropped before${why}`, async () => {
      const server = asksForCertificate();
      let client: ne.ne_ssl_context | null = clientContext(pki.ca);
      const asked = new Promise<void>((resolve) => {
        const context = client!;
        ne.ne_ssl_context_set_ccprovide(context, () => {
          ne.ne_ssl_context_set_clicert(context, clientOf(pki.p12));
          ne.ne_ssl_context_destroy(context);
          resolve();
        });
      });
      const ends = await pair();
      const connecting = connect(ends, server, client);
      client = null;
      await asked;
      expect(await connecting).toEqual(success);
    });
  });

  test('lets a context be destroyed before its sockets', async () => {
    const ends = await pair();
    const [server, client] = [serverContext(), clientContext(pki.ca)];
    const accepting = promises.ne_sock_accept_ssl(ends.server, server);
    const connecting = promises.ne_sock_connect_ssl(ends.client, client);
    ne.ne_ssl_context_destroy(server);
    ne.ne_ssl_context_destroy(client);
    expect(await Promise.all([accepting, connecting])).toEqual([0, 0]);
    expect(() => ne.ne_ssl_context_get_flag(client, 0)).toThrow(neonError('ERR_NEON_DESTROYED'));
    await promises.ne_sock_fullwrite(ends.client, 'still');
    ne.ne_sock_close(ends.client);
    expect(await restOf(ends.server)).toBe('still');
  });

  test('serves many sockets at a time with one pair of contexts, which change meanwhile', async () => {
    const [server, client] = [serverContext(), clientContext(pki.ca)];
    const each = await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const ends = await pair();
        const shaking = [
          promises.ne_sock_accept_ssl(ends.server, server),
          promises.ne_sock_connect_ssl(ends.client, client),
        ];
        ne.ne_ssl_context_set_flag(client, ne.NE_SSL_CTX_SSLv2, index % 2 === 0);
        ne.ne_ssl_context_set_flag(server, ne.NE_SSL_CTX_SSLv2, index % 2 === 1);
        if ((await Promise.all(shaking)).some((result) => result !== 0)) return 'failed';
        await promises.ne_sock_fullwrite(ends.client, `${index}`);
        ne.ne_sock_close(ends.client);
        return restOf(ends.server);
      }),
    );
    expect(each).toEqual(each.map((_, index) => `${index}`));
  });

  test('trusts a certificate that is added after a connection', async () => {
    if (!verifies) return;
    const context = clientContext();
    const before = await pair();
    expect(
      (await shaken(before, serverContext(), () => promises.ne_sock_connect_ssl(before.client, context))).client,
    ).toBeLessThan(0);
    ne.ne_ssl_context_trustcert(context, ne.ne_ssl_cert_read(pki.ca.cert)!);
    const after = await pair();
    expect(
      (await shaken(after, serverContext(), () => promises.ne_sock_connect_ssl(after.client, context))).client,
    ).toBe(0);
  });

  test('limits the versions of TLS', async () => {
    const [server, client] = [serverContext(), clientContext(pki.ca)];
    if (features.functions['ne_ssl_context_set_versions'] !== true) {
      const unsupported = neonError('ERR_NEON_UNSUPPORTED');
      expect(() => ne.ne_ssl_context_set_versions(server, 0, 0)).toThrow(unsupported);
      expect(() => ne.ne_ssl_proto_name(ne.NE_SSL_PROTO_TLS_1_2)).toThrow(unsupported);
      return expect(() => ne.ne_sock_getproto(ne.ne_sock_create())).toThrow(unsupported);
    }
    expect(ne.ne_sock_getproto(ne.ne_sock_create())).toBe(ne.NE_SSL_PROTO_UNSPEC);
    expect(ne.ne_ssl_context_set_versions(client, ne.NE_SSL_PROTO_TLS_1_2, ne.NE_SSL_PROTO_TLS_1_2)).toBe(0);
    const ends = await pair();
    await shaken(ends, server, () => promises.ne_sock_connect_ssl(ends.client, client));
    expect(ne.ne_sock_getproto(ends.client)).toBe(ne.NE_SSL_PROTO_TLS_1_2);
    expect(ne.ne_ssl_proto_name(ne.NE_SSL_PROTO_TLS_1_2)).toBe('TLSv1.2');
  });

  test('returns an error for missing key files and ignores missing authority files', () => {
    const context = ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER)!;
    const result = ne.ne_ssl_context_keypair(context, pki.server.cert, '/nonexistent');
    expect(result).toBe(usesGnuTls ? 0 : -1);
    expect(ne.ne_ssl_context_keypair(context, '/nonexistent', pki.server.key)).toBe(result);
    expect(ne.ne_ssl_context_set_verify(context, false, '/nonexistent', '/nonexistent')).toBe(0);
    expect(ne.ne_ssl_context_set_verify(context, false, null, null)).toBe(0);
  });
});

test('creates contexts of each mode and ignores flags', () => {
  const context = ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT)!;
  // The flag's value depends on the TLS library. No library supports SSLv2 any more.
  const value = ne.ne_ssl_context_get_flag(context, ne.NE_SSL_CTX_SSLv2);
  for (const flag of [true, false]) {
    ne.ne_ssl_context_set_flag(context, ne.NE_SSL_CTX_SSLv2, flag);
    expect(ne.ne_ssl_context_get_flag(context, ne.NE_SSL_CTX_SSLv2)).toBe(value);
  }
  ne.ne_ssl_context_set_flag(context, 1000, true);
  expect(ne.ne_ssl_context_get_flag(context, 1000)).toBe(0);
  const old = ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVERv2);
  if (usesGnuTls || ne.ne_version_match(0, 34) === 0) expect(old).toBeInstanceOf(Object);
  else expect(old).toBeNull();
});
