/** Implements the peer node:http. */
import { createReadStream, readFileSync } from 'node:fs';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { bodyOf, check, checkBytes, checkUpload } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { count, save } from '../streams.js';

/** Node's http module with a keep-alive agent. */
export const nodeHttp: ScriptPeer = {
  name: 'node:http',
  calls: {
    get: 'request with a keep-alive agent, body collected',
    connect: 'request without keep-alive, body collected',
    downloadBytes: 'request with a keep-alive agent, body collected, Buffer.concat',
    downloadStream: 'request with a keep-alive agent, for await (const block of incoming)',
    downloadFile: 'request with a keep-alive agent, await pipeline(incoming, createWriteStream(file))',
    put: 'request with a keep-alive agent, outgoing.end(body)',
    uploadFile: 'request with a keep-alive agent and Content-Length, createReadStream(file).pipe(outgoing)',
    start: "require('node:http')",
  },
  version: () => `Node ${process.version}`,
  async open(target, connections) {
    const { Agent, request } = target.scheme === 'https' ? https : http;
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const ca = target.ca === undefined ? undefined : readFileSync(target.ca);
    const { host, port, path, bodyLength, file } = target;
    const options = { agent, host, port, path, ca };
    const upload = { ...options, method: 'PUT', headers: { 'Content-Length': bodyLength } };
    const get = (take: Take): Promise<void> => exchange(request, options, (outgoing) => outgoing.end(), take);
    const put = (send: (outgoing: ClientRequest) => void): Promise<void> =>
      exchange(request, upload, send, async (incoming, status) => {
        await collect(incoming);
        checkUpload(target, status, incoming.headers['received']);
      });
    const body = bodyOf(target);

    return {
      get: () => get(async (incoming, status) => check(target, status, (await collect(incoming)).length)),
      connect: () =>
        exchange(
          request,
          { ...options, agent: false },
          (outgoing) => outgoing.end(),
          async (incoming, status) => check(target, status, (await collect(incoming)).length),
        ),
      downloadBytes: () => get(async (incoming, status) => checkBytes(target, status, await collect(incoming))),
      downloadStream: () => get((incoming, status) => count(target, status, incoming)),
      downloadFile: () => get((incoming, status) => save(target, status, incoming)),
      put: () => put((outgoing) => outgoing.end(body)),
      uploadFile: () => put((outgoing) => createReadStream(file!).pipe(outgoing)),
      close: () => agent.destroy(),
    };
  },
};

type Take = (incoming: IncomingMessage, status: number) => Promise<void>;

function exchange(
  request: typeof https.request,
  options: RequestOptions,
  send: (outgoing: ClientRequest) => void,
  take: Take,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const outgoing = request(options, (incoming) => {
      take(incoming, incoming.statusCode ?? 0).then(resolve, reject);
    });
    outgoing.on('error', reject);
    send(outgoing);
  });
}

function collect(incoming: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const blocks: Buffer[] = [];
    incoming.on('data', (block: Buffer) => blocks.push(block));
    incoming.on('error', reject);
    incoming.on('end', () => resolve(Buffer.concat(blocks)));
  });
}
