/** Tests loading the package in workers, loading it several times, and loading several copies. */
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, scratchDirectory } from '../servers/start.js';
import type { End, Main, Order } from './children/workers.js';
import { expectEnd, nodes, repeat, repetitions, reported, run } from './fork.js';
import { removeAtTheEnd, blockedPorts } from './servers.js';

const ROUNDS = Math.ceil(repetitions / 2);

jest.setTimeout(240_000 + 2000 * ROUNDS);

let ports: string;
beforeAll(async () => {
  ports = await blockedPorts();
});

describe.each(nodes)('Node %s', (_, node) => {
  async function workers(main: Main, count: number, order: Order, end: End): Promise<void> {
    const ended = await run('workers', [ports, main, count, order, end], { node, killAfterMs: 200_000 });
    expectEnd(ended);
    expect(reported(ended)).toEqual({ ended: count });
  }

  describe('a load in a worker only, whose threads still run when it ends', () => {
    const ends: readonly End[] = ['terminate', 'exit', 'natural'];

    // When the only worker ends, Node calls dlclose for its addons. The linker option `-z nodelete` keeps this addon in
    // memory.
    test.each(ends)(`survives the end by %s in ${ROUNDS} processes`, (end) =>
      repeat(ROUNDS, () => workers('main-without', 1, 'sequence', end)),
    );

    test('survives each end 50 times in one process', () =>
      repeat(ends.length, (index) => workers('main-without', 50, 'sequence', ends[index]!)));
  });

  test('loads in five workers, in turn and at once', async () => {
    await repeat(2, (index) => workers('main-without', 5, index === 0 ? 'sequence' : 'together', 'natural'));
  });

  test('loads in the main thread and in workers', async () => {
    await repeat(2, (index) => workers('main-with', 5, 'together', index === 0 ? 'terminate' : 'natural'));
  });

  test.each(['natural', 'exit'])('loads two and three copies in one process (end: %s)', async (end) => {
    const copies = [copyPackage(), copyPackage()];
    await repeat(2, async (index) => {
      const ended = await run('copies', [ports, end, ...(index === 0 ? copies : [projectRoot, ...copies])], { node });
      expectEnd(ended);
    });
  });

  test('loads repeatedly in one environment', async () => {
    const ended = await run('reload', [ports], { node });
    expectEnd(ended);
    expect(reported(ended)).toEqual({ loads: 5 });
  });
});

/** Copies the installed files of the package into a new folder. */
function copyPackage(): string {
  const folder = removeAtTheEnd(scratchDirectory('copy'));
  for (const part of ['package.json', 'dist/lib', 'binding', 'build/Release/libneon.node', 'prebuilds']) {
    const from = path.join(projectRoot, part);
    if (!existsSync(from)) continue;
    mkdirSync(path.dirname(path.join(folder, part)), { recursive: true });
    cpSync(from, path.join(folder, part), { recursive: true });
  }
  return folder;
}
