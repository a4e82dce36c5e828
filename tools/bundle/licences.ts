/** Writes the licences of the packages whose code is in a bundle. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'rollup';

/** The name of the file with the licences, beside the bundle. */
export const licencesFile = 'THIRD-PARTY-LICENSES';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * A plugin that writes a file with the licence of each package in the bundle.
 *
 * @throws when a package in the bundle has no licence text
 */
export function licences(): Plugin {
  return {
    name: 'licences',
    generateBundle(_options, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) =>
        chunk.type === 'chunk' ? Object.keys(chunk.modules) : [],
      );
      const folders = new Set(
        modules.map((id) => packageOf(id.replace(/^\0/, ''))).filter((folder) => folder !== null),
      );
      const texts = [...folders].sort().map(licenceOf);
      this.emitFile({ type: 'asset', fileName: licencesFile, source: texts.join(`\n${'-'.repeat(80)}\n\n`) });
    },
  };
}

/** The folder of the package that a module belongs to; null for a module of this project. */
const packageOf = (id: string): string | null => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0] ?? null;

function licenceOf(folder: string): string {
  // Some folders of a package have a package.json of their own, which has no name.
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as Manifest;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry) && existsSync(path.join(folder, entry)));
  if (file === undefined) throw new Error(`${name} has no licence text`);
  return `${name} ${version} (${license ?? 'see below'})\n\n${readFileSync(path.join(folder, file), 'utf8').trim()}\n`;
}
