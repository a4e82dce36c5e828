/** Implements the peer axios. */
import type { AxiosRequestConfig, AxiosResponse } from 'axios';
import { createReadStream, readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { bodyOf, check, checkBytes, checkUpload } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { count, save } from '../streams.js';
import { versionOfPackage } from '../versions.js';

/**
 * axios over Node's http with a keep-alive agent, which axios's documentation recommends for persistent connections.
 */
export const axios: ScriptPeer = {
  name: 'axios',
  calls: {
    get: "await axios.get, { httpAgent, responseType: 'arraybuffer' }",
    connect: "await axios.get, { responseType: 'arraybuffer' }, the agent without keep-alive",
    downloadBytes: "await axios.get, { responseType: 'arraybuffer' }",
    downloadStream: "await axios.get, { responseType: 'stream' }, for await (const block of data)",
    downloadFile: "await axios.get, { responseType: 'stream' }, await pipeline(data, createWriteStream(file))",
    put: 'await axios.put, body, { httpAgent, maxRedirects: 0 }',
    uploadFile: 'await axios.put, createReadStream(file), { headers: { Content-Length }, maxRedirects: 0 }',
    start: "require('axios')",
  },
  version: () => versionOfPackage('axios'),
  async open(target, connections) {
    const { default: client } = await import('axios');
    const { Agent } = target.scheme === 'https' ? https : http;
    const tls = target.ca === undefined ? {} : { ca: readFileSync(target.ca) };
    const agent = new Agent({ keepAlive: true, maxSockets: connections, ...tls });
    const withoutKeepAlive = new Agent({ keepAlive: false, ...tls });
    const url = target.origin + target.path;
    const using = (used: http.Agent | https.Agent, more: AxiosRequestConfig): AxiosRequestConfig => ({
      httpAgent: used,
      httpsAgent: used,
      proxy: false,
      ...more,
    });
    const inMemory = using(agent, { responseType: 'arraybuffer' });
    const streamed = using(agent, { responseType: 'stream' });
    // Without redirects, axios does not keep the body for a retry.
    const upload = using(agent, {
      headers: { 'Content-Length': target.bodyLength },
      maxRedirects: 0,
      maxBodyLength: Infinity,
    });
    const getBytes = (config: AxiosRequestConfig): Promise<AxiosResponse<Buffer>> => client.get<Buffer>(url, config);
    const getStream = (): Promise<AxiosResponse<Readable>> => client.get<Readable>(url, streamed);
    const body = bodyOf(target);
    const put = async (data: Buffer | Readable): Promise<void> => {
      const { status, headers } = await client.put<unknown>(url, data, upload);
      checkUpload(target, status, headers['received']);
    };
    return {
      async get() {
        const { status, data } = await getBytes(inMemory);
        check(target, status, data.length);
      },
      async connect() {
        const { status, data } = await getBytes(using(withoutKeepAlive, { responseType: 'arraybuffer' }));
        check(target, status, data.length);
      },
      async downloadBytes() {
        const { status, data } = await getBytes(inMemory);
        checkBytes(target, status, data);
      },
      async downloadStream() {
        const { status, data } = await getStream();
        await count(target, status, data);
      },
      async downloadFile() {
        const { status, data } = await getStream();
        await save(target, status, data);
      },
      put: () => put(body),
      uploadFile: () => put(createReadStream(target.file!)),
      close: () => agent.destroy(),
    };
  },
};
