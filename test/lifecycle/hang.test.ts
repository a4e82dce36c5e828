/** A server that never answers: the event loop runs, and an abort frees everything. */
import { expectEnd, nodes, reported, run } from './fork.js';

jest.setTimeout(60_000);

interface Figures {
  /** Of the event loop, while 100 promises wait, in milliseconds. */
  readonly delays: readonly { readonly p99: number; readonly max: number }[];
  readonly best: number;
  /** How long work on libuv's pool took meanwhile. */
  readonly otherWork: number;
  /** After the abort: when all promises were rejected, when the server had seen all connections closed. */
  readonly rejected: number;
  readonly closed: number;
  /** When all threads were gone. */
  readonly freed: number;
}

describe.each(nodes)('Node %s: 100 sessions wait for a server that never answers', (_, node) => {
  test.each(['destroyed', 'idle'])('abort frees connections and threads; the sessions are %s', async (sessions) => {
    const ended = await run('hang', [sessions], { node, killAfterMs: 30_000 });

    expectEnd(ended);
    const figures = reported<Figures>(ended);
    console.info(JSON.stringify(figures));
    expect(figures.best).toBeLessThan(10);
    expect(figures.otherWork).toBeLessThan(500);
    expect(figures.rejected).toBeLessThan(100);
    expect(figures.closed).toBeLessThan(500);
  });
});
