/** Starts Radicale, a server of calendars and address books. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { startDavProgram, type DavServer } from './dav-program.js';
import { requireProgram } from './packages.js';

/** Starts Radicale without access control. Its root is the home of `alice`, which can contain collections. */
export function startRadicale(): Promise<DavServer> {
  const command = requireProgram('radicale');
  return startDavProgram('radicale', (port, scratch) => {
    mkdirSync(path.join(scratch, 'store', 'collection-root', 'alice'), { recursive: true });
    const [config, rights] = [path.join(scratch, 'config'), path.join(scratch, 'rights')];
    writeFileSync(rights, '[all]\nuser: .*\ncollection: .*\npermissions: RrWw\n');
    writeFileSync(config, configuration(port, path.join(scratch, 'store'), rights));
    return { command, args: ['--config', config], root: '/alice/' };
  });
}

function configuration(port: number, store: string, rights: string): string {
  return `
[server]
hosts = 127.0.0.1:${port}
[auth]
type = none
[rights]
type = from_file
file = ${rights}
[storage]
filesystem_folder = ${store}
[web]
type = none
`;
}
