/**
 * Puts hostile text into every parameter that reaches a request. The bytes that the server receives show whether the
 * text has become syntax: another header, another request, another XML element.
 */
import { Session, type SessionOptions } from 'libneon';
import * as ne from 'libneon/ne';
import { rawServer, response, type Step } from '../../servers/raw.js';
import { forms, type Methods } from '../../support/methods.js';
import { below, pick, type Random } from '../../support/random.js';
import { surfaces, type Io } from '../../support/surfaces.js';
import { lockOn } from '../../support/locks.js';
import { isCoded, settled } from '../clients.js';
import type { Kind, Trial } from '../kind.js';

/** A parameter, and a call that uses it. */
interface Parameter {
  readonly name: string;
  readonly surface: string;
  /** The number of requests that the call may send; 1 by default. */
  readonly requests?: number;
  /** Whether the parameter is XML, so that elements in it are meant. */
  readonly xml?: boolean;
  /** The response to the first request, when the call needs a challenge. */
  readonly challenge?: string;
  readonly run: (port: number, text: string) => Promise<unknown>;
}

const unauthorized = (challenge: string): string =>
  response('', { status: '401 Unauthorized', headers: { 'WWW-Authenticate': challenge } });
const digest = unauthorized('Digest realm="a", nonce="b", qop="auth", algorithm=MD5');

type Call = (methods: Methods, text: string, session: Session) => Promise<unknown>;

/** Parameters of the classes: calls on a session, and options of a session. */
const calls: Readonly<Record<string, Call>> = {
  method: (session, text) => session.request(text, '/a'),
  target: (session, text) => session.request('GET', text),
  'target after /': (session, text) => session.request('GET', `/${text}`),
  'header name': (session, text) => session.request('GET', '/a', { headers: { [text]: 'value' } }),
  'header value': (session, text) => session.request('GET', '/a', { headers: { 'X-Some': text } }),
  'second header value': (session, text) => session.request('GET', '/a', { headers: { 'X-Some': ['a', text] } }),
  'header pair': (session, text) => session.request('GET', '/a', { headers: [['X-Some', text]] }),
  'Content-Length': (session, text) =>
    session.request('PUT', '/a', { body: 'body', headers: { 'Content-Length': text } }),
  Destination: (session, text) => session.copy('/a', text),
  'Destination of MOVE': (session, text) => session.move('/a', `/${text}`),
  'header of a listing': (session, text) => session.propfind('/a', { headers: { 'X-Some': text } }),
  'target of a listing': (session, text) => session.propfind(text),
  'property of a listing': (session, text) => session.propfind('/a', { props: [text] }),
  'namespace of a listing': (session, text) => session.propfind('/a', { props: [`{${text}}name`] }),
  'property to set': (session, text) => session.proppatch('/a', { set: { [text]: 'value' } }),
  'namespace to set': (session, text) => session.proppatch('/a', { set: { [`{${text}}name`]: 'value' } }),
  'value to set': (session, text) => session.proppatch('/a', { set: { '{urn:x}name': text } }),
  'property to remove': (session, text) => session.proppatch('/a', { remove: [`{urn:x}${text}`] }),
  'owner of a lock': (session, text) => session.lock('/a', { owner: text }),
  'target of a lock': (session, text) => session.lock(text),
  'depth of a lock': (session, text) => session.lock('/a', { depth: text as 'infinity' }),
  'scope of a lock': (session, text) => session.lock('/a', { scope: text as 'shared' }),
  'token to unlock': (session, text) => session.unlock({ target: '/a', token: text }),
  'token to refresh': (session, text) => session.refreshLock({ target: '/a', token: text }),
  'token of a held lock': (session, text, { locks }) => {
    locks.add({ target: '/a', token: text });
    return session.put('/a', 'body');
  },
  'target of a held lock': (session, text, { locks }) => {
    locks.add({ target: text, token: 'urn:a' });
    return session.put(text, 'body');
  },
  'principal of an entry': (session, text) => session.setAcl('/a', [{ principal: { href: text }, grant: ['read'] }]),
  'privilege of an entry': (session, text) => session.setAcl('/a', [{ principal: 'all', grant: [text as 'read'] }]),
};

const options: Readonly<Record<string, { of: (text: string) => SessionOptions; challenge?: string }>> = {
  userAgent: { of: (userAgent) => ({ userAgent }) },
  'default header name': { of: (text) => ({ headers: { [text]: 'value' } }) },
  'default header value': { of: (text) => ({ headers: { 'X-Some': text } }) },
  'user name, Basic': {
    of: (username) => ({ auth: { username, password: 'p' } }),
    challenge: unauthorized('Basic realm="a"'),
  },
  'user name, Digest': { of: (username) => ({ auth: { username, password: 'p' } }), challenge: digest },
  'password, Digest': { of: (password) => ({ auth: { username: 'u', password } }), challenge: digest },
};

const ofClasses: readonly Parameter[] = forms.flatMap(([form, of]) => {
  const surface = form === 'promises' ? 'classes' : 'classes, blocking';
  const open = (port: number, more?: SessionOptions): Session =>
    new Session('http', '127.0.0.1', port, { readTimeout: 1000, ...more });
  return [
    ...Object.entries(calls).map(([name, call]): Parameter => ({
      name,
      surface,
      async run(port, text) {
        using session = ending(open(port));
        return await call(of(session.value), text, session.value);
      },
    })),
    ...Object.entries(options).map(([name, { of: optionsOf, challenge }]): Parameter => ({
      name,
      surface,
      ...(challenge !== undefined && { challenge, requests: 3 }),
      async run(port, text) {
        using session = ending(open(port, optionsOf(text)));
        return await of(session.value).get('/a');
      },
    })),
    {
      name: 'header of a Request',
      surface,
      async run(port, text) {
        using session = ending(open(port));
        using request = session.value.createRequest('GET', '/a').setHeader('X-Some', text).addHeader(text, 'x');
        return await (form === 'promises' ? request.dispatch() : request.dispatchSync());
      },
    },
    {
      name: 'host',
      surface,
      async run(port, text) {
        using session = ending(
          new Session('http', `127.0.0.1${text}`, port, { addresses: ['127.0.0.1'], readTimeout: 1000 }),
        );
        return await of(session.value).get('/a');
      },
    },
  ];
});

/** A session that is destroyed with its requests at the end of a scope. */
function ending(value: Session): { readonly value: Session; [Symbol.dispose](): void } {
  return { value, [Symbol.dispose]: () => value.destroy({ force: true }) };
}

type NeCall = (io: Io, session: ne.ne_session, text: string) => Promise<unknown>;

async function dispatch(io: Io, request: ne.ne_request): Promise<void> {
  await io.ne_request_dispatch(request);
  ne.ne_request_destroy(request);
}

const neCalls: Readonly<Record<string, { run: NeCall; xml?: boolean; challenge?: string }>> = {
  method: { run: (io, session, text) => dispatch(io, ne.ne_request_create(session, text, '/a')) },
  target: { run: (io, session, text) => dispatch(io, ne.ne_request_create(session, 'GET', text)) },
  'target after /': { run: (io, session, text) => dispatch(io, ne.ne_request_create(session, 'GET', `/${text}`)) },
  'header name': {
    run: async (io, session, text) => {
      const request = ne.ne_request_create(session, 'GET', '/a');
      ne.ne_add_request_header(request, text, 'value');
      await dispatch(io, request);
    },
  },
  'header value': {
    run: async (io, session, text) => {
      const request = ne.ne_request_create(session, 'GET', '/a');
      ne.ne_add_request_header(request, 'X-Some', text);
      await dispatch(io, request);
    },
  },
  'printed header value': {
    run: async (io, session, text) => {
      const request = ne.ne_request_create(session, 'GET', '/a');
      ne.ne_print_request_header(request, 'X-Some', 'a %s', text);
      await dispatch(io, request);
    },
  },
  'user agent': {
    run: async (io, session, text) => {
      ne.ne_set_useragent(session, text);
      await dispatch(io, ne.ne_request_create(session, 'GET', '/a'));
    },
  },
  'path of MKCOL': { run: (io, session, text) => io.ne_mkcol(session, text) },
  Destination: { run: (io, session, text) => io.ne_copy(session, 1, 0, '/a', text) },
  'Destination of MOVE': { run: (io, session, text) => io.ne_move(session, 1, '/a', `/${text}`) },
  'property of a listing': {
    run: (io, session, text) =>
      io.ne_simple_propfind(session, '/a', 0, [{ nspace: 'DAV:', name: text }], () => undefined),
    xml: true,
  },
  'namespace of a listing': {
    run: (io, session, text) => io.ne_simple_propfind(session, '/a', 0, [{ nspace: text, name: 'a' }], () => undefined),
    xml: true,
  },
  'value to set': {
    run: (io, session, text) =>
      io.ne_proppatch(session, '/a', [{ name: { nspace: 'urn:x', name: 'a' }, type: ne.ne_propset, value: text }]),
    xml: true,
  },
  'owner of a lock': {
    run: (io, session, text) => io.ne_lock(session, lockOn(session, '/a', { owner: text })),
    xml: true,
  },
  'path of a lock': { run: (io, session, text) => io.ne_lock(session, lockOn(session, text)) },
  'token to unlock': { run: (io, session, text) => io.ne_unlock(session, lockOn(session, '/a', { token: text })) },
  'token to refresh': {
    run: (io, session, text) => io.ne_lock_refresh(session, lockOn(session, '/a', { token: text })),
  },
  'token of a held lock': {
    run: async (io, session, text) => {
      const store = ne.ne_lockstore_create();
      ne.ne_lockstore_add(store, lockOn(session, '/a', { token: text }));
      ne.ne_lockstore_register(store, session);
      const request = ne.ne_request_create(session, 'PUT', '/a');
      ne.ne_lock_using_resource(request, '/a', ne.NE_DEPTH_ZERO);
      await dispatch(io, request);
    },
  },
  'principal of an entry': {
    run: (io, session, text) =>
      io.ne_acl3744_set(session, '/a', [
        { target: ne.ne_acl_href, type: ne.ne_acl_grant, tname: text, privileges: ne.NE_ACL_READ },
      ]),
    xml: true,
  },
  'user name, Basic': {
    run: async (io, session, text) => {
      ne.ne_set_server_auth(session, () => ({ username: text, password: 'p' }));
      await dispatch(io, ne.ne_request_create(session, 'GET', '/a'));
    },
    challenge: unauthorized('Basic realm="a"'),
  },
  'user name, Digest': {
    run: async (io, session, text) => {
      ne.ne_set_server_auth(session, (_realm, attempt) => (attempt > 0 ? 1 : { username: text, password: 'p' }));
      await dispatch(io, ne.ne_request_create(session, 'GET', '/a'));
    },
    challenge: digest,
  },
};

const ofNe: readonly Parameter[] = surfaces.flatMap(({ surface, io }) => [
  ...Object.entries(neCalls).map(([name, { run, xml = false, challenge }]): Parameter => ({
    name,
    surface,
    xml,
    ...(challenge !== undefined && { challenge, requests: 3 }),
    async run(port, text) {
      const session = ne.ne_session_create('http', '127.0.0.1', port);
      ne.ne_set_read_timeout(session, 1);
      return await run(io, session, text);
    },
  })),
  {
    name: 'host',
    surface,
    async run(port, text) {
      const session = ne.ne_session_create('http', `127.0.0.1${text}`, port);
      ne.ne_set_addrlist(session, [ne.ne_iaddr_parse('127.0.0.1', ne.ne_iaddr_ipv4)!]);
      ne.ne_set_read_timeout(session, 1);
      await dispatch(io, ne.ne_request_create(session, 'GET', '/a'));
    },
  },
]);

const parameters: readonly Parameter[] = [...ofClasses, ...ofNe];

const starts = [
  '',
  'a',
  '/a',
  'a b',
  'urn:a',
  'DAV:',
  '{urn:a}',
  'caf\u00e9',
  '\u{1f600}',
  '127.0.0.1',
  'x'.repeat(255),
];
const separators = [
  ...[
    '\r\n',
    '\n',
    '\r',
    '\0',
    '\u010d\u010a',
    '\u560d\u560a',
    '\u2028',
    '\x0b',
    '\x0c',
    '\x85',
    '\x01',
    '\x1b',
    '\x7f',
  ],
  ...[' ', '\t', '"', '\\"', "'", '<', '>', '&', '&#13;&#10;', '%0d%0a', '%', ';', ',', ')', '(', ']', '[', '#', '?'],
  ...[
    '//',
    '/../',
    '\ud800',
    ']]>',
    '-->',
    '</D:owner>',
    '"/>',
    '*',
    '@',
    ':',
    '{',
    '}',
    '\r\n\r\n',
    '> (<urn:b>)',
    '\\',
  ],
];
const intrusions = [
  'X-Injected: 1',
  'X-Injected: 1\r\n',
  'GET /injected HTTP/1.1\r\nHost: x\r\n\r\n',
  ' HTTP/1.1\r\nX-Injected: 1\r\n\r\n',
  '<injected/>',
  '<D:injected xmlns:D="DAV:"/>',
  'xmlns:y="urn:injected"/><injected',
  'injected=1',
  'Content-Length: 0',
  'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  '',
];

function payload(random: Random): string {
  const parts = [pick(random, starts)];
  for (let i = 1 + below(random, 3); i > 0; i--) parts.push(pick(random, separators), pick(random, intrusions));
  if (random() < 0.3) parts.push(pick(random, separators));
  return parts.join('');
}

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const strictLine = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ [\x21-\x7e\x80-\xff]+ HTTP\/1\.1$/;
const lenientLine = /^[^\r\n\0]+ HTTP\/1\.1$/;
const once = [
  'host',
  'content-length',
  'transfer-encoding',
  'depth',
  'destination',
  'if',
  'lock-token',
  'authorization',
];

/**
 * The faults in what a connection received, and the number of requests on it. The C API refuses CR, LF and NUL, and
 * sends spaces and other control characters as C does.
 */
function faultsIn(bytes: Buffer, { xml = false, surface }: Parameter): { requests: number; faults: string[] } {
  const classes = surface.startsWith('classes');
  const faults: string[] = [];
  let requests = 0;
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf('\r\n\r\n', at);
    if (end < 0) return { requests, faults: [...faults, 'a head without its end'] };
    const [line = '', ...fields] = bytes.toString('latin1', at, end).split('\r\n');
    requests++;
    if (!(classes ? strictLine : lenientLine).test(line)) faults.push(`the request line ${line}`);
    const names = fields.map((field) => field.slice(0, Math.max(0, field.indexOf(':'))));
    for (const [index, name] of names.entries()) {
      if (!token.test(name)) faults.push(`the header ${fields[index]}`);

      if ((classes ? /[\x00-\x08\x0a-\x1f\x7f]/ : /[\0\r\n]/).test(fields[index]!))
        faults.push(`a control character in ${fields[index]}`);
      if (/^x-injected$/i.test(name)) faults.push('an injected header');
    }
    for (const name of once)
      if (names.filter((other) => other.toLowerCase() === name).length > 1) faults.push(`${name} more than once`);
    if (names.filter((name) => /^(content-length|transfer-encoding)$/i.test(name)).length > 1)
      faults.push('two kinds of framing');
    const length = Number(/^content-length:\s*(\d+)$/im.exec(fields.join('\n'))?.[1] ?? 0);
    const body = bytes.subarray(end + 4, end + 4 + length);
    if (body.length < length) faults.push('a body that is too short');
    if (!xml && body[0] === 0x3c) faults.push(...faultsInXml(body));
    at = end + 4 + length;
  }
  return { requests, faults };
}

/** Parses a document that the library made. It must be well-formed and have no injected element. */
function faultsInXml(document: Buffer): string[] {
  const parser = ne.ne_xml_create();
  const faults: string[] = [];
  ne.ne_xml_push_handler(
    parser,
    (_parent, _nspace, name) => {
      if (name === 'injected') faults.push('an injected element');
      return 1;
    },
    null,
    null,
  );
  if (ne.ne_xml_parse(parser, document) !== 0 || ne.ne_xml_parse(parser, '') !== 0)
    faults.push(`a document that is not well-formed: ${ne.ne_xml_get_error(parser)}`);
  ne.ne_xml_destroy(parser);
  return faults;
}

const answer = response('', { status: '204 No Content' });

async function carryOut(trial: Trial): Promise<void> {
  const parameter = parameters[trial.number % parameters.length]!;
  const { name, surface, requests = 1, challenge, run } = parameter;
  const text = payload(trial.random);
  const rest: Step = { repeat: 'forever', steps: [{ read: 'request' }, { send: answer }] };
  const first: Step[] = challenge === undefined ? [rest] : [{ read: 'request' }, { send: challenge }, rest];
  const server = await rawServer({ connections: [first, [rest]], rest: 'repeat-last' });
  try {
    const result = await settled(() => run(server.port, text));
    const received = (await server.connections()).map(({ received: bytes }) => bytes);
    const found = received.map((bytes) => faultsIn(bytes, parameter));
    const faults = found.flatMap((connection) => connection.faults);
    const sent = found.reduce((sum, connection) => sum + connection.requests, 0);
    if (sent > requests) faults.push(`${sent} requests`);
    if (result.kind === 'error' && !isCoded(result.error))
      faults.push(`an error without a code: ${String(result.error)}`);
    const detail = `${JSON.stringify(text)}: ${faults.join('; ')}\n${Buffer.concat(received).toString('latin1').slice(0, 800)}`;
    if (result.kind === 'lost') trial.count(name, surface, 'lost', detail);
    else trial.count(name, surface, faults.length > 0 ? 'wrong' : 'right', detail);
  } finally {
    await server.stop();
  }
}

export const kind: Kind = {
  about: 'Hostile text in a parameter never becomes a header, a request or an element of its own.',
  short: 10 * parameters.length,
  prepare: () => carryOut,
};
