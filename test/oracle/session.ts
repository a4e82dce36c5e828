/** Implements the twin of session.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printStatus, printText } from './twin.js';

runMain(async (io, port) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  printText('scheme', ne.ne_get_scheme(session));
  printText('hostport', ne.ne_get_server_hostport(session));

  const request = ne.ne_request_create(session, 'GET', '/path?query=1');
  printNumber('dispatch', await io.ne_request_dispatch(request));
  printText('error', ne.ne_get_error(session));
  printStatus(request);
  for (const name of ['X-Twin', 'x-twin', 'X-Absent']) printText(name, ne.ne_get_response_header(request, name));

  await io.ne_request_destroy(request);
  await io.ne_session_destroy(session);
});
