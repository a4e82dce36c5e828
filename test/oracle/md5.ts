/** The twin of md5.c. */
import { closeSync, openSync, readSync } from 'node:fs';
import * as ne from 'libneon/ne';
import { playTwin, sayNumber, sayText } from './twin.js';

const most = 300;

playTwin(async (io, _port, files) => {
  for (const name of files) {
    sayText('file', name);
    const fd = openSync(name, 'r');
    const digest: { value?: Buffer } = {};
    const result = await io.ne_md5_stream(fd, digest);
    sayNumber('stream', result);
    if (result === 0) {
      sayDigest('sum', digest.value!);
      const bytes = Buffer.alloc(most);
      sayPieces(bytes.subarray(0, readSync(fd, bytes, 0, most, 0)));
    }
    closeSync(fd);
  }
});

function sayDigest(key: string, digest: Buffer | null): void {
  if (digest === null) {
    sayText(key, null);
    return;
  }
  const text = ne.ne_md5_to_ascii(digest);
  sayText(key, text);
  if (!ne.ne_ascii_to_md5(text).equals(digest)) sayText(key, 'another');
}

function sayPieces(bytes: Buffer): void {
  for (const size of [1, 7, 63, 64, 65, 128]) {
    const ctx = ne.ne_md5_create_ctx()!;
    sayDigest('state', ne.ne_md5_read_ctx(ctx));
    for (let at = 0; at < bytes.length; at += size) {
      const piece = bytes.subarray(at, at + size);
      if (piece.length % 64 === 0) ne.ne_md5_process_block(piece, ctx);
      else ne.ne_md5_process_bytes(piece, ctx);
    }
    const copy = ne.ne_md5_dup_ctx(ctx)!;
    ne.ne_md5_process_bytes('more', copy);
    sayDigest('state', ne.ne_md5_read_ctx(ctx));
    sayText('ascii', ne.ne_md5_finish_ascii(ctx));
    sayDigest('copy', ne.ne_md5_finish_ctx(copy));
    ne.ne_md5_destroy_ctx(copy);
    ne.ne_md5_destroy_ctx(ctx);
  }
}
