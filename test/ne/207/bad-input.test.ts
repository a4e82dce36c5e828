/** Bad arguments to the functions of ne_207.h. */
import * as ne from 'libneon/ne';
import {
  all,
  type Argument,
  callbackOrNull,
  handle,
  integer,
  notObjects,
  parser,
  req,
  sess,
  status,
} from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';
import { outOfRange, wrongType, wrongValue } from '../../support/expect.js';

const multistatus = handle('p', 'ne_207_parser', ne.ne_207_destroy);
const tellers = [multistatus, callbackOrNull('start'), callbackOrNull('end')];
const base: Argument = {
  name: 'base',
  good: () => ({ path: '/' }),
  bad: () => [
    ...all(wrongType, [
      ...notObjects,
      {},
      { path: null },
      { path: 1 },
      { path: '/', host: 1 },
      { path: '/', port: '1' },
    ]),
    ['a path with a null', { path: '/\0' }, wrongValue],
    ['an invalid port', { path: '/', port: 65536 }, outOfRange],
  ],
};

testBadInput('207', {
  ne_accept_207: [req, status],
  ne_207_create: [parser, base],
  ne_207_set_flags: [multistatus, integer('flags', 0, 0, 2 ** 32 - 1)],
  ne_207_set_response_handlers: tellers,
  ne_207_set_propstat_handlers: tellers,
  ne_207_get_current_response: [multistatus],
  ne_207_get_current_propstat: [multistatus],
  ne_207_destroy: [multistatus],
  ne_simple_request: [sess, req],
});
