/** Tests of ne_dates.h. Some tests start processes, because neon uses the time zone of its process. */
import { once } from 'node:events';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import * as ne from 'libneon/ne';
import { expectEnd, reported, runProgram } from '../../lifecycle/fork.js';
import { projectRoot } from '../../servers/start.js';

const library = JSON.stringify(path.join(projectRoot, 'dist', 'lib', 'ne', 'index.js'));

const parsers = {
  ne_rfc1123_parse: ne.ne_rfc1123_parse,
  ne_rfc1036_parse: ne.ne_rfc1036_parse,
  ne_asctime_parse: ne.ne_asctime_parse,
  ne_httpdate_parse: ne.ne_httpdate_parse,
  ne_iso8601_parse: ne.ne_iso8601_parse,
};
type Parser = keyof typeof parsers;

/** Seconds since 1970. */
function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  return Date.UTC(year, month, day, hour, minute, second) / 1000;
}

describe('the date of RFC 9110, section 5.6.7', () => {
  const seconds = utc(1994, 10, 6, 8, 49, 37);
  const forms: readonly (readonly [text: string, ...own: Parser[]])[] = [
    ['Sun, 06 Nov 1994 08:49:37 GMT', 'ne_rfc1123_parse', 'ne_httpdate_parse'],
    ['Sunday, 06-Nov-94 08:49:37 GMT', 'ne_rfc1036_parse', 'ne_httpdate_parse'],
    ['Sun Nov  6 08:49:37 1994', 'ne_asctime_parse', 'ne_httpdate_parse'],
    ['1994-11-06T08:49:37Z', 'ne_iso8601_parse'],
  ];

  test.each(forms)('parses %s by the functions of its form only', (text, ...own) => {
    const results = Object.entries(parsers).map(([name, parse]) => [name, parse(text)]);
    expect(results).toEqual(Object.keys(parsers).map((name) => [name, own.includes(name as Parser) ? seconds : -1]));
  });

  test('formats it in the first form', () => {
    expect(ne.ne_rfc1123_date(seconds)).toBe(forms[0]![0]);
  });
});

// Dates at noon, when no time zone changes its clocks.
const days: readonly (readonly [
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
])[] = [
  [1970, 0, 2, 12, 0, 0],
  [1970, 11, 31, 12, 0, 59],
  [1999, 11, 31, 12, 59, 59],
  [2000, 1, 29, 12, 0, 0],
  [2001, 1, 28, 12, 0, 0],
  [2024, 1, 29, 12, 34, 56],
  [2038, 0, 19, 12, 14, 8],
  [2049, 6, 1, 12, 0, 0],
  ...Array.from({ length: 12 }, (_, month) => [2026, month, 9, 12, 1, 2] as const),
];
const distant: typeof days = [
  [1901, 11, 13, 12, 0, 0],
  [1969, 11, 31, 12, 0, 0],
  [1999, 0, 1, 12, 0, 0],
  [2100, 1, 28, 12, 0, 0],
  [9999, 11, 31, 12, 0, 0],
];

describe('round trips', () => {
  test.each([...days, ...distant])('formats and parses %d-%d-%d', (...fields) => {
    const seconds = utc(...fields);
    const text = ne.ne_rfc1123_date(seconds);
    expect(text).toBe(new Date(seconds * 1000).toUTCString());
    expect(ne.ne_rfc1123_parse(text)).toBe(seconds);
    expect(ne.ne_httpdate_parse(text)).toBe(seconds);
  });

  test.each(days)('parses %d-%d-%d in the other forms', (...fields) => {
    const seconds = utc(...fields);
    const [, weekday, day, month, year, time] = /^(...), (..) (...) (....) (\S+) GMT$/.exec(
      ne.ne_rfc1123_date(seconds),
    )!;
    const names = { Sun: 'Sun', Mon: 'Mon', Tue: 'Tues', Wed: 'Wednes', Thu: 'Thurs', Fri: 'Fri', Sat: 'Satur' };
    const long = `${names[weekday as keyof typeof names]}day, ${day}-${month}-${year!.slice(2)} ${time} GMT`;
    const old = `${weekday} ${month} ${String(Number(day)).padStart(2)} ${time} ${year}`;
    for (const parse of [ne.ne_httpdate_parse, ne.ne_rfc1036_parse])
      expect([long, parse(long)]).toEqual([long, seconds]);
    for (const parse of [ne.ne_httpdate_parse, ne.ne_asctime_parse]) expect([old, parse(old)]).toEqual([old, seconds]);
    expect(ne.ne_iso8601_parse(new Date(seconds * 1000).toISOString())).toBe(seconds);
  });

  test('reads a year of two digits before 50 as one of this century', () => {
    expect(ne.ne_rfc1036_parse('Thursday, 01-Jul-49 12:00:00 GMT')).toBe(utc(2049, 6, 1, 12));
    expect(ne.ne_rfc1036_parse('Saturday, 01-Jul-50 12:00:00 GMT')).toBe(utc(1950, 6, 1, 12));
    expect(ne.ne_rfc1036_parse('Saturday, 01-Jul-00 12:00:00 GMT')).toBe(utc(2000, 6, 1, 12));
  });
});

describe('ne_iso8601_parse', () => {
  const noon = utc(2026, 5, 9, 12);
  test.each([
    ['2026-06-09T12:00:00Z', 0],
    ['2026-06-09T12:00:00.999Z', 0],
    ['2026-06-09T12:00:59.5Z', 59],
    ['2026-06-09T12:00:00+00:00', 0],
    ['2026-06-09T12:00:00+03:30', -(3 * 3600 + 30 * 60)],
    ['2026-06-09T12:00:00-03:30', 3 * 3600 + 30 * 60],
    ['2026-06-09T12:00:00-12:00', 12 * 3600],
  ])('parses %s', (text, offset) => {
    expect(ne.ne_iso8601_parse(text)).toBe(noon + offset);
  });
});

describe('texts that are not dates', () => {
  const invalid = [
    '',
    ' ',
    'now',
    '0',
    'Sun',
    'Sun, ',
    'Sun, 06 Nov 1994',
    'Sun, 06 Nov 1994 08:49',
    'Sun, xx Nov 1994 08:49:37 GMT',
    'Sun, 06 Nov xxxx 08:49:37 GMT',
    'Sun, 06 Nov 1994 08-49-37 GMT',
    'Sunday, 06-Nov-94',
    'Sunday, 06-Nov-94 08:49',
    'Sunday, 06/Nov/94 08:49:37 GMT',
    'Sun Nov  6 08:49:37',
    'Sun Nov  x 08:49:37 1994',
    '1994-11-06',
    '1994-11-06 08:49:37Z',
    '1994-11-06T08:49',
    '1994/11/06T08:49:37Z',
    'T',
    '\u00e4\u20ac\ud83d\ude00',
    'x'.repeat(1_000_000),
    '%s%s%s%n',
    '9'.repeat(100_000),
  ];

  describe.each(Object.entries(parsers))('%s', (_, parse) => {
    test.each(invalid)('returns -1 for %.40j', (text) => {
      expect(parse(text)).toBe(-1);
    });
  });
});

describe('numbers outside the fields of a date', () => {
  // C's mktime carries excess into the next field, like JavaScript's Date.
  test.each([
    ['Sun, 31 Nov 1994 08:49:37 GMT', utc(1994, 10, 31, 8, 49, 37)],
    ['Sun, 06 Nov 1994 25:61:61 GMT', utc(1994, 10, 6, 25, 61, 61)],
    ['Sun, 06 Foo 1994 08:49:37 GMT', utc(1994, 12, 6, 8, 49, 37)],
    ['Foo, 06 Nov 1994 08:49:37 GMT', utc(1994, 10, 6, 8, 49, 37)],
  ])('carries %s over', (text, seconds) => {
    expect(ne.ne_rfc1123_parse(text)).toBe(seconds);
  });

  test('returns an integer for seconds that are not finite or are huge', () => {
    for (const text of [
      '2026-06-09T12:00:nanZ',
      '2026-06-09T12:00:infZ',
      '2026-06-09T12:00:1e300Z',
      '2026-06-09T12:00:-1e300Z',
    ])
      expect([text, Number.isSafeInteger(ne.ne_iso8601_parse(text))]).toEqual([text, true]);
  });
});

describe('ne_rfc1123_date', () => {
  test.each([
    [0, 'Thu, 01 Jan 1970 00:00:00 GMT'],
    [-0, 'Thu, 01 Jan 1970 00:00:00 GMT'],
    [-1, 'Wed, 31 Dec 1969 23:59:59 GMT'],
    [2 ** 31, 'Tue, 19 Jan 2038 03:14:08 GMT'],
    [2 ** 32, 'Sun, 07 Feb 2106 06:28:16 GMT'],
    [utc(9999, 11, 31, 23, 59, 59), 'Fri, 31 Dec 9999 23:59:59 GMT'],
  ])('formats %d', (seconds, text) => {
    expect(ne.ne_rfc1123_date(seconds)).toBe(text);
  });

  test.each([utc(9999, 11, 31, 23, 59, 60), -62167219201, 2 ** 40, -(2 ** 40), 2 ** 53 - 1, -(2 ** 53 - 1)])(
    'truncates a year without four digits where C truncates: %d',
    (seconds) => {
      expect(ne.ne_rfc1123_date(seconds)).toMatch(/^\w{3}, \d\d \w{3} [ \dGMT:-]{1,17}$/);
      expect(ne.ne_rfc1123_date(seconds).length).toBeLessThanOrEqual(29);
    },
  );
});

// Rules for UTC, Central Europe, New York, Lord Howe Island and Nepal. Zone names would require zone files.
describe.each([
  'UTC0',
  'CET-1CEST,M3.5.0,M10.5.0/3',
  'EST5EDT,M3.2.0,M11.1.0',
  'LHST-10:30LHDT-11,M10.1.0,M4.1.0',
  'NPT-5:45',
])('in the time zone %s', (TZ) => {
  test('formats and parses the same dates', async () => {
    const seconds = days.map((fields) => utc(...fields));
    const script = `
        const ne = require(${library});
        const back = (seconds) => {
          const text = ne.ne_rfc1123_date(seconds);
          const iso = new Date(seconds * 1000).toISOString();
          return [text, ne.ne_rfc1123_parse(text), ne.ne_httpdate_parse(text), ne.ne_iso8601_parse(iso)];
        };
        console.log(JSON.stringify([new Date(2026, 6, 1).getTimezoneOffset(), ${JSON.stringify(seconds)}.map(back)]));`;
    const ended = await runProgram(process.execPath, ['-e', script], { env: { TZ } });
    expectEnd(ended);
    const [, results] = reported<[number, unknown[]]>(ended);
    expect(results).toEqual(seconds.map((time) => [new Date(time * 1000).toUTCString(), time, time, time]));
  });
});

test('keeps the dates of threads apart', async () => {
  // neon 0.32 uses C's gmtime, which returns one buffer for all threads.
  const script = `
    const { parentPort, workerData } = require('node:worker_threads');
    const ne = require(${library});
    const expected = ne.ne_rfc1123_date(workerData);
    let wrong = 0;
    for (let i = 0; i < 200_000; i++) if (ne.ne_rfc1123_date(workerData) !== expected) wrong++;
    parentPort.postMessage([expected, wrong]);`;
  const times = [0, 784_111_777, 1_234_567_890, 4_102_444_799];
  const messages = times.map(async (time) => {
    const worker = new Worker(script, { eval: true, workerData: time });
    const [message] = (await once(worker, 'message')) as [unknown];
    return message;
  });
  expect(await Promise.all(messages)).toEqual(times.map((time) => [new Date(time * 1000).toUTCString(), 0]));
});
