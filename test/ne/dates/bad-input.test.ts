/** Bad arguments to the functions of ne_dates.h. */
import { integer, mostSafe, text } from '../../support/bad-arguments.js';
import { testBadInput } from '../../support/bad-input.js';

const date = [text('date', 'Sun, 06 Nov 1994 08:49:37 GMT')];

testBadInput('dates', {
  ne_rfc1123_date: [integer('anytime', 0, -mostSafe, mostSafe)],
  ne_rfc1123_parse: date,
  ne_rfc1036_parse: date,
  ne_asctime_parse: date,
  ne_httpdate_parse: date,
  ne_iso8601_parse: date,
});
