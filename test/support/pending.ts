/** Sessions with a pending promise. The test decides when the promise settles. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { sessionWith, testServers } from './servers.js';

/** A session that waits for the response to its first request. The server sends nothing until `answer` is called. */
export interface Pending {
  readonly session: ne.ne_session;
  /** The request of the pending call, followed by one unsent request for each given path. */
  readonly requests: ne.ne_request[];
  readonly call: Promise<number>;
  readonly answer: () => Promise<void>;
}

/**
 * Returns a function that creates a pending session for the running test. The session also gets one request for each
 * path.
 */
export function testPending(): (...requests: string[]) => Promise<Pending> {
  const serve = testServers();
  return async (...requests) => {
    const server = await serve({ connections: [[{ read: 'request' }, { hang: true }]] });
    const session = sessionWith(server);
    const made = ['/pending', ...requests].map((path) => ne.ne_request_create(session, 'GET', path));
    const call = promises.ne_request_dispatch(made[0]!);
    await server.waitForRequests(1);
    const answer = async (): Promise<void> => {
      await server.stop();
      await call;
    };
    return { session, requests: made, call, answer };
  };
}
