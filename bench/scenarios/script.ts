/** Defines the scenarios of short scripts: starting Node with a client, and blocking requests. */
import type { Scenario } from '../scenario.js';
import { serveSmallFile } from './nginx.js';

/** The start of Node with a client. */
export const start: Scenario = {
  name: 'start',
  about: 'a Node process that loads the client and ends, one after the other',
  connections: 1,
  operation: 'start',
  reasons: [
    {
      peers: ['node:http', 'fetch'],
      figures: ['rate', 'cpu'],
      because:
        'Node contains the code of this client; libneon loads an addon, neon, and the libraries that neon needs.',
    },
  ],
  async serve() {
    const target = { scheme: 'http', host: '', port: 0, origin: '', path: '', bodyLength: 0 } as const;
    return { target, async stop() {} };
  },
};

/** Blocking requests, by the peers that can block. */
export const blocking: Scenario = {
  name: 'blocking',
  about: 'blocking GET of 12 bytes, one after the other; only peers that have blocking calls',
  connections: 1,
  operation: 'blocking',
  reasons: [
    {
      peers: ['synckit + fetch', 'curl'],
      figures: ['stall'],
      because: 'The stall is the longest call of a turn, and this peer makes far fewer calls in a turn.',
    },
    {
      peers: ['synckit + fetch'],
      figures: ['js'],
      because: 'fetch runs in a worker, whose processor time counts only in the figure of all threads.',
    },
    {
      peers: ['curl'],
      figures: ['memory', 'js'],
      because: 'curl works in its own process, whose memory and threads are not counted here.',
    },
  ],
  serve: serveSmallFile,
};
