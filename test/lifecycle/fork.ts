/**
 * Runs small scripts (`children/`) in separate processes and reports how the processes ended. A crash is an end by a
 * signal. A hang is a process that had to be killed.
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
   * Milliseconds after which the process is killed. The default of 90,000 is far longer than any script takes on a
   * loaded machine.
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

/** The Node binaries to test with, by version: this binary and the paths in LIBNEON_TEST_NODES, separated by colons. */
export const nodes: readonly (readonly [version: string, node: string])[] = [...new Map(findNodes())];

/** How often to repeat tests of rare crashes: LIBNEON_TEST_REPEAT, or 100 in CI and 10 elsewhere. */
export const repetitions = Number(process.env['LIBNEON_TEST_REPEAT'] ?? (process.env['CI'] ? 100 : 10));

/** Whether to run the full numbers of rounds, which takes long. */
export const full = Boolean(process.env['LIBNEON_TEST_FULL']);

/**
 * Disables concurrent compilation, which can cause a deadlock at exit with any addon. A compiler thread that needs the
 * garbage collector waits for the main thread. The main thread waits for the compiler thread in NodePlatform::Shutdown
 * (nodejs/node#54918; Node 22 and later, about once in 400 exits of a busy process).
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
    // Output may still arrive after `exit`, even from a server that the script left behind.
    child.on('close', (code, signal) => resolve({ code, signal, ...output, ms: endedAt - startedAt, endedAt }));
  });
}

/** Expects an end by `process.exit(code)` or similar, with nothing on standard error. */
export function expectEnd(ended: Ended, code = 0): void {
  const { signal, stderr } = ended;
  expect({ code: ended.code, signal, stderr }).toEqual({ code, signal: null, stderr: '' });
}

/** The last report of the script, made by `report()` of `children/tools.ts`. */
export function reported<T>(ended: Ended): T {
  return JSON.parse(ended.stdout.trimEnd().split('\n').at(-1)!) as T;
}

/** The time the process took to end after it reported `{ endingAt: Date.now() }`, in milliseconds. */
export function timeToEnd(ended: Ended): number {
  return ended.endedAt - reported<{ endingAt: number }>(ended).endingAt;
}

/** Runs a job `count` times, two at a time, and stops after a failure. */
export async function repeat(count: number, job: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const failures: unknown[] = [];
  const line = async (): Promise<void> => {
    while (next < count && failures.length === 0) await job(next++).catch((error: unknown) => failures.push(error));
  };
  await Promise.all([line(), line()]);
  if (failures.length > 0) throw failures[0];
}

/** The variables of this process without those that change the behaviour of Node or TLS. */
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
