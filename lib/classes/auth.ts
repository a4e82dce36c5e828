/** Credentials of a session for its server and its proxy: the options `auth` and `proxyAuth`. */
import { types } from 'node:util';

import { invalidType, invalidValue, outOfRange } from '../core/errors.js';
import { isArray, isObject } from '../core/objects.js';
import { type Known, requireKnown } from '../core/options.js';
import { ne_add_proxy_auth, ne_add_server_auth, type ne_auth_creds, type ne_credentials_answer } from '../ne/auth.js';
import {
  NE_ABUFSIZ,
  NE_AUTH_ALL,
  NE_AUTH_BASIC,
  NE_AUTH_DEFAULT,
  NE_AUTH_DIGEST,
  NE_AUTH_GSSAPI,
  NE_AUTH_LEGACY_DIGEST,
  NE_AUTH_NEGOTIATE,
  NE_AUTH_NTLM,
} from '../ne/constants.js';
import type { ne_session } from '../ne/handles.js';

/** A user name and a password, each shorter than 256 bytes of UTF-8. */
export interface Credentials {
  /** The user name. */
  readonly username: string;
  /** The password. */
  readonly password: string;
}

/** A request for credentials, by the server or the proxy. */
export interface Challenge {
  /** The realm in the challenge; null if the authentication protocol has no realms. */
  readonly realm: string | null;
  /**
   * The number of earlier challenges to the same request. A number above 0 means that the previous credentials were
   * refused.
   */
  readonly attempt: number;
  /** True if the challenge comes from the proxy, false if it comes from the server. */
  readonly proxy: boolean;
}

/**
 * A callback that returns credentials. The callback is called again until the server or proxy accepts the credentials.
 * If the callback returns undefined or null, the request fails with `NE_AUTH` or `NE_PROXYAUTH`. The callback may
 * return a promise, but not in blocking requests. In C: `ne_auth_creds`.
 *
 * @example
 * ```ts
 * const provide: CredentialsProvider = async ({ realm, attempt }) => (attempt === 0 ? askUser(realm) : null);
 * ```
 */
export type CredentialsProvider = (
  challenge: Challenge,
) => Credentials | null | undefined | void | Promise<Credentials | null | undefined | void>;

/** The names of authentication protocols (`NE_AUTH_*`). */
export const authProtocols = {
  basic: NE_AUTH_BASIC,
  digest: NE_AUTH_DIGEST,
  legacyDigest: NE_AUTH_LEGACY_DIGEST,
  negotiate: NE_AUTH_NEGOTIATE,
  gssapi: NE_AUTH_GSSAPI,
  ntlm: NE_AUTH_NTLM,
  default: NE_AUTH_DEFAULT,
  all: NE_AUTH_ALL,
} as const;

/** The name of an authentication protocol, or of a set of them (`NE_AUTH_*`). */
export type AuthProtocol = keyof typeof authProtocols;

/**
 * Credentials, or a callback that returns them, with the protocols that may use them. For Negotiate, `protocols` can be
 * given alone, since the system supplies the credentials.
 */
export type AuthOptions =
  | (Credentials & ProtocolOptions)
  | CredentialsProvider
  | ({
      /** Returns the credentials. */
      readonly provide: CredentialsProvider;
    } & ProtocolOptions)
  | {
      /** Protocols that obtain credentials from the system: `'negotiate'`. */
      readonly protocols: AuthProtocol | readonly AuthProtocol[];
    };

/** The authentication protocols that an option is for. */
interface ProtocolOptions {
  /**
   * The protocols that may be used. Default: Basic and Digest. With TLS, or for a proxy, Negotiate may be used as well.
   */
  readonly protocols?: AuthProtocol | readonly AuthProtocol[] | undefined;
}

type Side = 'auth' | 'proxyAuth';

/**
 * Makes a session answer authentication challenges from its server (`auth`) or from its proxy (`proxyAuth`).
 * @internal
 */
export function authenticate(session: ne_session, side: Side, options: AuthOptions | readonly AuthOptions[]): void {
  for (const one of isArray(options) ? options : [options]) addAuth(session, side, one);
}

const known: Known<Credentials & ProtocolOptions & { readonly provide: unknown }> = {
  username: true,
  password: true,
  provide: true,
  protocols: true,
};

/** The protocols that can obtain credentials from the system. */
const systemProtocols: readonly unknown[] = ['negotiate', 'gssapi'];

function addAuth(session: ne_session, side: Side, options: AuthOptions): void {
  requireOptions(side, options);
  if (typeof options !== 'function') requireKnown(options, known, side);
  const add = side === 'auth' ? ne_add_server_auth : ne_add_proxy_auth;
  const protocols = maskOf(typeof options === 'function' ? undefined : options.protocols);
  add(session, protocols, callbackOf(side, options));
}

/** Errors do not contain the value: it may be a secret. */
function requireOptions(side: Side, options: unknown): void {
  if (typeof options !== 'function' && !isObject(options))
    throw invalidType(side, 'of type function or object, or an array of them', typeof options);
}

function maskOf(protocols: AuthProtocol | readonly AuthProtocol[] = 'default'): number {
  const names: readonly unknown[] = isArray(protocols) ? protocols : [protocols];
  if (names.length === 0) throw invalidValue('The "protocols" option must name at least one protocol');
  return names.reduce<number>((mask, name) => {
    if (typeof name !== 'string' || !Object.hasOwn(authProtocols, name))
      throw invalidValue(`There is no authentication protocol '${String(name)}'`);
    return mask | authProtocols[name as AuthProtocol];
  }, 0);
}

function callbackOf(side: Side, options: AuthOptions): ne_auth_creds | null {
  const proxy = side === 'proxyAuth';
  if (typeof options === 'function') return credentialsCallback(options, proxy);
  if ('provide' in options) {
    if (typeof options.provide !== 'function') throw invalidType('provide', 'of type function', typeof options.provide);
    return credentialsCallback(options.provide, proxy);
  }
  if (!('username' in options) && !('password' in options)) {
    const { protocols } = options as ProtocolOptions;
    const names: readonly unknown[] = isArray(protocols) ? protocols : [protocols];
    if (names.length > 0 && names.every((name) => systemProtocols.includes(name))) return null;
    throw invalidValue(`The "${side}" option must have a "username" and a "password", or "provide": a function`);
  }
  const given = options as Partial<Credentials>;
  const credentials = { username: textOf(side, 'username', given), password: textOf(side, 'password', given) };
  // Tries the credentials only once: after a refusal, a second attempt would also be refused.
  return (_, attempt) => (attempt === 0 ? credentials : attempt);
}

function credentialsCallback(provide: CredentialsProvider, proxy: boolean): ne_auth_creds {
  const answerOf = (given: Credentials | null | undefined | void): ne_credentials_answer => given ?? -1;
  return (realm, attempt) => {
    const given = provide({ realm, attempt, proxy });
    return types.isPromise(given) ? given.then(answerOf) : answerOf(given);
  };
}

/** Errors do not contain the value. */
function textOf(side: Side, field: keyof Credentials, options: Partial<Credentials>): string {
  const value: unknown = options[field];
  if (typeof value !== 'string') throw invalidType(`${side}.${field}`, 'of type string', typeof value);
  const bytes = Buffer.byteLength(value);
  if (bytes >= NE_ABUFSIZ) throw outOfRange(`${side}.${field}`, `of less than ${NE_ABUFSIZ} bytes`, bytes);
  if (value.includes('\0')) throw invalidValue(`The "${side}.${field}" option must not contain null bytes`);
  return value;
}
