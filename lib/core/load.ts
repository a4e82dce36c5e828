import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { setImmediate } from 'node:timers';
import { debuglog, types } from 'node:util';
import { isMainThread } from 'node:worker_threads';

import { CallerContext } from './caller-context.js';
import { invalidValue, NeonError, setResultNames } from './errors.js';
import { forget, handleClasses, isHandle, keep, kept, token } from './handle.js';
import { deliver, outboxBytes, outboxTable, settle } from './receivers.js';

/** A function that the addon exports. `lib` declares its type where it exports the function. */
export type Native = (...values: never[]) => unknown;

/** The exports of the addon: the blocking and the asynchronous functions by their C names, and the constants. */
interface Addon {
  sync: Record<string, Native | number>;
  async: Record<string, Native>;
}

/** The folder of this package. */
export const packageRoot = findPackageRoot(__dirname);

/** This package's version. */
export const packageVersion = readVersion(packageRoot);

/**
 * A question that neon asks JavaScript through a callback. The target is what the callback belongs to, such as a
 * session handle. The question is open until the callback has answered.
 */
interface Question {
  readonly target: object;
  open: boolean;
}

/**
 * The questions whose callbacks the current asynchronous context runs inside. Up to Node 22, using this storage enables
 * hooks that make every promise in the process three times slower. The storage is therefore disabled once no question
 * has been open for a turn of the event loop.
 */
const inside = new AsyncLocalStorage<readonly Question[]>();
let openQuestions = 0;
let switchingOff = false;

function open(target: object): Question {
  openQuestions++;
  return { target, open: true };
}

function close(question: Question): void {
  if (!question.open) return; // a promise of a subclass may report its end twice
  question.open = false;
  if (--openQuestions > 0 || switchingOff) return;
  switchingOff = true;
  setImmediate(() => {
    switchingOff = false;
    if (openQuestions === 0) inside.disable();
  }).unref();
}

/**
 * The identity of the most recently queued operation. The addon writes it; see operation.ts. The memory is outside V8's
 * heap, so V8 cannot move it.
 */
export const lastOperation = new Float64Array(new ArrayBuffer(8));

const uriFields = ['scheme', 'host', 'userinfo', 'port', 'path', 'query', 'fragment'];

/** Whether a property can be set: it has a setter, is writable, or can be added. */
function isWritable(object: object, name: string): boolean {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property) return property.writable ?? property.set !== undefined;
  }
  return Object.isExtensible(object);
}

/** The JavaScript functions that the addon calls. */
const hooks = {
  NeonError,
  /** Captures the caller's asynchronous context. */
  snapshot: () => new CallerContext(),
  /** Calls a user's callback in the context in which the operation was started. */
  enter: (
    context: CallerContext,
    target: object,
    callback: (...values: unknown[]) => unknown,
    ...values: unknown[]
  ) => {
    const question = open(target);
    const end = (): void => close(question);
    try {
      const answer = context.runInAsyncScope(() =>
        inside.run([...(inside.getStore() ?? []), question], callback, ...values),
      );
      if (types.isPromise(answer))
        answer.then(end, end); // a promise of any realm
      else end();
      return answer;
    } catch (error) {
      end();
      throw error;
    }
  },
  /** Whether the caller is inside a callback of this target's running operation. */
  isInside: (target: object) =>
    inside.getStore()?.some((question) => question.open && question.target === target) ?? false,
  /** Makes the fields of `ne_status`. In JavaScript, this takes half of the time that it takes in the addon. */
  status: (
    major_version: number,
    minor_version: number,
    code: number,
    klass: number,
    reason_phrase: string | null,
  ) => ({
    major_version,
    minor_version,
    code,
    klass,
    reason_phrase,
  }),
  /** Sets the fields of `ne_uri`. In JavaScript, this takes one third of the time that it takes in the addon. */
  fillUri: (
    object: Record<string, unknown>,
    scheme: string | null,
    host: string | null,
    userinfo: string | null,
    port: number,
    path: string | null,
    query: string | null,
    fragment: string | null,
  ) => {
    try {
      object['scheme'] = scheme;
      object['host'] = host;
      object['userinfo'] = userinfo;
      object['port'] = port;
      object['path'] = path;
      object['query'] = query;
      object['fragment'] = fragment;
    } catch (error) {
      const name = uriFields.find((field) => !isWritable(object, field));
      if (name === undefined) throw error; // by a setter
      throw invalidValue(`The field "${name}" of a uri that the call fills cannot be written`);
    }
  },
  /** Sets a field of an object that the call fills. Without this, Node-API would ignore that a field is read-only. */
  setField: (object: object, name: string, value: unknown) => {
    if (!Reflect.set(object, name, value)) throw invalidValue(`The field "${name}" cannot be written`);
  },
  /** Checks an object that the call will fill, before the call begins. */
  requireFields: (object: object, argument: string, ...names: string[]) => {
    const name = names.find((field) => !isWritable(object, field));
    if (name !== undefined)
      throw invalidValue(
        `The field "${name}" of the argument "${argument}" must be writable, because the call fills it`,
      );
  },
  lastOperation,
  /** Calls `job` in a later turn of the event loop. */
  later: (job: () => void) => void setImmediate(job),
  settle,
  deliver,
  outboxTable,
  outboxBytes,
  token,
  handleClasses,
  isHandle,
  keep,
  kept,
  forget,
};

interface Finder {
  findPrebuilt(root: string): string | undefined;
}
interface Advice {
  explainNoAddon(root: string): string;
  explainLoadError(message: string, root: string): string;
  explainOldNeon(found: string): string;
}

/** Loads a script of the installation. These scripts are not bundled with the library. */
function script(name: string): unknown {
  try {
    return createRequire(__filename)(join(packageRoot, 'deps', name));
  } catch (error) {
    throw incomplete(error);
  }
}

function incomplete(cause?: unknown): NeonError {
  const error = new NeonError('The files of libneon are incomplete: reinstall it', 'ERR_NEON_LOAD');
  return cause === undefined ? error : Object.assign(error, { cause });
}

const finder = (): Finder => script('prebuilt.cjs') as Finder;
const advice = (): Advice => script('lib/advice.cjs') as Advice;

/** The loaded addon, with neon initialised. */
export const addon = load();

function load(): Addon {
  const file = findBinary();
  const loaded = requireBinary(file);
  refuseOldNeon((loaded.sync['ne_version_string'] as () => string)());
  (loaded.sync['initialize'] as (hooks: object, inWorker: boolean) => void)(hooks, !isMainThread);
  setResultNames((loaded.sync['resultNames'] as () => Parameters<typeof setResultNames>[0])());
  const result = (loaded.sync['ne_sock_init'] as () => number)();
  if (result !== 0)
    throw new NeonError('neon could not initialise its socket and TLS libraries (ne_sock_init)', 'ERR_NEON_INIT');
  if (debuglog('libneon').enabled) startDebugging(loaded);
  return loaded;
}

/** For `NODE_DEBUG=libneon`: writes neon's debugging log to stderr, unless stderr is closed. */
function startDebugging({ sync }: Addon): void {
  const why = 'NODE_DEBUG=libneon: this neon was built without debugging and says nothing';
  try {
    if (!(sync['debugToStderr'] as () => boolean)()) process.stderr.write(`libneon: ${why}\n`);
  } catch (error) {
    if (!(error instanceof NeonError)) throw error;
  }
}

/**
 * Finds the binary in `build/` if there is one, otherwise the prebuilt binary of this system. The one in `build/` comes
 * first: either a developer built it deliberately, or no prebuilt binary loads.
 */
function findBinary(): string {
  const built = join(packageRoot, 'build', 'Release', 'libneon.node');
  if (existsSync(built)) return built;
  const prebuilt = finder().findPrebuilt(packageRoot);
  if (prebuilt === undefined) throw new NeonError(advice().explainNoAddon(packageRoot), 'ERR_NEON_LOAD');
  return join(packageRoot, prebuilt);
}

/**
 * Loads the addon without require(), so that each copy of these modules initialises the addon for itself. Jest, for
 * example, loads a new copy of the modules for each test file. With require(), all copies would get the addon of the
 * first copy.
 */
function requireBinary(file: string): Addon {
  const module = { exports: {} };
  try {
    process.dlopen(module, file);
  } catch (error) {
    throw Object.assign(new NeonError(explain(String(error)), 'ERR_NEON_LOAD'), { cause: error });
  }
  return module.exports as Addon;
}

/** Explains a load error in a sentence, with the command that solves the problem. */
export function explain(message: string): string {
  return advice().explainLoadError(message, packageRoot);
}

/** The linker binds functions when they are first called, so an old library loads, and ends the process later. */
function refuseOldNeon(version: string): void {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(version) ?? [];
  if (Number(major) === 0 && Number(minor) < 32)
    throw new NeonError(advice().explainOldNeon(version.replace(/:.*/s, '')), 'ERR_NEON_LOAD');
}

function findPackageRoot(from: string): string {
  if (!from.endsWith(join('dist', 'lib', 'core')))
    throw new NeonError(
      'libneon was packed by a bundler, which leaves its addon behind: mark "libneon" as external ' +
        '(esbuild: --external:libneon; webpack: "externals"; Rollup, Vite: "external")',
      'ERR_NEON_LOAD',
    );
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'binding'))) return folder;
    if (folder === dirname(folder)) throw incomplete();
  }
}

function readVersion(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}
