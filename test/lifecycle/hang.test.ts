/** Tests calls to a server that never responds. The event loop must keep running, and an abort must free everything. */
import { expectEnd, nodes, reported, run } from './fork.js';

jest.setTimeout(240_000);

interface Figures {
  /** Measured delays of the event loop while 100 promises wait, in milliseconds. */
  readonly delays: readonly { readonly p99: number; readonly max: number }[];
  readonly best: number;
  /** The time that an unrelated job in libuv's thread pool takes while the promises wait. */
  readonly otherWork: number;
  /** The time from the abort until all promises have rejected, and until the server has seen all connections close. */
  readonly rejected: number;
  readonly closed: number;
  /** The time until all threads were gone. */
  readonly freed: number;
}

describe.each(nodes)('Node %s with 100 sessions that wait for a server', (_, node) => {
  test.each(['destroyed', 'idle'])(
    'frees connections and threads on an abort when the sessions are %s',
    async (sessions) => {
      const ended = await run('hang', [sessions], { node, killAfterMs: 30_000 });

      expectEnd(ended);
      const figures = reported<Figures>(ended);
      console.info(JSON.stringify(figures));
      expect(figures.best).toBeLessThan(10);
      expect(figures.otherWork).toBeLessThan(500);
      expect(figures.rejected).toBeLessThan(100);
      expect(figures.closed).toBeLessThan(500);
    },
  );
});
