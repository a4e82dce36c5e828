import { Agent, request } from 'node:http';
import { check, type ScriptPeer } from '../peer.js';

/** Node's old client with a keep-alive agent. */
export const nodeHttp: ScriptPeer = {
  name: 'node:http',
  calls: 'request with a keep-alive agent, body collected',
  async open(target, connections) {
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const { host, port, path } = target;
    const options = { agent, host, port, path, method: 'GET' };
    return {
      get: () =>
        new Promise((resolve, reject) => {
          const outgoing = request(options, (incoming) => {
            const blocks: Buffer[] = [];
            incoming.on('data', (block: Buffer) => blocks.push(block));
            incoming.on('error', reject);
            incoming.on('end', () => {
              check(target, incoming.statusCode ?? 0, Buffer.concat(blocks).length);
              resolve();
            });
          });
          outgoing.on('error', reject);
          outgoing.end();
        }),
      close: () => agent.destroy(),
    };
  },
};
