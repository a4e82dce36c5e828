/** Bad arguments to the functions of ne_md5.h. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  bytes,
  further,
  handle,
  integer,
  most,
  notStrings,
  object,
  text,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange, wrongType, wrongValue } from '../../support/expect.js';

const md5 = handle('ctx', 'ne_md5_ctx', ne.ne_md5_destroy_ctx);
/** An argument of `size` bytes, or of a multiple of `size`. */
const sized = (name: string, size: number): Argument => ({
  ...bytes(name),
  good: () => Buffer.alloc(size),
  bad: (good) => [
    ...bytes(name).bad(good),
    ...all(outOfRange, ['x'.repeat(size - 1), 'x'.repeat(size + 1), Buffer.alloc(1), 'ä'.repeat(size / 2) + 'x']),
  ],
});
const hexDigits: Argument = {
  ...text('buffer', '0123456789abcdefABCDEF0123456789'),
  bad: () => [
    ...all(wrongType, notStrings),
    ...all(wrongValue, [
      '',
      '0'.repeat(31),
      '0'.repeat(33),
      `${'0'.repeat(31)}g`,
      `${'0'.repeat(30)}ä`,
      '0x'.repeat(16),
    ]),
  ],
};

testBadInput('md5', {
  ne_md5_create_ctx: [],
  ne_md5_process_bytes: [bytes('buffer'), further(md5)],
  ne_md5_process_block: [sized('buffer', 64), further(md5)],
  ne_md5_finish_ctx: [md5],
  ne_md5_finish_ascii: [md5],
  ne_md5_read_ctx: [md5],
  ne_md5_dup_ctx: [md5],
  ne_md5_reset_ctx: [md5],
  ne_md5_destroy_ctx: [{ ...md5, bad: (good) => md5.bad(good).filter(([, value]) => value !== null) }],
  ne_md5_stream: [integer('fd', most, 0, most), object('resblock')],
  ne_md5_to_ascii: [sized('md5_buf', 16)],
  ne_ascii_to_md5: [hexDigits],
});
