/** Implements the peer fetch. */
import { openAsBlob } from 'node:fs';
import { bodyOf, check, checkBytes, checkUpload } from '../check.js';
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
    put: "await fetch, { method: 'PUT', body, dispatcher }, an Agent of the package undici with 8 connections",
    uploadFile: "await fetch, { method: 'PUT', body: await openAsBlob(file) }",
    start: "fetch('data:,')",
  },
  version: () => `Node ${process.version} (undici ${process.versions['undici'] ?? 'unknown'})`,
  async open(target, connections) {
    const url = target.origin + target.path;
    const body = bodyOf(target);
    let dispatcher: ReturnType<typeof agentOf> | undefined;
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
      async put() {
        dispatcher ??= agentOf(connections);
        const response = await fetch(url, { method: 'PUT', body, dispatcher: await dispatcher });
        await response.arrayBuffer();
        checkUpload(target, response.status, response.headers.get('received'));
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

/** Makes an Agent that limits the connections of fetch. Node has this class, but only the package undici exports it. */
async function agentOf(connections: number): Promise<NonNullable<RequestInit['dispatcher']>> {
  const { Agent } = await import('undici');
  return new Agent({ connections }) as unknown as NonNullable<RequestInit['dispatcher']>;
}
