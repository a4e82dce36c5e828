/** The twin of certificate.c. */
import * as ne from 'libneon/ne';
import { playTwin, sayCertificate, sayNumber, sayText, type Io } from './twin.js';

playTwin(async (io, _, files) => {
  for (const [index, file] of files.entries()) {
    sayNumber('file', index + 2);
    const certificate = ne.ne_ssl_cert_read(file);
    sayNumber('certificate', certificate ? 1 : 0);
    sayCertificate(certificate);
    const client = ne.ne_ssl_clicert_read(file);
    sayNumber('client certificate', client ? 1 : 0);
    if (client) await sayClientCertificate(io, client);
  }
});

async function sayClientCertificate(io: Io, certificate: ne.ne_ssl_client_cert): Promise<void> {
  sayNumber('encrypted', ne.ne_ssl_clicert_encrypted(certificate) ? 1 : 0);
  sayText('name', ne.ne_ssl_clicert_name(certificate));
  for (const password of ['', 'wrong', 'secret'])
    if (ne.ne_ssl_clicert_encrypted(certificate))
      sayNumber(password, await io.ne_ssl_clicert_decrypt(certificate, password));
  sayText('name', ne.ne_ssl_clicert_name(certificate));
  if (!ne.ne_ssl_clicert_encrypted(certificate)) sayCertificate(ne.ne_ssl_clicert_owner(certificate));
  ne.ne_ssl_clicert_free(certificate);
}
