/** Tests sockets that are garbage-collected. Also tests processes and workers that end during calls on sockets. */
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import * as ne from 'libneon/ne';
import { describeWith, requireProgram } from '../servers/packages.js';
import { projectRoot, scratchDirectory } from '../servers/start.js';
import type { Case } from './children/sockets.js';
import { expectEnd, nodes, repetitions, repeat, reported, run, timeToEnd, type Ended } from './fork.js';
import { removeAtTheEnd } from './servers.js';

jest.setTimeout(300_000);

/** A few rounds are enough. An exit takes the same path for sockets as for sessions, which have their own test. */
const exits = Math.ceil(repetitions / 5);

describe.each(nodes)('Node %s', (_, node) => {
  const sockets = (name: Case): Promise<Ended> => run('sockets', [name], { node, execArgv: ['--expose-gc'] });

  test.each<Case>(['gc', 'tls', 'fin'])('releases dropped sockets (%s)', async (name) =>
    expectEnd(await sockets(name)),
  );

  test('does not take the time in which the process was stopped for a stall', async () =>
    expectEnd(await sockets('stopped')));

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

describeWith('cc', 'a machine that answers poll(2) late', () => {
  let library: string;

  beforeAll(() => {
    library = path.join(removeAtTheEnd(scratchDirectory('late-poll')), 'late-poll.so');
    const source = path.join(projectRoot, 'test', 'lifecycle', 'late-poll.c');
    execFileSync(requireProgram('cc'), ['-shared', '-fPIC', '-Wall', '-Wextra', '-Werror', '-o', library, source], {
      stdio: 'inherit',
    });
  });

  test('times out in calls that the watchdog ends', async () => {
    const ended = await run('sockets', ['late'], { env: { LD_PRELOAD: library } });

    expectEnd(ended);
    expect(reported<{ codes: number[] }>(ended).codes).toEqual([ne.NE_SOCK_TIMEOUT, ne.NE_SOCK_TIMEOUT]);
  });
});
