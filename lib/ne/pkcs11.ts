import { native } from '../core/native.js';
import type { Out, ne_session, ne_ssl_pkcs11_provider } from './handles.js';

/**
 * Loads a PKCS#11 module, and sets `provider.value` to what gives sessions a client certificate from its tokens. It
 * may block: on the module, and its hardware.
 *
 * @param name of the module, which neon looks for in its own folders: `softhsm2` for `libsofthsm2.so`
 * @returns `NE_PK11_OK`; `NE_PK11_FAILED` when there is no such module; `NE_PK11_NOTIMPL` when this neon was built
 *   without PKCS#11, as those of Debian and Ubuntu are
 */
export const ne_ssl_pkcs11_provider_init: (provider: Partial<Out<ne_ssl_pkcs11_provider>>, name: string) => number =
  native('ne_ssl_pkcs11_provider_init');

/** The same for NSS's software token, which keeps its certificates and keys in a folder (`directory`). */
export const ne_ssl_pkcs11_nss_provider_init: (
  provider: Partial<Out<ne_ssl_pkcs11_provider>>,
  name: string,
  directory: string,
  cert_prefix: string,
  key_prefix: string,
  secmod_db: string,
) => number = native('ne_ssl_pkcs11_nss_provider_init');

/** Frees a provider. Sessions that were given it go on with it. */
export const ne_ssl_pkcs11_provider_destroy: (provider: ne_ssl_pkcs11_provider) => void = native(
  'ne_ssl_pkcs11_provider_destroy',
);

/**
 * Asked for the PIN of a token: again and again, with `attempt` counted from 0, while the token says that it is wrong.
 * A token may lock itself after a few wrong ones. A number other than 0 gives up: the session goes on without a
 * client certificate. Anything else is a `TypeError` that ends the call. On the promise surface it may return a promise.
 *
 * @param slot what the reader is called
 * @param token what the token is called
 * @param flags `NE_SSL_P11PIN_COUNT_LOW`, `NE_SSL_P11PIN_FINAL_TRY`
 * @returns the PIN, of less than `NE_SSL_P11PINLEN` (256) bytes
 */
export type ne_ssl_pkcs11_pin_fn = (
  attempt: number,
  slot: string,
  token: string,
  flags: number,
) => string | number | Promise<string | number>;

/**
 * Sets who is asked for PINs; null is nobody, and tokens that want one are not used.
 *
 * @throws `ERR_NEON_BUSY` while a session that was given the provider is busy, `ERR_NEON_REENTRANT` in a callback of one
 */
export const ne_ssl_pkcs11_provider_pin: (provider: ne_ssl_pkcs11_provider, fn: ne_ssl_pkcs11_pin_fn | null) => void =
  native('ne_ssl_pkcs11_provider_pin');

/**
 * Lets a session take its client certificate from a token when the server asks for one: the first that has a key. It
 * takes the place of ne_ssl_provide_clicert.
 *
 * Sessions that were given one provider do one thing at a time: their promises queue up together, and while those of
 * one are pending all of them are busy.
 *
 * @throws `ERR_NEON_BUSY` while promises of it, or of another session with this provider, are pending
 */
export const ne_ssl_set_pkcs11_provider: (sess: ne_session, provider: ne_ssl_pkcs11_provider) => void =
  native('ne_ssl_set_pkcs11_provider');
