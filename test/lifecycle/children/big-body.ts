/**
 * big-body.js WAY PORT SIZE FOLDER: sends or receives one body of SIZE bytes. Reports the length and SHA-1 of a
 * received body, without the SHA-1 if neon wrote it to a file. Also reports the growth of the resident memory, in MiB.
 */
import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync } from 'node:fs';
import path from 'node:path';
import { Session, type Body } from '../../../lib/index.js';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { check, report } from './tools.js';

const [, , way, port, size, folder] = process.argv;
const file = path.join(folder!, 'body');
const session = new Session('http', '127.0.0.1', Number(port));

interface Moved {
  readonly length: number;
  readonly sha1?: string;
}

async function put(body: Body): Promise<Moved> {
  return (await (await session.request('PUT', '/', { body })).json()) as Moved;
}

async function putDescriptor(io: typeof ne | typeof promises): Promise<Moved> {
  const fd = openSync(file, 'r');
  const request = ne.ne_request_create(session.handle, 'PUT', '/');
  let answer = '';
  ne.ne_set_request_body_fd(request, fd, 0, Number(size));
  ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, (block) => void (answer += block.toString()));
  check((await io.ne_request_dispatch(request)) === ne.NE_OK);
  ne.ne_request_destroy(request);
  closeSync(fd);
  return JSON.parse(answer) as Moved;
}

async function getDescriptor(io: typeof ne | typeof promises): Promise<Moved> {
  const fd = openSync(file, 'w');
  const request = ne.ne_request_create(session.handle, 'GET', '/');
  check((await io.ne_begin_request(request)) === ne.NE_OK);
  check((await io.ne_read_response_to_fd(request, fd)) === ne.NE_OK);
  check((await io.ne_end_request(request)) === ne.NE_OK);
  ne.ne_request_destroy(request);
  closeSync(fd);
  return { length: NaN };
}

async function withDescriptor<T>(flags: 'r' | 'w', use: (fd: number) => Promise<T>): Promise<T> {
  const fd = openSync(file, flags);
  try {
    return await use(fd);
  } finally {
    closeSync(fd);
  }
}

const ways: Record<string, () => Promise<Moved>> = {
  'down to a file': async () => ({ length: await (await session.request('GET', '/')).toFile(file) }),
  'down to a descriptor': () =>
    withDescriptor('w', async (fd) => ({ length: await (await session.request('GET', '/')).toFile(fd) })),
  'down by ne_read_response_to_fd': () => getDescriptor(promises),
  'down as a stream': async () => {
    const hash = createHash('sha1');
    let length = 0;
    for await (const block of (await session.request('GET', '/')).body) {
      hash.update(block as Buffer);
      length += (block as Buffer).length;
    }
    return { length, sha1: hash.digest('hex') };
  },
  'up from a file': () => put({ file }),
  'up from a descriptor': () => withDescriptor('r', (fd) => put({ fd })),
  'up by ne_set_request_body_fd': () => putDescriptor(promises),
  // Because of the `end` option, the library reads this stream. Without `end`, the library would open the file and send
  // it directly.
  'up from a stream': () => put(createReadStream(file, { end: Number(size), highWaterMark: 256 * 1024 })),
};

async function main(): Promise<void> {
  await (await session.request('GET', '/small')).bytes();
  const before = process.memoryUsage.rss();
  let max = before;
  const timer = setInterval(() => (max = Math.max(max, process.memoryUsage.rss())), 20);
  const start = performance.now();
  const moved = await ways[way!]!();
  const seconds = (performance.now() - start) / 1000;
  clearInterval(timer);
  session.destroy();
  report({ ...moved, seconds, grown: (max - before) / 2 ** 20 });
}

void main();
