/** Implements the npm package webdav, and the entry point of this package that has its interface. */
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type { Response, WebDAVClient } from 'webdav';
import { bodyOf, check, checkBytes, checkUpload } from '../check.js';
import type { ScriptPeer, Target } from '../peer.js';
import { count } from '../streams.js';
import { ownVersion, versionOfPackage } from '../versions.js';

type Create = (url: string) => WebDAVClient;

/** The npm package. */
export const webdav: ScriptPeer = {
  ...peerOf(async () => (await import('webdav')).createClient),
  name: 'webdav',
  version: () => versionOfPackage('webdav'),
};

/** This package, by the interface of the npm package. */
export const libneonWebdav: ScriptPeer = {
  ...peerOf(async () => (await import('libneon/webdav')).createClient),
  name: 'libneon/webdav',
  version: ownVersion,
};

function peerOf(load: () => Promise<Create>): Pick<ScriptPeer, 'calls' | 'open'> {
  return {
    calls: {
      downloadBytes: 'await client.getFileContents(path)',
      downloadStream: 'for await (const block of client.createReadStream(path))',
      put: 'await client.putFileContents(path, body)',
      uploadFile: 'await client.putFileContents(path, createReadStream(file))',
      uploadStream: 'createReadStream(file).pipe(client.createWriteStream(path))',
    },
    async open(target) {
      const client = (await load())(target.origin);
      const { path } = target;
      const file = target.file!;
      const body = bodyOf(target);
      return {
        async downloadBytes() {
          checkBytes(target, 200, (await client.getFileContents(path)) as Buffer);
        },
        downloadStream: () => count(target, 200, client.createReadStream(path) as unknown as Readable),
        async put() {
          check(target, (await client.putFileContents(path, body)) ? 200 : 0);
        },
        async uploadFile() {
          check(target, (await client.putFileContents(path, createReadStream(file))) ? 200 : 0);
        },
        uploadStream: () => pipeTo(client, target),
        close() {},
      };
    },
  };
}

/** Pipes the file of a target into a write stream; resolves when the server has responded. */
async function pipeTo(client: WebDAVClient, target: Target): Promise<void> {
  const { status, headers } = await new Promise<Response>((resolve, reject) => {
    const stream = client.createWriteStream(target.path, {}, resolve);
    stream.on('error', reject);
    createReadStream(target.file!).pipe(stream as unknown as NodeJS.WritableStream);
  });
  // A body that is sent in chunks announces no length, so the server reports none.
  checkUpload(target, status, headers.get('received') || target.bodyLength);
}
