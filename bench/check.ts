/** Provides checks that throw unless the peer received the target's body, or the server received the peer's body. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { pattern } from '../test/servers/nginx.js';
import type { Target } from './peer.js';

/** The body of a PUT from memory. Bodies of files are longer, and no peer makes them. */
export function bodyOf({ bodyLength, file }: Target): Buffer {
  return file === undefined ? Buffer.alloc(bodyLength, pattern) : Buffer.alloc(0);
}

/** Checks a response, and the length of its body if the peer sees the body. */
export function check(target: Target, status: number, length: number = target.bodyLength): void {
  if (status !== 200 || length !== target.bodyLength) throw new Error(`status ${status}, ${length} bytes`);
}

/** Checks a response whose whole body is in memory. */
export function checkBytes(target: Target, status: number, bytes: Uint8Array): void {
  check(target, status, bytes.length);
  if (target.edge === undefined) return;
  const { length } = target.edge;
  checkEdges(target, bytes.subarray(0, length), bytes.subarray(-length));
}

/** Checks a response whose body was written to the target's file. */
export function checkFile(target: Target, status: number): void {
  const { file = '', edge = '' } = target;
  const fd = openSync(file, 'r');
  try {
    const { size } = fstatSync(fd);
    check(target, status, size);
    const [first, last] = [Buffer.alloc(edge.length), Buffer.alloc(edge.length)];
    readSync(fd, first, { position: 0 });
    readSync(fd, last, { position: size - last.length });
    checkEdges(target, first, last);
  } finally {
    closeSync(fd);
  }
}

/** Checks the response to an upload: its header `Received` is the number of bytes that the server received. */
export function checkUpload(target: Target, status: number, received: unknown): void {
  check(target, status, Number(received));
}

function checkEdges({ edge }: Target, first: Uint8Array, last: Uint8Array): void {
  const [begins, ends] = [first, last].map((bytes) => Buffer.from(bytes).toString('latin1'));
  if (begins !== edge || ends !== edge) throw new Error(`the body begins with ${begins} and ends with ${ends}`);
}
