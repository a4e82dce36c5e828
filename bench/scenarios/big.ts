/** Defines the scenarios with bodies of 100 MiB, one after the other on one connection. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pattern, startNginx, type NginxOptions } from '../../test/servers/nginx.js';
import { scratchDirectory } from '../../test/servers/start.js';
import type { Scenario, Served } from '../scenario.js';

const mebibytes = 100;
const bodyLength = mebibytes * 1024 * 1024;
const common = { connections: 1, mebibytes } as const;

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

function serveDownload(): Promise<Served> {
  return serve('/big', { files: { '/big': bodyLength } });
}

async function serveUpload(): Promise<Served> {
  const served = await serve('/sink', { sink: '/sink' });
  writeFileSync(served.target.file!, Buffer.alloc(bodyLength, pattern));
  return served;
}

/** Starts nginx, with a folder for the client's file. */
async function serve(target: string, options: NginxOptions): Promise<Served> {
  const nginx = await startNginx(options);
  const scratch = scratchDirectory('bench');
  const { port, origin } = nginx;
  const file = path.join(scratch, 'body');
  return {
    target: { scheme: 'http', host: '127.0.0.1', port, origin, path: target, bodyLength, edge: pattern, file },
    async stop() {
      await nginx.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}
