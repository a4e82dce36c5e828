/** Tests that handles can be garbage-collected in any order, without being destroyed first. */
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
    'collects 1000 callbacks that close over their own handles (%s)',
    gc,
  );

  test('collects 2000 parsers whose callbacks close over them, used or not', () => gc('parsers'));

  test('closes the connection of a collected session', () => gc('fin'));

  test('discards the unread body of a request that is collected between begin and end', () => gc('begun'));

  test('settles a promise whose handles have all been collected', () => gc('pending'));

  test('frees a session as soon as a body was read to its end', () => gc('free'));

  test('frees the sessions of responses that are collected half-read', () => gc('streams'));

  test('frees the sessions of PROPFINDs whose iterators are collected half-read', () => gc('listings'));

  test(`survives ${SEEDS} × ${ROUNDS} random rounds of creating, using, destroying, dropping and collecting`, async () => {
    await repeat(SEEDS, async (index) => {
      const args = [index + 1, ROUNDS, paths.port, paths.tlsPort, testPki().ca.cert];
      expectEnd(await run('torture', args, { node, execArgv, killAfterMs: 100_000 }));
    });
  });
});
