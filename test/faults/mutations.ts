/**
 * `node dist/test/faults/mutations.js [FOLDER [COPY [PATTERN]]]`: puts deliberate faults into a copy of the C++, one at
 * a time, builds the copy, and runs the kinds that should find the fault. Not part of the tests, since each build and
 * run takes a minute. Writes `mutations.json` in FOLDER, which the page of the results shows. COPY is a folder for the
 * copy that is kept, so that the next build is short. PATTERN chooses mutations by their description.
 */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { projectRoot, scratchDirectory } from '../servers/start.js';
import type { KindName, Summary } from './kind.js';

/** A deliberate fault: a text in a file, and the text that replaces it. */
interface Mutation {
  readonly about: string;
  readonly file: string;
  readonly text: string;
  readonly replacement: string;
  /** The kinds that run, in this order, until one of them finds the fault. */
  readonly kinds: readonly KindName[];
  /** How long each kind runs; the short form by default. */
  readonly duration?: string;
}

/** A mutation and the kind that found it. */
export interface MutationResult {
  readonly about: string;
  readonly file: string;
  readonly caught: KindName | null;
  /** What the kind reported first. */
  readonly report: string;
}

/** The deliberate faults. */
export const mutations: readonly Mutation[] = [
  {
    about: 'A lane is not woken for a new job',
    file: 'binding/core/lane.cc',
    text: 'takes this lock, and the watchdog holds another one when it does\n  work_.notify_one();\n',
    replacement: '\n',
    kinds: ['framing', 'responses'],
  },
  {
    about: 'The shared lane is not woken for a new job',
    file: 'binding/core/shared_lane.cc',
    text: '  if (std::exchange(sleeps_, false)) wake();\n',
    replacement: '',
    // The thread looks for jobs every 250 ms, too. So the fault only delays requests.
    kinds: ['load'],
  },
  {
    about: 'The connection stays open when a request is destroyed with an unread body',
    file: 'binding/ne/request/request.cc',
    text: '  if (session_->active == this) session_->abandon_connection();\n',
    replacement: '  if (session_->active == this) session_->active = nullptr;\n',
    kinds: ['framing'],
  },
  {
    about: 'Bytes that wait on a kept connection are not looked for',
    file: 'binding/ne/session/session.cc',
    text: '  if (connection.is_stale()) close_connection();\n',
    replacement: '',
    kinds: ['framing'],
  },
  {
    about: 'An abort does not shut the socket down',
    file: 'binding/core/connection.cc',
    text: '  if (running_ == &operation) cut(Interruption::Aborted);\n',
    replacement: '  static_cast<void>(operation);\n',
    kinds: ['faults', 'framing', 'leaks'],
  },
  {
    about: 'A destroyed handle still counts as open',
    file: 'binding/core/handle.cc',
    text: '      return box->handle->closed() ? nullptr : &box->handle;\n',
    replacement: '      return &box->handle;\n',
    kinds: ['order', 'fuzz'],
  },
  {
    about: 'A line feed is not refused in a line of the head',
    file: 'binding/core/arguments.cc',
    text: "return c == '\\r' || c == '\\n' || c == '\\0';",
    replacement: "return c == '\\r' || c == '\\0';",
    kinds: ['injection'],
  },
  {
    about: 'The length of a response is not checked against the room in the outbox',
    file: 'binding/core/outbox.cc',
    text: '  if (count_ == rows_ || room_ - used_ < head_size + body.size()) return false;\n',
    replacement: '  if (count_ == rows_) return false;\n',
    kinds: ['load', 'order', 'fuzz'],
  },
  {
    about: 'The thread of a session does not end with the session',
    file: 'binding/core/lane.cc',
    text: '  dismissed_ = true;\n  work_.notify_one();\n',
    replacement: '',
    kinds: ['leaks', 'load'],
  },
  {
    about: 'A session is not freed in C',
    file: 'binding/ne/session/session.cc',
    text: '  if (c_) ne_session_destroy(c_);\n}',
    replacement: '}',
    kinds: ['leaks'],
    duration: '180s',
  },
  {
    about: 'The debugging log shows credentials',
    file: 'binding/core/debug_log.cc',
    text: '    put(without_credentials(line_));\n',
    replacement: '    put(line_);\n',
    kinds: ['secrets'],
  },
  {
    // A thread that only leaves neon while the process exits does no harm. So no thread stops at all.
    about: 'Threads go on in neon while the process exits',
    file: 'binding/core/exit.cc',
    text: '      process_exiting = true;\n',
    replacement: '',
    kinds: ['life'],
    duration: '120s',
  },
  {
    about: 'The connection stays open after a body that could not be read',
    file: 'binding/ne/request/request.cc',
    text: '  if (result != NE_OK) ne_close_connection(session_->c());\n',
    replacement: '',
    kinds: ['framing', 'responses'],
  },
];

function run(folder: string, command: string, ...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(command, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 28 });
}

function build(folder: string): void {
  const { status, stdout, stderr } = run(folder, 'ninja', '-C', 'build');
  if (status !== 0) throw new Error(`ninja: ${stdout.slice(-3000)}${stderr}`);
}

/** Copies the tree into a folder, and builds it. A folder that has an older copy needs less time. */
function copyTree(folder: string): void {
  for (const name of ['binding', 'dist', 'lib', 'test', 'deps', 'package.json', 'CMakeLists.txt', 'binding.gyp'])
    cpSync(path.join(projectRoot, name), path.join(folder, name), { recursive: true, preserveTimestamps: true });
  const modules = path.join(folder, 'node_modules');
  if (!existsSync(modules)) symlinkSync(path.join(projectRoot, 'node_modules'), modules);
  const { status, stderr } = run(folder, 'cmake', '-S', '.', '-B', 'build', '-G', 'Ninja');
  if (status !== 0) throw new Error(`cmake: ${stderr}`);
  build(folder);
}

/** Builds with the mutation, and runs its kinds until one finds the fault. */
function tryMutation(
  folder: string,
  { about, file, text, replacement, kinds, duration = '--short' }: Mutation,
): MutationResult {
  const source = path.join(folder, file);
  const original = readFileSync(source, 'utf8');
  if (original.split(text).length !== 2) throw new Error(`${file} does not have this text once: ${text}`);
  writeFileSync(
    source,
    original.replace(text, () => replacement),
  );
  try {
    build(folder);
    for (const kind of kinds) {
      const out = path.join(folder, 'results');
      run(
        folder,
        process.execPath,
        'dist/test/faults/index.js',
        kind,
        duration,
        '--first',
        '--seed',
        '1',
        '--out',
        out,
      );
      const { problems } = JSON.parse(readFileSync(path.join(out, `${kind}.json`), 'utf8')) as Summary;
      const [first] = problems;
      if (first) return { about, file, caught: kind, report: `${first.operation}, ${first.surface}: ${first.outcome}` };
    }
    return { about, file, caught: null, report: '' };
  } finally {
    writeFileSync(source, original);
  }
}

function main(): void {
  const out = process.argv[2] ?? path.join(projectRoot, 'build', 'faults');
  mkdirSync(out, { recursive: true });
  const folder = process.argv[3] ?? scratchDirectory('mutations');
  try {
    copyTree(folder);
    const list = path.join(out, 'mutations.json');
    const pattern = new RegExp(process.argv[4] ?? '');
    const chosen = mutations.filter(({ about }) => pattern.test(about));
    const known = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as MutationResult[]) : [];
    const results = known.filter(({ about }) => !chosen.some((mutation) => mutation.about === about));
    for (const mutation of chosen) {
      const result = tryMutation(folder, mutation);
      console.log(`${result.about}: ${result.caught ?? 'not caught'} (${result.report})`);
      results.push(result);
      writeFileSync(list, `${JSON.stringify(results, null, 2)}\n`);
    }
    process.exitCode = results.some(({ caught }) => caught === null) ? 1 : 0;
  } finally {
    if (process.argv[3] === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

if (require.main === module) main();
