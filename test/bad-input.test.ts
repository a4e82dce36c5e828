/** What each function of the C API does with arguments that are none: one table for all of them, on both surfaces. */
import { rootCertificates } from 'node:tls';
import { features } from 'libneon';
import * as ne from 'libneon/ne';
import * as promises from 'libneon/ne/promises';
import { rawServer, response } from './servers/raw.js';
import { clientCertificate } from './support/client-certificate.js';
import { coded, failureOf, neonError, outOfRange, result, wrongChar, wrongType, wrongValue } from './support/expect.js';
import { answering, receivedBy, sessionWith, testServers } from './support/servers.js';
import { names, surfaces, type Io } from './support/surfaces.js';

const serve = testServers();

/** One argument: its name in C, a good value, and the bad ones with what they get. */
interface Argument {
  readonly name: string;
  readonly good: () => unknown;
  readonly bad: (good: unknown) => (readonly [title: string, value: unknown, error: Error])[];
  /** A value is there by default, so that nothing is missing. */
  readonly optional?: boolean;
}

const root = rootCertificates[0]!.replace(/-----.*-----|\s/g, '');
const newSession = (): ne.ne_session => ne.ne_session_create('http', 'nosuchhost.invalid', 80);
const newRequest = (): ne.ne_request => ne.ne_request_create(newSession(), 'PUT', '/');
const newCertificate = (): ne.ne_ssl_certificate => ne.ne_ssl_cert_import(root)!;

const newName = (): ne.ne_ssl_dname => ne.ne_ssl_cert_subject(newCertificate());
const newClientCertificate = (): ne.ne_ssl_client_cert => ne.ne_ssl_clicert_import(clientCertificate)!;
const decryptedCertificate = (): ne.ne_ssl_client_cert => {
  const made = newClientCertificate();
  ne.ne_ssl_clicert_decrypt(made, 'secret');
  return made;
};

const newAddress = (): ne.ne_inet_addr => ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!;

const newMd5 = (): ne.ne_md5_ctx => ne.ne_md5_create_ctx()!;

const handles = {
  ne_session: newSession,
  ne_request: newRequest,
  ne_ssl_certificate: newCertificate,
  ne_ssl_dname: newName,
  ne_ssl_client_cert: newClientCertificate,
  ne_inet_addr: newAddress,
  ne_buffer: ne.ne_buffer_create,
  ne_md5_ctx: newMd5,
  ne_sock_addr: () => ne.ne_addr_resolve('127.0.0.1', 0),
  ne_ssl_context: () => ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT)!,
  ne_socket: ne.ne_sock_create,
  ne_xml_parser: ne.ne_xml_create,
  ne_207_parser: () => ne.ne_207_create(ne.ne_xml_create(), { path: '/' }),
  ne_decompress: () => ne.ne_decompress_reader(newRequest(), ne.ne_accept_2xx, () => 0),
  ne_propfind_handler: () => ne.ne_propfind_create(newSession(), '/', 0),
  ne_lock_store: ne.ne_lockstore_create,
};
const all = (error: Error, values: readonly unknown[]): [string, unknown, Error][] =>
  values.map((value) => [show(value), value, error]);

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 20 ? `${value.slice(0, 20)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null) return Object.prototype.toString.call(value);
  return String(value);
}

const noStrings: unknown[] = [
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
const noNumbers: unknown[] = [undefined, null, '1', '', 1n, Symbol('s'), {}, [1], () => 1, new Number(1)];
const noBytes: unknown[] = [
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
const noObjects: unknown[] = [undefined, null, 0, 'text', true, 1n, Symbol('s')];

function handle(name: string, kind: keyof typeof handles, destroy: (handle: never) => void): Argument {
  const others = Object.entries(handles).filter(([other]) => other !== kind);
  return {
    name,
    good: handles[kind],
    bad: (good) => [
      ...all(wrongType, [undefined, null, 0, 1, '', 'text', true, 1n, Symbol('s'), {}, [], () => {}, Buffer.alloc(8)]),
      ['an object made of one', Object.create(good as object), wrongType],
      ['an object of its class', Object.create(Object.getPrototypeOf(good) as object), wrongType],
      ['a proxy of one', new Proxy(good as object, {}), wrongType],
      ['a clone of one', structuredClone(good), wrongType],
      ['its class', (good as object).constructor, wrongType],
      ...others.map(([other, make]) => [`an ${other}`, make(), wrongType] as [string, unknown, Error]),
      ['one that is destroyed', destroyed(good as never, destroy), neonError('ERR_NEON_DESTROYED')],
    ],
  };
}

function destroyed<T>(good: T, destroy: (handle: T) => void): T {
  destroy(good);
  return good;
}

function text(name: string, good: string): Argument {
  return {
    name,
    good: () => good,
    bad: () => [...all(wrongType, noStrings), ...all(wrongValue, ['\0', `${good}\0`, `a\0${good}`])],
  };
}

/** Text that stays in JavaScript. */
function key(name: string): Argument {
  return { name, good: () => name, bad: () => all(wrongType, noStrings) };
}

function line(name: string, good: string): Argument {
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
  return { name, good: () => good, bad: () => [...all(wrongType, noStrings), ...all(wrongChar, marks)] };
}

function token(name: string, good: string): Argument {
  const { bad } = line(name, good);
  const others = [
    '',
    ' ',
    'a b',
    'a\tb',
    ':',
    'a:',
    '(',
    ')',
    ',',
    '/',
    ';',
    '<',
    '=',
    '>',
    '?',
    '@',
    '[',
    '\\',
    ']',
    '{',
    '}',
    '"',
    '\x7f',
    '\x01',
    'ä',
    '€',
    '\ud800',
  ];
  return { name, good: () => good, bad: (value) => [...bad(value), ...all(wrongChar, others)] };
}

function integer(name: string, good: number, least: number, most: number): Argument {
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
    bad: () => [...all(wrongType, [...noNumbers, true]), ...all(outOfRange, outside)],
  };
}

function flagValue(name: string): Argument {
  return {
    name,
    good: () => 1,
    bad: () => [...all(wrongType, noNumbers), ...all(outOfRange, [2 ** 31, -(2 ** 31) - 1, 0.5, NaN, 2 ** 53])],
  };
}

function bytes(name: string): Argument {
  return { name, good: () => 'body', bad: () => all(wrongType, noBytes) };
}

function withoutNull(name: string): Argument {
  const nulls = ['\0', 'a\0b', Buffer.alloc(1)];
  return { ...bytes(name), bad: (good) => [...bytes(name).bad(good), ...all(wrongValue, nulls)] };
}

function filled(name: string): Argument {
  const detached = new Uint8Array(8);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  return {
    name,
    good: () => Buffer.alloc(8),
    bad: () => [
      ...all(wrongType, [...noBytes, 'text']),
      ...all(wrongValue, [new Uint8Array(0)]),
      ['a detached array', detached, wrongValue],
    ],
  };
}

function callback(name: string): Argument {
  return {
    name,
    good: () => () => 0,
    bad: () => all(wrongType, [undefined, null, 0, 1, true, 'text', {}, [], Symbol('s')]),
  };
}

/** A callback, or null for none. */
function callbackOrNull(name: string): Argument {
  return {
    name,
    good: () => () => 0,
    bad: () => all(wrongType, [0, 1, true, 'text', {}, [], Symbol('s')]),
    optional: true,
  };
}

function object(name: string, good: () => object = () => ({})): Argument {
  return { name, good, bad: () => all(wrongType, noObjects) };
}

const sess = handle('sess', 'ne_session', ne.ne_session_destroy);
const req = handle('req', 'ne_request', ne.ne_request_destroy);
const cert = handle('cert', 'ne_ssl_certificate', ne.ne_ssl_cert_free);
/** Names live as long as their certificates. */
const dname = (name: string): Argument => ({
  ...handle(name, 'ne_ssl_dname', () => {}),
  bad: (good) =>
    handle(name, 'ne_ssl_dname', () => {})
      .bad(good)
      .filter(([, , error]) => error === wrongType),
});
const ccert = handle('ccert', 'ne_ssl_client_cert', ne.ne_ssl_clicert_free);
const decrypted: Argument = { ...ccert, good: decryptedCertificate };
/** There is none to be had without a token (pkcs11.test.ts). */
const provider: Argument = {
  name: 'provider',
  good: () => null,
  bad: () => all(wrongType, [undefined, null, 0, 1, '', 'text', true, 1n, Symbol('s'), {}, [], () => {}, newSession()]),
};
const cursor: Argument = {
  name: 'cursor',
  good: () => null,
  bad: () => all(wrongType, [0, 1, '', true, {}, [], newRequest(), newSession()]),
  optional: true,
};
const ia = handle('ia', 'ne_inet_addr', ne.ne_iaddr_free);
const buf = handle('buf', 'ne_buffer', ne.ne_buffer_destroy);
const md5 = handle('ctx', 'ne_md5_ctx', ne.ne_md5_destroy_ctx);
const addr = handle('addr', 'ne_sock_addr', ne.ne_addr_destroy);
const ctx = handle('ctx', 'ne_ssl_context', ne.ne_ssl_context_destroy);
const sock = handle('sock', 'ne_socket', ne.ne_sock_close);
/** A handle that is not the first argument: the good one stays alive. */
const further = (argument: Argument): Argument => ({ ...argument, bad: () => argument.bad(argument.good()) });
const optional = (argument: Argument, name = argument.name): Argument => ({
  ...argument,
  name,
  bad: (good) => argument.bad(good).filter(([, value]) => value !== null && value !== undefined),
  optional: true,
});
const server: Argument = {
  ...ctx,
  good: () => ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER),
  bad: (good) => [...ctx.bad(good), ["a client's", ne.ne_ssl_context_create(ne.NE_SSL_CTX_CLIENT), wrongValue]],
};
const client: Argument = {
  ...ctx,
  bad: (good) => [...ctx.bad(good), ["a server's", ne.ne_ssl_context_create(ne.NE_SSL_CTX_SERVER), wrongValue]],
};
const addrs: Argument = {
  name: 'addrs',
  good: () => [newAddress()],
  bad: () => [
    ...all(wrongType, [undefined, null, 0, 'text', {}, newAddress(), new Set([newAddress()])]),
    ['an empty list', [], wrongValue],
    ['a list with a hole', [newAddress(), , newAddress()], wrongType],
    ['a list with text', ['127.0.0.1'], wrongType],
    ['a list with a session', [newAddress(), newSession()], wrongType],
    ['a list with one that is destroyed', [destroyed(newAddress(), ne.ne_iaddr_free)], neonError('ERR_NEON_DESTROYED')],
  ],
};
const p = handle('p', 'ne_xml_parser', ne.ne_xml_destroy);
const parser: Argument = { ...p, name: 'parser' };
const decompress = handle('ctx', 'ne_decompress', ne.ne_decompress_destroy);
const multistatus = handle('p', 'ne_207_parser', ne.ne_207_destroy);
const tellers = [multistatus, callbackOrNull('start'), callbackOrNull('end')];
const depth = integer('depth', 0, 0, 2);
const propfind = handle('handler', 'ne_propfind_handler', ne.ne_propfind_destroy);
const noPropname: unknown[] = [undefined, null, 0, 'text', {}, [], { name: 1 }, { nspace: 1, name: 'x' }];
const propname: Argument = {
  name: 'propname',
  good: () => ({ nspace: 'DAV:', name: 'getetag' }),
  bad: () => [
    ...all(wrongType, noPropname),
    ['a name with a null', { name: 'a\0' }, wrongValue],
    ['a namespace with a null', { nspace: '\0', name: 'a' }, wrongValue],
  ],
};
/** Names and namespaces that would not be sent as they are meant, around what is made of them. */
const noMarkup = (around: (name: ne.ne_propname) => unknown): [string, unknown, Error][] => [
  ...['', ' ', 'a b', 'a/', '1', '-a', 'p:a', ':', '<', '!--', 'a>', 'a b="c"', '\u0001', '\ufffe', 'a\0'].map(
    (name): [string, unknown, Error] => [`the name ${show(name)}`, around({ name }), wrongValue],
  ),
  ...['"', '" a="', '<', '&', '&nbsp;', '\u0001', '\0'].map((nspace): [string, unknown, Error] => [
    `the namespace ${show(nspace)}`,
    around({ nspace, name: 'a' }),
    wrongValue,
  ]),
];
const propnames = (name: string): Argument => ({
  name,
  good: () => [{ nspace: 'DAV:', name: 'getetag' }, { name: 'x' }],
  bad: () => [
    ...all(wrongType, [0, 'text', {}, new Set(), ...noPropname.map((entry) => [entry])]),
    ...noMarkup((entry) => [{ name: 'good' }, entry]),
  ],
});
const ops: Argument = {
  name: 'ops',
  good: () => [{ name: { name: 'x' }, type: ne.ne_propset, value: '<y/>' }],
  bad: () => [
    ...all(wrongType, [undefined, null, 0, 'text', {}, [undefined], ['text'], [{}], [{ name: { name: 'x' } }]]),
    ...all(wrongType, [[{ name: { name: 'x' }, value: 1 }], [{ name: { name: 'x' }, type: 'set', value: '' }]]),
    ['no type of C', [{ name: { name: 'x' }, type: 2, value: '' }], outOfRange],
    ...noMarkup((name) => [{ name, type: ne.ne_propremove }]),
    ...['<', '<a>', '</x>', '</x><x>', '&', '&nbsp;', ']]>', '\u0001', '\0', '<p:a/>'].map(
      (value): [string, unknown, Error] => [`the value ${show(value)}`, [{ name: { name: 'x' }, value }], wrongValue],
    ),
  ],
};
const required = (argument: Argument): Argument => ({
  ...argument,
  bad: (good) => [...argument.bad(good), ...all(wrongType, [undefined, null])],
});
/** A result set that is lent to a callback, which does not answer before the tests of the running block are over. */
const lent: { set?: ne.ne_prop_result_set } = {};

function lendResults(): void {
  const document =
    '<multistatus xmlns="DAV:"><response><href>/</href><propstat><prop><x/></prop></propstat></response></multistatus>';
  const headers = { 'Content-Type': 'application/xml' };
  let end = async (): Promise<void> => {};
  beforeAll(async () => {
    const server = await rawServer(answering(response(document, { status: '207 Multi-Status', headers })));
    const session = sessionWith(server);
    await new Promise<void>((lend, reject) => {
      const call = promises.ne_simple_propfind(session, '/', 0, null, (_, results) => {
        lent.set = results;
        lend();
        return new Promise((answer) => {
          end = async () => {
            answer();
            await call;
            await server.stop();
          };
        });
      });
      call.catch(reject);
    });
  });
  afterAll(() => end());
}

const set: Argument = {
  name: 'set',
  good: () => lent.set,
  bad: () => all(wrongType, [undefined, null, 0, 'text', {}, [], newSession(), ne.ne_xml_create()]),
};
const idmap: Argument = {
  name: 'map',
  good: () => [{ nspace: 'DAV:', name: 'prop', id: 1 }],
  bad: () => [
    ...all(wrongType, [
      undefined,
      null,
      0,
      'text',
      {},
      [undefined],
      [null],
      ['text'],
      [{}],
      [{ nspace: '', name: '' }],
    ]),
    ['a name with a null', [{ nspace: '', name: '\0', id: 1 }], wrongValue],
    ['a number that is no int', [{ nspace: '', name: '', id: 2 ** 31 }], outOfRange],
  ],
};
const attrs: Argument = {
  name: 'attrs',
  good: () => ['name', 'value'],
  bad: () => [
    ...all(wrongType, [undefined, null, 0, 'text', {}, [1, 'value'], ['name', null]]),
    ['half a pair', ['name'], wrongValue],
    ['a null', ['name', '\0'], wrongValue],
  ],
};
const base: Argument = {
  name: 'base',
  good: () => ({ path: '/' }),
  bad: () => [
    ...all(wrongType, [
      ...noObjects,
      {},
      { path: null },
      { path: 1 },
      { path: '/', host: 1 },
      { path: '/', port: '1' },
    ]),
    ['a path with a null', { path: '/\0' }, wrongValue],
    ['a port that is none', { path: '/', port: 65536 }, outOfRange],
  ],
};
const block: Argument = { ...bytes('block'), bad: () => all(wrongType, noBytes.slice(2)), optional: true };
const status = object('st', () => ({
  major_version: 1,
  minor_version: 1,
  code: 200,
  klass: 2,
  reason_phrase: 'OK',
}));
const most = 2 ** 31 - 1;
const mostSafe = Number.MAX_SAFE_INTEGER;
const hook = [sess, callback('fn')];
const port = integer('port', 80, 0, 65535);
const seconds = integer('timeout', 1, 1, 2147483);
const blocks: Argument = {
  name: 'vector',
  good: () => ['a', Buffer.from('b')],
  bad: () => [
    ...all(wrongType, [undefined, null, 0, 'text', {}, Buffer.from('text'), ['a', 1], ['a', null], ['a', , 'b']]),
    ...all(wrongValue, [[]]),
    ['more than the system takes', Array<string>(100_000).fill('a'), outOfRange],
  ],
};
/** Text of at most 255 bytes, or none. */
function socksText(name: string): Argument {
  const { good, bad } = text(name, name);
  return optional({ name, good, bad: (value) => [...bad(value), ...all(outOfRange, ['x'.repeat(256)])] });
}
const fragments = [...all(wrongType, [0, true, {}, [], Buffer.from('text')]), ...all(wrongValue, ['\0', 'a\0'])];
/** Text that no error may repeat, or null for none. */
const secret = (name: string): Argument => ({
  name,
  good: () => name,
  bad: () => [
    ...all(wrongType, [0, true, {}, [], Buffer.from('text')]),
    ...all(wrongValue, ['\0', 'a\0']),
    ...all(outOfRange, ['x'.repeat(256), 'é'.repeat(128)]),
  ],
  optional: true,
});
const authProtocol = integer('protocol', ne.NE_AUTH_ALL, 0, 2 ** 32 - 1);
const rawAddress: Argument = {
  ...bytes('raw'),
  bad: (good) => [...bytes('raw').bad(good), ...all(outOfRange, ['', 'abc', 'abcde', new Uint8Array(16)])],
};
const room: Argument = {
  ...object('buflen'),
  bad: () => [
    ...all(wrongType, noObjects),
    ['text as its value', { value: '1' }, wrongType],
    ...[0, -1, 9, 0.5, NaN].map(
      (value) => [`${value} as its value`, { value }, outOfRange] as [string, unknown, Error],
    ),
  ],
};

const range: Argument = {
  ...object('range', () => ({ start: 0, end: -1 })),
  bad: () => [
    ...all(wrongType, noObjects),
    ...noNumbers.slice(2).map((value) => [`${show(value)} as its end`, { end: value }, wrongType] as [string, unknown, Error]),
    ...[-1, 0.5, NaN, Infinity, 2 ** 53].map((value) => [`${value} as its start`, { start: value }, outOfRange] as [string, unknown, Error]),
    ...[-2, 0.5, NaN, 2 ** 53].map((value) => [`${value} as its end`, { end: value }, outOfRange] as [string, unknown, Error]),
  ],
};
const fd = integer('fd', 0, 0, most);
const anyDepth = integer('depth', 0, -(2 ** 31), most);
const onPath = [sess, line('path', '/')];

/** A `ne_uri` that goes in. */
function uri(name: string, { needsPath = false } = {}): Argument {
  const fields = ['scheme', 'host', 'userinfo', 'path', 'query', 'fragment'];
  const good = { scheme: 'http', host: 'example.com', port: 80, path: '/' };
  const wrong = (field: string, values: unknown[], error: Error): (readonly [string, unknown, Error])[] =>
    values.map((value) => [`${show(value)} as its ${field}`, { ...good, [field]: value }, error]);
  const noText = noStrings.filter((value) => value !== undefined && value !== null);
  const noPort = noNumbers.filter((value) => value !== undefined && value !== null);
  return {
    name,
    good: () => ({ ...good }),
    bad: () => [
      ...all(wrongType, noObjects),
      ...fields.flatMap((field) => wrong(field, noText, wrongType)),
      ...fields.flatMap((field) => wrong(field, ['\0', 'a\0'], wrongValue)),
      ...wrong('port', [...noPort, true], wrongType),
      ...wrong('port', [-1, 65536, 0.5, NaN, Infinity, -Infinity, 2 ** 32, 2 ** 53, 1e300], outOfRange),
      ...(needsPath ? [...wrong('path', [undefined, null], wrongType), ...all(wrongType, [{}, [], () => 0])] : []),
    ],
  };
}
const longName: Argument = {
  name: 'encoding',
  good: () => 'UTF-8',
  bad: () => [
    ...all(wrongType, [0, true, {}, [], Buffer.from('UTF-8')]),
    ...all(wrongValue, ['\0', 'UTF-8\0', 'x'.repeat(101), 'x'.repeat(10_000_000)]),
  ],
  optional: true,
};
const path = text('path', '/a');
const date = [text('date', 'Sun, 06 Nov 1994 08:49:37 GMT')];
/** A char of C's. */
function character(name: string, good: string): Argument {
  const others = all(wrongValue, ['', 'ab', '\0', 'ä', '€', '\ud800']);
  return { name, good: () => good, bad: () => [...all(wrongType, noStrings), ...others] };
}

/** What `ne_token` takes its tokens from. */
const tokens: Argument = {
  ...object('str', () => ({ value: 'a,b' })),
  bad: () => [
    ...all(wrongType, noObjects),
    ...noStrings.map((value) => [`${show(value)} as its value`, { value }, wrongType] as [string, unknown, Error]),
    ['a null character in its value', { value: 'a\0,b' }, wrongValue],
  ],
};
const lower: Argument = {
  name: 'c',
  good: () => 'A',
  bad: () => [
    ...all(wrongType, [undefined, null, true, 1n, Symbol('s'), {}, ['A'], () => 'A']),
    ...all(wrongValue, ['', 'AB', '\0', 'Ä']),
    ...all(outOfRange, [-1, 256, 0.5, NaN, Infinity]),
  ],
};
const charset: Argument = {
  name: 'charset',
  good: () => 'UTF-8',
  bad: () => [...all(wrongType, noStrings), ...all(wrongValue, ['', 'latin1', 'UTF-16', 'UTF-8\0', "UTF-8''"])],
};
const nonce: Argument = {
  ...filled('nonce'),
  bad: (good) => [...filled('nonce').bad(good), ['257 bytes', new Uint8Array(257), outOfRange]],
};
/** So many bytes, or a multiple of them. */
const sized = (name: string, size: number): Argument => ({
  ...bytes(name),
  good: () => Buffer.alloc(size),
  bad: (good) => [
    ...bytes(name).bad(good),
    ...all(outOfRange, ['x'.repeat(size - 1), 'x'.repeat(size + 1), Buffer.alloc(1), 'ä'.repeat(size / 2) + 'x']),
  ],
});
const hexDigits: Argument = {
  ...text('buffer', '0123456789abcdefABCDEF0123456789'),
  bad: () => [
    ...all(wrongType, noStrings),
    ...all(wrongValue, [
      '',
      '0'.repeat(31),
      '0'.repeat(33),
      `${'0'.repeat(31)}g`,
      `${'0'.repeat(30)}ä`,
      '0x'.repeat(16),
    ]),
  ],
};

/** A `struct ne_lock` that goes in; `ne_lock_create` made it. */
function lock({ needsToken = false, needsWhole = false, sends = false } = {}): Argument {
  const good = (): ne.ne_lock =>
    Object.assign(ne.ne_lock_create(), {
      uri: { scheme: 'http', host: 'example.com', port: 80, path: '/' },
      token: 'urn:uuid:1',
    });
  const wrong = (
    field: string,
    values: readonly unknown[],
    error: Error,
  ): (readonly [title: string, value: unknown, error: Error])[] =>
    values.map((value) => [`${show(value)} as its ${field}`, Object.assign(good(), { [field]: value }), error]);
  const number = (field: string, outside: number[]): (readonly [string, unknown, Error])[] => [
    ...wrong(field, [...noNumbers.slice(2), true], wrongType),
    ...wrong(field, [...outside, 0.5, NaN, Infinity, 2 ** 53], outOfRange),
  ];
  const inUri = (field: string, values: unknown[], error: Error): (readonly [string, unknown, Error])[] =>
    values.map((value) => [
      `${show(value)} as the ${field} of its uri`,
      Object.assign(good(), { uri: { ...good().uri, [field]: value } }),
      error,
    ]);
  return {
    name: 'lock',
    good,
    bad: () => [
      ...all(wrongType, noObjects),
      ...wrong('uri', noObjects, wrongType),
      ...inUri('path', noStrings.slice(2), wrongType),
      ...inUri('port', [-1, 65536], outOfRange),
      ...['token', 'owner'].flatMap((field) => [
        ...wrong(field, noStrings.slice(2), wrongType),
        ...wrong(field, ['\0', 'a\0'], wrongValue),
      ]),
      ...number('depth', [2 ** 31, -(2 ** 31) - 1, ...(sends || needsWhole ? [-1, 3] : [])]),
      ...number('type', [-1, 1]),
      ...number('scope', [-1, 2]),
      ...number('timeout', [-3]),
      ...(needsToken || sends ? [...inUri('path', [undefined, null], wrongType), ...inUri('path', ['/\n', '\r'], wrongChar)] : []),
      ...(needsToken
        ? [
            ...wrong('token', [undefined, null], wrongType),
            ...wrong('token', ['\r', 'a\nb'], wrongChar),
            ...wrong('token', ['x'.repeat(8188)], outOfRange),
          ]
        : []),
      ...(needsWhole
        ? [
            ...['scheme', 'host'].flatMap((field) => [
              ...inUri(field, [undefined, null], wrongValue),
              ...inUri(field, ['\n'], wrongChar),
            ]),
            ...inUri('port', [undefined, 0], wrongValue),
            ...inUri('query', ['a\r'], wrongChar),
          ]
        : []),
      ...(sends
        ? wrong('owner', ['<', '&', '&nbsp;', '</owner>', '<a>', '<p:a/>', '</owner><owner>', '<!-- ', ']]>', '<?xml version="1.0"?>'], wrongValue)
        : []),
    ],
  };
}
const store = handle('store', 'ne_lock_store', ne.ne_lockstore_destroy);

/** The entries of an access control list; `name` is the field that names a principal. */
function entries(good: object, whom: string, name: string, missing: readonly string[]): Argument {
  const wrong = (change: object, error: Error): readonly [string, unknown, Error] => [
    JSON.stringify(change, (_, value: unknown) => (value === undefined ? 'undefined' : Number.isNaN(value) ? 'NaN' : value)),
    [good, { ...good, ...change }],
    error,
  ];
  return {
    name: 'entries',
    good: () => [good],
    bad: () => [
      ...all(wrongType, [...noObjects, {}, () => []]),
      ...noObjects.map((value) => [`${show(value)} in it`, [good, value], wrongType] as [string, unknown, Error]),
      ...[whom, 'type'].flatMap((field) => [
        wrong({ [field]: '0' }, wrongType),
        ...[-1, 6, 0.5, NaN].map((value) => wrong({ [field]: value }, outOfRange)),
      ]),
      ...[undefined, null, 0, {}].map((value) => wrong({ [name]: value }, wrongType)),
      ...['\0', '<', '&', '</href>', '</href><href>', '<a>'].map((value) => wrong({ [name]: value }, wrongValue)),
      ...['', ' ', 'a><', 'a><b/></a', '!DOCTYPE a><a', 'p:a', '?xml version="1.0"?><a'].map((value) =>
        wrong({ [whom]: ne.ne_acl_property, [name]: value }, wrongValue),
      ),
      wrong({ [whom]: ne.ne_acl_all, [name]: 1 }, wrongType),
      ...missing.flatMap((field) => [undefined, null, true, '0'].map((value) => wrong({ [field]: value }, wrongType))),
    ],
  };
}
const exclusions = ['read', 'read_acl', 'write', 'write_acl', 'read_cuprivset'];
const aclEntries = entries({ target: ne.ne_acl_href, tname: '/a', privileges: 1 }, 'target', 'tname', []);
const oldAclEntries = entries(
  { apply: ne.ne_acl_href, principal: '/a', ...Object.fromEntries(exclusions.map((field) => [field, 1])) },
  'apply',
  'principal',
  exclusions,
);

type Function = {
  [N in keyof typeof ne]: (typeof ne)[N] extends (...values: never[]) => unknown ? N : never;
}[keyof typeof ne];

const functions: Record<Function, readonly Argument[]> = {
  ne_session_create: [line('scheme', 'http'), line('hostname', 'example.com'), integer('port', 80, 0, 65535)],
  ne_session_destroy: [sess],
  ne_close_connection: [sess],
  ne_set_session_flag: [sess, integer('flag', 0, 0, most), flagValue('value')],
  ne_get_session_flag: [sess, integer('flag', 0, 0, most)],
  ne_set_read_timeout: [sess, integer('timeout', 1, 1, 2147483)],
  ne_set_connect_timeout: [sess, integer('timeout', 1, 1, 2147483)],
  ne_set_useragent: [sess, line('product', 'agent')],
  ne_version_pre_http11: [sess],
  ne_get_server_hostport: [sess],
  ne_get_scheme: [sess],
  ne_fill_server_uri: [sess, object('uri')],
  ne_fill_proxy_uri: [sess, object('uri')],
  ne_set_error: [sess, text('format', 'text')],
  ne_get_error: [sess],
  ne_set_session_private: [sess, key('id')],
  ne_get_session_private: [sess, key('id')],
  ne_request_create: [sess, line('method', 'GET'), line('path', '/')],
  ne_request_destroy: [req],
  ne_add_request_header: [req, token('name', 'X'), line('value', 'value')],
  ne_print_request_header: [req, token('name', 'X'), line('format', 'text')],
  ne_set_request_body_buffer: [req, bytes('buffer')],
  ne_set_request_body_fd: [
    req,
    integer('fd', 0, 0, most),
    integer('offset', 0, 0, mostSafe),
    integer('length', 1, 0, mostSafe),
  ],
  ne_set_request_body_provider: [req, integer('length', 1, -1, mostSafe), callback('provider')],
  ne_add_interim_handler: [req, callback('fn')],
  ne_accept_2xx: [req, status],
  ne_accept_always: [req, status],
  ne_add_response_body_reader: [req, callback('accpt'), callback('reader')],
  ne_request_dispatch: [req],
  ne_begin_request: [req],
  ne_read_response_block: [req, filled('buffer')],
  ne_read_response_to_fd: [req, integer('fd', 0, 0, most)],
  ne_read_response_to_buffer: [req, filled('buf'), room],
  ne_discard_response: [req],
  ne_end_request: [req],
  ne_get_status: [req],
  ne_get_response_header: [req, text('name', 'X')],
  ne_response_header_iterate: [req, cursor, object('name'), object('value')],
  ne_get_response_trailer: [req, text('name', 'X')],
  ne_response_trailer_iterate: [req, cursor, object('name'), object('value')],
  ne_get_request_target: [req],
  ne_get_response_location: [req, { ...text('fragment', 'X'), bad: () => fragments, optional: true }],
  ne_get_response_retry_after: [req],
  ne_set_request_flag: [req, integer('flag', 0, 0, most), flagValue('value')],
  ne_get_request_flag: [req, integer('flag', 0, 0, most)],
  ne_get_session: [req],
  ne_set_request_private: [req, key('id')],
  ne_get_request_private: [req, key('id')],
  ne_sock_init: [],
  ne_sock_exit: [],
  ne_sock_create: [],
  ne_sock_prebind: [sock, optional(ia, 'addr'), port],
  ne_sock_connect: [sock, { ...ia, name: 'addr' }, port],
  ne_sock_accept: [sock, integer('fd', 0, 0, most)],
  ne_sock_read: [sock, filled('buffer')],
  ne_sock_peek: [sock, filled('buffer')],
  ne_sock_block: [sock, integer('n', 1, 1, 2147483)],
  ne_sock_fullwrite: [sock, bytes('data')],
  ne_sock_fullwritev: [sock, blocks],
  ne_sock_readline: [sock, filled('buffer')],
  ne_sock_fullread: [sock, filled('buffer')],
  ne_sock_fd: [sock],
  ne_sock_peer: [sock, object('port')],
  ne_sock_shutdown: [sock, integer('flags', 1, 1, 3)],
  ne_sock_close: [sock],
  ne_sock_error: [sock],
  ne_sock_set_error: [sock, text('format', 'text')],
  ne_sock_read_timeout: [sock, seconds],
  ne_sock_connect_timeout: [sock, { ...seconds, bad: integer('timeout', 0, 0, 2147483).bad }],
  ne_sock_proxy: [
    sock,
    integer('vers', 2, 0, 2),
    optional(ia, 'addr'),
    socksText('hostname'),
    port,
    socksText('username'),
    socksText('password'),
  ],
  ne_sock_accept_ssl: [sock, server],
  ne_sock_connect_ssl: [sock, client],
  ne_sock_handshake: [sock, client, optional(text('hostname', 'localhost')), integer('flags', 0, 0, 0)],
  ne_sock_sessid: [sock, optional(filled('buf')), room],
  ne_sock_cipher: [sock],
  ne_sock_getproto: [sock],
  ne_sock_getcert: [sock, ctx],
  ne_ssl_check_certificate: [
    ctx,
    further(sock),
    optional(text('hostname', 'localhost')),
    optional(further(ia), 'address'),
    further(cert),
    integer('flags', 0, 0, 2 ** 32 - 1),
    object('failures'),
  ],
  ne_ssl_context_create: [integer('mode', 0, 0, 2)],
  ne_ssl_context_set_flag: [ctx, integer('flag', 0, 0, most), flagValue('value')],
  ne_ssl_context_get_flag: [ctx, integer('flag', 0, 0, most)],
  ne_ssl_context_keypair: [ctx, text('cert', '/nonexistent'), text('key', '/nonexistent')],
  ne_ssl_context_set_verify: [
    ctx,
    flagValue('required'),
    optional(text('ca_names', '/nonexistent')),
    optional(text('verify_cas', '/nonexistent')),
  ],
  ne_ssl_context_set_versions: [ctx, integer('min', 0, 0, 5), integer('max', 0, 0, 5)],
  ne_ssl_context_trustcert: [ctx, further(cert)],
  ne_ssl_context_trustdefca: [ctx],
  ne_ssl_context_set_clicert: [ctx, { ...further(decrypted), name: 'cc' }],
  ne_ssl_context_set_ccprovide: [ctx, callbackOrNull('provider')],
  ne_ssl_context_destroy: [ctx],
  ne_ssl_proto_name: [integer('proto', 0, 0, most)],
  ne_addr_resolve: [text('hostname', '127.0.0.1'), integer('flags', 0, 0, most)],
  ne_addr_result: [addr],
  ne_addr_first: [addr],
  ne_addr_next: [addr],
  ne_addr_error: [addr],
  ne_addr_canonical: [addr],
  ne_addr_destroy: [addr],
  ne_ssl_cert_read: [text('filename', '/nonexistent')],
  ne_ssl_cert_import: [text('data', root)],
  ne_ssl_cert_free: [cert],
  ne_ssl_cert_write: [cert, text('filename', '/nonexistent/file')],
  ne_ssl_cert_export: [cert],
  ne_ssl_cert_identity: [cert],
  ne_ssl_cert_signedby: [cert],
  ne_ssl_cert_issuer: [cert],
  ne_ssl_cert_subject: [cert],
  ne_ssl_cert_digest: [cert, object('digest')],
  ne_ssl_cert_hdigest: [cert, integer('flags', 1, 0, 2 ** 32 - 1)],
  ne_ssl_cert_validity: [cert, optional(object('from')), optional(object('until'))],
  ne_ssl_cert_validity_time: [cert, optional(object('from')), optional(object('until'))],
  ne_ssl_cert_cmp: [
    { ...cert, name: 'c1' },
    { ...cert, name: 'c2', bad: () => cert.bad(newCertificate()) },
  ],
  ne_ssl_readable_dname: [dname('dn')],
  ne_ssl_dname_cmp: [dname('dn1'), dname('dn2')],
  ne_ssl_clicert_read: [text('filename', '/nonexistent')],
  ne_ssl_clicert_import: [bytes('buffer')],
  ne_ssl_clicert_fromuri: [text('uri', 'file:/nonexistent'), integer('flags', 0, 0, 0)],
  ne_ssl_clicert_encrypted: [ccert],
  ne_ssl_clicert_name: [ccert],
  ne_ssl_clicert_decrypt: [ccert, text('password', 'secret')],
  ne_ssl_clicert_owner: [decrypted],
  ne_ssl_clicert_copy: [decrypted],
  ne_ssl_clicert_free: [ccert],
  ne_ssl_set_verify: [sess, callbackOrNull('fn')],
  ne_ssl_pkcs11_provider_init: [object('provider'), text('name', '/nonexistent')],
  ne_ssl_pkcs11_nss_provider_init: [
    object('provider'),
    text('name', '/nonexistent'),
    text('directory', '/nonexistent'),
    text('cert_prefix', ''),
    text('key_prefix', ''),
    text('secmod_db', ''),
  ],
  ne_ssl_pkcs11_provider_pin: [provider, { name: 'fn', good: () => null, bad: () => [], optional: true }],
  ne_ssl_set_pkcs11_provider: [sess, provider],
  ne_ssl_pkcs11_provider_destroy: [provider],
  ne_ssl_provide_clicert: [sess, callbackOrNull('fn')],
  ne_ssl_set_clicert: [sess, { ...decrypted, name: 'clicert' }],
  ne_ssl_set_protovers: [sess, integer('min', 0, 0, most), integer('max', 0, 0, most)],
  ne_ssl_trust_cert: [sess, cert],
  ne_ssl_trust_default_ca: [sess],
  ne_hook_create_request: hook,
  ne_hook_pre_send: hook,
  ne_hook_post_headers: hook,
  ne_hook_post_send: hook,
  ne_hook_destroy_request: hook,
  ne_hook_destroy_session: hook,
  ne_hook_close_conn: hook,
  ne_unhook_create_request: hook,
  ne_unhook_pre_send: hook,
  ne_unhook_post_headers: hook,
  ne_unhook_post_send: hook,
  ne_unhook_destroy_request: hook,
  ne_unhook_destroy_session: hook,
  ne_unhook_close_conn: hook,
  ne_set_notifier: [sess, callbackOrNull('status')],
  ne_set_progress: [sess, callbackOrNull('progress')],
  ne_set_server_auth: [sess, callback('creds')],
  ne_set_proxy_auth: [sess, callback('creds')],
  ne_add_server_auth: [sess, authProtocol, callback('creds')],
  ne_add_proxy_auth: [sess, authProtocol, callback('creds')],
  ne_add_auth: [sess, authProtocol, callback('creds')],
  ne_forget_auth: [sess],
  ne_session_proxy: [sess, line('hostname', 'proxy'), integer('port', 80, 0, 65535)],
  ne_session_socks_proxy: [
    sess,
    integer('vers', 2, 0, 2),
    line('hostname', 'proxy'),
    integer('port', 1080, 0, 65535),
    secret('username'),
    secret('password'),
  ],
  ne_session_system_proxy: [sess, integer('flags', 0, 0, 0)],
  ne_iaddr_make: [integer('type', 0, 0, 1), rawAddress],
  ne_iaddr_parse: [text('addr', '127.0.0.1'), integer('type', 0, 0, 1)],
  ne_iaddr_print: [ia],
  ne_iaddr_raw: [ia],
  ne_iaddr_typeof: [ia],
  ne_iaddr_cmp: [
    { ...ia, name: 'i1' },
    { ...ia, name: 'i2', bad: () => ia.bad(newAddress()) },
  ],
  ne_iaddr_free: [ia],
  ne_iaddr_reverse: [ia, object('buf')],
  ne_iaddr_put: [ia, integer('type', 0, 0, 1), rawAddress],
  ne_iaddr_set_scope: [ia, text('scope', 'lo')],
  ne_iaddr_get_scope: [ia],
  ne_set_addrlist: [sess, addrs],
  ne_set_addrlist2: [sess, integer('port', 80, 0, 65535), addrs],
  ne_set_localaddr: [sess, { ...ia, name: 'addr', bad: (good) => ia.bad(good).slice(2), optional: true }],
  ne_buffer_create: [],
  ne_buffer_ncreate: [integer('size', 1, 1, 2 ** 30)],
  ne_buffer_append: [buf, withoutNull('data')],
  ne_buffer_zappend: [buf, text('str', 'text')],
  ne_buffer_czappend: [buf, text('str', 'text')],
  ne_buffer_concat: [buf, { ...text('str', 'text'), optional: true }],
  ne_buffer_qappend: [buf, bytes('data')],
  ne_buffer_snprintf: [buf, integer('max', 100, 1, 2 ** 30), text('format', 'text')],
  ne_buffer_clear: [buf],
  ne_buffer_grow: [buf, integer('size', 1, 1, 2 ** 30)],
  ne_buffer_altered: [buf],
  ne_buffer_size: [buf],
  ne_buffer_finish: [buf],
  ne_buffer_destroy: [buf],
  ne_uri_parse: [text('uri', 'http://example.com/'), object('parsed')],
  ne_uri_unparse: [uri('uri', { needsPath: true })],
  ne_uri_resolve: [uri('base', { needsPath: true }), uri('relative', { needsPath: true }), object('result')],
  ne_uri_cmp: [uri('u1'), uri('u2')],
  ne_uri_copy: [object('dest'), uri('src')],
  ne_uri_free: [object('parsed')],
  ne_uri_defaultport: [text('scheme', 'http')],
  ne_path_escape: [path],
  ne_path_escapef: [path, integer('flags', 1, 0, 2 ** 32 - 1)],
  ne_path_unescape: [text('epath', '/a')],
  ne_path_parent: [path],
  ne_path_compare: [text('p1', '/a'), text('p2', '/b')],
  ne_path_childof: [text('parent', '/a'), text('child', '/a/b')],
  ne_path_has_trailing_slash: [path],
  ne_rfc1123_date: [integer('anytime', 0, -mostSafe, mostSafe)],
  ne_rfc1123_parse: date,
  ne_rfc1036_parse: date,
  ne_asctime_parse: date,
  ne_httpdate_parse: date,
  ne_iso8601_parse: date,
  ne_i18n_init: [longName],
  ne_parse_statusline: [text('status_line', 'HTTP/1.1 200 OK'), object('s')],
  ne_debug_init: [
    { ...integer('stream', 2, 0, most), bad: () => integer('stream', 2, 0, most).bad(2).slice(2), optional: true },
    integer('mask', 0, -(2 ** 31), most),
  ],
  ne_debug: [integer('ch', 1, -(2 ** 31), 2 ** 31 - 1), text('format', 'text')],
  ne_token: [tokens, character('separator', ',')],
  ne_qtoken: [tokens, character('separator', ','), text('quotes', '"')],
  ne_shave: [text('str', ' a '), text('whitespace', ' ')],
  ne_strclean: [text('str', 'text')],
  ne_strlower: [text('str', 'text')],
  ne_strupper: [text('str', 'text')],
  ne_concat: [text('str', 'text')],
  ne_strnqdup: [bytes('data')],
  ne_base64: [bytes('text')],
  ne_unbase64: [text('data', 'Zm8=')],
  ne_strhash: [integer('flags', 1, 0, 2 ** 32 - 1), { ...text('str', 'text'), optional: true }],
  ne_strparam: [charset, { ...text('lang', 'en'), bad: () => fragments, optional: true }, text('value', 'text')],
  ne_strerror: [integer('errnum', 2, -(2 ** 31), most)],
  ne_strcasecmp: [text('s1', 'text'), text('s2', 'text')],
  ne_strncasecmp: [text('s1', 'text'), text('s2', 'text'), integer('n', 1, 0, mostSafe)],
  ne_tolower: [lower],
  ne_strhextoul: [
    text('str', 'ff'),
    { ...object('endptr'), bad: () => all(wrongType, [0, 'text', true, 1n, Symbol('s')]), optional: true },
  ],
  ne_mknonce: [nonce, integer('flags', 0, 0, 0)],
  ne_md5_create_ctx: [],
  ne_md5_process_bytes: [bytes('buffer'), { ...md5, bad: () => md5.bad(newMd5()) }],
  ne_md5_process_block: [sized('buffer', 64), { ...md5, bad: () => md5.bad(newMd5()) }],
  ne_md5_finish_ctx: [md5],
  ne_md5_finish_ascii: [md5],
  ne_md5_read_ctx: [md5],
  ne_md5_dup_ctx: [md5],
  ne_md5_reset_ctx: [md5],
  ne_md5_destroy_ctx: [md5],
  ne_md5_stream: [integer('fd', most, 0, most), object('resblock')],
  ne_md5_to_ascii: [sized('md5_buf', 16)],
  ne_ascii_to_md5: [hexDigits],
  ne_accept_207: [req, status],
  ne_xml_create: [],
  ne_xml_push_handler: [p, callback('startelm'), callbackOrNull('cdata'), callbackOrNull('endelm')],
  ne_xml_failed: [p],
  ne_xml_set_error: [p, text('msg', 'text')],
  ne_xml_get_error: [p],
  ne_xml_parse: [p, block],
  ne_xml_parse_v: [p, block],
  ne_xml_currentline: [p],
  ne_xml_doc_encoding: [p],
  ne_xml_set_encoding: [p, text('encoding', 'UTF-8')],
  ne_xml_get_attr: [p, attrs, { ...text('nspace', 'DAV:'), bad: () => fragments, optional: true }, text('name', 'x')],
  ne_xml_resolve_nspace: [p, { ...text('prefix', 'D'), bad: () => fragments, optional: true }],
  ne_xml_destroy: [p],
  ne_xml_mapid: [idmap, text('nspace', 'DAV:'), text('name', 'prop')],
  ne_xml_parse_response: [req, parser],
  ne_xml_dispatch_request: [req, parser],
  ne_xml_dispatchif_request: [req, parser, callback('acpt')],
  ne_207_create: [parser, base],
  ne_207_set_flags: [multistatus, integer('flags', 0, 0, 2 ** 32 - 1)],
  ne_207_set_response_handlers: tellers,
  ne_207_set_propstat_handlers: tellers,
  ne_207_get_current_response: [multistatus],
  ne_207_get_current_propstat: [multistatus],
  ne_207_destroy: [multistatus],
  ne_simple_propfind: [sess, line('path', '/'), depth, optional(propnames('props')), callback('results')],
  ne_propnames: [sess, line('path', '/'), depth, callback('results')],
  ne_proppatch: [sess, line('path', '/'), ops],
  ne_propfind_create: [sess, line('path', '/'), depth],
  ne_propfind_get_parser: [propfind],
  ne_propfind_get_request: [propfind],
  ne_propfind_set_private: [propfind, callbackOrNull('creator'), callbackOrNull('destructor')],
  ne_propfind_current_private: [propfind],
  ne_propfind_allprop: [propfind, callback('result')],
  ne_propfind_named: [propfind, required(propnames('names')), callback('result')],
  ne_propfind_destroy: [propfind],
  ne_propset_value: [set, propname],
  ne_propset_status: [set, propname],
  ne_propset_lang: [set, propname],
  ne_propset_private: [set],
  ne_propset_iterate: [set, callback('iterator')],
  ne_simple_request: [sess, req],
  ne_get: [...onPath, fd],
  ne_getbuf: [...onPath, filled('buf'), room],
  ne_put: [...onPath, fd],
  ne_putbuf: [...onPath, bytes('buf')],
  ne_post: [...onPath, fd, text('buffer', 'text')],
  ne_get_range: [...onPath, range, fd],
  ne_getmodtime: [...onPath, object('modtime')],
  ne_options: [...onPath, object('caps')],
  ne_options2: [...onPath, object('caps')],
  ne_copy: [sess, flagValue('overwrite'), anyDepth, line('src', '/a'), line('dest', '/b')],
  ne_move: [sess, flagValue('overwrite'), line('src', '/a'), line('dest', '/b')],
  ne_delete: onPath,
  ne_mkcol: onPath,
  ne_add_depth_header: [req, anyDepth],
  ne_get_content_type: [req, object('ctype')],
  ne_redirect_register: [sess],
  ne_redirect_location: [sess],
  ne_decompress_reader: [req, callback('accpt'), callback('reader')],
  ne_decompress_destroy: [decompress],
  ne_lock_create: [],
  ne_lock_copy: [lock()],
  ne_lock_free: [{ ...lock(), bad: () => [...all(wrongType, noObjects), ['no uri', {}, wrongType]] }],
  ne_lock_destroy: [{ ...lock(), bad: () => [...all(wrongType, noObjects), ['no uri', {}, wrongType]] }],
  ne_lockstore_create: [],
  ne_lockstore_register: [store, { ...sess, bad: () => sess.bad(newSession()) }],
  ne_lockstore_destroy: [store],
  ne_lockstore_add: [store, { ...lock({ needsToken: true, needsWhole: true }), name: 'lock' }],
  ne_lockstore_remove: [store, { ...lock(), bad: () => all(wrongType, noObjects) }],
  ne_lockstore_first: [store],
  ne_lockstore_next: [store],
  ne_lockstore_findbyuri: [store, uri('uri')],
  ne_lock: [sess, lock({ sends: true })],
  ne_unlock: [sess, lock({ needsToken: true })],
  ne_lock_refresh: [sess, lock({ needsToken: true })],
  ne_lock_discover: [sess, line('path', '/'), callback('result')],
  ne_lock_using_resource: [req, path, integer('depth', 0, 0, 2)],
  ne_lock_using_parent: [req, path],
  ne_acl_set: [sess, line('uri', '/'), oldAclEntries],
  ne_acl3744_set: [sess, line('path', '/'), aclEntries],
  ne_version_string: [],
  ne_version_library: [],
  ne_version_match: [integer('major', 0, 0, most), integer('minor', 32, 0, most)],
  ne_has_support: [integer('feature', 1, -(2 ** 31), most)],
};

const exported = Object.entries(ne)
  .filter(([, value]) => typeof value === 'function')
  .map(([name]) => name);
type Call = (...values: unknown[]) => unknown;

test('the table has every function', () => {
  expect(Object.keys(functions).sort()).toEqual([...exported].sort());
});

test('every other export but NE_XML_MEDIA_TYPE is a number', () => {
  const others = Object.entries(ne).filter(([name]) => ![...exported, 'NE_XML_MEDIA_TYPE'].includes(name));
  for (const [name, value] of others) expect([name, typeof value]).toEqual([name, 'number']);
  expect(others.length).toBeGreaterThan(20);
});

const forms: { surface: string; has: (name: string) => boolean; call: (name: string) => Call }[] = [
  { surface: 'libneon/ne', has: () => true, call: (name) => ne[name as Function] as unknown as Call },
  {
    surface: 'libneon/ne/promises',
    has: (name) => names.includes(name as keyof Io),
    call: (name) => surfaces[1]!.io[name as keyof Io] as unknown as Call,
  },
];

describe.each(forms)('$surface', ({ has, call }) => {
  const table = Object.entries(functions).filter(([name]) => has(name));

  describe.each(table.filter(([, list]) => list.length > 0))('%s', (name, list) => {
    if (list[0] === set) lendResults();

    test.each(
      list.flatMap((argument, index) =>
        argument
          .bad(argument.good())
          .map(([title, value, error]) => ({ argument: argument.name, title, index, value, error })),
      ),
    )('$argument: $title', async ({ argument, index, value, error }) => {
      const values = list.map(({ good }, i) => (i === index ? value : good()));
      const failure = await failureOf(() => call(name)(...values));
      expect(failure).toEqual(error);
      if (failure.code !== 'ERR_NEON_DESTROYED') expect(failure.message).toContain(`"${argument}"`);
    });

    for (const [index, { name: missing, optional = false }] of list.entries())
      if (!optional)
        test(`without ${missing}`, async () => {
          const values = list.slice(0, index).map(({ good }) => good());
          const failure = await failureOf(() => call(name)(...values));
          expect(failure).toEqual(wrongType);
          const absent = list.slice(index).map(({ name: one }) => `"${one}"`);
          expect(absent).toContain(/"\w+"/.exec(failure.message)?.[0]);
        });

    test('is refused, and nothing changes', async () => {
      const values = list.map(({ good }) => good());
      const [first] = values;
      for (const [index, argument] of list.entries()) {
        if (index === 0 && typeof first === 'object') continue;
        for (const [, value] of argument.bad(values[index]))
          await failureOf(() => call(name)(...values.map((good, i) => (i === index ? value : good))));
      }
      if (list[0] === sess) {
        expect(ne.ne_get_error(first as ne.ne_session)).toBe('Unknown error.');
        expect(result(() => ne.ne_session_destroy(first as ne.ne_session))).toBeUndefined();
      } else if (list[0] === req) {
        expect(ne.ne_get_status(first as ne.ne_request).code).toBe(0);
        expect(result(() => ne.ne_request_destroy(first as ne.ne_request))).toBeUndefined();
      } else if (list[0] === p) {
        expect(ne.ne_xml_get_error(first as ne.ne_xml_parser)).toBe('Unknown error');
        expect(ne.ne_xml_parse(first as ne.ne_xml_parser, '<a/>')).toBe(0);
        expect(result(() => ne.ne_xml_destroy(first as ne.ne_xml_parser))).toBeUndefined();
      } else if (list[0] === sock) {
        expect([ne.ne_sock_fd(first as ne.ne_socket), ne.ne_sock_close(first as ne.ne_socket)]).toEqual([-1, 0]);
      } else if (list[0] === provider) {
        expect(await failureOf(() => call(name)(...values))).toEqual(wrongType);
      } else if (name === 'ne_lockstore_remove') {
        expect(await failureOf(() => call(name)(...values))).toEqual(neonError('ERR_NEON_INVALID_STATE'));
      } else if (features.functions[name] === false) {
        expect(await failureOf(() => call(name)(...values))).toEqual(neonError('ERR_NEON_UNSUPPORTED'));
      } else if (name === 'ne_ssl_check_certificate') {
        // Its socket is a new one, that speaks no TLS.
        expect(await failureOf(() => call(name)(...values))).toEqual(neonError('ERR_NEON_INVALID_STATE'));
      } else {
        await expect((async () => call(name)(...values))()).resolves.not.toThrow();
      }
    });
  });

  test('more arguments than there are mean nothing', async () => {
    const session = newSession();
    const more = Array<number>(20).fill(1);
    expect(ne.ne_get_scheme.call(null, ...([session, ...more] as unknown as [ne.ne_session]))).toBe('http');
    const request = (await call('ne_request_create')(
      session,
      'GET',
      '/',
      ...(has('ne_get_scheme') ? more : []),
    )) as ne.ne_request;
    expect(ne.ne_get_session(request)).toBe(session);
  });

  test('what is refused sends nothing', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const request = (await call('ne_request_create')(session, 'GET', '/good')) as ne.ne_request;
    for (const bad of ['\r', '\n', '\0', '\r\n\r\nGET /evil HTTP/1.1\r\n']) {
      const good = `x${bad}`;
      expect(await failureOf(() => call('ne_request_create')(session, good, '/'))).toEqual(wrongChar);
      expect(await failureOf(() => call('ne_request_create')(session, 'GET', good))).toEqual(wrongChar);
      expect(() => ne.ne_add_request_header(request, good, 'v')).toThrow(wrongChar);
      expect(() => ne.ne_add_request_header(request, 'X', good)).toThrow(wrongChar);
      expect(() => ne.ne_print_request_header(request, good, 'v')).toThrow(wrongChar);
      expect(() => ne.ne_print_request_header(request, 'X', good)).toThrow(wrongChar);
      expect(() => ne.ne_print_request_header(request, 'X', '%s', good)).toThrow(wrongChar);
      expect(() => ne.ne_set_useragent(session, good)).toThrow(wrongChar);
    }
    expect(await server.connections()).toEqual([]);
    expect(await call('ne_request_dispatch')(request)).toBe(ne.NE_OK);
    expect((await receivedBy(server)).join()).toMatch(/^GET \/good HTTP\/1\.1\r\n(?!.*evil)[^]*\r\n\r\n$/);
  });
});

describe('handles', () => {
  test.each(Object.entries(handles))('%s has no constructor', (kind, make) => {
    const constructor = make().constructor as unknown as new (...values: unknown[]) => object;
    expect(constructor.name).toBe(kind);
    const illegal = coded('ERR_ILLEGAL_CONSTRUCTOR', 'TypeError');
    expect(() => new constructor()).toThrow(illegal);
    expect(() => new constructor('http', 'example.com', 80)).toThrow(illegal);
    expect(() => Reflect.construct(constructor, [], Object)).toThrow(illegal);
    expect(() => new (class extends constructor {})()).toThrow(illegal);
    expect(() => (constructor as unknown as () => void)()).toThrow();
    expect(make()).toBeInstanceOf(constructor); // and they are made nevertheless
  });

  test.each(Object.entries(handles))('%s has no properties', (_, make) => {
    expect(Reflect.ownKeys(make())).toEqual([]);
  });

  test('what is put on one does not matter', async () => {
    const server = await serve(answering());
    const request = ne.ne_request_create(sessionWith(server), 'GET', '/');
    const own = Object.fromEntries(
      ['callbacks', 'handle', 'constructor', 'then', 'value', 'type'].map((name) => [name, 1]),
    );
    Object.assign(request, own);
    const blocks: string[] = [];
    ne.ne_add_response_body_reader(
      request,
      () => 1,
      (block) => void blocks.push(block.toString()),
    );
    Object.freeze(request);
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(blocks).toEqual(['hello', '']);
  });

  test('frozen ones work', async () => {
    const server = await serve(answering());
    const session = Object.freeze(sessionWith(server));
    const request = Object.freeze(ne.ne_request_create(session, 'GET', '/'));
    const blocks: string[] = [];
    ne.ne_add_response_body_reader(
      request,
      () => 1,
      (block) => void blocks.push(block.toString()),
    );
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    expect(blocks).toEqual(['hello', '']);
  });
});

describe('long strings', () => {
  test('go to C whole', async () => {
    const server = await serve(answering());
    const session = sessionWith(server);
    const path = `/${'p'.repeat(500_000)}`;
    const request = ne.ne_request_create(session, 'M'.repeat(10_000), path);
    ne.ne_add_request_header(request, 'n'.repeat(10_000), 'v'.repeat(100_000));
    expect(ne.ne_request_dispatch(request)).toBe(ne.NE_OK);
    const [received] = await receivedBy(server);
    expect(received!.startsWith(`${'M'.repeat(10_000)} ${path} HTTP/1.1\r\n`)).toBe(true);
    expect(received!.endsWith(`\r\n${'n'.repeat(10_000)}: ${'v'.repeat(100_000)}\r\n\r\n`)).toBe(true);
  });

  test('that are refused are refused whole', () => {
    const long = 'x'.repeat(50_000_000);
    expect(() => ne.ne_request_create(newSession(), `${long}\n`, '/')).toThrow(wrongChar);
    expect(() => ne.ne_ssl_cert_read(`${long}\0`)).toThrow(wrongValue);
    expect(ne.ne_ssl_cert_read(long)).toBeNull();
    expect(() => ne.ne_print_request_header(newRequest(), 'X', long)).toThrow(outOfRange);
  });

  test('in an error message they are cut', async () => {
    const failure = await failureOf(() => ne.ne_session_create('http', 'h', 'x'.repeat(100_000) as unknown as number));
    expect(failure).toEqual(wrongType);
    expect(failure.message.length).toBeLessThan(500);
  });
});
