/**
 * `npm run test:fuzz [target …] [seconds]`: runs the fuzz targets with libFuzzer, one after the other, and adds the
 * results to `build/faults/bytes.json`, which the page of the results shows. See `--help`.
 */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../servers/start.js';
import { buildTargets, environmentOf, fuzzFolder, targets } from './build.js';

/** The results of a target over all runs. */
export interface FuzzResult {
  readonly target: string;
  readonly seconds: number;
  readonly executions: number;
  /** The inputs that ended the program. */
  readonly crashes: number;
}

const help = `npm run test:fuzz -- [target …] [seconds] [options]

Targets: ${targets.join(', ')}. All of them by default. Each runs for 60 seconds by default.
Needs clang++ with libFuzzer. CXX names another clang++.

  --out FOLDER   where the program, the inputs that were found, and bytes.json are; build/faults by default
  --merge        reduces the inputs that were found to those that reach more code, and copies them to test/fuzz/corpus
`;

const dictionaries: Readonly<Record<string, string>> = { headers: 'http', inflate: 'http', response: 'http' };

/** The most bytes of an input that is kept in the repository. */
const KEPT = 512;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

function runProgram(program: string, target: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(program, args, { env: environmentOf(target), stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-100_000)));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, output }));
  });
}

async function fuzz(program: string, out: string, target: string, seconds: number): Promise<FuzzResult> {
  const found = path.join(out, 'corpus', target);
  mkdirSync(found, { recursive: true });
  cpSync(path.join(fuzzFolder, 'corpus', target), found, { recursive: true });
  const dictionary = path.join(fuzzFolder, 'dictionaries', `${dictionaries[target] ?? 'xml'}.dict`);
  const artifacts = path.join(out, `${target}-`);
  const began = Date.now();
  const { code, output } = await runProgram(program, target, [
    ...[`-max_total_time=${seconds}`, '-max_len=2048', '-timeout=30', '-print_final_stats=1'],
    ...[`-dict=${dictionary}`, `-artifact_prefix=${artifacts}`, found],
  ]);
  const executions = Number(/number_of_executed_units:\s+(\d+)/.exec(output)?.[1] ?? 0);
  if (code !== 0) console.log(output.slice(-6000));
  return { target, seconds: Math.round((Date.now() - began) / 1000), executions, crashes: code === 0 ? 0 : 1 };
}

/** Keeps the shortest inputs that reach all code that the inputs found so far reach. */
async function merge(program: string, out: string, target: string): Promise<void> {
  const kept = path.join(fuzzFolder, 'corpus', target);
  const found = path.join(out, 'corpus', target);
  await runProgram(program, target, ['-merge=1', `-max_len=${KEPT}`, kept, found]);
}

function add(file: string, result: FuzzResult): void {
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as FuzzResult[]) : [];
  const before = known.find(({ target }) => target === result.target);
  const sum: FuzzResult = {
    target: result.target,
    seconds: result.seconds + (before?.seconds ?? 0),
    executions: result.executions + (before?.executions ?? 0),
    crashes: result.crashes + (before?.crashes ?? 0),
  };
  const all = [...known.filter(({ target }) => target !== result.target), sum];
  writeFileSync(file, `${JSON.stringify(all, null, 2)}\n`);
}

function fail(message: string): never {
  console.error(`${message}\n\n${help}`);
  process.exit(2);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: path.join(projectRoot, 'build', 'faults') },
      merge: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(help);
  const chosen: string[] = [];
  let seconds = 60;
  for (const text of positionals) {
    if (/^\d+$/.test(text)) seconds = Number(text);
    else if (targets.includes(text)) chosen.push(text);
    else fail(`${text} is neither a target nor a number of seconds`);
  }
  const folder = path.join(values.out, 'program');
  const program = await buildTargets(folder, { compiler: process.env['CXX'] ?? 'clang++', libFuzzer: true });
  for (const target of chosen.length > 0 ? chosen : targets) {
    if (values.merge) {
      await merge(program, values.out, target);
      continue;
    }
    const result = await fuzz(program, values.out, target, seconds);
    console.log(`${target}: ${result.executions} executions in ${result.seconds} s, ${result.crashes} crashes`);
    add(path.join(values.out, 'bytes.json'), result);
    if (result.crashes > 0) process.exitCode = 1;
  }
}

if (require.main === module) void main();
