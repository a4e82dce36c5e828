/** Multi-status responses for the tests of ne_props.h, and their properties as ne_propset_iterate reports them. */
import * as ne from 'libneon/ne';
import { response, type RawServer } from '../servers/raw.js';
import { answering, receivedBy, sessionWith, testServers } from './servers.js';

export const multistatus = (content: string): string =>
  `<?xml version="1.0" encoding="utf-8"?><D:multistatus xmlns:D="DAV:">${content}</D:multistatus>`;
export const resource = (href: string, ...propstats: string[]): string =>
  `<D:response><D:href>${href}</D:href>${propstats.join('')}</D:response>`;
export const propstat = (properties: string, status = '200 OK'): string =>
  `<D:propstat><D:prop>${properties}</D:prop><D:status>HTTP/1.1 ${status}</D:status></D:propstat>`;
export const page = (text: string, status = '207 Multi-Status', type = 'application/xml'): string =>
  response(text, { status, headers: { 'Content-Type': type } });

/** A multi-status document with two resources that have properties, and a resource without properties. */
export const document = multistatus(
  resource(
    '/a%20b',
    propstat(
      '<D:getcontentlength>12</D:getcontentlength>' +
        '<x xmlns="u" xml:lang="de">gr\u00fc\u00df &amp; <y z="1">in</y></x><plain/>',
    ),
    propstat('<D:getetag/><x xmlns="v">lost</x>', '404 Not Found'),
  ) +
    resource('http://other.example:81/c?d', propstat('<D:getetag>"e"</D:getetag>')) +
    resource('/no-properties'),
);

export const dav = (name: string): ne.ne_propname => ({ nspace: 'DAV:', name });
export const length = dav('getcontentlength');
export const etag = dav('getetag');

/** A resource, with its properties as ne_propset_iterate reports them. */
export interface Entry {
  readonly uri: string;
  readonly properties: [name: string, value: string | null, code: number][];
}

/** A results callback that notes all properties by ne_propset_iterate. */
export function notingEntries(): { entries: Entry[]; note: (uri: ne.ne_uri, set: ne.ne_prop_result_set) => void } {
  const entries: Entry[] = [];
  const note = ({ scheme, host, path, query }: ne.ne_uri, set: ne.ne_prop_result_set): void => {
    const properties: Entry['properties'] = [];
    const result = ne.ne_propset_iterate(set, ({ nspace, name }, value, { code }) => {
      properties.push([nspace === null ? name : `{${nspace}}${name}`, value, code]);
    });
    expect(result).toBe(0);
    entries.push({ uri: `${scheme}://${host}${path}${query === null ? '' : `?${query}`}`, properties });
  };
  return { entries, note };
}

/** The entries of {@link document} that {@link notingEntries} collects. */
export const expected: Entry[] = [
  {
    uri: 'http://127.0.0.1/a%20b',
    properties: [
      ['{DAV:}getcontentlength', '12', 200],
      ['{u}x', "gr\u00fc\u00df & <uy z='1'>in</uy>", 200],
      ['plain', '', 200],
      ['{DAV:}getetag', null, 404],
      ['{v}x', null, 404],
    ],
  },
  { uri: 'http://other.example/c?d', properties: [['{DAV:}getetag', '"e"', 200]] },
];

/** The bodies of the PROPFIND and PROPPATCH requests that a server received. */
export async function bodies(server: RawServer): Promise<string[]> {
  const received = (await receivedBy(server)).join('');
  return received.split(/^(?=PROP\w+ )/m).map((text) => text.slice(text.indexOf('\r\n\r\n') + 4));
}

/**
 * Returns a function that opens a session with a new server. The server sends the same response to all requests, by
 * default {@link document}.
 */
export function testPropertySessions(): (answer?: string) => Promise<ne.ne_session> {
  const serve = testServers();
  return async (answer = page(document)) => sessionWith(await serve(answering(answer)));
}
