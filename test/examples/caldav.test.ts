/** Tests the examples for calendars and address books against Radicale and Xandikos. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Session } from 'libneon';
import * as examples from '../../examples/caldav.js';
import type { DavServer } from '../servers/dav-program.js';
import { describeWith, type Program } from '../servers/packages.js';
import { startRadicale } from '../servers/radicale.js';
import { projectRoot } from '../servers/start.js';
import { startXandikos } from '../servers/xandikos.js';
import { runNode } from '../support/child.js';
import { failureOf } from '../support/expect.js';

interface CalendarServer {
  readonly name: string;
  readonly programs: readonly Program[];
  readonly start: () => Promise<DavServer>;
  readonly calendars: string;
  readonly books: string;
  /** Xandikos accepts a MKCALENDAR where a calendar exists, and has a defect in its filters of address books. */
  readonly isLenient?: true;
}

const servers: readonly CalendarServer[] = [
  { name: 'Radicale', programs: ['radicale'], start: startRadicale, calendars: '/alice/', books: '/alice/' },
  {
    name: 'Xandikos',
    programs: ['xandikos'],
    start: startXandikos,
    calendars: '/alice/calendars/',
    books: '/alice/contacts/',
    isLenient: true,
  },
];

const event = (uid: string, day: string): string =>
  [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//libneon//test//EN', 'BEGIN:VEVENT', `UID:${uid}`,
    'DTSTAMP:20240101T000000Z', `DTSTART:${day}T100000Z`, `DTEND:${day}T110000Z`, `SUMMARY:Event ${uid} <&>`,
    'END:VEVENT', 'END:VCALENDAR', '',
  ].join('\r\n'); // prettier-ignore
const card = (uid: string, name: string): string =>
  ['BEGIN:VCARD', 'VERSION:3.0', `UID:${uid}`, `FN:${name}`, `N:${name};;;;`, 'END:VCARD', ''].join('\r\n');

const caldav = '{urn:ietf:params:xml:ns:caldav}calendar-data';

for (const { name, programs, start, calendars, books, isLenient } of servers)
  describeWith(programs, name, () => {
    let server: DavServer;
    let session: Session;
    const team = `${calendars}team/`;
    const book = `${books}book/`;
    beforeAll(async () => {
      server = await start();
      session = Session.open(server.origin, {
        redirect: 'follow',
        auth: { username: 'alice', password: 'secret' },
      });
    });
    afterAll(async () => {
      await session.close();
      await server.stop();
    });

    test('finds the user and the homes of the user', async () => {
      for (const service of ['caldav', 'carddav'] as const)
        expect(await examples.principalOf(session, service)).toBe('/alice/');
      expect(await examples.calendarHomesOf(session, '/alice/')).toEqual([calendars]);
      expect(await examples.addressBookHomesOf(session, '/alice/')).toEqual([books]);
    });

    test('creates a calendar, and rejects where one exists', async () => {
      await examples.createCalendar(session, team, 'Team & Co <1>');
      expect(await examples.calendarsIn(session, calendars)).toContainEqual([team, 'Team & Co <1>']);
      if (isLenient) return;
      expect((await failureOf(() => examples.createCalendar(session, team, 'Team'))).message).toMatch(/: 4\d\d /);
    });

    test('finds the events of a month, and objects by their paths', async () => {
      const headers = { 'Content-Type': 'text/calendar' };
      await session.put(`${team}a.ics`, event('a', '20240105'), { headers });
      await session.put(`${team}b.ics`, event('b', '20240205'), { headers });
      const january = await examples.eventsBetween(session, team, '20240101T000000Z', '20240201T000000Z');
      expect(january.map(({ href }) => href)).toEqual([`${team}a.ics`]);
      expect(january[0]!.props[caldav]).toContain('SUMMARY:Event a <&>');
      const objects = await examples.objectsAt(session, team, [`${team}b.ics`, `${team}missing.ics`]);
      expect(objects.map(({ href, error }) => [href, error?.status]).sort()).toEqual([
        [`${team}b.ics`, undefined],
        [`${team}missing.ics`, 404],
      ]);
    });

    test('tells what has changed and what was removed', async () => {
      const first = await examples.changesSince(session, team);
      expect([...first.changed].sort()).toEqual([`${team}a.ics`, `${team}b.ics`]);
      expect(first.token).toEqual(expect.stringMatching(/./));
      await session.delete(`${team}a.ics`);
      await session.put(`${team}c.ics`, event('c', '20240305'), { headers: { 'Content-Type': 'text/calendar' } });
      const second = await examples.changesSince(session, team, first.token);
      expect(second).toMatchObject({ changed: [`${team}c.ics`], removed: [`${team}a.ics`] });
      expect(second.token).not.toBe(first.token);
      expect(await examples.changesSince(session, team, second.token)).toEqual({
        changed: [],
        removed: [],
        token: second.token,
      });
      expect(await failureOf(() => examples.changesSince(session, team, 'urn:other:token'))).toMatchObject({
        code: 'ERR_NEON_STATUS',
        method: 'REPORT',
      });
    });

    test('creates an address book, and finds contacts', async () => {
      await examples.createAddressBook(session, book, 'Friends');
      const headers = { 'Content-Type': 'text/vcard' };
      await session.put(`${book}ann.vcf`, card('ann', 'Ann Example'), { headers });
      await session.put(`${book}bob.vcf`, card('bob', 'Bob Other'), { headers });
      const found = (): Promise<unknown> => examples.contactsNamed(session, book, 'ANN');
      if (isLenient) expect(await failureOf(found)).toMatchObject({ status: 500 });
      else expect(await found()).toMatchObject([{ href: `${book}ann.vcf` }]);
    });

    test('runs as a program', async () => {
      const program = path.join('dist', 'examples', 'caldav.js');
      const env = { ...process.env, DAV_USER: 'alice', DAV_PASSWORD: 'secret' };
      const { stdout, exit } = await runNode([program, server.origin], undefined, env);
      expect(exit).toBe(0);
      expect(stdout).toContain(`${team} "Team & Co <1>": 2 objects`);
    });
  });

test('each example is shorter than 15 lines, and stands in the guide', () => {
  const source = readFileSync(path.join(projectRoot, 'examples', 'caldav.ts'), 'utf8');
  const guide = readFileSync(path.join(projectRoot, 'docs', 'guide', 'caldav.md'), 'utf8');
  const functions = source.match(/^export async function .*?^}$/gms) ?? [];
  expect(functions).toHaveLength(10);
  for (const text of functions) {
    expect(text.split('\n').length).toBeLessThan(15);
    const shown = text.replace(/^export /, '');
    expect(guide.includes(shown) ? shown : '').toBe(shown);
  }
  for (const [line] of source.matchAll(/^export const .*?;$/gms)) expect(guide).toContain(line.replace(/^export /, ''));
});
