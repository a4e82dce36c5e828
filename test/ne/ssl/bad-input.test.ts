/** Bad arguments to the functions of ne_ssl.h. */
import {
  type Argument,
  bytes,
  callbackOrNull,
  ccert,
  cert,
  ctx,
  decrypted,
  flagValue,
  further,
  handle,
  integer,
  most,
  object,
  optional,
  text,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { rootInBase64 } from '../../support/certificates.js';
import { wrongType } from '../../support/expect.js';

/** A name. The bad values do not include a destroyed name, because a name lives as long as its certificate. */
const dname = (name: string): Argument => ({
  ...handle(name, 'ne_ssl_dname', () => {}),
  bad: (good) =>
    handle(name, 'ne_ssl_dname', () => {})
      .bad(good)
      .filter(([, , error]) => error === wrongType),
});

testBadInput('ssl', {
  ne_ssl_context_create: [integer('mode', 0, 0, 2)],
  ne_ssl_context_set_flag: [ctx, integer('flag', 0, 0, most), flagValue('value')],
  ne_ssl_context_get_flag: [ctx, integer('flag', 0, 0, most)],
  ne_ssl_context_keypair: [ctx, text('cert', '/nonexistent'), text('key', '/nonexistent')],
  ne_ssl_context_set_verify: [
    ctx,
    flagValue('required'),
    optional(text('ca_names', '/nonexistent')),
    optional(text('verify_cas', '/nonexistent')),
  ],
  ne_ssl_context_set_versions: [ctx, integer('min', 0, 0, 5), integer('max', 0, 0, 5)],
  ne_ssl_context_trustcert: [ctx, further(cert)],
  ne_ssl_context_trustdefca: [ctx],
  ne_ssl_context_set_clicert: [ctx, { ...further(decrypted), name: 'cc' }],
  ne_ssl_context_set_ccprovide: [ctx, callbackOrNull('provider')],
  ne_ssl_context_destroy: [ctx],
  ne_ssl_proto_name: [integer('proto', 0, 0, most)],
  ne_ssl_cert_read: [text('filename', '/nonexistent')],
  ne_ssl_cert_import: [text('data', rootInBase64)],
  ne_ssl_cert_free: [cert],
  ne_ssl_cert_write: [cert, text('filename', '/nonexistent/file')],
  ne_ssl_cert_export: [cert],
  ne_ssl_cert_identity: [cert],
  ne_ssl_cert_signedby: [cert],
  ne_ssl_cert_issuer: [cert],
  ne_ssl_cert_subject: [cert],
  ne_ssl_cert_digest: [cert, object('digest')],
  ne_ssl_cert_hdigest: [cert, integer('flags', 1, 0, 2 ** 32 - 1)],
  ne_ssl_cert_validity: [cert, optional(object('from')), optional(object('until'))],
  ne_ssl_cert_validity_time: [cert, optional(object('from')), optional(object('until'))],
  ne_ssl_cert_cmp: [
    { ...cert, name: 'c1' },
    { ...further(cert), name: 'c2' },
  ],
  ne_ssl_readable_dname: [dname('dn')],
  ne_ssl_dname_cmp: [dname('dn1'), dname('dn2')],
  ne_ssl_clicert_read: [text('filename', '/nonexistent')],
  ne_ssl_clicert_import: [bytes('buffer')],
  ne_ssl_clicert_fromuri: [text('uri', 'file:/nonexistent'), integer('flags', 0, 0, 0)],
  ne_ssl_clicert_encrypted: [ccert],
  ne_ssl_clicert_name: [ccert],
  ne_ssl_clicert_decrypt: [ccert, text('password', 'secret')],
  ne_ssl_clicert_owner: [decrypted],
  ne_ssl_clicert_copy: [decrypted],
  ne_ssl_clicert_free: [ccert],
});
