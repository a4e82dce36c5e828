/** A process that ends while calls wait ends at once, and never by a crash. */
import type { Place } from './children/blocked.js';
import type { Way } from './children/exit.js';
import { expectEnd, nodes, run, timeToEnd } from './fork.js';
import { blockedPorts } from './servers.js';

jest.setTimeout(60_000);

let ports: string;
beforeAll(async () => {
  ports = await blockedPorts();
});

describe.each(nodes)('Node %s: 100 calls wait', (_, node) => {
  const end = (place: Place, way: Way) => run('exit', [ports, place, 100, way], { node });

  test.each<Place>(['response', 'handshake', 'connect', 'room', 'answer'])(
    'process.exit(), while they wait for %s',
    async (place) => {
      const [clean, seven] = await Promise.all([end(place, 'exit'), end(place, 'exit-7')]);

      expectEnd(clean, 0);
      expectEnd(seven, 7);
      expect(timeToEnd(clean)).toBeLessThan(1000);
      expect(timeToEnd(seven)).toBeLessThan(1000);
    },
  );

  test('an uncaught exception, and an unhandled rejection', async () => {
    for (const ended of await Promise.all([end('response', 'throw'), end('handshake', 'reject')])) {
      expect(ended).toMatchObject({ code: 1, signal: null, stderr: expect.stringContaining('thrown on purpose') });
      expect(timeToEnd(ended)).toBeLessThan(1000);
    }
  });

  test('a signal that nobody handles', async () => {
    const ended = await end('response', 'SIGTERM');

    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM', stderr: '' });
    expect(timeToEnd(ended)).toBeLessThan(1000);
  });
});
