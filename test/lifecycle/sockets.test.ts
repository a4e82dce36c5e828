/** Sockets that are dropped, and processes and workers that end while calls on sockets wait. */
import type { Case } from './children/sockets.js';
import { expectEnd, nodes, repetitions, repeat, reported, run, timeToEnd, type Ended } from './fork.js';

jest.setTimeout(120_000);

describe.each(nodes)('Node %s', (_, node) => {
  const sockets = (name: Case): Promise<Ended> => run('sockets', [name], { node, execArgv: ['--expose-gc'] });

  test.each<Case>(['gc', 'tls', 'fin'])('dropped sockets (%s)', async (name) => expectEnd(await sockets(name)));

  test(`process.exit() while all kinds of calls wait, ${repetitions} times`, () =>
    repeat(repetitions, async () => {
      const ended = await sockets('exit');
      expectEnd(ended, 5);
      expect(timeToEnd(ended)).toBeLessThan(1000);
    }));

  test('terminate() of workers in all kinds of calls', async () => {
    const ended = await sockets('terminate');
    expectEnd(ended);
    expect(reported<{ slowest: number }>(ended).slowest).toBeLessThan(1000);
  });
});
