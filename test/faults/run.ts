/**
 * Runs the trials of a kind in child processes, and watches them. A process that crashes or hangs is replaced, so that
 * the run continues with the next trial. The trial at fault is repeated and reduced to the steps that it needs.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { versions } from '../../lib/index.js';
import { scratchDirectory } from '../servers/start.js';
import type { ChildOptions, ChildReport } from './child.js';
import { Tally, type Kind, type KindName, type Summary } from './kind.js';

/** Options of a run. */
export interface RunOptions {
  readonly seed: number;
  /** How long trials are started, in milliseconds. Without it, the run is the short form. */
  readonly duration?: number;
  /** Runs this trial only. */
  readonly trial?: number;
  readonly processes?: number;
  /** Ends the run at its first problem. */
  readonly first?: boolean;
}

/** How a process ended. */
interface End {
  readonly hung: boolean;
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  /** The trial in which it ended. */
  readonly trial: number;
}

/** Further crashes and hangs of a run are counted, but no longer reduced. */
const REDUCED = 5;
const HANG = 30_000;

const moduleOf = async (name: KindName): Promise<Kind> => ((await import(`./kinds/${name}.js`)) as { kind: Kind }).kind;

/** Runs a kind. */
export async function runKind(name: KindName, options: RunOptions): Promise<Summary> {
  const kind = await moduleOf(name);
  const { seed, duration, trial } = options;
  const long = duration !== undefined;
  const started = Date.now();
  const shared = await kind.start?.();
  const tally = new Tally();
  let trials = 0;
  let reductions = 0;
  const count = options.processes ?? kind.processes ?? 2;
  const processes = trial === undefined ? count : 1;
  const base: Omit<ChildOptions, 'first'> = {
    kind: name,
    seed,
    environment: shared?.environment ?? null,
    long,
    step: processes,
    end: trial !== undefined ? trial + 1 : long ? Number.MAX_SAFE_INTEGER : kind.short,
    until: long ? started + duration : Number.MAX_SAFE_INTEGER,
  };
  const over = new AbortController();
  const stopIfWanted = (): void => {
    if (options.first && tally.problems.length > 0) over.abort();
  };
  const line = async (first: number): Promise<void> => {
    for (let next = first; next < base.end && Date.now() < base.until;) {
      const onReport = (report: ChildReport): void => {
        trials += report.trials;
        tally.add(report);
        stopIfWanted();
      };
      const end = await runChild(kind, { ...base, first: next }, onReport, over.signal);
      if (!end || over.signal.aborted) return;
      const script =
        !options.first && reductions++ < REDUCED ? await reduce(kind, { ...base, first: end.trial }, end) : '';
      const operation = /^\/\/ operation: (.*)$/m.exec(script)?.[1] ?? 'trial';
      tally.count(end.trial, operation, 'process', end.hung ? 'lost' : 'crash', textOf(name, seed, end, script));
      stopIfWanted();
      next = end.trial + processes;
    }
  };
  try {
    await Promise.all(Array.from({ length: processes }, (_, index) => line(trial ?? index)));
  } finally {
    await shared?.stop();
  }
  return {
    kind: name,
    form: long ? 'long' : 'short',
    versions: { node: process.version, neon: versions.neon, system: `${process.platform} ${process.arch}` },
    runs: [
      {
        seed,
        trials,
        seconds: Math.round((Date.now() - started) / 100) / 10,
        sharedLane: process.env['NEON_SHARED_LANE'] !== '0',
      },
    ],
    ...tally.take(),
  };
}

function textOf(name: KindName, seed: number, end: End, script: string): string {
  const how = end.hung ? 'hung' : `ended with ${end.signal ?? `code ${end.code}`}`;
  const again = `npm run test:faults -- ${name} --seed ${seed} --trial ${end.trial}`;
  return `${again}: the process ${how}\n${end.stderr.slice(-600)}\n${script}`;
}

/** Runs trials in a child. Resolves to how it ended, or to undefined when it ended as it should. */
async function runChild(
  kind: Kind,
  options: ChildOptions,
  onReport: (report: ChildReport) => void,
  over?: AbortSignal,
): Promise<End | undefined> {
  const folder = scratchDirectory('faults');
  const file = path.join(folder, 'trial');
  const descriptor = openSync(file, 'w+');
  const { execArgv = ['--expose-gc'] } = kind;
  const child = spawn(
    process.execPath,
    ['--no-concurrent-recompilation', ...execArgv, path.join(__dirname, 'child.js'), JSON.stringify(options)],
    { stdio: ['ignore', 'pipe', 'pipe', descriptor], cwd: folder },
  );
  over?.addEventListener('abort', () => child.kill('SIGKILL'));
  let stderr = '';
  let done = false;
  let hung = false;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (stderr = (stderr + text).slice(-100_000)));
  createInterface(child.stdout!).on('line', (text) => {
    if (!text.startsWith('{"rows"')) return;
    const report = JSON.parse(text) as ChildReport;
    onReport(report);
    done ||= report.done;
  });
  const watch = watchdog(
    child,
    () => placeIn(descriptor),
    kind.limit ?? HANG,
    () => (hung = true),
  );
  const [code, signal] = await new Promise<[number | null, string | null]>((resolve) =>
    child.once('close', (...end) => resolve(end)),
  );
  clearInterval(watch);
  const trial = placeIn(descriptor);
  closeSync(descriptor);
  rmSync(folder, { recursive: true, force: true });
  if (done && code === 0) return undefined;
  return { hung, code, signal, stderr, trial: Math.max(trial, options.first) };
}

/** The number of the current trial. */
function placeIn(descriptor: number): number {
  const bytes = Buffer.alloc(8);
  return readSync(descriptor, bytes, 0, 8, 0) === 8 ? bytes.readDoubleLE() : 0;
}

/** Kills a process whose current trial takes longer than the limit. */
function watchdog(child: ChildProcess, place: () => number, limit: number, onHang: () => void): NodeJS.Timeout {
  let last = -1;
  let since = Date.now();
  return setInterval(() => {
    const now = place();
    if (now !== last) [last, since] = [now, Date.now()];
    else if (Date.now() - since > limit && child.exitCode === null) {
      onHang();
      child.kill('SIGKILL');
    }
  }, 250);
}

/** The most steps that a trial may have to be reduced. */
const STEPS = 200;

/**
 * Repeats the trial that ended a process, and leaves out steps as long as the process ends. Returns the script of the
 * remaining steps; for a trial without steps, returns its notes.
 */
async function reduce(kind: Kind, options: Omit<ChildOptions, 'keep'>, first: End): Promise<string> {
  const alone = { ...options, step: 1, end: options.first + 1, until: Number.MAX_SAFE_INTEGER, script: true };
  const again = async (keep?: readonly number[]): Promise<End | undefined> => {
    const end = await runChild({ ...kind, limit: 10_000 }, { ...alone, ...(keep && { keep }) }, () => undefined);
    return end?.signal === first.signal && end.code === first.code ? end : undefined;
  };
  let end = await again();
  if (!end) return '// The trial alone does not repeat this end.';
  let keep = Array.from({ length: STEPS }, (_, index) => index);
  for (let size = STEPS / 2; size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < keep.length;) {
      const fewer = keep.toSpliced(start, size);
      const found = first.hung ? undefined : await again(fewer);
      if (found) [keep, end] = [fewer, found];
      else start += size;
    }
  }
  return end.stderr;
}
