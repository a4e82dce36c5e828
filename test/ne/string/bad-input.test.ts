/** Bad arguments to the functions of ne_string.h. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  bytes,
  filled,
  fragments,
  handle,
  integer,
  most,
  mostSafe,
  notObjects,
  notStrings,
  object,
  show,
  text,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange, wrongType, wrongValue } from '../../support/expect.js';

/** Bytes that become a C string, and therefore must not contain a null byte. */
function withoutNull(name: string): Argument {
  const nulls = ['\0', 'a\0b', Buffer.alloc(1)];
  return { ...bytes(name), bad: (good) => [...bytes(name).bad(good), ...all(wrongValue, nulls)] };
}
const buf = handle('buf', 'ne_buffer', ne.ne_buffer_destroy);
/** An argument that is a char in C. */
function character(name: string, good: string): Argument {
  const others = all(wrongValue, ['', 'ab', '\0', 'ä', '€', '\ud800']);
  return { name, good: () => good, bad: () => [...all(wrongType, notStrings), ...others] };
}
/** The object from which `ne_token` takes its tokens. */
const tokens: Argument = {
  ...object('str', () => ({ value: 'a,b' })),
  bad: () => [
    ...all(wrongType, notObjects),
    ...notStrings.map((value) => [`${show(value)} as its value`, { value }, wrongType] as [string, unknown, Error]),
    ['a null character in its value', { value: 'a\0,b' }, wrongValue],
    ['a frozen object', Object.freeze({ value: 'a,b' }), wrongValue],
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
  bad: () => [...all(wrongType, notStrings), ...all(wrongValue, ['', 'latin1', 'UTF-16', 'UTF-8\0', "UTF-8''"])],
};
const nonce: Argument = {
  ...filled('nonce'),
  bad: (good) => [...filled('nonce').bad(good), ['257 bytes', new Uint8Array(257), outOfRange]],
};

testBadInput('string', {
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
});
