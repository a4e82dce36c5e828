import { check, checkBytes, checkFile, checkUpload } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { count } from '../streams.js';

/** The classes: a session for each connection. */
export const libneon: ScriptPeer = {
  name: 'libneon',
  calls: {
    get: "await session.request('GET', path), await response.bytes()",
    downloadBytes: "await session.request('GET', path), await response.bytes()",
    downloadStream: "await session.request('GET', path), for await (const block of response.body)",
    downloadFile: "await session.request('GET', path), await response.toFile(file)",
    uploadFile: "await session.request('PUT', path, { body: { file } })",
  },
  async open(target, connections) {
    const { Session } = await import('libneon');
    const { path } = target;
    const file = target.file!;
    const sessions = Array.from({ length: connections }, () => new Session(target.scheme, target.host, target.port));
    return {
      async get(connection) {
        const response = await sessions[connection]!.request('GET', path);
        check(target, response.status, (await response.bytes()).length);
      },
      async downloadBytes(connection) {
        const response = await sessions[connection]!.request('GET', path);
        checkBytes(target, response.status, await response.bytes());
      },
      async downloadStream(connection) {
        const { status, body } = await sessions[connection]!.request('GET', path);
        await count(target, status, body);
      },
      async downloadFile(connection) {
        const response = await sessions[connection]!.request('GET', path);
        await response.toFile(file);
        checkFile(target, response.status);
      },
      async uploadFile(connection) {
        const { status, headers } = await sessions[connection]!.request('PUT', path, { body: { file } });
        checkUpload(target, status, headers['received']);
      },
      close: () => sessions.forEach((session) => session.destroy()),
    };
  },
};
