/** Bad arguments to the functions of ne_socket.h. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  bytes,
  cert,
  ctx,
  filled,
  further,
  handle,
  ia,
  integer,
  most,
  object,
  optional,
  roomOrNone,
  text,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { neonError, outOfRange, wrongType, wrongValue } from '../../support/expect.js';

const addr = handle('addr', 'ne_sock_addr', ne.ne_addr_destroy);
const sock: Argument = {
  ...handle('sock', 'ne_socket', ne.ne_sock_close),
  untouched: (socket: ne.ne_socket) => {
    expect([ne.ne_sock_fd(socket), ne.ne_sock_close(socket)]).toEqual([-1, 0]);
  },
};
const server: Argument = {
  ...ctx,
  good: () => ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER),
  bad: (good) => [...ctx.bad(good), ["a client's", ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT), wrongValue]],
};
const client: Argument = {
  ...ctx,
  bad: (good) => [...ctx.bad(good), ["a server's", ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER), wrongValue]],
};
const port = integer('port', 80, 0, 65535);
const seconds = integer('timeout', 1, 1, 2147483);
const blocks: Argument = {
  name: 'vector',
  good: () => ['a', Buffer.from('b')],
  bad: () => [
    ...all(wrongType, [undefined, null, 0, 'text', {}, Buffer.from('text'), ['a', 1], ['a', null], ['a', , 'b']]),
    ...all(wrongValue, [[]]),
    ['more blocks than the system accepts', Array<string>(100_000).fill('a'), outOfRange],
  ],
};
/** Text of at most 255 bytes, or null. */
function socksText(name: string): Argument {
  const { good, bad } = text(name, name);
  return optional({ name, good, bad: (value) => [...bad(value), ...all(outOfRange, ['x'.repeat(256)])] });
}
const rawAddress: Argument = {
  ...bytes('raw'),
  bad: (good) => [...bytes('raw').bad(good), ...all(outOfRange, ['', 'abc', 'abcde', new Uint8Array(16)])],
};

testBadInput(
  'socket',
  {
    ne_sock_init: [],
    ne_sock_exit: [],
    ne_sock_create: [],
    ne_sock_prebind: [sock, optional(ia, 'addr'), port],
    ne_sock_connect: [sock, { ...ia, name: 'addr' }, port],
    ne_sock_accept: [sock, integer('fd', 0, 0, most)],
    ne_sock_read: [sock, filled('buffer')],
    ne_sock_peek: [sock, filled('buffer')],
    ne_sock_block: [sock, integer('n', 1, 1, 2147483)],
    ne_sock_fullwrite: [sock, bytes('data')],
    ne_sock_fullwritev: [sock, blocks],
    ne_sock_readline: [sock, filled('buffer')],
    ne_sock_fullread: [sock, filled('buffer')],
    ne_sock_fd: [sock],
    ne_sock_peer: [sock, object('port')],
    ne_sock_shutdown: [sock, integer('flags', 1, 1, 3)],
    ne_sock_close: [sock],
    ne_sock_error: [sock],
    ne_sock_set_error: [sock, text('format', 'text')],
    ne_sock_read_timeout: [sock, seconds],
    ne_sock_connect_timeout: [sock, { ...seconds, bad: integer('timeout', 0, 0, 2147483).bad }],
    ne_sock_proxy: [
      sock,
      integer('vers', 2, 0, 2),
      optional(ia, 'addr'),
      socksText('hostname'),
      port,
      socksText('username'),
      socksText('password'),
    ],
    ne_sock_accept_ssl: [sock, server],
    ne_sock_connect_ssl: [sock, client],
    ne_sock_handshake: [sock, client, optional(text('hostname', 'localhost')), integer('flags', 0, 0, 0)],
    ne_sock_sessid: [sock, optional(filled('buf')), roomOrNone],
    ne_sock_cipher: [sock],
    ne_sock_getproto: [sock],
    ne_sock_getcert: [sock, ctx],
    ne_ssl_check_certificate: [
      ctx,
      further(sock),
      optional(text('hostname', 'localhost')),
      optional(further(ia), 'address'),
      further(cert),
      integer('flags', 0, 0, 2 ** 32 - 1),
      object('failures'),
    ],
    ne_addr_resolve: [text('hostname', '127.0.0.1'), integer('flags', 0, 0, most)],
    ne_addr_result: [addr],
    ne_addr_first: [addr],
    ne_addr_next: [addr],
    ne_addr_error: [addr],
    ne_addr_canonical: [addr],
    ne_addr_destroy: [addr],
    ne_iaddr_make: [integer('type', 0, 0, 1), rawAddress],
    ne_iaddr_parse: [text('addr', '127.0.0.1'), integer('type', 0, 0, 1)],
    ne_iaddr_print: [ia],
    ne_iaddr_raw: [ia],
    ne_iaddr_typeof: [ia],
    ne_iaddr_cmp: [
      { ...ia, name: 'i1' },
      { ...further(ia), name: 'i2' },
    ],
    ne_iaddr_free: [ia],
    ne_iaddr_reverse: [ia, object('buf')],
    ne_iaddr_put: [ia, integer('type', 0, 0, 1), rawAddress],
    ne_iaddr_set_scope: [ia, text('scope', 'lo')],
    ne_iaddr_get_scope: [ia],
  },
  {
    // The function fails even with valid arguments, because the new socket does not use TLS.
    ne_ssl_check_certificate: neonError('ERR_NEON_INVALID_STATE'),
  },
);
