/** Starts a server of each kind and reports the ports. The servers never stop; the test ends this process instead. */
import { startApache } from './apache.js';
import { faultProxy } from './faultproxy.js';
import { startNephele } from './nephele.js';
import { startNginx } from './nginx.js';
import { fullBacklogServer, rawServer } from './raw.js';

void startAll();
process.once('message', () => process.exit());

async function startAll(): Promise<void> {
  const [apache, nginx, nephele] = await Promise.all([startApache(), startNginx(), startNephele()]);
  const raw = await rawServer({ connections: [[]], rest: 'repeat-last' });
  const proxy = await faultProxy(raw.port);
  await fullBacklogServer();
  const ports = [apache, nginx, nephele, raw, proxy].map(({ port }) => port);
  process.send?.({ ports, folders: [apache.files.dav, nephele.root] });
}
