/** Creates sessions that block forever, each at a chosen stage of a call. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Session } from '../../../lib/index.js';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { times } from './tools.js';

/** The servers that the blocked calls use. The test starts these servers. */
export interface Ports {
  /** Accepts and reads, but never responds. */
  readonly silent: number;
  /** Never accepts: its queue is full. */
  readonly backlog: number;
  /** Sends endless bodies. */
  readonly endless: number;
  /** Responds `hello`. */
  readonly good: number;
  /** Responds `hello` to the first request of each connection, and to no other. */
  readonly once: number;
}

const tls = { trustDefaultCA: false };
const host = '127.0.0.1';

/** The stages at which promises wait. */
export const places = {
  /** Waits for a response. */
  response: ({ silent }: Ports) => new Session('http', host, silent).request('GET', '/'),
  /** Waits for a response on a kept connection: on the shared lane, if there is one. */
  kept: async ({ once }: Ports) => {
    const session = new Session('http', host, once);
    await session.request('GET', '/');
    return session.request('GET', '/');
  },
  /** Waits for the server's side of a TLS handshake. */
  handshake: ({ silent }: Ports) => new Session('https', host, silent, { tls }).request('GET', '/'),
  /** Waits for a connection. */
  connect: ({ backlog }: Ports) => new Session('http', host, backlog).request('GET', '/'),
  /** Waits for JavaScript to read a body that streams. */
  room: async ({ endless }: Ports) => {
    const response = await new Session('http', host, endless).request('GET', '/');
    await new Promise((resolve) => response.body.once('readable', resolve));
    await new Promise(() => {});
  },
  /** Waits for the promise of a callback. */
  answer: ({ good }: Ports) => {
    const request = ne.ne_request_create(ne.ne_session_create('http', host, good), 'GET', '/');
    ne.ne_add_response_body_reader(request, ne.ne_accept_always, () => new Promise(() => {}));
    return promises.ne_request_dispatch(request);
  },
} satisfies Record<string, (ports: Ports) => Promise<unknown>>;

/** The name of a stage. */
export type Place = keyof typeof places;

/** Starts `count` calls and gives them a moment to reach the stage at which they wait. */
export async function block(place: Place, count: number, ports: Ports): Promise<void> {
  const waiting = times(count, () => places[place](ports));
  for (const one of waiting) void one.catch(() => {});
  const outcome = await Promise.race([...waiting, sleep(300, null)]);
  if (outcome !== null) throw new Error(`a call that should wait has ended: ${JSON.stringify(outcome)}`);
}

/** Calls of the blocking surface that never return. */
export const syncPlaces = {
  response: ({ silent }: Ports) => void new Session('http', host, silent).requestSync('GET', '/'),
  handshake: ({ silent }: Ports) => void new Session('https', host, silent, { tls }).requestSync('GET', '/'),
  connect: ({ backlog }: Ports) => void new Session('http', host, backlog).requestSync('GET', '/'),
  /** Reads an endless body, with a callback for each block. */
  reader: ({ endless }: Ports) => {
    const request = ne.ne_request_create(ne.ne_session_create('http', host, endless), 'GET', '/');
    ne.ne_add_response_body_reader(request, ne.ne_accept_always, () => {});
    ne.ne_request_dispatch(request);
  },
  /** Stays in a callback forever. */
  callback: ({ good }: Ports) => {
    const request = ne.ne_request_create(ne.ne_session_create('http', host, good), 'GET', '/');
    ne.ne_add_response_body_reader(request, ne.ne_accept_always, () => {
      for (;;);
    });
    ne.ne_request_dispatch(request);
  },
} satisfies Record<string, (ports: Ports) => void>;

/** The name of a blocking call. */
export type SyncPlace = keyof typeof syncPlaces;

/** Parses the ports from an argument of the script. */
export function portsFrom(text: string | undefined): Ports {
  return JSON.parse(text!) as Ports;
}
