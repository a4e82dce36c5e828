/** Tests parts of HTTP for which neon has no function, on a bare socket. */
import * as ne from 'libneon/ne';
import { fail, sequence, skip, type Test } from './runner.js';
import type { Server } from './server.js';

const BODY = Buffer.alloc(100, 'x');
/** The time the server may take before it requests the body, in seconds. */
const PATIENCE = 30;

export function http(server: Server): Test[] {
  return sequence({
    expect100() {
      const { scheme, proxy } = server.access;
      if (scheme === 'https') skip('not tried with TLS');
      if (proxy) skip('not tried through a proxy');
      const socket = server.connect();
      try {
        expect100(server, socket);
      } finally {
        ne.ne_sock_close(socket);
      }
    },
  });
}

/** Checks that a server answers a head that contains `Expect: 100-continue` with status 100 or with a final status. */
function expect100({ client, root, progress }: Server, socket: ne.ne_socket): void {
  const head = [
    `PUT ${root}expect100 HTTP/1.1`,
    `Host: ${ne.ne_get_server_hostport(client.session)}`,
    `X-Litmus: ${progress.suite}: ${progress.number} (${progress.test})`,
    `Content-Length: ${BODY.length}`,
    'Expect: 100-continue',
  ];
  const works = (operation: string, result: number): void => {
    if (result < 0) fail(`${operation}: ${ne.ne_sock_error(socket)}`);
  };
  works('sending the head', ne.ne_sock_fullwrite(socket, `${head.join('\r\n')}\r\n\r\n`));
  const waited = ne.ne_sock_block(socket, PATIENCE);
  if (waited === ne.NE_SOCK_TIMEOUT) fail(`no response within ${PATIENCE} s after a head with Expect: 100-continue`);
  if (waited !== 0) fail(`the connection broke after a head with Expect: 100-continue: ${ne.ne_sock_error(socket)}`);

  const line = Buffer.alloc(8192);
  works('reading the status line', ne.ne_sock_readline(socket, line));
  const text = line.toString('latin1', 0, line.indexOf('\n')).trimEnd();
  const status: Partial<ne.ne_status> = {};
  if (ne.ne_parse_statusline(text, status) !== 0) fail(`${JSON.stringify(text)} is not a status line`);
  if (status.code === 100) works('sending the body', ne.ne_sock_fullwrite(socket, BODY));
}
