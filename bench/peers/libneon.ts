/** Implements the peer that uses the classes. */
import { readFileSync } from 'node:fs';
import type { Session, SessionPool } from 'libneon';
import { bodyOf, check, checkBytes, checkFile, checkUpload } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { count } from '../streams.js';
import { ownVersion } from '../versions.js';

/** The classes: a session for each connection. */
export const libneon: ScriptPeer = {
  name: 'libneon',
  calls: {
    get: "await session.request('GET', path), await response.bytes()",
    blocking: "session.requestSync('GET', path), response.bytesSync()",
    connect: 'new Session, calls as for get, session.destroy()',
    downloadBytes: "await session.request('GET', path), await response.bytes()",
    downloadStream: "await session.request('GET', path), for await (const block of response.body)",
    downloadFile: "await session.request('GET', path), await response.toFile(file)",
    put: "await pool.request('PUT', path, { body }), a SessionPool",
    uploadFile: "await session.request('PUT', path, { body: { file } })",
    start: "require('libneon')",
  },
  version: ownVersion,
  async open(target, connections) {
    const { Certificate, Session, SessionPool: Pool } = await import('libneon');
    const { path } = target;
    const file = target.file!;
    const ca = target.ca === undefined ? undefined : Certificate.fromPEM(readFileSync(target.ca));
    const tls = ca && { ca: [ca], trustDefaultCA: false };
    const open = (): Session => new Session(target.scheme, target.host, target.port, { tls });
    const sessions = Array.from({ length: connections }, open);
    const body = bodyOf(target);
    let pool: SessionPool | undefined;
    return {
      async get(connection) {
        const response = await sessions[connection]!.request('GET', path);
        check(target, response.status, (await response.bytes()).length);
      },
      blocking() {
        const response = sessions[0]!.requestSync('GET', path);
        check(target, response.status, response.bytesSync().length);
        return undefined;
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
      async put() {
        pool ??= new Pool(target.origin, { connections });
        const { status, headers } = await pool.request('PUT', path, { body });
        checkUpload(target, status, headers['received']);
      },
      async uploadFile(connection) {
        const { status, headers } = await sessions[connection]!.request('PUT', path, { body: { file } });
        checkUpload(target, status, headers['received']);
      },
      close() {
        sessions.forEach((session) => session.destroy());
        pool?.destroy();
      },
    };
  },
};
