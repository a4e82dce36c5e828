/**
 * Ends processes and workers at random moments and inside callbacks, while calls of all surfaces wait or run. Each must
 * end at once, with the code or the signal that it should have.
 */
import path from 'node:path';
import { reported, runProgram, type Ended } from '../../lifecycle/fork.js';
import { startPaths } from '../../lifecycle/paths.js';
import type { PathsStarted } from '../../lifecycle/children/paths-server.js';
import { pem, testPki } from '../../servers/pki.js';
import { below, pick } from '../../support/random.js';
import type { LifeOptions, Way } from '../children/life.js';
import type { Kind, Trial } from '../kind.js';

interface Environment {
  readonly paths: PathsStarted;
  readonly ca: string;
}

/** How the process ends in each way. */
const ends: Readonly<Record<Way, { readonly code: number | null; readonly signal?: string; readonly ends: number }>> = {
  exit: { code: 7, ends: 1 },
  throw: { code: 1, ends: 1 },
  reject: { code: 1, ends: 1 },
  SIGTERM: { code: null, signal: 'SIGTERM', ends: 1 },
  SIGKILL: { code: null, signal: 'SIGKILL', ends: 1 },
  end: { code: 0, ends: 1 },
  terminate: { code: 0, ends: 4 },
  'worker exit': { code: 0, ends: 4 },
  'worker throw': { code: 0, ends: 4 },
};

/** The time in which a process must end, in milliseconds. The machine may be busy. */
const QUICK = 5000;

function problemOf(way: Way, ended: Ended): string | undefined {
  const { code, signal = null } = ends[way];
  if (ended.code !== code || ended.signal !== signal) return `ended with ${ended.signal ?? ended.code}`;
  const silent = !/^(throw|reject)$/.test(way);
  if (silent ? ended.stderr !== '' : !ended.stderr.includes('thrown on purpose')) return 'unexpected output';
  const { endingAt } = reported<{ endingAt: number }>(ended);
  return ended.endedAt - endingAt > QUICK ? `took ${ended.endedAt - endingAt} ms` : undefined;
}

async function carryOut(trial: Trial, environment: Environment): Promise<void> {
  const { random } = trial;
  const way = pick(random, Object.keys(ends) as Way[]);
  const inside = random() < 0.5;
  const moment = inside ? { callback: 1 + below(random, 60) } : { ms: below(random, 60) };
  const storm = ends[way].ends === 1 && random() < 0.4;
  const options: LifeOptions = { ...environment, storm, seed: trial.seed, way, moment };
  const script = path.join(__dirname, '..', 'children', 'life.js');
  const args = ['--no-concurrent-recompilation', '--expose-gc', script, JSON.stringify(options)];
  const ended = await runProgram(process.execPath, args, { killAfterMs: 60_000 });
  const hung = ended.signal === 'SIGKILL' && way !== 'SIGKILL';
  const problem = problemOf(way, ended);
  const crashed = /^SIG(SEGV|ABRT|BUS|ILL|FPE|TRAP)$/.test(ended.signal ?? '');
  const outcome = problem === undefined ? 'right' : hung ? 'lost' : crashed ? 'crash' : 'wrong';
  const detail = `${problem}: node ${args.map((text) => `'${text}'`).join(' ')}\n${ended.stdout}\n${ended.stderr.slice(0, 1200)}`;
  // Workers end, too.
  for (let i = outcome === 'right' ? ends[way].ends : 1; i > 0; i--)
    trial.count(way, inside ? 'inside a callback' : 'at a random moment', outcome, detail);
}

export const kind: Kind<Environment> = {
  about: 'A process or a worker that ends at any moment ends at once, without a crash.',
  short: 16,
  limit: 90_000,
  async start() {
    const server = await startPaths();
    return { environment: { paths: server.started, ca: pem(testPki().ca.cert) }, stop: () => server.stop() };
  },
  prepare: (environment) => (trial) => carryOut(trial, environment),
};
