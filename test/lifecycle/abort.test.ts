/** Tests that an abort at any stage frees the thread, closes the descriptors and frees the session. */
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Session } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { response, type RawServerOptions, type Step } from '../servers/raw.js';
import { failureOf } from '../support/expect.js';
import { exchange, stalling, testServers, thenAnswering } from '../support/servers.js';

const serve = testServers();
const ROUNDS = 20;
const big = response('x'.repeat(3_000_000));
const noReading: Step[] = [{ read: 'head' }, { hang: true }];
const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** The call that the test aborts, and the server that keeps the call waiting. */
interface Stage {
  readonly server: RawServerOptions;
  readonly start: (session: Session, signal: AbortSignal) => Promise<unknown>;
}

async function begun(session: Session): Promise<ne.ne_request> {
  const request = ne.ne_request_create(session.handle, 'GET', '/');
  if ((await promises.ne_begin_request(request)) !== ne.NE_OK) throw new Error(ne.ne_get_error(session.handle));
  return request;
}

const stages: Record<string, Stage> = {
  'in the queue': {
    server: thenAnswering([{ read: 'request' }, { delay: 60 }, { send: response('first') }]),
    start(session, signal) {
      const first = session.request('GET', '/first');
      return Promise.all([session.request('GET', '/queued', { signal }), first]);
    },
  },
  'waiting for the status line': {
    server: thenAnswering(stalling()),
    start: (session, signal) => session.request('GET', '/', { signal }),
  },
  'in the middle of the head': {
    server: thenAnswering(stalling('HTTP/1.1 200 OK\r\nX-Half: ')),
    start: (session, signal) => session.request('GET', '/', { signal }),
  },
  'in the middle of a response body': {
    server: thenAnswering([{ read: 'request' }, { send: big.slice(0, -1) }, { hang: 'reading' }]),
    start: async (session, signal) => (await session.request('GET', '/', { signal })).bytes(),
  },
  'in ne_read_response_block': {
    server: thenAnswering(stalling('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')),
    async start(session, signal) {
      const request = await begun(session);
      try {
        await promises.ne_read_response_block(request, Buffer.alloc(10), { signal });
      } finally {
        await promises.ne_request_destroy(request);
      }
    },
  },
  'in the middle of a request body': {
    server: thenAnswering(noReading),
    start: (session, signal) => session.request('PUT', '/', { body: Buffer.alloc(20_000_000), signal }),
  },
  'inside an asynchronous callback': {
    server: thenAnswering(exchange()),
    async start(session, signal) {
      const request = ne.ne_request_create(session.handle, 'GET', '/');
      ne.ne_add_response_body_reader(request, ne.ne_accept_2xx, () => new Promise<undefined>(() => undefined));
      try {
        await promises.ne_request_dispatch(request, { signal });
      } finally {
        await promises.ne_request_destroy(request);
      }
    },
  },
  'inside an asynchronous hook': {
    server: thenAnswering(exchange()),
    start(session, signal) {
      ne.ne_hook_pre_send(session.handle, async function hook() {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => setTimeout(resolve, 10)));
      });
      return session.request('GET', '/', { signal });
    },
  },
};

test.each(Object.entries(stages))(
  'an abort %s releases thread, descriptors and session',
  async (name, { server: options, start }) => {
    await serve(options); // starts the servers that the following rounds share
    const before = descriptors();
    for (let round = 0; round < ROUNDS; round++) {
      const server = await serve(options);
      const session = new Session('http', '127.0.0.1', server.port);
      try {
        const controller = new AbortController();
        const failure = failureOf(() => start(session, controller.signal));
        // A hook runs before anything is sent.
        if (!name.endsWith('hook')) await server.waitForRequests(1);
        await sleep(15);
        const abortedAt = performance.now();
        controller.abort();
        expect(await failure).toMatchObject({ name: 'AbortError' });
        expect(performance.now() - abortedAt).toBeLessThan(1000);
        if (!name.endsWith('hook')) {
          const next = await session.request('GET', '/next', { timeout: 5000 });
          expect([next.status, await next.text()]).toEqual([200, 'hello']);
        }
      } finally {
        session.destroy({ force: true });
      }
    }
    for (let waited = 0; descriptors() > before && waited < 3000; waited += 20) await sleep(20);
    expect(descriptors()).toBeLessThanOrEqual(before);
  },
);
