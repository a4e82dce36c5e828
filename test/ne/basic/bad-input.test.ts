/** Bad arguments to the functions of ne_basic.h. */
import {
  all,
  type Argument,
  bytes,
  filled,
  flagValue,
  integer,
  line,
  most,
  notNumbers,
  notObjects,
  object,
  req,
  room,
  sess,
  show,
  text,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange, wrongType } from '../../support/expect.js';

const range: Argument = {
  ...object('range', () => ({ start: 0, end: -1 })),
  bad: () => [
    ...all(wrongType, notObjects),
    ...notNumbers
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

testBadInput('basic', {
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
});
