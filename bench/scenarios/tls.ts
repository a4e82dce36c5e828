/** Defines the scenarios over TLS: the cost of a connection, and the cost of a request on it. */
import { smallFile, startNginx } from '../../test/servers/nginx.js';
import { testPki } from '../../test/servers/pki.js';
import type { Scenario, Served } from '../scenario.js';
import { smallBodies } from './reasons.js';

/** A connection for each request. */
export const handshakes: Scenario = {
  name: 'handshakes',
  about: 'a TLS connection, GET of 12 bytes, the end of the connection, one after the other',
  connections: 1,
  operation: 'connect',
  reasons: smallBodies,
  serve,
};

/** One request after the other on one connection. */
export const tlsSequential: Scenario = {
  name: 'tls-sequential',
  about: 'GET of 12 bytes, one TLS connection, one request after the other',
  connections: 1,
  operation: 'get',
  reasons: smallBodies,
  serve,
};

async function serve(): Promise<Served> {
  const nginx = await startNginx({ tls: true });
  const { path, body } = smallFile;
  return {
    target: {
      scheme: 'https',
      host: '127.0.0.1',
      port: nginx.tlsPort,
      origin: nginx.tlsOrigin,
      path,
      bodyLength: body.length,
      ca: testPki().ca.cert,
    },
    stop: () => nginx.stop(),
  };
}
