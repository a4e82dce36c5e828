/** Session pools for scripted servers, and responses of these servers. */
import { SessionPool, type SessionPoolOptions } from 'libneon';
import { type RawServer, type RawServerOptions, response, type Step } from '../servers/raw.js';
import { receivedBy } from './servers.js';

export function poolOf({ port }: { port: number }, options?: SessionPoolOptions): SessionPool {
  return new SessionPool(`http://127.0.0.1:${port}/`, options);
}

/** Answers a request after this number of milliseconds. */
export function slowOnce(ms: number): Step[] {
  return [{ read: 'request' }, { delay: ms }, { send: response('hello') }];
}

/** Answers every request on the connection after this number of milliseconds. */
export function slowly(ms: number): Step[] {
  return [{ repeat: 'forever', steps: slowOnce(ms) }];
}

export const every = (steps: readonly Step[]): RawServerOptions => ({ connections: [steps], rest: 'repeat-last' });
export const paths = (count: number): string[] => Array.from({ length: count }, (_, i) => `/${i}`);
export const long = response('x'.repeat(3_000_000));

/** The paths of the requests on each connection. */
export async function pathsAt(server: RawServer): Promise<string[][]> {
  return (await receivedBy(server)).map((text) => [...text.matchAll(/^\w+ (\S+) HTTP/gm)].map(([, path]) => path!));
}

export function counts({ size, idle, queued, liveRequests }: SessionPool): object {
  return { size, idle, queued, liveRequests };
}
