import { native } from '../core/native.js';

/**
 * The date of HTTP (IMF-fixdate) for a time in seconds since 1970: `'Sun, 06 Nov 1994 08:49:37 GMT'`. As in C a year of
 * other than four digits makes a text that is no such date, and that is cut after 29 bytes.
 *
 * @param anytime a whole number of seconds
 */
export const ne_rfc1123_date: (anytime: number) => string = native('ne_rfc1123_date');

/**
 * The seconds since 1970 of a date of ISO 8601, as in WebDAV's `creationdate`: `'1994-11-06T08:49:37Z'`, or with an
 * offset such as `+01:00`. Fractions of a second are cut off. -1 when it is none.
 */
export const ne_iso8601_parse: (date: string) => number = native('ne_iso8601_parse');

/** The seconds since 1970 of an IMF-fixdate, `'Sun, 06 Nov 1994 08:49:37 GMT'`; -1 when it is none. */
export const ne_rfc1123_parse: (date: string) => number = native('ne_rfc1123_parse');

/**
 * The seconds since 1970 of a date of RFC 850 and RFC 1036, `'Sunday, 06-Nov-94 08:49:37 GMT'`; -1 when it is none. Years
 * before 50 are of this century.
 */
export const ne_rfc1036_parse: (date: string) => number = native('ne_rfc1036_parse');

/** The seconds since 1970 of a date as C's `asctime` makes it, `'Sun Nov  6 08:49:37 1994'`; -1 when it is none. */
export const ne_asctime_parse: (date: string) => number = native('ne_asctime_parse');

/** The seconds since 1970 of a date in any of the three forms of HTTP; -1 when it is none. */
export const ne_httpdate_parse: (date: string) => number = native('ne_httpdate_parse');
