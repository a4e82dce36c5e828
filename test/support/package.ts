/** Packs the package as npm would publish it. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../servers/start.js';

/** Runs npm. */
export function npm(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): SpawnSyncReturns<string> {
  const script = process.env['npm_execpath'];
  const all = [...args, '--no-audit', '--no-fund', '--loglevel=error'];
  // These variables exist when npm runs the tests. They would change the behaviour of the npm that this test starts.
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(package|lifecycle|command|config_local_prefix)/.test(name)),
  );
  const options = { cwd, encoding: 'utf8', env: { ...inherited, ...env } } as const;
  return script?.endsWith('.js') === true
    ? spawnSync(process.execPath, [script, ...all], options)
    : spawnSync('npm', all, options);
}

/**
 * Packs a copy of the tree, because packing replaces `dist/lib` for a while, and other suites use it. The copy is the
 * folder `copy` in `folder`. Returns the tarball.
 */
export function pack(folder: string): string {
  const copy = path.join(folder, 'copy');
  mkdirSync(copy);
  const left = ['.git', 'node_modules', 'build', 'prebuilds', 'coverage'];
  for (const name of readdirSync(projectRoot).filter((entry) => !left.includes(entry) && !entry.endsWith('.tgz')))
    cpSync(path.join(projectRoot, name), path.join(copy, name), { recursive: true, preserveTimestamps: true });
  symlinkSync(path.join(projectRoot, 'node_modules'), path.join(copy, 'node_modules'));
  const { status, stderr } = npm(['pack', '--pack-destination', folder], copy);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  return path.join(folder, tarball);
}

/** Unpacks a tarball into a project's `node_modules`, with the addon of this tree. Returns the package's folder. */
export function unpack(tarball: string, project: string): string {
  const installed = path.join(project, 'node_modules', 'libneon');
  mkdirSync(installed, { recursive: true });
  const { status, stderr } = spawnSync('tar', ['-xzf', tarball, '-C', installed, '--strip-components=1'], {
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  symlinkSync(path.join(projectRoot, 'build'), path.join(installed, 'build'));
  return installed;
}
