/**
 * queued.js PORT SECONDS: makes many listings and requests wait on each of a few sessions, again and again, against a
 * server whose every response is an empty listing. When one operation ends on the JavaScript thread, the lane already
 * runs the next one.
 */
import assert from 'node:assert/strict';
import { Session } from '../../../lib/index.js';
import { report, times } from './tools.js';

const [, , port, seconds] = process.argv;

async function main(): Promise<void> {
  const end = performance.now() + 1000 * Number(seconds);
  const sessions = times(3, () => Session.open(`http://127.0.0.1:${port!}/`));
  let calls = 0;
  while (performance.now() < end) {
    const batches = sessions.map((session) =>
      Promise.all(times(100, (index) => (index % 10 === 0 ? session.discoverLocks('/') : session.propfind('/')))),
    );
    for (const results of await Promise.all(batches)) calls += results.length;
  }
  assert(calls > 0);
  report({ calls });
  await Promise.all(sessions.map((session) => session.close()));
}

void main();
