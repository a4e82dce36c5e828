/** Throws unless a peer got what its target gives, or the target what the peer sent. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Target } from './peer.js';

/** A response, with its length by a peer that sees the body. */
export function check(target: Target, status: number, length: number = target.bodyLength): void {
  if (status !== 200 || length !== target.bodyLength) throw new Error(`status ${status}, ${length} bytes`);
}

/** A response whose whole body is there. */
export function checkBytes(target: Target, status: number, bytes: Uint8Array): void {
  check(target, status, bytes.length);
  if (target.edge === undefined) return;
  const { length } = target.edge;
  checkEdges(target, bytes.subarray(0, length), bytes.subarray(-length));
}

/** A response whose body was written to the target's file. */
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

/** The answer to an upload: how many bytes the server received stands in its header `Received`. */
export function checkUpload(target: Target, status: number, received: unknown): void {
  check(target, status, Number(received));
}

function checkEdges({ edge }: Target, first: Uint8Array, last: Uint8Array): void {
  const [begins, ends] = [first, last].map((bytes) => Buffer.from(bytes).toString('latin1'));
  if (begins !== edge || ends !== edge) throw new Error(`the body begins with ${begins} and ends with ${ends}`);
}
