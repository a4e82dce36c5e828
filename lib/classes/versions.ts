/** The versions of the package and of neon, and the features of the loaded neon. */
import { packageVersion } from '../core/load.js';
import { native } from '../core/native.js';
import {
  NE_FEATURE_GSSAPI,
  NE_FEATURE_I18N,
  NE_FEATURE_IPV6,
  NE_FEATURE_LFS,
  NE_FEATURE_LIBPXY,
  NE_FEATURE_NTLM,
  NE_FEATURE_SOCKS,
  NE_FEATURE_SSL,
  NE_FEATURE_SSPI,
  NE_FEATURE_TS_SSL,
  NE_FEATURE_ZLIB,
} from '../ne/constants.js';
import { ne_has_support, ne_version_string } from '../ne/utils.js';

/** The versions of this package and of the libraries that it works with. */
export interface Versions {
  /** The version of this package. */
  readonly libneon: string;
  /** The version of the neon library that is loaded: `'0.32.5'`. */
  readonly neon: string;
  /** The TLS library that neon uses in this process: `'OpenSSL 3.0.19'`, `'GnuTLS 3.7.9'`; null without TLS. */
  readonly tls: string | null;
  /** The version of Node-API that the addon is built for. */
  readonly napi: string;
}

/** The features of the loaded neon: `ne_has_support`. */
export interface Features {
  /** TLS. */
  readonly ssl: boolean;
  /** Inflating of response bodies that arrive as gzip. */
  readonly zlib: boolean;
  /** IPv6. */
  readonly ipv6: boolean;
  /** Files and bodies of more than 2 GiB. */
  readonly lfs: boolean;
  /** SOCKS proxies. */
  readonly socks: boolean;
  /** Thread-safe TLS. */
  readonly tsSsl: boolean;
  /** Translated messages. */
  readonly i18n: boolean;
  /** Authentication by Windows' SSPI. */
  readonly sspi: boolean;
  /** Authentication by GSSAPI (Kerberos). False with neon before 0.34, which does not report this feature. */
  readonly gssapi: boolean;
  /** The proxy `'system'`. False with neon before 0.34, which does not report this feature. */
  readonly libproxy: boolean;
  /** Authentication by NTLM. False with neon before 0.37, which does not report this feature. */
  readonly ntlm: boolean;
  /**
   * Whether a call leaves C at once when it is aborted or times out. This is false on macOS, if another addon loaded
   * libneon first, and if libneon is linked with -Bsymbolic-functions. If `interrupt` is false, the promise still
   * rejects at once, but the thread stays in C until the C function returns.
   */
  readonly interrupt: boolean;
  /**
   * Whether small requests of all sessions share one thread. This is false without glibc, on systems other than Linux,
   * if `interrupt` is false, and if the environment variable `NEON_SHARED_LANE` was `0` when the process started. If it
   * is false, all requests of a session run on the thread of the session.
   */
  readonly sharedLane: boolean;
  /** Whether the loaded neon has each of the functions that were added after neon 0.32. The keys are the C names. */
  readonly functions: Readonly<Record<string, boolean>>;
}

const tlsVersion: () => string | null = native('tlsVersion');
const canInterrupt: () => boolean = native('canInterrupt');
const hasSharedLane: () => boolean = native('hasSharedLane');
const newerFunctions: () => Record<string, boolean> = native('newerFunctions');

const has = (feature: number): boolean => ne_has_support(feature) !== 0;

/** The versions of this package and of the libraries that it works with. */
export const versions: Versions = Object.freeze({
  libneon: packageVersion,
  neon: /\d[\w.-]*/.exec(ne_version_string())?.[0].replace(/\.$/, '') ?? 'unknown',
  tls: tlsVersion(),
  napi: '8',
});

/**
 * The features of the loaded neon.
 *
 * @example
 * ```ts
 * if (!features.functions['ne_ssl_clicert_fromuri']) console.log('This neon has no client certificates by URI');
 * ```
 */
export const features: Features = Object.freeze({
  ssl: has(NE_FEATURE_SSL),
  zlib: has(NE_FEATURE_ZLIB),
  ipv6: has(NE_FEATURE_IPV6),
  lfs: has(NE_FEATURE_LFS),
  socks: has(NE_FEATURE_SOCKS),
  tsSsl: has(NE_FEATURE_TS_SSL),
  i18n: has(NE_FEATURE_I18N),
  sspi: has(NE_FEATURE_SSPI),
  gssapi: has(NE_FEATURE_GSSAPI),
  libproxy: has(NE_FEATURE_LIBPXY),
  ntlm: has(NE_FEATURE_NTLM),
  interrupt: canInterrupt(),
  get sharedLane() {
    return hasSharedLane(); // tried when it is needed first
  },
  functions: Object.freeze(newerFunctions()),
});
