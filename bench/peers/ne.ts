/** Implements the peer libneon/ne. */
import { closeSync, openSync } from 'node:fs';
import type { ne_request, ne_session } from 'libneon/ne';
import { check, checkBytes, checkFile, checkUpload } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { ownVersion } from '../versions.js';

const blockSize = 64 * 1024;

/** The blocking surface: during a call the process does nothing else. */
export const ne: ScriptPeer = {
  name: 'libneon/ne',
  calls: {
    get: 'ne_request_create, dispatch, destroy',
    blocking: 'ne_request_create, dispatch, destroy',
    connect: 'ne_session_create, ne_ssl_trust_cert, calls as for get, ne_session_destroy',
    downloadBytes: 'ne_begin_request, ne_read_response_block of 64 KiB into one buffer, ne_end_request',
    downloadStream: 'ne_begin_request, ne_read_response_block of 64 KiB into one buffer, ne_end_request',
    downloadFile: 'ne_begin_request, ne_read_response_to_fd, ne_end_request',
    put: { without: 'blocks, so that it has no pool' },
    uploadFile: 'ne_set_request_body_fd, ne_request_dispatch',
    start: "require('libneon/ne')",
  },
  atOnce: 1,
  version: ownVersion,
  async open(target) {
    const ne = await import('libneon/ne');
    const ca = target.ca === undefined ? null : ne.ne_ssl_cert_read(target.ca);
    const session = open();
    const { path, bodyLength } = target;
    const file = target.file!;

    return {
      get() {
        get(session);
        return undefined;
      },
      blocking() {
        get(session);
        return undefined;
      },
      connect() {
        const own = open();
        get(own);
        ne.ne_session_destroy(own);
        return undefined;
      },
      downloadBytes() {
        pull((request, status) => {
          const bytes = Buffer.allocUnsafeSlow(bodyLength + 1); // the end is detected only while there is room
          const length = readBlocks(request, (at) => bytes.subarray(at, at + blockSize));
          checkBytes(target, status, bytes.subarray(0, length));
        });
        return undefined;
      },
      downloadStream() {
        pull((request, status) => {
          const block = Buffer.allocUnsafeSlow(blockSize);
          check(
            target,
            status,
            readBlocks(request, () => block),
          );
        });
        return undefined;
      },
      downloadFile() {
        pull((request, status) => {
          withFile('w', (fd) => succeed(ne.ne_read_response_to_fd(request, fd)));
          checkFile(target, status);
        });
        return undefined;
      },
      uploadFile() {
        withRequest('PUT', (request) => {
          withFile('r', (fd) => {
            ne.ne_set_request_body_fd(request, fd, 0, bodyLength);
            succeed(ne.ne_request_dispatch(request));
          });
          checkUpload(target, ne.ne_get_status(request).code, ne.ne_get_response_header(request, 'Received'));
        });
        return undefined;
      },
      close: () => ne.ne_session_destroy(session),
    };

    function open(): ne_session {
      const opened = ne.ne_session_create(target.scheme, target.host, target.port);
      if (ca) ne.ne_ssl_trust_cert(opened, ca);
      return opened;
    }

    function get(on: ne_session): void {
      const request = ne.ne_request_create(on, 'GET', path);
      succeed(ne.ne_request_dispatch(request), on);
      check(target, ne.ne_get_status(request).code);
      ne.ne_request_destroy(request);
    }

    function withRequest(method: string, use: (request: ne_request) => void): void {
      const request = ne.ne_request_create(session, method, path);
      use(request);
      ne.ne_request_destroy(request);
    }

    /** Sends a GET; `read` reads the body of the response. */
    function pull(read: (request: ne_request, status: number) => void): void {
      withRequest('GET', (request) => {
        succeed(ne.ne_begin_request(request));
        read(request, ne.ne_get_status(request).code);
        succeed(ne.ne_end_request(request));
      });
    }

    function readBlocks(request: ne_request, bufferFor: (at: number) => Buffer): number {
      let length = 0;
      for (let count; (count = ne.ne_read_response_block(request, bufferFor(length))) > 0;) length += count;
      return length;
    }

    function withFile(flags: string, use: (fd: number) => void): void {
      const fd = openSync(file, flags);
      use(fd);
      closeSync(fd);
    }

    function succeed(result: number, on = session): void {
      if (result !== ne.NE_OK) throw new Error(ne.ne_get_error(on));
    }
  },
};
