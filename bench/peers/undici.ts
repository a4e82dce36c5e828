import { check, type ScriptPeer } from '../peer.js';

/** undici's own recommendation for many requests to one origin. */
export const undici: ScriptPeer = {
  name: 'undici',
  calls: 'await pool.request, await body.bytes()',
  async open(target, connections) {
    const { Pool } = await import('undici');
    const pool = new Pool(target.origin, { connections });
    const options = { method: 'GET', path: target.path } as const;
    return {
      async get() {
        const { statusCode, body } = await pool.request(options);
        check(target, statusCode, (await body.bytes()).length);
      },
      close: () => pool.close(),
    };
  },
};
