/**
 * Implements a server for `startChild` that chooses its response by the path. It also listens with TLS if it has a key.
 */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { gzipSync } from 'node:zlib';
import { serveParent } from '../../servers/child.js';

/** The PEM texts of a TLS server, or null for a server without TLS. */
export type PathsOptions = { readonly key: string; readonly cert: string } | null;

export interface PathsStarted {
  readonly port: number;
  /** 0 without TLS. */
  readonly tlsPort: number;
}

const small = 'hello\n';
const large = Buffer.alloc(300_000, 'x');

const prop = (value: string): string =>
  `<D:prop xmlns:D="DAV:">${value}<D:lockdiscovery><D:activelock><D:locktype><D:write/></D:locktype>` +
  '<D:lockscope><D:exclusive/></D:lockscope><D:depth>0</D:depth><D:owner>a</D:owner><D:timeout>Second-60</D:timeout>' +
  '<D:locktoken><D:href>urn:a</D:href></D:locktoken></D:activelock></D:lockdiscovery></D:prop>';
const resource = (name: string): string =>
  `<D:response><D:href>/dav/${name}</D:href><D:propstat>${prop(`<D:displayname>${name}</D:displayname>`)}` +
  '<D:status>HTTP/1.1 200 OK</D:status></D:propstat><D:propstat><D:prop><missing xmlns="urn:x"/></D:prop>' +
  '<D:status>HTTP/1.1 404 Not Found</D:status></D:propstat></D:response>';
const resources = `<D:multistatus xmlns:D="DAV:">${resource('a')}${resource('b')}</D:multistatus>`;

/**
 * Responds to LOCK with a lock, and to PROPFIND and GET with two locked resources. Compresses the body of a GET
 * response if the client accepts gzip.
 */
const webdav: http.RequestListener = ({ method, headers }, response) => {
  response.setHeader('Content-Type', 'application/xml');
  if (method === 'LOCK') response.setHeader('Lock-Token', '<urn:a>').end(prop(''));
  else if (method === 'PROPFIND') response.writeHead(207).end(resources);
  else if (method !== 'GET') response.writeHead(204).end();
  else if (!headers['accept-encoding']?.includes('gzip')) response.end(resources);
  else response.setHeader('Content-Encoding', 'gzip').end(gzipSync(resources));
};

const paths: Record<string, http.RequestListener> = {
  '/small': (_, response) => response.setHeader('X-Name', 'value').end(small),
  '/large': (_, response) => response.setHeader('Content-Length', large.length).end(large),
  '/chunked': (_, response) => {
    response.write(large);
    response.end(small);
  },
  '/slow': (_, response) => setTimeout(() => response.end(small), 20),
  '/empty': (_, response) => response.writeHead(204).end(),
  '/missing': (_, response) => response.writeHead(404).end(small),
  '/echo': (request, response) => request.pipe(response),
  '/dav': (request, response) => {
    request.resume();
    webdav(request, response);
  },
  /** Closes early. */
  '/cut': (_, response) => {
    response.setHeader('Content-Length', large.length).write(large.subarray(0, 1000));
    setImmediate(() => response.destroy());
  },
  /** Never responds. */
  '/silent': () => {},
  /** Never ends. */
  '/endless': (_, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(large));
    };
    response.on('drain', more);
    more();
  },
};

const answer: http.RequestListener = (request, response) =>
  (paths[request.url!] ?? paths['/missing']!)(request, response);

async function listen(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return (server.address() as AddressInfo).port;
}

serveParent<PathsOptions, PathsStarted>(async (tls) => {
  const options = { keepAliveTimeout: 60_000 };
  const port = await listen(http.createServer(options, answer));
  return { started: { port, tlsPort: tls ? await listen(https.createServer({ ...options, ...tls }, answer)) : 0 } };
});
