/** The twin of errors.c. */
import * as ne from 'libneon/ne';
import { playTwin, sayNumber, sayStatus, sayText } from './twin.js';

playTwin(async (io, port, [host = '127.0.0.1']) => {
  const session = ne.ne_session_create('http', host, port);
  ne.ne_set_read_timeout(session, 1);

  for (let i = 0; i < 2; i++) {
    const request = ne.ne_request_create(session, 'GET', '/');
    const start = performance.now();
    sayNumber('dispatch', await io.ne_request_dispatch(request));
    sayNumber('seconds', Math.round((performance.now() - start) / 1000));
    sayText('error', ne.ne_get_error(session));
    sayStatus(request);
    await io.ne_request_destroy(request);
  }
  await io.ne_session_destroy(session);
});
