/**
 * A trial: installs the tarball in an empty folder with one tool, on one machine, then does what the messages say until
 * the first example of the README runs.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, type Machine, type Outcome, runOn } from './machine.js';
import type { Tool } from './tools.js';

/** What all trials share. */
export interface Setting {
  /** The folder for everything that the trials write. */
  readonly work: string;
  readonly registry: string;
  /** A program of one file, and the lines that it must print. */
  readonly example: { readonly code: string; readonly prints: readonly string[] };
}

export interface Trial {
  readonly name: string;
  readonly tool: Tool;
  /** The folder for PATH with the program of the tool. */
  readonly bin: string;
  readonly tarball: string;
  readonly machine: Machine;
  /** Options for the command that installs. */
  readonly options?: string;
  /** The advice that the messages must give, in order, as expressions. */
  readonly advice: readonly RegExp[];
  /** Whether the addon must have been compiled at the end. */
  readonly compiles: boolean;
}

export interface Result {
  /** The reason of a failure. */
  readonly failure: string | undefined;
  readonly advice: readonly string[];
  /** The seconds of the first installation. */
  readonly seconds: number;
  /** The project's folder. */
  readonly project: string;
}

/** Carries out a trial. */
export async function carryOut(trial: Trial, setting: Setting): Promise<Result> {
  const { tool, tarball, options = '' } = trial;
  const project = mkdtempSync(path.join(setting.work, 'project-'));
  prepare(project, tool, setting);
  let { machine } = trial;
  const run = (command: string): Promise<Outcome> =>
    runOn(machine, command, {
      layer: mkdtempSync(path.join(setting.work, 'layer-')),
      cwd: project,
      env: environment(trial, machine, setting),
    });

  const given: string[] = [];
  const finish = (failure: string | undefined, seconds: number): Result => ({
    failure: failure ?? mistake(trial, given, project),
    advice: given,
    seconds,
    project,
  });
  let command = `${tool.install(tarball)} ${options}`.trim();
  const first = await run(command);
  let last = first;
  for (let round = 0; round < 8; round++) {
    if (isInstalled(project)) {
      const tried = await run(`${tool.run} example.mjs`);
      if (tried.code === 0 && tried.text === setting.example.prints.map((line) => `${line}\n`).join(''))
        return finish(undefined, first.seconds);
      // The message of a failed script says more than that of the example, because the latter names the script.
      if (adviceIn(last.text) === undefined || last.code === 0) last = tried;
    }
    const advice = adviceIn(last.text);
    if (advice === undefined) return finish(`no advice after "${command}":\n${last.text}`, first.seconds);
    given.push(advice);
    if (advice.startsWith('apt-get ')) {
      const known = await run(advice.replace('apt-get', 'apt-get --simulate'));
      if (known.code !== 0) return finish(`"${advice}" fails:\n${known.text}`, first.seconds);
      machine = after(machine, advice);
      if (isInstalled(project) && last.code !== 0 && !wasScript(last)) continue;
    } else {
      command = advice;
    }
    last = await run(command);
  }
  return finish(`the example does not run:\n${last.text}`, first.seconds);
}

/** Whether an output is that of the install script, and not that of the example. */
function wasScript({ text }: Outcome): boolean {
  return !text.includes('ERR_NEON_LOAD');
}

/** The command that a message names. */
function adviceIn(text: string): string | undefined {
  // Tools put marks before and around the lines of a script.
  const [, command] =
    /Install the missing packages with: (.+)|(?:install it with|run|update it with) "([^"]+)"/
      .exec(text)
      ?.filter((part) => part !== undefined) ?? [];
  return command?.trim();
}

function mistake({ advice, compiles }: Trial, given: readonly string[], project: string): string | undefined {
  const expected = given.length === advice.length && given.every((text, index) => advice[index]!.test(text));
  if (!expected) return `the advice was ${JSON.stringify(given)} instead of ${advice.join(', ')}`;
  const compiled = isCompiled(project);
  return compiled === compiles ? undefined : `the addon was ${compiled ? '' : 'not '}compiled`;
}

function prepare(project: string, tool: Tool, { registry, example }: Setting): void {
  const files = {
    'package.json': '{ "name": "user", "version": "1.0.0", "private": true, "license": "MIT", "type": "module" }\n',
    'example.mjs': example.code,
    ...tool.settings(registry),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(project, name), text);
}

/** The variables of a new user, so that no setting of this machine or of an npm around the trials has an effect. */
function environment({ bin }: Trial, machine: Machine, { work }: Setting): NodeJS.ProcessEnv {
  const home = path.join(work, 'home');
  mkdirSync(home, { recursive: true });
  const ccache = machine.lacks.has('g++') || !existsSync('/usr/lib/ccache') ? [] : ['/usr/lib/ccache'];
  return {
    HOME: home,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    PATH: [bin, ...ccache, path.dirname(process.execPath), '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin'].join(':'),
    // If ccache is there, each trial but the first compiles little.
    CCACHE_DIR: path.join(work, 'ccache'),
    CCACHE_BASEDIR: work,
    CCACHE_NOHASHDIR: '1',
    CCACHE_SLOPPINESS: 'pch_defines,time_macros,include_file_mtime,include_file_ctime',
    ...(ccache.length > 0 ? { CXXFLAGS: '-fpch-preprocess' } : {}),
  };
}

function isInstalled(project: string): boolean {
  return (
    existsSync(path.join(project, 'node_modules/libneon/package.json')) || existsSync(path.join(project, '.pnp.cjs'))
  );
}

function isCompiled(project: string): boolean {
  return filesBelow(project).some((file) => file.endsWith('libneon/build/Release/libneon.node'));
}

/** All files below a folder. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}

/** The packages in `node_modules` of a project, and the bytes of their files. */
export function contents(project: string): { readonly packages: readonly string[]; readonly bytes: number } {
  const modules = path.join(project, 'node_modules');
  const files = filesBelow(modules).filter((file) => !path.basename(file).startsWith('.package-lock'));
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  const manifests = files.filter((file) => file.endsWith('/package.json') && 'version' in read(file));
  return { packages: manifests.map((file) => path.relative(modules, path.dirname(file))), bytes };
}

function read(file: string): object {
  return JSON.parse(readFileSync(file, 'utf8')) as object;
}
