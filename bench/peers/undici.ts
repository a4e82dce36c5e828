/** Implements the peer undici. */
import { createReadStream, readFileSync } from 'node:fs';
import type { Readable } from 'node:stream';
import type * as UndiciModule from 'undici';
import { bodyOf, check, checkBytes, checkUpload } from '../check.js';
import type { Client as OpenPeer, ScriptPeer, Target } from '../peer.js';
import { count, save } from '../streams.js';
import { versionOfPackage } from '../versions.js';

/** The methods of undici that the benchmark calls; versions 7 and 8 have them. */
type Undici = Pick<typeof UndiciModule, 'Client' | 'Pool'>;

/** Version 7, which supports all versions of Node that this package supports. */
export const undici: ScriptPeer = {
  name: 'undici',
  calls: callsOf('undici'),
  version: () => versionOfPackage('undici'),
  open: async (target, connections) => openWith(await import('undici'), target, connections),
};

/** Version 8, installed under an alias. */
export const undici8: ScriptPeer = {
  name: 'undici 8',
  calls: callsOf('undici8'),
  version: () => (nodeMajor >= 24 ? versionOfPackage('undici8') : { without: 'needs Node 24' }),
  open: async (target, connections) => openWith((await import('undici8')) as unknown as Undici, target, connections),
};

const nodeMajor = Number.parseInt(process.versions.node, 10);

/** A pool, which undici recommends for many requests to one origin. */
function callsOf(module: string): ScriptPeer['calls'] {
  return {
    get: 'await pool.request, await body.bytes()',
    connect: 'new Client, request and body as for get, await client.close()',
    downloadBytes: 'await pool.request, await body.bytes()',
    downloadStream: 'await pool.request, for await (const block of body)',
    downloadFile: 'await pool.request, await pipeline(body, createWriteStream(file))',
    put: 'await pool.request, { body }',
    uploadFile: 'await pool.request, { body: createReadStream(file), headers: { content-length } }',
    start: `require('${module}')`,
  };
}

function openWith({ Client, Pool }: Undici, target: Target, connections: number): OpenPeer {
  const tls = target.ca === undefined ? {} : { connect: { ca: readFileSync(target.ca) } };
  const pool = new Pool(target.origin, { connections, ...tls });
  const { path, bodyLength, file } = target;
  const body = bodyOf(target);
  const get = { method: 'GET', path } as const;
  const put = { method: 'PUT', path, headers: { 'content-length': String(bodyLength) } } as const;
  const upload = async (source: Buffer | Readable): Promise<void> => {
    const { statusCode, headers, body } = await pool.request({ ...put, body: source });
    await body.dump();
    checkUpload(target, statusCode, headers['received']);
  };
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
    put: () => upload(body),
    uploadFile: () => upload(createReadStream(file!)),
    close: () => pool.close(),
  };
}
