/** The streams of a client: files that are read or written block by block. */
import { PassThrough, Readable, type Writable } from 'node:stream';

import type { DavResponse } from './response.js';

/**
 * Returns a stream with the body of a response that is still to come.
 *
 * @param request sends the request
 */
export function readStream(request: () => Promise<DavResponse>): Readable {
  let body: Readable | undefined;
  const stream = new Readable({
    highWaterMark: 64 * 1024,
    read: () => body?.resume(),
    destroy(error, callback) {
      body?.destroy();
      callback(error);
    },
  });
  request().then(
    (response) => {
      body = response.body;
      if (stream.destroyed) {
        body.destroy();
        return;
      }
      body.on('data', (block: Buffer) => {
        if (!stream.push(block)) body?.pause();
      });
      body.on('end', () => stream.push(null));
      body.on('error', (error) => stream.destroy(response.failure(error) as Error));
    },
    (error: unknown) => stream.destroy(error as Error),
  );
  return stream;
}

/**
 * Returns a stream whose data is the body of a request.
 *
 * @param request sends the request with this body
 * @param onResponse is called with the response, in a later turn of the event loop
 */
export function writeStream(
  request: (body: Readable) => Promise<DavResponse>,
  onResponse: ((response: DavResponse) => void) | undefined,
): Writable {
  const stream = new PassThrough({ highWaterMark: 256 * 1024 });
  request(stream).then(
    (response) => {
      if (onResponse) setTimeout(onResponse, 0, response);
      else response.cancel();
    },
    (error: unknown) => {
      if (stream.destroyed) stream.emit('error', error);
      else stream.destroy(error as Error);
    },
  );
  return stream;
}
