/**
 * Tests that a process can exit while its threads run code of OpenSSL. OpenSSL frees its global data at the same time.
 */
import { testPki } from '../servers/pki.js';
import { expectEnd, nodes, repeat, repetitions, reported, run, timeToEnd } from './fork.js';
import { endlessServer, untilTheEnd } from './servers.js';

const SESSIONS = 24;

jest.setTimeout(30_000 + 1500 * repetitions);

test.each(nodes)(
  `exits with Node %s while ${SESSIONS} sessions stream over TLS, ${repetitions} times`,
  async (_, node) => {
    const server = untilTheEnd(await endlessServer(true));
    let slowest = 0;
    await repeat(repetitions, async (index) => {
      // The process exits at different times. At the earliest exits, most sessions are still in the handshake. At the
      // latest exits, all sessions have streamed for a while.
      const count = 1 + (index % SESSIONS);
      const ended = await run('stream-exit', [server.port, testPki().ca.cert, count, (7 * index) % 50], { node });

      expectEnd(ended);
      expect(reported<{ received: number }>(ended).received).toBeGreaterThan(0);
      slowest = Math.max(slowest, timeToEnd(ended));
    });
    console.info(`slowest exit: ${slowest} ms`);
    expect(slowest).toBeLessThan(1000);
  },
);
