/** An HTTP server in the test's process whose collections a test makes up. Blocking calls cannot use it. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface TreeServer {
  readonly url: string;
  /** The paths of the PROPFIND requests, in the order of their arrival. */
  readonly listed: string[];
  /** The largest number of requests that were under way at the same time. */
  readonly peak: number;
  /** The number of requests whose connection the client closed before the response. */
  readonly abandoned: number;
}

/** Returns the hrefs of a listing: a final slash marks a collection. Undefined leaves the request without an answer. */
export type Hrefs = (path: string) => readonly string[] | number | undefined | Promise<readonly string[] | number>;

/** Returns a function that starts such a server for the running test. */
export function treeServers(): (hrefs: Hrefs) => Promise<TreeServer> {
  const stops: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(stops.splice(0).map((stop) => stop()));
  });
  return async (hrefs) => {
    const state = { listed: [] as string[], running: 0, peak: 0, abandoned: 0 };
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const path = request.url ?? '';
      state.listed.push(path);
      state.peak = Math.max(state.peak, ++state.running);
      response.on('close', () => {
        state.running--;
        if (!response.writableEnded) state.abandoned++;
      });
      const found = await hrefs(path);
      if (found === undefined) return;
      if (typeof found === 'number') {
        response.writeHead(found, { 'Content-Length': 0 }).end();
        return;
      }
      response.writeHead(207, { 'Content-Type': 'application/xml; charset=utf-8' }).end(documentOf(found));
    };
    const server = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    stops.push(async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
      listed: state.listed,
      get peak() {
        return state.peak;
      },
      get abandoned() {
        return state.abandoned;
      },
    };
  };
}

function documentOf(hrefs: readonly string[]): string {
  const entries = hrefs.map(
    (href) =>
      `<D:response><D:href>${href}</D:href><D:propstat><D:prop><D:resourcetype>` +
      `${href.endsWith('/') ? '<D:collection/>' : ''}</D:resourcetype></D:prop>` +
      '<D:status>HTTP/1.1 200 OK</D:status></D:propstat></D:response>',
  );
  return `<?xml version="1.0"?><D:multistatus xmlns:D="DAV:">${entries.join('')}</D:multistatus>`;
}
