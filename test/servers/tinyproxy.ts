/** Starts tinyproxy, a small HTTP proxy. Basic authentication is optional. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { requireProgram } from './packages.js';
import { scratchDirectory, startProgram, withFreePorts, type RunningServer } from './start.js';

/** Starts tinyproxy without authentication, or with one user. It allows tunnels to every port. */
export function startTinyproxy(user?: { readonly name: string; readonly password: string }): Promise<RunningServer> {
  const command = requireProgram('tinyproxy');
  return withFreePorts(1, async (ports) => {
    const [port] = ports as [number];
    const scratch = scratchDirectory('tinyproxy');
    const config = path.join(scratch, 'tinyproxy.conf');
    const log = path.join(scratch, 'output.log');
    const basic = user ? `BasicAuth ${user.name} ${user.password}` : '';
    writeFileSync(config, `Port ${port}\nListen 127.0.0.1\nTimeout 60\nLogLevel Info\nMaxClients 20\n${basic}\n`);
    const child = await startProgram({ command, args: ['-d', '-c', config], ports, log, scratch });
    return { port, pid: child.pid, stop: () => child.stop() };
  });
}
