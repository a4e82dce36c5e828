/** Implements the twin of dispatch.c. */
import * as ne from 'libneon/ne';
import { hashMore, hashStart, runMain, printNumber, printStatus, printText, type Io } from './twin.js';

interface Reader {
  readonly name: string;
  readonly refuses: boolean;
  total: number;
  hash: number;
}

runMain(async (io, port, requests) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  for (const request of requests) await dispatch(io, session, request.split(' '));
  await io.ne_session_destroy(session);
});

async function dispatch(
  io: Io,
  session: ne.ne_session,
  [method = '', target = '', ...words]: readonly string[],
): Promise<void> {
  const refuses = words.includes('refuse');
  const [always, success, not404] = ['always', '2xx', 'not404'].map((name): Reader => ({
    name,
    refuses,
    total: 0,
    hash: hashStart,
  })) as [Reader, Reader, Reader];

  const request = ne.ne_request_create(session, method, target);
  setFlags(session, request, words);
  ne.ne_add_response_body_reader(request, ne.ne_accept_always, readTo(always));
  if (words.includes('2xx')) ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, readTo(success));
  if (words.includes('not404')) ne.ne_add_response_body_reader(request, acceptNot404, readTo(not404));

  for (let times = words.includes('again') ? 2 : 1; times > 0; times--) {
    printNumber('dispatch', await io.ne_request_dispatch(request));
    printText('error', ne.ne_get_error(session));
    printStatus(request);
    for (const reader of [always, success, not404]) printReader(reader);
    printHeaders(request);
  }
  await io.ne_request_destroy(request);
}

function setFlags(session: ne.ne_session, request: ne.ne_request, words: readonly string[]): void {
  if (words.includes('icy')) ne.ne_set_session_flag(session, ne.NE_SESSFLAG_ICYPROTO, 1);
  if (words.includes('unsafe')) ne.ne_set_request_flag(request, ne.NE_REQFLAG_IDEMPOTENT, 0);
}

function acceptNot404(request: ne.ne_request, { code }: ne.ne_status): boolean {
  printText('asks', 'not404');
  printNumber('about', code);
  printText('type', ne.ne_get_response_header(request, 'Content-Type'));
  return code !== 404;
}

function readTo(reader: Reader): ne.ne_block_reader {
  return (block) => {
    if (block.length === 0) printText('complete', reader.name);
    if (reader.refuses) return -1;
    reader.total += block.length;
    reader.hash = hashMore(reader.hash, block);
    return 0;
  };
}

function printReader({ name, total, hash }: Reader): void {
  printText('reader', name);
  printNumber('total', total);
  printNumber('hash', hash);
}

function printHeaders(request: ne.ne_request): void {
  const fields: [name: string, value: string][] = [];
  const name = { value: '' };
  const value = { value: '' };
  let cursor: ne.ne_header_cursor | null = null;
  while ((cursor = ne.ne_response_header_iterate(request, cursor, name, value)) !== null) {
    fields.push([name.value, value.value]);
  }
  fields.sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  printNumber('fields', fields.length);
  for (const field of fields) printText(...field);
}
