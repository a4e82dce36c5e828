/** Runs scripts in new Node processes, to measure how long Node needs to start with a client. */
import { spawnSync } from 'node:child_process';
import { projectRoot } from '../test/servers/start.js';
import type { Operate } from './peer.js';

/** Returns an operation that starts Node with a script and waits for its end. */
export function starterOf(script: string): Operate {
  return () => {
    // In the project's folder, a script can load this package by its name.
    const { status, stderr } = spawnSync(process.execPath, ['-e', script], { cwd: projectRoot, encoding: 'utf8' });
    if (status !== 0) throw new Error(`the script ended with ${status}: ${stderr}`);
    return undefined;
  };
}
