/** Tests operations that end while the lane of their session already runs the next operation. */
import { rawServer } from '../servers/raw.js';
import { multistatus, page, propstat, resource } from '../support/properties.js';
import { expectEnd, full, nodes, run } from './fork.js';
import { untilTheEnd } from './servers.js';

jest.setTimeout(120_000);

describe.each(nodes)('Node %s', (_, node) => {
  test('survives listings that wait for each other', async () => {
    const answer = page(multistatus(resource('/', propstat('<D:lockdiscovery/>'))));
    const steps = [{ repeat: 'forever', steps: [{ read: 'request' }, { send: answer }] }] as const;
    const { port } = untilTheEnd(await rawServer({ connections: [steps], rest: 'repeat-last' }));
    expectEnd(await run('queued', [port, full ? 60 : 8], { node }));
  });
});
