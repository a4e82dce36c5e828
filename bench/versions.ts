/** Finds the versions of peers. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot } from '../test/servers/start.js';
import type { Without } from './peer.js';

/** The version of an installed npm package. */
export function versionOfPackage(name: string): string | Without {
  const file = path.join(projectRoot, 'node_modules', name, 'package.json');
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  } catch {
    return { without: `the npm package ${name} is not installed` };
  }
}

/** The version that a program prints, on either output: the first group of `pattern`. */
export function versionOfProgram(program: string, option: string, pattern: RegExp): string | Without {
  const { error, stdout, stderr } = spawnSync(program, [option], { encoding: 'utf8' });
  if (error) return { without: `the program ${path.basename(program)} is missing` };
  return pattern.exec(stdout + stderr)?.[1] ?? 'of unknown version';
}

/** The version of this package. */
export function ownVersion(): string {
  const { version } = JSON.parse(readFileSync(path.join(projectRoot, 'package.json'), 'utf8')) as { version: string };
  return version;
}
