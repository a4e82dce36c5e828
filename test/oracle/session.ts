/** The twin of session.c. */
import * as ne from 'libneon/ne';
import { playTwin, sayNumber, sayStatus, sayText } from './twin.js';

playTwin(async (io, port) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  sayText('scheme', ne.ne_get_scheme(session));
  sayText('hostport', ne.ne_get_server_hostport(session));

  const request = ne.ne_request_create(session, 'GET', '/path?query=1');
  sayNumber('dispatch', await io.ne_request_dispatch(request));
  sayText('error', ne.ne_get_error(session));
  sayStatus(request);
  for (const name of ['X-Twin', 'x-twin', 'X-Absent']) sayText(name, ne.ne_get_response_header(request, name));

  await io.ne_request_destroy(request);
  await io.ne_session_destroy(session);
});
