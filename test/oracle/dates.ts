/** The twin of dates.c. */
import { readFileSync } from 'node:fs';
import * as ne from 'libneon/ne';
import { playTwin, sayNumber, sayText } from './twin.js';

playTwin(async (_io, _port, [table = '', zone = 'UTC0']) => {
  process.env['TZ'] = zone;

  for (const line of readFileSync(table, 'utf8').split('\n').slice(0, -1)) {
    sayText('line', line);
    sayNumber('rfc1123', ne.ne_rfc1123_parse(line));
    sayNumber('rfc1036', ne.ne_rfc1036_parse(line));
    sayNumber('asctime', ne.ne_asctime_parse(line));
    sayNumber('httpdate', ne.ne_httpdate_parse(line));
    sayNumber('iso8601', ne.ne_iso8601_parse(line));
    if (!/^-?\d+$/.test(line)) continue;
    const text = ne.ne_rfc1123_date(Number(line));
    sayText('date', text);
    sayNumber('again', ne.ne_httpdate_parse(text));
  }
});
