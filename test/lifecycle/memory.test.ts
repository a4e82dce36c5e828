/** Tests that memory does not grow over many requests and sessions. */
import { fixedServer, response } from '../servers/raw.js';
import type { Workload } from './children/memory.js';
import { expectEnd, full, nodes, repeat, reported, run } from './fork.js';
import { untilTheEnd } from './servers.js';

const REQUESTS = full ? 200_000 : 20_000;
const CYCLES = full ? 20_000 : 2_000;
/** The noise of V8 and malloc, in MiB. */
const NOISE = 12;
/** Keeps V8's young generation small. It would otherwise grow by 16 MiB at an unpredictable time. */
const execArgv = ['--expose-gc', '--max-semi-space-size=1'];

jest.setTimeout(full ? 1_200_000 : 600_000);

interface Figures {
  readonly before: number;
  readonly middle: number;
  readonly after: number;
  readonly seconds: number;
}

const workloads: readonly (readonly [Workload, count: number, noise?: number])[] = [
  ['ne sync', REQUESTS],
  ['ne promises', REQUESTS],
  ['ne pull', REQUESTS],
  ['ne readers', REQUESTS],
  ['class sync', REQUESTS],
  ['class promises', REQUESTS],
  ['class aborts', REQUESTS / 4],
  // The bodies need many runs to trigger a race at their end. The limit for growth is higher because bodies of 300 KB
  // may still be uncollected.
  ['bodies', full ? 100_000 : CYCLES, 40],
  ['bodies dropped', CYCLES],
  ['cycles destroyed', CYCLES],
  ['cycles promises', CYCLES],
  ['cycles dropped', CYCLES],
  ['certificate trust', CYCLES],
];

test.each(nodes)(
  `keeps memory constant with Node %s over ${REQUESTS} requests and ${CYCLES} sessions`,
  async (version, node) => {
    const small = untilTheEnd(await fixedServer());
    const large = untilTheEnd(await fixedServer(response('x'.repeat(300_000))));
    const lines: string[] = [];
    const grown: string[] = [];
    await repeat(workloads.length, async (index) => {
      const [workload, count, noise = NOISE] = workloads[index]!;
      const ended = await run('memory', [workload, count, small.port, large.port], {
        node,
        execArgv,
        killAfterMs: full ? 600_000 : 240_000,
      });
      expectEnd(ended);
      const { before, middle, after, seconds } = reported<Figures>(ended);
      lines.push(
        `${workload}, ${count}: ${[before, middle, after].map((size) => size.toFixed(1)).join(' → ')} MiB, ${seconds.toFixed(1)} s`,
      );
      if (after - before > noise) grown.push(workload);
    });
    console.info(`resident memory with Node ${version}:\n${lines.join('\n')}`);
    expect(grown).toEqual([]);
  },
);
