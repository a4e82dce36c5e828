/** Implements the peer that starts the program curl for each request. */
import { spawnSync } from 'node:child_process';
import { check } from '../check.js';
import type { ScriptPeer } from '../peer.js';
import { versionOfProgram } from '../versions.js';

/** curl in a child process, as scripts without a blocking client use it. */
export const curl: ScriptPeer = {
  name: 'curl',
  calls: { blocking: "spawnSync('curl', ['--silent', '--fail', url])" },
  atOnce: 1,
  version: () => versionOfProgram('curl', '--version', /^curl (\S+)/),
  async open(target) {
    const url = target.origin + target.path;
    return {
      blocking() {
        const { status, stdout } = spawnSync('curl', ['--silent', '--fail', url]);
        check(target, status === 0 ? 200 : 0, stdout.length);
        return undefined;
      },
      close() {},
    };
  },
};
