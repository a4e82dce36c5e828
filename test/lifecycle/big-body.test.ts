/** Tests that large bodies need little memory: 128 MiB each way, or more than 4 GiB with LIBNEON_TEST_FULL. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  closeSync,
  createReadStream,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Session } from '../../lib/index.js';
import { expectEnd, full, reported, run } from './fork.js';

const MiB = 2 ** 20;
const SIZE = (full ? 4200 : 128) * MiB + 12_345;
/** The maximum growth of the process, in MiB. V8's own growth accounts for a part of it. */
const MAX_GROWTH = 64;

jest.setTimeout(full ? 900_000 : 300_000);

interface Moved {
  readonly length: number | null;
  readonly sha1?: string;
  readonly seconds: number;
  readonly grown: number;
}

const folder = mkdtempSync(path.join(tmpdir(), 'libneon-big-'));
const file = path.join(folder, 'body');
let server: Server;
let port: number;
let sent: string;

/** Blocks that all differ. */
function* blocks(): Generator<Buffer> {
  const block = createHash('sha512')
    .update('block')
    .digest()
    .toString('hex')
    .repeat(MiB / 128);
  for (let left = SIZE, i = 0; left > 0; left -= MiB, i++) {
    const bytes = Buffer.from(block, 'latin1').subarray(0, Math.min(left, MiB));
    bytes.writeDoubleBE(i, 0);
    yield bytes;
  }
}

async function send(response: ServerResponse): Promise<void> {
  response.setHeader('Content-Length', SIZE);
  for (const block of blocks()) if (!response.write(block)) await once(response, 'drain');
  response.end();
}

async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const hash = createHash('sha1');
  let length = 0;
  for await (const block of request as AsyncIterable<Buffer>) {
    hash.update(block);
    length += block.length;
  }
  response.end(JSON.stringify({ length, sha1: hash.digest('hex') }));
}

beforeAll(async () => {
  const hash = createHash('sha1');
  for (const block of blocks()) hash.update(block);
  sent = hash.digest('hex');
  server = createServer((request, response) => {
    if (request.url === '/small') response.end('small');
    else void (request.method === 'GET' ? send(response) : receive(request, response)).catch(() => undefined);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function hashOfFile(): Promise<string> {
  const hash = createHash('sha1');
  await pipeline(createReadStream(file, { highWaterMark: MiB }), hash);
  return hash.digest('hex');
}

// The uploads send the file that the last download wrote.
test.each([
  'down as a stream',
  'down to a descriptor',
  'down by ne_read_response_to_fd',
  'down to a file',
  'up from a file',
  'up from a descriptor',
  'up by ne_set_request_body_fd',
  'up from a stream',
])('moves a body %s', async (way) => {
  const ended = await run('big-body', [way, port, SIZE, folder], { killAfterMs: full ? 600_000 : 200_000 });
  expectEnd(ended);
  const { length, sha1, seconds, grown } = reported<Moved>(ended);
  console.info(`${way}: ${(SIZE / MiB / seconds).toFixed(0)} MiB/s, ${grown.toFixed(0)} MiB more memory`);
  const isFile = way.startsWith('down') && way !== 'down as a stream';
  expect(isFile ? statSync(file).size : length).toBe(SIZE);
  expect(isFile ? await hashOfFile() : sha1).toBe(sent);
  expect(grown).toBeLessThan(MAX_GROWTH);
});

test('sends parts at offsets beyond 2^32 of a sparse file', async () => {
  const offset = 2 ** 32 + 5;
  writeFileSync(file, '');
  truncateSync(file, offset + 100);
  const fd = openSync(file, 'r+');
  writeSync(fd, 'past four gibibytes', offset);
  closeSync(fd);
  const hash = createHash('sha1').update('past four gibibytes').digest('hex');
  using session = new Session('http', '127.0.0.1', port);
  for (const body of [
    { file, offset, length: 19 },
    { fd: openSync(file, 'r'), offset, length: 19 },
  ]) {
    const response = await session.request('PUT', '/', { body });
    expect(await response.json()).toEqual({ length: 19, sha1: hash });
    if ('fd' in body) closeSync(body.fd);
  }
});
