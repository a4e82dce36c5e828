/**
 * other-addon.js PORT CA ADDON before|after|between|worker: sends HTTPS requests while the process also contains an
 * addon that uses the system's OpenSSL.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isMainThread, Worker } from 'node:worker_threads';
import type * as libneon from '../../../lib/index.js';
import { report, times } from './tools.js';

/** When the other addon is loaded: before libneon, after libneon, between requests, or in a worker during requests. */
export type Order = 'before' | 'after' | 'between' | 'worker';

const [, , port, ca, addon, order] = process.argv;
const tls = { ca: readFileSync(ca!), trustDefaultCA: true };
const load = createRequire(__filename);
const loadOther = (): unknown => load(addon!);

if (isMainThread) void main();
else loadOther();

async function main(): Promise<void> {
  if (order === 'before') loadOther();
  const { Session, versions } = load('../../../lib/index.js') as typeof libneon;
  if (order === 'after') loadOther();
  await use(Session);
  if (order === 'between') loadOther();
  if (order === 'worker') {
    const worker = new Worker(__filename, { argv: process.argv.slice(2) });
    await Promise.all([use(Session), new Promise((resolve, reject) => worker.on('exit', resolve).on('error', reject))]);
  }
  await use(Session);
  report({ tls: versions.tls });
}

async function use(Session: typeof libneon.Session): Promise<void> {
  await Promise.all(
    times(8, async () => {
      using session = new Session('https', 'localhost', Number(port), { tls });
      assert.equal(await (await session.request('GET', '/small')).text(), 'hello\n');
      assert.equal((await (await session.request('GET', '/large')).bytes()).length, 300_000);
    }),
  );
  using session = new Session('https', 'localhost', Number(port), { tls });
  assert.equal(session.requestSync('GET', '/small').textSync(), 'hello\n');
  using stranger = new Session('https', 'localhost', Number(port), { tls: { trustDefaultCA: false } });
  await assert.rejects(stranger.request('GET', '/small'), { code: 'ERR_NEON_CERTIFICATE', message: /certificate/i });
}
