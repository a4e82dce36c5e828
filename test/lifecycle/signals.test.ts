/**
 * Tests that the addon keeps the program's signal handlers. They must run on the main thread, even while other threads
 * work.
 */
import { pem, testPki } from '../servers/pki.js';
import { fixedServer, rawServer, response } from '../servers/raw.js';
import { expectEnd, nodes, run } from './fork.js';
import { blockedPorts, untilTheEnd } from './servers.js';

jest.setTimeout(240_000);

describe.each(nodes)('Node %s', (_, node) => {
  const signals = async (...args: (string | number)[]): Promise<void> =>
    expectEnd(await run('signals', args, { node }));

  test('keeps a handler of SIGPIPE working after the load', async () => {
    const { port } = untilTheEnd(await fixedServer());
    await signals('sigpipe', port);
  });

  test('does not change the handling of signals on load', () => signals('dispositions'));

  test('runs handlers while 100 threads are blocked, which receive no signals', async () =>
    signals('handler', await blockedPorts()));

  test('completes TLS handshakes and requests despite signals', async () => {
    const { ca, server } = testPki();
    const { port } = untilTheEnd(
      await rawServer({
        tls: { key: pem(server.key), cert: pem(server.cert) },
        connections: [[{ repeat: 'forever', steps: [{ read: 'request' }, { send: response('hello\n') }] }]],
        rest: 'repeat-last',
      }),
    );
    await signals('storm', port, ca.cert);
  });
});
