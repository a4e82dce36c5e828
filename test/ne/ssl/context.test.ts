/** TLS contexts (ne_ssl.h), and TLS on sockets. */
import { readFileSync } from 'node:fs';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { features } from 'libneon';
import { describeWith } from '../../servers/packages.js';
import { silentServer } from '../../servers/raw.js';
import { testPki, type KeyPair, type Pki } from '../../servers/pki.js';
import { failureOf, neonError, wrongValue } from '../../support/expect.js';
import { connectedTo, loopback, restOf, testPairs, type Pair } from '../../support/sockets.js';
import { testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';

const serve = testServers();
const pair = testPairs();
const invalidState = neonError('ERR_NEON_INVALID_STATE');
const gnutls = ne.ne_version_string().includes('GNU TLS');
/** Whether this neon judges certificates after the handshake. */
const judges = features.functions['ne_ssl_check_certificate'] === true;
/** GnuTLS does not verify in the handshake, and an older neon has nothing that does afterwards. */
const verifies = !gnutls || judges;

describeWith('openssl', 'with a PKI', () => {
  let pki: Pki;
  beforeAll(() => {
    pki = testPki();
  });

  function serverContext({ cert, key }: KeyPair = pki.server): ne.ne_ssl_context {
    const context = ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER)!;
    expect(ne.ne_ssl_context_keypair(context, cert, key)).toBe(0);
    return context;
  }
  function clientContext(...trusted: KeyPair[]): ne.ne_ssl_context {
    const context = ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT)!;
    for (const { cert } of trusted) {
      const certificate = ne.ne_ssl_cert_read(cert)!;
      ne.ne_ssl_context_trustcert(context, certificate);
      ne.ne_ssl_cert_free(certificate);
    }
    return context;
  }
  function clientOf(file: string): ne.ne_ssl_client_cert {
    const client = ne.ne_ssl_clicert_read(file)!;
    if (ne.ne_ssl_clicert_encrypted(client)) ne.ne_ssl_clicert_decrypt(client, 'secret');
    return client;
  }
  /** The server's half is on a lane, so that the client's may block. */
  async function shaken(
    ends: Pair,
    server: ne.ne_ssl_context,
    client: () => unknown,
  ): Promise<{ server: number; client: unknown }> {
    const accepting = promises.ne_sock_accept_ssl(ends.server, server);
    const result = await client();
    if (result !== 0) ne.ne_sock_close(ends.client); // so that the server sees the end
    return { server: await accepting, client: result };
  }

  describe.each(surfaces)('$surface', ({ io }) => {
    const connect = (ends: Pair, server: ne.ne_ssl_context, client: ne.ne_ssl_context) =>
      shaken(ends, server, () => io.ne_sock_connect_ssl(ends.client, client));
    const success = { server: 0, client: 0 };

    test('a conversation', async () => {
      const ends = await pair();
      expect(await connect(ends, serverContext(), clientContext(pki.ca))).toEqual(success);
      const { client, server } = ends;
      expect(ne.ne_sock_cipher(client)).toBe(ne.ne_sock_cipher(server));
      expect(ne.ne_sock_cipher(client)).toMatch(/^[\w-]+$/);
      expect(await io.ne_sock_fullwrite(client, 'line\nrest')).toBe(0);
      const buffer = Buffer.alloc(20);
      expect(await io.ne_sock_block(server, 5)).toBe(0);
      expect(await io.ne_sock_readline(server, buffer)).toBe(5);
      expect(await io.ne_sock_peek(server, buffer)).toBe(4);
      expect(await io.ne_sock_fullread(server, buffer.subarray(0, 4))).toBe(0);
      expect(buffer.toString('utf8', 0, 4)).toBe('rest');
      expect(await io.ne_sock_fullwritev(server, ['', 'one ', 'two ', Buffer.from('three')])).toBe(0);
      expect(await io.ne_sock_fullwrite(server, '')).toBe(gnutls ? ne.NE_SOCK_ERROR : 0);
      expect(await io.ne_sock_fullread(client, buffer.subarray(0, 13))).toBe(0);
      expect(buffer.toString('utf8', 0, 13)).toBe('one two three');
      const shutting = promises.ne_sock_shutdown(client, ne.NE_SOCK_SEND);
      expect(await io.ne_sock_read(server, buffer)).toBe(ne.NE_SOCK_CLOSED);
      expect([0, ne.NE_SOCK_RETRY]).toContain(await shutting);
      expect([await io.ne_sock_close(server), await io.ne_sock_close(client)]).toEqual([0, 0]);
    });

    test('many bytes', async () => {
      const ends = await pair();
      await connect(ends, serverContext(), clientContext(pki.ca));
      const bytes = Buffer.alloc(2_000_000, 'some text ');
      const received = Buffer.alloc(bytes.length);
      const sending = promises.ne_sock_fullwrite(ends.server, bytes);
      expect(await io.ne_sock_fullread(ends.client, received)).toBe(0);
      expect(await sending).toBe(0);
      expect(received.equals(bytes)).toBe(true);
      const receiving = promises.ne_sock_fullread(ends.server, received.fill(0));
      expect(await io.ne_sock_fullwrite(ends.client, bytes)).toBe(0);
      expect(await receiving).toBe(0);
      expect(received.equals(bytes)).toBe(true);
    });

    test("with Node's own server", async () => {
      const tls = { key: readFileSync(pki.chained.key), cert: readFileSync(pki.chained.cert) };
      const server = await serve({ connections: [[{ readUntil: '\n' }, { send: 'world' }, { close: 'fin' }]], tls });
      const socket = connectedTo(server);
      expect(await io.ne_sock_connect_ssl(socket, clientContext(pki.ca))).toBe(0);
      await io.ne_sock_fullwrite(socket, 'hello\n');
      expect(await restOf(socket)).toBe('world');
    });

    test('a server that breaks off', async () => {
      const tls = { key: readFileSync(pki.server.key), cert: readFileSync(pki.server.cert) };
      const server = await serve({ connections: [[{ send: 'x' }, { readBytes: 1 }, { close: 'truncate' }]], tls });
      const socket = connectedTo(server);
      expect(await io.ne_sock_connect_ssl(socket, clientContext(pki.ca))).toBe(0);
      expect(await io.ne_sock_read(socket, Buffer.alloc(9))).toBe(1);
      expect(await io.ne_sock_fullwrite(socket, 'y')).toBe(0);
      expect(await io.ne_sock_read(socket, Buffer.alloc(9))).toBe(ne.NE_SOCK_TRUNC);
      expect(ne.ne_sock_error(socket)).toBe('Secure connection truncated');
    });

    test.each(['otherCa', 'none'] as const)('a server that the client does not trust: %s', async (which) => {
      const ends = await pair();
      const client = which === 'none' ? clientContext() : clientContext(pki[which]);
      const outcome = await connect(ends, serverContext(), client);
      if (!verifies) return expect(outcome).toEqual(success);
      expect(outcome.client).toBeLessThan(0);
      expect(() => ne.ne_sock_fd(ends.client)).toThrow(neonError('ERR_NEON_DESTROYED'));
    });

    test.each(['expired', 'notYet', 'selfSigned'] as const)('a certificate that is %s', async (which) => {
      const ends = await pair();
      const { client } = await connect(ends, serverContext(pki[which]), clientContext(pki.ca));
      if (verifies) expect(client).toBeLessThan(0);
      else expect(client).toBe(0);
    });

    test('whose certificate it is nobody asks', async () => {
      expect(await connect(await pair(), serverContext(pki.wrongHost), clientContext(pki.ca))).toEqual(success);
    });

    test('after a failed handshake a socket can only be closed', async () => {
      const ends = await pair();
      const accepting = promises.ne_sock_accept_ssl(ends.server, serverContext());
      ne.ne_sock_fullwrite(ends.client, 'this is no TLS\n'.repeat(20));
      expect(await accepting).toBeLessThan(0);
      expect(ne.ne_sock_error(ends.server)).toMatch(/\w/);
      const { server } = ends;
      const refused = [
        () => io.ne_sock_read(server, Buffer.alloc(1)),
        () => io.ne_sock_fullwrite(server, 'x'),
        () => io.ne_sock_block(server, 1),
        () => io.ne_sock_shutdown(server, ne.NE_SOCK_BOTH),
        () => io.ne_sock_accept_ssl(server, serverContext()),
        () => io.ne_sock_connect_ssl(server, clientContext()),
      ];
      for (const call of refused) expect(await failureOf(call)).toEqual(invalidState);
      expect([ne.ne_sock_cipher(server), ne.ne_sock_sessid(server, null, {})]).toEqual([null, -1]);
      expect(ne.ne_sock_peer(server, {})).not.toBeNull();
      expect(await io.ne_sock_close(server)).toBe(0);
    });

    test('a client of a server that speaks no TLS', async () => {
      const server = await serve({
        connections: [[{ send: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, { hang: 'reading' }]],
      });
      const socket = connectedTo(server);
      expect(await io.ne_sock_connect_ssl(socket, clientContext())).toBe(ne.NE_SOCK_ERROR);
      expect(ne.ne_sock_error(socket)).toMatch(/SSL|TLS/);
      expect(await failureOf(() => io.ne_sock_read(socket, Buffer.alloc(1)))).toEqual(invalidState);
      expect(await io.ne_sock_close(socket)).toBe(0);
    });

    test('no second handshake', async () => {
      const ends = await pair();
      await connect(ends, serverContext(), clientContext(pki.ca));
      expect(await failureOf(() => io.ne_sock_connect_ssl(ends.client, clientContext()))).toEqual(invalidState);
      expect(await failureOf(() => io.ne_sock_accept_ssl(ends.server, serverContext()))).toEqual(invalidState);
      ne.ne_sock_fullwrite(ends.client, 'goes on');
      ne.ne_sock_close(ends.client);
      expect(await restOf(ends.server)).toBe('goes on');
    });

    test("a handshake with the other side's context", async () => {
      const ends = await pair();
      expect(await failureOf(() => io.ne_sock_connect_ssl(ends.client, serverContext()))).toEqual(wrongValue);
      expect(await failureOf(() => io.ne_sock_accept_ssl(ends.server, clientContext()))).toEqual(wrongValue);
      expect(await connect(ends, serverContext(), clientContext(pki.ca))).toEqual(success);
    });

    test('a silent server ends the handshake by the read time-out', async () => {
      const server = await silentServer();
      const socket = connectedTo(server);
      ne.ne_sock_read_timeout(socket, 1);
      const start = performance.now();
      expect(await io.ne_sock_connect_ssl(socket, clientContext())).toBe(ne.NE_SOCK_TIMEOUT);
      expect(performance.now() - start).toBeLessThan(4000);
      expect(ne.ne_sock_error(socket)).toBe('Connection timed out: no data moved for 1 seconds');
      await server.stop();
    });

    test('a client certificate that is asked for and not there', async () => {
      const ends = await pair();
      const context = serverContext();
      expect(ne.ne_ssl_context_set_verify(context, true, pki.ca.cert, pki.ca.cert)).toBe(0);
      const accepting = promises.ne_sock_accept_ssl(ends.server, context);
      const connecting = await io.ne_sock_connect_ssl(ends.client, clientContext(pki.ca));
      expect(await accepting).toBeLessThan(0);
      ne.ne_sock_close(ends.server);
      // In TLS 1.3 the client is done before the server refuses.
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
    /** What the server makes of it, when the client has its first byte: TLS 1.3 tells no earlier. */
    const outcome = async (client: ne.ne_ssl_context, server = asksForCertificate()): Promise<boolean> => {
      const ends = await pair();
      const { server: accepted } = await connect(ends, server, client);
      return accepted === 0 && ne.ne_sock_close(ends.client) === 0;
    };

    ifItProvides(`the client certificate of a context${why}`, async () => {
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

    ifItProvides(`a callback of a context that gives a client certificate${why}`, async () => {
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
      expect(asked).toHaveLength(1); // it has one now
    });

    ifItProvides(`callbacks of a context that give none, throw, or are gone${why}`, async () => {
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
    });

    ifItProvides(`a context whose callback runs is destroyed in it, and dropped before it${why}`, async () => {
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

    test('the identity of the session', async () => {
      const ends = await pair();
      await connect(ends, serverContext(), clientContext(pki.ca));
      const [length, room] = [{ value: -1 }, Buffer.alloc(64, 7)];
      expect(ne.ne_sock_sessid(ends.server, null, length)).toBe(0);
      expect(length.value).toBeGreaterThanOrEqual(0);
      const used: { value?: number } = {};
      expect(ne.ne_sock_sessid(ends.server, room, used)).toBe(0);
      expect(used.value).toBe(length.value);
      expect([...room.subarray(used.value)]).toEqual(Array(64 - used.value!).fill(7));
      if (length.value > 1) expect(ne.ne_sock_sessid(ends.server, room, { value: 1 })).not.toBe(0);
    });

    const shakes = features.functions['ne_sock_handshake'] === true;
    test(
      shakes ? 'a handshake whose certificate is checked afterwards' : 'ne_sock_handshake needs neon 0.37',
      async () => {
        const ends = await pair();
        const context = clientContext(pki.otherCa);
        if (!shakes) {
          const failure = await failureOf(() => io.ne_sock_handshake(ends.client, context, 'localhost', 0));
          return expect(failure).toEqual(neonError('ERR_NEON_UNSUPPORTED'));
        }
        const outcome = await shaken(ends, serverContext(), () =>
          io.ne_sock_handshake(ends.client, context, 'localhost', 0),
        );
        expect(outcome).toEqual(success);
        const certificate = ne.ne_sock_getcert(ends.client, context)!;
        const failures: { value?: number } = {};
        expect(ne.ne_ssl_check_certificate(context, ends.client, 'localhost', null, certificate, 0, failures)).not.toBe(
          0,
        );
        expect(failures.value! & 0x08).toBe(0x08);
        expect(ne.ne_sock_getproto(ends.client)).toBeGreaterThanOrEqual(ne.NE_SSL_PROTO_TLS_1_2);
      },
    );
  });

  test('with neon 0.37 a certificate is judged as host, address and trust say', async () => {
    if (!judges) {
      const ends = await pair();
      const context = clientContext();
      expect(() => ne.ne_sock_getcert(ends.client, context)).toThrow(neonError('ERR_NEON_UNSUPPORTED'));
      return expect(() =>
        ne.ne_ssl_check_certificate(context, ends.client, null, null, ne.ne_ssl_cert_read(pki.ca.cert)!, 0, {}),
      ).toThrow(neonError('ERR_NEON_UNSUPPORTED'));
    }
    const ends = await pair();
    const context = clientContext(pki.ca);
    await shaken(ends, serverContext(), () => promises.ne_sock_handshake(ends.client, context, null, 0));
    const certificate = ne.ne_sock_getcert(ends.client, context)!;
    const judge = (host: string | null, address: ne.ne_inet_addr | null): unknown[] => {
      const failures: { value?: number } = {};
      const result = ne.ne_ssl_check_certificate(context, ends.client, host, address, certificate, 0, failures);
      return [result === 0, failures.value];
    };
    expect(judge('localhost', null)).toEqual([true, undefined]);
    expect(judge(null, loopback())).toEqual([true, undefined]);
    expect(judge('elsewhere.invalid', null)).toEqual([false, 0x04]);
    expect(judge(null, null)).toEqual([false, 0x04]);
  });

  test('a context can be destroyed while its sockets live', async () => {
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

  test('one pair of contexts for many sockets at a time, and changed between them', async () => {
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

  test('trust that was added after a connection', async () => {
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

  test('versions', async () => {
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

  test('files that are none', () => {
    const context = ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER)!;
    const result = ne.ne_ssl_context_keypair(context, pki.server.cert, '/nonexistent');
    expect(result).toBe(gnutls ? 0 : -1);
    expect(ne.ne_ssl_context_keypair(context, '/nonexistent', pki.server.key)).toBe(result);
    expect(ne.ne_ssl_context_set_verify(context, false, '/nonexistent', '/nonexistent')).toBe(0);
    expect(ne.ne_ssl_context_set_verify(context, false, null, null)).toBe(0);
  });
});

test('a server without a certificate', async () => {
  const ends = await pair();
  const accepting = promises.ne_sock_accept_ssl(ends.server, ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER)!);
  const connecting = promises.ne_sock_connect_ssl(ends.client, ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT)!);
  expect(await accepting).toBeLessThan(0);
  ne.ne_sock_close(ends.server);
  expect(await connecting).toBeLessThan(0);
});

test('flags and modes', () => {
  const context = ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT)!;
  // What the flag is depends on the TLS library, none of which has SSLv2 any more.
  const value = ne.ne_ssl_context_get_flag(context, ne.NE_SSL_CTX_SSLv2);
  for (const flag of [true, false]) {
    ne.ne_ssl_context_set_flag(context, ne.NE_SSL_CTX_SSLv2, flag);
    expect(ne.ne_ssl_context_get_flag(context, ne.NE_SSL_CTX_SSLv2)).toBe(value);
  }
  ne.ne_ssl_context_set_flag(context, 1000, true);
  expect(ne.ne_ssl_context_get_flag(context, 1000)).toBe(0);
  const old = ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVERv2);
  if (gnutls || ne.ne_version_match(0, 34) === 0) expect(old).toBeInstanceOf(Object);
  else expect(old).toBeNull();
});
