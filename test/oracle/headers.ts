/** Implements the twin of headers.c. */
import * as ne from 'libneon/ne';
import { runMain, printNumber, printStatus, printText } from './twin.js';

runMain(async (io, port, words) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  prepareSession(session, words);

  for (let i = 0; i < 2; i++) {
    const request = ne.ne_request_create(session, 'PUT', '/x');
    prepareRequest(request, words);
    printNumber('dispatch', await io.ne_request_dispatch(request));
    printText('error', ne.ne_get_error(session));
    printStatus(request);
    await io.ne_request_destroy(request);
  }
  await io.ne_session_destroy(session);
});

function prepareSession(session: ne.ne_session, words: readonly string[]): void {
  for (const word of words) {
    if (word === 'agent') ne.ne_set_useragent(session, 'twin/1.0');
    if (word === 'close') ne.ne_set_session_flag(session, ne.NE_SESSFLAG_PERSIST, 0);
    if (word === 'expect') ne.ne_set_session_flag(session, ne.NE_SESSFLAG_EXPECT100, 1);
  }
  printNumber('persist', ne.ne_get_session_flag(session, ne.NE_SESSFLAG_PERSIST));
  printNumber('expect100', ne.ne_get_session_flag(session, ne.NE_SESSFLAG_EXPECT100));
}

function prepareRequest(request: ne.ne_request, words: readonly string[]): void {
  for (const word of words) {
    if (word === 'add') {
      ne.ne_add_request_header(request, 'X-Added', 'one');
      ne.ne_add_request_header(request, 'X-Added', '\u00e9');
    }
    if (word === 'print') ne.ne_print_request_header(request, 'X-Printed', '%s-%05d-%x%%', 'two', 42, 255);
    if (word === 'body') ne.ne_set_request_body_buffer(request, 'body\0body');
    if (word === 'empty') ne.ne_set_request_body_buffer(request, '');
    if (word === 'unsafe') ne.ne_set_request_flag(request, ne.NE_REQFLAG_IDEMPOTENT, 0);
  }
  printNumber('request expect100', ne.ne_get_request_flag(request, ne.NE_REQFLAG_EXPECT100));
  printNumber('idempotent', ne.ne_get_request_flag(request, ne.NE_REQFLAG_IDEMPOTENT));
}
