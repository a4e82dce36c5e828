/** Handles that are dropped instead of destroyed, in any order. */
import { testPki } from '../servers/pki.js';
import { fixedServer, response } from '../servers/raw.js';
import type { Case } from './children/gc.js';
import type { PathsStarted } from './children/paths-server.js';
import { expectEnd, full, nodes, repeat, run } from './fork.js';
import { pathsServer, untilTheEnd } from './servers.js';

const execArgv = ['--expose-gc'];
const SEEDS = full ? 40 : 4;
const ROUNDS = full ? 2000 : 500;

jest.setTimeout(120_000 * (full ? 20 : 1));

let port: number;
let paths: PathsStarted;
beforeAll(async () => {
  ({ port } = untilTheEnd(await fixedServer(response('hello\n'))));
  paths = await pathsServer();
});

describe.each(nodes)('Node %s', (_, node) => {
  const gc = async (name: Case): Promise<void> => expectEnd(await run('gc', [name, port], { node, execArgv }));

  test.each<Case>(['unused', 'used-sync', 'used-promises', 'classes'])(
    '1000 callbacks that close over their own handles are collected (%s)',
    gc,
  );

  test('2000 parsers whose callbacks close over them are collected, whether they were used or not', () => gc('parsers'));

  test('the connection of a dropped session closes', () => gc('fin'));

  test('a request that is dropped between begin and end takes its unread body with it', () => gc('begun'));

  test('a promise is settled when all its handles were dropped', () => gc('pending'));

  test('a session is free as soon as a body was read to its end', () => gc('free'));

  test('responses that are dropped half-way set their sessions free', () => gc('streams'));

  test('listings whose iterators are dropped half-way set their sessions free', () => gc('listings'));

  test(`${SEEDS} × ${ROUNDS} random rounds of making, using, destroying, dropping and collecting`, async () => {
    await repeat(SEEDS, async (index) => {
      const args = [index + 1, ROUNDS, paths.port, paths.tlsPort, testPki().ca.cert];
      expectEnd(await run('torture', args, { node, execArgv, killAfterMs: 100_000 }));
    });
  });
});
