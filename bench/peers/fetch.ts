import { check, type ScriptPeer } from '../peer.js';

/** The global fetch, which keeps as many connections as there are requests at once. */
export const globalFetch: ScriptPeer = {
  name: 'fetch',
  calls: 'await fetch, await response.arrayBuffer()',
  async open(target) {
    const url = target.origin + target.path;
    return {
      async get() {
        const response = await fetch(url);
        check(target, response.status, (await response.arrayBuffer()).byteLength);
      },
      close() {},
    };
  },
};
