/** Implements the peer libneon/ne/promises. */
import type { ne_session } from 'libneon/ne';
import { check } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { ownVersion } from '../versions.js';

const without = { without: 'makes the calls of libneon/ne, each with a promise' } as const;

/** neon's calls on lanes: a session, and so a thread, for each connection. */
export const nePromises: ScriptPeer = {
  name: 'libneon/ne/promises',
  calls: {
    get: 'ne_request_create, await ne_request_dispatch, ne_request_destroy',
    connect: 'ne_session_create, ne_ssl_trust_cert, calls as for get, ne_session_destroy',
    downloadBytes: without,
    downloadStream: without,
    downloadFile: without,
    put: { without: 'has no pool' },
    uploadFile: without,
    start: "require('libneon/ne/promises')",
  },
  version: ownVersion,
  async open(target, connections) {
    const ne = await import('libneon/ne');
    const { ne_request_dispatch } = await import('libneon/ne/promises');
    const ca = target.ca === undefined ? null : ne.ne_ssl_cert_read(target.ca);
    const open = (): ne_session => {
      const session = ne.ne_session_create(target.scheme, target.host, target.port);
      if (ca) ne.ne_ssl_trust_cert(session, ca);
      return session;
    };
    const get = async (session: ne_session): Promise<void> => {
      const request = ne.ne_request_create(session, 'GET', target.path);
      if ((await ne_request_dispatch(request)) !== ne.NE_OK) throw new Error(ne.ne_get_error(session));
      check(target, ne.ne_get_status(request).code);
      ne.ne_request_destroy(request);
    };
    const sessions = Array.from({ length: connections }, open);
    return {
      get: (connection) => get(sessions[connection]!),
      async connect() {
        const own = open();
        await get(own);
        ne.ne_session_destroy(own);
      },
      close: () => sessions.forEach((session) => ne.ne_session_destroy(session)),
    };
  },
};
