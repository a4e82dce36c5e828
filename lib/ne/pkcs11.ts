/** Client certificates on PKCS#11 tokens: the API of ne_pkcs11.h. */
import { native } from '../core/native.js';
import type { Out, ne_session, ne_ssl_pkcs11_provider } from './handles.js';

/**
 * Loads a PKCS#11 module. The tokens of the module can then provide client certificates. The call may wait for the
 * module and its hardware.
 *
 * @param provider `value` is set to the provider, for {@link ne_ssl_set_pkcs11_provider}
 * @param name the name of the module, such as `softhsm2` for `libsofthsm2.so`. neon searches the folders that are
 *   compiled into its library pakchois
 * @returns `NE_PK11_OK`; `NE_PK11_FAILED` when there is no such module; `NE_PK11_NOTIMPL` when neon was built without
 *   PKCS#11, as in the packages of Debian and Ubuntu
 */
export const ne_ssl_pkcs11_provider_init: (provider: Partial<Out<ne_ssl_pkcs11_provider>>, name: string) => number =
  native('ne_ssl_pkcs11_provider_init');

/**
 * Loads NSS's software token, which keeps its certificates and keys in a folder. See
 * {@link ne_ssl_pkcs11_provider_init}.
 *
 * @param provider `value` is set to the provider
 * @param directory the folder
 * @param cert_prefix the prefix of the files with certificates, or null
 * @param key_prefix the prefix of the files with keys, or null
 * @param secmod_db the name of the file of security modules, or null
 * @returns `NE_PK11_OK`, `NE_PK11_FAILED` or `NE_PK11_NOTIMPL`
 */
export const ne_ssl_pkcs11_nss_provider_init: (
  provider: Partial<Out<ne_ssl_pkcs11_provider>>,
  name: string,
  directory: string,
  cert_prefix: string | null,
  key_prefix: string | null,
  secmod_db: string | null,
) => number = native('ne_ssl_pkcs11_nss_provider_init');

/** Frees a provider. Sessions that already use the provider keep it. */
export const ne_ssl_pkcs11_provider_destroy: (provider: ne_ssl_pkcs11_provider) => void = native(
  'ne_ssl_pkcs11_provider_destroy',
);

/**
 * Called to get the PIN of a token. If the token reports a wrong PIN, neon calls the callback again. A token may lock
 * itself after a few wrong PINs.
 *
 * The callback returns the PIN, or a number other than 0 to give up. After the callback gives up, the session continues
 * without a client certificate. Any other result makes the running call throw a `TypeError`. On the promise surface the
 * callback may return a promise.
 *
 * @param attempt the number of the attempt, from 0
 * @param slot the name of the slot
 * @param token the name of the token
 * @param flags `NE_SSL_P11PIN_COUNT_LOW`, `NE_SSL_P11PIN_FINAL_TRY`
 * @returns the PIN, which must be shorter than `NE_SSL_P11PINLEN` (256) bytes; or a number other than 0
 */
export type ne_ssl_pkcs11_pin_fn = (
  attempt: number,
  slot: string,
  token: string,
  flags: number,
) => string | number | Promise<string | number>;

/**
 * Sets the callback for PINs. If `fn` is null, neon ignores tokens that need a PIN.
 *
 * @throws `ERR_NEON_BUSY` while a session with this provider is busy, `ERR_NEON_REENTRANT` in a callback of a session
 *   with this provider
 */
export const ne_ssl_pkcs11_provider_pin: (provider: ne_ssl_pkcs11_provider, fn: ne_ssl_pkcs11_pin_fn | null) => void =
  native('ne_ssl_pkcs11_provider_pin');

/**
 * Sets a provider of client certificates for a session. If the server requests a certificate, the session uses the
 * first certificate with a key. The provider replaces the callback of {@link ne_ssl_provide_clicert}.
 *
 * Sessions that share a provider run one call at a time. Their promises wait in one queue. While a promise of one of
 * these sessions is pending, all of them are busy.
 *
 * @throws `ERR_NEON_BUSY` while promises of the session, or of another session with this provider, are pending
 */
export const ne_ssl_set_pkcs11_provider: (sess: ne_session, provider: ne_ssl_pkcs11_provider) => void =
  native('ne_ssl_set_pkcs11_provider');
