/** Tests workers that end during their own calls, and processes that end during calls of workers. */
import type { Case, End, Wait } from './children/terminate.js';
import { expectEnd, nodes, repeat, reported, run, timeToEnd } from './fork.js';
import { blockedPorts } from './servers.js';

jest.setTimeout(240_000);

let ports: string;
beforeAll(async () => {
  ports = await blockedPorts();
});

const promised: readonly Wait[] = ['response', 'kept', 'handshake', 'connect', 'room', 'answer'];
const sync: readonly Wait[] = ['sync-response', 'sync-handshake', 'sync-connect', 'sync-reader', 'sync-callback'];

describe.each(nodes)('Node %s', (_, node) => {
  const end = (...cases: Case[]) => run('terminate', [ports, JSON.stringify(cases)], { node });

  async function expectQuick(...cases: Case[]): Promise<void> {
    const ended = await end(...cases);
    expectEnd(ended);
    expect(reported<{ slowest: number }>(ended).slowest).toBeLessThan(1000);
  }

  test.each(promised)(
    'ends a worker by terminate(), process.exit() and an exception while 100 promises wait for %s',
    async (wait) => {
      const ends: readonly End[] = ['terminate', 'exit', 'throw'];
      await repeat(ends.length, (index) => expectQuick([ends[index]!, wait]));
    },
  );

  test('terminates a worker inside a blocking call', () =>
    repeat(sync.length, (index) => expectQuick(['terminate', sync[index]!])));

  test('terminates five workers in all kinds of blocking calls', () =>
    expectQuick(...sync.map((wait): Case => ['terminate', wait])));

  test('terminates workers that wait for all kinds of promises', () =>
    expectQuick(...promised.map((wait): Case => ['terminate', wait])));

  test.each([
    ['promises', promised],
    ['blocking calls', sync],
    ['both', ['response', 'handshake', 'sync-response', 'sync-handshake'] as const],
  ])('exits by process.exit() while workers wait in %s', async (_, waits) => {
    const ended = await end(...waits.map((wait): Case => ['process', wait]));

    expectEnd(ended, 5);
    expect(timeToEnd(ended)).toBeLessThan(1000);
  });
});
