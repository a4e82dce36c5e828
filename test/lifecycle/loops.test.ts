/**
 * Tests that a loop of blocking calls does not leak memory if the caller frees its objects explicitly. The event loop
 * gets no turn during the loop.
 */
import { testPki } from '../servers/pki.js';
import type { LoopWorkload } from './children/loops.js';
import { expectEnd, full, nodes, reported, run } from './fork.js';
import { pathsServer } from './servers.js';

/**
 * The number of rounds, and the bytes that each round may add to the process. V8 and malloc add some bytes themselves.
 */
const workloads: readonly (readonly [LoopWorkload, rounds: number, most: number])[] = [
  ['names', 20_000, 200],
  ['handlers', 40_000, 100],
  ['addresses', 40_000, 75],
  ['hooks', 6_000, 500],
  ['verify', 1_400, 2_000],
];

jest.setTimeout(full ? 600_000 : 120_000);

describe.each(nodes)('Node %s', (_, node) => {
  test.each(workloads)('keeps memory constant over %s in a blocking loop', async (workload, rounds, most) => {
    const { port, tlsPort } = await pathsServer();
    const ended = await run('loops', [workload, rounds, port, tlsPort, testPki().ca.cert], {
      node,
      execArgv: ['--expose-gc'],
      killAfterMs: 100_000,
    });
    expectEnd(ended);
    const { grown } = reported<{ grown: number }>(ended);
    console.info(`${workload}: ${grown.toFixed(0)} bytes a round`);
    expect(grown).toBeLessThan(most);
  });
});
