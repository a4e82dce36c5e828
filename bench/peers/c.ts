import { compileWithNeon } from '../../test/oracle/compile.js';
import type { ProgramPeer } from '../peer.js';

/** neon itself: what no binding can be faster than. */
export const c: ProgramPeer = {
  name: 'C',
  calls: 'ne_request_create, dispatch, destroy; a thread for each connection',
  command({ scheme, host, port, path }, connections, { warmup, seconds }) {
    const args = [scheme, host, port, path, connections, warmup, seconds];
    return { command: compileWithNeon('bench/c/loop.c'), args: args.map(String) };
  },
};
