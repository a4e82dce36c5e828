/**
 * copies.js PORTS END FOLDER…: loads a copy of the package from each FOLDER into one process. Tests both blocking
 * requests and promises with each copy. END is `exit` (the process exits while calls wait) or `natural`.
 */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import path from 'node:path';
import type * as libneon from '../../../lib/index.js';
import type * as ne from '../../../lib/ne/index.js';
import type { Ports } from './blocked.js';
import { report, reportEnding, threadsAtRest, times, untilThreads } from './tools.js';

type Libneon = typeof libneon;
const load = createRequire(__filename);
const [, , portsText, end, ...folders] = process.argv;
void main(JSON.parse(portsText!) as Ports);

async function main(ports: Ports): Promise<void> {
  const before = await threadsAtRest();
  const copies = folders.map((folder) => load(path.join(folder, path.sep)) as Libneon);
  assert.equal(new Set(copies.map(({ Session }) => Session)).size, folders.length);

  for (const copy of copies) assert(copy.features.interrupt);
  await Promise.all(times(20, (index) => use(copies[index % copies.length]!, ports)));
  refuseStrangers(copies, ports);
  await abort(copies, ports);
  await untilThreads(before + copies.length, 1000); // the watchdog's thread of each copy may be left
  report({ interrupt: copies.map(({ features }) => features.interrupt) });

  if (end === 'natural') return;
  for (const waiting of times(24, (index) => wait(copies[index % copies.length]!, ports))) void waiting.catch(() => {});
  await use(copies[0]!, ports);
  reportEnding();
  process.exit(0);
}

async function use({ Session }: Libneon, { good }: Ports): Promise<void> {
  using session = new Session('http', '127.0.0.1', good);
  assert.equal(session.requestSync('GET', '/').textSync(), 'hello\n');
  assert.equal(await (await session.request('GET', '/')).text(), 'hello\n');
}

/** Checks that a copy refuses handles of another copy. The two copies may define their C++ classes differently. */
function refuseStrangers(copies: Libneon[], { good }: Ports): void {
  const session = new copies[0]!.Session('http', '127.0.0.1', good);
  const { ne_close_connection } = load(path.join(folders[1]!, 'dist', 'lib', 'ne', 'index.js')) as typeof ne;
  assert.throws(() => ne_close_connection(session.handle), { code: 'ERR_INVALID_ARG_TYPE' });
  session.destroy();
}

/** Checks that one abort cancels calls in all copies and closes their sockets. */
async function abort(copies: Libneon[], ports: Ports): Promise<void> {
  const controller = new AbortController();
  const sessions: libneon.Session[] = [];
  const waiting = times(8, (index) =>
    wait(copies[index % copies.length]!, ports, { signal: controller.signal, sessions }),
  );
  const outcomes = Promise.allSettled(waiting);
  await use(copies[1]!, ports);
  controller.abort();
  for (const { status } of await outcomes) assert.equal(status, 'rejected');
  for (const session of sessions) session.destroy();
}

function wait(
  { Session }: Libneon,
  { silent }: Ports,
  options: { signal?: AbortSignal; sessions?: libneon.Session[] } = {},
): Promise<unknown> {
  const session = new Session('http', '127.0.0.1', silent);
  options.sessions?.push(session);
  return session.request('GET', '/', options);
}
