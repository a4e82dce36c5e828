/** Describes the machine and the versions that a report belongs to. */
import os from 'node:os';
import { ne_version_string } from 'libneon/ne';
import { findProgram } from '../test/servers/packages.js';
import { versionsOfListing } from './listing.js';
import type { Peer } from './peer.js';
import { ownVersion, versionOfProgram } from './versions.js';

/** Facts about the machine. `loadBefore` is its load before the first round. */
export function describeMachine(loadBefore: number): Record<string, string> {
  const processors = os.cpus();
  return {
    CPU: processors[0]?.model.trim() ?? 'unknown',
    cores: String(processors.length),
    memory: `${(os.totalmem() / 1024 ** 3).toFixed(1)} GiB`,
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    'load before': loadBefore.toFixed(1),
  };
}

/** The versions of Node, neon, TLS libraries, the server, and each peer that runs here. */
export function describeVersions(peers: readonly Peer[]): Record<string, string> {
  const neon = ne_version_string();
  const nginx = versionOfProgram(findProgram('nginx') ?? 'nginx', '-v', /nginx\/(\S+)/);
  return {
    Node: process.version,
    'TLS of Node': `OpenSSL ${process.versions.openssl}`,
    'this package': ownVersion(),
    neon: /^neon ([^:]+)/.exec(neon)?.[1] ?? neon,
    'TLS of neon': /(OpenSSL|GNU ?TLS) [\w.-]+/.exec(neon)?.[0] ?? 'none',
    nginx: typeof nginx === 'string' ? nginx : 'missing',
    ...Object.fromEntries(
      peers.flatMap((peer) => {
        const version = peer.version();
        return typeof version === 'string' ? [[peer.name, version]] : [];
      }),
    ),
    ...versionsOfListing(),
  };
}
