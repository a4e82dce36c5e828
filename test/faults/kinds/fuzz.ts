/**
 * Calls every exported function, constructor and method with random arguments and options. No call may crash or hang
 * the process, and each error must have a code. fast-check makes the arguments, and shrinks those of a wrong result.
 */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import * as libneon from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { pem, testPki } from '../../servers/pki.js';
import { rawServer, response } from '../../servers/raw.js';
import type { Kind, Trial } from '../kind.js';
import { anyValue, constant, fixture, type Fixtures, type Value } from '../values.js';

interface Environment {
  readonly port: number;
  readonly ca: string;
}

type Callable = (...values: unknown[]) => unknown;

/** Something to call. */
interface Callee {
  readonly name: string;
  readonly surface: string;
  readonly of: (fixtures: Fixtures) => Callable;
  /** Values that the first argument often has, so that calls get past the first check. */
  readonly first: readonly Value[];
}

const { Session, SessionPool, Certificate, ClientCertificate } = libneon;

/** Methods that are marked as internal, so that the declarations omit them. */
const internal = /^(note\w+|renew|failed|watchProgress)$/;

/** The names of the methods of an object, including inherited methods. */
function methodNames(object: object): string[] {
  const names = new Set<string>();
  for (
    let at = Object.getPrototypeOf(object) as object;
    at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object
  ) {
    if (at === null || at.constructor.name === 'EventEmitter') break;
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(at)))
      if (name !== 'constructor' && !internal.test(name) && typeof value === 'function') names.add(name);
  }
  return Array.from(names);
}

function methodsOf(label: string, make: (fixtures: Fixtures) => object, fixtures: Fixtures): Callee[] {
  return methodNames(make(fixtures)).map((name) => ({
    name: `${label}.${name}`,
    surface: name.endsWith('Sync') ? 'classes, blocking' : 'classes',
    of: (own) => {
      const object = make(own) as Record<string, Callable>;
      return (...list) => object[name]!(...list);
    },
    first: [constant(/^request|createRequest/.test(name) ? 'GET' : '/a')],
  }));
}

/** The functions, constructors and static methods of the classes. */
function ofClasses(fixtures: Fixtures): Callee[] {
  const made = [
    Session,
    SessionPool,
    Certificate,
    ClientCertificate,
    libneon.Listing,
    libneon.Response,
    libneon.Request,
    libneon.Lock,
    libneon.LockStore,
  ];
  const statics = made.flatMap((one) =>
    Object.getOwnPropertyNames(one)
      .filter((name) => typeof (one as unknown as Record<string, unknown>)[name] === 'function')
      .map((name): Callee => ({
        name: `${one.name}.${name}`,
        surface: 'classes',
        of: () => (one as unknown as Record<string, Callable>)[name]!.bind(one),
        first: [fixture('origin'), fixture('ca')],
      })),
  );
  const functions = Object.entries(libneon as unknown as Record<string, unknown>)
    .filter(([, value]) => typeof value === 'function' && !/^class/.test(String(value)))
    .map(([name, value]): Callee => ({ name, surface: 'classes', of: () => value as Callable, first: [] }));
  return [
    ...functions,
    ...made.map((one): Callee => ({
      name: `new ${one.name}`,
      surface: 'classes',
      of:
        () =>
        (...list) =>
          Reflect.construct(one, list) as unknown,
      first: [fixture('origin'), constant('http')],
    })),
    ...statics,
    ...methodsOf('session', ({ session }) => session, fixtures),
    ...methodsOf('pool', ({ pool }) => pool, fixtures),
    ...methodsOf('response', ({ session }) => session.requestSync('GET', '/'), fixtures),
    ...methodsOf('request', ({ request }) => request, fixtures),
    ...methodsOf('lock', ({ session }) => session.locks.add({ target: '/a', token: 'urn:1' }), fixtures),
    ...methodsOf('locks', ({ session }) => session.locks, fixtures),
    ...methodsOf('certificate', ({ ca }) => Certificate.fromPEM(ca), fixtures),
  ];
}

/**
 * Functions that this kind must not call. They wait for a peer, end something that other functions need, or use the
 * descriptors of the process.
 */
const excluded =
  /^ne_(sock_(accept|block|exit|init|connect|read|peek|full|readline)|debug_init|addr_resolve|i18n_init)/;

function ofNe(): Callee[] {
  return [
    { module: ne, surface: 'libneon/ne' },
    { module: promises, surface: 'libneon/ne/promises' },
  ].flatMap(({ module, surface }) =>
    Object.entries(module)
      .filter(([name, value]) => typeof value === 'function' && !excluded.test(name))
      .map(([name, value]): Callee => ({
        name,
        surface,
        of: () => value,
        first: [fixture('handle'), fixture('req')],
      })),
  );
}

function fixturesFor({ port, ca }: Environment): Fixtures {
  const origin = `http://127.0.0.1:${port}/`;
  const session = Session.open(origin, { readTimeout: 1000 });
  const handle = ne.ne_session_create('http', '127.0.0.1', port);
  ne.ne_set_read_timeout(handle, 1);
  return {
    session,
    pool: new SessionPool(origin, { connections: 2, readTimeout: 1000 }),
    request: session.createRequest('GET', '/'),
    handle,
    req: ne.ne_request_create(handle, 'GET', '/'),
    ca,
    origin,
  };
}

/** Whether an error is one that a call may end with. */
function isFine({ name, surface }: Callee, error: unknown, list: readonly unknown[]): boolean {
  const { code, name: kind } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    name?: unknown;
  };
  if (typeof code === 'string' || kind === 'AbortError' || kind === 'TimeoutError' || list.includes(error)) return true;
  // V8 throws this error for a revoked proxy. The classes replace it by an error with a code.
  if (surface.startsWith('libneon/ne') && isRevoked(error)) return true;
  // Methods that parse JSON fail, since the bodies are not JSON.
  return kind === 'SyntaxError' && /json/i.test(name);
}

function isRevoked(error: unknown): boolean {
  return /proxy that has been revoked/.test(String(error));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return false;
  }
}

/** The time after which a call that may wait for ever is ended, and the time in which any call must settle. */
const PATIENCE = 30;
const LIMIT = 10_000;
const late = Symbol('late');

async function within(promise: PromiseLike<unknown>, ms: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([promise, new Promise((resolve) => (timer = setTimeout(resolve, ms, late)))]);
  } finally {
    clearTimeout(timer);
  }
}

function destroy({ session, pool }: Fixtures): void {
  session.destroy({ force: true });
  pool.destroy({ force: true });
}

/** The calls of one trial: all of them call one function. */
const CALLS = 16;

/**
 * Calls that may wait without an end, as they should: `close()` for the request of the fixtures, and `ne_md5_stream`
 * for bytes from the standard output of this process, which is a socket.
 */
const waiting = new Set(['session.close', 'ne_md5_stream']);

class Wrong extends Error {}

async function carryOut(trial: Trial, callees: readonly Callee[], environment: Environment): Promise<void> {
  const callee = callees[trial.number % callees.length]!;
  const first =
    callee.first.length > 0 ? fc.oneof({ arbitrary: fc.constantFrom(...callee.first), weight: 2 }, anyValue) : anyValue;
  const lists = fc.oneof(
    {
      arbitrary: fc.tuple(first, fc.array(anyValue, { maxLength: 4 })).map(([one, rest]) => [one, ...rest]),
      weight: 9,
    },
    { arbitrary: fc.constant<Value[]>([]), weight: 1 },
  );
  const fixtures = fixturesFor(environment);
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): unknown => rejections.push(reason);
  process.on('unhandledRejection', onRejection);
  let calls = 0;
  const property = fc.asyncProperty(lists, async (values) => {
    const index = calls++;
    if (!trial.keeps(index)) return;
    trial.note(`// operation: ${callee.name}\n${callee.name}(${values.map(({ code }) => code).join(', ')});`);
    const list = values.map(({ make }) => make(fixtures));
    try {
      const result = callee.of(fixtures)(...list);
      if (!isThenable(result)) return end(result);
      const endless = waiting.has(callee.name) || values.some((value) => value.endless);
      let settled = await within(result, endless ? PATIENCE : LIMIT);
      if (settled === late && endless) {
        if (callee.surface === 'libneon/ne/promises') return void Promise.resolve(result).catch(() => undefined);
        destroy(fixtures);
        settled = await within(result, LIMIT);
        if (settled === late) return; // what a callback makes of its own promise is its own matter
      }
      if (settled === late) throw new Wrong('did not settle');
      end(settled);
    } catch (error) {
      if (error instanceof Wrong) throw error;
      if (!isFine(callee, error, list)) throw new Wrong(`an error without a code: ${String(error)}`);
    } finally {
      await new Promise(setImmediate);
    }
  });
  try {
    const details = await fc.check(property, { seed: trial.seed | 0, numRuns: CALLS, endOnFailure: false });
    for (let i = details.numRuns - (details.failed ? 1 : 0); i > 0; i--)
      trial.count(callee.name, callee.surface, 'right');
    const [values = []] = details.counterexample ?? [];
    if (details.failed) {
      const error = details.errorInstance as Error | null;
      const lost = error?.message === 'did not settle';
      const text = `${callee.name}(${values.map(({ code }) => code).join(', ')}): ${String(error?.stack ?? error).slice(0, 1500)}`;
      trial.count(callee.name, callee.surface, lost ? 'lost' : 'wrong', text);
    }
    // A blocking call refuses a promise that a callback returns, and leaves it to the callback.
    const bad = rejections.filter((error) => !isFine(callee, error, []) && !isRevoked(error));
    if (bad.length > 0)
      trial.count(callee.name, callee.surface, 'wrong', `an unhandled rejection: ${String((bad[0] as Error).stack)}`);
  } finally {
    process.off('unhandledRejection', onRejection);
    destroy(fixtures);
    if (trial.number % 50 === 0) globalThis.gc?.();
  }
}

/** Ends what a call has made. */
function end(result: unknown): void {
  if (result instanceof libneon.Response) result.cancel();
  if (result instanceof Session || result instanceof SessionPool) result.destroy({ force: true });
}

export const kind: Kind<Environment> = {
  about: 'No call with any arguments crashes or hangs the process, and each error has a code.',
  short: 520,
  async start() {
    const server = await rawServer({ fixed: response('hello'), keep: 1000 });
    return { environment: { port: server.port, ca: pem(testPki().ca.cert) }, stop: () => server.stop() };
  },
  prepare(environment) {
    const fixtures = fixturesFor(environment);
    const callees = [...ofClasses(fixtures), ...ofNe()];
    destroy(fixtures);
    for (const name of ['a', 'x', 'abc']) writeFileSync(name, 'text'); // some arguments are names of files
    return (trial) => carryOut(trial, callees, environment);
  },
};
