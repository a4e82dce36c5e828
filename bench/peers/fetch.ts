/** Implements the peer fetch. */
import { openAsBlob } from 'node:fs';
import { check, checkBytes, checkUpload } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { count, save } from '../streams.js';

/** The global fetch, which opens as many connections as there are concurrent requests. */
export const globalFetch: ScriptPeer = {
  name: 'fetch',
  calls: {
    get: 'await fetch, await response.arrayBuffer()',
    connect: { without: 'chooses its connections itself' },
    downloadBytes: 'await fetch, await response.arrayBuffer()',
    downloadStream: 'await fetch, for await (const block of response.body)',
    downloadFile: 'await fetch, await pipeline(response.body, createWriteStream(file))',
    uploadFile: "await fetch, { method: 'PUT', body: await openAsBlob(file) }",
  },
  async open(target) {
    const url = target.origin + target.path;
    return {
      async get() {
        const response = await fetch(url);
        check(target, response.status, (await response.arrayBuffer()).byteLength);
      },
      async downloadBytes() {
        const response = await fetch(url);
        checkBytes(target, response.status, new Uint8Array(await response.arrayBuffer()));
      },
      async downloadStream() {
        const { status, body } = await fetch(url);
        await count(target, status, body!);
      },
      async downloadFile() {
        const { status, body } = await fetch(url);
        await save(target, status, body!);
      },
      async uploadFile() {
        const response = await fetch(url, { method: 'PUT', body: await openAsBlob(target.file!) });
        await response.arrayBuffer();
        checkUpload(target, response.status, response.headers.get('received'));
      },
      close() {},
    };
  },
};
