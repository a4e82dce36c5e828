/**
 * shared-lane.js: counts the threads of many sessions that request at the same time over kept connections, after the
 * threads that opened the connections have ended.
 */
import { features, Session } from '../../../lib/index.js';
import { rawServer, response } from '../../servers/raw.js';
import { report, threads, threadsAtRest, times, untilThreads } from './tools.js';

const COUNT = 50;

async function main(): Promise<void> {
  const answer = [{ read: 'request' }, { delay: 200 }, { send: response('hello') }] as const;
  const server = await rawServer({ connections: [[{ repeat: 'forever', steps: answer }]], rest: 'repeat-last' });
  const sessions = times(COUNT, () => new Session('http', '127.0.0.1', server.port));
  const before = await threadsAtRest();
  const request = () => Promise.all(sessions.map(async (session) => (await session.request('GET', '/')).text()));

  await request();
  await untilThreads(before + 1, 12_000); // the watchdog's thread may be left
  const requests = request();
  await server.waitForRequests(2 * COUNT);
  const during = threads() - before;
  await requests;
  for (const session of sessions) session.destroy();
  await untilThreads(before, 12_000);
  await server.stop();
  report({ sharedLane: features.sharedLane, during });
}

void main();
