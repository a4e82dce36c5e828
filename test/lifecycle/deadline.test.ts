/** Tests servers that stop responding. Every promise must settle by its deadline, and all threads must end. */
import { testPki } from '../servers/pki.js';
import type { By, Outcome, Surface } from './children/deadline.js';
import { expectEnd, nodes, repeat, reported, run } from './fork.js';

jest.setTimeout(240_000);

const surfaces: readonly Surface[] = ['class', 'ne'];
// neon's own timeout is 120 s, so the promises must end much earlier. A busy machine may delay them by seconds.
const deadlines: readonly (readonly [By, limit: number])[] = [
  ['timeout', 6000],
  ['readTimeout', 9000],
];

describe.each(nodes)('Node %s with servers that stop responding', (_, node) => {
  test.each(deadlines)('ends every promise by its %s', async (by, limit) => {
    const { ca, server } = testPki();
    await repeat(surfaces.length, async (index) => {
      const ended = await run('deadline', [by, surfaces[index]!, ca.cert, server.key, server.cert], { node });

      expectEnd(ended);
      const { outcomes } = reported<{ outcomes: Outcome[] }>(ended);
      expect(outcomes).toHaveLength(9);
      const wrong = outcomes.filter(([place, code, ms]) => {
        // Inside a body, neon's own read timeout results in NE_ERROR.
        const expected = code === 'NE_TIMEOUT' || (code === 'NE_ERROR' && place === 'body' && by === 'readTimeout');
        return ms > limit || !expected;
      });
      expect(wrong).toEqual([]);
    });
  });

  test('ends a connect without a response by the deadline of the call or of the session, with its thread', async () => {
    const ended = await run('deadline', ['connect'], { node });

    expectEnd(ended);
    const { outcomes } = reported<{ outcomes: [code: string, ms: number][] }>(ended);
    expect(outcomes.map(([code]) => code)).toEqual(['NE_TIMEOUT', 'NE_TIMEOUT', 'NE_TIMEOUT']);
    for (const [, ms] of outcomes) expect(ms).toBeLessThan(1500);
  });
});
