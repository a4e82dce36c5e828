/** Implements the twin of md5.c. */
import { closeSync, openSync, readSync } from 'node:fs';
import * as ne from 'libneon/ne';
import { runMain, printNumber, printText } from './twin.js';

const maxBytes = 300;

runMain(async (io, _port, files) => {
  for (const name of files) {
    printText('file', name);
    const fd = openSync(name, 'r');
    const digest: { value?: Buffer } = {};
    const result = await io.ne_md5_stream(fd, digest);
    printNumber('stream', result);
    if (result === 0) {
      printDigest('sum', digest.value!);
      const bytes = Buffer.alloc(maxBytes);
      printPieces(bytes.subarray(0, readSync(fd, bytes, 0, maxBytes, 0)));
    }
    closeSync(fd);
  }
});

function printDigest(key: string, digest: Buffer | null): void {
  if (digest === null) {
    printText(key, null);
    return;
  }
  const text = ne.ne_md5_to_ascii(digest);
  printText(key, text);
  if (!ne.ne_ascii_to_md5(text).equals(digest)) printText(key, 'another');
}

function printPieces(bytes: Buffer): void {
  for (const size of [1, 7, 63, 64, 65, 128]) {
    const ctx = ne.ne_md5_create_ctx()!;
    printDigest('state', ne.ne_md5_read_ctx(ctx));
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      if (piece.length % 64 === 0) ne.ne_md5_process_block(piece, ctx);
      else ne.ne_md5_process_bytes(piece, ctx);
    }
    const copy = ne.ne_md5_dup_ctx(ctx)!;
    ne.ne_md5_process_bytes('more', copy);
    printDigest('state', ne.ne_md5_read_ctx(ctx));
    printText('ascii', ne.ne_md5_finish_ascii(ctx));
    printDigest('copy', ne.ne_md5_finish_ctx(copy));
    ne.ne_md5_destroy_ctx(copy);
    ne.ne_md5_destroy_ctx(ctx);
  }
}
