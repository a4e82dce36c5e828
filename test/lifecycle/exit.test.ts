/** Tests that a process exits at once and without a crash while calls wait. */
import type { Place } from './children/blocked.js';
import type { Way } from './children/exit.js';
import { expectEnd, nodes, run, timeToEnd } from './fork.js';
import { blockedPorts } from './servers.js';

jest.setTimeout(240_000);

let ports: string;
beforeAll(async () => {
  ports = await blockedPorts();
});

describe.each(nodes)('Node %s with 100 waiting calls', (_, node) => {
  const end = (place: Place, way: Way) => run('exit', [ports, place, 100, way], { node });

  test.each<Place>(['response', 'kept', 'handshake', 'connect', 'room', 'answer'])(
    'exits by process.exit() while they wait for %s',
    async (place) => {
      const [clean, seven] = await Promise.all([end(place, 'exit'), end(place, 'exit-7')]);

      expectEnd(clean, 0);
      expectEnd(seven, 7);
      expect(timeToEnd(clean)).toBeLessThan(1000);
      expect(timeToEnd(seven)).toBeLessThan(1000);
    },
  );

  test('exits on an uncaught exception and on an unhandled rejection', async () => {
    for (const ended of await Promise.all([
      end('response', 'throw'),
      end('kept', 'throw'),
      end('handshake', 'reject'),
    ])) {
      expect(ended).toMatchObject({ code: 1, signal: null, stderr: expect.stringContaining('thrown on purpose') });
      expect(timeToEnd(ended)).toBeLessThan(1000);
    }
  });

  test('exits on a signal without a handler', async () => {
    const ended = await end('response', 'SIGTERM');

    expect(ended).toMatchObject({ code: null, signal: 'SIGTERM', stderr: '' });
    expect(timeToEnd(ended)).toBeLessThan(1000);
  });
});
