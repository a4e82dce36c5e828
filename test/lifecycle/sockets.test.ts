/** Tests sockets that are garbage-collected, and processes and workers that end while calls on sockets wait. */
import type { Case } from './children/sockets.js';
import { expectEnd, nodes, repetitions, repeat, reported, run, timeToEnd, type Ended } from './fork.js';

jest.setTimeout(300_000);

/** Sockets exit like sessions, which have their own test, so fewer rounds suffice. */
const exits = Math.ceil(repetitions / 5);

describe.each(nodes)('Node %s', (_, node) => {
  const sockets = (name: Case): Promise<Ended> => run('sockets', [name], { node, execArgv: ['--expose-gc'] });

  test.each<Case>(['gc', 'tls', 'fin'])('releases dropped sockets (%s)', async (name) =>
    expectEnd(await sockets(name)),
  );

  test(`exits by process.exit() while all kinds of calls wait, ${exits} times`, () =>
    repeat(exits, async () => {
      const ended = await sockets('exit');
      expectEnd(ended, 5);
      expect(timeToEnd(ended)).toBeLessThan(1000);
    }));

  test('terminates workers in all kinds of calls', async () => {
    const ended = await sockets('terminate');
    expectEnd(ended);
    expect(reported<{ slowest: number }>(ended).slowest).toBeLessThan(1000);
  });
});
