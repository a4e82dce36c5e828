/**
 * A registry on loopback with the npm packages that libneon depends on. They are packed from `node_modules` of this
 * project, so that the trials need no network, and try the versions in the lock file.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { run } from '../matrix/run.js';
import { projectRoot } from '../servers/start.js';

export interface Registry {
  readonly url: string;
  stop(): void;
}

interface Packed {
  readonly manifest: { readonly name: string; readonly version: string };
  readonly tarball: Buffer;
}

/** Starts the registry. `folder` takes the packed packages. */
export async function startRegistry(folder: string, names: readonly string[]): Promise<Registry> {
  const packages = new Map(names.map((name) => [name, pack(folder, name)]));
  const server = createServer((request, response) => {
    const [name = '', tarball] = (request.url ?? '').slice(1).split('/');
    const found = packages.get(name);
    if (found === undefined) response.writeHead(404).end('{}');
    else if (tarball === undefined)
      response.setHeader('content-type', 'application/json').end(JSON.stringify(description(found, url)));
    else response.end(found.tarball);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

function pack(folder: string, name: string): Packed {
  const source = path.join(projectRoot, 'node_modules', name);
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder, source], folder);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return {
    manifest: JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8')) as Packed['manifest'],
    tarball: readFileSync(path.join(folder, filename)),
  };
}

function description({ manifest, tarball }: Packed, url: string): object {
  const { name, version } = manifest;
  const hash = (kind: string, form: 'hex' | 'base64'): string => createHash(kind).update(tarball).digest(form);
  const dist = {
    tarball: `${url}/${name}/${name}-${version}.tgz`,
    shasum: hash('sha1', 'hex'),
    integrity: `sha512-${hash('sha512', 'base64')}`,
  };
  // Some tools install nothing that is only a few days old.
  const time = { created: '2020-01-01T00:00:00.000Z', modified: '2020-01-01T00:00:00.000Z' };
  return {
    name,
    'dist-tags': { latest: version },
    versions: { [version]: { ...manifest, dist } },
    time: { ...time, [version]: time.created },
  };
}
