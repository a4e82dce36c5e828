/** States reasons that several scenarios share. */
import type { Reason } from '../scenario.js';

/** What threads and libraries cost this package when bodies are small. */
export const smallBodies: readonly Reason[] = [
  {
    figures: ['memory'],
    because:
      'libneon loads neon with its own TLS and XML libraries beside those of Node, and runs a thread for each connection.',
  },
  {
    figures: ['rate', 'cpu'],
    because: 'Each request of libneon goes from the JavaScript thread to the thread of a session and back.',
  },
];
