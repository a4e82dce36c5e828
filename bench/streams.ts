/** Handles bodies that peers receive as streams. */
import { createWriteStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { check, checkFile } from './check.js';
import type { Target } from './peer.js';

type Body = Readable | AsyncIterable<Uint8Array>;

/** Reads a body block by block, and keeps nothing. */
export async function count(target: Target, status: number, body: Body): Promise<void> {
  let length = 0;
  for await (const block of body as AsyncIterable<Uint8Array>) length += block.length;
  check(target, status, length);
}

/** Pipes a body into the target's file. */
export async function save(target: Target, status: number, body: Body): Promise<void> {
  await pipeline(body, createWriteStream(target.file!));
  checkFile(target, status);
}
