/** Implements the peer that uses the classes. */
import { readFileSync } from 'node:fs';
import type { Session } from 'libneon';
import { check, checkBytes, checkFile, checkUpload } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { count } from '../streams.js';

/** The classes: a session for each connection. */
export const libneon: ScriptPeer = {
  name: 'libneon',
  calls: {
    get: "await session.request('GET', path), await response.bytes()",
    connect: 'new Session, calls as for get, session.destroy()',
    downloadBytes: "await session.request('GET', path), await response.bytes()",
    downloadStream: "await session.request('GET', path), for await (const block of response.body)",
    downloadFile: "await session.request('GET', path), await response.toFile(file)",
    uploadFile: "await session.request('PUT', path, { body: { file } })",
  },
  async open(target, connections) {
    const { Certificate, Session } = await import('libneon');
    const { path } = target;
    const file = target.file!;
    const ca = target.ca === undefined ? undefined : Certificate.fromPEM(readFileSync(target.ca));
    const tls = ca && { ca: [ca], trustDefaultCA: false };
    const open = (): Session => new Session(target.scheme, target.host, target.port, { tls });
    const sessions = Array.from({ length: connections }, open);
    return {
      async get(connection) {
        const response = await sessions[connection]!.request('GET', path);
        check(target, response.status, (await response.bytes()).length);
      },
      async connect() {
        const own = open();
        const response = await own.request('GET', path);
        check(target, response.status, (await response.bytes()).length);
        own.destroy();
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
