/** Sessions that are busy with a promise for as long as a test needs. */
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { sessionWith, testServers } from './servers.js';

/** A session that has sent the request of its first call, and receives no response until `answer` is called. */
export interface Pending {
  readonly session: ne.ne_session;
  /** The request of the call, and the requests for the given paths. */
  readonly requests: ne.ne_request[];
  readonly call: Promise<number>;
  readonly answer: () => Promise<void>;
}

/** Returns a function that makes a pending session for the running test, with further requests for these paths. */
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
