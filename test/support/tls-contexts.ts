/** TLS contexts with certificates of the test PKI, and functions that run a handshake between two sockets. */
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { testPki, type KeyPair } from '../servers/pki.js';
import { usesGnuTls } from './neon.js';
import type { Pair } from './sockets.js';

/** Whether this neon verifies certificates after the handshake. */
export const verifiesLater = features.functions['ne_ssl_check_certificate'] === true;

/**
 * Whether neon verifies the server's certificate for a socket. With GnuTLS, only newer versions do this, after the
 * handshake.
 */
export const verifies = !usesGnuTls || verifiesLater;

export function serverContext({ cert, key }: KeyPair = testPki().server): ne.ne_ssl_context {
  const context = ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER)!;
  expect(ne.ne_ssl_context_keypair(context, cert, key)).toBe(0);
  return context;
}

/** The context of a client that trusts these certificates. */
export function clientContext(...trusted: KeyPair[]): ne.ne_ssl_context {
  const context = ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT)!;
  for (const { cert } of trusted) {
    const certificate = ne.ne_ssl_cert_read(cert)!;
    ne.ne_ssl_context_trustcert(context, certificate);
    ne.ne_ssl_cert_free(certificate);
  }
  return context;
}

/** The decrypted client certificate of a file. */
export function clientOf(file: string): ne.ne_ssl_client_cert {
  const client = ne.ne_ssl_clicert_read(file)!;
  if (ne.ne_ssl_clicert_encrypted(client)) ne.ne_ssl_clicert_decrypt(client, 'secret');
  return client;
}

/**
 * Runs both sides of a handshake. The server's side runs on a lane (another thread), so the client's side may block.
 */
export async function shaken(
  ends: Pair,
  server: ne.ne_ssl_context,
  client: () => unknown,
): Promise<{ server: number; client: unknown }> {
  const accepting = promises.ne_sock_accept_ssl(ends.server, server);
  const result = await client();
  if (result !== 0) ne.ne_sock_close(ends.client); // so that the server sees the end of the connection
  return { server: await accepting, client: result };
}
