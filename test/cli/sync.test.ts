/** Tests that `libneon sync` goes on after a SIGKILL at any moment, and takes no half-written file for whole. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startApache } from '../servers/apache.js';
import { describeWith } from '../servers/packages.js';
import { startRclone } from '../servers/rclone.js';
import type { RunningServer } from '../servers/start.js';
import { Client } from './client.js';

/** The digests of the files in a folder, by their relative paths. Leaves out the files of the library. */
function digestsOf(folder: string): Record<string, string> {
  const digests: Record<string, string> = {};
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name.startsWith('.libneon-')) continue;
    const file = path.join(entry.parentPath, entry.name);
    digests[path.relative(folder, file)] = createHash('sha256').update(readFileSync(file)).digest('hex');
  }
  return digests;
}

/** Makes 60 files, one of them of 48 MiB. */
function makeTree(folder: string): void {
  for (let i = 0; i < 60; i++) {
    const inside = path.join(folder, `folder ${i % 5}`, `é#${i % 3}`);
    mkdirSync(inside, { recursive: true });
    const size = i === 7 ? 48 * 1024 * 1024 : i * 3000;
    writeFileSync(path.join(inside, `file ${i}.bin`), Buffer.alloc(size, `${i}, `));
  }
}

const servers: [string, 'apache2' | 'rclone', () => Promise<RunningServer & { origin: string }>, string][] = [
  ['Apache', 'apache2', () => startApache(), '/dav/tree/'],
  ['rclone', 'rclone', () => startRclone(), '/tree/'],
];

describe.each(servers)('%s', (_name, program, start, place) => {
  describeWith(program, 'libneon sync', () => {
    let client: Client;
    let server: RunningServer & { origin: string };
    beforeAll(async () => {
      client = new Client();
      server = await start();
    });
    afterAll(async () => {
      await server.stop();
      client.remove();
    });

    test('goes on after several SIGKILLs, up and down, and the trees are identical', async () => {
      const [tree, copy] = [path.join(client.work, 'tree'), path.join(client.work, 'copy')];
      mkdirSync(tree);
      mkdirSync(copy);
      makeTree(tree);
      const expected = digestsOf(tree);
      const url = server.origin + place;

      /** Kills the client some time after its start. Returns whether it was still running. */
      const killed = async (args: readonly string[], delay: number): Promise<boolean> => {
        const child = client.spawn(args);
        child.stdout.resume();
        child.stderr.resume();
        const ended = once(child, 'close');
        await Promise.race([sleep(delay), ended]);
        child.kill('SIGKILL');
        const [, signal] = await ended;
        return signal === 'SIGKILL';
      };

      let kills = 0;
      const delays = [300, 450, 600, 750, 900, 1100];
      for (const delay of delays) if (await killed(['sync', 'up', tree, url], delay)) kills++;
      expect(kills).toBeGreaterThan(0);
      const up = await client.run(['sync', 'up', tree, url]);
      expect(up).toMatchObject({ exit: 0, stderr: '', stdout: expect.stringMatching(/ 0 failed: .*\n$/) });

      for (const delay of delays) {
        await killed(['sync', 'down', url, copy], delay);
        // Each file that is there is whole.
        for (const [name, digest] of Object.entries(digestsOf(copy)))
          expect([name, digest]).toEqual([name, expected[name]]);
      }
      const down = await client.run(['sync', 'down', url, copy]);
      expect(down).toMatchObject({ exit: 0, stderr: '' });
      expect(digestsOf(copy)).toEqual(expected);
      expect(
        readdirSync(copy, { recursive: true, encoding: 'utf8' }).filter((name) => /libneon-part/.test(name)),
      ).toEqual([]);
      const again = await client.run(['sync', 'down', url, copy]);
      expect(again.stdout).toMatch(/^0 created, 0 updated, 60 unchanged/m);
    });
  });
});
