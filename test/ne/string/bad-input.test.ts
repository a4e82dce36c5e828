/** What the functions of ne_string.h, ne_md5.h, ne_uri.h, ne_dates.h, ne_i18n.h and ne_utils.h do with arguments that are none. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  bytes,
  filled,
  fragments,
  further,
  handle,
  integer,
  most,
  mostSafe,
  noObjects,
  noStrings,
  object,
  show,
  text,
  uri,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange, wrongType, wrongValue } from '../../support/expect.js';

/** Bytes that end up in a string of C's. */
function withoutNull(name: string): Argument {
  const nulls = ['\0', 'a\0b', Buffer.alloc(1)];
  return { ...bytes(name), bad: (good) => [...bytes(name).bad(good), ...all(wrongValue, nulls)] };
}

const buf = handle('buf', 'ne_buffer', ne.ne_buffer_destroy);
const md5 = handle('ctx', 'ne_md5_ctx', ne.ne_md5_destroy_ctx);
const longName: Argument = {
  name: 'encoding',
  good: () => 'UTF-8',
  bad: () => [
    ...all(wrongType, [0, true, {}, [], Buffer.from('UTF-8')]),
    ...all(wrongValue, ['\0', 'UTF-8\0', 'x'.repeat(101), 'x'.repeat(10_000_000)]),
  ],
  optional: true,
};
const path = text('path', '/a');
const date = [text('date', 'Sun, 06 Nov 1994 08:49:37 GMT')];
/** A char of C's. */
function character(name: string, good: string): Argument {
  const others = all(wrongValue, ['', 'ab', '\0', 'ä', '€', '\ud800']);
  return { name, good: () => good, bad: () => [...all(wrongType, noStrings), ...others] };
}

/** What `ne_token` takes its tokens from. */
const tokens: Argument = {
  ...object('str', () => ({ value: 'a,b' })),
  bad: () => [
    ...all(wrongType, noObjects),
    ...noStrings.map((value) => [`${show(value)} as its value`, { value }, wrongType] as [string, unknown, Error]),
    ['a null character in its value', { value: 'a\0,b' }, wrongValue],
  ],
};
const lower: Argument = {
  name: 'c',
  good: () => 'A',
  bad: () => [
    ...all(wrongType, [undefined, null, true, 1n, Symbol('s'), {}, ['A'], () => 'A']),
    ...all(wrongValue, ['', 'AB', '\0', 'Ä']),
    ...all(outOfRange, [-1, 256, 0.5, NaN, Infinity]),
  ],
};
const charset: Argument = {
  name: 'charset',
  good: () => 'UTF-8',
  bad: () => [...all(wrongType, noStrings), ...all(wrongValue, ['', 'latin1', 'UTF-16', 'UTF-8\0', "UTF-8''"])],
};
const nonce: Argument = {
  ...filled('nonce'),
  bad: (good) => [...filled('nonce').bad(good), ['257 bytes', new Uint8Array(257), outOfRange]],
};
/** So many bytes, or a multiple of them. */
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
    ...all(wrongType, noStrings),
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

testBadInput('text', {
  ne_buffer_create: [],
  ne_buffer_ncreate: [integer('size', 1, 1, 2 ** 30)],
  ne_buffer_append: [buf, withoutNull('data')],
  ne_buffer_zappend: [buf, text('str', 'text')],
  ne_buffer_czappend: [buf, text('str', 'text')],
  ne_buffer_concat: [buf, { ...text('str', 'text'), optional: true }],
  ne_buffer_qappend: [buf, bytes('data')],
  ne_buffer_snprintf: [buf, integer('max', 100, 1, 2 ** 30), text('format', 'text')],
  ne_buffer_clear: [buf],
  ne_buffer_grow: [buf, integer('size', 1, 1, 2 ** 30)],
  ne_buffer_altered: [buf],
  ne_buffer_size: [buf],
  ne_buffer_finish: [buf],
  ne_buffer_destroy: [buf],
  ne_uri_parse: [text('uri', 'http://example.com/'), object('parsed')],
  ne_uri_unparse: [uri('uri', { needsPath: true })],
  ne_uri_resolve: [uri('base', { needsPath: true }), uri('relative', { needsPath: true }), object('result')],
  ne_uri_cmp: [uri('u1'), uri('u2')],
  ne_uri_copy: [object('dest'), uri('src')],
  ne_uri_free: [object('parsed')],
  ne_uri_defaultport: [text('scheme', 'http')],
  ne_path_escape: [path],
  ne_path_escapef: [path, integer('flags', 1, 0, 2 ** 32 - 1)],
  ne_path_unescape: [text('epath', '/a')],
  ne_path_parent: [path],
  ne_path_compare: [text('p1', '/a'), text('p2', '/b')],
  ne_path_childof: [text('parent', '/a'), text('child', '/a/b')],
  ne_path_has_trailing_slash: [path],
  ne_rfc1123_date: [integer('anytime', 0, -mostSafe, mostSafe)],
  ne_rfc1123_parse: date,
  ne_rfc1036_parse: date,
  ne_asctime_parse: date,
  ne_httpdate_parse: date,
  ne_iso8601_parse: date,
  ne_i18n_init: [longName],
  ne_parse_statusline: [text('status_line', 'HTTP/1.1 200 OK'), object('s')],
  ne_debug_init: [
    { ...integer('stream', 2, 0, most), bad: () => integer('stream', 2, 0, most).bad(2).slice(2), optional: true },
    integer('mask', 0, -(2 ** 31), most),
  ],
  ne_debug: [integer('ch', 1, -(2 ** 31), 2 ** 31 - 1), text('format', 'text')],
  ne_token: [tokens, character('separator', ',')],
  ne_qtoken: [tokens, character('separator', ','), text('quotes', '"')],
  ne_shave: [text('str', ' a '), text('whitespace', ' ')],
  ne_strclean: [text('str', 'text')],
  ne_strlower: [text('str', 'text')],
  ne_strupper: [text('str', 'text')],
  ne_concat: [text('str', 'text')],
  ne_strnqdup: [bytes('data')],
  ne_base64: [bytes('text')],
  ne_unbase64: [text('data', 'Zm8=')],
  ne_strhash: [integer('flags', 1, 0, 2 ** 32 - 1), { ...text('str', 'text'), optional: true }],
  ne_strparam: [charset, { ...text('lang', 'en'), bad: () => fragments, optional: true }, text('value', 'text')],
  ne_strerror: [integer('errnum', 2, -(2 ** 31), most)],
  ne_strcasecmp: [text('s1', 'text'), text('s2', 'text')],
  ne_strncasecmp: [text('s1', 'text'), text('s2', 'text'), integer('n', 1, 0, mostSafe)],
  ne_tolower: [lower],
  ne_strhextoul: [
    text('str', 'ff'),
    { ...object('endptr'), bad: () => all(wrongType, [0, 'text', true, 1n, Symbol('s')]), optional: true },
  ],
  ne_mknonce: [nonce, integer('flags', 0, 0, 0)],
  ne_md5_create_ctx: [],
  ne_md5_process_bytes: [bytes('buffer'), further(md5)],
  ne_md5_process_block: [sized('buffer', 64), further(md5)],
  ne_md5_finish_ctx: [md5],
  ne_md5_finish_ascii: [md5],
  ne_md5_read_ctx: [md5],
  ne_md5_dup_ctx: [md5],
  ne_md5_reset_ctx: [md5],
  ne_md5_destroy_ctx: [md5],
  ne_md5_stream: [integer('fd', most, 0, most), object('resblock')],
  ne_md5_to_ascii: [sized('md5_buf', 16)],
  ne_ascii_to_md5: [hexDigits],
  ne_version_string: [],
  ne_version_library: [],
  ne_version_match: [integer('major', 0, 0, most), integer('minor', 32, 0, most)],
  ne_has_support: [integer('feature', 1, -(2 ** 31), most)],
});
