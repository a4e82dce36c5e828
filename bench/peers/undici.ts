/** Implements the peer undici. */
import { createReadStream, readFileSync } from 'node:fs';
import { check, checkBytes, checkUpload } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { count, save } from '../streams.js';

/** undici with a pool, which undici recommends for many requests to one origin. */
export const undici: ScriptPeer = {
  name: 'undici',
  calls: {
    get: 'await pool.request, await body.bytes()',
    connect: 'new Client, request and body as for get, await client.close()',
    downloadBytes: 'await pool.request, await body.bytes()',
    downloadStream: 'await pool.request, for await (const block of body)',
    downloadFile: 'await pool.request, await pipeline(body, createWriteStream(file))',
    uploadFile: 'await pool.request, { body: createReadStream(file), headers: { content-length } }',
  },
  async open(target, connections) {
    const { Client, Pool } = await import('undici');
    const tls = target.ca === undefined ? {} : { connect: { ca: readFileSync(target.ca) } };
    const pool = new Pool(target.origin, { connections, ...tls });
    const { path, bodyLength, file } = target;
    const get = { method: 'GET', path } as const;
    const put = { method: 'PUT', path, headers: { 'content-length': String(bodyLength) } } as const;
    return {
      async get() {
        const { statusCode, body } = await pool.request(get);
        check(target, statusCode, (await body.bytes()).length);
      },
      async connect() {
        const client = new Client(target.origin, tls);
        const { statusCode, body } = await client.request(get);
        check(target, statusCode, (await body.bytes()).length);
        await client.close();
      },
      async downloadBytes() {
        const { statusCode, body } = await pool.request(get);
        checkBytes(target, statusCode, await body.bytes());
      },
      async downloadStream() {
        const { statusCode, body } = await pool.request(get);
        await count(target, statusCode, body);
      },
      async downloadFile() {
        const { statusCode, body } = await pool.request(get);
        await save(target, statusCode, body);
      },
      async uploadFile() {
        const { statusCode, headers, body } = await pool.request({ ...put, body: createReadStream(file!) });
        await body.dump();
        checkUpload(target, statusCode, headers['received']);
      },
      close: () => pool.close(),
    };
  },
};
