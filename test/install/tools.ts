/** The tools that install npm packages, each in its own version. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { npmPackage } from '../matrix/nodes.js';

export interface Tool {
  readonly name: string;
  /** The package of npm that has the tool, and its version. */
  readonly package: string;
  readonly version: string;
  /** The name and the file of the program, in the package. */
  readonly program: 'npm' | 'pnpm' | 'yarn';
  readonly file: string;
  /** The command that installs a tarball. */
  readonly install: (tarball: string) => string;
  /** The option of `install` for running no scripts; undefined if the tool has none. */
  readonly ignoreScripts: string | undefined;
  /** The command that runs a program in the project. */
  readonly run: string;
  /** The files with the settings of the tool, for a registry. */
  readonly settings: (registry: string) => Readonly<Record<string, string>>;
  /** The command that the messages name, when the tool has not run the script of the installation. */
  readonly rebuild: RegExp;
  /** Whether the tool runs no script that was not approved. */
  readonly asks: boolean;
}

const npmSettings = (registry: string): Readonly<Record<string, string>> => ({
  '.npmrc': `registry=${registry}\naudit=false\nfund=false\nupdate-notifier=false\n`,
});

const npm = {
  package: 'npm',
  program: 'npm',
  file: 'bin/npm-cli.js',
  install: (tarball: string) => `npm install ${tarball}`,
  ignoreScripts: '--ignore-scripts',
  run: 'node',
  settings: npmSettings,
  rebuild: /^npm rebuild libneon$/,
  asks: false,
} as const;

export const tools: readonly Tool[] = [
  { ...npm, name: 'npm 10', version: '10' },
  { ...npm, name: 'npm 11', version: '11' },
  {
    name: 'pnpm',
    package: 'pnpm',
    version: '12',
    program: 'pnpm',
    file: 'pnpm',
    install: (tarball) => `pnpm add ${tarball}`,
    ignoreScripts: '--ignore-scripts',
    run: 'node',
    settings: npmSettings,
    rebuild: /^pnpm (approve-builds 'libneon@file:[^']*'|rebuild libneon)$/,
    asks: true,
  },
  {
    name: 'yarn classic',
    package: 'yarn',
    version: '1',
    program: 'yarn',
    file: 'bin/yarn.js',
    install: (tarball) => `yarn add file:${tarball}`,
    ignoreScripts: '--ignore-scripts',
    run: 'node',
    settings: (registry) => ({ ...npmSettings(registry), '.yarnrc': `registry "${registry}"\n` }),
    rebuild: /^yarn install --force$/,
    asks: false,
  },
  {
    name: 'yarn',
    package: '@yarnpkg/cli-dist',
    version: '4',
    program: 'yarn',
    file: 'bin/yarn.js',
    install: (tarball) => `yarn add libneon@file:${tarball}`,
    ignoreScripts: undefined,
    run: 'yarn node',
    settings: (registry) => ({
      ...npmSettings(registry),
      'yarn.lock': '',
      '.yarnrc.yml': `npmRegistryServer: "${registry}"\nunsafeHttpWhitelist: ["127.0.0.1"]\nenableTelemetry: false\nenableInlineBuilds: true\n`,
    }),
    rebuild: /^npm pkg set --json dependenciesMeta\.libneon\.built=true && yarn install$/,
    asks: true,
  },
];

/**
 * Installs a tool below a folder, and returns a folder for PATH with its program. Other programs of the machine keep
 * their places on PATH.
 */
export function installTool(folder: string, tool: Tool): string {
  const home = path.join(folder, tool.name.replace(' ', '-'));
  const file = path.join(npmPackage(home, tool.package, tool.version), tool.file);
  const bin = path.join(home, 'bin');
  mkdirSync(bin, { recursive: true });
  const program = path.join(bin, tool.program);
  const start = file.endsWith('.js') ? `'${process.execPath}' '${file}'` : `'${file}'`;
  writeFileSync(program, `#!/bin/sh\nexec ${start} "$@"\n`);
  chmodSync(program, 0o755);
  return bin;
}
