/** Tests that handles can be garbage-collected in any order, without being destroyed first. */
import { fixedServer, response } from '../servers/raw.js';
import type { Case } from './children/gc.js';
import { expectEnd, nodes, run } from './fork.js';
import { untilTheEnd } from './servers.js';

const execArgv = ['--expose-gc'];

jest.setTimeout(120_000);

let port: number;
beforeAll(async () => {
  ({ port } = untilTheEnd(await fixedServer(response('hello\n'))));
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
});
