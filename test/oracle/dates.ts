/** Implements the twin of dates.c. */
import { readFileSync } from 'node:fs';
import * as ne from 'libneon/ne';
import { runMain, printNumber, printText } from './twin.js';

runMain(async (_io, _port, [table = '', zone = 'UTC0']) => {
  process.env['TZ'] = zone;

  for (const line of readFileSync(table, 'utf8').split('\n').slice(0, -1)) {
    printText('line', line);
    printNumber('rfc1123', ne.ne_rfc1123_parse(line));
    printNumber('rfc1036', ne.ne_rfc1036_parse(line));
    printNumber('asctime', ne.ne_asctime_parse(line));
    printNumber('httpdate', ne.ne_httpdate_parse(line));
    printNumber('iso8601', ne.ne_iso8601_parse(line));
    if (!/^-?\d+$/.test(line)) continue;
    const text = ne.ne_rfc1123_date(Number(line));
    printText('date', text);
    printNumber('again', ne.ne_httpdate_parse(text));
  }
});
