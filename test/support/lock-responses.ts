/** Responses of servers to requests for locks. */
import { type RawServer, response } from '../servers/raw.js';
import { receivedBy } from './servers.js';

/** The fields of a lock in a LOCK response. */
export interface Granted {
  readonly scope?: 'exclusive' | 'shared';
  readonly depth?: string;
  readonly owner?: string;
  readonly timeout?: string;
}

const activeLock = (
  token: string,
  { scope = 'exclusive', depth = '0', owner = '', timeout = 'Second-60' }: Granted,
): string =>
  `<D:activelock><D:locktype><D:write/></D:locktype><D:lockscope><D:${scope}/></D:lockscope><D:depth>${depth}</D:depth>` +
  `${owner && `<D:owner>${owner}</D:owner>`}<D:timeout>${timeout}</D:timeout>` +
  `<D:locktoken><D:href>${token}</D:href></D:locktoken></D:activelock>`;

const xml = { 'Content-Type': 'application/xml; charset="utf-8"' };
const declaration = '<?xml version="1.0" encoding="utf-8"?>\n';

/** The response to a LOCK request that was granted. */
export const lockGranted = (token: string, granted: Granted = {}, status = '200 OK'): string =>
  response(
    `${declaration}<D:prop xmlns:D="DAV:"><D:lockdiscovery>${activeLock(token, granted)}</D:lockdiscovery></D:prop>`,
    { status, headers: { ...xml, 'Lock-Token': `<${token}>` } },
  );

/**
 * A response to a PROPFIND of `lockdiscovery`. For each path it has a lock token or null, and a status (200 by
 * default).
 */
export const locksFound = (
  resources: readonly (readonly [path: string, token: string | null, status?: string])[],
): string =>
  response(
    `${declaration}<D:multistatus xmlns:D="DAV:">${resources
      .map(
        ([path, token, status = '200 OK']) =>
          `<D:response><D:href>${path}</D:href><D:propstat><D:prop><D:lockdiscovery>${token === null ? '' : activeLock(token, {})}` +
          `</D:lockdiscovery></D:prop><D:status>HTTP/1.1 ${status}</D:status></D:propstat></D:response>`,
      )
      .join('')}</D:multistatus>`,
    { status: '207 Multi-Status', headers: xml },
  );

/** An empty response with this status. */
export const refused = (status: string): string => response('', { status });
export const done = refused('204 No Content');

/** Returns the If header of each request, in order. `texts` contains what the server received on each connection. */
export const conditions = (texts: readonly string[]): (string | undefined)[] =>
  texts
    .join('')
    .split(/(?<=\r\n\r\n)/)
    .filter((head) => / HTTP\/1\.1\r\n/.test(head))
    .map((head) => /^If: ?(.*)\r$/im.exec(head)?.[1]);

/** The If headers of the requests that a server received, without the server's address. */
export const conditionsOf = async (server: RawServer): Promise<(string | undefined)[]> =>
  conditions(await receivedBy(server)).map((text) => text?.replaceAll(`http://127.0.0.1:${server.port}`, ''));
