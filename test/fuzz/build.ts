/**
 * Builds the program of the fuzz targets: with clang and libFuzzer for a long run, or with the compiler of the addon to
 * replay the corpus. Both programs have the sanitizers for addresses and for undefined behaviour.
 *
 * The program links only the C++ files that read bytes. They mention functions of Node-API and of other files, which
 * remain undefined: a target that called one of them would crash.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { neon } from '../oracle/compile.js';
import { projectRoot } from '../servers/start.js';

const run = promisify(execFile);

/** The folder of the targets in the sources. `dist` has no C++. */
export const fuzzFolder = path.join(projectRoot, 'test', 'fuzz');

/** The names of the targets. */
export const targets: readonly string[] = readdirSync(path.join(fuzzFolder, 'targets'))
  .map((file) => path.basename(file, '.cc'))
  .sort();

/** The files that the targets call, or that these files need. */
const sources = [
  ...['caller_headers', 'inflate', 'recipe', 'record'].map((name) => `binding/classes/exchange/${name}.cc`),
  ...['batch', 'parser'].map((name) => `binding/classes/propfind/${name}.cc`),
  ...['lock_response', 'xml_encoding', 'xml_events'].map((name) => `binding/classes/${name}.cc`),
  ...['arguments', 'debug_log', 'error', 'markup', 'packed', 'since', 'value'].map((name) => `binding/core/${name}.cc`),
  ...['dates', 'locks'].map((name) => `binding/ne/${name}.cc`),
  'test/fuzz/main.cc',
  ...targets.map((name) => `test/fuzz/targets/${name}.cc`),
];

/** A program of the fuzz targets. */
export interface Build {
  readonly compiler: string;
  /** Whether the program has libFuzzer's main function, or one that replays files. */
  readonly libFuzzer: boolean;
}

/** The options of each build; targets read private members. */
function optionsOf({ libFuzzer }: Build): string[] {
  const { include, defines } = neon();
  const nodeApi = path.dirname(require.resolve('node-addon-api/package.json'));
  const headers = path.join(path.dirname(require.resolve('node-api-headers/package.json')), 'include');
  return [
    ...['-std=c++20', libFuzzer ? '-O1' : '-O0', '-g1', '-fno-access-control', '-fno-omit-frame-pointer'],
    ...['-ffunction-sections', '-fdata-sections'],
    ...sanitizers(libFuzzer),
    ...(libFuzzer ? [] : ['-DREPLAY']),
    ...['-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_ADDON_API_DISABLE_DEPRECATED'],
    `-I${path.join(projectRoot, 'binding')}`,
    ...[nodeApi, headers, include].flatMap((folder) => ['-isystem', folder]),
    ...['-idirafter', path.join(process.execPath, '..', '..', 'include', 'node')],
    ...defines,
  ];
}

/** The sanitizers. Those of the types of objects need type information of files that are not linked. */
function sanitizers(libFuzzer: boolean): string[] {
  const found = ['address', 'undefined', ...(libFuzzer ? ['fuzzer'] : [])].join(',');
  return [`-fsanitize=${found}`, '-fno-sanitize=vptr', '-fno-sanitize-recover=all'];
}

/** Builds into a folder, and returns the program. */
export async function buildTargets(folder: string, build: Build): Promise<string> {
  const options = optionsOf(build);
  const queue = Array.from(sources);
  const objectOf = (source: string): string => path.join(folder, `${source.replaceAll('/', '-')}.o`);
  mkdirSync(folder, { recursive: true });
  // Each file includes the headers of Node-API, which take most of the time.
  const header = path.join(folder, 'precompiled.h');
  writeFileSync(header, '#include "core/precompiled.h"\n');
  await run(build.compiler, [...options, '-x', 'c++-header', '-o', `${header}.gch`, header]);
  const compileNext = async (): Promise<void> => {
    for (let source = queue.shift(); source !== undefined; source = queue.shift())
      await run(build.compiler, [
        ...options,
        '-include',
        header,
        '-c',
        '-o',
        objectOf(source),
        path.join(projectRoot, source),
      ]);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileNext));
  const program = path.join(folder, build.libFuzzer ? 'fuzz' : 'replay');
  const { library, rpath } = neon();
  await run(build.compiler, [
    ...['-o', program, ...sanitizers(build.libFuzzer), ...sources.map(objectOf)],
    ...['-no-pie', '-Wl,--gc-sections', '-Wl,--unresolved-symbols=ignore-all', '-Wl,-z,lazy'],
    ...[library, '-l:libz.so.1', '-pthread'],
    ...(rpath === undefined ? [] : [`-Wl,-rpath,${rpath}`]),
  ]);
  return program;
}

/** The environment in which a target runs. */
export function environmentOf(target: string): NodeJS.ProcessEnv {
  const suppressions = path.join(fuzzFolder, 'leaks.supp');
  return {
    ...process.env,
    LIBNEON_FUZZ_TARGET: target,
    LSAN_OPTIONS: `suppressions=${suppressions}:print_suppressions=0`,
  };
}
