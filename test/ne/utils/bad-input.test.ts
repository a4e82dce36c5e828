/** Bad arguments to the functions of ne_utils.h. */
import { integer, most, object, text } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';

testBadInput('utils', {
  ne_parse_statusline: [text('status_line', 'HTTP/1.1 200 OK'), object('s')],
  ne_debug_init: [
    { ...integer('stream', 2, 0, most), bad: () => integer('stream', 2, 0, most).bad(2).slice(2), optional: true },
    integer('mask', 0, -(2 ** 31), most),
  ],
  ne_debug: [integer('ch', 1, -(2 ** 31), 2 ** 31 - 1), text('format', 'text')],
  ne_version_string: [],
  ne_version_library: [],
  ne_version_match: [integer('major', 0, 0, most), integer('minor', 32, 0, most)],
  ne_has_support: [integer('feature', 1, -(2 ** 31), most)],
});
