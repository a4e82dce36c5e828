/** Tests that the classes honour the time zone in a date, and reject ambiguous dates. */
import { type Entry, Session, SessionPool } from 'libneon';
import { dateOf } from '../../../lib/classes/dates.js';
import { response } from '../../servers/raw.js';
import { answering, testServers } from '../../support/servers.js';

const serve = testServers();

const dates: [string, string | null][] = [
  ['Sun, 06 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['Sun, 6 Nov 1994 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['06 Nov 1994 08:49:37 UTC', '1994-11-06T08:49:37Z'],
  ['Sun, 06 Nov 1994 08:49:37 +0200', '1994-11-06T06:49:37Z'],
  ['Sun, 06 Nov 1994 08:49:37 -0330', '1994-11-06T12:19:37Z'],
  ['Sun, 06 Nov 1994 08:49:37 GMT+0100', '1994-11-06T07:49:37Z'],
  ['Sun, 06 Nov 1994 08:49:37 +01:00', '1994-11-06T07:49:37Z'],
  ['Sun, 06 Nov 1994 08:49:37 EST', '1994-11-06T13:49:37Z'],
  ['Sun, 06 Nov 1994 08:49:37 PDT', '1994-11-06T15:49:37Z'],
  ['Sun, 06 Nov 1994 08:49:37 -0800 (PST)', '1994-11-06T16:49:37Z'],
  ['Sunday, 06-Nov-94 08:49:37 GMT', '1994-11-06T08:49:37Z'],
  ['Sunday, 06-Nov-94 08:49:37 +0200', '1994-11-06T06:49:37Z'],
  ['Sun Nov  6 08:49:37 1994', '1994-11-06T08:49:37Z'],
  ['Mon, 01 Jan 1900 00:00:00 GMT', '1900-01-01T00:00:00Z'],
  ['Wed, 31 Dec 1969 23:59:59 GMT', '1969-12-31T23:59:59Z'],
  ['Thu, 01 Jan 1970 00:00:00 GMT', '1970-01-01T00:00:00Z'],
  ['Sat, 31 Dec 2016 23:59:60 GMT', '2017-01-01T00:00:00Z'],
  ['1994-11-06T08:49:37Z', '1994-11-06T08:49:37Z'],
  ['1994-11-06 08:49:37Z', '1994-11-06T08:49:37Z'],
  ['1994-11-06 08:49:37 +0200', '1994-11-06T06:49:37Z'],
  ['1994-11-06 08:49:37.123456 UTC', '1994-11-06T08:49:37.123Z'],
  ['1994-11-06T08:49:37.5+02:00', '1994-11-06T06:49:37.500Z'],
  ['1994-11-06T08:49:37-02:30', '1994-11-06T11:19:37Z'],
  ['1994-11-06t08:49:37z', '1994-11-06T08:49:37Z'],
  ['1994-11-06T08:49+00:00', '1994-11-06T08:49:00Z'],
  ['1900-02-28T23:59:59Z', '1900-02-28T23:59:59Z'],
  ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00Z'],
  ['2016-12-31T22:59:60-01:00', '2017-01-01T00:00:00Z'],
  [' 1994-11-06T08:49:37Z\n', '1994-11-06T08:49:37Z'],
  ['Sun, 06 Foo 1994 08:49:37 GMT', null],
  ['Sun, 06 Nov 1994 08:49:37', null],
  ['Sun, 06 Nov 1994 08:49:37 XYZ', null],
  ['Sun, 06 Nov 1994 08:49:37 +2500', null],
  ['Sun, 31 Feb 1994 08:49:37 GMT', null],
  ['Sun, 00 Nov 1994 08:49:37 GMT', null],
  ['Sun, 06 Nov 1994 24:49:37 GMT', null],
  ['Sun Foo  6 08:49:37 1994', null],
  ['1994-11-06T08:49:37', null],
  ['1994-13-06T08:49:37Z', null],
  ['1994-02-29T08:49:37Z', null],
  ['1994-11-06', null],
  ['784111777', null],
  ['now', null],
  ['', null],
];

const resource = (name: string, text: string): string =>
  `<D:response><D:href>/</D:href><D:propstat><D:prop><D:${name}>${text}</D:${name}></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>`;
const listing = (name: string): string =>
  response(`<D:multistatus xmlns:D="DAV:">${dates.map(([text]) => resource(name, text)).join('')}</D:multistatus>`, {
    status: '207 Multi-Status',
    headers: { 'Content-Type': 'application/xml' },
  });

const expected = dates.map(([, date]) => (date === null ? null : new Date(date)));

test('a date is that of its zone, or null', () => {
  expect(dates.map(([text]) => [text, dateOf(text)])).toEqual(dates.map(([text], i) => [text, expected[i]]));
});

describe.each(['creationdate', 'getlastmodified'] as const)('%s', (name) => {
  const read = (entries: Entry[]): unknown => entries.map(({ props }) => props[name]);

  test('is the date of its zone, or null', async () => {
    const server = await serve(answering(listing(name)));
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    await using pool = new SessionPool(`http://127.0.0.1:${server.port}/`);
    expect(read(await session.propfind('/'))).toEqual(expected);
    expect(read(session.propfindSync('/'))).toEqual(expected);
    expect(read(await pool.propfind('/'))).toEqual(expected);
  });
});

test('getModTime gives the date of its zone, or null', async () => {
  for (const [text, date] of dates.filter(([text]) => text.trim() === text)) {
    const server = await serve(answering(`HTTP/1.1 200 OK\r\nLast-Modified: ${text}\r\nContent-Length: 0\r\n\r\n`));
    using session = Session.open(`http://127.0.0.1:${server.port}/`);
    const instant = date === null ? null : new Date(date);
    expect([text, await session.getModTime('/'), session.getModTimeSync('/')]).toEqual([text, instant, instant]);
  }
});

test('a year of two digits is the nearest one, at most fifty years ahead', () => {
  const year = new Date().getUTCFullYear();
  for (const ahead of [50, 0, -49]) {
    const digits = String((year + ahead) % 100).padStart(2, '0');
    expect(dateOf(`Sunday, 06-Nov-${digits} 08:49:37 GMT`)?.getUTCFullYear()).toBe(year + ahead);
  }
  expect(dateOf(`Sunday, 06-Nov-${String((year + 51) % 100).padStart(2, '0')} 08:49:37 GMT`)?.getUTCFullYear()).toBe(
    year - 49,
  );
});
