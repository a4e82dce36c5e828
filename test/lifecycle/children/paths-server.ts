/** A server, for `startChild`, whose answer depends on the path; over TLS too when it is given a key. */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { serveParent } from '../../servers/child.js';

/** Null, or the PEM of a TLS server. */
export type PathsOptions = { readonly key: string; readonly cert: string } | null;

export interface PathsStarted {
  readonly port: number;
  /** 0 without TLS. */
  readonly tlsPort: number;
}

const small = 'hello\n';
const large = Buffer.alloc(300_000, 'x');

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
  /** Closes in the middle. */
  '/cut': (_, response) => {
    response.setHeader('Content-Length', large.length).write(large.subarray(0, 1000));
    setImmediate(() => response.destroy());
  },
  /** Never answers. */
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
