/** Tests of TLS on sockets (ne_socket.h). */
import { readFileSync } from 'node:fs';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { features } from 'libneon';
import { describeWith } from '../../servers/packages.js';
import { testPki } from '../../servers/pki.js';
import { silentServer } from '../../servers/raw.js';
import { failureOf, neonError, wrongValue } from '../../support/expect.js';
import { usesGnuTls } from '../../support/neon.js';
import { connectedTo, loopback, restOf, testPairs, type Pair } from '../../support/sockets.js';
import { testServers } from '../../support/servers.js';
import { surfaces } from '../../support/surfaces.js';
import { clientContext, serverContext, shaken, verifiesLater } from '../../support/tls-contexts.js';

const serve = testServers();
const pair = testPairs();
const invalidState = neonError('ERR_NEON_INVALID_STATE');

describeWith('openssl', 'TLS on sockets', () => {
  const pki = testPki();

  describe.each(surfaces)('$surface', ({ io }) => {
    const connect = (ends: Pair, server: ne.ne_ssl_context, client: ne.ne_ssl_context) =>
      shaken(ends, server, () => io.ne_sock_connect_ssl(ends.client, client));
    const success = { server: 0, client: 0 };

    test('reads and writes on both ends', async () => {
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
      expect(await io.ne_sock_fullwrite(server, '')).toBe(usesGnuTls ? ne.NE_SOCK_ERROR : 0);
      expect(await io.ne_sock_fullread(client, buffer.subarray(0, 13))).toBe(0);
      expect(buffer.toString('utf8', 0, 13)).toBe('one two three');
      const shutting = promises.ne_sock_shutdown(client, ne.NE_SOCK_SEND);
      expect(await io.ne_sock_read(server, buffer)).toBe(ne.NE_SOCK_CLOSED);
      expect([0, ne.NE_SOCK_RETRY]).toContain(await shutting);
      expect([await io.ne_sock_close(server), await io.ne_sock_close(client)]).toEqual([0, 0]);
    });

    test('sends many bytes in both directions', async () => {
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

    test("connects to a server of Node's", async () => {
      const tls = { key: readFileSync(pki.chained.key), cert: readFileSync(pki.chained.cert) };
      const server = await serve({ connections: [[{ readUntil: '\n' }, { send: 'world' }, { close: 'fin' }]], tls });
      const socket = connectedTo(server);
      expect(await io.ne_sock_connect_ssl(socket, clientContext(pki.ca))).toBe(0);
      await io.ne_sock_fullwrite(socket, 'hello\n');
      expect(await restOf(socket)).toBe('world');
    });

    test('returns NE_SOCK_TRUNC when the server breaks off', async () => {
      const tls = { key: readFileSync(pki.server.key), cert: readFileSync(pki.server.cert) };
      const server = await serve({ connections: [[{ send: 'x' }, { readBytes: 1 }, { close: 'truncate' }]], tls });
      const socket = connectedTo(server);
      expect(await io.ne_sock_connect_ssl(socket, clientContext(pki.ca))).toBe(0);
      expect(await io.ne_sock_read(socket, Buffer.alloc(9))).toBe(1);
      expect(await io.ne_sock_fullwrite(socket, 'y')).toBe(0);
      expect(await io.ne_sock_read(socket, Buffer.alloc(9))).toBe(ne.NE_SOCK_TRUNC);
      expect(ne.ne_sock_error(socket)).toBe('Secure connection truncated');
    });

    test('connects to a server whose certificate is for another host', async () => {
      expect(await connect(await pair(), serverContext(pki.wrongHost), clientContext(pki.ca))).toEqual(success);
    });

    test('allows only ne_sock_close after a failed handshake', async () => {
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

    test('reads what the peer sends on before it closes after a failed handshake', async () => {
      // If the close left data unread, it would reset the connection, and the peer might miss the alert.
      const { client, server } = await pair();
      await promises.ne_sock_fullwrite(client, 'this is no TLS\n'.repeat(2000));
      expect(await io.ne_sock_accept_ssl(server, serverContext())).toBeLessThan(0);
      expect(await io.ne_sock_close(server)).toBe(0);
      const buffer = Buffer.alloc(100);
      let count: number;
      while ((count = await promises.ne_sock_read(client, buffer)) > 0);
      expect([count, ne.ne_sock_error(client)]).toEqual([ne.NE_SOCK_CLOSED, 'Connection closed']);
    });

    const testAlert = usesGnuTls ? test.skip : test;
    testAlert(
      'sends its alert to a client without the required certificate (skipped with GnuTLS, which sends no alert)',
      async () => {
        const context = serverContext();
        expect(ne.ne_ssl_context_set_verify(context, 1, pki.ca.cert, pki.ca.cert)).toBe(0);
        for (let round = 0; round < 4; round++) {
          const { client, server } = await pair();
          // With TLS 1.3 the handshake of the client succeeds, and the alert comes after it.
          const talking = promises.ne_sock_connect_ssl(client, clientContext(pki.ca)).then(async (code) => {
            if (code !== 0) return;
            // A server that closed while bytes of the client were unread would reset the connection.
            const written = await promises.ne_sock_fullwrite(client, 'GET / HTTP/1.1\r\n\r\n'.repeat(500));
            expect([0, ne.NE_SOCK_CLOSED]).toContain(written);
            expect(await promises.ne_sock_read(client, Buffer.alloc(100))).toBeLessThan(0);
          });
          expect(await io.ne_sock_accept_ssl(server, context)).toBeLessThan(0);
          expect(await io.ne_sock_close(server)).toBe(0);
          await talking;
          expect([round, ne.ne_sock_error(client)]).toEqual([
            round,
            expect.stringMatching(/alert|client certificate was requested/i),
          ]);
        }
      },
    );

    test('fails to connect to a server without TLS', async () => {
      const server = await serve({
        connections: [[{ send: 'HTTP/1.1 400 Bad Request\r\n\r\n' }, { hang: 'reading' }]],
      });
      const socket = connectedTo(server);
      expect(await io.ne_sock_connect_ssl(socket, clientContext())).toBe(ne.NE_SOCK_ERROR);
      expect(ne.ne_sock_error(socket)).toMatch(/SSL|TLS/);
      expect(await failureOf(() => io.ne_sock_read(socket, Buffer.alloc(1)))).toEqual(invalidState);
      expect(await io.ne_sock_close(socket)).toBe(0);
    });

    test('refuses a second handshake', async () => {
      const ends = await pair();
      await connect(ends, serverContext(), clientContext(pki.ca));
      expect(await failureOf(() => io.ne_sock_connect_ssl(ends.client, clientContext()))).toEqual(invalidState);
      expect(await failureOf(() => io.ne_sock_accept_ssl(ends.server, serverContext()))).toEqual(invalidState);
      ne.ne_sock_fullwrite(ends.client, 'goes on');
      ne.ne_sock_close(ends.client);
      expect(await restOf(ends.server)).toBe('goes on');
    });

    test('refuses a context of the other side', async () => {
      const ends = await pair();
      expect(await failureOf(() => io.ne_sock_connect_ssl(ends.client, serverContext()))).toEqual(wrongValue);
      expect(await failureOf(() => io.ne_sock_accept_ssl(ends.server, clientContext()))).toEqual(wrongValue);
      expect(await connect(ends, serverContext(), clientContext(pki.ca))).toEqual(success);
    });

    test('ends a handshake with a silent server at the read timeout', async () => {
      const server = await silentServer();
      const socket = connectedTo(server);
      ne.ne_sock_read_timeout(socket, 1);
      const start = performance.now();
      expect(await io.ne_sock_connect_ssl(socket, clientContext())).toBe(ne.NE_SOCK_TIMEOUT);
      expect(performance.now() - start).toBeLessThan(4000);
      expect(ne.ne_sock_error(socket)).toBe('Connection timed out: no data moved for 1 seconds');
      await server.stop();
    });

    test('returns the identity of the session', async () => {
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
      const none = { value: 0 };
      if (length.value > 0) expect(ne.ne_sock_sessid(ends.server, room, none)).toBeLessThan(0);
      expect(none).toEqual({ value: 0 });
    });

    const shakes = features.functions['ne_sock_handshake'] === true;
    test(
      shakes ? 'checks the certificate after ne_sock_handshake' : 'needs neon 0.37 for ne_sock_handshake',
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

  test('checks a certificate by host, address and trust with neon 0.37', async () => {
    if (!verifiesLater) {
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
});

test('fails without a certificate of the server', async () => {
  const ends = await pair();
  const accepting = promises.ne_sock_accept_ssl(ends.server, ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER)!);
  const connecting = promises.ne_sock_connect_ssl(ends.client, ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT)!);
  expect(await accepting).toBeLessThan(0);
  ne.ne_sock_close(ends.server);
  expect(await connecting).toBeLessThan(0);
});
