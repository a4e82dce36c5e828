/** Implements the twin of certificate.c. */
import * as ne from 'libneon/ne';
import { runMain, printCertificate, printNumber, printText, type Io } from './twin.js';

runMain(async (io, _, files) => {
  for (const [index, file] of files.entries()) {
    printNumber('file', index + 2);
    const certificate = ne.ne_ssl_cert_read(file);
    printNumber('certificate', certificate ? 1 : 0);
    printCertificate(certificate);
    const client = ne.ne_ssl_clicert_read(file);
    printNumber('client certificate', client ? 1 : 0);
    if (client) await printClientCertificate(io, client);
  }
});

async function printClientCertificate(io: Io, certificate: ne.ne_ssl_client_cert): Promise<void> {
  printNumber('encrypted', ne.ne_ssl_clicert_encrypted(certificate) ? 1 : 0);
  printText('name', ne.ne_ssl_clicert_name(certificate));
  for (const password of ['', 'wrong', 'secret'])
    if (ne.ne_ssl_clicert_encrypted(certificate))
      printNumber(password, await io.ne_ssl_clicert_decrypt(certificate, password));
  printText('name', ne.ne_ssl_clicert_name(certificate));
  if (!ne.ne_ssl_clicert_encrypted(certificate)) printCertificate(ne.ne_ssl_clicert_owner(certificate));
  ne.ne_ssl_clicert_free(certificate);
}
