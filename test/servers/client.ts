/** Implements an HTTP client that does not use neon, to check test servers from outside. */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { connect, type Socket } from 'node:net';

/** A response that was read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends one request on a new connection and reads the response; does not follow redirects. */
export function fetchOnce(
  url: string,
  options: https.RequestOptions = {},
  body?: string | Uint8Array,
): Promise<Answer> {
  const { request } = url.startsWith('https:') ? https : http;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { agent: false, ...options }, (incoming) => {
      const blocks: Buffer[] = [];
      incoming.on('data', (block: Buffer) => blocks.push(block));
      incoming.on('error', reject);
      incoming.on('end', () =>
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(blocks) }),
      );
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** Opens a TCP connection to a loopback port. Errors after the connect are ignored; the socket then emits `close`. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}

/** Reads until the other side closes. */
export async function readAll(socket: Socket): Promise<string> {
  const blocks: Buffer[] = [];
  socket.on('data', (block: Buffer) => blocks.push(block));
  await once(socket, 'close');
  return Buffer.concat(blocks).toString();
}
