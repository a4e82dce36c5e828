/** Argument types of the C API. Each has a valid value and a list of invalid values with the expected errors. */
import * as ne from 'libneon/ne';
import { neonError, outOfRange, result, wrongChar, wrongType, wrongValue } from './expect.js';
import { handles, newClientCertificate } from './handles.js';

/** One argument: its name in C, a good value, and bad values with the error of each. */
export interface Argument {
  readonly name: string;
  readonly good: () => unknown;
  readonly bad: (good: unknown) => (readonly [title: string, value: unknown, error: Error])[];
  /** The argument may be omitted. */
  readonly optional?: boolean;
  /** Registers Jest hooks for the tests of a function. Used only if this argument comes first. */
  readonly prepare?: () => void;
  /** Expects that a call has not changed a good value. Then destroys the value. */
  readonly untouched?: (value: never) => void;
}

/** These values, each rejected with this error. */
export const all = (error: Error, values: readonly unknown[]): [string, unknown, Error][] =>
  values.map((value) => [show(value), value, error]);

/** A value in the title of a test. */
export function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 20 ? `${value.slice(0, 20)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value);
  return String(value);
}

export const notStrings: unknown[] = [
  undefined,
  null,
  0,
  true,
  1n,
  Symbol('s'),
  {},
  [],
  () => '',
  new String('text'),
  Buffer.from('text'),
];
export const notNumbers: unknown[] = [undefined, null, '1', '', 1n, Symbol('s'), {}, [1], () => 1, new Number(1)];
export const notBytes: unknown[] = [
  undefined,
  null,
  0,
  true,
  1n,
  {},
  [1],
  () => '',
  new Uint16Array(1),
  new Uint8ClampedArray(1),
  new Int8Array(1),
  new ArrayBuffer(1),
  new DataView(new ArrayBuffer(1)),
];
export const notObjects: unknown[] = [undefined, null, 0, 'text', true, 1n, Symbol('s')];

export function handle(name: string, kind: keyof typeof handles, destroy: (handle: never) => void): Argument {
  const others = Object.entries(handles).filter(([other]) => other !== kind);
  return {
    name,
    good: handles[kind],
    bad: (good) => [
      ...all(wrongType, [undefined, null, 0, 1, '', 'text', true, 1n, Symbol('s'), {}, [], () => {}, Buffer.alloc(8)]),
      ['an object that inherits from a handle', Object.create(good as object), wrongType],
      ['an object with the prototype of a handle', Object.create(Object.getPrototypeOf(good) as object), wrongType],
      ['a proxy of a handle', new Proxy(good as object, {}), wrongType],
      ['a clone of a handle', structuredClone(good), wrongType],
      ['the class of a handle', (good as object).constructor, wrongType],
      ...others.map(([other, make]) => [`an ${other}`, make(), wrongType] as [string, unknown, Error]),
      ['a destroyed handle', destroyed(good as never, destroy), neonError('ERR_NEON_DESTROYED')],
    ],
  };
}

export function destroyed<T>(good: T, destroy: (handle: T) => void): T {
  destroy(good);
  return good;
}

export function text(name: string, good: string): Argument {
  return {
    name,
    good: () => good,
    bad: () => [...all(wrongType, notStrings), ...all(wrongValue, ['\0', `${good}\0`, `a\0${good}`])],
  };
}

/** A path: text, or bytes. */
export function pathLike(name: string, good: string): Argument {
  const nul = [Buffer.from('\0'), Buffer.from('/a\0b'), '\0', `${good}\0`];
  return { name, good: () => good, bad: () => [...all(wrongType, notBytes), ...all(wrongValue, nul)] };
}

/** Text that is not passed to C. */
export function key(name: string): Argument {
  return { name, good: () => name, bad: () => all(wrongType, notStrings) };
}

/** Text that becomes a part of one line of a request. */
export function line(name: string, good: string): Argument {
  const marks = [
    '\r',
    '\n',
    '\0',
    '\r\n',
    `${good}\r\nX: y`,
    `\n${good}`,
    `${good}\r`,
    `${good}\0`,
    `${'x'.repeat(300)}\n`,
  ];
  return { name, good: () => good, bad: () => [...all(wrongType, notStrings), ...all(wrongChar, marks)] };
}

export function integer(name: string, good: number, least: number, most: number): Argument {
  const outside = [
    least - 1,
    most + 1,
    good + 0.5,
    NaN,
    Infinity,
    -Infinity,
    2 ** 53,
    -(2 ** 53),
    2 ** 32 + good,
    1e300,
  ].filter((value) => !(Number.isInteger(value) && value >= least && value <= most));
  return {
    name,
    good: () => good,
    bad: () => [...all(wrongType, [...notNumbers, true]), ...all(outOfRange, outside)],
  };
}

export function flagValue(name: string): Argument {
  return {
    name,
    good: () => 1,
    bad: () => [...all(wrongType, notNumbers), ...all(outOfRange, [2 ** 31, -(2 ** 31) - 1, 0.5, NaN, 2 ** 53])],
  };
}

export function bytes(name: string): Argument {
  return { name, good: () => 'body', bad: () => all(wrongType, notBytes) };
}

/** A buffer that the function fills. */
export function filled(name: string): Argument {
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  return {
    name,
    good: () => Buffer.alloc(8),
    bad: () => [
      ...all(wrongType, [...notBytes, 'text']),
      ...all(wrongValue, [new Uint8Array(0)]),
      ['a detached array', detached, wrongValue],
    ],
  };
}

export function callback(name: string): Argument {
  return {
    name,
    good: () => () => 0,
    bad: () => all(wrongType, [undefined, null, 0, 1, true, 'text', {}, [], Symbol('s')]),
  };
}

/** A callback, or null. */
export function callbackOrNull(name: string): Argument {
  return {
    name,
    good: () => () => 0,
    bad: () => all(wrongType, [0, 1, true, 'text', {}, [], Symbol('s')]),
    optional: true,
  };
}

/** An object that the function fills. */
export function object(name: string, good: () => object = () => ({})): Argument {
  return {
    name,
    good,
    bad: () => [
      ...all(wrongType, notObjects),
      ['a frozen object', Object.freeze(good()), wrongValue],
      ['an empty object that cannot be extended', Object.preventExtensions({}), wrongValue],
    ],
  };
}

/** An object that the function reads. */
const read = (name: string, good: () => object): Argument => ({ name, good, bad: () => all(wrongType, notObjects) });

export const sess: Argument = {
  ...handle('sess', 'ne_session', ne.ne_session_destroy),
  untouched: (session: ne.ne_session) => {
    expect(ne.ne_get_error(session)).toBe('Unknown error.');
    expect(result(() => ne.ne_session_destroy(session))).toBeUndefined();
  },
};
export const req: Argument = {
  ...handle('req', 'ne_request', ne.ne_request_destroy),
  untouched: (request: ne.ne_request) => {
    expect(ne.ne_get_status(request).code).toBe(0);
    expect(result(() => ne.ne_request_destroy(request))).toBeUndefined();
  },
};
export const cert = handle('cert', 'ne_ssl_certificate', ne.ne_ssl_cert_free);
export const ctx = handle('ctx', 'ne_ssl_context', ne.ne_ssl_context_destroy);
export const ia = handle('ia', 'ne_inet_addr', ne.ne_iaddr_free);
export const parser = handle('parser', 'ne_xml_parser', ne.ne_xml_destroy);
export const ccert = handle('ccert', 'ne_ssl_client_cert', ne.ne_ssl_clicert_free);
/** A client certificate whose private key is decrypted. */
export const decrypted: Argument = {
  ...ccert,
  good: () => {
    const made = newClientCertificate();
    ne.ne_ssl_clicert_decrypt(made, 'secret');
    return made;
  },
};
/**
 * A handle in any position but the first. The invalid values are made from another handle, so the valid handle remains
 * usable.
 */
export const further = (argument: Argument): Argument => ({ ...argument, bad: () => argument.bad(argument.good()) });
export const optional = (argument: Argument, name = argument.name): Argument => ({
  ...argument,
  name,
  bad: (good) => argument.bad(good).filter(([, value]) => value !== null && value !== undefined),
  optional: true,
});
export const status = read('st', () => ({
  major_version: 1,
  minor_version: 1,
  code: 200,
  klass: 2,
  reason_phrase: 'OK',
}));
export const most = 2 ** 31 - 1;
export const mostSafe = Number.MAX_SAFE_INTEGER;
/** The values that an argument rejects if it may be text or null. */
export const fragments = [...all(wrongType, [0, true, {}, [], Buffer.from('text')]), ...all(wrongValue, ['\0', 'a\0'])];
/** The number of bytes to fill in a buffer of 8 bytes. */
export const room: Argument = {
  ...object('buflen'),
  bad: () => [
    ...all(wrongType, notObjects),
    ['text as its value', { value: '1' }, wrongType],
    ...[0, -1, 9, 0.5, NaN].map(
      (value) => [`${value} as its value`, { value }, outOfRange] as [string, unknown, Error],
    ),
  ],
};

/** A number of bytes to fill, or 0. */
export const roomOrNone: Argument = {
  ...room,
  bad: (good) => room.bad(good).filter(([, value]) => (value as { value?: unknown } | null)?.value !== 0),
};

/** A `ne_uri` that the function reads. */
export function uri(name: string, { needsPath = false } = {}): Argument {
  const fields = ['scheme', 'host', 'userinfo', 'path', 'query', 'fragment'];
  const good = { scheme: 'http', host: 'example.com', port: 80, path: '/' };
  const wrong = (field: string, values: unknown[], error: Error): (readonly [string, unknown, Error])[] =>
    values.map((value) => [`${show(value)} as its ${field}`, { ...good, [field]: value }, error]);
  const noText = notStrings.filter((value) => value !== undefined && value !== null);
  const noPort = notNumbers.filter((value) => value !== undefined && value !== null);
  return {
    name,
    good: () => ({ ...good }),
    bad: () => [
      ...all(wrongType, notObjects),
      ...fields.flatMap((field) => wrong(field, noText, wrongType)),
      ...fields.flatMap((field) => wrong(field, ['\0', 'a\0'], wrongValue)),
      ...wrong('port', [...noPort, true], wrongType),
      ...wrong('port', [-1, 65536, 0.5, NaN, Infinity, -Infinity, 2 ** 32, 2 ** 53, 1e300], outOfRange),
      ...(needsPath ? [...wrong('path', [undefined, null], wrongType), ...all(wrongType, [{}, [], () => 0])] : []),
    ],
  };
}
