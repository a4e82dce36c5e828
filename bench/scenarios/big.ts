/** Defines the scenarios with bodies of 100 MiB, one after the other on one connection. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pattern } from '../../test/servers/nginx.js';
import { scratchDirectory } from '../../test/servers/start.js';
import type { Scenario, Served } from '../scenario.js';
import { serveFile, serveSink } from './nginx.js';

const mebibytes = 100;
const bodyLength = mebibytes * 1024 * 1024;
const common = { connections: 1, mebibytes, reasons: [] } as const;

/** A download into memory. */
export const downloadBytes: Scenario = {
  ...common,
  name: 'download-bytes',
  about: `GET of ${mebibytes} MiB into one piece of memory`,
  operation: 'downloadBytes',
  serve: serveDownload,
};

/** A download block by block. */
export const downloadStream: Scenario = {
  ...common,
  name: 'download-stream',
  about: `GET of ${mebibytes} MiB, consumed block by block and counted`,
  operation: 'downloadStream',
  serve: serveDownload,
};

/** A download into a file. */
export const downloadFile: Scenario = {
  ...common,
  name: 'download-file',
  about: `GET of ${mebibytes} MiB into a file`,
  operation: 'downloadFile',
  serve: serveDownload,
};

/** An upload from a file. */
export const uploadFile: Scenario = {
  ...common,
  name: 'upload-file',
  about: `PUT of a file of ${mebibytes} MiB`,
  operation: 'uploadFile',
  serve: serveUpload,
};

/** An upload through a stream of the client, as WebDAV clients provide it. The length is not announced. */
export const uploadStream: Scenario = {
  ...common,
  name: 'upload-stream',
  about: `PUT of a file of ${mebibytes} MiB, piped into a stream of the client; only WebDAV clients`,
  operation: 'uploadStream',
  reasons: [
    {
      peers: ['webdav'],
      figures: ['rate', 'stall'],
      because: 'neon sends chunks of 8 KiB, and nginx needs time for each chunk; webdav sends chunks of 64 KiB.',
    },
  ],
  serve: serveUpload,
};

async function serveDownload(): Promise<Served> {
  return withFile(await serveFile(bodyLength));
}

async function serveUpload(): Promise<Served> {
  const served = withFile(await serveSink(bodyLength));
  writeFileSync(served.target.file!, Buffer.alloc(bodyLength, pattern));
  return served;
}

/** Adds a folder for the client's file. */
function withFile(served: Served): Served {
  const scratch = scratchDirectory('bench');
  return {
    target: { ...served.target, file: path.join(scratch, 'body') },
    async stop() {
      await served.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
