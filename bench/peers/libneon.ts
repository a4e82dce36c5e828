import { check, type ScriptPeer } from '../peer.js';

/** The classes: a session for each connection. */
export const libneon: ScriptPeer = {
  name: 'libneon',
  calls: "await session.request('GET', path), await response.bytes()",
  async open(target, connections) {
    const { Session } = await import('libneon');
    const sessions = Array.from({ length: connections }, () => new Session(target.scheme, target.host, target.port));
    return {
      async get(connection) {
        const response = await sessions[connection]!.request('GET', target.path);
        check(target, response.status, (await response.bytes()).length);
      },
      close: () => sessions.forEach((session) => session.destroy()),
    };
  },
};
