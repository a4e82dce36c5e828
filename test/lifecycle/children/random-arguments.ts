/**
 * random-arguments.js SURFACE SEED COUNT PORT: calls all functions, constructors and methods of a surface (`classes` or
 * `ne`) with random arguments and options. Reports each error that has no code. The same SEED repeats the same calls.
 */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import * as libneon from '../../../lib/index.js';
import * as ne from '../../../lib/ne/index.js';
import * as promises from '../../../lib/ne/promises.js';
import { report } from './tools.js';

const [, , surface, seed, count, port, caFile] = process.argv;
const { Session, SessionPool, Certificate, ClientCertificate } = libneon;
const origin = `http://127.0.0.1:${port}/`;
const ca = readFileSync(caFile!, 'utf8');

/** The error that the random values themselves throw. */
class Own extends Error {
  readonly code = 'OWN';
}
const fail = (): never => {
  throw new Own('by a value');
};

process.chdir(process.env['SCRATCH'] ?? process.cwd()); // some arguments are names of files
const random = randomFrom(Number(seed));
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
const chance = (probability: number): boolean => random() < probability;

const session = Session.open(origin, { readTimeout: 2000 });
const pool = new SessionPool(origin, { connections: 2, readTimeout: 2000 });
const handle = ne.ne_session_create('http', '127.0.0.1', Number(port));
ne.ne_set_read_timeout(handle, 2);

/** Functions that make values of every type. Each call makes a new value. */
const values: readonly (() => unknown)[] = [
  ...[undefined, null, true, false, 0, 1, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 10n].map((v) => () => v),
  ...['', ' ', 'x', '/a', 'a/b', '/a b', '\0', 'ü', '\ud800', '%', '%zz', '../..', 'GET', 'http', origin].map(
    (v) => () => v,
  ),
  ...['127.0.0.1', '::1', 'x\r\ny: z', '<a/>', '{urn:x}a', 'opaquelocktoken:1', ca, 'é'.repeat(300)].map(
    (v) => () => v,
  ),
  () => Symbol('s'),
  () => Symbol.iterator,
  () => ({}),
  () => Object.create(null) as object,
  () => [],
  () => [1, 'a'],
  () => [[]],
  () => [['a', 'b']],
  () => Array.from({ length: 3 }, () => any(1)),
  () => ({ [pick(['length', 'value', 'xml', 'file', 'fd', 'uri', 'path', 'token', 'target', 'name', 'set'])]: any(1) }),
  () => () => any(1),
  () => async () => any(1),
  () => fail,
  () => Buffer.alloc(0),
  () => Buffer.from('abc'),
  () => new Uint8Array(new SharedArrayBuffer(4)),
  () => new Float64Array(2),
  () => new DataView(new ArrayBuffer(2)),
  () => structuredClone(new ArrayBuffer(4)),
  () => detached(),
  () => new Date(NaN),
  () => new Date(0),
  () => /a/,
  () => new Map([['a', 'b']]),
  () => new Set([1]),
  () => new Headers({ a: 'b' }),
  () => new URL(origin),
  () => new URL('http://other.invalid/#a'),
  () => new Blob(['abc']),
  () => Readable.from(['a']),
  () => Promise.resolve(1),
  () => new Error('an error'),
  () => AbortSignal.abort(),
  () => new AbortController().signal,
  () => new Proxy({}, { get: fail, ownKeys: fail, has: fail, getPrototypeOf: fail }),
  () => new Proxy({}, {}),
  () => Proxy.revocable({}, {}).proxy,
  () => revoked(),
  () => ({ get headers() { return fail(); }, get body() { return fail(); } }), // prettier-ignore
  () => ({ toString: fail, valueOf: fail, [Symbol.toPrimitive]: fail }),
  () => ({ [Symbol.iterator]: fail, [Symbol.asyncIterator]: fail }),
  () => ({ *[Symbol.iterator]() { yield fail(); } }), // prettier-ignore
  () => ({ then: fail }),
  () => session,
  () => pool,
  () => session.handle,
  () => handle,
  () => ne.ne_request_create(handle, 'GET', '/'),
  () => Certificate.fromPEM(ca),
  () => ne.ne_buffer_create(),
  () => ne.ne_xml_create(),
  () => globalThis,
];

function any(depth = 0): unknown {
  // At least half of the nested values are primitive. This limits the depth of nested objects.
  return depth > 0 && chance(0.5) ? pick(values.slice(0, 30))() : pick(values)();
}

function detached(): Uint8Array {
  const bytes = new Uint8Array(4);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
}

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** The known option names. The error about an unknown option lists these names. */
const optionNames = [
  ...['signal', 'timeout', 'headers', 'redirect', 'maxRedirects', 'decompress', 'onProgress', 'body', 'expect100'],
  ...['idempotent', 'depth', 'props', 'scope', 'duration', 'owner', 'renew', 'wait', 'overwrite', 'maxBytes', 'start'],
  ...['end', 'set', 'remove', 'force', 'userAgent', 'readTimeout', 'connectTimeout', 'flags', 'addresses', 'proxy'],
  ...['localAddress', 'auth', 'proxyAuth', 'tls', 'connections', 'idleTimeout', 'file', 'offset', 'length', 'target'],
  ...['token', 'username', 'password', 'protocols', 'principal', 'grant', 'deny', 'ca', 'verify', 'pfx', 'zzz'],
  ...['type', 'host', 'port', 'href', 'property', 'minVersion', 'clientCert', 'trustDefaultCA', 'passphrase', 'xml'],
];

function options(): unknown {
  const names = Array.from({ length: Math.ceil(random() * 3) }, () => pick(optionNames));
  return Object.fromEntries(names.map((name) => [name, chance(0.2) ? options() : any(1)]));
}

/** Random arguments, of which the first is usually valid. */
function argumentsFor(name: string): unknown[] {
  const list = Array.from({ length: Math.floor(random() * 5) }, () => (chance(0.3) ? options() : any()));
  if (surface === 'ne' && chance(0.7)) list[0] = chance(0.6) ? handle : ne.ne_request_create(handle, 'GET', '/');
  if (surface === 'classes' && chance(0.5)) list[0] = /^request|createRequest/.test(name) ? 'GET' : '/a';
  return list;
}

/** A function to call, and its name. */
type Callee = readonly [name: string, call: (...values: unknown[]) => unknown];
type Callable = (...values: unknown[]) => unknown;

/** Methods that are marked as internal, so that the declarations omit them. */
const internal = /^(note\w+|renew|failed|watchProgress)$/;

/** The methods of an object, including inherited methods. */
function methodsOf(name: string, make: () => object): Callee[] {
  const found = new Map<string, Callee>();
  for (
    let at = Object.getPrototypeOf(make()) as object;
    at !== Object.prototype;
    at = Object.getPrototypeOf(at) as object
  ) {
    if (at === null || at.constructor.name === 'EventEmitter') break;
    for (const key of Object.getOwnPropertyNames(at))
      if (
        key !== 'constructor' &&
        !internal.test(key) &&
        typeof Object.getOwnPropertyDescriptor(at, key)?.value === 'function'
      )
        found.set(key, [
          `${name}.${key}`,
          (...list) => ((make() as Record<string, Callable>)[key] as Callable).apply(make(), list),
        ]);
  }
  return [...found.values()];
}

const response = (): object => session.requestSync('GET', '/');
const request = session.createRequest('GET', '/');
const lock = session.locks.add({ target: '/a', token: 'urn:1' });
const certificate = Certificate.fromPEM(ca);

const classes = (): Callee[] => [
  ...Object.entries(libneon)
    .filter(([, value]) => typeof value === 'function' && !/^class/.test(String(value)))
    .map(([name, value]): Callee => [name, value as unknown as Callable]),
  ...[
    Session,
    SessionPool,
    Certificate,
    ClientCertificate,
    libneon.Listing,
    libneon.Response,
    libneon.Request,
    libneon.Lock,
    libneon.LockStore,
  ].map((made): Callee => [`new ${made.name}`, (...list) => Reflect.construct(made, list) as unknown]),
  ...[Session, Certificate, ClientCertificate].flatMap((made) =>
    Object.getOwnPropertyNames(made)
      .filter((key) => typeof (made as unknown as Record<string, unknown>)[key] === 'function')
      .map((key): Callee => [
        `${made.name}.${key}`,
        (...list) => (made as unknown as Record<string, Callable>)[key]!(...list),
      ]),
  ),
  ...methodsOf('session', () => session).filter(([name]) => !/\.(destroy|close)$/.test(name)),
  ...methodsOf('pool', () => pool).filter(([name]) => !/\.(destroy|close)$|Sync$/.test(name)),
  ...methodsOf('response', response),
  ...methodsOf('request', () => request).filter(([name]) => !/\.destroy$/.test(name)),
  ...methodsOf('lock', () => lock),
  ...methodsOf('locks', () => session.locks),
  ...methodsOf('certificate', () => certificate),
];

/**
 * Functions that this script must not call. They wait for a peer, end something that other functions need, or use the
 * script's own descriptors.
 */
const excluded =
  /^ne_(sock_(accept|block|exit|init|connect|read|peek|full|readline)|debug_init|addr_resolve|i18n_init)/;
const functions = (): Callee[] =>
  [ne, promises].flatMap((module, index) =>
    Object.entries(module)
      .filter(
        ([name, value]) => typeof value === 'function' && !excluded.test(name) && !/^ne_session_destroy/.test(name),
      )
      .map(([name, value]): Callee => [index === 0 ? name : `promises.${name}`, value as unknown as Callable]),
  );

const wrong: string[] = [];
const counts = { calls: 0, failures: 0, results: 0 };

/**
 * Records an error that has no code. Ignores aborts, timeouts, and an error that was itself an argument of the call.
 */
function check(name: string, error: unknown, list: readonly unknown[]): void {
  counts.failures++;
  const { code, name: kind } = (typeof error === 'object' && error !== null ? error : {}) as {
    code?: unknown;
    name?: unknown;
  };
  const fine = typeof code === 'string' || kind === 'AbortError' || kind === 'TimeoutError' || list.includes(error);
  // V8 throws this error for a revoked proxy. The classes replace it by an error with a code; functions in libneon/ne
  // do not.
  if (surface === 'ne' && /proxy that has been revoked/.test(String(error))) return;
  // Methods that parse JSON fail, since the bodies are not JSON.
  if (!fine && !(kind === 'SyntaxError' && /json/i.test(name)))
    wrong.push(`${name}(${list.map(describe).join(', ')}): ${String(error).slice(0, 200)}`);
}

function describe(value: unknown): string {
  try {
    return typeof value === 'string'
      ? JSON.stringify(value.slice(0, 30))
      : Object.prototype.toString.call(value) +
          (typeof value === 'object' && value !== null ? JSON.stringify(Object.keys(value)) : '');
  } catch {
    return 'odd';
  }
}

async function main(): Promise<void> {
  process.on('unhandledRejection', (reason) => check('unhandled', reason, []));
  const callees = surface === 'ne' ? functions() : classes();
  for (let i = 0; i < Number(count); i++) {
    const [name, call] = callees[i % callees.length]!;
    const list = argumentsFor(name);
    counts.calls++;
    if (process.env['TRACE']) process.stderr.write(`${i} ${name}(${list.map(describe).join(', ')})\n`);
    try {
      const result = call(...list);
      const settled = isThenable(result) ? await withLimit(name, result) : result;
      counts.results++;
      if (settled instanceof libneon.Response) settled.cancel();
      if (settled instanceof Session || settled instanceof SessionPool) settled.destroy({ force: true });
    } catch (error) {
      check(name, error, list);
    }
    if (i % 500 === 499) await new Promise(setImmediate);
  }
  // Reports one error for each function and error text. Ignores the details of the text in this comparison.
  const kinds = new Map(wrong.map((text) => [text.replace(/\(.*\): /, ': ').replace(/'[^']*'|"[^"]*"/g, ''), text]));
  report({ ...counts, wrong: [...kinds.values()].slice(0, 40) });
  process.exit();
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  try {
    return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
  } catch {
    return false;
  }
}

/** Waits for a promise. It is also an error if the promise never settles. */
async function withLimit(name: string, promise: PromiseLike<unknown>): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not settle`)), 20_000);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Numbers from 0 to 1 (xorshift). */
function randomFrom(start: number): () => number {
  let state = start * 2654435761 + 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

void main();
