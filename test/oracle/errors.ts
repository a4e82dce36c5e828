/** Implements the twin of errors.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printStatus, printText } from './twin.js';

runMain(async (io, port, [host = '127.0.0.1']) => {
  const session = ne.ne_session_create('http', host, port);
  ne.ne_set_read_timeout(session, 1);

  for (let i = 0; i < 2; i++) {
    const request = ne.ne_request_create(session, 'GET', '/');
    const start = performance.now();
    printNumber('dispatch', await io.ne_request_dispatch(request));
    printNumber('seconds', Math.round((performance.now() - start) / 1000));
    printText('error', ne.ne_get_error(session));
    printStatus(request);
    await io.ne_request_destroy(request);
  }
  await io.ne_session_destroy(session);
});
