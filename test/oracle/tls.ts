/** Implements the twin of tls.c. */
import * as ne from 'libneon/ne';
import { runMain, type Io, printCertificate, printNumber, printStatus, printText } from './twin.js';

runMain(async (io, port, [place = '', client = '-', ...authorities]) => {
  const [host, path] = [place.replace(/\/.*/, ''), place.replace(/^[^/]*/, '') || '/'];
  for (const mode of ['no callback', 'refuse', 'accept']) {
    const session = ne.ne_session_create('https', host, port);
    ne.ne_set_addrlist(session, [ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!]);
    for (const file of authorities) ne.ne_ssl_trust_cert(session, ne.ne_ssl_cert_read(file)!);
    if (client.startsWith('set=')) setClientCertificate(session, client.slice(4));
    if (client.startsWith('provide='))
      ne.ne_ssl_provide_clicert(session, (sess, names) => provide(sess, names, client.slice(8)));
    if (mode !== 'no callback')
      ne.ne_ssl_set_verify(session, (failures, certificate) => {
        printNumber('failures', failures);
        printCertificate(certificate);
        return mode === 'accept' ? 0 : 1;
      });

    printText('mode', mode);
    await get(io, session, path);
    if (mode === 'accept') {
      await io.ne_close_connection(session);
      await get(io, session, path);
    }
    await io.ne_session_destroy(session);
  }
});

async function get(io: Io, session: ne.ne_session, path: string): Promise<void> {
  let reused = false;
  const request = await io.ne_request_create(session, 'GET', path);
  ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => {
    if (block.includes('Reused, ')) reused = true;
  });
  printNumber('dispatch', await io.ne_request_dispatch(request));
  printText('error', ne.ne_get_error(session));
  printStatus(request);
  printNumber('reused', Number(reused));
  await io.ne_request_destroy(request);
}

function provide(session: ne.ne_session, names: ne.ne_ssl_dname[], file: string): void {
  printNumber('provide', names.length);
  for (const name of names) printText('authority', ne.ne_ssl_readable_dname(name));
  if (file !== '') setClientCertificate(session, file);
}

function setClientCertificate(session: ne.ne_session, file: string): void {
  const certificate = ne.ne_ssl_clicert_read(file)!;
  if (ne.ne_ssl_clicert_encrypted(certificate))
    printNumber('decrypt', ne.ne_ssl_clicert_decrypt(certificate, 'secret'));
  ne.ne_ssl_set_clicert(session, certificate);
  ne.ne_ssl_clicert_free(certificate);
}
