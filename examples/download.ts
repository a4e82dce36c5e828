/** Streams a body to a file: a disk slower than the network slows the server down, and memory use stays constant. */
import { createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { Session } from 'libneon';
import { startNephele } from './server.js';

/** Creates a file of 32 MiB on a new server. */
async function prepare(): Promise<string> {
  const url = `${(await startNephele()).origin}/large.bin`;
  await using session = Session.open(url);
  await session.request('PUT', '', { body: Buffer.alloc(32 * 1024 * 1024, 'libneon ') });
  return url;
}

async function main(): Promise<void> {
  await using session = Session.open(process.argv[2] ?? (await prepare()));
  const folder = mkdtempSync(path.join(tmpdir(), 'libneon-download-'));
  const file = path.join(folder, 'body');
  const start = performance.now();

  const response = await session.request('GET', '');
  if (!response.ok) throw new Error(`${response.status} ${response.reasonPhrase}`);
  await pipeline(response.body, createWriteStream(file));

  const { size } = statSync(file);
  const seconds = ((performance.now() - start) / 1000).toFixed(3);
  const memory = (process.memoryUsage().rss / 1e6).toFixed();
  console.log(`${size} bytes in ${seconds} s, ${memory} MB of memory in use`);
  rmSync(folder, { recursive: true });
}

void main();
