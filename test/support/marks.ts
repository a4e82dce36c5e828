/** Responses that carry a mark, so that a test recognizes the response that a call received. */
import { response } from '../servers/raw.js';

/** A listing of one resource, whose name is the mark. */
export const markedListing = (mark: string): string =>
  response(
    `<D:multistatus xmlns:D="DAV:"><D:response><D:href>/${mark}</D:href><D:propstat><D:prop><D:displayname>${mark}` +
      '</D:displayname></D:prop><D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response></D:multistatus>',
    { status: '207 Multi-Status', headers: { 'Content-Type': 'application/xml' } },
  );

/** An empty response with the mark in the header `X-Mark`. */
export const marked = (mark: string): string => response('', { headers: { 'X-Mark': mark } });
