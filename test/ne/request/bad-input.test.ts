/** What the functions of ne_request.h, ne_basic.h and ne_compress.h do with arguments that are none. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  bytes,
  callback,
  filled,
  flagValue,
  fragments,
  handle,
  integer,
  key,
  line,
  most,
  mostSafe,
  noNumbers,
  noObjects,
  object,
  req,
  room,
  sess,
  show,
  status,
  text,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange, wrongChar, wrongType } from '../../support/expect.js';
import { newRequest, newSession } from '../../support/handles.js';

/** Text that is a token of HTTP. */
function token(name: string, good: string): Argument {
  const { bad } = line(name, good);
  const others = [
    '',
    ' ',
    'a b',
    'a\tb',
    ':',
    'a:',
    '(',
    ')',
    ',',
    '/',
    ';',
    '<',
    '=',
    '>',
    '?',
    '@',
    '[',
    '\\',
    ']',
    '{',
    '}',
    '"',
    '\x7f',
    '\x01',
    'ä',
    '€',
    '\ud800',
  ];
  return { name, good: () => good, bad: (value) => [...bad(value), ...all(wrongChar, others)] };
}

const cursor: Argument = {
  name: 'cursor',
  good: () => null,
  bad: () => all(wrongType, [0, 1, '', true, {}, [], newRequest(), newSession()]),
  optional: true,
};
const decompress = handle('ctx', 'ne_decompress', ne.ne_decompress_destroy);
const range: Argument = {
  ...object('range', () => ({ start: 0, end: -1 })),
  bad: () => [
    ...all(wrongType, noObjects),
    ...noNumbers
      .slice(2)
      .map((value) => [`${show(value)} as its end`, { end: value }, wrongType] as [string, unknown, Error]),
    ...[-1, 0.5, NaN, Infinity, 2 ** 53].map(
      (value) => [`${value} as its start`, { start: value }, outOfRange] as [string, unknown, Error],
    ),
    ...[-2, 0.5, NaN, 2 ** 53].map(
      (value) => [`${value} as its end`, { end: value }, outOfRange] as [string, unknown, Error],
    ),
  ],
};
const fd = integer('fd', 0, 0, most);
const anyDepth = integer('depth', 0, -(2 ** 31), most);
const onPath = [sess, line('path', '/')];

testBadInput('request', {
  ne_request_create: [sess, line('method', 'GET'), line('path', '/')],
  ne_request_destroy: [req],
  ne_add_request_header: [req, token('name', 'X'), line('value', 'value')],
  ne_print_request_header: [req, token('name', 'X'), line('format', 'text')],
  ne_set_request_body_buffer: [req, bytes('buffer')],
  ne_set_request_body_fd: [
    req,
    integer('fd', 0, 0, most),
    integer('offset', 0, 0, mostSafe),
    integer('length', 1, 0, mostSafe),
  ],
  ne_set_request_body_provider: [req, integer('length', 1, -1, mostSafe), callback('provider')],
  ne_add_interim_handler: [req, callback('fn')],
  ne_accept_2xx: [req, status],
  ne_accept_always: [req, status],
  ne_add_response_body_reader: [req, callback('accpt'), callback('reader')],
  ne_request_dispatch: [req],
  ne_begin_request: [req],
  ne_read_response_block: [req, filled('buffer')],
  ne_read_response_to_fd: [req, integer('fd', 0, 0, most)],
  ne_read_response_to_buffer: [req, filled('buf'), room],
  ne_discard_response: [req],
  ne_end_request: [req],
  ne_get_status: [req],
  ne_get_response_header: [req, text('name', 'X')],
  ne_response_header_iterate: [req, cursor, object('name'), object('value')],
  ne_get_response_trailer: [req, text('name', 'X')],
  ne_response_trailer_iterate: [req, cursor, object('name'), object('value')],
  ne_get_request_target: [req],
  ne_get_response_location: [req, { ...text('fragment', 'X'), bad: () => fragments, optional: true }],
  ne_get_response_retry_after: [req],
  ne_set_request_flag: [req, integer('flag', 0, 0, most), flagValue('value')],
  ne_get_request_flag: [req, integer('flag', 0, 0, most)],
  ne_get_session: [req],
  ne_set_request_private: [req, key('id')],
  ne_get_request_private: [req, key('id')],
  ne_get: [...onPath, fd],
  ne_getbuf: [...onPath, filled('buf'), room],
  ne_put: [...onPath, fd],
  ne_putbuf: [...onPath, bytes('buf')],
  ne_post: [...onPath, fd, text('buffer', 'text')],
  ne_get_range: [...onPath, range, fd],
  ne_getmodtime: [...onPath, object('modtime')],
  ne_options: [...onPath, object('caps')],
  ne_options2: [...onPath, object('caps')],
  ne_copy: [sess, flagValue('overwrite'), anyDepth, line('src', '/a'), line('dest', '/b')],
  ne_move: [sess, flagValue('overwrite'), line('src', '/a'), line('dest', '/b')],
  ne_delete: onPath,
  ne_mkcol: onPath,
  ne_add_depth_header: [req, anyDepth],
  ne_get_content_type: [req, object('ctype')],
  ne_decompress_reader: [req, callback('accpt'), callback('reader')],
  ne_decompress_destroy: [decompress],
});
