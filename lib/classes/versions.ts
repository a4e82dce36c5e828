import { packageVersion } from '../core/load.js';
import { native } from '../core/native.js';
import * as ne from '../ne/index.js';

/** The versions of what works together here. */
export interface Versions {
  /** This package. */
  readonly libneon: string;
  /** The neon library that is loaded: `'0.32.5'`. */
  readonly neon: string;
  /**
   * The TLS library that neon is really using in this process: `'OpenSSL 3.0.19'`, `'GnuTLS 3.7.9'`; null without TLS.
   */
  readonly tls: string | null;
  /** The Node-API version the addon is built for. */
  readonly napi: string;
}

/** What the loaded neon can do. */
export interface Features {
  readonly ssl: boolean;
  readonly zlib: boolean;
  readonly ipv6: boolean;
  /** Large files. */
  readonly lfs: boolean;
  readonly socks: boolean;
  /** Thread-safe TLS. */
  readonly tsSsl: boolean;
  readonly i18n: boolean;
  readonly sspi: boolean;
  /** False with a neon older than 0.34, which cannot be asked. */
  readonly gssapi: boolean;
  /** False with a neon older than 0.34, which cannot be asked. */
  readonly libproxy: boolean;
  /** False with a neon older than 0.37, which cannot be asked. */
  readonly ntlm: boolean;
  /**
   * Whether an aborted or overdue call leaves C at once. Where it is false (another addon loaded libneon first, a
   * libneon linked with -Bsymbolic-functions, macOS) the promise still rejects at once, and the thread stays until C
   * returns by itself.
   */
  readonly interrupt: boolean;
  /** The functions that came after neon 0.32, and whether the loaded neon has them. */
  readonly functions: Readonly<Record<string, boolean>>;
}

const tlsVersion: () => string | null = native('tlsVersion');
const canInterrupt: () => boolean = native('canInterrupt');
const newerFunctions: () => Record<string, boolean> = native('newerFunctions');

const has = (feature: number): boolean => ne.ne_has_support(feature) !== 0;

export const versions: Versions = Object.freeze({
  libneon: packageVersion,
  neon: /\d[\w.-]*/.exec(ne.ne_version_string())?.[0].replace(/\.$/, '') ?? 'unknown',
  tls: tlsVersion(),
  napi: '8',
});

export const features: Features = Object.freeze({
  ssl: has(ne.NE_FEATURE_SSL),
  zlib: has(ne.NE_FEATURE_ZLIB),
  ipv6: has(ne.NE_FEATURE_IPV6),
  lfs: has(ne.NE_FEATURE_LFS),
  socks: has(ne.NE_FEATURE_SOCKS),
  tsSsl: has(ne.NE_FEATURE_TS_SSL),
  i18n: has(ne.NE_FEATURE_I18N),
  sspi: has(ne.NE_FEATURE_SSPI),
  gssapi: has(ne.NE_FEATURE_GSSAPI),
  libproxy: has(ne.NE_FEATURE_LIBPXY),
  ntlm: has(ne.NE_FEATURE_NTLM),
  interrupt: canInterrupt(),
  functions: Object.freeze(newerFunctions()),
});
