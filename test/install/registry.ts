/**
 * A registry on loopback with the npm packages that libneon depends on. They are packed from `node_modules` of this
 * project, so that the trials need no network, and try the versions in the lock file.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
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
  readonly manifest: {
    readonly name: string;
    readonly version: string;
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  readonly tarball: Buffer;
}

/** Starts the registry, with these packages and all that they depend on. `folder` takes the packed packages. */
export async function startRegistry(folder: string, names: readonly string[]): Promise<Registry> {
  const places = new Map<string, string>();
  for (const name of names) locate(name, projectRoot, places);
  const packages = new Map(Array.from(places, ([name, place]) => [name, pack(folder, place)]));
  const server = createServer((request, response) => {
    const [, name = '', tarball] = /^\/((?:@[^/]*\/)?[^/]*)(\/.*)?$/.exec(decodeURIComponent(request.url ?? '')) ?? [];
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

/** Finds a package from a folder, as Node does, and then the packages that it depends on. */
function locate(name: string, from: string, places: Map<string, string>): void {
  if (places.has(name)) return;
  const place = path.join(from, 'node_modules', name);
  if (!existsSync(place)) {
    locate(name, path.dirname(from), places);
    return;
  }
  places.set(name, place);
  const { dependencies = {} } = manifestOf(place);
  for (const dependency of Object.keys(dependencies)) locate(dependency, place, places);
}

const manifestOf = (place: string): Packed['manifest'] =>
  JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8')) as Packed['manifest'];

function pack(folder: string, source: string): Packed {
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder, source], folder);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  return {
    manifest: manifestOf(source),
    tarball: readFileSync(path.join(folder, filename)),
  };
}

function description({ manifest, tarball }: Packed, url: string): object {
  const { name, version } = manifest;
  const hash = (kind: string, form: 'hex' | 'base64'): string => createHash(kind).update(tarball).digest(form);
  const dist = {
    tarball: `${url}/${name}/${version}.tgz`,
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
