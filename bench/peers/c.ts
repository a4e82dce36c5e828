/** Implements the peer that uses neon from C. */
import { compileWithNeon, neon } from '../../test/oracle/compile.js';
import type { ProgramPeer } from '../peer.js';

/** neon itself: no binding can be faster with these calls. */
export const c: ProgramPeer = {
  name: 'C',
  calls: {
    get: 'ne_request_create, dispatch, destroy; a thread for each connection',
    blocking: 'ne_request_create, dispatch, destroy',
    connect: 'ne_session_create, ne_ssl_trust_cert, calls as for get, ne_session_destroy',
    downloadBytes: 'ne_begin_request, ne_read_response_block of 64 KiB into malloced memory, ne_end_request',
    downloadStream: 'ne_begin_request, ne_read_response_block of 64 KiB into one buffer, ne_end_request',
    downloadFile: 'ne_begin_request, ne_read_response_to_fd, ne_end_request',
    put: 'ne_set_request_body_buffer, ne_request_dispatch; a thread for each connection, not in batches',
    uploadFile: 'ne_set_request_body_fd, ne_request_dispatch',
  },
  version: () => `neon ${neon().version}`,
  command(operation, target, connections, { warmup, seconds }) {
    const { scheme, host, port, path, bodyLength, edge = '', file = '', ca = '' } = target;
    const args = [operation, scheme, host, port, path, bodyLength, edge, file, ca, connections, warmup, seconds];
    return { command: compileWithNeon('bench/c/loop.c', ['bench/c/operations.h']), args: args.map(String) };
  },
};
