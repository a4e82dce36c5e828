/**
 * Random arguments of every type, as fast-check makes and shrinks them. Each value knows the source text that makes it,
 * so that a failure can be printed as a script.
 */
import fc from 'fast-check';
import { Readable } from 'node:stream';
import { Certificate, type Request, type Session, type SessionPool } from 'libneon';
import * as ne from 'libneon/ne';

/** The objects that arguments and callbacks use. A trial has its own, because callbacks may destroy them. */
export interface Fixtures {
  readonly session: Session;
  readonly pool: SessionPool;
  readonly request: Request;
  readonly handle: ne.ne_session;
  readonly req: ne.ne_request;
  /** The certificate of an authority in PEM. */
  readonly ca: string;
  readonly origin: string;
}

/** An argument, and its source text. */
export interface Value {
  readonly code: string;
  readonly make: (fixtures: Fixtures) => unknown;
  /** Whether a call with this argument may wait for ever, because a callback or a body never settles. */
  readonly endless?: boolean;
}

/** The error that the values themselves throw. */
export class Own extends Error {
  readonly code = 'OWN';
}

const own = (): never => {
  throw new Own('by a value');
};

/** Values whose text is that of their function. The names in the text are those of {@link Fixtures} and of imports. */
const fixed: readonly Value[] = [
  ...[
    () => Symbol('s'),
    () => Symbol.iterator,
    () => Object.create(null) as object,
    () => Buffer.alloc(0),
    () => Buffer.from('abc'),
    () => new Uint8Array(new SharedArrayBuffer(4)),
    () => new Float64Array(2),
    () => new DataView(new ArrayBuffer(2)),
    () => new ArrayBuffer(4),
    () => new Date(NaN),
    () => new Date(0),
    () => /a/,
    () => new Map([['a', 'b']]),
    () => new Set([1]),
    () => new Headers({ a: 'b' }),
    () => new URL('http://other.invalid/#a'),
    () => new Blob(['abc']),
    () => new URLSearchParams('a=b'),
    () => Readable.from(['a']),
    () => Promise.resolve(1),
    () => new Error('an error'),
    () => AbortSignal.abort(),
    () => AbortSignal.timeout(1),
    () => new AbortController().signal,
    () => new Proxy({}, {}),
    () => Proxy.revocable({}, {}).proxy,
    () => globalThis,
    () => ne.ne_buffer_create(),
    () => ne.ne_xml_create(),
    () => ne.ne_lockstore_create(),
    () => ne.ne_lock_create(),
    () => ne.ne_sock_create(),
  ].map((make): Value => ({ code: `(${String(make)})()`, make })),
  ...['session', 'pool', 'request', 'handle', 'req', 'ca', 'origin'].map((name): Value => ({
    code: name,
    make: (fixtures) => fixtures[name as keyof Fixtures],
  })),
  { code: 'session.handle', make: ({ session }) => session.handle },
  { code: 'Certificate.fromPEM(ca)', make: ({ ca }) => Certificate.fromPEM(ca) },
  {
    code: 'detached',
    make: () => {
      const bytes = new Uint8Array(4);
      structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
      return bytes;
    },
  },
  {
    code: 'revoked',
    make: () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
  },
  {
    code: 'new Proxy({}, throwing)',
    make: () => new Proxy({}, { get: own, ownKeys: own, has: own, getPrototypeOf: own }),
  },
  { code: '{ toString: throws }', make: () => ({ toString: own, valueOf: own, [Symbol.toPrimitive]: own }) },
  { code: '{ [Symbol.iterator]: throws }', make: () => ({ [Symbol.iterator]: own, [Symbol.asyncIterator]: own }) },
  { code: '(function* () { throws })()', make: () => ({ *[Symbol.iterator]() { yield own(); } }) }, // prettier-ignore
  { code: '{ then: throws }', make: () => ({ then: own }) },
  {
    code: 'new Readable({ read() {} })',
    make: () => new Readable({ read: () => undefined }).on('error', () => undefined),
    endless: true,
  },
  {
    code: 'an async iterator that never settles',
    make: () => ({ [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) }),
    endless: true,
  },
];

/** What a callback or a getter does before it returns. */
const deeds: readonly {
  readonly code: string;
  readonly act: (fixtures: Fixtures) => unknown;
  readonly endless?: boolean;
}[] = [
  { code: 'throw own', act: own },
  { code: 'return session.requestSync("GET", "/")', act: ({ session }) => session.requestSync('GET', '/') },
  { code: 'return session.request("GET", "/")', act: ({ session }) => caught(session.request('GET', '/')) },
  { code: 'return pool.request("GET", "/")', act: ({ pool }) => caught(pool.request('GET', '/')) },
  { code: 'session.destroy({ force: true })', act: ({ session }) => session.destroy({ force: true }) },
  { code: 'session.destroy()', act: ({ session }) => session.destroy() },
  { code: 'session.closeConnection()', act: ({ session }) => session.closeConnection() },
  { code: 'pool.destroy({ force: true })', act: ({ pool }) => pool.destroy({ force: true }) },
  { code: 'request.destroy()', act: ({ request }) => request.destroy() },
  { code: 'ne.ne_request_destroy(req)', act: ({ req }) => ne.ne_request_destroy(req) },
  { code: 'return ne.ne_request_dispatch(req)', act: ({ req }) => ne.ne_request_dispatch(req) },
  { code: 'return ne.ne_begin_request(req)', act: ({ req }) => ne.ne_begin_request(req) },
  { code: 'ne.ne_session_destroy(handle)', act: ({ handle }) => ne.ne_session_destroy(handle) },
  { code: 'ne.ne_close_connection(handle)', act: ({ handle }) => ne.ne_close_connection(handle) },
  { code: 'ne.ne_set_useragent(handle, "a")', act: ({ handle }) => ne.ne_set_useragent(handle, 'a') },
  { code: 'gc()', act: () => globalThis.gc?.() },
  { code: 'return new Promise(() => {})', act: () => new Promise(() => {}), endless: true },
];

/** A promise whose rejection is expected. */
function caught<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** The known option names. The error about an unknown option lists these names. */
const optionNames = [
  ...['signal', 'timeout', 'headers', 'redirect', 'maxRedirects', 'decompress', 'onProgress', 'body', 'expect100'],
  ...['idempotent', 'depth', 'props', 'scope', 'duration', 'owner', 'renew', 'wait', 'overwrite', 'maxBytes', 'start'],
  ...['end', 'set', 'remove', 'force', 'userAgent', 'readTimeout', 'connectTimeout', 'flags', 'addresses', 'proxy'],
  ...['localAddress', 'auth', 'proxyAuth', 'tls', 'connections', 'idleTimeout', 'file', 'offset', 'length', 'target'],
  ...['token', 'username', 'password', 'protocols', 'principal', 'grant', 'deny', 'ca', 'verify', 'pfx', 'zzz', 'text'],
  ...['type', 'host', 'port', 'href', 'property', 'minVersion', 'clientCert', 'trustDefaultCA', 'passphrase', 'xml'],
  ...['value', 'uri', 'path', 'name', 'nspace', 'fd', 'scheme', 'maxUnreadBytes', 'query', 'fragment', 'userinfo'],
];

const texts = [
  ...['', ' ', 'x', '/a', 'a/b', '/a b', '\0', 'ü', '\ud800', '%', '%zz', '../..', 'GET', 'PUT', 'http', 'https'],
  ...['127.0.0.1', '::1', 'x\r\ny: z', '<a/>', '{urn:x}a', 'opaquelocktoken:1', 'é'.repeat(300), 'x'.repeat(70_000)],
  ...['manual', 'follow', 'infinity', '0', 'exclusive', 'Second-60', 'Wed, 21 Oct 2015 07:28:00 GMT', '%s %d', '%n'],
];
const numbers = [
  0,
  1,
  -1,
  2,
  16,
  1.5,
  NaN,
  Infinity,
  -Infinity,
  -0,
  2 ** 31,
  2 ** 31 - 1,
  2 ** 32,
  2 ** 53,
  -(2 ** 63),
  0o644,
];

const plain = (value: unknown): Value => ({ code: fc.stringify(value), make: () => value });
const primitive = fc
  .oneof(
    fc.constantFrom(undefined, null, true, false, 10n),
    fc.constantFrom(...numbers),
    fc.constantFrom(...texts),
    fc.integer(),
    fc.double(),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.webUrl(),
  )
  .map(plain);

const callback = (value: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof(
    value.map(({ code, make, endless }): Value => ({
      code: `() => ${code}`,
      make: (fixtures) => () => make(fixtures),
      ...(endless && { endless }),
    })),
    value.map(({ code, make }): Value => ({
      code: `async () => ${code}`,
      make: (fixtures) => () => caught(Promise.resolve().then(() => make(fixtures))),
      endless: true,
    })),
    fc.constantFrom(...deeds).map(({ code, act, endless = false }): Value => ({
      code: `() => { ${code} }`,
      make: (fixtures) => () => act(fixtures),
      endless,
    })),
  );

const list = (values: readonly Value[]): string => values.map(({ code }) => code).join(', ');
const anyEndless = (values: readonly Value[]): boolean => values.some(({ endless }) => endless);

/** Any value, of a limited depth. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    { arbitrary: primitive, weight: 4 },
    { arbitrary: fc.constantFrom(...fixed), weight: 4 },
    { arbitrary: callback(tie('value')), weight: 2 },
    {
      arbitrary: fc.array(tie('value'), { maxLength: 3 }).map((values): Value => ({
        code: `[${list(values)}]`,
        make: (fixtures) => values.map(({ make }) => make(fixtures)),
        endless: anyEndless(values),
      })),
      weight: 1,
    },
    {
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom(...optionNames), tie('value')), { maxLength: 3 })
        .map((entries): Value => ({
          code: `{ ${entries.map(([name, { code }]) => `${name}: ${code}`).join(', ')} }`,
          make: (fixtures) => Object.fromEntries(entries.map(([name, { make }]) => [name, make(fixtures)])),
          endless: anyEndless(entries.map(([, value]) => value)),
        })),
      weight: 3,
    },
    {
      arbitrary: fc
        .tuple(fc.constantFrom(...optionNames), fc.constantFrom(...deeds))
        .map(([name, { code, act, endless = false }]): Value => ({
          code: `{ get ${name}() { ${code} } }`,
          make: (fixtures) => Object.defineProperty({}, name, { enumerable: true, get: () => act(fixtures) }),
          endless,
        })),
      weight: 1,
    },
  ),
})).value;

/** A value whose source text is the name of a fixture, or a constant. */
export const fixture = (name: keyof Fixtures): Value => ({ code: name, make: (fixtures) => fixtures[name] });
export const constant = plain;
