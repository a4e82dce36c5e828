/** Provides the files that the test script stores on a server. Calendar servers accept only calendars. */
import type { DavClient } from './dav-client.js';

/** The contents and the collections that a server accepts. */
export interface Contents {
  /** Returns a different content for each number; arbitrary bytes by default. */
  readonly content?: (index: number) => Buffer;
  /** A large content; default: a megabyte. */
  readonly large?: Buffer;
  /** Creates a collection for resources; default: MKCOL. */
  readonly createCollection?: (client: DavClient, target: string) => Promise<unknown>;
}

/** Bytes of any kind. */
export function bytesOf(index: number): Buffer {
  return Buffer.from([index, 0, 0xff, 0x0d, 0x0a, ...Buffer.from(`content ${index}`)]);
}

/** A calendar with one event, formatted like the output of calendar servers. */
export function calendarOf(index: number, ...properties: readonly string[]): Buffer {
  const start = ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//libneon//test//EN', 'BEGIN:VEVENT', `UID:event-${index}`];
  const event = [...start, 'DTSTART:20240101T000000Z', 'DTSTAMP:20240101T000000Z', ...properties, 'SUMMARY:event'];
  return Buffer.from([...event, 'END:VEVENT', 'END:VCALENDAR', ''].join('\r\n'));
}

/** A calendar of about 100 KB in lines of 75 characters. Larger calendars keep calendar servers busy for seconds. */
export const largeCalendar: Buffer = calendarOf(
  0,
  `DESCRIPTION:${'x'.repeat(63)}${`\r\n ${'x'.repeat(74)}`.repeat(1300)}`,
);
