/** Implements the twin of upload.c. */
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ne from 'libneon/ne';
import { runMain, printNumber, printStatus, printText, type Io } from './twin.js';

const ahead = 'AHEAD';
const after = 'AFTER';

interface Source {
  readonly session: ne.ne_session;
  readonly kind: string;
  readonly bytes: Buffer;
  readonly words: readonly string[];
  given: number;
  rewinds: number;
}

runMain(async (io, port, requests) => {
  const session = ne.ne_session_create('http', '127.0.0.1', port);
  for (const request of requests) {
    const [kind = '', size = '', ...words] = request.split(' ');
    await upload(io, { session, kind, bytes: letters(Number(size)), words, given: 0, rewinds: 0 });
  }
  await io.ne_session_destroy(session);
});

async function upload(io: Io, source: Source): Promise<void> {
  const { session, words } = source;
  const fd = openFilled(source);

  const request = ne.ne_request_create(session, 'PUT', '/upload');
  if (words.includes('expect')) ne.ne_set_request_flag(request, ne.NE_REQFLAG_EXPECT100, 1);
  if (words.includes('unsafe')) ne.ne_set_request_flag(request, ne.NE_REQFLAG_IDEMPOTENT, 0);
  setBody(request, source, fd);

  for (let times = words.includes('again') ? 2 : 1; times > 0; times--) {
    printNumber('dispatch', await io.ne_request_dispatch(request));
    printText('error', ne.ne_get_error(session));
    printStatus(request);
    printNumber('rewinds', source.rewinds);
  }
  await io.ne_request_destroy(request);
  closeSync(fd);
}

function setBody(request: ne.ne_request, source: Source, fd: number): void {
  const { kind, bytes, words } = source;
  const length = bytes.length + (words.includes('beyond') ? 100 : words.includes('within') ? -100 : 0);
  if (kind === 'buffer') ne.ne_set_request_body_buffer(request, bytes);
  if (kind === 'fd') ne.ne_set_request_body_fd(request, fd, ahead.length, length);
  if (kind === 'stdout') ne.ne_set_request_body_fd(request, process.stdout.fd, ahead.length, length);
  if (kind === 'provider') ne.ne_set_request_body_provider(request, length, provide(source));
  if (kind === 'chunked') ne.ne_set_request_body_provider(request, -1, provide(source));
}

function letters(size: number): Buffer {
  return Buffer.alloc(size, 'abcdefghijklmnopqrstuvw');
}

/** Writes the body to a file, opens the file, and unlinks it. */
function openFilled({ bytes }: Source): number {
  const folder = mkdtempSync(path.join(tmpdir(), 'libneon-upload-'));
  const file = path.join(folder, 'body');
  writeFileSync(file, Buffer.concat([Buffer.from(ahead), bytes, Buffer.from(after)]));
  const fd = openSync(file, 'r');
  rmSync(folder, { recursive: true });
  return fd;
}

/** Provides pieces of 3000 bytes. */
function provide(source: Source): ne.ne_provide_body {
  return (buflen) => {
    printNumber('provide', buflen);
    if (buflen === 0) {
      source.given = 0;
      return source.rewinds++ > 0 && source.words.includes('once') ? failure(source) : 0;
    }
    if (source.given > 0 && source.words.includes('fail')) return failure(source);

    const piece = source.bytes.subarray(source.given, source.given + Math.min(3000, buflen));
    source.given += piece.length;
    return piece.length === 0 ? 0 : piece;
  };
}

function failure({ session }: Source): number {
  ne.ne_set_error(session, '%s', 'The source has run dry');
  return -1;
}
