/**
 * Tests that functions, methods and options with random arguments neither crash nor hang, and that each error has a
 * code.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { pem, testPki } from '../servers/pki.js';
import { scratchDirectory } from '../servers/start.js';
import { answering, testServers } from '../support/servers.js';
import { full, run } from './fork.js';

const serve = testServers();
const folder = scratchDirectory('random-arguments');
const ca = path.join(folder, 'ca.pem');
writeFileSync(ca, pem(testPki().ca.cert));

test.each([
  ['classes', 1],
  ['classes', 2],
  ['ne', 3],
])('are answered by %s with errors that have a code (seed %i)', async (surface, seed) => {
  const server = await serve(answering());
  const count = full ? 500_000 : 12_000;
  const { code, signal, stdout, stderr } = await run('random-arguments', [surface, seed, count, server.port, ca], {
    killAfterMs: full ? 3_600_000 : 180_000,
    env: { SCRATCH: folder },
  });
  expect({ code, signal, stderr: stderr.slice(-2000) }).toEqual({ code: 0, signal: null, stderr: '' });
  const last = stdout.trim().split('\n').at(-1)!;
  const { calls, failures, results, wrong } = JSON.parse(last.slice(last.indexOf('{"calls"'))) as Record<
    string,
    unknown
  >;
  expect(wrong).toEqual([]);
  expect(calls).toBe(count);
  expect(failures).toBeGreaterThan(count / 10);
  expect(results).toBeGreaterThan(count / 100);
});
