/** What each function of the C API does with arguments that are none: one table for all of them, on both surfaces. */
import { rootCertificates } from 'node:tls';
import * as ne from 'libneon/ne';
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

const newAddress = (): ne.ne_inet_addr => ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!;

const handles = {
  ne_session: newSession,
  ne_request: newRequest,
  ne_ssl_certificate: newCertificate,
  ne_inet_addr: newAddress,
  ne_buffer: ne.ne_buffer_create,
  ne_xml_parser: ne.ne_xml_create,
  ne_207_parser: () => ne.ne_207_create(ne.ne_xml_create(), { path: '/' }),
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
const cursor: Argument = {
  name: 'cursor',
  good: () => null,
  bad: () => all(wrongType, [0, 1, '', true, {}, [], newRequest(), newSession()]),
  optional: true,
};
const ia = handle('ia', 'ne_inet_addr', ne.ne_iaddr_free);
const buf = handle('buf', 'ne_buffer', ne.ne_buffer_destroy);
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
const multistatus = handle('p', 'ne_207_parser', ne.ne_207_destroy);
const tellers = [multistatus, callbackOrNull('start'), callbackOrNull('end')];
const idmap: Argument = {
  name: 'map',
  good: () => [{ nspace: 'DAV:', name: 'prop', id: 1 }],
  bad: () => [
    ...all(wrongType, [undefined, null, 0, 'text', {}, [undefined], [null], ['text'], [{}], [{ nspace: '', name: '' }]]),
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
    ...all(wrongType, [...noObjects, {}, { path: null }, { path: 1 }, { path: '/', host: 1 }, { path: '/', port: '1' }]),
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
const textOrNull = [...all(wrongType, [0, true, {}, [], Buffer.from('text')]), ...all(wrongValue, ['\0', 'a\0'])];
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
  ne_get_response_location: [req, { ...text('fragment', 'X'), bad: () => textOrNull, optional: true }],
  ne_get_response_retry_after: [req],
  ne_set_request_flag: [req, integer('flag', 0, 0, most), flagValue('value')],
  ne_get_request_flag: [req, integer('flag', 0, 0, most)],
  ne_get_session: [req],
  ne_set_request_private: [req, key('id')],
  ne_get_request_private: [req, key('id')],
  ne_sock_init: [],
  ne_sock_exit: [],
  ne_ssl_cert_read: [text('filename', '/nonexistent')],
  ne_ssl_cert_import: [text('data', root)],
  ne_ssl_cert_free: [cert],
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
  ne_xml_get_attr: [p, attrs, { ...text('nspace', 'DAV:'), bad: () => textOrNull, optional: true }, text('name', 'x')],
  ne_xml_resolve_nspace: [p, { ...text('prefix', 'D'), bad: () => textOrNull, optional: true }],
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
  ne_simple_request: [sess, req],
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

    test.each(
      list
        .map(({ name: missing, optional = false }, index) => ({ missing, optional, index }))
        .filter(({ optional }) => !optional),
    )('without $missing', async ({ index }) => {
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
