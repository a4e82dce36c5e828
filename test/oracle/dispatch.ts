/** The twin of dispatch.c. */
import * as ne from 'libneon/ne';
import { hashMore, hashStart, playTwin, sayNumber, sayStatus, sayText, type Io } from './twin.js';

interface Reader {
  readonly name: string;
  readonly refuses: boolean;
  total: number;
  hash: number;
}

playTwin(async (io, port, requests) => {
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
  const [always, success, most] = ['always', '2xx', 'most'].map((name): Reader => ({
    name,
    refuses,
    total: 0,
    hash: hashStart,
  })) as [Reader, Reader, Reader];

  const request = ne.ne_request_create(session, method, target);
  setFlags(session, request, words);
  ne.ne_add_response_body_reader(request, ne.ne_accept_always, readTo(always));
  if (words.includes('2xx')) ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, readTo(success));
  if (words.includes('most')) ne.ne_add_response_body_reader(request, acceptMost, readTo(most));

  for (let times = words.includes('again') ? 2 : 1; times > 0; times--) {
    sayNumber('dispatch', await io.ne_request_dispatch(request));
    sayText('error', ne.ne_get_error(session));
    sayStatus(request);
    for (const reader of [always, success, most]) sayReader(reader);
    sayHeaders(request);
  }
  await io.ne_request_destroy(request);
}

function setFlags(session: ne.ne_session, request: ne.ne_request, words: readonly string[]): void {
  if (words.includes('icy')) ne.ne_set_session_flag(session, ne.NE_SESSFLAG_ICYPROTO, 1);
  if (words.includes('unsafe')) ne.ne_set_request_flag(request, ne.NE_REQFLAG_IDEMPOTENT, 0);
}

function acceptMost(request: ne.ne_request, { code }: ne.ne_status): boolean {
  sayText('asks', 'most');
  sayNumber('about', code);
  sayText('type', ne.ne_get_response_header(request, 'Content-Type'));
  return code !== 404;
}

function readTo(reader: Reader): ne.ne_block_reader {
  return (block) => {
    if (block.length === 0) sayText('complete', reader.name);
    if (reader.refuses) return -1;
    reader.total += block.length;
    reader.hash = hashMore(reader.hash, block);
    return 0;
  };
}

function sayReader({ name, total, hash }: Reader): void {
  sayText('reader', name);
  sayNumber('total', total);
  sayNumber('hash', hash);
}

function sayHeaders(request: ne.ne_request): void {
  const fields: [name: string, value: string][] = [];
  const name = { value: '' };
  const value = { value: '' };
  let cursor: ne.ne_header_cursor | null = null;
  while ((cursor = ne.ne_response_header_iterate(request, cursor, name, value)) !== null) {
    fields.push([name.value, value.value]);
  }
  fields.sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  sayNumber('fields', fields.length);
  for (const field of fields) sayText(...field);
}
