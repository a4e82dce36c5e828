/** Dates of HTTP and ISO 8601: the API of ne_dates.h. */
import { native } from '../core/native.js';

/**
 * Formats a time as an HTTP date (IMF-fixdate, RFC 9110, section 5.6.7).
 *
 * C truncates the result to 29 bytes. The result is a valid date only if the year has four digits.
 *
 * @param anytime a whole number of seconds since 1970
 * @example
 * ```ts
 * ne_rfc1123_date(784111777); // 'Sun, 06 Nov 1994 08:49:37 GMT'
 * ```
 */
export const ne_rfc1123_date: (anytime: number) => string = native('ne_rfc1123_date');

/**
 * Parses an ISO 8601 date, such as `'1994-11-06T08:49:37Z'`. The date may end with an offset such as `+01:00` instead
 * of `Z`. WebDAV's property `creationdate` has this form.
 *
 * @returns seconds since 1970, without the fraction; -1 when `date` does not have this form
 */
export const ne_iso8601_parse: (date: string) => number = native('ne_iso8601_parse');

/**
 * Parses an IMF-fixdate (RFC 1123): `'Sun, 06 Nov 1994 08:49:37 GMT'`.
 *
 * @returns seconds since 1970; -1 when `date` does not have this form
 */
export const ne_rfc1123_parse: (date: string) => number = native('ne_rfc1123_parse');

/**
 * Parses a date of RFC 850 and RFC 1036: `'Sunday, 06-Nov-94 08:49:37 GMT'`. Years 00 to 49 mean 2000 to 2049.
 *
 * @returns seconds since 1970; -1 when `date` does not have this form
 */
export const ne_rfc1036_parse: (date: string) => number = native('ne_rfc1036_parse');

/**
 * Parses a date in the form of C's `asctime`: `'Sun Nov  6 08:49:37 1994'`.
 *
 * @returns seconds since 1970; -1 when `date` does not have this form
 */
export const ne_asctime_parse: (date: string) => number = native('ne_asctime_parse');

/**
 * Parses an HTTP date in any of its three forms. {@link ne_rfc1123_parse}, {@link ne_rfc1036_parse} and
 * {@link ne_asctime_parse} each describe one form.
 *
 * @returns seconds since 1970; -1 when `date` has none of these forms
 */
export const ne_httpdate_parse: (date: string) => number = native('ne_httpdate_parse');
