/** Tests which threads run the requests of many sessions. */
import { expectEnd, nodes, reported, run } from './fork.js';

jest.setTimeout(120_000);

interface Figures {
  readonly sharedLane: boolean;
  /** The number of further threads during 50 requests on kept connections. */
  readonly during: number;
}

const figures = async (node: string, setting: string): Promise<Figures> => {
  const ended = await run('shared-lane', [], { node, env: { NEON_SHARED_LANE: setting } });
  expectEnd(ended);
  return reported<Figures>(ended);
};

describe.each(nodes)('Node %s with 50 sessions on kept connections', (_, node) => {
  test('needs few threads with the shared lane', async () => {
    const { sharedLane, during } = await figures(node, '1');
    if (sharedLane) expect(during).toBeLessThanOrEqual(2);
    else expect(during).toBeGreaterThanOrEqual(50);
  });

  test('needs a thread for each session without it', async () => {
    const { sharedLane, during } = await figures(node, '0');
    expect(sharedLane).toBe(false);
    expect(during).toBeGreaterThanOrEqual(50);
  });
});
