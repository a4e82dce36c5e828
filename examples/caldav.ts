/** Calendars and address books: discovery, creation, queries and synchronization, each in a few lines. */
import { type Entry, NeonError, Session, type XmlElement } from 'libneon';

const caldav = 'urn:ietf:params:xml:ns:caldav';
const carddav = 'urn:ietf:params:xml:ns:carddav';

/** The hrefs in the value of a property. */
export const hrefsIn = (value: unknown): string[] =>
  ((value as XmlElement | undefined)?.children ?? []).filter(({ name }) => name === 'href').map(({ text }) => text);

/** Escapes text for XML. */
export const xml = (text: string): string => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** The path of the user: RFC 6764, section 6, and RFC 5397. The session follows redirects. */
export async function principalOf(session: Session, service: 'caldav' | 'carddav'): Promise<string> {
  const [root] = await session.propfind(`/.well-known/${service}`, { depth: 0, props: ['current-user-principal'] });
  const [principal] = hrefsIn(root?.props['current-user-principal']);
  if (principal === undefined) throw new Error('The server names no user');
  return principal;
}

/** The collections in which the user's calendars are: RFC 4791, section 6.2.1. */
export async function calendarHomesOf(session: Session, principal: string): Promise<string[]> {
  const home = `{${caldav}}calendar-home-set`;
  const [user] = await session.propfind(principal, { depth: 0, props: [home] });
  return hrefsIn(user?.props[home]);
}

/** The collections in which the user's address books are: RFC 6352, section 7.1.1. */
export async function addressBookHomesOf(session: Session, principal: string): Promise<string[]> {
  const home = `{${carddav}}addressbook-home-set`;
  const [user] = await session.propfind(principal, { depth: 0, props: [home] });
  return hrefsIn(user?.props[home]);
}

/** The paths and names of the calendars in a collection. */
export async function calendarsIn(session: Session, home: string): Promise<[path: string, name: string][]> {
  const members = await session.list(home, { props: ['displayname'] });
  return members
    .filter(({ props }) => props.resourcetype?.includes(`{${caldav}}calendar`))
    .map(({ path, name, props }) => [path, props.displayname ?? name]);
}

/** Creates a calendar: RFC 4791, section 5.3.1. */
export async function createCalendar(session: Session, path: string, name: string): Promise<void> {
  const properties = `<D:prop><D:displayname>${xml(name)}</D:displayname></D:prop>`;
  const body = `<C:mkcalendar xmlns:D="DAV:" xmlns:C="${caldav}"><D:set>${properties}</D:set></C:mkcalendar>`;
  const response = await session.request('MKCALENDAR', path, { body, headers: { 'Content-Type': 'application/xml' } });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${response.reasonPhrase}`);
}

/** Creates an address book: an extended MKCOL, RFC 5689. */
export async function createAddressBook(session: Session, path: string, name: string): Promise<void> {
  const type = '<D:resourcetype><D:collection/><C:addressbook/></D:resourcetype>';
  const properties = `<D:prop>${type}<D:displayname>${xml(name)}</D:displayname></D:prop>`;
  const body = `<D:mkcol xmlns:D="DAV:" xmlns:C="${carddav}"><D:set>${properties}</D:set></D:mkcol>`;
  await session.mkcol(path, { body, headers: { 'Content-Type': 'application/xml' } });
}

/** The events of a calendar between two times such as `20240101T000000Z`: RFC 4791, section 7.8. */
export async function eventsBetween(session: Session, path: string, start: string, end: string): Promise<Entry[]> {
  const times = `<C:time-range start="${start}" end="${end}"/>`;
  const events = `<C:comp-filter name="VEVENT">${times}</C:comp-filter>`;
  const filter = `<C:comp-filter name="VCALENDAR">${events}</C:comp-filter>`;
  const properties = '<D:getetag/><C:calendar-data/>';
  const content = `<D:prop>${properties}</D:prop><C:filter>${filter}</C:filter>`;
  const query = `<C:calendar-query xmlns:D="DAV:" xmlns:C="${caldav}">${content}</C:calendar-query>`;
  return session.report(path, query, { depth: 1 });
}

/** Some objects of a calendar by their paths, in one request: RFC 4791, section 7.9. */
export async function objectsAt(session: Session, path: string, hrefs: readonly string[]): Promise<Entry[]> {
  const properties = '<D:prop><D:getetag/><C:calendar-data/></D:prop>';
  const wanted = hrefs.map((href) => `<D:href>${xml(href)}</D:href>`).join('');
  const query = `<C:calendar-multiget xmlns:D="DAV:" xmlns:C="${caldav}">${properties}${wanted}</C:calendar-multiget>`;
  return session.report(path, query);
}

/** The contacts whose name contains a text: RFC 6352, section 8.6. */
export async function contactsNamed(session: Session, path: string, text: string): Promise<Entry[]> {
  const match = `<C:text-match collation="i;unicode-casemap" match-type="contains">${xml(text)}</C:text-match>`;
  const filter = `<C:filter><C:prop-filter name="FN">${match}</C:prop-filter></C:filter>`;
  const properties = '<D:prop><D:getetag/><C:address-data/></D:prop>';
  const query = `<C:addressbook-query xmlns:D="DAV:" xmlns:C="${carddav}">${properties}${filter}</C:addressbook-query>`;
  return session.report(path, query, { depth: 1 });
}

/** What changed since a token, and the next token: RFC 6578. Without a token, everything counts as changed. */
export async function changesSince(
  session: Session,
  path: string,
  token: string | null = null,
): Promise<{ changed: string[]; removed: string[]; token: string | null }> {
  const since = `<D:sync-token>${xml(token ?? '')}</D:sync-token><D:sync-level>1</D:sync-level>`;
  const query = `<D:sync-collection xmlns:D="DAV:">${since}<D:prop><D:getetag/></D:prop></D:sync-collection>`;
  const entries = await session.report(path, query);
  const paths = (isRemoved: boolean): string[] =>
    entries.flatMap(({ href, error }) => (href !== null && (error?.status === 404) === isRemoved ? [href] : []));
  return { changed: paths(false), removed: paths(true), token: entries.syncToken };
}

async function main(url: string): Promise<void> {
  const { DAV_USER: username = '', DAV_PASSWORD: password = '' } = process.env;
  await using session = Session.open(url, { redirect: 'follow', ...(username && { auth: { username, password } }) });
  try {
    for (const home of await calendarHomesOf(session, await principalOf(session, 'caldav')))
      for (const [path, name] of await calendarsIn(session, home)) {
        const { changed } = await changesSince(session, path);
        console.log(`${path} "${name}": ${changed.length} objects`);
      }
  } catch (error) {
    if (!(error instanceof NeonError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    process.exitCode = 1;
  }
}

if (require.main === module) {
  const [, , url] = process.argv;
  if (url === undefined) console.log('usage: node dist/examples/caldav.js https://calendar.example.com/');
  else void main(url);
}
