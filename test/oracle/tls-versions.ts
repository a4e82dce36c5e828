/** Implements the twin of tls-versions.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printText } from './twin.js';

runMain(async (io, port, [file = '', ...ranges]) => {
  const ca = ne.ne_ssl_cert_read(file)!;
  for (const range of ranges) {
    printText('range', range);
    const [min = 0, max = 0] = range.split(':').map(Number);
    const session = ne.ne_session_create('https', 'localhost', port);
    ne.ne_ssl_trust_cert(session, ca);
    printNumber('set', ne.ne_ssl_set_protovers(session, min, max));
    printText('error', ne.ne_get_error(session));
    let page = '';
    const request = await io.ne_request_create(session, 'GET', '/');
    ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void (page += block.toString()));
    printNumber('dispatch', await io.ne_request_dispatch(request));
    printText('error', ne.ne_get_error(session));
    printText('version', /Protocol  : (.*)/.exec(page)?.[1] ?? '');
    await io.ne_request_destroy(request);
    await io.ne_session_destroy(session);
  }
});
