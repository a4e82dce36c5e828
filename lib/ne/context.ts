import { native } from '../native.js';
import type { Flag, ne_ssl_certificate, ne_ssl_client_cert, ne_ssl_context, ne_ssl_dname } from './handles.js';
import type { Nothing } from './hooks.js';

/**
 * A context for TLS on a `ne_socket`: `NE_SSL_CTX_CLIENT` or `NE_SSL_CTX_SERVER`. Null when this neon makes none of that
 * mode. A client trusts nobody until it is told.
 */
export const ne_ssl_context_create: (mode: number) => ne_ssl_context | null = native('ne_ssl_context_create');

/** Sets a flag (`NE_SSL_CTX_SSLv2`). Those that this neon does not know are ignored. */
export const ne_ssl_context_set_flag: (ctx: ne_ssl_context, flag: number, value: Flag) => void =
  native('ne_ssl_context_set_flag');

/** Non-zero if the flag is set. */
export const ne_ssl_context_get_flag: (ctx: ne_ssl_context, flag: number) => number = native('ne_ssl_context_get_flag');

/**
 * The server's certificate (a PEM file, its chain after it) and private key (a PEM file). Returns 0, or -1 when they
 * cannot be used (with GnuTLS 0 all the same).
 */
export const ne_ssl_context_keypair: (ctx: ne_ssl_context, cert: string, key: string) => number =
  native('ne_ssl_context_keypair');

/**
 * Asks clients for a certificate: `required` fails the handshake of those that have none. `ca_names`: a PEM file of the
 * authorities that the server names; `verify_cas`: a PEM file of those that it trusts; null is none. Returns 0.
 */
export const ne_ssl_context_set_verify: (
  ctx: ne_ssl_context,
  required: Flag,
  ca_names: string | null,
  verify_cas: string | null,
) => number = native('ne_ssl_context_set_verify');

/**
 * The oldest and the newest version of TLS (`NE_SSL_PROTO_*`; `NE_SSL_PROTO_UNSPEC` is no limit) of handshakes to come.
 * Returns 0, or `NE_SOCK_ERROR` when the TLS library cannot do that. Needs neon 0.34.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_context_set_versions: (ctx: ne_ssl_context, min: number, max: number) => number =
  native('ne_ssl_context_set_versions');

/** A client trusts this certificate, and what it signed. */
export const ne_ssl_context_trustcert: (ctx: ne_ssl_context, cert: ne_ssl_certificate) => void =
  native('ne_ssl_context_trustcert');

/**
 * A client trusts the default certificate authorities of the TLS library. Needs neon 0.37.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_context_trustdefca: (ctx: ne_ssl_context) => void = native('ne_ssl_context_trustdefca');

/**
 * A client authenticates with this certificate where servers ask for one. Needs neon 0.37.
 *
 * @throws `ERR_NEON_INVALID_STATE` while it is encrypted, `ERR_NEON_UNSUPPORTED` with an older neon
 */
export const ne_ssl_context_set_clicert: (ctx: ne_ssl_context, cc: ne_ssl_client_cert) => void =
  native('ne_ssl_context_set_clicert');

/**
 * Called when a server asks for a client certificate and the context has none. It sets one
 * (ne_ssl_context_set_clicert), or the connection goes on without. `dnames` are the authorities that the server
 * accepts, if it says so; they end with the call. On the promise surface it may return a promise.
 */
export type ne_ssl_ccprovide_fn = (dnames: ne_ssl_dname[]) => Nothing;

/**
 * Sets who is called when a server asks for a client certificate, of handshakes to come; null is nobody. Needs neon 0.37.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_context_set_ccprovide: (ctx: ne_ssl_context, provider: ne_ssl_ccprovide_fn | null) => void =
  native('ne_ssl_context_set_ccprovide');

/** Frees a context. Sockets that use it go on with it. */
export const ne_ssl_context_destroy: (ctx: ne_ssl_context) => void = native('ne_ssl_context_destroy');

/**
 * The name of a version of TLS (`NE_SSL_PROTO_*`), or null. Needs neon 0.34.
 *
 * @throws `ERR_NEON_UNSUPPORTED` with an older one
 */
export const ne_ssl_proto_name: (proto: number) => string | null = native('ne_ssl_proto_name');
