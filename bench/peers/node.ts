/** Implements the peer that starts Node without a client. */
import type { ScriptPeer } from '../peer.js';

/** The least that a start can cost. */
export const node: ScriptPeer = {
  name: 'Node alone',
  calls: { start: '// an empty script' },
  version: () => `Node ${process.version}`,
  async open() {
    return { close() {} };
  },
};
