/**
 * `npm run test:install`: makes the tarball of the package, and installs it in empty folders with each tool, on
 * machines that lack a compiler, headers, or neon. A trial passes if the first example of the README runs, at once or
 * after the commands in the messages. The last line is "N passed, N failed". It needs Debian on x64 or arm64, and root
 * or user namespaces. See `--help`.
 */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import ts from 'typescript';
import { build } from '../../tools/prebuild/build.js';
import { fileFor, systemOf, systems } from '../../tools/prebuild/system.js';
import { localised, programsOf } from '../docs/snippet.js';
import { run } from '../matrix/run.js';
import { startNephele } from '../servers/nephele.js';
import { projectRoot } from '../servers/start.js';
import { type Machine, type Package, runOn } from './machine.js';
import { startRegistry } from './registry.js';
import { installTool, type Tool, tools } from './tools.js';
import { carryOut, contents, type Result, type Setting, type Trial } from './trial.js';

const system = systems.find((name) => name === `linux-${process.arch}-glibc`);

const help = `usage: npm run test:install -- [--only TEXT] [--quick] [--keep]
  --only TEXT   only trials whose name contains the text
  --quick       only one of the trials that compile the addon, each of which takes more than a minute
  --keep        keeps the folders of the trials
Trials: each of ${tools.map(({ name }) => name).join(', ')} on machines that lack something.`;

const everything: readonly Package[] = ['cmake', 'g++', 'make', 'python3', 'libneon27-dev'];
const without = (...lacks: readonly Package[]): Machine => ({ lacks: new Set(lacks), oldNeon: false });
/** A machine that can compile, as users have it: without CMake. */
const complete = without('cmake');

interface Tarballs {
  readonly matching: string;
  /** Without the addon for this system: its addon has the name of a system with another C library. */
  readonly other: string;
}

/** The trials of one tool. */
function trialsOf(tool: Tool, bin: string, { matching, other }: Tarballs): Trial[] {
  const approval = tool.asks ? [tool.rebuild] : [];
  const library = /^apt-get install -y libneon27$/;
  const all = /^apt-get install -y libneon27-dev zlib1g-dev pkg-config g\+\+ make python3$/;
  const trial = (name: string, rest: Omit<Trial, 'name' | 'tool' | 'bin'>): Trial => ({
    name: `${tool.name}: ${name}`,
    tool,
    bin,
    ...rest,
  });
  const found = { tarball: matching, compiles: false };
  const missed = { tarball: other, compiles: true };
  const trials = [
    trial('prebuilt addon, nothing to compile with', { ...found, machine: without(...everything), advice: [] }),
    trial('prebuilt addon, no neon', {
      ...found,
      machine: without(...everything, 'libneon27'),
      advice: [library],
    }),
    trial('prebuilt addon, neon too old', {
      ...found,
      machine: { ...without(...everything), oldNeon: true },
      advice: [library],
    }),
    trial('no prebuilt addon, nothing to compile with, no neon', {
      ...missed,
      machine: without(...everything, 'libneon27'),
      advice: [...approval, all],
    }),
  ];
  const { ignoreScripts } = tool;
  if (ignoreScripts === undefined) return trials;
  const options = ignoreScripts;
  return [
    ...trials,
    trial('prebuilt addon, no scripts', { ...found, options, machine: without(...everything), advice: [] }),
    trial('no prebuilt addon, no scripts', { ...missed, options, machine: complete, advice: [tool.rebuild] }),
  ];
}

/** Trials of the messages of the script, which do not depend on the tool. */
function trialsOfMessages(tool: Tool, bin: string, { other }: Tarballs): Trial[] {
  const lacking: readonly (readonly [Package, RegExp])[] = [
    ['g++', /^apt-get install -y g\+\+$/],
    ['make', /^apt-get install -y make$/],
    ['python3', /^apt-get install -y python3$/],
    ['libneon27-dev', /^apt-get install -y libneon27-dev zlib1g-dev pkg-config$/],
  ];
  const trial = { tool, bin, tarball: other, compiles: true };
  return [
    ...lacking.map(([name, message]) => ({
      ...trial,
      name: `no prebuilt addon, no ${name}`,
      machine: without('cmake', name),
      advice: [message],
    })),
    {
      ...trial,
      name: 'no prebuilt addon, neon too old',
      machine: { ...complete, oldNeon: true },
      advice: [/^apt-get install -y libneon27-dev zlib1g-dev pkg-config/],
    },
  ];
}

/** Makes the tarball, and a variant without the addon for this system. */
function pack(work: string): Tarballs {
  if (system === undefined) throw new Error(`there is no prebuilt addon for ${process.platform} on ${process.arch}`);
  if (!existsSync(fileFor(system))) build(systemOf(system));
  const quiet = ['--loglevel=error', '--json', '--pack-destination', work];
  const [{ filename }] = JSON.parse(run('npm', ['pack', ...quiet], projectRoot).replace(/^[^]*?(?=^\[)/m, '')) as [
    { filename: string },
  ];
  const matching = path.join(work, filename);
  const unpacked = path.join(work, 'unpacked');
  mkdirSync(unpacked);
  run('tar', ['-xzf', matching, '-C', unpacked]);
  const prebuilds = path.join(unpacked, 'package/prebuilds');
  renameSync(path.join(prebuilds, system), path.join(prebuilds, system.replace('glibc', 'musl')));
  const other = path.join(work, 'other', filename);
  mkdirSync(path.dirname(other));
  run('tar', ['-czf', other, '-C', unpacked, 'package']);
  return { matching, other };
}

/** The first example of the README, for a server on this machine. */
function firstExample(server: { readonly origin: string; readonly port: number }): Setting['example'] {
  const [{ code, prints }] = programsOf('README.md') as [ReturnType<typeof programsOf>[number]];
  const { outputText } = ts.transpileModule(localised(code, server), {
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 },
  });
  return { code: outputText, prints: prints.map((line) => localised(line, server)) };
}

/** The limits of an installation with a matching addon. */
function excess({ seconds, project }: Result): string | undefined {
  const { packages, bytes } = contents(project);
  console.log(`   ${seconds.toFixed(1)} s, ${packages.join(', ')}, ${(bytes / 1e6).toFixed(2)} MB`);
  if (packages.length > 3) return `${packages.length} packages instead of at most 3`;
  return bytes < 5e6 ? undefined : `${bytes} bytes instead of less than 5 MB`;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string', default: '' },
      quick: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return console.log(help);
  const work = mkdtempSync(path.join(tmpdir(), 'libneon-install-'));
  const probe = await runOn(complete, 'true', {
    layer: mkdtempSync(path.join(work, 'layer-')),
    cwd: work,
    env: process.env,
  });
  if (probe.code !== 0) {
    console.log(`not run: this system allows no mount namespace with an overlay\n${probe.text}`);
    process.exitCode = 3;
    return;
  }
  const tarballs = pack(work);
  // yarn 2 and newer adds node-gyp to a package that has an addon.
  const registry = await startRegistry(work, ['node-addon-api', 'detect-libc', 'node-gyp']);
  const server = await startNephele();
  const counts = { passed: 0, failed: 0 };
  try {
    const setting: Setting = { work, registry: registry.url, example: firstExample(server) };
    const bins = new Map(tools.map((tool) => [tool, installTool(path.join(work, 'tools'), tool)]));
    const trials = tools.flatMap((tool, index) => [
      ...trialsOf(tool, bins.get(tool)!, tarballs),
      ...(index === 0 ? trialsOfMessages(tool, bins.get(tool)!, tarballs) : []),
    ]);
    const compiling = trials.find(({ compiles }) => compiles);
    const isWanted = (trial: Trial): boolean =>
      trial.name.includes(values.only) && (!values.quick || !trial.compiles || trial === compiling);
    for (const trial of trials.filter(isWanted)) {
      const start = performance.now();
      const result = await carryOut(trial, setting);
      const isPlain = trial.tool.program === 'npm' && trial.advice.length === 0 && trial.options === undefined;
      const failure = result.failure ?? (isPlain ? excess(result) : undefined);
      counts[failure === undefined ? 'passed' : 'failed']++;
      const seconds = ((performance.now() - start) / 1000).toFixed(1);
      console.log(`${failure === undefined ? 'ok' : 'FAILED'} ${trial.name} (${seconds} s)`);
      for (const advice of result.advice) console.log(`   $ ${advice}`);
      if (failure !== undefined) console.log(`   ${failure.replaceAll('\n', '\n   ')}`);
    }
  } finally {
    registry.stop();
    await server.stop();
    if (!values.keep) rmSync(work, { recursive: true, force: true });
  }
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  if (counts.failed > 0 || counts.passed === 0) process.exitCode = 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
