/** Implements the twin of basic.c. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ne from 'libneon/ne';
import { hashMore, hashStart, runMain, printNumber, printStatus, printText, type Io } from './twin.js';

runMain(async (io, port, calls) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'libneon-twin-'));
  try {
    const session = ne.ne_session_create('http', '127.0.0.1', port);
    for (const words of calls) await runCall(io, session, words, path.join(folder, 'file'));
    await io.ne_session_destroy(session);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

async function runCall(io: Io, session: ne.ne_session, words: string, file: string): Promise<void> {
  const [name = '', ...rest] = words.split(' ');
  const fd = openSync(file, 'w+');
  printNumber(name, await call(io, session, fd, name, rest));
  printText('error', ne.ne_get_error(session));
  printLocation(session);
  closeSync(fd);
  const content = readFileSync(file);
  printNumber('file', content.length);
  printNumber('hash', hashMore(hashStart, content));
}

function printLocation(session: ne.ne_session): void {
  const uri = ne.ne_redirect_location(session);
  if (!uri) return printText('location', null);
  printText('scheme', uri.scheme);
  printText('host', uri.host);
  console.log(`port=:${uri.port}`);
  printText('path', uri.path);
  printText('query', uri.query);
}

async function call(
  io: Io,
  session: ne.ne_session,
  fd: number,
  name: string,
  [a = '', b = '', c = '', d = '']: string[],
): Promise<number> {
  switch (name) {
    case 'get':
      return io.ne_get(session, a, fd);
    case 'put':
      writeSync(fd, Buffer.from(Array.from({ length: Number(a) }, (_, i) => 97 + (i % 23))));
      return io.ne_put(session, b, fd);
    case 'post':
      return io.ne_post(session, b, fd, a);
    case 'range':
      return range(io, session, fd, { start: Number(a), end: Number(b), total: 0 }, c);
    case 'modtime':
      return modtime(io, session, a);
    case 'options':
      return options(io, session, a);
    case 'options2':
      return options2(io, session, a);
    case 'copy':
      return io.ne_copy(session, Number(a), Number(b), c, d);
    case 'move':
      return io.ne_move(session, Number(a), b, c);
    case 'delete':
      return io.ne_delete(session, a);
    case 'mkcol':
      return io.ne_mkcol(session, a);
    case 'type':
      return type(io, session, Number(a), b);
    case 'gzip':
      return gzip(io, session, fd, Number(a), b);
    case 'rfc4918':
      ne.ne_set_session_flag(session, ne.NE_SESSFLAG_RFC4918, 1);
      return ne.NE_OK;
    case 'redirect':
      ne.ne_redirect_register(session);
      return ne.NE_OK;
    default:
      throw new Error(`unknown call: ${name}`);
  }
}

async function range(
  io: Io,
  session: ne.ne_session,
  fd: number,
  wanted: Required<ne.ne_content_range>,
  target: string,
): Promise<number> {
  const result = await io.ne_get_range(session, target, wanted, fd);
  console.log(`range=${wanted.start} ${wanted.end} ${wanted.total}`);
  return result;
}

async function modtime(io: Io, session: ne.ne_session, target: string): Promise<number> {
  const time = { value: 5 };
  const result = await io.ne_getmodtime(session, target, time);
  printNumber('time', time.value);
  return result;
}

async function options(io: Io, session: ne.ne_session, target: string): Promise<number> {
  const caps: Partial<ne.ne_server_capabilities> = {};
  const result = await io.ne_options(session, target, caps);
  console.log(`caps=${caps.dav_class1} ${caps.dav_class2} ${caps.dav_executable}`);
  return result;
}

async function options2(io: Io, session: ne.ne_session, target: string): Promise<number> {
  const caps = { value: 77 };
  const result = await io.ne_options2(session, target, caps);
  printNumber('caps', caps.value);
  return result;
}

async function type(io: Io, session: ne.ne_session, depth: number, target: string): Promise<number> {
  const request = ne.ne_request_create(session, 'GET', target);
  const given: Partial<ne.ne_content_type> = {};
  ne.ne_add_depth_header(request, depth);
  const result = await io.ne_request_dispatch(request);
  if (ne.ne_get_content_type(request, given) === 0)
    for (const field of ['type', 'subtype', 'charset', 'value'] as const) printText(field, given[field] ?? null);
  await io.ne_request_destroy(request);
  return result;
}

async function gzip(io: Io, session: ne.ne_session, fd: number, max: number, target: string): Promise<number> {
  let left = max;
  const request = ne.ne_request_create(session, 'GET', target);
  const decompressor = ne.ne_decompress_reader(request, ne.ne_accept_2xx, (block) => {
    printNumber('last', Number(block.length === 0));
    writeSync(fd, block);
    left -= block.length;
    return left < 0 ? 1 : 0;
  });
  const result = await io.ne_request_dispatch(request);
  printStatus(request);
  ne.ne_decompress_destroy(decompressor);
  await io.ne_request_destroy(request);
  return result;
}
