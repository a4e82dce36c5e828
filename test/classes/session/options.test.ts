/** Tests that the classes refuse unknown options, options that a call does not support, and invalid host names. */
import { inspect } from 'node:util';
import { Session, SessionPool } from 'libneon';
import { coded, failureOf, wrongType, wrongValue } from '../../support/expect.js';
import { answering, openSession as open, receivedBy, testServers } from '../../support/servers.js';

const serve = testServers();
const reference = { target: '/', token: 'urn:x' };
const url = 'http://127.0.0.1:9/';

async function refusal(call: () => unknown): Promise<string> {
  const failure = await failureOf(call);
  expect(failure).toEqual(wrongValue);
  return failure.message;
}

describe('an unknown option', () => {
  const calls: readonly (readonly [string, (session: Session, options: object) => unknown])[] = [
    ['request', (session, options) => session.request('PUT', '/', options)],
    ['requestSync', (session, options) => session.requestSync('PUT', '/', options)],
    ['createRequest', (session, options) => session.createRequest('PUT', '/', options)],
    ['dispatch', (session, options) => session.createRequest('PUT', '/').dispatch(options)],
    ['get', (session, options) => session.get('/', options)],
    ['getSync', (session, options) => session.getSync('/', options)],
    ['put', (session, options) => session.put('/', 'x', options)],
    ['putSync', (session, options) => session.putSync('/', 'x', options)],
    ['delete', (session, options) => session.delete('/', options)],
    ['mkcolSync', (session, options) => session.mkcolSync('/', options)],
    ['copy', (session, options) => session.copy('/a', '/b', options)],
    ['moveSync', (session, options) => session.moveSync('/a', '/b', options)],
    ['options', (session, options) => session.options('/', options)],
    ['getModTimeSync', (session, options) => session.getModTimeSync('/', options)],
    ['getRange', (session, options) => session.getRange('/', { start: 0 }, options)],
    ['proppatch', (session, options) => session.proppatch('/', { set: { a: 'b' } }, options)],
    ['propfind', (session, options) => session.propfind('/', options)],
    ['propfindSync', (session, options) => session.propfindSync('/', options)],
    ['propNames', (session, options) => session.propNames('/', options)],
    ['lock', (session, options) => session.lock('/', options)],
    ['lockSync', (session, options) => session.lockSync('/', options)],
    ['unlock', (session, options) => session.unlock(reference, options)],
    ['refreshLock', (session, options) => session.refreshLock(reference, options)],
    ['refreshLockSync', (session, options) => session.refreshLockSync(reference, options)],
    ['discoverLocks', (session, options) => session.discoverLocks('/', options)],
    ['withLock', (session, options) => session.withLock('/', () => undefined, options)],
    ['withLockSync', (session, options) => session.withLockSync('/', () => undefined, options)],
    ['setAclSync', (session, options) => session.setAclSync('/', [], options)],
  ];

  test.each(calls)('is refused by %s', async (_, call) => {
    const server = await serve(answering());
    const session = open(server);
    expect(await refusal(() => call(session, { json: {} }))).toContain('Unknown option "json"');
    expect(await refusal(() => call(session, { header: {} }))).toMatch(/Unknown option "header"/);
    expect(await receivedBy(server)).toEqual([]);
    session.destroy({ force: true });
  });

  test('is passed over when its value is undefined', async () => {
    const server = await serve(answering());
    await using session = open(server);
    expect((await session.get('/', { json: undefined } as object)).status).toBe(200);
  });

  const wrong: readonly (readonly [object, string])[] = [
    [{ timeout: 5 }, 'give it to each call; "readTimeout" limits each read'],
    [{ readTimeOut: 5 }, 'did you mean "readTimeout"?'],
    [{ redirects: 5 }, 'did you mean "redirect"?'],
    [{ rejectUnauthorized: false }, 'the name is "verify"'],
    [{ tls: { rejectUnauthorized: false } }, 'in "tls": the name is "verify"'],
    [{ tls: { cert: 'x' } }, 'in "tls"'],
    [{ auth: { user: 'alice', pass: 'secret' } }, 'in "auth": the name is "username"'],
    [{ auth: [{ username: 'a', password: 'b', realm: 'c' }] }, 'in "auth"'],
    [{ proxyAuth: { username: 'a', passwort: 'b' } }, 'in "proxyAuth": did you mean "password"?'],
    [{ proxy: { host: 'localhost', ports: 1 } }, 'in "proxy": did you mean "port"?'],
  ];

  test.each(wrong)('%j is refused by sessions and pools', async (options, cure) => {
    expect(await refusal(() => Session.open(url, options))).toContain(cure);
    expect(await refusal(() => new SessionPool(url, options))).toContain(cure);
    expect(await refusal(() => new Session('http', 'localhost', 80, options))).toContain(cure);
  });

  test('names all options when no name is near', async () => {
    expect(await refusal(() => new Session('http', 'localhost', 80, { zzzzzzzz: 1 } as object))).toMatch(
      /"zzzzzzzz": the options are "userAgent", "readTimeout", /,
    );
  });

  test('does not show secrets', async () => {
    const options = { auth: { user: 'alice', pass: 'secret' } } as object;
    expect(await refusal(() => Session.open(url, options))).not.toMatch(/alice|secret/);
  });
});

test.each([
  [{ tls: 5 }],
  [{ flags: 5 }],
  [{ flags: { persist: 1 } }],
  [{ auth: 5 }],
  [{ proxy: 5 }],
  [5],
  [null],
  ['x'],
  [Symbol('options')],
])('a session refuses %p as options', async (options) => {
  expect(await failureOf(() => Session.open(url, options as object))).toEqual(wrongType);
  expect(await failureOf(() => new SessionPool(url, options as object))).toEqual(wrongType);
});

test('credentials need a user name and a password, or a protocol of the system', async () => {
  expect(await refusal(() => Session.open(url, { auth: {} as never }))).toContain('"username" and a "password"');
  expect(await refusal(() => Session.open(url, { auth: { protocols: 'basic' } }))).toContain('"username"');
  Session.open(url, { auth: { protocols: ['negotiate', 'gssapi'] } }).destroy();
});

describe('a blocking call', () => {
  test.each([{ signal: AbortSignal.timeout(1000) }, { timeout: 5 }, { onProgress: () => undefined }] as object[])(
    'refuses %p',
    async (options) => {
      using session = Session.open(url);
      const [name] = Object.keys(options);
      const calls = [
        () => session.requestSync('GET', '/', options),
        () => session.getSync('/', options),
        () => session.copySync('/a', '/b', options),
        () => session.setAclSync('/', [], options),
      ];
      for (const call of calls) expect(await refusal(call)).toContain(`cannot honour the option "${name}"`);
    },
  );
});

test('a signal of null counts as not given', async () => {
  const server = await serve(answering());
  await using session = open(server);
  expect((await session.get('/', { signal: null })).status).toBe(200);
  expect(session.getSync('/', { signal: null } as object).status).toBe(200);
});

test('a blocking listing or lock refuses a signal', async () => {
  using session = Session.open(url);
  const options: object = { signal: new AbortController().signal };
  const calls = [
    () => session.propfindSync('/', options),
    () => session.propNamesSync('/', options),
    () => session.discoverLocksSync('/', options),
    () => session.lockSync('/', options),
    () => session.refreshLockSync(reference, options),
    () => session.withLockSync('/', () => undefined, options),
  ];
  for (const call of calls) expect(await refusal(call)).toContain('cannot honour the option "signal"');
});

describe.each(['put', 'putSync', 'post', 'postSync'] as const)('%s', (method) => {
  test('refuses a body that is undefined, and one that is given twice', async () => {
    const server = await serve(answering());
    await using session = open(server);
    expect(await failureOf(() => session[method]('/', undefined as never))).toEqual(wrongType);
    expect(await refusal(() => session[method]('/', 'x', { body: 'y' }))).toContain('Unknown option "body"');
    expect(await receivedBy(server)).toEqual([]);
  });

  test('sends an empty body', async () => {
    const server = await serve(answering());
    await using session = open(server);
    await session[method]('/', '');
    expect((await receivedBy(server))[0]).toContain('\r\nContent-Length: 0\r\n');
  });
});

describe('a host name', () => {
  const syntax = [
    'evil:25 HTTP/1.0 ',
    'a b',
    'a\tb',
    'a/b',
    'a?b',
    'a#b',
    'u@b',
    'a"b',
    'a<b',
    'a>b',
    'a\\b',
    'a\x7fb',
    '',
  ];

  test.each(syntax)('%j is refused', async (host) => {
    expect(await failureOf(() => new Session('http', host, 80))).toEqual(wrongValue);
    if (host === '') return;
    expect(await failureOf(() => Session.open(url, { proxy: { host } }))).toEqual(wrongValue);
    expect(await failureOf(() => Session.open(url, { proxy: { type: 'socks5', host } }))).toEqual(wrongValue);
  });

  test.each([
    ['::1', '[::1]:81'],
    ['[::1]', '[::1]:81'],
    ['bücher.example', 'xn--bcher-kva.example:81'],
    ['EXAMPLE.org', 'EXAMPLE.org:81'],
  ])('%s is sent as %s', (host, hostport) => {
    using session = new Session('http', host, 81);
    expect(session.hostport).toBe(hostport);
  });
});

describe('a URL', () => {
  test.each(['', 'localhost', '/path', 'http://', 'http://alice:secret@'])('%j is refused', async (text) => {
    for (const call of [() => Session.open(text), () => new SessionPool(text)]) {
      const failure = await failureOf(call);
      expect(failure).toEqual(coded('ERR_INVALID_URL', 'TypeError'));
      expect(inspect(failure, { showHidden: true })).not.toContain('secret');
    }
  });

  test('with credentials is refused, and its password not shown', async () => {
    for (const call of [() => Session.open('http://a:secret@h/'), () => new SessionPool('http://a:secret@h/')]) {
      const failure = await failureOf(call);
      expect(failure).toEqual(wrongValue);
      expect(failure.message).toContain('use the option "auth"');
      expect(failure.message).not.toContain('secret');
    }
  });

  test.each([5, undefined, null, {}])('%p is refused', async (value) => {
    expect(await failureOf(() => Session.open(value as never))).toEqual(wrongType);
    expect(await failureOf(() => new SessionPool(value as never))).toEqual(wrongType);
  });
});

describe.each([
  ['session', () => Session.open('http://127.0.0.1:1/')],
  ['pool', () => new SessionPool('http://127.0.0.1:1/')],
] as const)('a %s', (_, make) => {
  test.each<[string, unknown, Error]>([
    ['null', null, wrongType],
    ['an unknown option', { forze: true }, wrongValue],
    ['a force that is no boolean', { force: 1 }, wrongType],
  ])('is not destroyed with %s', async (_name, options, expected) => {
    const owner = make();
    expect(await failureOf(() => owner.destroy(options as never))).toEqual(expected);
    expect(owner.destroyed).toBe(false);
    owner.destroy({ force: undefined });
    expect(await failureOf(() => owner.destroy(options as never))).toEqual(expected);
  });
});

test.each<[string, (session: Session) => Promise<unknown>, Error]>([
  ['a depth of 1 for COPY', (s) => s.copy('/a', '/b', { depth: 1 as never }), wrongValue],
  ['an odd depth for COPY', (s) => s.copy('/a', '/b', { depth: Object.create(null) as never }), wrongValue],
  ['a depth for MOVE', (s) => s.move('/a', '/b', { depth: 0 } as never), wrongValue],
  ['an overwrite that is no boolean', (s) => s.copy('/a', '/b', { overwrite: 'no' as never }), wrongType],
  ['an overwrite that is no boolean for MOVE', (s) => s.move('/a', '/b', { overwrite: 0 as never }), wrongType],
])('refuses %s', async (_, call, expected) => {
  using session = new Session('http', '127.0.0.1', 1);
  expect(await failureOf(() => call(session))).toEqual(expected);
});
