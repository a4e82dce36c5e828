/**
 * Runs small scripts (`children/`) in separate processes and reports how each process ends. A process that dies by a
 * signal has crashed. A process that the test must kill has hung.
 */
import { execFileSync, spawn } from 'node:child_process';
import path from 'node:path';

/** Options for running a script. */
export interface RunOptions {
  /** The Node binary; the current one by default. */
  readonly node?: string;
  /** Options of Node itself. */
  readonly execArgv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /**
   * Milliseconds after which the process is killed. Even on a loaded machine, scripts take far less than the default of
   * 90,000.
   */
  readonly killAfterMs?: number;
}

/** The end of a script. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The duration in milliseconds. */
  readonly ms: number;
  /** `Date.now()` when the process had ended. */
  readonly endedAt: number;
}

/**
 * The Node binaries to test, with their versions: the current one and those in LIBNEON_TEST_NODES (paths separated by
 * colons).
 */
export const nodes: readonly (readonly [version: string, node: string])[] = [...new Map(findNodes())];

/**
 * The number of repetitions for tests of rare crashes: LIBNEON_TEST_REPEAT if set, otherwise 100 in CI and 10
 * elsewhere.
 */
export const repetitions = Number(process.env['LIBNEON_TEST_REPEAT'] ?? (process.env['CI'] ? 100 : 10));

/** Whether to run all rounds, which takes a long time. */
export const full = Boolean(process.env['LIBNEON_TEST_FULL']);

/**
 * Disables concurrent compilation. It can cause a deadlock when the process exits, with any addon. A compiler thread
 * waits for the main thread when it needs the garbage collector. The main thread then waits for the compiler thread in
 * NodePlatform::Shutdown (nodejs/node#54918). This affects Node 22 and later, about once in 400 exits of a busy
 * process.
 */
const withoutCompilers = '--no-concurrent-recompilation';

/** Runs `children/<script>.js`. */
export function run(script: string, args: readonly (string | number)[] = [], options: RunOptions = {}): Promise<Ended> {
  const { node = process.execPath, execArgv = [] } = options;
  const file = path.join(__dirname, 'children', `${script}.js`);
  return runProgram(node, [withoutCompilers, ...execArgv, file, ...args.map(String)], options);
}

/** Runs any program like a script. */
export function runProgram(
  program: string,
  args: readonly string[],
  { env = {}, killAfterMs = 90_000 }: Pick<RunOptions, 'env' | 'killAfterMs'> = {},
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const startedAt = Date.now();
    let endedAt = 0;
    const output = { stdout: '', stderr: '' };
    const child = spawn(program, args, { env: { ...cleanEnvironment(), ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const killer = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text));
    }
    child.on('error', reject);
    child.on('exit', () => {
      endedAt = Date.now();
      clearTimeout(killer);
    });
    // Output may still arrive after `exit`. A server process that outlives the script can also write to these pipes.
    child.on('close', (code, signal) => resolve({ code, signal, ...output, ms: endedAt - startedAt, endedAt }));
  });
}

/** Checks that the process exited with this code, received no signal, and wrote nothing to standard error. */
export function expectEnd(ended: Ended, code = 0): void {
  const { signal, stderr } = ended;
  expect({ code: ended.code, signal, stderr }).toEqual({ code, signal: null, stderr: '' });
}

/** The last report of the script, made by `report()` of `children/tools.ts`. */
export function reported<T>(ended: Ended): T {
  return JSON.parse(ended.stdout.trimEnd().split('\n').at(-1)!) as T;
}

/** The milliseconds between the script's report `{ endingAt: Date.now() }` and the end of its process. */
export function timeToEnd(ended: Ended): number {
  return ended.endedAt - reported<{ endingAt: number }>(ended).endingAt;
}

/** Runs a job `count` times, with two runs at a time. Stops after the first failure. */
export async function repeat(count: number, job: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const line = async (): Promise<void> => {
    while (next < count && failures.length === 0) await job(next++).catch((error: unknown) => failures.push(error));
  };
  await Promise.all([line(), line()]);
  if (failures.length > 0) throw failures[0];
}

/** Returns the environment without variables that configure Node or TLS. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _1, NODE_EXTRA_CA_CERTS: _2, SSL_CERT_FILE: _3, SSL_CERT_DIR: _4, ...env } = process.env;
  return env;
}

function* findNodes(): Generator<[string, string]> {
  for (const node of (process.env['LIBNEON_TEST_NODES'] ?? '').split(path.delimiter)) {
    if (node !== '') yield [execFileSync(node, ['--version'], { encoding: 'utf8' }).trim(), node];
  }
  yield [process.version, process.execPath];
}
