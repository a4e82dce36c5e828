/** Implements the peer got. */
import { once } from 'node:events';
import { createReadStream, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { bodyOf, check, checkBytes, checkUpload } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { count, save } from '../streams.js';
import { versionOfPackage } from '../versions.js';

/** got over Node's http with a keep-alive agent. */
export const got: ScriptPeer = {
  name: 'got',
  calls: {
    get: 'await got(url, { agent }), rawBody',
    connect: 'await got(url, { agent }), rawBody, the agent without keep-alive',
    downloadBytes: 'await got(url, { agent }), rawBody',
    downloadStream: 'got.stream(url, { agent }), for await (const block of stream)',
    downloadFile: 'got.stream(url, { agent }), await pipeline(stream, createWriteStream(file))',
    put: 'await got.put, { agent, body }',
    uploadFile: "await got.put, { body: createReadStream(file), headers: { 'content-length' } }",
    start: "import('got')",
  },
  version: () => versionOfPackage('got'),
  async open(target, connections) {
    const { got: client } = await import('got');
    const ca = target.ca === undefined ? {} : { ca: readFileSync(target.ca) };
    const { Agent } = target.scheme === 'https' ? https : http;
    const agentOf = (keepAlive: boolean): http.Agent | https.Agent =>
      new Agent({ keepAlive, ...ca, ...(keepAlive && { maxSockets: connections }) });
    const agent = agentOf(true);
    const url = target.origin + target.path;
    const using = (used: http.Agent | https.Agent) =>
      client.extend({ agent: { http: used, https: used as https.Agent }, retry: { limit: 0 } });
    const kept = using(agent);
    const withoutKeepAlive = using(agentOf(false));
    const stream = async (): Promise<{ status: number; body: Readable }> => {
      const body = kept.stream(url);
      const [{ statusCode }] = (await once(body, 'response')) as [http.IncomingMessage];
      return { status: statusCode ?? 0, body };
    };
    const body = bodyOf(target);
    return {
      async get() {
        const { statusCode, rawBody } = await kept(url);
        check(target, statusCode, rawBody.length);
      },
      async connect() {
        const { statusCode, rawBody } = await withoutKeepAlive(url);
        check(target, statusCode, rawBody.length);
      },
      async downloadBytes() {
        const { statusCode, rawBody } = await kept(url);
        checkBytes(target, statusCode, rawBody);
      },
      async downloadStream() {
        const { status, body } = await stream();
        await count(target, status, body);
      },
      async downloadFile() {
        const { status, body } = await stream();
        await save(target, status, body);
      },
      async put() {
        const answer = await kept.put(url, { body });
        checkUpload(target, answer.statusCode, answer.headers['received']);
      },
      async uploadFile() {
        const body = createReadStream(target.file!);
        const headers = { 'content-length': String(target.bodyLength) };
        const answer = await kept.put(url, { body, headers });
        checkUpload(target, answer.statusCode, answer.headers['received']);
      },
      close: () => agent.destroy(),
    };
  },
};
