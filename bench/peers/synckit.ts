/** Implements the peer that blocks on fetch in a worker. */
import path from 'node:path';
import { check } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { versionOfPackage } from '../versions.js';
import type { Fetched } from './synckit-worker.js';

/** synckit runs fetch in a worker, and blocks on a shared integer until the worker has the result. */
export const synckit: ScriptPeer = {
  name: 'synckit + fetch',
  calls: { blocking: 'createSyncFn of a worker that awaits fetch and response.arrayBuffer' },
  atOnce: 1,
  version: () => versionOfPackage('synckit'),
  async open(target) {
    const { createSyncFn } = await import('synckit');
    const fetchSync = createSyncFn<(url: string) => Promise<Fetched>>(path.join(__dirname, 'synckit-worker.js'));
    const url = target.origin + target.path;
    return {
      blocking() {
        const { status, bytes } = fetchSync(url);
        check(target, status, bytes.length);
        return undefined;
      },
      close: () => process.exit(), // the worker has no other end
    };
  },
};
