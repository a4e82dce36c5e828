/** Bad arguments to the functions of ne_pkcs11.h. */
import { all, type Argument, object, optional, sess, text } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { wrongType } from '../../support/expect.js';
import { newSession } from '../../support/handles.js';

/** A provider exists only with a token (pkcs11.test.ts). */
const provider: Argument = {
  name: 'provider',
  good: () => null,
  bad: () => all(wrongType, [undefined, null, 0, 1, '', 'text', true, 1n, Symbol('s'), {}, [], () => {}, newSession()]),
};

testBadInput(
  'pkcs11',
  {
    ne_ssl_pkcs11_provider_init: [object('provider'), text('name', '/nonexistent')],
    ne_ssl_pkcs11_nss_provider_init: [
      object('provider'),
      text('name', '/nonexistent'),
      text('directory', '/nonexistent'),
      optional(text('cert_prefix', '')),
      optional(text('key_prefix', '')),
      optional(text('secmod_db', '')),
    ],
    ne_ssl_pkcs11_provider_pin: [provider, { name: 'fn', good: () => null, bad: () => [], optional: true }],
    ne_ssl_set_pkcs11_provider: [sess, provider],
    ne_ssl_pkcs11_provider_destroy: [provider],
  },
  {
    // The function fails even with valid arguments, because a valid provider would require a token.
    ne_ssl_pkcs11_provider_pin: wrongType,
    ne_ssl_pkcs11_provider_destroy: wrongType,
  },
);
