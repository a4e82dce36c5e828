/** Many requests and many sessions leave the memory of the process as it was. */
import { fixedServer, response } from '../servers/raw.js';
import type { What } from './children/memory.js';
import { expectEnd, full, nodes, repeat, reported, run } from './fork.js';
import { untilTheEnd } from './servers.js';

const REQUESTS = full ? 200_000 : 20_000;
const CYCLES = full ? 20_000 : 2_000;
/** What noise there is of V8's and malloc's, in MiB. */
const NOISE = 12;
/** The young generation otherwise takes 16 MiB more at some time, whatever the program does. */
const execArgv = ['--expose-gc', '--max-semi-space-size=1'];

jest.setTimeout(full ? 1_200_000 : 120_000);

interface Figures {
  readonly before: number;
  readonly middle: number;
  readonly after: number;
  readonly seconds: number;
}

const whats: readonly (readonly [What, count: number, noise?: number])[] = [
  ['ne sync', REQUESTS],
  ['ne promises', REQUESTS],
  ['ne pull', REQUESTS],
  ['ne readers', REQUESTS],
  ['class sync', REQUESTS],
  ['class promises', REQUESTS],
  ['class aborts', REQUESTS / 4],
  // As many as it takes to meet a race at the end of a body. The noise is what was not yet collected of 300 KB each.
  ['bodies', full ? 100_000 : CYCLES, 40],
  ['bodies dropped', CYCLES],
  ['cycles destroyed', CYCLES],
  ['cycles promises', CYCLES],
  ['cycles dropped', CYCLES],
  ['certificate trust', CYCLES],
];

test.each(nodes)(`Node %s: ${REQUESTS} requests, ${CYCLES} sessions`, async (version, node) => {
  const small = untilTheEnd(await fixedServer());
  const large = untilTheEnd(await fixedServer(response('x'.repeat(300_000))));
  const lines: string[] = [];
  const grown: string[] = [];
  await repeat(whats.length, async (index) => {
    const [what, count, noise = NOISE] = whats[index]!;
    const ended = await run('memory', [what, count, small.port, large.port], {
      node,
      execArgv,
      killAfterMs: full ? 600_000 : 60_000,
    });
    expectEnd(ended);
    const { before, middle, after, seconds } = reported<Figures>(ended);
    lines.push(
      `${what}, ${count}: ${[before, middle, after].map((size) => size.toFixed(1)).join(' → ')} MiB, ${seconds.toFixed(1)} s`,
    );
    if (after - before > noise) grown.push(what);
  });
  console.info(`resident memory with Node ${version}:\n${lines.join('\n')}`);
  expect(grown).toEqual([]);
});
