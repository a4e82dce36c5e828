/** reload.js PORTS: loads the package several times in one environment. Jest's module registry does the same. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import type * as libneon from '../../../lib/index.js';
import type { Ports } from './blocked.js';
import { report, threadsAtRest, times, untilThreads } from './tools.js';

type Libneon = typeof libneon;
const load = createRequire(__filename);
void main(JSON.parse(process.argv[2]!) as Ports);

async function main(ports: Ports): Promise<void> {
  const before = await threadsAtRest();
  const loads = times(5, loadAgain);
  assert.equal(new Set(loads.map(({ NeonError }) => NeonError)).size, loads.length);

  const controller = new AbortController();
  const sessions = loads.flatMap(({ Session }) => times(2, () => new Session('http', '127.0.0.1', ports.silent)));
  const waiting = Promise.allSettled(sessions.map((session) => session.request('GET', '/', controller)));
  await Promise.all(loads.map((loaded) => use(loaded, ports)));
  controller.abort();
  for (const { status } of await waiting) assert.equal(status, 'rejected');
  for (const session of sessions) session.destroy();
  await untilThreads(before + 1, 1000); // the watchdog's thread may be left
  await use(loadAgain(), ports);
  report({ loads: loads.length });
}

/** Removes the package and its addon from the module cache, then loads the package again. */
function loadAgain(): Libneon {
  for (const file of Object.keys(load.cache)) {
    if (/[/\\]lib[/\\]|\.node$/.test(file)) Reflect.deleteProperty(load.cache, file);
  }
  return load('../../../lib/index.js') as Libneon;
}

/** The package is loaded several times. Checks that an error belongs to the NeonError class of its own copy. */
async function use({ Session, NeonError }: Libneon, { good }: Ports): Promise<void> {
  const session = new Session('http', '127.0.0.1', good);
  const waiting = session.request('GET', '/');
  assert.throws(
    () => session.closeConnection(),
    (error) => error instanceof NeonError && error.code === 'ERR_NEON_BUSY',
  );
  assert.equal(await (await waiting).text(), 'hello\n');
  assert.equal(session.requestSync('GET', '/').textSync(), 'hello\n');
  session.destroy();
}
